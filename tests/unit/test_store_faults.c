/* What goes wrong around the store: files, disks, other programs, limits, kills. */
#include "store_room.h"

#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int set_up(void **state) {
    room *r = room_new();
    room_write(r, "migrations/001_t.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT) STRICT;");
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    room_free(*state);
    return 0;
}

static void a_file_that_cannot_be_made_is_a_sentence(void **state) {
    room *r = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/no/such/test.db", r->folder);
    r->o.path = path;
    assert_int_equal(room_open(r), E_IO);
    assert_non_null(strstr(r->f.text, "No such file or directory"));
    r->o.path = r->folder;
    assert_int_equal(room_open(r), E_IO);
    assert_non_null(strstr(r->f.text, "cannot be opened"));
}

static void a_damaged_file_is_told_at_the_start(void **state) {
    room *r = *state;
    room_write(r, "test.db",
               "This is not a database, but long enough to be looked at as if it were one. "
               "SQLite reads one hundred bytes of header before it says anything at all.");
    assert_int_equal(room_open(r), E_IO);
    assert_non_null(strstr(r->f.text, "damaged or no database"));
}

static void the_file_is_for_nobody_else(void **state) {
    room *r = *state;
    struct stat st;
    assert_int_equal(room_open(r), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), 0);
    char path[128];
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", r->path, ends[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void damage_inside_is_found_by_the_check(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    for (int i = 0; i < 50; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, hex(randomblob(2000)))", "i", (long long)i);
        assert_int_equal(run(r, j), 0);
    }
    outcome o = {0};
    assert_int_equal(store_check(r->s, store_job_new(), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    store_job_free(o.j);
    room_close(r);
    int fd = open(r->path, O_WRONLY);
    char rubbish[200];
    memset(rubbish, 0xa5, sizeof rubbish);
    for (int page = 5; page < 20; page++) assert_int_equal(pwrite(fd, rubbish, sizeof rubbish, page * 8192), 200);
    close(fd);
    assert_int_equal(room_open(r), 0);
    o = (outcome){0};
    assert_int_equal(store_check(r->s, store_job_new(), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), E_IO);
    assert_non_null(strstr(store_job_error(o.j), "damaged"));
    store_job_free(o.j);
    o = (outcome){0};
    assert_int_equal(store_read(r->s, job_of("SELECT sum(length(v)) FROM t"), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), E_IO);
    store_job_free(o.j);
}

static void a_full_disk_fails_what_does_not_fit_and_nothing_else(void **state) {
    room *r = *state;
    r->o.max_pages = 40; /* 320 KiB */
    assert_int_equal(room_open(r), 0);
    enum { MANY = 100 };
    outcome o[MANY] = {0};
    for (int i = 0; i < MANY; i++) {
        store_job *j = store_job_new();
        /* each tenth is far too large, the others fit for a while */
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, hex(zeroblob(?2)))", "ii", (long long)i,
                i % 10 == 9 ? 300000ll : 1000ll);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    int saved = 0, full = 0;
    char sql[64];
    for (int i = 0; i < MANY; i++) {
        wait_for(r, &o[i]);
        int e = store_job_code(o[i].j);
        assert_true(e == 0 || e == E_IO);
        if (e < 0) assert_non_null(strstr(store_job_error(o[i].j), "full"));
        if (i % 10 == 9) assert_int_equal(e, E_IO);
        saved += e == 0;
        full += e < 0;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE id = %d", i);
        assert_int_equal(ask(r, sql), e == 0); /* told the truth, each of them */
        store_job_free(o[i].j);
    }
    assert_true(saved >= 20);
    assert_true(full >= 10);
    assert_int_equal(run(r, job_of("DELETE FROM t")), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id, v) VALUES (1, hex(zeroblob(1000)))")), 0); /* and it goes on */
}

