/* store.c: opening and closing, the queues, and the way back to the owner's thread.
 *
 * Each thread has a queue under a lock of its own; a sleeping thread is woken, a working one finds the job by itself,
 * so that under load handing over a save is no system call. What one turn of the owner asks for is handed over together
 * (every GATHER_JOBS, so that the threads work while a long turn goes on): larger groups, fewer wake-ups. Outcomes
 * gather in one list: whoever finds it without a messenger under way posts one, and the owner's thread then takes all
 * that is there.
 *
 * Limits count what was accepted and not yet handed back, so a caller who does not fetch his answers is refused instead
 * of filling memory. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "store/inside.h"
#include "store/migrate.h"

#define GATHER_JOBS 16u

/* ---- queues ---- */

static void cond_init(pthread_cond_t *c) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void worker_init(worker *w) {
    pthread_mutex_init(&w->lock, NULL);
    cond_init(&w->wake);
}

/* Signals are for the owner's thread. */
static int worker_start(worker *w, const char *name, void *(*main)(void *), store *s, fault *f) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&w->thread, NULL, main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e) return fault_set(f, E_SYSTEM, "a thread of the store cannot be started: %s", strerror(e));
    pthread_setname_np(w->thread, name);
    w->started = true;
    return 0;
}

static void worker_hand_over(worker *w) {
    if (!w->gathered.first) return;
    pthread_mutex_lock(&w->lock);
    list_join(&w->queue, &w->gathered);
    bool wake = w->asleep;
    w->asleep = false; /* the next one to add need not signal again */
    pthread_mutex_unlock(&w->lock);
    if (wake) pthread_cond_signal(&w->wake);
}

static void hand_over(store *s) {
    s->gathered = 0;
    worker_hand_over(&s->writer), worker_hand_over(&s->reader), worker_hand_over(&s->keeper);
}

static void turn_ends(void *arg) {
    store *s = arg;
    s->later_asked = false;
    hand_over(s);
}

static void worker_add(store *s, worker *w, store_job *j) {
    list_add(&w->gathered, j);
    if (!s->o.later || ++s->gathered >= GATHER_JOBS)
        hand_over(s);
    else if (!s->later_asked) {
        s->later_asked = true;
        s->o.later(s->o.post_ctx, turn_ends, s);
    }
}

bool worker_take(worker *w, job_list *into, bool wait) {
    pthread_mutex_lock(&w->lock);
    while (wait && !w->queue.first && !w->closing) {
        w->asleep = true;
        pthread_cond_wait(&w->wake, &w->lock);
    }
    w->asleep = false;
    list_join(into, &w->queue);
    pthread_mutex_unlock(&w->lock);
    return into->first != NULL;
}

bool worker_take_by(worker *w, job_list *into, int64_t deadline_us) {
    struct timespec t = {deadline_us / 1000000, deadline_us % 1000000 * 1000};
    int e = 0;
    pthread_mutex_lock(&w->lock);
    while (e == 0 && !w->queue.first && !w->closing) {
        w->asleep = true;
        e = pthread_cond_timedwait(&w->wake, &w->lock, &t);
    }
    w->asleep = false;
    list_join(into, &w->queue);
    pthread_mutex_unlock(&w->lock);
    return into->first != NULL;
}

