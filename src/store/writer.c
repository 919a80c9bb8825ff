/* writer.c: the one thread that writes.
 *
 * It takes what is queued, opens one transaction, runs batch after batch, takes again what has come meanwhile, and when
 * nothing waits (or the group is long enough) commits: one fsync for everybody in the group. While it commits, the next
 * group gathers by itself, so no timer and no waiting "for more" is needed: alone, a save is as fast as the disk; under
 * load, groups grow.
 *
 * A batch that fails is taken back to its savepoint and the others do not notice. (A batch of one statement needs no
 * savepoint: SQLite itself makes a statement all or nothing, save for `OR FAIL`.) Some errors make SQLite take back the
 * whole transaction: a full disk, `OR ROLLBACK`. Then the batches before the one that failed are run again and
 * committed, and the next group begins behind it. A COMMIT that fails fails every batch of the group: nobody is told
 * "saved" whose bytes may not be there.
 *
 * An exclusive transaction ends the group before it; its statements arrive one by one on a queue of their own, and the
 * thread waits for them until the limit and runs nothing else. */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/inside.h"

#define GROUP_JOBS 1024u
#define GROUP_US   20000 /* a group takes no further batches after running this long */

static void run_batch(store *s, connection *c, store_job *j) {
    job_reset_outcome(j);
    size_t at = 0;
    job_statement st;
    if (!job_next_statement(j, &at, &st)) return;
    bool nested = j->statements > 1 || !connection_atomic(c, &st);
    if (nested && connection_step(c, c->savepoint) != SQLITE_OK) {
        job_fail(j, E_IO, "no savepoint: %s", sqlite3_errmsg(c->db));
        return;
    }
    unsigned index = 0;
    do {
        if (connection_run(c, j, index++, &st, false, s->o.statement_us) < 0) break;
    } while (job_next_statement(j, &at, &st));
    int open = 0, high = 0;
    sqlite3_db_status(c->db, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &high, 0);
    if (j->code == 0 && open) /* left alone it would fail the COMMIT of everybody */
        job_fail(j, E_CONSTRAINT, "FOREIGN KEY constraint failed at the end of the batch");
    if (sqlite3_get_autocommit(c->db)) return;
    if (!nested) {
        if (open) connection_step(c, c->rollback);
        return;
    }
    if (j->code < 0) connection_step(c, c->rollback_to);
    connection_step(c, c->release);
}

/* Fails the batches at the front of the list that would have been in this group. */
static void fail_front(job_list *list, job_list *bad, int code, const char *why) {
    while (list->first && list->first->kind == JOB_BATCH) {
        store_job *j = list_take(list);
        job_reset_outcome(j);
        job_fail(j, code, "nothing was saved: %s", why);
        list_add(bad, j);
    }
}

static bool begin(connection *c, job_list *list, job_list *bad) {
    int e = connection_step(c, c->begin_immediate);
    if (e == SQLITE_OK) return true;
    bool busy = (e & 0xff) == SQLITE_BUSY;
    fail_front(list, bad, connection_code(e), busy ? "another program holds the database" : sqlite3_errmsg(c->db));
    return false;
}

static void commit_group(store *s, connection *c, job_list *good, job_list *bad) {
    int e = connection_step(c, c->commit);
    atomic_fetch_add(&s->commits, 1);
    if (e == SQLITE_OK) return;
    const char *why = sqlite3_errmsg(c->db);
    log_error("store", "a group of saves could not be committed: %s", why);
    for (store_job *j; (j = list_take(good));) {
        job_fail(j, connection_code(e) == E_SQL ? E_IO : connection_code(e), "nothing was saved: %s", why);
        list_add(bad, j);
    }
    if (!sqlite3_get_autocommit(c->db)) connection_step(c, c->rollback);
}

const int64_t store_slot_us[STORE_SLOTS] = {1000, 2500, 5000, 10000, 25000, 50000, 100000, 1000000};

static void count_time(store_counts *c, int64_t took_us) {
    int slot = 0;
    while (slot < STORE_SLOTS && took_us > store_slot_us[slot]) slot++;
    c->group_us = took_us;
    c->group_slots[slot] = 1;
}

static void run_group(store *s, job_list *list) {
    worker *w = &s->writer;
    connection *c = &w->c;
    job_list good = {0}, bad = {0};
    int64_t began = clock_mono_us(), until = began + GROUP_US;
    bool open = begin(c, list, &bad);
    for (unsigned n = 0, most = GROUP_JOBS; open && n < most && (clock_mono_us() < until || most < GROUP_JOBS);) {
        if (!list->first) worker_take(w, list, false);
        if (!list->first || list->first->kind != JOB_BATCH) break;
        store_job *j = list_take(list);
        run_batch(s, c, j);
        list_add(j->code < 0 ? &bad : &good, j);
        n += j->code == 0;
        if (!sqlite3_get_autocommit(c->db)) continue;
        /* This one took the whole transaction with it: those before it once more, and commit them. */
        most = n, n = 0;
        list_join(&good, list);
        *list = good;
        good = (job_list){0};
        open = most > 0 && begin(c, list, &bad);
    }
    if (open) commit_group(s, c, &good, &bad);
    store_counts more = {.groups = good.first != NULL};
    if (more.groups) count_time(&more, clock_mono_us() - began);
    for (store_job *j = good.first; j; j = j->next) more.batches++;
    for (store_job *j = bad.first; j; j = j->next) more.failed++;
    list_join(&good, &bad);
    store_finish(s, &good, &more);
}

