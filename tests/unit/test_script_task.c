/* test_script_task.c: tasks start, wait, wake, fail and end as task.h says. */
#include "script_host.h"

static void test_result(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "return 1, 'two', nil, {} ~= nil", &o);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.result, "1 two nil true");
    world_close(&w);
}

static void test_error_is_logged_once_with_everything(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "local t\nlocal function inner() return t.x end\nreturn (inner())", &o);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text, "scripts/main.lua:3:");
    assert_contains(w.log, "it failed (generation 1 ");
    assert_contains(w.log, "scripts/main.lua:3: attempt to index a nil value (upvalue 't')");
    assert_contains(w.log, "scripts/main.lua:4: in the function of line 1");
    assert_null(strstr(strstr(w.log, "it failed") + 1, "it failed"));
    world_call(&w, "fine", &o);
    assert_string_equal(o.result, "fine");
    world_close(&w);
}

static void test_error_objects(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "error({})", &o);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text, "table: ");
    world_close(&w);
    world_body(&w, "error(setmetatable({}, {__tostring = function() return 'spoken' end}))", &o);
    assert_contains(o.text, "spoken");
    world_close(&w);
    world_body(&w, "error(setmetatable({}, {__tostring = function() error('no') end}))", &o);
    assert_int_equal(o.code, E_SCRIPT);
    world_call(&w, "fine", &o);
    assert_string_equal(o.result, "fine");
    world_close(&w);
    world_body(&w, "error()", &o);
    assert_int_equal(o.code, E_SCRIPT);
    world_close(&w);
}

static void test_sleep(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "mu.say(1) mu.sleep(2.5) mu.say(2) return 'awake'", &o);
    assert_int_equal(o.calls, 0);
    world_pass(&w, 2.4);
    assert_int_equal(o.calls, 0);
    world_pass(&w, 0.2);
    assert_int_equal(o.calls, 1);
    assert_string_equal(o.result, "awake");
    assert_string_equal(w.heard, "1 2");
    world_close(&w);
}

static int push_two(lua_State *L, void *ctx) {
    lua_pushinteger(L, 7);
    lua_pushstring(L, ctx);
    return 2;
}
static int push_raise(lua_State *L, void *ctx) { return luaL_error(L, "%s", (char *)ctx); }
static int released;
static void count_release(void *ctx) {
    (void)ctx;
    released++;
}

static void test_wake_gives_results(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    released = 0;
    world_body(&w, "local a, b = mu.park() return b, a", &o);
    assert_int_equal(o.calls, 0);
    assert_true(task_wake(w.engine, w.parked, push_two, "seven", count_release));
    assert_false(task_wake(w.engine, w.parked, push_two, "again", count_release)); /* one answer only */
    assert_int_equal(released, 1);
    world_run(&w);
    assert_string_equal(o.result, "seven 7");
    assert_int_equal(released, 2);
    assert_false(task_wake(w.engine, w.parked, push_two, "late", count_release)); /* the task is gone */
    assert_int_equal(released, 3);
    engine_counts c;
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.wakes_stale, 2);
    world_close(&w);
}

static void test_wake_may_raise(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "local ok, why = pcall(mu.park) return ok, why", &o);
    task_wake(w.engine, w.parked, push_raise, "refused", NULL);
    world_run(&w);
    assert_contains(o.result, "false ");
    assert_contains(o.result, "refused");
    world_close(&w);
}

static void test_waits_pass_through_coroutines_and_pcall(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w,
               "local log = {}\n"
               "local gen = coroutine.wrap(function(a)\n"
               "  local inner = coroutine.create(function(x)\n"
               "    local ok, n = pcall(function() local n = mu.park() return n end)\n"
               "    local back = coroutine.yield(x + n)\n"
               "    mu.sleep(1)\n"
               "    return back .. '!'\n"
               "  end)\n"
               "  local _, sum = coroutine.resume(inner, a)\n"
               "  local more = coroutine.yield(sum)\n"
               "  local _, last = coroutine.resume(inner, more)\n"
               "  return last, coroutine.status(inner)\n"
               "end)\n"
               "local first = gen(10)\n"
               "local last, status = gen('m')\n"
               "return first, last, status",
               &o);
    assert_int_equal(o.calls, 0);
    task_wake(w.engine, w.parked, push_two, "", NULL);
    world_run(&w);
    assert_int_equal(o.calls, 0);
    world_pass(&w, 1);
    assert_string_equal(o.result, "17 m! dead");
    world_close(&w);
}

