/* Batches and reads: all or nothing, in order, grouped, and refused with a name. */
#include "store_room.h"

static int set_up(void **state) {
    room *r = room_new();
    room_write(r, "migrations/001_t.sql",
               "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE) STRICT;"
               "CREATE TABLE child (t INTEGER NOT NULL REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED) STRICT;");
    assert_int_equal(room_open(r), 0);
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    room_free(*state);
    return 0;
}

static void every_kind_of_value_comes_back(void **state) {
    room *r = *state;
    outcome o = {0};
    store_job *j = store_job_new();
    job_add(j, "SELECT ?1 AS i, ?2 AS d, ?3 AS t, ?4 AS n, ?5 AS b, ?6 AS empty", "idtn", -5ll, 2.5, "grüße", 0);
    store_job_blob(j, "\0\1\2", 3);
    store_job_text(j, "", 0);
    assert_int_equal(store_read(r->s, j, note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    assert_int_equal(store_job_columns(o.j), 6);
    assert_int_equal(store_job_rows(o.j), 1);
    bytes name = store_job_column(o.j, 5);
    assert_int_equal(name.n, 5);
    assert_memory_equal(name.p, "empty", 5);
    store_value v[6];
    store_cursor c = {0};
    assert_true(store_job_next(o.j, &c, v));
    assert_false(store_job_next(o.j, &c, v));
    assert_int_equal(v[0].integer, -5);
    assert_true(v[1].type == STORE_NUMBER && v[1].number == 2.5);
    assert_true(v[2].type == STORE_TEXT && v[2].text.n == 7);
    assert_int_equal(v[3].type, STORE_NULL);
    assert_true(v[4].type == STORE_BLOB && v[4].text.n == 3);
    assert_memory_equal(v[4].text.p, "\0\1\2", 3);
    assert_true(v[5].type == STORE_TEXT && v[5].text.n == 0);
    store_job_free(o.j);
}

static void a_batch_tells_what_each_statement_changed(void **state) {
    room *r = *state;
    store_job *j = store_job_new();
    job_add(j, "INSERT INTO t (id, v) VALUES (?1, ?2)", "it", 7ll, "a");
    job_add(j, "INSERT INTO t (v) VALUES ('b'), ('c')", "");
    job_add(j, "UPDATE t SET v = v || '!'", "");
    job_add(j, "DELETE FROM t WHERE id = 99", "");
    outcome o = {0};
    assert_int_equal(store_batch(r->s, j, note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    assert_int_equal(store_job_count(o.j), 4);
    assert_int_equal(store_job_change(o.j, 0)->last_id, 7);
    assert_int_equal(store_job_change(o.j, 0)->changes, 1);
    assert_int_equal(store_job_change(o.j, 1)->last_id, 9);
    assert_int_equal(store_job_change(o.j, 1)->changes, 2);
    assert_int_equal(store_job_change(o.j, 2)->changes, 3);
    assert_int_equal(store_job_change(o.j, 2)->last_id, 0);
    assert_int_equal(store_job_change(o.j, 3)->changes, 0);
    assert_null(store_job_change(o.j, 4));
    store_job_free(o.j);
}

static void a_violation_in_the_middle_takes_back_its_batch_only(void **state) {
    room *r = *state;
    enum { MANY = 60 };
    outcome o[MANY] = {0};
    for (int i = 0; i < MANY; i++) {
        char text[16];
        snprintf(text, sizeof text, "v%d", i);
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, ?2)", "it", (long long)i * 2, text);
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, ?2)", "in", i % 3 == 1 ? (long long)i * 2 : i * 2 + 1ll);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    for (int i = 0; i < MANY; i++) {
        wait_for(r, &o[i]);
        assert_int_equal(store_job_code(o[i].j), i % 3 == 1 ? E_CONSTRAINT : 0);
        assert_int_equal(store_job_statement(o[i].j), i % 3 == 1 ? 2 : 0);
        if (i % 3 == 1) assert_non_null(strstr(store_job_error(o[i].j), "UNIQUE constraint failed: t.id"));
        store_job_free(o[i].j);
    }
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), MANY / 3 * 2 * 2);
    assert_int_equal(ask(r, "SELECT count(*) FROM t WHERE id / 2 % 3 = 1"), 0);
}

