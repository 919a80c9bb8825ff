/* store.h: the database: one writer thread, one reader thread, nothing that blocks the caller.
 *
 * Writes are batches: all statements of one or none. The writer gathers what waits, runs each batch in a savepoint of
 * one transaction, commits once, and only then are the waiters told: a `done` without an error means that the batch is
 * on disk. Reads run on a thread and connection of their own and see every batch acknowledged before they were asked.
 * Outcomes come back through `post`, one call a group however many batches it held.
 *
 *     store *s;  fault f;
 *     store_options o = {.path = "data/murelay.db", .migrations = "scripts/migrations", .post = post, .post_ctx =
 * loop}; if (store_open(&s, &o, &f) < 0) …; store_batch(s, job, saved, ctx, &f); store_close(s);  … the loop ends …
 * store_free(s);
 *
 * Submitting, closing and freeing belong to one thread, the one on which `post` runs its functions. Design section 6.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/job.h"

typedef struct store store;

/* Runs fn(arg) later on the owner's thread. Called from the store's threads; must not lose a call. */
typedef void (*store_post)(void *ctx, void (*fn)(void *), void *arg);

/* Runs fn(arg) on the owner's thread before it next waits: at the end of its turn. Called from the owner's thread,
 * again only after fn has run. */
typedef void (*store_later)(void *ctx, void (*fn)(void *), void *arg);

/* Called exactly once for a job that was accepted, on the owner's thread. The callee owns the job: store_job_free. */
typedef void (*store_done)(void *ctx, store_job *j);

typedef struct store_options {
    const char *path;       /* database file; made with mode 0600 when missing; its folder must exist */
    const char *migrations; /* folder of NNN_name.sql files; NULL = none (migrate.h) */
    store_post post;
    void *post_ctx;
    store_later later; /* jobs of one turn are handed to the threads together; NULL = each at once. ctx is post_ctx */
    /* 0 = the default in brackets */
    size_t max_jobs;         /* accepted and not yet done; further ones are refused with E_BUSY (8192) */
    size_t max_job_bytes;    /* bytes of all those jobs, their results included (64 MiB) */
    size_t max_rows;         /* of one read (10,000); E_LIMIT past it */
    size_t max_result_bytes; /* of one read (8 MiB); E_LIMIT past it */
    int64_t transaction_us;  /* an exclusive transaction is rolled back after (100,000) */
    int64_t statement_us;    /* a single statement is interrupted after (5,000,000): E_TIMEOUT */
    int64_t busy_us;         /* patience with another program that holds the file (5,000,000): E_BUSY */
    unsigned max_pages;      /* the file never grows past so many pages of 8 KiB; 0 = no limit */
} store_options;

/* Opens, brings the schema up to date, starts the threads. E_IO, E_MIGRATION, … with a sentence for the operator. */
int store_open(store **out, const store_options *options, fault *f);

/* All of these take the job: refused (negative, done is not called) it has been freed. E_BUSY: too much waits.
 * E_CLOSED: after store_close. E_LIMIT: the job outgrew its limits. */
int store_batch(store *s, store_job *j, store_done done, void *ctx, fault *f);
int store_read(store *s, store_job *j, store_done done, void *ctx, fault *f); /* its first statement; rows in the job */

/* An exclusive transaction: between the begin's done and the end nobody else writes. It ends by commit, by rollback, or
 * rolled back at its limit; whatever is asked of it after that is E_TIMEOUT or E_CLOSED. `begin` gives the number that
 * the others name. execute runs the job's statements in order, stops at the first that fails (which leaves no trace,
 * the ones before it stay) and keeps the last one's rows. The others take a job without statements. */
int store_transaction_begin(store *s, uint64_t *transaction, store_job *j, store_done done, void *ctx, fault *f);
int store_transaction_execute(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f);
int store_transaction_commit(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f);
int store_transaction_rollback(store *s, uint64_t transaction, store_job *j, store_done done, void *ctx, fault *f);

/* Maintenance; the job has no statements. Backup and check run on a third thread, so that neither reads nor saves wait.
 */
int store_backup(store *s, const char *path, store_job *j, store_done done, void *ctx,
                 fault *f); /* a whole copy, mode 0600; E_EXISTS: never overwrites */
int store_check(store *s, store_job *j, store_done done, void *ctx, fault *f); /* E_IO with SQLite's first complaints */
int store_vacuum(store *s, store_job *j, store_done done, void *ctx,
                 fault *f); /* on the writer: saves wait meanwhile */

#define STORE_SLOTS 8
extern const int64_t store_slot_us[STORE_SLOTS]; /* 1 ms … 1 s; the last slot of all is for what takes longer */

typedef struct store_counts {
    uint64_t batches, groups, failed; /* batches committed; commits they took; batches refused by SQLite */
    uint64_t reads, read_groups;
    uint64_t transactions, transactions_expired;
    int64_t group_us, read_us;             /* what the groups took, commit included; what the reads took */
    uint64_t group_slots[STORE_SLOTS + 1]; /* groups that took so long, by store_slot_us */
    uint64_t posts;                        /* calls of `post` */
    size_t waiting, waiting_bytes;         /* jobs accepted and not yet done */
} store_counts;

void store_count(store *s, store_counts *out);

/* Refuses new work, commits everything queued, ends the threads, delivers every done that is left. Blocks meanwhile. */
void store_close(store *s);

/* After store_close, and when `post` can run nothing of ours any more. NULL is fine. */
void store_free(store *s);

#endif