static void test_waiting_coroutine_is_out_of_reach(void **state) {
    struct world w;
    struct outcome o, other;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "local co = coroutine.create(function() mu.sleep(1) return 'inside' end)\n"
                "mu.handler('it', function() return coroutine.resume(co) end)\n"
                "mu.handler('other', function()\n"
                "  local ok, why = coroutine.resume(co)\n"
                "  local closed, because = pcall(coroutine.close, co)\n"
                "  return ok, why, coroutine.status(co), closed\n"
                "end)\n");
    world_start(&w);
    world_call(&w, "it", &o);
    world_call(&w, "other", &other);
    assert_string_equal(other.result, "false cannot resume a coroutine that waits for the server normal false");
    world_pass(&w, 1);
    assert_string_equal(o.result, "true inside");
    world_close(&w);
}

static void test_coroutine_library(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w,
               "local r = {}\n"
               "local function add(...) r[#r + 1] = table.concat({...}, ',') end\n"
               "local co = coroutine.create(function(a, b) add(a, b) add(coroutine.yield(1)) error('oops') end)\n"
               "add(tostring(coroutine.isyieldable()), tostring(select(2, coroutine.running())))\n"
               "add(coroutine.status(co), tostring(select('#', coroutine.resume(co, 'x', 'y'))))\n"
               "add(coroutine.status(co))\n"
               "local ok, why = coroutine.resume(co, 'z')\n"
               "add(tostring(ok), why, coroutine.status(co))\n"
               "add(select(2, coroutine.resume(co)))\n"
               "add(select(2, pcall(coroutine.yield)))\n"
               "add(select(2, pcall(coroutine.wrap(function() error('w', 0) end))))\n"
               "local c2 = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() "
               "add('closed') end}) "
               "coroutine.yield() end)\n"
               "c2()\n"
               "local c3 = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() "
               "add('closed3') "
               "end}) coroutine.yield() end)\n"
               "coroutine.resume(c3) add(tostring(coroutine.close(c3)), coroutine.status(c3))\n"
               "local self\n"
               "self = coroutine.create(function() return coroutine.resume(self) end)\n"
               "add(select(3, coroutine.resume(self)))\n"
               "add(select(2, coroutine.resume((coroutine.running()))))\n"
               "return table.concat(r, '|')",
               &o);
    assert_string_equal(
        o.result,
        "false,true|x,y|suspended,2|suspended|z|false,scripts/main.lua:4: oops,dead|cannot resume dead coroutine|"
        "attempt to yield from outside a coroutine|w|closed3|true,dead|"
        "cannot resume non-suspended coroutine|cannot resume non-suspended coroutine");
    world_close(&w);
}

static void test_nothing_waits_where_it_may_not(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w,
               "local function try(f, ...) local ok, why = pcall(f, ...) mu.say(why) mu.say('|') end\n"
               "try(table.sort, {1, 2, 3}, function(a, b) mu.sleep(1) end)\n"
               "try(string.gsub, 'a', 'a', function() mu.sleep(1) end)\n"
               "local t = setmetatable({}, {__index = function() mu.sleep(1) end})\n"
               "try(function() return t.x end)\n"
               "try(coroutine.wrap(function() table.sort({1, 2, 3}, coroutine.wrap(function() mu.sleep(1) end)) end))\n"
               "try(function() local x <close> = setmetatable({}, {__close = function() mu.sleep(1) end}) end)",
               &o);
    assert_int_equal(o.calls, 1);
    assert_contains(w.heard, "mu.sleep cannot wait inside table.sort (at scripts/main.lua:3)");
    assert_contains(w.heard, "mu.sleep cannot wait inside string.gsub (at scripts/main.lua:4)");
    assert_contains(w.heard, "mu.sleep cannot wait inside the metamethod __index (at scripts/main.lua:6)");
    assert_contains(w.heard, "inside the metamethod __close");
    world_close(&w);
    world_open(&w);
    world_write(&w, "scripts/main.lua", "mu.sleep(1)");
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), "scripts/main.lua:1: mu.sleep cannot wait while scripts load");
    world_close(&w);
}

