/* Records and timers inside the engine, with a virtual clock: timers run as tasks, survive a reload, die with their
 * owner; a reload changes layouts under handlers that wait, or is refused with file and line and changes nothing. */
#include "script_host.h"

#include "bind/record.h"
#include "bind/server.h"
#include "bind/timer.h"

static struct world w;
static server here;
static struct outcome o;

static int tell(lua_State *L) {
    size_t n = strlen(w.heard);
    snprintf(w.heard + n, sizeof w.heard - n, "%s%s", n ? " " : "", luaL_tolstring(L, 1, NULL));
    return 0;
}

static const script_function tell_function = {.name = "mu.tell", .params = "what: any", .call = tell};

static int open_all(generation *g, lua_State *L) {
    script_declare(L, &tell_function, 1);
    return test_open(g, L);
}

static const script_module module_here = {.name = "here", .open = open_all, .close = test_close};
static const script_module *const modules[] = {&module_here, &module_record, &module_timer, NULL};

static void open_world(const char *main_lua) {
    static const record_field fields[] = {{.name = "id", .type = RECORD_U32, .flags = FIELD_KEY | FIELD_AUTO}};
    world_open(&w);
    here = (server){.records = records_new(NULL), .timers = timers_new(0, NULL)};
    assert_non_null(records_kind_builtin(here.records, "session", fields, 1, NULL));
    assert_int_equal(timers_join(here.timers, here.records), 0);
    w.options.modules = modules;
    w.options.server = &here;
    world_write(&w, "scripts/main.lua", main_lua);
}

static void close_world(void) {
    world_close(&w);
    timers_free(here.timers);
    records_free(here.records);
}

/* Lets time pass, a tenth of a second after the other. */
static void pass(double seconds) {
    for (int i = 0; i < (int)(seconds * 10 + 0.5); i++) {
        world_pass(&w, 0.1);
        while (timers_pump(w.engine, here.timers)) {}
        world_run(&w);
    }
}

static void call(const char *name) {
    world_call(&w, name, &o);
    world_run(&w);
    if (o.calls && o.code) fail_msg("%s: %s", name, o.text);
}

static const char *const first =
    "local seat = mu.record 'seat' { id = mu.u32 { key = true }, name = mu.string }\n"
    "local ring = mu.timer 'ring' { handle = function(owner, ...)\n"
    "  mu.tell('rang ' .. tostring(owner)) for _, v in ipairs { ... } do mu.tell(v) end end }\n"
    "local bad = mu.timer 'bad' { handle = function() error 'oh' end }\n"
    "mu.handler('start', function() local s = seat.create { id = 1, name = 'alice' }\n"
    "  ring:start(2, s, 'again', 5, true, s) ring:start(1) end)\n"
    "mu.handler('replace', function() ring:start(5, seat.get(1), 'later') mu.tell(ring:left(seat.get(1))) end)\n"
    "mu.handler('stop', function() mu.tell(ring:stop(seat.get(1))) mu.tell(ring:stop(seat.get(1))) "
    "mu.tell(ring:left()) end)\n"
    "mu.handler('remove', function() seat.get(1):remove() end)\n"
    "mu.handler('wait', function() local s = seat.get(1) mu.sleep(3) mu.tell(s.name) end)\n"
    "mu.handler('bad', function() bad:start(0) ring:start(0.05) end)\n"
    "mu.handler('wrong', function() ring:start(1, 'owner') end)\n"
    "mu.handler('negative', function() ring:start(-1) end)\n"
    "mu.handler('table', function() ring:start(1, nil, {}) end)\n"
    "mu.handler('none', function() ring:start() end)\n"
    "mu.handler('gone', function() local s = seat.get(1) s:remove() ring:start(1, s) end)\n";

static void timers_run_as_tasks_with_owner_and_arguments(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    pass(0.9);
    assert_string_equal(w.heard, "");
    pass(0.2);
    assert_string_equal(w.heard, "rang nil");
    pass(1);
    assert_string_equal(w.heard, "rang nil rang seat 1 (alice) again 5 true seat 1 (alice)");
    call("bad");
    pass(0.2);
    assert_contains(w.log, "oh");
    assert_contains(w.heard, "seat 1 (alice) rang nil");
    close_world();
}

static void a_timer_is_replaced_stopped_and_dies_with_its_owner(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    call("replace");
    assert_string_equal(w.heard, "5.0");
    pass(3);
    assert_string_equal(w.heard, "5.0 rang nil");
    call("stop");
    assert_string_equal(w.heard, "5.0 rang nil true false nil");
    call("replace");
    call("remove");
    assert_int_equal(timers_count(here.timers), 0);
    close_world();
}

static void mistakes_are_sentences(void **state) {
    static const char *const cases[][2] = {
        {"wrong", "owner"},
        {"negative", "ring:start: seconds go from 0"},
        {"table", "timer ring: argument 1 is a table; a timer keeps only plain values and records"},
        {"none", "seconds"},
        {"gone", "seat 1 is gone"},
    };
    open_world(first);
    world_start(&w);
    call("start");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_call(&w, cases[i][0], &o);
        world_run(&w);
        assert_int_equal(o.code, E_SCRIPT);
        assert_contains(o.text, cases[i][1]);
    }
    close_world();
}

