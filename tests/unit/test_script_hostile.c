/* test_script_hostile.c: whatever a script does, it is ended, the next one is served, and nothing leaks.
 *
 * The limits are small (20 ms, 8 MiB), so that the whole file takes seconds. */
#include "script_host.h"
#include "script/watch.h"

#define BURST_SHORT "limits.burst_ms=20"
#define BURST_LONG  "limits.burst_ms=60000" /* the longest there is: time is not to be the reason on any machine */
static const char *burst = BURST_SHORT;

static void open_hostile(struct world *w, const char *body) {
    size_t n = strlen(body) + 300;
    char *text = malloc(n);
    snprintf(text, n, "mu.handler('it', function()\n%s\nend)\nmu.handler('fine', function() return 'fine' end)\n",
             body);
    world_open(w);
    w->overrides[0] = burst;
    w->overrides[1] = "limits.burst_warn_ms=8";
    w->overrides[2] = "limits.task_memory_mib=8";
    w->overrides[3] = "limits.memory_mib=32";
    world_write(w, "scripts/main.lua", text);
    free(text);
    world_start(w);
}

/* The body has to be ended for `reason`, and afterwards everything works. */
__attribute__((unused)) static void is_ended(const char *body, const char *reason) {
    struct world w;
    struct outcome o, fine;
    engine_counts c;
    open_hostile(&w, body);
    for (int round = 0; round < 2; round++) {
        world_call(&w, "it", &o);
        world_run(&w);
        assert_int_equal(o.calls, 1);
        if (o.code != E_KILLED) fail_msg("not killed but %d %s %s: %s", o.code, o.text, o.result, body);
        assert_contains(w.log, reason);
        assert_contains(w.log, "it was ended (generation 1");
        world_call(&w, "fine", &fine);
        assert_string_equal(fine.result, "fine");
    }
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_killed, 2);
    assert_int_equal(c.tasks_live, 0);
    assert_string_equal(w.heard, "");
    world_close(&w);
}

#define LOOP   "limits.burst_ms"
#define MEMORY "limits.task_memory_mib"
#define SAY    " mu.say('survived')"

__attribute__((unused)) static void test_loops(void **state) {
    (void)state;
    is_ended("while true do end", LOOP);
    is_ended("while true do pcall(function() while true do end end) end", LOOP);
    is_ended("local function f() return f() end f()", LOOP);
    is_ended("::again:: goto again", LOOP);
    is_ended("for i = 1, math.huge do local t = {i} end", LOOP);
}

__attribute__((unused)) static void test_loops_in_protected_calls(void **state) {
    (void)state;
    is_ended("pcall(function() while true do end end)" SAY, LOOP);
    is_ended("xpcall(function() while true do end end, function() end)" SAY, LOOP);
    is_ended("xpcall(error, function() while true do end end)" SAY, LOOP);
    is_ended("xpcall(function() while true do end end, function() while true do end end)" SAY, LOOP);
    is_ended("pcall(pcall, pcall, function() while true do end end)" SAY, LOOP);
    is_ended("local function f() pcall(f) while true do end end f()" SAY, LOOP);
    is_ended("while true do xpcall(function() xpcall(error, function() while true do end end) end, print) end" SAY,
             LOOP);
}

__attribute__((unused)) static void test_loops_in_coroutines(void **state) {
    (void)state;
    is_ended("coroutine.resume(coroutine.create(function() while true do end end))" SAY, LOOP);
    is_ended("pcall(coroutine.wrap(function() while true do end end))" SAY, LOOP);
    is_ended("pcall(coroutine.wrap(function() pcall(coroutine.wrap(function() while true do end end)) mu.say('inner') "
             "end))" SAY,
             LOOP);
    is_ended("while true do pcall(coroutine.wrap(function() while true do end end)) end", LOOP);
    is_ended("local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
             LOOP);
    is_ended("local function f() coroutine.wrap(f)() end while true do pcall(f) end", LOOP);
}