static void a_single_statement_is_all_or_nothing(void **state) {
    room *r = *state;
    assert_int_equal(run(r, job_of("INSERT INTO t (v) VALUES ('a')")), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (v) VALUES ('b'), ('c'), ('a')")), E_CONSTRAINT);
    assert_int_equal(run(r, job_of("INSERT OR FAIL INTO t (v) VALUES ('d'), ('e'), ('a')")), E_CONSTRAINT);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 1);
}

static void one_batch_cannot_take_the_group_with_it(void **state) {
    room *r = *state;
    enum { MANY = 40 };
    outcome o[MANY] = {0};
    for (int i = 0; i < MANY; i++) {
        store_job *j;
        if (i == 10)
            j = job_of("INSERT OR ROLLBACK INTO t (id, v) VALUES (0, 'again')");
        else if (i == 20)
            j = job_of("INSERT INTO child (t) VALUES (12345)");
        else
            job_add(j = store_job_new(), "INSERT INTO t (id) VALUES (?1)", "i", (long long)i);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    for (int i = 0; i < MANY; i++) {
        wait_for(r, &o[i]);
        assert_int_equal(store_job_code(o[i].j), i == 10 || i == 20 ? E_CONSTRAINT : 0);
        if (i != 10 && i != 20) assert_int_equal(store_job_change(o[i].j, 0)->changes, 1);
        store_job_free(o[i].j);
    }
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), MANY - 2);
    assert_int_equal(ask(r, "SELECT count(*) FROM child"), 0);
}

static int order_next;

static void in_order(void *ctx, store_job *j) {
    assert_int_equal(store_job_code(j), 0);
    assert_int_equal((int)(intptr_t)ctx, order_next);
    order_next++;
    store_job_free(j);
}

static void batches_are_grouped_and_kept_in_order(void **state) {
    room *r = *state;
    enum { MANY = 2000 };
    order_next = 0;
    for (int i = 0; i < MANY; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id) SELECT count(*) FROM t WHERE (SELECT count(*) FROM t) = ?1", "i", (long long)i);
        assert_int_equal(store_batch(r->s, j, in_order, (void *)(intptr_t)i, &r->f), 0);
    }
    while (order_next < MANY) assert_true(loop_turn(&r->loop));
    store_counts c;
    store_count(r->s, &c);
    assert_int_equal(c.batches, MANY);
    assert_true(c.groups < MANY / 4); /* a commit a batch would be MANY */
    assert_true(c.posts <= c.groups);
    assert_int_equal(c.waiting, 0);
    assert_int_equal(c.waiting_bytes, 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), MANY);
}

static void a_read_sees_what_was_acknowledged(void **state) {
    room *r = *state;
    for (int i = 1; i <= 50; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id) VALUES (?1)", "i", (long long)i);
        assert_int_equal(run(r, j), 0);
        assert_int_equal(ask(r, "SELECT count(*) FROM t"), i);
    }
}

static void wrong_sql_is_a_sentence(void **state) {
    room *r = *state;
    assert_int_equal(run(r, job_of("INSERT INTO nowhere VALUES (1)")), E_SQL);
    assert_non_null(strstr(r->f.text, "no such table: nowhere (statement 1: INSERT"));
    store_job *j = store_job_new();
    job_add(j, "INSERT INTO t (id) VALUES (?1)", "ii", 1ll, 2ll);
    assert_int_equal(run(r, j), E_SQL);
    assert_non_null(strstr(r->f.text, "takes 1 values, got 2"));
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1); DROP TABLE t")), E_SQL);
    assert_non_null(strstr(r->f.text, "exactly one statement"));
    assert_int_equal(run(r, job_of("")), E_SQL);
    assert_int_equal(run(r, job_of("-- nothing")), E_SQL);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1) ; ")), 0);
    assert_int_equal(store_batch(r->s, store_job_new(), note, NULL, &r->f), E_ARGUMENT);
}

static void a_script_cannot_end_the_transaction_it_runs_in(void **state) {
    room *r = *state;
    static const char *const refused[] = {"COMMIT",
                                          "ROLLBACK",
                                          "BEGIN",
                                          "SAVEPOINT x",
                                          "RELEASE batch",
                                          "ATTACH '/tmp/other.db' AS other",
                                          "PRAGMA synchronous=OFF",
                                          "PRAGMA wal_checkpoint",
                                          "VACUUM INTO '/tmp/x.db'"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int e = run(r, job_of(refused[i]));
        if (e != E_SQL) print_error("%s: %d %s\n", refused[i], e, r->f.text);
        assert_int_equal(e, E_SQL);
    }
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), 0);
    outcome o = {0};
    assert_int_equal(store_read(r->s, job_of("DELETE FROM t"), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), E_IO); /* the reader cannot write */
    store_job_free(o.j);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 1);
}