/* ---- exclusive transactions ---- */

static store_job *next_of_transaction(store *s, int64_t deadline) {
    worker *w = &s->writer;
    struct timespec t = {deadline / 1000000, deadline % 1000000 * 1000};
    pthread_mutex_lock(&w->lock);
    while (!s->transaction_queue.first && !w->closing && clock_mono_us() < deadline)
        pthread_cond_timedwait(&s->transaction_wake, &w->lock, &t);
    bool over = w->closing || clock_mono_us() >= deadline;
    store_job *j = over ? NULL : list_take(&s->transaction_queue);
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void run_in_transaction(connection *c, store_job *j, int64_t deadline) {
    size_t at = 0;
    job_statement st;
    unsigned index = 0;
    while (j->code == 0 && job_next_statement(j, &at, &st)) {
        int64_t left = deadline - clock_mono_us();
        connection_run(c, j, index++, &st, true, left > 0 ? left : 1);
    }
}

/* Says that transaction `number` is over and fails what was still asked of it. */
static void end_transaction(store *s, bool expired, job_list *out) {
    worker *w = &s->writer;
    pthread_mutex_lock(&w->lock);
    if (expired) s->expired = s->transaction;
    s->transaction = 0;
    job_list rest = s->transaction_queue;
    s->transaction_queue = (job_list){0};
    pthread_mutex_unlock(&w->lock);
    for (store_job *j; (j = list_take(&rest));) {
        job_fail(j, expired ? E_TIMEOUT : E_CLOSED, "the transaction was rolled back%s",
                 expired ? " at its limit" : "");
        list_add(out, j);
    }
}

static void finish_one(store *s, store_job *j, const store_counts *more) {
    job_list one = {0};
    list_add(&one, j);
    store_finish(s, &one, more);
}

static void run_transaction(store *s, store_job *j) {
    worker *w = &s->writer;
    connection *c = &w->c;
    store_counts more = {.transactions = 1};
    int e = connection_step(c, c->begin_immediate);
    if (e != SQLITE_OK) {
        job_fail(j, connection_code(e), "no transaction: %s", sqlite3_errmsg(c->db));
        finish_one(s, j, NULL);
        return;
    }
    int64_t deadline = clock_mono_us() + s->o.transaction_us;
    pthread_mutex_lock(&w->lock);
    s->transaction = j->transaction;
    pthread_mutex_unlock(&w->lock);
    finish_one(s, j, NULL);
    enum job_kind last = JOB_EXECUTE;
    while (last == JOB_EXECUTE && (j = next_of_transaction(s, deadline))) {
        last = j->kind;
        if (last == JOB_EXECUTE) {
            run_in_transaction(c, j, deadline);
            if (sqlite3_get_autocommit(c->db)) last = JOB_ROLLBACK; /* SQLite took it back */
        } else if (last == JOB_COMMIT && (e = connection_step(c, c->commit)) != SQLITE_OK)
            job_fail(j, connection_code(e), "the transaction could not be committed: %s", sqlite3_errmsg(c->db));
        if (last != JOB_EXECUTE) break;
        finish_one(s, j, NULL);
    }
    if (!sqlite3_get_autocommit(c->db)) connection_step(c, c->rollback);
    atomic_fetch_add(&s->commits, 1);
    job_list out = {0};
    more.transactions_expired = j == NULL;
    end_transaction(s, j == NULL, &out);
    if (j) list_add(&out, j);
    store_finish(s, &out, &more);
}

static void vacuum(store *s, store_job *j) {
    connection *c = &s->writer.c;
    if (sqlite3_exec(c->db, "VACUUM", NULL, NULL, NULL) != SQLITE_OK)
        job_fail(j, connection_code(sqlite3_errcode(c->db)), "vacuum: %s", sqlite3_errmsg(c->db));
    atomic_fetch_add(&s->commits, 1);
    finish_one(s, j, NULL);
}

void *writer_main(void *arg) {
    store *s = arg;
    job_list list = {0};
    while (worker_take(&s->writer, &list, true)) {
        while (list.first) {
            if (list.first->kind == JOB_BATCH)
                run_group(s, &list);
            else if (list.first->kind == JOB_BEGIN)
                run_transaction(s, list_take(&list));
            else
                vacuum(s, list_take(&list));
        }
    }
    return NULL;
}
