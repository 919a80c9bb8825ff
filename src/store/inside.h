/* inside.h: what the files of the store share: the job's insides, a thread with its queue, the run of one statement.
 * Not for other rooms. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

enum job_kind {
    JOB_BATCH,
    JOB_READ,
    JOB_BEGIN,
    JOB_EXECUTE,
    JOB_COMMIT,
    JOB_ROLLBACK,
    JOB_BACKUP,
    JOB_CHECK,
    JOB_VACUUM
};

struct store_job {
    store_job *next;
    enum job_kind kind;
    int code;
    unsigned statements;                /* how many `ops` holds */
    unsigned failed_at;                 /* from 1 */
    bool too_many;                      /* more statements than allowed, or a value without one */
    size_t last;                        /* offset of the newest statement in ops */
    size_t weight;                      /* bytes counted against max_job_bytes */
    buf ops;                            /* statements and values, see job.c */
    store_change *changes;              /* one a statement, batches only */
    buf rows;                           /* column names, then rows */
    size_t columns, row_count, rows_at; /* rows_at: where the first row begins */
    char *error;
    uint64_t transaction;
    store_done done;
    void *ctx;
    bool first_row;
    _Alignas(max_align_t) unsigned char room[STORE_JOB_ROOM];
};

/* One statement of a job as it lies in ops. */
typedef struct job_statement {
    const char *sql; /* NUL-terminated */
    uint32_t length, values;
    const uint8_t *at; /* its first value */
} job_statement;

/* Walks ops: *at starts at 0; false at the end. */
bool job_next_statement(const store_job *j, size_t *at, job_statement *out);
const uint8_t *job_value(const uint8_t *p, store_value *out); /* reads one packed value; returns what follows */
void job_put_value(buf *b, const store_value *v);

/* Sets the outcome: code and sentence. Keeps the first. */
void job_fail(store_job *j, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void job_reset_outcome(store_job *j); /* before it is run again */

typedef struct job_list {
    store_job *first, *last;
} job_list;

void list_add(job_list *l, store_job *j);
store_job *list_take(job_list *l);        /* the first, or NULL */
void list_join(job_list *l, job_list *m); /* m's jobs to the end of l; m becomes empty */

/* statement.c: the cache of prepared statements of one connection, and running them. */
#define CACHE_STATEMENTS 256u
#define CACHE_BUCKETS    512u

typedef struct cached {
    struct cached *chain, *newer, *older;
    uint64_t hash;
    sqlite3_stmt *statement;
    bool partial; /* its own failure may leave part of its work: `OR FAIL` */
    uint32_t length;
    char sql[];
} cached;

typedef struct connection {
    sqlite3 *db;
    cached *buckets[CACHE_BUCKETS];
    cached *newest, *oldest;
    unsigned count;
    bool guarded;        /* a script's statement is being prepared: no transaction control, ATTACH, PRAGMA */
    int64_t deadline_us; /* the progress handler interrupts after; 0 = none */
    sqlite3_stmt *begin, *begin_immediate, *commit, *rollback, *savepoint, *release, *rollback_to;
    size_t max_rows, max_bytes;
} connection;

int connection_open(connection *c, const store_options *o, bool writer, fault *f);
int connection_prepare_own(connection *c, fault *f); /* the seven fixed statements; from here on scripts' are guarded */
void connection_close(connection *c);
int connection_step(connection *c, sqlite3_stmt *own); /* one of the seven; SQLITE_OK or an SQLite code */

/* Runs statement `index` (from 0) of the job, its rows into the job when `rows`. 0, or E_ with j's outcome set. */
int connection_run(connection *c, store_job *j, unsigned index, const job_statement *st, bool rows, int64_t limit_us);
bool connection_atomic(connection *c, const job_statement *st); /* prepared, and all or nothing on its own */
int connection_code(int sqlite_code);                           /* an SQLite code as one of ours */

/* A thread with a queue. */
typedef struct worker {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool asleep, closing;
    job_list queue;
    job_list gathered; /* asked for in this turn and not yet in the queue; owner's thread */
    connection c;
} worker;

struct store {
    store_options o;
    char *path;
    worker writer, reader, keeper;
    /* the exclusive transaction; under writer.lock except the first */
    uint64_t transactions_begun; /* owner's thread */
    unsigned gathered;           /* jobs in the workers' lists of that name; owner's thread */
    bool later_asked;            /* the same */
    atomic_ullong commits;       /* grows when what readers see has changed, before anybody is told */
    uint64_t transaction;        /* the one that runs now, or 0 */
    uint64_t expired;            /* the newest that was rolled back at its limit */
    job_list transaction_queue;
    pthread_cond_t transaction_wake;
    /* what is done and waits for the owner's thread; under out_lock */
    pthread_mutex_t out_lock;
    job_list out;
    bool posted;
    store_counts counts;      /* under out_lock, except waiting: owner's thread */
    atomic_size_t held_bytes; /* of jobs and results not yet delivered */
    atomic_bool stopping;     /* a backup or check in progress gives up */
    bool closed;
};

void *writer_main(void *arg), *reader_main(void *arg), *keeper_main(void *arg);

bool worker_take(worker *w, job_list *into, bool wait); /* everything queued; false = closing and nothing left */
bool worker_take_by(worker *w, job_list *into, int64_t deadline_us); /* false = nothing came until then, or closing */
void store_finish(store *s, job_list *l, const store_counts *more);  /* hands jobs back; adds to the counts; one post */

/* backup.c: a consistent copy of the database behind `from` (which must be in no transaction) into a new file of mode
 * 0600, complete or not there at all. E_EXISTS when there is one. stop (may be NULL) makes it give up with E_CLOSED. */
int backup_copy(sqlite3 *from, const char *to, const atomic_bool *stop, fault *f);

#endif
