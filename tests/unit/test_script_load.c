/* test_script_load.c: building, settings, reloading. A broken edit changes nothing and reports everything. */
#include "script_host.h"

static void test_every_syntax_error_is_listed(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua", "require 'components.a'");
    world_write(&w, "scripts/components/a.lua", "local x =\n");
    world_write(&w, "scripts/components/b.lua", "return {\n  1 2\n}");
    world_write(&w, "scripts/configs/c.lua", "end");
    world_write(&w, "scripts/mods/broken/mod.lua", "not lua at all"); /* only what is used is compiled */
    world_write(&w, "scripts/tests/t.lua", "neither");
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine);
    assert_contains(report, "scripts/components/a.lua:");
    assert_contains(report, "scripts/components/b.lua:2:");
    assert_contains(report, "scripts/configs/c.lua:1:");
    assert_null(strstr(report, "mod.lua"));
    assert_null(strstr(report, "tests/"));
    world_close(&w);
}

static void test_every_load_error_is_listed(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "mu.wrong 'one'\nmu.wrong 'two'\nrequire 'components.a'\nrequire 'components.b'");
    world_write(&w, "scripts/components/a.lua", "local t\nt.x = 1");
    world_write(&w, "scripts/components/b.lua", "require 'components.a'");
    world_write(&w, "scripts/components/c.lua", "\n\nundefined()");
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine), *a = strstr(report, "scripts/components/a.lua:2:");
    assert_contains(report, "scripts/main.lua:1: wrong: one");
    assert_contains(report, "scripts/main.lua:2: wrong: two");
    assert_non_null(a);
    assert_null(strstr(a + 1, "scripts/components/a.lua:2:")); /* once, though several need it */
    assert_contains(report, "scripts/components/c.lua:3:");
    world_close(&w);
}

static void test_what_is_no_file_is_not_waited_for(void **state) {
    struct world w;
    char path[128];
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua", "return 1");
    snprintf(path, sizeof path, "%s/scripts/pipe.lua", w.root);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), "scripts/pipe.lua: ");
    world_close(&w);
}

static void test_require(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(
        &w, "scripts/main.lua",
        "local a = require 'lib.a'\nlocal b = require 'lib'\n"
        "assert(require 'lib.a' == a)\n"
        "mu.handler('it', function() return a.name, b, require 'lib.a' == a, (pcall(require, 'late')) end)\n"
        "for _, bad in ipairs {'..', 'a..b', '/etc/passwd', 'lib/a', '.a', 'a.', '', ('x'):rep(500), 'none.such'} do\n"
        "  assert(not pcall(require, bad), bad)\nend\n"
        "mu.say(select(2, pcall(require, 'loop1')))");
    world_write(&w, "scripts/lib/a.lua", "return { name = 'shipped' }");
    world_write(&w, "data/lib/a.lua", "return { name = 'mine' }");
    world_write(&w, "scripts/lib/init.lua", "local name, file = ...\nreturn name .. ' ' .. file");
    world_write(&w, "scripts/late.lua", "return 1");
    world_write(&w, "scripts/loop1.lua", "require 'loop2'");
    world_write(&w, "scripts/loop2.lua", "require 'loop1'");
    world_write(&w, "data/extra.lua", "error('the overlay of a file nobody requires is not run')");
    world_start(&w);
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "mine lib scripts/lib/init.lua true false");
    assert_contains(w.heard, "it requires itself");
    world_close(&w);
    world_open(&w);
    world_write(&w, "data/main.lua", "local x\n\nx()");
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), "data/scripts/main.lua:3:");
    world_close(&w);
}

static const char settings[] =
    "mu.settings {\n"
    "  ['web.port'] = { type = 'integer', default = 8080, min = 1, max = 65535, text = 'port' },\n"
    "  ['web.mode'] = { type = 'string', default = 'open', values = { 'open', 'closed' } },\n"
    "  ['web.names'] = { type = 'list', of = 'string', default = { 'a' } },\n"
    "  listeners = { type = 'list', of = { name = { type = 'string' }, port = { type = 'integer', max = 9 } } },\n"
    "  debug = { type = 'boolean', default = false },\n"
    "  ratio = { type = 'number', default = 0.5 },\n"
    "}\n";

