/* job.h: one piece of work for the store, and later what came of it.
 *
 * A job is filled by one thread (statements and their values go into one packed run of bytes, so that handing it over
 * is one pointer), submitted, and comes back to that thread in its `done` with the outcome inside:
 *
 *     store_job *j = store_job_new();
 *     store_job_sql(j, "UPDATE players SET last_login = ?1 WHERE id = ?2", 48);
 *     store_job_integer(j, now);  store_job_integer(j, id);
 *     store_batch(s, j, saved, ctx, &f);
 *     void saved(void *ctx, store_job *j) { if (store_job_code(j) < 0) …;  store_job_free(j); }
 *
 * A job whose bytes outgrow STORE_JOB_BYTES or memory is refused when it is submitted (E_LIMIT). */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "base/bytes.h"
#include "base/fault.h"

#define STORE_JOB_BYTES      (4u << 20) /* SQL and values of one job */
#define STORE_JOB_STATEMENTS 4096u
#define STORE_JOB_ROOM       48

typedef struct store_job store_job;

enum store_type { STORE_NULL, STORE_INTEGER, STORE_NUMBER, STORE_TEXT, STORE_BLOB };

typedef struct store_value {
    enum store_type type;
    int64_t integer;
    double number;
    bytes text; /* STORE_TEXT (not NUL-terminated) and STORE_BLOB; borrowed from the job */
} store_value;

typedef struct store_change {
    int64_t changes; /* rows the statement inserted, changed or removed */
    int64_t last_id; /* rowid of the last row inserted by this statement, 0 when it inserted none */
} store_change;

/* Filling. Values follow their statement in the order ?1, ?2, …; text and blobs are copied. */
store_job *store_job_new(void); /* NULL when out of memory */
void store_job_sql(store_job *j, const char *sql, size_t length);
void store_job_null(store_job *j);
void store_job_integer(store_job *j, int64_t v);
void store_job_number(store_job *j, double v); /* NaN is stored as NULL: SQLite has none */
void store_job_text(store_job *j, const void *p, size_t n);
void store_job_blob(store_job *j, const void *p, size_t n);
void store_job_first_row(store_job *j); /* of a read: its first row is all that is wanted */
void *store_job_room(store_job *j);     /* STORE_JOB_ROOM bytes, zeroed, for the caller's own use */
void store_job_free(store_job *j);      /* NULL is fine; never between submission and done */

/* Outcome, valid in done and until store_job_free. */
int store_job_code(const store_job *j); /* 0 or E_CONSTRAINT, E_SQL, E_LIMIT, E_TIMEOUT, E_BUSY, E_IO, E_CLOSED … */
const char *store_job_error(const store_job *j); /* the sentence; "" when all is well */
size_t store_job_statement(const store_job *j);  /* which statement failed, from 1; 0 = not one in particular */
size_t store_job_count(const store_job *j);      /* statements in the job */
const store_change *store_job_change(const store_job *j, size_t i); /* of statement i (from 0); NULL for a read */

/* Rows of a read (or of the last statement of a transaction's execute). */
size_t store_job_columns(const store_job *j);
bytes store_job_column(const store_job *j, size_t i); /* its name; walks the names: for use once a column */
size_t store_job_rows(const store_job *j);

typedef struct store_cursor {
    size_t at, row;
} store_cursor; /* {0} stands before the first row */

/* Copies the next row's values (store_job_columns of them) into out; false after the last. */
bool store_job_next(const store_job *j, store_cursor *c, store_value *out);

#endif