static void a_reload_keeps_timers_and_records_and_changes_layouts(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    call("replace"); /* in 5 seconds */
    w.heard[0] = 0;
    world_call(&w, "wait", &o);
    world_write(
        &w, "scripts/main.lua",
        "local seat = mu.record 'seat' { id = mu.u32 { key = true }, name = mu.string, colour = mu.string { default = "
        "'red' } }\n"
        "mu.timer 'ring' { handle = function(owner, word) mu.tell('new ' .. word .. ' ' .. owner.colour) end }\n");
    assert_true(world_reload(&w));
    pass(3.5);
    assert_int_equal(o.code, 0);
    assert_contains(w.heard, "alice"); /* the handler of the old generation read the record in its new layout */
    pass(2);
    assert_contains(w.heard, "new later red");
    close_world();
}

static void a_timer_that_nobody_declares_any_more_is_dropped(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    world_write(&w, "scripts/main.lua", "mu.record 'seat' { id = mu.u32 { key = true }, name = mu.string }");
    assert_true(world_reload(&w));
    pass(3);
    assert_contains(w.log, "ring is due, but no script declares it any more (generation 2 ");
    assert_int_equal(timers_count(here.timers), 0);
    close_world();
}

/* The bound is a setting. */
static void timers_have_a_bound(void **state) {
    open_world("");
    world_write(&w, "scripts/settings.lua", "mu.settings { ['limits.timers'] = { type = 'integer', default = 3 } }");
    world_write(&w, "scripts/main.lua",
                "local seat = mu.record 'seat' { id = mu.u32 { key = true } }\n"
                "local t = mu.timer 't' { handle = function() end }\n"
                "mu.handler('flood', function() for i = 1, 4 do t:start(60, seat.create { id = i }) end end)");
    world_start(&w);
    world_call(&w, "flood", &o);
    assert_contains(o.text, "timer t: 3 timers are running, the most there may be (limits.timers)");
    assert_int_equal(timers_count(here.timers), 3);
    close_world();
}

static void a_refused_layout_names_the_place_and_changes_nothing(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    world_write(&w, "scripts/main.lua", "\n\nmu.record 'seat' { id = mu.u32 { key = true }, name = mu.u8 }\n");
    assert_false(world_reload(&w));
    assert_contains(w.report, "scripts/main.lua:3");
    assert_contains(w.report,
                    "seat.name changed from string to u8: add convert = function(old) … end to its type, or restart");
    world_write(&w, "scripts/main.lua",
                "mu.record 'seat' { id = mu.u32 { key = true }, name = 5, other = mu.ref 'palnet',\n third = mu.number "
                "{ index = true } }\n");
    assert_false(world_reload(&w));
    assert_contains(w.report, "seat.name: expected a type such as mu.u32, got number");
    assert_contains(w.report, "seat.third: a number cannot be indexed");
    pass(2);
    assert_contains(w.heard, "rang seat 1 (alice)");
    close_world();
}

static void a_convert_function_runs_at_the_swap(void **state) {
    open_world(first);
    world_start(&w);
    call("start");
    world_write(&w, "scripts/main.lua",
                "local seat = mu.record 'seat' { id = mu.u32 { key = true }, name = mu.u8 { index = true, convert = "
                "function(old) return #old end } }\n"
                "mu.handler('look', function() mu.tell(seat.first { name = 5 }.id) end)");
    assert_true(world_reload(&w));
    w.heard[0] = 0;
    call("look");
    assert_string_equal(w.heard, "1");
    close_world();
}

static void timers_are_declared_once_and_properly(void **state) {
    static const char *const cases[][2] = {
        {"mu.timer 'a' { handle = print } mu.timer 'a' { handle = print }", "mu.timer \"a\" is declared twice"},
        {"mu.timer 'a' { handel = print }", "mu.timer \"a\": it has one key, handle; not 'handel'"},
        {"mu.timer 'a' { }", "mu.timer \"a\": handle must be a function"},
        {"local a = mu.timer 'a' { handle = function() end } a:start(1)", "cannot be called while scripts load"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_world(cases[i][0]);
        assert_true(world_try(&w) < 0);
        assert_contains(engine_report(w.engine), cases[i][1]);
        close_world();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_run_as_tasks_with_owner_and_arguments),
        cmocka_unit_test(a_timer_is_replaced_stopped_and_dies_with_its_owner),
        cmocka_unit_test(mistakes_are_sentences),
        cmocka_unit_test(a_reload_keeps_timers_and_records_and_changes_layouts),
        cmocka_unit_test(a_timer_that_nobody_declares_any_more_is_dropped),
        cmocka_unit_test(a_refused_layout_names_the_place_and_changes_nothing),
        cmocka_unit_test(a_convert_function_runs_at_the_swap),
        cmocka_unit_test(timers_have_a_bound),
        cmocka_unit_test(timers_are_declared_once_and_properly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