static void test_settings(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/settings.lua", settings);
    world_write(&w, "config.lua",
                "-- comment\nreturn { web = { port = 90, names = { 'x', 'y' } }, debug = true,\n"
                "listeners = { { name = 'game', port = 3 } } }");
    w.overrides[0] = "web.mode=closed";
    w.overrides[1] = "ratio=1/4";
    world_write(
        &w, "scripts/main.lua",
        "local c = mu.config\n"
        "assert(c.limits.burst_ms == 1000)\n"
        "mu.handler('it', function() return c.web.port, c.web.mode, #c.web.names, c.web.names[2], c.debug, c.ratio,\n"
        "  c.listeners[1].name, (pcall(function() c.web.port = 1 end)), (pcall(table.insert, c.listeners, 1)) end)");
    world_start(&w);
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "90 closed 2 y true 0.25 game false false");
    world_close(&w);
}

static void test_every_mistake_in_the_config_is_listed(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/settings.lua", settings);
    world_write(&w, "config.lua",
                "return {\n  web = {\n    prot = 90,\n    mode = 'opne', -- port = 1\n    port = 'x',\n    names = { "
                "'x', 5 },\n  },\n"
                "  debug = 'yes',\n  [[unrelated\n]],\n  listeners = {\n    { name = 'a', port = 3 },\n    { nam = "
                "'b', port = 10 },\n  },\n}\n");
    w.overrides[0] = "web.prot=1";
    w.overrides[1] = "debug=maybe(";
    w.overrides[2] = "web.port=70000";
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine);
    assert_contains(report, "config.lua:3: web.prot: there is no such setting; did you mean 'web.port'?");
    assert_contains(report, "config.lua:4: web.mode: must be one of: open, closed");
    assert_contains(report, "config.lua:5: web.port: must be an integer, got string");
    assert_contains(report, "config.lua:6: web.names[2]: must be a string, got a number");
    assert_contains(report, "config.lua:8: debug: must be a boolean, got string");
    assert_contains(report, "listeners[2].nam: there is no such setting");
    assert_contains(report, "listeners[2].port: must be at most 9");
    assert_contains(report, "--set web.prot: there is no such setting; did you mean 'web.port'?");
    assert_contains(report, "--set debug: 'maybe(' is not a value");
    assert_contains(report, "--set web.port: must be at most 65535");
    world_close(&w);
}

static void test_broken_config_files(void **state) {
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"return {\n", "config.lua:"},
        {"return 5", "config.lua: must return a table"},
        {"io.open('/etc/passwd')", "config.lua:1:"},
        {"require 'main'", "config.lua:1:"},
        {"return { 1 }", "has a value without a name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        world_open(&w);
        world_write(&w, "config.lua", cases[i].text);
        assert_int_equal(world_try(&w), E_LOAD);
        assert_contains(engine_report(w.engine), cases[i].said);
        world_close(&w);
    }
}

static void test_broken_reload_keeps_the_old(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w, "return mu.generation", &o);
    world_write(&w, "scripts/main.lua", "mu.say('side effect') error('broken')");
    assert_false(world_reload(&w));
    assert_contains(w.report, "scripts/main.lua:1: broken");
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "1");
    world_write(&w, "scripts/main.lua", "mu.handler('it', function() return 'new', mu.generation end)");
    assert_int_equal(engine_build(w.engine, ENGINE_CHECK, world_reloaded, &w), 0); /* proves, but changes nothing */
    world_run(&w);
    assert_true(w.reload_ok);
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "1");
    assert_true(world_reload(&w));
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "new 4");
    engine_counts c;
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.generations_live, 1);
    world_close(&w);
}

