/* The log's writes are gathered: nothing is lost, nothing is out of place, and the file has it all before a sync is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/wal_file.h"

#define FLAGS (SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)

static sqlite3_vfs shim;
static sqlite3_vfs *below;
static sqlite3_io_methods counted;
static const sqlite3_io_methods *real;
static int writes, fail;
static char database[] = "/tmp/murelayXXXXXX", path[sizeof database + 4];

static int counted_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    writes++;
    return fail ? SQLITE_FULL : real->xWrite(f, p, n, at);
}

static int counted_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
    int e = below->xOpen(below, name, f, flags, out);
    if (e != SQLITE_OK) return e;
    real = f->pMethods;
    counted = *real;
    counted.xWrite = counted_write;
    f->pMethods = &counted;
    return e;
}

static int prepare(void **state) {
    below = sqlite3_vfs_find(NULL);
    shim = *below;
    shim.zName = "counted";
    shim.xOpen = counted_open;
    return sqlite3_vfs_register(&shim, 1) == SQLITE_OK && wal_file_vfs() ? 0 : -1;
}

static int set_up(void **state) {
    strcpy(database + strlen(database) - 6, "XXXXXX");
    int fd = mkstemp(database), flags; /* the log takes its mode from the database beside it */
    if (fd < 0) return -1;
    close(fd);
    snprintf(path, sizeof path, "%s-wal", database);
    sqlite3_vfs *v = sqlite3_vfs_find(wal_file_vfs());
    sqlite3_file *f = calloc(1, (size_t)v->szOsFile);
    assert_int_equal(v->xOpen(v, path, f, FLAGS, &flags), SQLITE_OK);
    writes = fail = 0;
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    sqlite3_file *f = *state;
    f->pMethods->xClose(f);
    free(f);
    return unlink(path) | unlink(database);
}

static void put(sqlite3_file *f, const char *text, sqlite3_int64 at) {
    assert_int_equal(f->pMethods->xWrite(f, text, (int)strlen(text), at), SQLITE_OK);
}

/* What the file itself holds. */
static void assert_file(const char *text) {
    char now[256] = "";
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && read(fd, now, sizeof now - 1) >= 0);
    close(fd);
    assert_string_equal(now, text);
}

static void neighbours_are_one_write(void **state) {
    sqlite3_file *f = *state;
    for (int i = 0; i < 20; i++) put(f, i % 2 ? "page" : "head", 4 * i);
    assert_int_equal(writes, 0);
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(writes, 1);
    assert_file("headpageheadpageheadpageheadpageheadpageheadpageheadpageheadpageheadpageheadpage");
}

static void another_place_keeps_the_order(void **state) {
    sqlite3_file *f = *state;
    put(f, "aaaabbbb", 0);
    put(f, "cc", 2); /* over what is still gathered */
    put(f, "dd", 4);
    put(f, "e", 7);
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_file("aaccddbe");
}

static void who_reads_sees_what_was_written(void **state) {
    sqlite3_file *f = *state;
    char three[4] = "";
    sqlite3_int64 size = 0;
    put(f, "abcdef", 0);
    assert_int_equal(f->pMethods->xRead(f, three, 3, 2), SQLITE_OK);
    assert_string_equal(three, "cde");
    put(f, "gh", 6);
    assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
    assert_int_equal(size, 8);
    put(f, "ij", 8);
    assert_int_equal(f->pMethods->xTruncate(f, 9), SQLITE_OK);
    assert_file("abcdefghi");
}

static void large_pieces_are_cut_where_they_do_not_fit(void **state) {
    sqlite3_file *f = *state;
    static char page[8192], back[8192];
    for (int i = 0; i < 64; i++) {
        memset(page, 'a' + i % 26, sizeof page);
        assert_int_equal(f->pMethods->xWrite(f, page, sizeof page, (sqlite3_int64)i * (int)sizeof page), SQLITE_OK);
    }
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(writes, 5); /* 15 pages at a time */
    for (int i = 0; i < 64; i++) {
        memset(page, 'a' + i % 26, sizeof page);
        assert_int_equal(f->pMethods->xRead(f, back, sizeof back, (sqlite3_int64)i * (int)sizeof page), SQLITE_OK);
        assert_memory_equal(page, back, sizeof page);
    }
}

/* A full disk is told by the sync, and again, until there is room: then all of it is there, the newest on top. */
static void a_write_that_fails_is_not_forgotten(void **state) {
    sqlite3_file *f = *state;
    put(f, "first", 0);
    fail = 1;
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_FULL);
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_FULL);
    assert_int_equal(f->pMethods->xWrite(f, "x", 1, 0), SQLITE_FULL);
    assert_int_equal(f->pMethods->xRead(f, (char[8]){0}, 1, 0), SQLITE_FULL);
    assert_file("");
    fail = 0;
    put(f, "F", 0);
    assert_file("first");
    assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_file("First");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(neighbours_are_one_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_place_keeps_the_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_reads_sees_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_pieces_are_cut_where_they_do_not_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_write_that_fails_is_not_forgotten, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
