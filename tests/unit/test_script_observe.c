/* test_script_observe.c: what an operator is told of a running engine: slow handlers, failures, tasks as they stand. */
#include "script_host.h"

#include "base/repeat.h"
#include "script/observe.h"

struct told {
    int slow, failed, tasks;
    slow_task last;
    char what[64], waited[64], where[128], text[256], trace[2048], tasks_text[2048];
};

static void note_slow(void *ctx, const slow_task *s) {
    struct told *t = ctx;
    t->slow++;
    t->last = *s;
    snprintf(t->what, sizeof t->what, "%s", s->what);
    snprintf(t->waited, sizeof t->waited, "%s", s->waited ? s->waited : "");
    snprintf(t->where, sizeof t->where, "%s", s->where);
}

static void note_failure(void *ctx, const char *what, handle subject, uint32_t number, const char *text,
                         const char *trace) {
    struct told *t = ctx;
    t->failed++;
    assert_int_equal(number, 1);
    snprintf(t->text, sizeof t->text, "%s", text);
    snprintf(t->trace, sizeof t->trace, "%s", trace);
}

static void start(struct world *w, struct told *t, const char *script) {
    memset(t, 0, sizeof *t);
    world_open(w);
    world_write(w, "scripts/main.lua", script);
    world_start(w);
    engine_observe(w->engine,
                   &(engine_observer){.ctx = t, .slow_us = 100000, .slow = note_slow, .failed = note_failure});
}

static void a_long_wait_is_told_with_its_place(void **state) {
    struct world w;
    struct told t;
    struct outcome o;
    start(&w, &t,
          "local function ask()\n  mu.sleep(0.01)\n  mu.sleep(0.3)\nend\n"
          "mu.handler('it', function() ask() mu.sleep(0.05) end)\n"
          "mu.handler('quick', function() mu.sleep(0.05) end)");
    world_call(&w, "quick", &o);
    world_pass(&w, 1);
    assert_int_equal(t.slow, 0);
    world_call(&w, "it", &o);
    world_pass(&w, 1);
    assert_int_equal(t.slow, 1);
    assert_string_equal(t.what, "it");
    assert_string_equal(t.waited, "mu.sleep");
    assert_string_equal(t.where, "scripts/main.lua:3");
    assert_int_equal(t.last.longest_us, 300000);
    assert_int_equal(t.last.us, 360000);
    assert_int_equal(t.last.code, 0);
    world_close(&w);
}

/* Time passes while Lua runs. */
static int push_late(lua_State *L, void *ctx) {
    ((struct world *)ctx)->now += 250000;
    return 0;
}

static void start_late(struct world *w, const char *name, bool background) {
    const struct handlers *h = engine_current(w->engine)->slots[0];
    for (int i = 0; i < h->count; i++) {
        if (strcmp(h->list[i].name, name) != 0) continue;
        task_call call = {.generation = engine_current(w->engine),
                          .function_ref = h->list[i].ref,
                          .what = h->list[i].name,
                          .push = push_late,
                          .ctx = w,
                          .background = background};
        task_start(w->engine, &call);
        world_run(w);
    }
}

static void a_long_stay_inside_lua_is_told(void **state) {
    struct world w;
    struct told t;
    start(&w, &t, "mu.handler('it', function() end)\nmu.handler('waits', function()\n  mu.sleep(0.01)\nend)");
    start_late(&w, "it", false);
    assert_int_equal(t.slow, 1);
    assert_string_equal(t.waited, "");
    assert_int_equal(t.last.longest_us, 250000);
    start_late(&w, "waits", false);
    world_pass(&w, 1);
    assert_int_equal(t.slow, 2);
    assert_string_equal(t.where, "scripts/main.lua:3"); /* where it stopped at last */
    world_close(&w);
}

static void background_tasks_may_take_their_time(void **state) {
    struct world w;
    struct told t;
    start(&w, &t, "mu.spawn(function() mu.sleep(5) end)\nmu.handler('busy', function() mu.sleep(5) end)");
    world_pass(&w, 10);
    assert_int_equal(t.slow, 0);
    start_late(&w, "busy", true); /* but not inside Lua */
    world_pass(&w, 10);
    assert_int_equal(t.slow, 1);
    assert_int_equal(t.last.longest_us, 250000);
    world_close(&w);
}