__attribute__((unused)) static void test_loops_below_c(void **state) {
    (void)state;
    is_ended("table.sort({1, 2, 3}, function() while true do end end)" SAY, LOOP);
    is_ended("pcall(table.sort, {1, 2, 3}, function() while true do end end)" SAY, LOOP);
    is_ended("pcall(string.gsub, 'x', 'x', function() while true do end end)" SAY, LOOP);
    is_ended("pcall(string.gsub, 'x', 'x', function() pcall(function() while true do end end) mu.say('in') end)" SAY,
             LOOP);
    is_ended("table.sort({1, 2, 3}, function() pcall(coroutine.wrap(function() while true do end end)) mu.say('in') "
             "end)" SAY,
             LOOP);
    is_ended("local t = setmetatable({}, {__index = function() while true do end end}) local x = t.y" SAY, LOOP);
    is_ended(
        "local t = setmetatable({}, {__index = function() while true do end end}) pcall(table.concat, t, '', 1, 2)" SAY,
        LOOP);
    is_ended("local t = setmetatable({}, {__eq = function() while true do end end}) pcall(function() return t == "
             "setmetatable({}, getmetatable(t)) end)" SAY,
             LOOP);
    is_ended("local t = setmetatable({}, {__tostring = function() while true do end end}) pcall(tostring, t)" SAY,
             LOOP);
    is_ended("for _ in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end" SAY, LOOP);
}

__attribute__((unused)) static void test_loops_while_closing(void **state) {
    (void)state;
    is_ended("local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
             LOOP);
    is_ended("local x <close> = setmetatable({}, {__close = function() while true do end end})", LOOP);
    is_ended("local m = {__close = function() while true do end end}\n"
             "local a <close> = setmetatable({}, m) local b <close> = setmetatable({}, m) local c <close> = "
             "setmetatable({}, m)\n"
             "table.sort({1, 2, 3}, function() while true do end end)",
             LOOP);
    is_ended("local m = {__close = function() while true do pcall(function() while true do end end) end end}\n"
             "coroutine.wrap(function() local a <close> = setmetatable({}, m)\n"
             "coroutine.wrap(function() local b <close> = setmetatable({}, m) while true do end end)() end)()",
             LOOP);
    is_ended("local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() while "
             "true do end end}) coroutine.yield() end)\n"
             "coroutine.resume(co) pcall(coroutine.close, co)" SAY,
             LOOP);
    is_ended("local m = {__close = function() coroutine.wrap(function() while true do end end)() end}\n"
             "local x <close> = setmetatable({}, m) error('x')",
             LOOP);
}

__attribute__((unused)) static void test_errors_that_loop(void **state) {
    (void)state;
    is_ended("error(setmetatable({}, {__tostring = function() while true do end end}))", LOOP);
    is_ended(
        "coroutine.wrap(function() error(setmetatable({}, {__tostring = function() while true do end end})) end)()",
        LOOP);
}

__attribute__((unused)) static void test_long_c_functions(void **state) {
    (void)state;
    is_ended("table.move({}, 1, 1 << 60, 2)", LOOP);
    is_ended("pcall(table.move, {}, 1, 1 << 60, 2)" SAY, LOOP);
    is_ended("local t = setmetatable({}, {__len = function() return 1 << 60 end}) table.insert(t, 1, 'x')", LOOP);
    is_ended("local t = setmetatable({}, {__len = function() return 1 << 60 end}) table.remove(t, 1)", LOOP);
    is_ended("local t = {} for i = 1, 200000 do t[i] = (i * 7919) % 200003 end while true do table.sort(t) "
             "table.sort(t, function(a, b) return a > b end) end",
             LOOP);
    is_ended("while true do string.rep('', 1 << 60) end", LOOP);
    is_ended("while true do load('return ' .. string.rep('(', 10000)) end", LOOP);
}

