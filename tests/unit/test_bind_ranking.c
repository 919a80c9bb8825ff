/* Rankings in scripts: what a page looks like, scopes, filling, and that a board outlives the generation that made it
 * and ends with the first that does not declare it. */
#include "script_host.h"

#include "bind/ranking.h"

static struct world w;
static struct outcome o;

static const script_module *const modules[] = {&module_test, &module_ranking, NULL};

static void open_world(const char *main_lua) {
    world_open(&w);
    w.options.modules = modules;
    world_write(&w, "scripts/main.lua", main_lua);
}

static void close_world(void) {
    world_close(&w);
    ranking_boards_free();
}

static void call(const char *name, const char *heard) {
    w.heard[0] = 0;
    world_call(&w, name, &o);
    world_run(&w);
    if (o.calls && o.code) snprintf(w.heard, sizeof w.heard, "%s", o.text);
    if (strstr(heard, "ranking ") ? !strstr(w.heard, heard) : strcmp(w.heard, heard) != 0) {
        fail_msg("%s told '%s', not '%s'", name, w.heard, heard);
    }
}

static const char *const script =
    "local board = mu.ranking 'points'\n"
    "local function page(...) for _, row in ipairs(board:page(...)) do\n"
    "  mu.say(row.id .. ':' .. row.score .. '#' .. row.rank) end end\n"
    "mu.handler('some', function() board:set(1, 10, 'DE') board:set(2, 30) board:set(3, 10, 'DE') page(0, 10) end)\n"
    "mu.handler('page', function() page(0, 10) end)\n"
    "mu.handler('germans', function() page(0, 10, 'DE') mu.say(board:count 'DE') mu.say(board:count 'FR') end)\n"
    "mu.handler('score', function() local score, rank, at = board:score(3)\n"
    "  mu.say(score) mu.say(rank) mu.say(at) mu.say((select('#', board:score(9)))) end)\n"
    "mu.handler('fill', function() board:remove(4) board:fill(1, 99) board:fill(4, 99, 'DE') board:fill(5, 20, 'DE')\n"
    "  mu.say(board:filling()) board:filled() board:fill(6, 1) mu.say(board:filling()) page(0, 10) end)\n"
    "mu.handler('leave', function() mu.say(board:remove(1, 'DE')) mu.say(board:remove(3)) mu.say(board:remove(3))\n"
    "  page(0, 10, 'DE') page(0, 10) end)\n"
    "mu.handler('far', function() mu.say(#board:page(1 << 40, 10)) mu.say(#board:page(0, 0)) end)\n"
    "mu.handler('wide', function() board:page(0, 1001) end)\n"
    "mu.handler('scope', function() board:set(1, 1, 'far too long') end)\n"
    "mu.handler('scopes', function() for i = 1, 400 do board:set(1, 1, 'x' .. i) end end)\n";

static void pages_scopes_and_filling(void **state) {
    open_world(script);
    world_start(&w);
    call("some", "2:30#1 1:10#2 3:10#2");
    call("germans", "1:10#1 3:10#1 2 0");
    call("score", "10 2 2 0");
    call("fill", "true false 2:30#1 5:20#2 1:10#3 3:10#3");
    call("leave", "true true false 5:20#1 2:30#1 5:20#2 1:10#3");
    call("far", "0 0");
    call("wide", "ranking points: a page begins at 0 or later and has at most 1000 rows");
    call("scope", "ranking points: a scope has at most 8 bytes");
    call("scopes", "ranking points: at most 300 scopes");
    close_world();
}

static void a_board_outlives_a_reload_that_declares_it(void **state) {
    open_world(script);
    world_start(&w);
    call("some", "2:30#1 1:10#2 3:10#2");
    world_reload(&w);
    assert_true(w.reload_ok);
    call("page", "2:30#1 1:10#2 3:10#2");
    world_write(&w, "scripts/main.lua",
                "local other = mu.ranking 'others'\n"
                "mu.handler('page', function() mu.say(other:count()) end)\n");
    world_reload(&w);
    assert_true(w.reload_ok);
    call("page", "0");
    world_write(&w, "scripts/main.lua", script);
    world_reload(&w);
    call("page", ""); /* new, and empty */
    close_world();
}

static void mistakes_are_load_errors(void **state) {
    static const char *const wrong[][2] = {
        {"mu.ranking 'a' mu.ranking 'a'", "mu.ranking \"a\" is declared twice"},
        {"mu.ranking ''", "a name has 1 to 32 bytes"},
        {"for i = 1, 33 do mu.ranking('r' .. i) end", "at most 32 of them"},
        {"local b = mu.ranking 'a' b:set(1, 1)", "mu.ranking:set"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        open_world(wrong[i][0]);
        assert_true(world_try(&w) < 0);
        if (!strstr(engine_report(w.engine), wrong[i][1])) fail_msg("%s", engine_report(w.engine));
        close_world();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_scopes_and_filling),
        cmocka_unit_test(a_board_outlives_a_reload_that_declares_it),
        cmocka_unit_test(mistakes_are_load_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