static void worker_stop(worker *w) {
    if (!w->started) return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void worker_join(worker *w) {
    if (w->started) pthread_join(w->thread, NULL);
    w->started = false;
}

/* ---- the way back ---- */

static void deliver(void *arg) {
    store *s = arg;
    pthread_mutex_lock(&s->out_lock);
    job_list l = s->out;
    s->out = (job_list){0};
    s->posted = false;
    pthread_mutex_unlock(&s->out_lock);
    for (store_job *j; (j = list_take(&l));) {
        s->counts.waiting--;
        atomic_fetch_sub(&s->held_bytes, j->weight);
        j->done(j->ctx, j);
    }
}

void store_finish(store *s, job_list *l, const store_counts *more) {
    for (store_job *j = l->first; j; j = j->next) {
        if (j->code < 0) buf_free(&j->rows), j->columns = j->row_count = 0;
        j->weight += j->rows.cap;
        atomic_fetch_add(&s->held_bytes, j->rows.cap);
    }
    pthread_mutex_lock(&s->out_lock);
    if (more) {
        s->counts.batches += more->batches;
        s->counts.groups += more->groups;
        s->counts.failed += more->failed;
        s->counts.reads += more->reads;
        s->counts.read_groups += more->read_groups;
        s->counts.transactions += more->transactions;
        s->counts.transactions_expired += more->transactions_expired;
        s->counts.group_us += more->group_us;
        s->counts.read_us += more->read_us;
        for (int i = 0; i <= STORE_SLOTS; i++) s->counts.group_slots[i] += more->group_slots[i];
    }
    list_join(&s->out, l);
    bool post = s->out.first && !s->posted;
    if (post) s->posted = true, s->counts.posts++;
    pthread_mutex_unlock(&s->out_lock);
    if (post) s->o.post(s->o.post_ctx, deliver, s);
}

/* ---- life ---- */

static void defaults(store_options *o) {
    if (!o->max_jobs) o->max_jobs = 8192;
    if (!o->max_job_bytes) o->max_job_bytes = 64u << 20;
    if (!o->max_rows) o->max_rows = 10000;
    if (!o->max_result_bytes) o->max_result_bytes = 8u << 20;
    if (!o->transaction_us) o->transaction_us = 100000;
    if (!o->statement_us) o->statement_us = 5000000;
    if (!o->busy_us) o->busy_us = 5000000;
}

/* Made here and not by SQLite, for its mode. */
static int make_file(const char *path, fault *f) {
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) return 0;
    int synced = fd < 0 ? -1 : file_sync_folder(path);
    if (synced < 0) fault_set(f, E_IO, "database %s cannot be opened: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return synced < 0 ? E_IO : 0;
}

/* Once a process: SQLite's own counting of memory costs a lock at each allocation that both threads want. */
static void set_up_sqlite(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

int store_open(store **out, const store_options *options, fault *f) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *out = NULL;
    pthread_once(&once, set_up_sqlite);
    store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(options->path))) {
        free(s);
        return fault_set(f, E_MEMORY, "out of memory");
    }
    s->o = *options;
    s->o.path = s->path;
    defaults(&s->o);
    worker_init(&s->writer), worker_init(&s->reader), worker_init(&s->keeper);
    pthread_mutex_init(&s->out_lock, NULL);
    cond_init(&s->transaction_wake);
    int e = make_file(s->path, f);
    if (e == 0) e = connection_open(&s->writer.c, &s->o, true, f);
    if (e == 0 && s->o.migrations) e = migrate_run(s->writer.c.db, s->path, s->o.migrations, f);
    if (e >= 0) e = connection_open(&s->reader.c, &s->o, false, f);
    if (e == 0) e = connection_prepare_own(&s->writer.c, f);
    if (e == 0) e = connection_prepare_own(&s->reader.c, f);
    if (e == 0) e = worker_start(&s->writer, "mu-writer", writer_main, s, f);
    if (e == 0) e = worker_start(&s->reader, "mu-reader", reader_main, s, f);
    if (e == 0) e = worker_start(&s->keeper, "mu-keeper", keeper_main, s, f);
    s->o.migrations = NULL; /* borrowed until here */
    if (e < 0) {
        store_close(s);
        store_free(s);
        return e;
    }
    *out = s;
    return 0;
}

void store_close(store *s) {
    if (s->closed) return;
    s->closed = true;
    hand_over(s);
    atomic_store(&s->stopping, true);
    worker_stop(&s->writer), worker_stop(&s->reader), worker_stop(&s->keeper);
    pthread_cond_broadcast(&s->transaction_wake);
    worker_join(&s->writer), worker_join(&s->reader), worker_join(&s->keeper);
    connection_close(&s->reader.c);
    connection_close(&s->writer.c); /* the last one: checkpoints and removes the write-ahead log */
    deliver(s);
}

static void worker_free(worker *w) {
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
}

void store_free(store *s) {
    if (!s) return;
    require(s->closed);
    worker_free(&s->writer), worker_free(&s->reader), worker_free(&s->keeper);
    pthread_mutex_destroy(&s->out_lock);
    pthread_cond_destroy(&s->transaction_wake);
    free(s->path);
    free(s);
}

/* ---- work ---- */