static void a_commit_that_fails_fails_its_whole_group(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (0)")), 0);
    struct rlimit old, small = {65536, 0};
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small); /* the log may not grow past 64 KiB: write() says EFBIG at the commit */
    enum { MANY = 50 };
    outcome o[MANY] = {0};
    int failed = 0, saved = 0;
    for (int i = 0; i < MANY; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, hex(zeroblob(5000)))", "i", i + 1ll);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    for (int i = 0; i < MANY; i++) wait_for(r, &o[i]);
    setrlimit(RLIMIT_FSIZE, &old);
    char sql[64];
    for (int i = 0; i < MANY; i++) {
        int e = store_job_code(o[i].j);
        assert_true(e == 0 || e == E_IO);
        failed += e < 0;
        saved += e == 0;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE id = %d", i + 1);
        assert_int_equal(ask(r, sql), e == 0);
        store_job_free(o[i].j);
    }
    assert_true(failed > 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1000)")), 0);
    room_close(r);
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), saved + 2);
}

static void another_program_that_holds_the_file_is_busy(void **state) {
    room *r = *state;
    r->o.busy_us = 50000;
    assert_int_equal(room_open(r), 0);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(r->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), E_BUSY);
    assert_non_null(strstr(r->f.text, "another program"));
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 0); /* reads go on */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), 0);
}

static void the_queue_is_bounded(void **state) {
    room *r = *state;
    r->o.max_jobs = 10;
    assert_int_equal(room_open(r), 0);
    outcome o[10] = {0};
    for (int i = 0; i < 10; i++)
        assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('x')"), note, &o[i], &r->f), 0);
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('x')"), note, NULL, &r->f), E_BUSY);
    assert_int_equal(store_read(r->s, job_of("SELECT 1"), note, NULL, &r->f), E_BUSY);
    assert_non_null(strstr(r->f.text, "10 jobs wait"));
    for (int i = 0; i < 10; i++) {
        wait_for(r, &o[i]);
        store_job_free(o[i].j);
    }
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 10);
}

static void the_bytes_of_the_queue_are_bounded(void **state) {
    room *r = *state;
    r->o.max_job_bytes = 100000;
    assert_int_equal(room_open(r), 0);
    char *text = malloc(60001);
    memset(text, 'x', 60000);
    text[60000] = 0;
    outcome o[2] = {0};
    for (int i = 0; i < 2; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (v) VALUES (?1)", "t", text);
        assert_int_equal(store_batch(r->s, j, note, &o[i], &r->f), 0);
    }
    assert_int_equal(store_read(r->s, job_of("SELECT 1"), note, NULL, &r->f), E_BUSY);
    for (int i = 0; i < 2; i++) {
        wait_for(r, &o[i]);
        store_job_free(o[i].j);
    }
    free(text);
    /* an answer that nobody has fetched yet counts as well */
    outcome big = {0};
    store_counts c = {0};
    assert_int_equal(store_read(r->s, job_of("SELECT t.v, u.v FROM t, t AS u"), note, &big, &r->f), 0);
    for (int i = 0; c.waiting_bytes < 480000; i++) {
        assert_true(i < 10000);
        usleep(1000);
        store_count(r->s, &c);
    }
    assert_int_equal(store_read(r->s, job_of("SELECT 1"), note, NULL, &r->f), E_BUSY);
    wait_for(r, &big);
    assert_int_equal(store_job_rows(big.j), 4);
    store_job_free(big.j);
    assert_int_equal(ask(r, "SELECT 1"), 1);
}

static void answers_are_bounded(void **state) {
    room *r = *state;
    r->o.max_rows = 100;
    r->o.max_result_bytes = 10000;
    assert_int_equal(room_open(r), 0);
    static const struct {
        const char *sql;
        int code;
        const char *sentence;
    } all[] = {
        {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100) SELECT x FROM c", 0, ""},
        {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 101) SELECT x FROM c", E_LIMIT,
         "100 rows"},
        {"SELECT hex(zeroblob(6000))", E_LIMIT, "larger than 10000 bytes"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        outcome o = {0};
        assert_int_equal(store_read(r->s, job_of(all[i].sql), note, &o, &r->f), 0);
        wait_for(r, &o);
        assert_int_equal(store_job_code(o.j), all[i].code);
        assert_non_null(strstr(store_job_error(o.j), all[i].sentence));
        assert_int_equal(store_job_rows(o.j), all[i].code ? 0 : 100);
        store_job_free(o.j);
    }
}

