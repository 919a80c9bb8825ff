/* reader.c: the thread that reads, and the keeper that copies and checks.
 *
 * The reader takes everything that waits, answers it from one read transaction (one snapshot, and the file's locks are
 * taken once instead of once a read), and hands the answers back together, or every HAND_BACK_US when a read in the
 * middle is slow. The next group uses the same snapshot as long as nothing was committed since: the writer counts its
 * commits before it tells anybody, and the count is compared after the queue was taken, so whoever asks after an
 * acknowledgement sees what was acknowledged. SNAPSHOT_US bounds a snapshot's life, for the sake of other programs'
 * writes and of the write-ahead log, which cannot shrink below one.
 *
 * The keeper does what takes seconds, on a connection that lives as long as the job, so that neither reads nor saves
 * stand behind it. */
#include <string.h>

#include "base/clock.h"
#include "store/inside.h"

#define HAND_BACK_US 1000
#define SNAPSHOT_US  10000

static void run_read(store *s, connection *c, store_job *j) {
    size_t at = 0;
    job_statement st;
    if (atomic_load(&s->held_bytes) > s->o.max_job_bytes) {
        job_fail(j, E_BUSY, "answers of %zu bytes wait to be fetched", atomic_load(&s->held_bytes));
        return;
    }
    if (job_next_statement(j, &at, &st)) connection_run(c, j, 0, &st, true, s->o.statement_us);
}

/* Waits for reads. A snapshot that is still open ends when it is old or out of date, in any case before a long wait. */
static bool next_group(store *s, connection *c, job_list *list, int64_t snapshot_until, uint64_t seen) {
    bool open = !sqlite3_get_autocommit(c->db);
    if (open && worker_take_by(&s->reader, list, snapshot_until) && atomic_load(&s->commits) == seen &&
        clock_mono_us() < snapshot_until)
        return true;
    if (open) connection_step(c, c->commit);
    return list->first || worker_take(&s->reader, list, true);
}

void *reader_main(void *arg) {
    store *s = arg;
    connection *c = &s->reader.c;
    job_list list = {0}, ready = {0};
    int64_t snapshot_until = 0;
    uint64_t seen = 0;
    while (next_group(s, c, &list, snapshot_until, seen)) {
        store_counts more = {.read_groups = 1};
        int64_t now = clock_mono_us(), until = now + HAND_BACK_US;
        if (sqlite3_get_autocommit(c->db)) {
            snapshot_until = now + SNAPSHOT_US;
            seen = atomic_load(&s->commits);
        }
        for (store_job *j; (j = list_take(&list));) {
            int e = sqlite3_get_autocommit(c->db) ? connection_step(c, c->begin) : SQLITE_OK;
            if (e == SQLITE_OK)
                run_read(s, c, j);
            else
                job_fail(j, connection_code(e), "no read: %s", sqlite3_errmsg(c->db));
            list_add(&ready, j);
            more.reads++;
            int64_t at = clock_mono_us();
            if (at < until) continue;
            more.read_us = at - now;
            store_finish(s, &ready, &more);
            more = (store_counts){0};
            now = clock_mono_us();
            until = now + HAND_BACK_US;
        }
        more.read_us = clock_mono_us() - now;
        if (ready.first || more.reads) store_finish(s, &ready, &more);
    }
    return NULL;
}

static int give_up(void *ctx) { return atomic_load((const atomic_bool *)ctx); }

/* The first complaints of quick_check, or nothing. */
static void check(store *s, connection *c, store_job *j) {
    sqlite3_progress_handler(c->db, 1000, give_up, &s->stopping);
    sqlite3_stmt *st = NULL;
    int e = sqlite3_prepare_v2(c->db, "PRAGMA quick_check(5)", -1, &st, NULL);
    buf text = {.max = 400};
    while (e == SQLITE_OK && (e = sqlite3_step(st)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(st, 0);
        if (line && strcmp(line, "ok") != 0) buf_put(&text, line, strlen(line)), buf_put(&text, "; ", 2);
        e = SQLITE_OK;
    }
    if (text.n || text.failed)
        job_fail(j, E_IO, "the database is damaged: %.*s", (int)text.n, text.n ? (char *)text.p : "");
    else if (e != SQLITE_DONE)
        job_fail(j, connection_code(e), "quick_check: %s", sqlite3_errmsg(c->db));
    sqlite3_finalize(st);
    buf_free(&text);
}

static void keep(store *s, store_job *j) {
    fault f = {0};
    connection c;
    if (connection_open(&c, &s->o, false, &f) < 0) {
        job_fail(j, f.code, "%s", f.text);
        return;
    }
    if (j->kind == JOB_CHECK)
        check(s, &c, j);
    else if (backup_copy(c.db, (const char *)j->ops.p, &s->stopping, &f) < 0)
        job_fail(j, f.code, "%s", f.text);
    connection_close(&c);
}

void *keeper_main(void *arg) {
    store *s = arg;
    job_list list = {0};
    while (worker_take(&s->keeper, &list, true)) {
        store_job *j = list_take(&list);
        keep(s, j);
        job_list one = {0};
        list_add(&one, j);
        store_finish(s, &one, NULL);
    }
    return NULL;
}