static void test_reload_while_tasks_wait(void **state) {
    struct world w;
    struct outcome a, b, c, d;
    engine_counts n;
    (void)state;
    world_open(&w);
    const char *text = "mu.handler('it', function() local g = mu.generation mu.sleep(10) return g, mu.generation end)";
    world_write(&w, "scripts/main.lua", text);
    world_start(&w);
    world_call(&w, "it", &a);
    assert_true(world_reload(&w));
    world_call(&w, "it", &b);
    engine_get_counts(w.engine, &n);
    assert_int_equal(n.generations_live, 2);
    assert_true(world_reload(&w));
    world_call(&w, "it", &c);
    engine_get_counts(w.engine, &n);
    assert_int_equal(n.generations_live, 3);
    assert_int_equal(a.calls, 0);
    assert_true(world_reload(&w)); /* a third one draining is one too many: it waits */
    assert_int_equal(w.reloads, 2);
    assert_contains(w.log, "generation 4 (");
    assert_contains(w.log, "is ready; it waits for what older generations are still doing");
    world_call(&w, "it", &d);
    assert_int_equal(engine_build(w.engine, ENGINE_RELOAD, world_reloaded, &w), E_BUSY);
    engine_get_counts(w.engine, &n);
    assert_int_equal(n.generations_live, 3);
    assert_int_equal(a.calls, 0);
    world_pass(&w, 10);
    assert_string_equal(a.result, "1 1"); /* nobody was cut short */
    assert_string_equal(b.result, "2 2");
    assert_string_equal(c.result, "3 3");
    assert_string_equal(d.result, "3 3");
    assert_int_equal(w.reloads, 3);
    assert_int_equal(engine_current(w.engine)->number, 4);
    engine_get_counts(w.engine, &n);
    assert_int_equal(n.generations_live, 1);
    world_close(&w);
}

static void test_a_draining_generation_ends_at_the_handler_limit(void **state) {
    struct world w;
    struct outcome a, b;
    (void)state;
    world_open(&w);
    world_write(&w, "config.lua", "return { limits = { task_seconds = 20, await_seconds = 86400 } }");
    world_write(&w, "scripts/main.lua", "mu.handler('it', function() while true do mu.sleep(3) end end)");
    world_start(&w);
    world_call(&w, "it", &a);
    assert_true(world_reload(&w));
    world_pass(&w, 10);
    world_call(&w, "it", &b);
    assert_true(world_reload(&w));
    assert_true(world_reload(&w));
    assert_int_equal(engine_current(w.engine)->number, 3);
    assert_int_equal(a.calls, 0);
    world_pass(&w, 10.5);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, E_TIMEOUT);
    assert_contains(w.log, "it was ended (generation 1 ");
    assert_contains(w.log, "limits.task_seconds = 20");
    assert_int_equal(engine_current(w.engine)->number, 4);
    assert_int_equal(b.calls, 0);
    world_pass(&w, 10);
    assert_int_equal(b.code, E_TIMEOUT);
    world_close(&w);
}

static void test_stop_while_a_generation_waits(void **state) {
    struct world w;
    struct outcome a, b;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua", "mu.handler('it', function() mu.sleep(50) end)");
    world_start(&w);
    world_call(&w, "it", &a);
    assert_true(world_reload(&w));
    world_call(&w, "it", &b);
    assert_true(world_reload(&w));
    assert_true(world_reload(&w));
    assert_int_equal(w.reloads, 2);
    world_close(&w); /* nothing waits for ever, nothing leaks */
    assert_int_equal(w.reloads, 3);
}

static void test_rollback(void **state) {
    struct world w;
    struct outcome o;
    uint32_t number = 0;
    char hash[17] = "", first[17];
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/settings.lua", "mu.settings { word = { type = 'string', default = 'none' } }");
    world_write(&w, "config.lua", "return { word = 'before' }");
    world_write(&w, "scripts/main.lua",
                "mu.handler('it', function() return mu.config.word, require 'lib.a' end)\n"
                "require 'lib.a' mu.say((pcall(require, 'lib.gone')))");
    world_write(&w, "scripts/lib/a.lua", "return 'a1'");
    world_start(&w);
    memcpy(first, engine_current(w.engine)->hash, 17);
    assert_int_equal(engine_build(w.engine, ENGINE_ROLLBACK, world_reloaded, &w), E_NOT_FOUND);
    world_write(&w, "config.lua", "return { word = 'after' }");
    world_write(&w, "scripts/lib/a.lua", "return 'a2'");
    world_write(&w, "scripts/lib/gone.lua", "return 'here'");
    assert_true(world_reload(&w));
    assert_false(engine_rolled_back(w.engine));
    assert_true(engine_previous(w.engine, &number, hash));
    assert_int_equal(number, 1);
    assert_string_equal(hash, first);
    world_write(&w, "scripts/main.lua", "broken ("); /* whatever stands on the disk by then */
    assert_false(world_reload(&w));
    assert_int_equal(engine_build(w.engine, ENGINE_ROLLBACK, world_reloaded, &w), 0);
    world_run(&w);
    assert_true(w.reload_ok);
    assert_true(engine_rolled_back(w.engine));
    assert_string_equal(engine_current(w.engine)->hash, first);
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "before a1");
    assert_string_equal(w.heard, "false true false"); /* a file that came later is not there either */
    assert_int_equal(engine_build(w.engine, ENGINE_ROLLBACK, world_reloaded, &w), 0); /* and forth again */
    world_run(&w);
    world_call(&w, "it", &o);
    assert_string_equal(o.result, "after a2");
    world_close(&w);
}