static void a_job_is_bounded(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    store_job *j = store_job_new();
    for (unsigned i = 0; i <= STORE_JOB_STATEMENTS; i++) store_job_sql(j, "SELECT 1", 8);
    assert_int_equal(store_batch(r->s, j, note, NULL, &r->f), E_LIMIT);
    char *big = calloc(1, STORE_JOB_BYTES);
    j = job_of("INSERT INTO t (v) VALUES (?1)");
    store_job_text(j, big, STORE_JOB_BYTES);
    free(big);
    assert_int_equal(store_batch(r->s, j, note, NULL, &r->f), E_LIMIT);
}

static void a_statement_without_an_end_is_cut(void **state) {
    room *r = *state;
    r->o.statement_us = 100000;
    assert_int_equal(room_open(r), 0);
    static const char endless[] =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
    outcome o = {0}, next = {0};
    assert_int_equal(store_read(r->s, job_of(endless), note, &o, &r->f), 0);
    assert_int_equal(store_read(r->s, job_of("SELECT 1"), note, &next, &r->f), 0);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (1)")), 0); /* a save does not wait for a read */
    wait_for(r, &o);
    wait_for(r, &next);
    assert_int_equal(store_job_code(o.j), E_TIMEOUT);
    assert_int_equal(store_job_code(next.j), 0);
    store_job_free(o.j);
    store_job_free(next.j);
    o = (outcome){0};
    store_job *j = store_job_new();
    job_add(j, "INSERT INTO t (id) VALUES (2)", "");
    job_add(j,
            "INSERT INTO t (id) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE "
            "x < 0",
            "");
    assert_int_equal(run(r, j), E_TIMEOUT);
    assert_int_equal(run(r, job_of("INSERT INTO t (id) VALUES (3)")), 0);
    assert_int_equal(ask(r, "SELECT sum(id) FROM t"), 4);
}

static void a_close_commits_what_was_queued_and_answers_it(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    enum { MANY = 3000 };
    outcome *o = calloc(MANY, sizeof *o);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('x')"), note, &o[i], &r->f), 0);
    store_close(r->s);
    for (int i = 0; i < MANY; i++) {
        assert_true(o[i].done);
        assert_int_equal(store_job_code(o[i].j), 0);
        store_job_free(o[i].j);
    }
    free(o);
    assert_int_equal(store_batch(r->s, job_of("INSERT INTO t (v) VALUES ('x')"), note, NULL, &r->f), E_CLOSED);
    while (r->loop.first) loop_turn(&r->loop); /* calls still on their way find nothing */
    room_close(r);
    assert_int_equal(room_open(r), 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), MANY);
}

static void a_copy_is_whole_while_others_save(void **state) {
    room *r = *state;
    assert_int_equal(room_open(r), 0);
    char to[128];
    snprintf(to, sizeof to, "%s/copy.db", r->folder);
    outcome o = {0};
    for (int i = 0; i < 200; i++) {
        store_job *j = store_job_new();
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, hex(zeroblob(2000)))", "i", 2ll * i);
        job_add(j, "INSERT INTO t (id, v) VALUES (?1, 'second')", "i", 2ll * i + 1);
        assert_int_equal(run(r, j), 0);
        if (i == 100) assert_int_equal(store_backup(r->s, to, store_job_new(), note, &o, &r->f), 0);
    }
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    store_job_free(o.j);
    struct stat st;
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    o = (outcome){0};
    assert_int_equal(store_backup(r->s, to, store_job_new(), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), E_EXISTS);
    store_job_free(o.j);
    o = (outcome){0};
    assert_int_equal(store_vacuum(r->s, store_job_new(), note, &o, &r->f), 0);
    wait_for(r, &o);
    assert_int_equal(store_job_code(o.j), 0);
    store_job_free(o.j);
    assert_int_equal(ask(r, "SELECT count(*) FROM t"), 400);
    room_close(r);
    r->o.path = to;
    assert_int_equal(room_open(r), 0);
    int64_t n = ask(r, "SELECT count(*) FROM t");
    assert_true(n >= 202 && n % 2 == 0);
    assert_int_equal(ask(r, "SELECT count(*) FROM t WHERE id % 2 = 0"), n / 2);
}