static void test_limits_of_waiting(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "local ok, why = pcall(mu.park) mu.say(why) mu.sleep(100) return 'never'", &o);
    world_pass(&w, 29);
    assert_string_equal(w.heard, "");
    world_pass(&w, 2);
    assert_contains(w.heard, "mu.park: no answer within 30 seconds (limits.await_seconds)");
    assert_int_equal(o.calls, 0);
    world_pass(&w, 30);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.code, E_TIMEOUT);
    assert_contains(w.log, "limits.task_seconds");
    assert_false(task_wake(w.engine, w.parked, NULL, NULL, NULL));
    world_close(&w);
}

static void test_cancel(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "mu.handler('it', function()\n"
                "  local a <close> = setmetatable({}, {__close = function() mu.say('outer') end})\n"
                "  coroutine.wrap(function()\n"
                "    local b <close> = setmetatable({}, {__close = function() mu.say('inner') end})\n"
                "    mu.park()\n"
                "  end)()\n"
                "end)");
    world_start(&w);
    handle h = world_call(&w, "it", &o);
    assert_int_equal(o.calls, 0);
    task_cancel(w.engine, h, E_CANCELLED);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.code, E_CANCELLED);
    assert_string_equal(w.heard, "inner outer");
    task_cancel(w.engine, h, E_CANCELLED);
    assert_int_equal(o.calls, 1);
    world_close(&w);
}

static void test_exclusive(void **state) {
    struct world w;
    struct outcome a, b, c, d;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "local function job(name) return function()\n"
                "  return mu.exclusive('k', function(n)\n"
                "    mu.say(n .. '+')\n"
                "    mu.exclusive('k', mu.sleep, 1)\n"
                "    mu.say(n .. '-')\n"
                "    if n == 'b' then error('b fails') end\n"
                "    return n, 2\n"
                "  end, name) end end\n"
                "mu.handler('a', job 'a') mu.handler('b', job 'b') mu.handler('c', job 'c')\n"
                "mu.handler('d', function() return mu.exclusive('other', function() return 'd' end) end)\n");
    world_start(&w);
    world_call(&w, "a", &a);
    world_call(&w, "b", &b);
    handle h = world_call(&w, "c", &c);
    world_call(&w, "d", &d);
    assert_string_equal(d.result, "d");
    assert_string_equal(w.heard, "a+");
    world_pass(&w, 1);
    assert_string_equal(a.result, "a 2");
    assert_string_equal(w.heard, "a+ a- b+");
    world_pass(&w, 1);
    assert_int_equal(b.code, E_SCRIPT);
    assert_contains(w.log, "scripts/main.lua:6: b fails");
    assert_string_equal(w.heard, "a+ a- b+ b- c+");
    struct outcome again;
    world_call(&w, "a", &again); /* waits for c */
    task_cancel(w.engine, h, E_CANCELLED);
    world_run(&w);
    assert_string_equal(w.heard, "a+ a- b+ b- c+ a+");
    world_pass(&w, 1);
    assert_string_equal(again.result, "a 2");
    world_close(&w);
}

