/* Migrations: applied once, in order, each whole; and refused with a sentence when the folder and the file disagree. */
#include "store_room.h"

#include <dirent.h>

static int set_up(void **state) {
    room *r = room_new();
    room_write(r, "migrations/001_first.sql", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);");
    room_write(r, "migrations/002_second.sql", "INSERT INTO a VALUES (2);\n-- a comment at the end");
    room_write(r, "migrations/README.md", "not SQL: left alone");
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    room_free(*state);
    return 0;
}

static unsigned backups(room *r) {
    DIR *d = opendir(r->folder);
    unsigned n = 0;
    for (struct dirent *e; (e = readdir(d));) n += strstr(e->d_name, ".before-") != NULL;
    closedir(d);
    return n;
}

static void refused(room *r, const char *sentence) {
    int e = room_open(r);
    if (e != E_MIGRATION || !strstr(r->f.text, sentence)) print_error("%d %s\n", e, r->f.text);
    assert_int_equal(e, E_MIGRATION);
    assert_non_null(strstr(r->f.text, sentence));
    assert_null(r->s);
}

static void applied_once_and_recorded(void **state) {
    room *r = *state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(room_open(r), 0);
        assert_int_equal(ask(r, "SELECT sum(x) FROM a"), 3);
        assert_int_equal(ask(r, "SELECT count(*) FROM migrations WHERE length(sha256) = 64 AND applied > 1700000000"),
                         2);
        room_close(r);
    }
    assert_int_equal(backups(r), 0); /* nothing to save before the first ones */
}

static void a_later_one_is_applied_after_a_copy(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    assert_int_equal(run(r, job_of("INSERT INTO a VALUES (100)")), 0);
    room_close(r);
    room_write(r, "migrations/003_third.sql", "UPDATE a SET x = x * 10");
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT sum(x) FROM a"), 1030);
    room_close(r);
    assert_int_equal(backups(r), 1);
    DIR *d = opendir(r->folder);
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".before-003-")) continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", r->folder, e->d_name);
        sqlite3 *db;
        sqlite3_stmt *st;
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT sum(x) FROM a", -1, &st, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(st, 0), 103); /* with what was acknowledged, without the third */
        sqlite3_finalize(st);
        sqlite3_close(db);
    }
    closedir(d);
}

static void a_failing_one_leaves_nothing_and_the_earlier_ones_stay(void **state) {
    room *r = *state;
    room_write(r, "migrations/003_bad.sql",
               "INSERT INTO a VALUES (4); CREATE TABLE b (y); INSERT INTO nowhere VALUES (1);");
    refused(r, "migration 003_bad.sql failed and was rolled back: no such table: nowhere");
    room_write(r, "migrations/003_bad.sql", "INSERT INTO a VALUES (5); COMMIT; INSERT INTO a VALUES (6);");
    refused(r, "not authorized");
    room_write(r, "migrations/003_bad.sql", "CREATE TABLE b (y)");
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT sum(x) FROM a"), 3);
    assert_int_equal(ask(r, "SELECT count(*) FROM b"), 0);
}

static void a_gap_a_double_and_a_strange_name_are_told(void **state) {
    room *r = *state;
    room_write(r, "migrations/004_fourth.sql", "SELECT 1");
    refused(r, "migration 003 is missing");
    room_write(r, "migrations/003_one.sql", "SELECT 1");
    room_write(r, "migrations/003_two.sql", "SELECT 1");
    refused(r, "have the same number");
    char path[128];
    snprintf(path, sizeof path, "%s/003_two.sql", r->migrations);
    unlink(path);
    room_write(r, "migrations/4_short.sql", "SELECT 1");
    refused(r, "files are named NNN_name.sql");
    snprintf(path, sizeof path, "%s/4_short.sql", r->migrations);
    unlink(path);
    room_write(r, "migrations/000_zero.sql", "SELECT 1");
    refused(r, "from 001 on");
}

static void a_changed_or_renamed_file_is_told(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    room_close(r);
    room_write(r, "migrations/002_second.sql", "INSERT INTO a VALUES (3);");
    refused(r, "002_second.sql was changed after it had been applied");
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/002_second.sql", r->migrations);
    snprintf(to, sizeof to, "%s/002_other.sql", r->migrations);
    assert_int_equal(rename(from, to), 0);
    refused(r, "the folder has 002_other.sql");
}

static void a_newer_database_is_told(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    room_close(r);
    char path[128];
    snprintf(path, sizeof path, "%s/002_second.sql", r->migrations);
    unlink(path);
    refused(r, "is newer than this program: it holds migration 002_second.sql, the newest known here is 001");
}

static void a_folder_that_is_not_there_is_told(void **state) {
    room *r = *state;
    r->o.migrations = "/tmp/mu-no-such-folder";
    refused(r, "cannot be read");
}

static void the_shipped_ones_apply(void **state) {
    room *r = *state;
    r->o.migrations = TEST_DIR "/../scripts/migrations";
    assert_int_equal(room_open(r), 0);
    store_job *j = store_job_new();
    job_add(j, "INSERT INTO players (email, name, created) VALUES ('a@b.c', 'Alice', 1)", "");
    job_add(j, "INSERT INTO player_settings (player_id, key, value, updated) VALUES (1, 'Base', '20;4;', 2)", "");
    assert_int_equal(run(r, j), 0);
    assert_int_equal(run(r, job_of("INSERT INTO players (email, name, created) VALUES ('A@B.C', 'Bob', 1)")),
                     E_CONSTRAINT);
    assert_int_equal(run(r, job_of("INSERT INTO players (email, name, created) VALUES ('d@b.c', 'ALICE', 1)")),
                     E_CONSTRAINT);
    assert_int_equal(
        run(r, job_of("INSERT INTO player_settings (player_id, key, value, updated) VALUES (2, 'Base', '', 2)")),
        E_CONSTRAINT);
    assert_int_equal(run(r, job_of("DELETE FROM players")), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM player_settings"), 0);
    assert_int_equal(run(r, job_of("INSERT INTO players (email, name, created) VALUES ('a@b.c', 'Alice', 1)")), 0);
    assert_int_equal(ask(r, "SELECT id FROM players"), 2); /* an id is never used again */
}

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(applied_once_and_recorded),
        WITH(a_later_one_is_applied_after_a_copy),
        WITH(a_failing_one_leaves_nothing_and_the_earlier_ones_stay),
        WITH(a_gap_a_double_and_a_strange_name_are_told),
        WITH(a_changed_or_renamed_file_is_told),
        WITH(a_newer_database_is_told),
        WITH(a_folder_that_is_not_there_is_told),
        WITH(the_shipped_ones_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