/* Accepts the job (counted, with its way back noted) or frees it. limited: false for what must be able to end. */
static int accept_job(store *s, store_job *j, enum job_kind kind, bool limited, store_done done, void *ctx, fault *f) {
    int e = 0;
    if (!j) return fault_set(f, E_MEMORY, "out of memory");
    if (s->closed)
        e = fault_set(f, E_CLOSED, "the store is closed");
    else if (j->ops.failed || j->too_many)
        e = fault_set(f, E_LIMIT, "more than %u statements or %u bytes of SQL and values", STORE_JOB_STATEMENTS,
                      STORE_JOB_BYTES);
    else if ((j->statements == 0) == (kind == JOB_BATCH || kind == JOB_READ || kind == JOB_EXECUTE))
        e = fault_set(f, E_ARGUMENT, j->statements ? "a statement where none belongs" : "no statement");
    else if (limited && (s->counts.waiting >= s->o.max_jobs || atomic_load(&s->held_bytes) > s->o.max_job_bytes))
        e = fault_set(f, E_BUSY, "the database is busy: %zu jobs wait", s->counts.waiting);
    else if ((kind == JOB_BATCH || kind == JOB_EXECUTE) && !(j->changes = calloc(j->statements, sizeof *j->changes)))
        e = fault_set(f, E_MEMORY, "out of memory");
    if (e < 0) {
        store_job_free(j);
        return e;
    }
    j->kind = kind;
    j->done = done;
    j->ctx = ctx;
    j->weight = j->ops.cap;
    s->counts.waiting++;
    atomic_fetch_add(&s->held_bytes, j->weight);
    return 0;
}

int store_batch(store *s, store_job *j, store_done done, void *ctx, fault *f) {
    int e = accept_job(s, j, JOB_BATCH, true, done, ctx, f);
    if (e == 0) worker_add(s, &s->writer, j);
    return e;
}

int store_read(store *s, store_job *j, store_done done, void *ctx, fault *f) {
    int e = accept_job(s, j, JOB_READ, true, done, ctx, f);
    if (e == 0) worker_add(s, &s->reader, j);
    return e;
}

int store_transaction_begin(store *s, uint64_t *transaction, store_job *j, store_done done, void *ctx, fault *f) {
    int e = accept_job(s, j, JOB_BEGIN, true, done, ctx, f);
    if (e < 0) return e;
    *transaction = j->transaction = ++s->transactions_begun;
    worker_add(s, &s->writer, j);
    return 0;
}

static int ask_transaction(store *s, uint64_t transaction, store_job *j, enum job_kind kind, store_done done, void *ctx,
                           fault *f) {
    worker *w = &s->writer;
    int e = accept_job(s, j, kind, false, done, ctx, f);
    if (e < 0) return e;
    pthread_mutex_lock(&w->lock);
    bool runs = transaction && s->transaction == transaction, expired = s->expired == transaction;
    if (runs) list_add(&s->transaction_queue, j);
    pthread_mutex_unlock(&w->lock);
    if (runs) {
        pthread_cond_signal(&s->transaction_wake);
        return 0;
    }
    s->counts.waiting--;
    atomic_fetch_sub(&s->held_bytes, j->weight);
    store_job_free(j);
    if (expired)
        return fault_set(f, E_TIMEOUT, "the transaction was rolled back at its limit of %lld ms",
                         (long long)(s->o.transaction_us / 1000));
    return fault_set(f, E_CLOSED, "the transaction is over");
}

int store_transaction_execute(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f) {
    return ask_transaction(s, transaction, j, JOB_EXECUTE, done, ctx, f);
}

int store_transaction_commit(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f) {
    return ask_transaction(s, transaction, j, JOB_COMMIT, done, ctx, f);
}

int store_transaction_rollback(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f) {
    return ask_transaction(s, transaction, j, JOB_ROLLBACK, done, ctx, f);
}

static int maintain(store *s, worker *w, const char *text, store_job *j, enum job_kind kind, store_done done, void *ctx,
                    fault *f) {
    if (j && text) buf_put(&j->ops, text, strlen(text) + 1);
    int e = accept_job(s, j, kind, true, done, ctx, f);
    if (e == 0) worker_add(s, w, j);
    return e;
}

int store_backup(store *s, const char *path, store_job *j, store_done done, void *ctx, fault *f) {
    return maintain(s, &s->keeper, path, j, JOB_BACKUP, done, ctx, f);
}

int store_check(store *s, store_job *j, store_done done, void *ctx, fault *f) {
    return maintain(s, &s->keeper, NULL, j, JOB_CHECK, done, ctx, f);
}

int store_vacuum(store *s, store_job *j, store_done done, void *ctx, fault *f) {
    return maintain(s, &s->writer, NULL, j, JOB_VACUUM, done, ctx, f);
}

void store_count(store *s, store_counts *out) {
    pthread_mutex_lock(&s->out_lock);
    *out = s->counts;
    pthread_mutex_unlock(&s->out_lock);
    out->waiting_bytes = atomic_load(&s->held_bytes);
}
