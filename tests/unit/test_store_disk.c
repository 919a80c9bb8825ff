/* A disk that is watched and made to fail: a layer between SQLite and the files counts every sync of the log, and makes
 * syncs or writes fail when it is told to. What was acknowledged was synced before, and is there afterwards. */
#include "store_room.h"

#include <stdatomic.h>

static sqlite3_vfs shim;
static sqlite3_vfs *below;
static sqlite3_io_methods watched;
static const sqlite3_io_methods *real;                /* one table for all files of the same system */
static atomic_int log_syncs, fail_syncs, fail_writes; /* fail_…: one in so many, 0 = none */
static atomic_uint dice = 1;

static bool unlucky(int one_in) {
    unsigned d = atomic_load(&dice), next;
    do next = d * 1664525u + 1013904223u;
    while (!atomic_compare_exchange_weak(&dice, &d, next));
    return one_in && (next >> 8) % (unsigned)one_in == 0;
}

static int watched_sync(sqlite3_file *f, int flags) {
    if (unlucky(atomic_load(&fail_syncs))) return SQLITE_IOERR_FSYNC;
    int e = real->xSync(f, flags);
    if (e == SQLITE_OK) atomic_fetch_add(&log_syncs, 1);
    return e;
}

static int watched_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    if (unlucky(atomic_load(&fail_writes))) return SQLITE_FULL;
    return real->xWrite(f, p, n, at);
}

static int watched_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
    int e = below->xOpen(below, name, f, flags, out);
    if (e != SQLITE_OK || !(flags & SQLITE_OPEN_WAL)) return e;
    if (!real) {
        real = f->pMethods;
        watched = *real;
        watched.xSync = watched_sync;
        watched.xWrite = watched_write;
    }
    assert_ptr_equal(f->pMethods, real);
    f->pMethods = &watched;
    return e;
}

static int watch(void **state) {
    below = sqlite3_vfs_find(NULL);
    shim = *below;
    shim.zName = "watched";
    shim.xOpen = watched_open;
    return sqlite3_vfs_register(&shim, 1) == SQLITE_OK ? 0 : -1;
}

static int set_up(void **state) {
    room *r = room_new();
    room_write(r, "migrations/001_t.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT) STRICT;");
    atomic_store(&fail_syncs, 0);
    atomic_store(&fail_writes, 0);
    assert_int_equal(room_open(r), 0);
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    room_free(*state);
    return 0;
}

static void every_acknowledgement_comes_after_a_sync(void **state) {
    room *r = *state;
    for (int i = 0; i < 50; i++) {
        int before = atomic_load(&log_syncs);
        assert_int_equal(run(r, job_of("INSERT INTO t (v) VALUES ('x')")), 0);
        assert_true(atomic_load(&log_syncs) > before);
    }
}

static int syncs_when_submitted;

static void synced_since(void *ctx, store_job *j) {
    assert_int_equal(store_job_code(j), 0);
    assert_true(atomic_load(&log_syncs) > syncs_when_submitted);
    ++*(int *)ctx;
    store_job_free(j);
}

static void a_group_costs_one_sync(void **state) {
    room *r = *state;
    int done = 0;
    store_counts c;
    syncs_when_submitted = atomic_load(&log_syncs);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('x')"), synced_since, &done, &r->f), 0);
    while (done < 1000) assert_true(loop_turn(&r->loop));
    store_count(r->s, &c);
    int syncs = atomic_load(&log_syncs) - syncs_when_submitted;
    assert_true(syncs >= (int)c.groups);
    assert_true(syncs <= (int)c.groups + 2); /* and one where a checkpoint or a new log came in between */
    assert_true(syncs < 250);
}

/* Hundreds of batches on a failing disk: each is told the truth, then and after the next start. */
static void honest(room *r, atomic_int *fail, int one_in) {
    enum { MANY = 600 };
    outcome *o = calloc(MANY, sizeof *o);
    int failed = 0, saved = 0;
    char sql[64];
    atomic_store(fail, one_in);
    for (int i = 0; i < MANY; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, hex(zeroblob(300)))", "i", 2ll * i);
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, 'second')", "i", 2ll * i + 1);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
        if (i % 7 == 0) wait_for(r, &o[i]); /* groups of several sizes */
    }
    for (int i = 0; i < MANY; i++) wait_for(r, &o[i]);
    atomic_store(fail, 0);
    for (int i = 0; i < MANY; i++) {
        int e = store_job_code(o[i].j);
        assert_true(e == 0 || e == E_IO);
        failed += e < 0;
        saved += e == 0;
        if (e < 0) assert_true(strlen(store_job_error(o[i].j)) > 10);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE id / 2 = %d", i);
        assert_int_equal(ask(r, sql), e == 0 ? 2 : 0);
        store_job_free(o[i].j);
    }
    free(o);
    assert_true(failed > 0 && saved > 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1000000)")), 0); /* the disk is well again */
    room_close(r);
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 2 * saved + 1);
}

static void a_sync_that_fails_is_told(void **state) { honest(*state, &fail_syncs, 5); }

static void a_write_that_fails_is_told(void **state) { honest(*state, &fail_writes, 6); }

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(every_acknowledgement_comes_after_a_sync),
        WITH(a_group_costs_one_sync),
        WITH(a_sync_that_fails_is_told),
        WITH(a_write_that_fails_is_told),
    };
    return cmocka_run_group_tests(tests, watch, NULL);
}