static void test_spawn(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(
        &w, "scripts/main.lua",
        "mu.spawn(function(x, y, z) while true do mu.sleep(100) mu.say(z) end end, 1, nil, 'tick')\n"
        "mu.handler('it', function() mu.spawn(function(a) mu.say(a) error('spawned fails') end, 'hello') end)\n");
    world_start(&w);
    world_call(&w, "it", &o);
    world_run(&w);
    assert_string_equal(w.heard, "hello");
    assert_contains(w.log, "background task of scripts/main.lua:2 failed");
    world_pass(&w, 250);
    assert_string_equal(w.heard, "hello tick tick");
    assert_true(world_reload(&w)); /* the old one ends, a new one begins */
    engine_counts c;
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_live, 1);
    assert_int_equal(c.generations_live, 1);
    world_pass(&w, 150);
    assert_string_equal(w.heard, "hello tick tick tick");
    world_close(&w);
}

static int push_who(lua_State *L, void *ctx) {
    lua_pushstring(L, "who");
    (void)ctx;
    return 1;
}

static void test_events(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    memset(&o, 0, sizeof o);
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "mu.on('started', function() mu.say('started') end)\n"
                "mu.on('knock', function(x) mu.say('a' .. x) mu.sleep(1) error('first fails') end)\n"
                "mu.on('knock', function(x) mu.say('b' .. x) end)\n");
    world_start(&w);
    engine_event(w.engine, "knock", (handle){0, 0}, push_who, keep_outcome, &o);
    world_pass(&w, 1);
    assert_string_equal(w.heard, "started awho bwho");
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(w.log, "knock failed");
    engine_event(w.engine, "reloaded", (handle){0, 0}, NULL, keep_outcome, &o);
    assert_int_equal(o.calls, 2);
    world_close(&w);
    world_open(&w);
    world_write(&w, "scripts/main.lua", "mu.on('knok', print)");
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), "did you mean 'knock'?");
    world_close(&w);
}

static void test_declared_arguments(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w,
               "local function try(...) local ok, why = pcall(...) return ok or why end\n"
               "local d = mu.deep.check\n"
               "return try(d, 'x'), try(d), try(d, 1.5), try(d, 2.0), try(d, 1, 2), try(d, 1, nil, 3), try(d, 1, 'a', "
               "{}, 5, 6),\n"
               "  try(mu.park, 1), try(mu.handler, 'x', print)",
               &o);
    assert_int_equal(o.code, 0);
    const char *r = o.result;
    assert_contains(r, "mu.deep.check: argument 'count' must be an integer, got a string");
    assert_contains(r, "mu.deep.check: argument 'count' must be an integer, got nothing");
    assert_contains(r, "must be an integer, got a number with a fraction");
    assert_contains(r, "argument 'text' must be a string, got a number");
    assert_contains(r, "argument 'either' must be a string or table, got a number");
    assert_contains(r, "mu.park takes 0 arguments, got 1");
    assert_contains(r, "mu.handler can be called only while scripts load");
    world_close(&w);
}

static void start_more(void *ctx, const fault *why) {
    struct world *w = ctx;
    static struct outcome o;
    (void)why;
    world_call(w, "fine", &o);
}

static void test_starting_from_done_is_queued(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "return 1", &o);
    generation *g = engine_current(w.engine);
    struct handlers *h = g->slots[0];
    task_call call = {.generation = g, .function_ref = h->list[0].ref, .what = "it", .done = start_more, .ctx = &w};
    task_start(w.engine, &call);
    world_run(&w);
    engine_counts c;
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_started, 3);
    assert_int_equal(c.coroutines_idle, 1); /* one coroutine served them all */
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_error_is_logged_once_with_everything),
        cmocka_unit_test(test_error_objects),
        cmocka_unit_test(test_sleep),
        cmocka_unit_test(test_wake_gives_results),
        cmocka_unit_test(test_wake_may_raise),
        cmocka_unit_test(test_waits_pass_through_coroutines_and_pcall),
        cmocka_unit_test(test_waiting_coroutine_is_out_of_reach),
        cmocka_unit_test(test_coroutine_library),
        cmocka_unit_test(test_nothing_waits_where_it_may_not),
        cmocka_unit_test(test_limits_of_waiting),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_exclusive),
        cmocka_unit_test(test_spawn),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_declared_arguments),
        cmocka_unit_test(test_starting_from_done_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
