/* test_script_event.c: mu.event, mu.on, mu.check: who hears of it, in what order, and what an error of a listener does.
 */
#include "script_host.h"

static void test_raised_in_tasks_of_their_own(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(
        &w, "scripts/main.lua",
        "mu.on('finished', function(game, n) mu.say('first ' .. game.name) mu.sleep(5) mu.say('late ' .. n) end)\n"
        "mu.on('finished', function() error('the second fails') end)\n"
        "local finished = require 'services.games'\n"
        "mu.on('finished', function(game, n) mu.say('third ' .. n) end)\n"
        "mu.handler('it', function() finished({ name = 'g' }, 7) mu.say('raised') return 'done' end)\n"
        "mu.handler('wrong', function() finished('g', 7) end)\n");
    world_write(&w, "scripts/services/games.lua",
                "return mu.event 'finished' { params = 'game: table, n?: integer', text = 'a game is over' }");
    world_start(&w);
    world_call(&w, "it", &o);
    world_run(&w);
    assert_string_equal(o.result, "done");
    assert_string_equal(w.heard, "raised first g third 7");
    assert_contains(w.log, "finished failed (generation 1");
    assert_contains(w.log, "the second fails");
    world_pass(&w, 5);
    assert_string_equal(w.heard, "raised first g third 7 late 7");
    world_call(&w, "wrong", &o);
    world_run(&w);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text, "scripts/main.lua:6: finished: argument 'game' must be a table, got a string");
    world_close(&w);
}

static void test_declared_data(void **state) {
    struct world w;
    const script_event *found = NULL;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "\nmu.event 'over' { params = 'why: string', text = 'it is over' }\nmu.on('over', function() end)");
    world_start(&w);
    for (unsigned i = 0; script_event_at(engine_current(w.engine), i); i++) {
        const script_event *e = script_event_at(engine_current(w.engine), i);
        if (strcmp(e->name, "over") == 0) found = e;
    }
    assert_non_null(found);
    assert_string_equal(found->params, "why: string");
    assert_string_equal(found->text, "it is over");
    assert_string_equal(found->file, "scripts/main.lua");
    assert_int_equal(found->line, 2);
    assert_int_equal(found->handlers, 1);
    world_close(&w);
}

/* Text of the errors of a build of one main.lua. */
static void is_refused(const char *text, const char *report) {
    struct world w;
    world_open(&w);
    world_write(&w, "scripts/main.lua", text);
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), report);
    world_close(&w);
}

static void test_mistakes(void **state) {
    (void)state;
    is_refused("mu.event 'a' {}\nmu.event 'a' {}",
               "scripts/main.lua:2: mu.event \"a\" is declared already at scripts/main.lua:1");
    is_refused("mu.event 'started' {}", "the server itself has an event of that name");
    is_refused("mu.event 'Bad Name' {}", "small letters");
    is_refused("mu.event 'a' { param = '' }", "it has params and text, not 'param'; did you mean 'params'?");
    is_refused("mu.event 'a' { params = 'x: thing' }", "params: 'x: thing' is not \"name: type\"");
    is_refused("mu.event 'a' { params = 'x y' }", "params: 'x y' is not");
    is_refused("mu.event 'a' { text = {} }", "text must be a string, got a table");
    is_refused("mu.event 'finished' {}\n\nmu.on('finshed', print)\nmu.on('nothing_like_it', print)",
               "scripts/main.lua:3: mu.on: there is no event 'finshed'; did you mean 'finished'?\n"
               "scripts/main.lua:4: mu.on: there is no event 'nothing_like_it'");
    is_refused("mu.event 'a' {} ()", "a cannot be called while scripts load");
}

/* A declaration that fails leaves nothing half made. */
static void test_a_refused_declaration_is_none(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "local fine = pcall(function() mu.event 'over' { params = 5 } end)\n"
                "assert(not fine)\nmu.event 'over' { text = 'it is over' }");
    world_start(&w);
    for (unsigned i = 0; script_event_at(engine_current(w.engine), i); i++)
        assert_non_null(script_event_at(engine_current(w.engine), i)->params);
    world_close(&w);
    is_refused("for i = 1, 20001 do mu.on('started', print) end", "no more than 20000 handlers");
}

static void test_an_old_generation_hears_its_own(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "local e = mu.event 'e' {}\nmu.on('e', function() mu.say('old') end)\n"
                "mu.handler('it', function() mu.sleep(3) e() mu.sleep(1) return 'ended' end)");
    world_start(&w);
    world_call(&w, "it", &o);
    world_run(&w);
    world_write(&w, "scripts/main.lua", "mu.event 'e' {}\nmu.on('e', function() mu.say('new') end)\n");
    assert_true(world_reload(&w));
    world_pass(&w, 4);
    assert_string_equal(w.heard, "old");
    assert_string_equal(o.result, "ended");
    world_close(&w);
}

static void test_checks_refuse_a_generation(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(
        &w, "scripts/main.lua",
        "local promo = { title = 'x' }\nmu.check('numbers', function() assert(1 + 1 == 2) end)\n"
        "mu.check('pictures', function() if not promo.image then error('promo x has no picture') end end)\n"
        "mu.check('waiting', function() mu.sleep(1) end)\n"
        "mu.check('objects', function() error(setmetatable({}, { __tostring = function() return 'OBJ' end })) end)");
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine);
    assert_contains(report,
                    "scripts/main.lua:3: the check 'pictures' failed: scripts/main.lua:3: promo x has no picture");
    assert_contains(report, "scripts/main.lua:4: the check 'waiting' failed: ");
    assert_contains(report, "mu.sleep cannot wait while scripts load");
    assert_contains(report, "the check 'objects' failed: OBJ");
    assert_null(strstr(report, "'numbers'"));
    world_write(&w, "scripts/main.lua", "mu.check('fine', function() mu.say('checked') end)");
    world_start(&w);
    assert_string_equal(w.heard, "checked");
    world_write(&w, "scripts/main.lua", "mu.check('endless', function() while true do end end)");
    world_write(&w, "config.lua", "return { limits = { load_seconds = 1 } }");
    assert_false(world_reload(&w));
    assert_contains(w.report, "loading takes longer than 1 s (limits.load_seconds)");
    assert_contains(w.report, "scripts/main.lua:1");
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raised_in_tasks_of_their_own),
        cmocka_unit_test(test_declared_data),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_a_refused_declaration_is_none),
        cmocka_unit_test(test_an_old_generation_hears_its_own),
        cmocka_unit_test(test_checks_refuse_a_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