__attribute__((unused)) static void test_memory(void **state) {
    (void)state;
    burst = BURST_LONG;
    is_ended("local s = 'x' while true do s = s .. s end", MEMORY);
    is_ended("local t = {} while true do t[#t + 1] = {} end", MEMORY);
    is_ended("while true do pcall(function() local s = 'x' while true do s = s .. s end end) mu.say('again') end",
             MEMORY);
    is_ended("pcall(coroutine.wrap(function() local t = {} while true do t[#t + 1] = 'x' .. #t end end))" SAY, MEMORY);
    is_ended("local t = {} xpcall(function() while true do t[#t + 1] = {1, 2, 3} end end, function() while true do "
             "t[#t + 1] = {} end end)" SAY,
             MEMORY);
    is_ended("pcall(string.rep, 'x', 30 << 20)" SAY, MEMORY);
    is_ended("pcall(string.gsub, string.rep('x', 1 << 20), '', string.rep('y', 1000))" SAY, MEMORY);
    is_ended("local t = {} for i = 1, 1e7 do t[i] = coroutine.create(function() end) end", MEMORY);
    is_ended(
        "local x <close> = setmetatable({}, {__close = function() local t = {} while true do t[#t + 1] = {} end end})\n"
        "local t = {} while true do t[#t + 1] = {} end",
        MEMORY);
    is_ended("table.sort({1, 2, 3}, function() local s = 'xxxxxxxx' while true do s = s .. s end end)", MEMORY);
    burst = BURST_SHORT;
}

__attribute__((unused)) static void test_deep_recursion_is_an_error(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    open_hostile(
        &w, "local function f() return 1 + f() end local ok, why = pcall(f) return ok, why:match('stack overflow')");
    world_call(&w, "it", &o);
    if (o.code == 0)
        assert_string_equal(o.result, "false stack overflow");
    else
        assert_int_equal(o.code, E_KILLED); /* the stack did not fit into the memory of a task */
    world_close(&w);
}

static void test_closing_gets_its_time(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    open_hostile(&w, "local m = {__close = function(x) for i = 1, 100 do local t = {i} end mu.say(x.name) end}\n"
                     "local function guard(name) return setmetatable({name = name}, m) end\n"
                     "local a <close> = guard 'outer'\n"
                     "pcall(coroutine.wrap(function()\n"
                     "  local b <close> = guard 'middle'\n"
                     "  coroutine.wrap(function() local c <close> = guard 'inner' while true do end end)()\n"
                     "end))");
    world_call(&w, "it", &o);
    assert_int_equal(o.code, E_KILLED);
    assert_string_equal(w.heard, "inner middle outer");
    world_close(&w);
}

static void test_long_burst_is_named(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    w.overrides[0] = "limits.burst_ms=60000";
    w.overrides[1] = "limits.burst_warn_ms=5";
    world_write(&w, "scripts/main.lua",
                "mu.handler('it', function() local t = os.clock()\n while os.clock() - t < 0.3 do end end)");
    world_start(&w);
    world_call(&w, "it", &o);
    assert_int_equal(o.code, 0);
    assert_contains(w.log, "it has run for 5 ms without a pause, now at scripts/main.lua:2 (limits.burst_warn_ms)");
    assert_null(strstr(strstr(w.log, "it has run") + 1, "it has run"));
    world_close(&w);
}

static void test_kill_names_the_place(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    open_hostile(&w, "local function spin()\n while true do end\n end\n spin()");
    world_call(&w, "it", &o);
    assert_int_equal(o.code, E_KILLED);
    assert_contains(w.log, "it ran for more than 20 ms without a pause (limits.burst_ms)");
    assert_contains(w.log, "scripts/main.lua:3: in local 'spin'");
    world_close(&w);
}

static void test_killed_between_waits(void **state) {
    struct world w;
    struct outcome o, fine;
    (void)state;
    open_hostile(&w, "mu.exclusive('k', function() pcall(mu.sleep, 1) while true do end end)");
    world_call(&w, "it", &o);
    world_call(&w, "fine", &fine);
    assert_string_equal(fine.result, "fine");
    world_pass(&w, 1);
    assert_int_equal(o.code, E_KILLED);
    world_call(&w, "it", &o); /* the key is free again */
    world_pass(&w, 1);
    assert_int_equal(o.code, E_KILLED);
    world_close(&w);
}