/* ---- killed ---- */

typedef struct teller {
    int pipe;
    room *r;
} teller;

static void tell(void *ctx, store_job *j) {
    const teller *t = ctx;
    int64_t id = store_job_change(j, 0)->last_id;
    if (store_job_code(j) == 0 && write(t->pipe, &id, sizeof id) != sizeof id) _exit(2);
    store_job_free(j);
}

/* Saves for ever, 64 in flight, and tells the pipe of each only when it was acknowledged. */
static void save_for_ever(room *r, int pipe) {
    if (room_open(r) < 0) _exit(3);
    teller t = {pipe, r};
    for (;;) {
        store_counts c;
        for (store_count(r->s, &c); c.waiting < 64; store_count(r->s, &c)) {
            store_job *j = store_job_new();
            job_add(j, "INSERT INTO t (v) VALUES ('first')", "");
            job_add(j, "INSERT INTO t (v) VALUES ('second')", "");
            if (store_batch(r->s, j, tell, &t, NULL) < 0) _exit(4);
        }
        if (!loop_turn(&r->loop)) _exit(5);
    }
}

static void killed_at_any_moment_nothing_acknowledged_is_lost(void **state) {
    room *r = *state;
    unsigned seed = 12345;
    int64_t told = 0, last = 0;
    for (int round = 0; round < 8; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            save_for_ever(r, ends[1]);
        }
        close(ends[1]);
        /* Every other round is killed with saves acknowledged, however slow the machine; the rest at any moment, the
         * opening included. */
        struct pollfd first = {.fd = ends[0], .events = POLLIN};
        if (round % 2) assert_int_equal(poll(&first, 1, 60000), 1);
        struct timespec pause = {0, 20000000 + rand_r(&seed) % 60000000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        int64_t id;
        while (read(ends[0], &id, sizeof id) == sizeof id) told++, last = id > last ? id : last;
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(room_open(r), 0);
        int64_t firsts = ask(r, "SELECT count(*) FROM t WHERE v = 'first'");
        assert_int_equal(firsts, ask(r, "SELECT count(*) FROM t WHERE v = 'second'")); /* batches are whole */
        assert_true(firsts >= told);
        char sql[96];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE id <= %lld AND v = 'first'", (long long)last);
        assert_true(ask(r, sql) >= told);
        room_close(r);
    }
    assert_true(told > 0);
}

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(a_file_that_cannot_be_made_is_a_sentence),
        WITH(a_damaged_file_is_told_at_the_start),
        WITH(the_file_is_for_nobody_else),
        WITH(damage_inside_is_found_by_the_check),
        WITH(a_full_disk_fails_what_does_not_fit_and_nothing_else),
        WITH(a_commit_that_fails_fails_its_whole_group),
        WITH(another_program_that_holds_the_file_is_busy),
        WITH(the_queue_is_bounded),
        WITH(the_bytes_of_the_queue_are_bounded),
        WITH(answers_are_bounded),
        WITH(a_job_is_bounded),
        WITH(a_statement_without_an_end_is_cut),
        WITH(a_close_commits_what_was_queued_and_answers_it),
        WITH(a_copy_is_whole_while_others_save),
        WITH(killed_at_any_moment_nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