static void the_cache_of_statements_is_bounded_and_right(void **state) {
    room *r = *state;
    char sql[64];
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 700; i++) {
            snprintf(sql, sizeof sql, "SELECT %d + %d", i, pass);
            assert_int_equal(ask(r, sql), i + pass);
            assert_int_equal(ask(r, "SELECT 42"), 42);
        }
}

/* ---- what one turn asks for is handed over together ---- */

typedef struct turn {
    void (*fn)(void *);
    void *arg;
    unsigned asked;
} turn;

static turn this_turn;

static void at_turn_end(void *ctx, void (*fn)(void *), void *arg) {
    assert_null(this_turn.fn);
    this_turn = (turn){fn, arg, this_turn.asked + 1};
}

static void end_turn(void) {
    void (*fn)(void *) = this_turn.fn;
    this_turn.fn = NULL;
    fn(this_turn.arg);
}

static void jobs_of_one_turn_are_handed_over_together(void **state) {
    room *r = *state;
    outcome o[40] = {0};
    store_counts before, after;
    room_close(r);
    r->o.later = at_turn_end;
    this_turn = (turn){0};
    assert_int_equal(room_open(r), 0);
    store_count(r->s, &before);
    for (int i = 0; i < 10; i++) {
        store_job *j = job_of("INSERT INTO t (v) VALUES (NULL)");
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    assert_int_equal(this_turn.asked, 1);
    end_turn();
    for (int i = 0; i < 10; i++) wait_for(r, &o[i]), store_job_free(o[i].j);
    store_count(r->s, &after);
    assert_in_range(after.groups - before.groups, 1, 9); /* one, but a group has a time limit too */
    /* many of them do not wait for the end of a long turn */
    for (int i = 10; i < 26; i++) {
        store_job *j = job_of("INSERT INTO t (v) VALUES (NULL)");
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    for (int i = 10; i < 26; i++) wait_for(r, &o[i]), store_job_free(o[i].j);
    end_turn();
    /* what was accepted is committed when the store closes before the turn ends */
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('last')"), note, &o[26], &r->f), 0);
    store_close(r->s);
    assert_true(o[26].done);
    assert_int_equal(store_job_code(o[26].j), 0);
    store_job_free(o[26].j);
    end_turn();
    room_close(r);
    r->o.later = NULL;
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t WHERE v IS NULL"), 26);
    assert_int_equal(ask(r, "SELECT count(*) FROM t WHERE v = 'last'"), 1);
}

/* The reader keeps its snapshot from one group to the next; nothing acknowledged may be missing from it. */
static void a_read_sees_what_was_acknowledged_however_soon(void **state) {
    room *r = *state;
    for (int i = 1; i <= 200; i++) {
        assert_int_equal(ask(r, "SELECT count(*) FROM t"), i - 1);
        assert_int_equal(run(r, job_of("INSERT INTO t (v) VALUES (NULL)")), 0);
        assert_int_equal(ask(r, "SELECT count(*) FROM t"), i);
    }
}

/* Another program's writes are seen after a moment, though reads never pause. */
static void a_snapshot_does_not_live_long(void **state) {
    room *r = *state;
    sqlite3 *other;
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 0);
    assert_int_equal(sqlite3_open(r->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "INSERT INTO t (v) VALUES ('theirs')", NULL, NULL, NULL), SQLITE_OK);
    int64_t until = clock_mono_us() + PATIENCE_S * 1000000ll;
    while (ask(r, "SELECT count(*) FROM t") == 0) assert_true(clock_mono_us() < until);
    sqlite3_close(other);
}

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(every_kind_of_value_comes_back),
        WITH(jobs_of_one_turn_are_handed_over_together),
        WITH(a_read_sees_what_was_acknowledged_however_soon),
        WITH(a_snapshot_does_not_live_long),
        WITH(a_batch_tells_what_each_statement_changed),
        WITH(a_violation_in_the_middle_takes_back_its_batch_only),
        WITH(a_single_statement_is_all_or_nothing),
        WITH(one_batch_cannot_take_the_group_with_it),
        WITH(batches_are_grouped_and_kept_in_order),
        WITH(a_read_sees_what_was_acknowledged),
        WITH(wrong_sql_is_a_sentence),
        WITH(a_script_cannot_end_the_transaction_it_runs_in),
        WITH(the_cache_of_statements_is_bounded_and_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