static void test_growth_over_several_bursts(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    burst = BURST_LONG;
    open_hostile(&w, "local t, k = {}, ('x'):rep(1 << 10)\n"
                     "for i = 1, 100 do t[i] = k:rep(1 << 10) .. i mu.sleep(0.1) end");
    world_call(&w, "it", &o);
    world_pass(&w, 20);
    assert_int_equal(o.code, E_KILLED);
    assert_contains(w.log, MEMORY);
    burst = BURST_SHORT;
    world_close(&w);
}

static void test_memory_kill_names_the_place(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    burst = BURST_LONG;
    open_hostile(&w, "local t, k = {}, ('x'):rep(1000)\nwhile true do\nt[#t + 1] = k:rep(100) .. #t\nend");
    world_call(&w, "it", &o);
    assert_int_equal(o.code, E_KILLED);
    assert_contains(w.log, MEMORY);
    assert_contains(w.log, "scripts/main.lua:4: in the function");
    world_close(&w);
    burst = BURST_SHORT;
}

/* Much garbage is no reason to end anybody: 100 MiB in large pieces, where a task may
 * hold 8 and the generation 32. */
static void test_garbage_is_not_growth(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    burst = BURST_LONG;
    open_hostile(&w, "local n, k = 0, ('x'):rep(1 << 10)\n"
                     "for i = 1, 50 do n = n + #(k:rep(1 << 10) .. i) end return n > 0");
    world_call(&w, "it", &o);
    if (o.code) fail_msg("%s", w.log);
    world_close(&w);
    burst = BURST_SHORT;
}

static void test_no_way_out_of_the_sandbox(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    burst = BURST_LONG;
    open_hostile(
        &w,
        "local function try(f, ...) local ok, why = pcall(f, ...) mu.say(ok and 'DONE' or why) mu.say('|') end\n"
        "try(function() leaked = 1 end)\n"
        "try(function() string.rep = nil end)\n"
        "try(function() mu.sleep = nil end)\n"
        "try(function() mu.config.limits.burst_ms = 1 end)\n"
        "try(rawset, _G, 'x', 1)\n"
        "try(rawset, string, 'x', 1)\n"
        "try(setmetatable, _G, nil)\n"
        "try(setmetatable, {}, {__gc = function() end})\n"
        "try(load, ('x'):rep(1 << 20))\n"
        "mu.say(tostring(load(string.char(27) .. 'Lua')))\n"
        "mu.say(tostring(getmetatable('')) .. tostring(getmetatable(_G)))\n"
        "for _, name in ipairs {'io', 'debug', 'package', 'dofile', 'loadfile'} do assert(_G[name] == nil, name) end\n"
        "assert(os.execute == nil and os.getenv == nil and string.dump == nil)\n"
        "assert(('x'):upper() == 'X' and #mu.version > 0 and next({}) == nil)\n"
        "local n = 0 for k in pairs(string) do n = n + 1 end assert(n > 10)\n"
        "assert(next(table) ~= nil and rawget(math, 'pi'))\n"
        "return 'ok'");
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "ok");
    assert_contains(w.heard, "scripts/main.lua:3: cannot write the global 'leaked'");
    assert_contains(w.heard, "string cannot be changed (field 'rep')");
    assert_contains(w.heard, "mu cannot be changed (field 'sleep')");
    assert_contains(w.heard, "mu.config.limits cannot be changed");
    assert_contains(w.heard, "__gc is not for scripts");
    assert_contains(w.heard, "nil falseread-only");
    assert_null(strstr(w.heard, "DONE"));
    burst = BURST_SHORT;
    world_close(&w);
}