static void a_task_that_is_ended_counts_its_whole_time(void **state) {
    struct world w;
    struct told t;
    struct outcome o;
    start(&w, &t, "mu.handler('it', function() mu.park() end)");
    handle h = world_call(&w, "it", &o);
    world_pass(&w, 2);
    task_cancel(w.engine, h, E_CANCELLED);
    assert_int_equal(t.slow, 1);
    assert_int_equal(t.last.us, 2000000);
    assert_int_equal(t.last.code, E_CANCELLED);
    assert_string_equal(t.waited, "mu.park");
    world_close(&w);
}

static void nobody_asked(void **state) {
    struct world w;
    struct told t;
    start(&w, &t, "mu.handler('it', function() mu.sleep(1) end)");
    engine_observe(w.engine, &(engine_observer){0});
    struct outcome o;
    world_call(&w, "it", &o);
    world_pass(&w, 2);
    assert_int_equal(o.calls, 1);
    assert_int_equal(t.slow, 0);
    world_close(&w);
}

static int count_of(const char *text, const char *part) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p++) n++;
    return n;
}

static void the_same_error_is_said_a_few_times(void **state) {
    struct world w;
    struct told t;
    struct outcome o;
    start(&w, &t, "mu.handler('it', function() error('no') end)\nmu.handler('other', function() error('nor') end)");
    for (int i = 0; i < 100; i++) world_call(&w, "it", &o);
    assert_int_equal(count_of(w.log, "it failed (generation"), REPEAT_FEW);
    assert_int_equal(t.failed, 100);
    assert_string_equal(t.text, "scripts/main.lua:1: no");
    assert_contains(t.trace, "scripts/main.lua:1");
    world_call(&w, "other", &o); /* another place */
    assert_int_equal(count_of(w.log, "other failed (generation"), 1);
    assert_int_equal(count_of(w.log, "more times"), 0);
    world_pass(&w, REPEAT_US / 1e6 + 1);
    assert_int_equal(count_of(w.log, "scripts/main.lua:1 failed 95 more times within 30 s"), 1);
    world_call(&w, "it", &o);
    assert_int_equal(count_of(w.log, "it failed (generation"), REPEAT_FEW + 1);
    world_pass(&w, 100);
    assert_int_equal(count_of(w.log, "more times"), 1);
    world_close(&w);
}

static bool list(void *ctx, const task_view *v) {
    struct told *t = ctx;
    size_t n = strlen(t->tasks_text);
    t->tasks++;
    snprintf(t->tasks_text + n, sizeof t->tasks_text - n, "%s %s %s %s %lld\n%s\n", v->what, v->state,
             v->waits_for ? v->waits_for : "-", v->background ? "background" : "handler", (long long)v->waited_us,
             v->trace);
    return t->tasks < 2;
}

static void tasks_are_shown_where_they_stand(void **state) {
    struct world w;
    struct told t;
    struct outcome o;
    start(&w, &t,
          "local function deep() mu.sleep(9) end\n"
          "mu.handler('first', function() deep() return 1 end)\n"
          "mu.handler('second', function()\n  local inner = coroutine.wrap(function()\n    mu.park()\n  end)\n"
          "  inner()\n  return 1\nend)");
    engine_each_task(w.engine, list, &t);
    assert_int_equal(t.tasks, 0);
    world_call(&w, "first", &o);
    world_pass(&w, 2);
    world_call(&w, "second", &o);
    engine_each_task(w.engine, list, &t);
    assert_int_equal(t.tasks, 2);
    assert_contains(t.tasks_text, "second waits mu.park handler 0");
    assert_contains(t.tasks_text, "scripts/main.lua:5"); /* inside the script's own coroutine */
    assert_contains(t.tasks_text, "scripts/main.lua:7: in the function of line 3"); /* and what has resumed it */
    assert_contains(t.tasks_text, "first waits mu.sleep handler 2000000");
    assert_contains(t.tasks_text, "scripts/main.lua:1: in upvalue 'deep'");
    t.tasks = 1;
    engine_each_task(w.engine, list, &t); /* false ends the walk */
    assert_int_equal(t.tasks, 2);
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_wait_is_told_with_its_place),
        cmocka_unit_test(a_long_stay_inside_lua_is_told),
        cmocka_unit_test(background_tasks_may_take_their_time),
        cmocka_unit_test(a_task_that_is_ended_counts_its_whole_time),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(the_same_error_is_said_a_few_times),
        cmocka_unit_test(tasks_are_shown_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