static void test_only_what_is_new_is_swapped_in(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_start(&w);
    assert_int_equal(engine_build(w.engine, ENGINE_RELOAD_NEW, world_reloaded, &w), 0);
    world_run(&w);
    assert_int_equal(engine_current(w.engine)->number, 1);
    world_write(&w, "scripts/other.lua", "return 1");
    assert_int_equal(engine_build(w.engine, ENGINE_RELOAD_NEW, world_reloaded, &w), 0);
    world_run(&w);
    assert_int_equal(engine_current(w.engine)->number, 3);
    world_close(&w);
}

static void test_a_syntax_error_hides_nothing(void **state) {
    struct world w;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/settings.lua", "mu.settings { port = { type = 'integer' } }");
    world_write(&w, "config.lua", "return {\n  prot = 7,\n}");
    world_write(&w, "scripts/main.lua", "require 'components.a'\nrequire 'components.b'\nrequire 'components.c'");
    world_write(&w, "scripts/components/a.lua", "return {\n  1 2\n}");
    world_write(&w, "scripts/components/b.lua", "local a = require 'components.a'");
    world_write(&w, "scripts/components/c.lua", "\nmu.handlr('x', print)");
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine), *a = strstr(report, "scripts/components/a.lua:2:");
    assert_non_null(a);
    assert_null(strstr(a + 1, "scripts/components/a.lua:2:")); /* once, though b needs it */
    assert_contains(report, "config.lua:2: prot: there is no such setting; did you mean 'port'?");
    assert_contains(report, "scripts/components/c.lua:2:");
    world_close(&w);
}

static void test_a_file_too_large_is_named_and_hides_nothing(void **state) {
    struct world w;
    char *text = malloc((2u << 20) + 1);
    (void)state;
    memset(text, ' ', 2u << 20);
    text[2u << 20] = 0;
    world_open(&w);
    world_write(&w, "scripts/main.lua", "require 'lib.large' require 'lib.wrong'");
    world_write(&w, "scripts/lib/large.lua", text);
    world_write(&w, "scripts/lib/wrong.lua", "wrong()");
    assert_int_equal(world_try(&w), E_LOAD);
    assert_contains(engine_report(w.engine), "scripts/lib/large.lua: larger than 1024 KiB (limits.source_kib)");
    assert_contains(engine_report(w.engine), "scripts/lib/wrong.lua:1:");
    assert_null(strstr(engine_report(w.engine), "no such file"));
    world_write(&w, "scripts/lib/wrong.lua", "return 1");
    world_write(&w, "config.lua", "return { limits = { sources_mib = 1, source_kib = 4096 } }");
    assert_int_equal(world_try(&w), E_LOAD);
    assert_string_equal(engine_report(w.engine), "all scripts together are larger than 1 MiB (limits.sources_mib)");
    world_write(&w, "config.lua", "return { limits = { source_kib = 4096 } }");
    assert_int_equal(world_try(&w), 0);
    world_close(&w);
    free(text);
}