static void test_loading_is_bounded(void **state) {
    static const struct {
        const char *text, *said, *seconds;
    } cases[] = {
        {"while true do end", "limits.load_seconds", "limits.load_seconds=1"},
        {"pcall(function() while true do end end) mu.say('survived')", "limits.load_seconds", "limits.load_seconds=1"},
        {"local t, k = {}, ('x'):rep(1000) while true do t[#t + 1] = k:rep(100) .. #t end", "limits.memory_mib",
         "limits.load_seconds=60"},
        {"coroutine.wrap(function() while true do end end)()", "limits.load_seconds", "limits.load_seconds=1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        world_open(&w);
        w.overrides[0] = cases[i].seconds;
        w.overrides[1] = "limits.memory_mib=16";
        world_write(&w, "scripts/main.lua", cases[i].text);
        assert_int_equal(world_try(&w), E_LOAD);
        assert_contains(engine_report(w.engine), cases[i].said);
        assert_contains(engine_report(w.engine), "scripts/main.lua:1");
        assert_string_equal(w.heard, "");
        world_close(&w);
    }
}

/* Floods of what lives outside the memory that is counted: each has a bound of its own, with its setting. */
static void test_floods(void **state) {
    struct world w;
    struct outcome o;
    engine_counts c;
    (void)state;
    world_open(&w);
    w.overrides[0] = "limits.coroutines=100";
    w.overrides[1] = "limits.tasks=100";
    world_write(&w, "scripts/main.lua",
                "local happened = mu.event 'happened' {}\n"
                "mu.on('happened', function() mu.sleep(1) end)\n"
                "mu.handler('coroutines', function() for i = 1, 101 do coroutine.create(print) end end)\n"
                "mu.handler('few', function()\n"
                "  for i = 1, 5 do for k = 1, 99 do coroutine.wrap(mu.say) end mu.sleep(0.1) end return 'fine' end)\n"
                "mu.handler('tasks', function() for i = 1, 101 do mu.spawn(mu.sleep, 1) end end)\n"
                "mu.handler('events', function() for i = 1, 500 do happened() end return 'fine' end)\n");
    world_start(&w);
    world_call(&w, "coroutines", &o);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text,
                    "main.lua:3: coroutine: a handler may make 100 of them without a pause (limits.coroutines)");
    world_call(&w, "few", &o);
    world_pass(&w, 2);
    assert_string_equal(o.result, "fine");
    world_call(&w, "tasks", &o);
    world_run(&w);
    assert_contains(o.text, "main.lua:6: mu.spawn: 100 tasks that scripts started are under way (limits.tasks)");
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_live, 100);
    world_call(&w, "events", &o); /* whoever raises one is not bothered */
    world_run(&w);
    assert_string_equal(o.result, "fine");
    assert_contains(w.log, "the event happened is lost for its handlers: 100 tasks that scripts started are under way");
    world_pass(&w, 2);
    world_call(&w, "tasks", &o); /* they have ended: there is room again */
    world_run(&w);
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_live, 100);
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#if !WATCH_POLLS
        /* Each error that Lua raises jumps over instrumented C functions, of which the thread sanitizer loses track: a
         * loop of errors is more than it can bear. What runs beside the watchdog's thread is covered by the rest. */
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_loops_in_protected_calls),
        cmocka_unit_test(test_loops_in_coroutines),
        cmocka_unit_test(test_loops_below_c),
        cmocka_unit_test(test_loops_while_closing),
        cmocka_unit_test(test_errors_that_loop),
        cmocka_unit_test(test_long_c_functions),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_deep_recursion_is_an_error),
#endif
        cmocka_unit_test(test_closing_gets_its_time),
        cmocka_unit_test(test_long_burst_is_named),
        cmocka_unit_test(test_kill_names_the_place),
        cmocka_unit_test(test_killed_between_waits),
        cmocka_unit_test(test_growth_over_several_bursts),
        cmocka_unit_test(test_memory_kill_names_the_place),
        cmocka_unit_test(test_garbage_is_not_growth),
        cmocka_unit_test(test_no_way_out_of_the_sandbox),
        cmocka_unit_test(test_loading_is_bounded),
        cmocka_unit_test(test_floods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
