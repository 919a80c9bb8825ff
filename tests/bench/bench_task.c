/* bench_task.c: what a task costs, in nanoseconds, without network and without codec, beside 10 MB of live tables.
 *
 *     build/release/tests/bench/bench_task
 *
 * Each line: an empty handler, one that makes a small answer, one that waits once. Run by hand: it asserts nothing. */
#include "../unit/script_host.h"
#include "base/clock.h"

static int finish_table(lua_State *L, int first, int count, void *ctx) {
    (void)count;
    lua_getfield(L, first, "server_time");
    *(lua_Integer *)ctx += lua_tointeger(L, -1);
    return 0;
}

static int push_request(lua_State *L, void *ctx) {
    (void)ctx;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, 5);
    lua_setfield(L, -2, "id");
    lua_pushliteral(L, "ME3_DATA");
    lua_setfield(L, -2, "name");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "flag");
    return 1;
}

static void run(struct world *w, const char *name, const char *title, int rounds, bool table) {
    generation *g = engine_current(w->engine);
    struct handlers *h = g->slots[0];
    lua_Integer sum = 0;
    double best = 1e9;
    int i = 0;
    while (strcmp(h->list[i].name, name) != 0) i++;
    task_call call = {.generation = g,
                      .function_ref = h->list[i].ref,
                      .what = name,
                      .ctx = &sum,
                      .push = table ? push_request : NULL,
                      .finish = table ? finish_table : NULL};
    for (int pass = 0; pass < 7; pass++) {
        int64_t before = clock_thread_cpu_us();
        for (int n = 0; n < rounds; n++) {
            task_start(w->engine, &call);
            if (w->pump) w->pump = false, engine_pump(w->engine);
        }
        double ns = (double)(clock_thread_cpu_us() - before) * 1000 / rounds;
        if (ns < best) best = ns;
    }
    printf("%-42s %7.0f ns\n", title, best);
}

static void wake(lua_State *L, task_token t) { task_wake(generation_of(L)->engine, t, NULL, NULL, NULL); }

static int bench_wait(lua_State *L) {
    task_token t = task_suspend(L, "mu.wait");
    wake(L, t);
    return task_yield(L, t);
}

static const script_function wait_function = {
    .name = "mu.wait", .params = "", .flags = SCRIPT_SUSPENDS, .call = bench_wait};

static int bench_open(generation *g, lua_State *L) {
    (void)g;
    return script_declare(L, &wait_function, 1);
}

static const script_module module_bench = {.name = "bench", .open = bench_open};
static const script_module *const bench_modules[] = {&module_test, &module_bench, NULL};

int main(void) {
    struct world w;
    world_open(&w);
    w.options.modules = bench_modules;
    world_write(&w, "scripts/main.lua",
                "local ballast = {} for i = 1, 50000 do ballast[i] = { name = 'n' .. i, list = { i } } end\n"
                "mu.handler('ballast', function() return #ballast end)\n"
                "mu.handler('empty', function() end)\n"
                "mu.handler('answer', function(request) return { server_time = 7, text = request.name } end)\n"
                "mu.handler('wait', function() mu.wait() end)\n"
                "mu.handler('pcall', function() pcall(function() end) end)\n"
                "mu.handler('error', function() pcall(error, 'x') end)\n");
    world_start(&w);
    run(&w, "empty", "an empty handler", 1000000, false);
    run(&w, "answer", "request table in, answer table out", 1000000, true);
    run(&w, "wait", "one wait", 500000, false);
    run(&w, "pcall", "one pcall", 500000, false);
    run(&w, "error", "one error caught", 200000, false);
    world_close(&w);
    return 0;
}