/* What has not changed is not compiled again; nobody can tell but by the time it takes. */
static void test_unchanged_files_say_the_same(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua", "local a = require 'lib.a'\nmu.handler('it', function() return a() end)");
    world_write(&w, "scripts/lib/a.lua", "\n\nreturn function() error('line three') end");
    world_start(&w);
    for (int round = 0; round < 3; round++) {
        world_call(&w, "it", &o);
        assert_contains(o.text, "scripts/lib/a.lua:3: line three");
        assert_true(world_reload(&w));
    }
    world_write(&w, "data/lib/a.lua", "\n\nreturn function() error('line three') end"); /* the same text elsewhere */
    assert_true(world_reload(&w));
    world_call(&w, "it", &o);
    assert_contains(o.text, "data/scripts/lib/a.lua:3: line three");
    world_write(&w, "data/lib/a.lua", "\n\nreturn function() error('line tree') end");
    assert_true(world_reload(&w));
    world_call(&w, "it", &o);
    assert_contains(o.text, "data/scripts/lib/a.lua:3: line tree");
    world_close(&w);
}

static void test_many_reloads_do_not_grow(void **state) {
    struct world w;
    struct outcome o;
    engine_counts first, last;
    (void)state;
    world_body(&w, "mu.exclusive('x', mu.sleep, 1) return 'done'", &o);
    world_reload(&w);
    world_pass(&w, 1);
    engine_get_counts(w.engine, &first);
    for (int i = 0; i < 100; i++) {
        world_call(&w, "it", &o);
        assert_true(world_reload(&w));
        world_pass(&w, 1);
        assert_string_equal(o.result, "done");
    }
    engine_get_counts(w.engine, &last);
    assert_int_equal(last.generations_live, 1);
    assert_in_range(last.memory, 0, first.memory + first.memory / 10);
    assert_int_equal(last.reloads, 101);
    world_close(&w);
}

static void test_hash_names_the_content(void **state) {
    struct world w;
    char before[17];
    (void)state;
    world_open(&w);
    world_start(&w);
    memcpy(before, engine_current(w.engine)->hash, 17);
    assert_int_equal(strlen(before), 16);
    assert_true(world_reload(&w));
    assert_string_equal(engine_current(w.engine)->hash, before);
    world_write(&w, "scripts/other.lua", "return 1");
    assert_true(world_reload(&w));
    assert_string_not_equal(engine_current(w.engine)->hash, before);
    world_close(&w);
}

static void test_stop_lets_tasks_finish(void **state) {
    struct world w;
    struct outcome a, b;
    (void)state;
    world_open(&w);
    world_write(&w, "scripts/main.lua",
                "mu.handler('short', function() mu.sleep(1) return 'finished' end)\n"
                "mu.handler('long', function() mu.sleep(50) end)\n"
                "mu.on('stopping', function() mu.say('stopping') end)\n");
    world_start(&w);
    world_call(&w, "short", &a);
    world_call(&w, "long", &b);
    engine_stop(w.engine, 5000000, world_stopped, &w);
    world_run(&w);
    assert_string_equal(w.heard, "stopping");
    assert_int_equal(engine_build(w.engine, ENGINE_RELOAD, world_reloaded, &w), E_CLOSED);
    struct outcome refused;
    world_call(&w, "short", &refused);
    assert_int_equal(refused.code, E_CLOSED);
    world_pass(&w, 2);
    assert_string_equal(a.result, "finished");
    assert_false(w.stopped);
    world_pass(&w, 4);
    assert_int_equal(b.code, E_CLOSED);
    assert_true(w.stopped);
    engine_free(w.engine);
    w.engine = NULL;
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_syntax_error_is_listed),
        cmocka_unit_test(test_every_load_error_is_listed),
        cmocka_unit_test(test_what_is_no_file_is_not_waited_for),
        cmocka_unit_test(test_require),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_every_mistake_in_the_config_is_listed),
        cmocka_unit_test(test_broken_config_files),
        cmocka_unit_test(test_broken_reload_keeps_the_old),
        cmocka_unit_test(test_reload_while_tasks_wait),
        cmocka_unit_test(test_a_draining_generation_ends_at_the_handler_limit),
        cmocka_unit_test(test_stop_while_a_generation_waits),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_only_what_is_new_is_swapped_in),
        cmocka_unit_test(test_a_syntax_error_hides_nothing),
        cmocka_unit_test(test_a_file_too_large_is_named_and_hides_nothing),
        cmocka_unit_test(test_unchanged_files_say_the_same),
        cmocka_unit_test(test_many_reloads_do_not_grow),
        cmocka_unit_test(test_hash_names_the_content),
        cmocka_unit_test(test_stop_lets_tasks_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
