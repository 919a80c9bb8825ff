/* test_net_folder_watch.c: every way in which people and editors save a file is noticed, and only that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/folder_watch.h"

static struct {
    loop *loop;
    folder_watch *watch;
    char root[64], heard[4096];
} me;

static void saved(void *ctx, const char *path) {
    size_t n = strlen(me.heard);
    (void)ctx;
    snprintf(me.heard + n, sizeof me.heard - n, "%s;", path + strlen(me.root) + 1);
}

static const char *below(const char *name) {
    static char path[4][200];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", me.root, name);
    return path[at];
}

static void save(const char *name) {
    FILE *f = fopen(below(name), "w");
    assert_non_null(f);
    fputs("x", f);
    fclose(f);
}

static void tick(void *ctx) { (void)ctx; }

/* Turns until `name` was heard; at most a minute. */
static void hears(const char *name) {
    char word[200];
    loop_timer every = {0};
    snprintf(word, sizeof word, "%s;", name);
    loop_timer_start(me.loop, &every, 10000, 10000, tick, NULL);
    for (int64_t end = clock_mono_us() + 60000000; clock_mono_us() < end && !strstr(me.heard, word);)
        loop_turn(me.loop, 10000);
    loop_timer_stop(&every);
    if (!strstr(me.heard, word)) fail_msg("'%s' was not heard, but '%s'", name, me.heard);
    me.heard[0] = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int begin(void **state) {
    fault f;
    (void)state;
    memset(&me, 0, sizeof me);
    strcpy(me.root, "/tmp/mu-watch-XXXXXX");
    assert_non_null(mkdtemp(me.root));
    mkdir(below("scripts"), 0755);
    mkdir(below("scripts/components"), 0755);
    save("scripts/components/util.lua");
    save("config.lua");
    me.loop = loop_new(&f);
    me.watch = folder_watch_new(me.loop, saved, NULL, &f);
    assert_int_equal(folder_watch_folder(me.watch, below("scripts"), &f), 0);
    assert_int_equal(folder_watch_folder(me.watch, below("later"), &f), 0);
    assert_int_equal(folder_watch_file(me.watch, below("config.lua"), &f), 0);
    assert_int_equal(folder_watch_file(me.watch, below("absent.lua"), &f), 0);
    loop_turn(me.loop, 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    folder_watch_free(me.watch);
    loop_free(me.loop);
    nftw(me.root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void test_saved_in_place(void **state) {
    (void)state;
    save("scripts/components/util.lua");
    hears("scripts/components/util.lua");
    save("scripts/main.lua");
    hears("scripts/main.lua");
    unlink(below("scripts/main.lua"));
    hears("scripts/main.lua");
}

static void test_written_beside_and_renamed(void **state) {
    (void)state;
    save("scripts/components/.util.lua.swp");
    save("beside");
    assert_int_equal(rename(below("beside"), below("scripts/components/util.lua")), 0);
    hears("scripts/components/util.lua");
}

static void test_new_folders(void **state) {
    (void)state;
    mkdir(below("scripts/mods"), 0755);
    mkdir(below("scripts/mods/a"), 0755); /* before anyone could begin to watch the folder around it */
    save("scripts/mods/a/mod.lua");
    hears("scripts/mods/a/mod.lua");
    save("scripts/mods/a/mod.lua");
    hears("scripts/mods/a/mod.lua");
    rename(below("scripts/mods"), below("scripts/moved"));
    hears("scripts/moved");
    save("scripts/moved/a/mod.lua");
    hears("scripts/moved/a/mod.lua");
    nftw(below("scripts/moved"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    hears("scripts/moved");
    mkdir(below("scripts/moved"), 0755);
    hears("scripts/moved");
    save("scripts/moved/again.lua");
    hears("scripts/moved/again.lua");
}

static void test_looked_at(void **state) {
    (void)state;
    for (int64_t until = clock_mono_us() + 50000; clock_mono_us() < until;) loop_turn(me.loop, 10000);
    me.heard[0] = 0;
    save("beside");
    rename(below("beside"), below("config.lua"));
    hears("config.lua");
    save("absent.lua");
    hears("absent.lua");
    unlink(below("absent.lua"));
    hears("absent.lua");
    mkdir(below("later"), 0755); /* the overlay is made while the server runs */
    save("later/x.lua");
    hears("later/x.lua");
    save("later/x.lua");
    hears("later/x.lua");
}

static void test_silence(void **state) {
    (void)state;
    save("scripts/.hidden.lua");
    save("database");
    save("scripts/main.lua");
    while (!strstr(me.heard, "scripts/main.lua;")) loop_turn(me.loop, 1000);
    assert_null(strstr(me.heard, "hidden"));
    assert_null(strstr(me.heard, "database"));
    assert_null(strstr(me.heard, "absent"));
    me.heard[0] = 0;
    folder_watch_free(me.watch);
    me.watch = NULL;
    save("scripts/main.lua");
    for (int i = 0; i < 5; i++) loop_turn(me.loop, 1000);
    assert_string_equal(me.heard, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_saved_in_place, begin, end),
        cmocka_unit_test_setup_teardown(test_written_beside_and_renamed, begin, end),
        cmocka_unit_test_setup_teardown(test_new_folders, begin, end),
        cmocka_unit_test_setup_teardown(test_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(test_silence, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
