/* Exclusive transactions: nobody else writes, and they end, whatever happens. */
#include "store_room.h"

static int set_up(void **state) {
    room *r = room_new();
    room_write(r, "migrations/001_t.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE) STRICT;");
    r->o.transaction_us = NO_LIMIT;
    assert_int_equal(room_open(r), 0);
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    room_free(*state);
    return 0;
}

static uint64_t begin(room *r) {
    outcome o = {0};
    uint64_t number = 0;
    assert_int_equal(store_transaction_begin(r->s, &number, store_job_new(), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    store_job_free(o.j);
    return number;
}

typedef int (*step)(store *, uint64_t, store_job *, store_done, void *, fault *);

/* The outcome's code, or the refusal's; *first (may be NULL) = the first value of the first row. */
static int ask_it(room *r, step fn, uint64_t number, store_job *j, int64_t *first) {
    outcome o = {0};
    int e = fn(r->s, number, j, note, &o, &r->f);
    if (e < 0) return e;
    wait_for(r, &o);
    e = store_job_code(o.j);
    fault_set(&r->f, e, "%s", store_job_error(o.j));
    store_cursor c = {0};
    store_value v[8];
    if (first) {
        assert_true(store_job_next(o.j, &c, v));
        *first = v[0].integer;
    }
    store_job_free(o.j);
    return e;
}

#define EXECUTE(n, sql) ask_it(r, store_transaction_execute, n, job_of(sql), NULL)
#define COMMIT(n)       ask_it(r, store_transaction_commit, n, store_job_new(), NULL)
#define ROLLBACK(n)     ask_it(r, store_transaction_rollback, n, store_job_new(), NULL)

static void committed_together_and_seen_only_then(void **state) {
    room *r = *state;
    uint64_t n = begin(r);
    int64_t seen;
    assert_int_equal(EXECUTE(n, "INSERT INTO t (v) VALUES ('a')"), 0);
    assert_int_equal(ask_it(r, store_transaction_execute, n, job_of("SELECT count(*) FROM t"), &seen), 0);
    assert_int_equal(seen, 1);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 0);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (v) VALUES ('a')"), E_CONSTRAINT); /* alone takes nothing with it */
    assert_int_equal(EXECUTE(n, "INSERT INTO t (v) VALUES ('b')"), 0);
    assert_int_equal(COMMIT(n), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 2);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (v) VALUES ('c')"), E_CLOSED);
    assert_int_equal(COMMIT(n), E_CLOSED);
}

static void rolled_back_on_request(void **state) {
    room *r = *state;
    uint64_t n = begin(r);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (v) VALUES ('a')"), 0);
    assert_int_equal(ROLLBACK(n), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 0);
    assert_int_equal(ROLLBACK(n), E_CLOSED);
}

static void batches_wait_for_its_end_and_then_run(void **state) {
    room *r = *state;
    outcome before = {0}, after = {0};
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (id) VALUES (1)"), note, &before, &r->f), 0);
    uint64_t n = begin(r);
    assert_true(before.done); /* what was queued before is committed before */
    store_job_free(before.j);
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (id) SELECT max(id) + 10 FROM t"), note, &after, &r->f),
                     0);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (id) SELECT max(id) + 1 FROM t"), 0);
    assert_false(after.done);
    assert_int_equal(COMMIT(n), 0);
    wait_for(r, &after);
    assert_int_equal(store_job_code(after.j), 0);
    store_job_free(after.j);
    assert_int_equal(ask(r, "SELECT max(id) FROM t"), 12);
}

/* A transaction with a limit of 100 ms and one statement in it. A machine that stands still longer than that in between
 * is not meant: once more then. *late = how often that was. */
static uint64_t begin_in_time(room *r, unsigned *late) {
    room_close(r);
    r->o.transaction_us = 100000;
    r->o.statement_us = NO_LIMIT;
    assert_int_equal(room_open(r), 0);
    for (*late = 0; *late < 100; ++*late) {
        uint64_t n = begin(r);
        int e = EXECUTE(n, "INSERT INTO t (id) VALUES (1)");
        if (e == 0) return n;
        assert_int_equal(e, E_TIMEOUT);
    }
    fail_msg("no statement finished within 100 ms, in a hundred attempts");
    return 0;
}

static void ended_at_its_limit(void **state) {
    room *r = *state;
    unsigned late;
    uint64_t n = begin_in_time(r, &late);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (2)")), 0); /* waits for the limit */
    assert_int_equal(EXECUTE(n, "INSERT INTO t (id) VALUES (3)"), E_TIMEOUT);
    assert_non_null(strstr(r->f.text, "limit of 100 ms"));
    assert_int_equal(COMMIT(n), E_TIMEOUT);
    assert_int_equal(ask(r, "SELECT sum(id) FROM t"), 2);
    store_counts c;
    store_count(r->s, &c);
    assert_int_equal(c.transactions_expired, 1 + late);
    assert_int_equal(c.waiting, 0);
}

static void a_statement_that_runs_past_the_limit_is_cut(void **state) {
    room *r = *state;
    unsigned late;
    uint64_t n = begin_in_time(r, &late);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (id) WITH RECURSIVE c(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM c) "
                                "SELECT x FROM c WHERE x < 0"),
                     E_TIMEOUT);
    int e = COMMIT(n);
    assert_true(e == E_CLOSED || e == E_TIMEOUT);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), 0);
}

static void several_follow_each_other(void **state) {
    room *r = *state;
    outcome one = {0}, two = {0};
    uint64_t first, second;
    assert_int_equal(store_transaction_begin(r->s, &first, store_job_new(), note, &one, &r->f), 0);
    assert_int_equal(store_transaction_begin(r->s, &second, store_job_new(), note, &two, &r->f), 0);
    wait_for(r, &one);
    store_job_free(one.j);
    assert_int_equal(EXECUTE(second, "INSERT INTO t (id) VALUES (9)"), E_CLOSED); /* not its turn */
    assert_int_equal(EXECUTE(first, "INSERT INTO t (id) VALUES (1)"), 0);
    assert_false(two.done);
    assert_int_equal(COMMIT(first), 0);
    wait_for(r, &two);
    assert_int_equal(store_job_code(two.j), 0);
    store_job_free(two.j);
    assert_int_equal(EXECUTE(second, "INSERT INTO t (id) VALUES (2)"), 0);
    assert_int_equal(COMMIT(second), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 2);
}

static void a_close_rolls_it_back_and_answers(void **state) {
    room *r = *state;
    uint64_t n = begin(r);
    assert_int_equal(EXECUTE(n, "INSERT INTO t (id) VALUES (1)"), 0);
    outcome o = {0};
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (id) VALUES (2)"), note, &o, &r->f), 0);
    store_close(r->s); /* does not sit out the limit of ten minutes */
    assert_true(o.done);
    assert_int_equal(store_job_code(o.j), 0); /* what was queued is committed */
    store_job_free(o.j);
    assert_int_equal(store_transaction_commit(r->s, n, store_job_new(), note, &o, &r->f), E_CLOSED);
    room_close(r);
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT sum(id) FROM t"), 2);
}

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(committed_together_and_seen_only_then),       WITH(rolled_back_on_request),
        WITH(batches_wait_for_its_end_and_then_run),       WITH(ended_at_its_limit),
        WITH(a_statement_that_runs_past_the_limit_is_cut), WITH(several_follow_each_other),
        WITH(a_close_rolls_it_back_and_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
