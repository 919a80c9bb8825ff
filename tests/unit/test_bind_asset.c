/* mu.asset: only what is listed is read, the data folder wins, nothing climbs out. */
#include "script_host.h"

#include "bind/asset.h"

static struct world w;
static const script_module *const modules[] = {&module_test, &module_asset, NULL};
static char data[128], assets[128];

static int start(const char *script, fault *f) {
    w.options.modules = modules;
    snprintf(data, sizeof data, "%s/data", w.root);
    snprintf(assets, sizeof assets, "%s/assets", w.root);
    w.options.data_dir = data;
    w.options.asset_dir = assets;
    world_write(&w, "scripts/main.lua", script);
    w.engine = engine_new(&w.options, f);
    assert_non_null(w.engine);
    return engine_load(w.engine, f);
}

static int open_world(void **state) {
    world_open(&w);
    world_write(&w, "assets/a.txt", "shipped a");
    world_write(&w, "assets/legal/terms.en.html", "terms");
    world_write(&w, "assets/legal/more/deep.txt", "deep");
    world_write(&w, "assets/legal2.txt", "no");
    world_write(&w, "assets/.hidden", "no");
    world_write(&w, "assets/with blank.txt", "no");
    world_write(&w, "data/assets/a.txt", "own a");
    world_write(&w, "data/assets/legal/terms.de.html", "Bedingungen");
    world_write(&w, "data/secret.txt", "secret");
    return 0;
}

static int close_world(void **state) {
    world_close(&w);
    return 0;
}

static void texts_are_read_by_their_listed_names(void **state) {
    char path[256];
    fault f = {0};
    snprintf(path, sizeof path, "%s/assets/link.txt", w.root);
    assert_int_equal(symlink("../data/secret.txt", path), 0);
    const char *script =
        "assert(mu.asset.text 'a.txt' == 'own a')\n"
        "assert(mu.asset.text 'legal/terms.en.html' == 'terms')\n"
        "assert(mu.asset.text 'legal/terms.de.html' == 'Bedingungen')\n"
        "assert(table.concat(mu.asset.names 'legal', ' ') == 'legal/more/deep.txt legal/terms.de.html "
        "legal/terms.en.html')\n"
        "assert(#mu.asset.names 'nothing' == 0)\n"
        "for _, name in ipairs { '', '.', '..', '../data/secret.txt', 'legal', 'legal/', 'legal/../a.txt', '/a.txt',\n"
        "    './a.txt', 'link.txt', '.hidden', 'with blank.txt', 'a.txt\\0', 'A.TXT' } do\n"
        "  local ok, why = pcall(mu.asset.text, name)\n"
        "  assert(not ok and why:find 'there is no file', name .. ': ' .. tostring(why))\n"
        "end\n";
    if (start(script, &f) < 0) fail_msg("%s", engine_report(w.engine));
}

static void what_is_no_text_or_too_long_is_refused(void **state) {
    char path[256];
    fault f = {0};
    snprintf(path, sizeof path, "%s/assets/binary", w.root);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite("a\0b", 1, 3, file), 3);
    fclose(file);
    snprintf(path, sizeof path, "%s/assets/long", w.root);
    file = fopen(path, "w");
    assert_int_equal(ftruncate(fileno(file), (1 << 20) + 1), 0);
    fclose(file);
    const char *script =
        "local ok, why = pcall(mu.asset.text, 'binary'); assert(not ok and why:find 'is no text', why)\n"
        "ok, why = pcall(mu.asset.text, 'long'); assert(not ok and why:find 'larger than', why)\n";
    if (start(script, &f) < 0) fail_msg("%s", engine_report(w.engine));
}

static void a_change_under_the_list_is_noticed(void **state) {
    asset_list list = {0};
    fault f;
    char folder[128], to[64];
    snprintf(folder, sizeof folder, "%s/assets", w.root);
    assert_int_equal(asset_list_read(&list, folder, &f), 0);
    assert_int_equal(list.count, 4);
    const asset *a = asset_find(&list, "a.txt");
    assert_non_null(a);
    assert_int_equal(a->size, 9);
    assert_int_equal(asset_read(a, to, &f), 0);
    world_write(&w, "assets/a.txt", "longer than before");
    assert_int_equal(asset_read(a, to, &f), E_IO);
    unlink(a->path);
    assert_int_equal(asset_read(a, to, &f), E_IO);
    snprintf(folder, sizeof folder, "%s/none", w.root);
    assert_int_equal(asset_list_read(&list, folder, &f), 0);
    assert_int_equal(list.count, 4);
    asset_list_free(&list);
    assert_null(asset_find(&list, "a.txt"));
    if (start("", &f) < 0) fail_msg("%s", engine_report(w.engine));
}

static void handlers_read_nothing(void **state) {
    fault f = {0};
    struct outcome o;
    if (start("mu.handler('it', function() return mu.asset.text 'a.txt' end)\n", &f) < 0)
        fail_msg("%s", engine_report(w.engine));
    world_call(&w, "it", &o);
    world_run(&w);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text, "mu.asset.text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_are_read_by_their_listed_names, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_no_text_or_too_long_is_refused, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_change_under_the_list_is_noticed, open_world, close_world),
        cmocka_unit_test_setup_teardown(handlers_read_nothing, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
