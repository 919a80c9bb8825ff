/* statement.c: one connection to SQLite: opening it, its cache of prepared statements, running one statement of a job.
 *
 * Statements are cached by text, the least recently used goes first: a script that glues values into its SQL costs
 * itself time, never memory. Preparing happens under an authorizer: a script's statement may not begin, end or nest
 * transactions (the group is the writer's), attach other files or change pragmas. What is prepared runs without it.
 * A progress handler ends statements that run too long, so that one of them cannot stop the saves of everybody. */
#include "store/inside.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/wal_file.h"

#define PAGE_SIZE        8192 /* rows of 1 kB stay on their leaf: measured, see 001_players.sql */
#define CACHE_KIB        32768
#define CHECKPOINT_PAGES 2000
#define PROGRESS_STEPS   10000 /* virtual machine steps between two looks at the clock, about 1 ms */

int connection_code(int sqlite_code) {
    switch (sqlite_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return 0;
    case SQLITE_CONSTRAINT: return E_CONSTRAINT;
    case SQLITE_NOMEM: return E_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return E_BUSY;
    case SQLITE_INTERRUPT: return E_TIMEOUT;
    case SQLITE_TOOBIG: return E_LIMIT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return E_IO;
    default: return E_SQL;
    }
}

static int authorize(void *ctx, int action, const char *a, const char *b, const char *schema, const char *trigger) {
    const connection *c = ctx;
    if (!c->guarded) return SQLITE_OK;
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return SQLITE_DENY;
    case SQLITE_PRAGMA: /* asking for the schema is fine */
        return strcmp(a, "table_info") != 0 && strcmp(a, "index_list") != 0 ? SQLITE_DENY : SQLITE_OK;
    default: return SQLITE_OK;
    }
}

static int progress(void *ctx) {
    const connection *c = ctx;
    return c->deadline_us && clock_mono_us() > c->deadline_us;
}

static bool is_wal(sqlite3 *db) {
    sqlite3_stmt *s = NULL;
    bool wal = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &s, NULL) == SQLITE_OK &&
               sqlite3_step(s) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(s, 0), "wal") == 0;
    sqlite3_finalize(s);
    return wal;
}

static int pragmas(connection *c, const store_options *o, bool writer) {
    char text[512];
    snprintf(text, sizeof text,
             "PRAGMA page_size=%d; PRAGMA cache_size=-%d; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
             "%s PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d;%s",
             PAGE_SIZE, CACHE_KIB, writer ? "PRAGMA journal_mode=WAL;" : "", CHECKPOINT_PAGES,
             2 * CHECKPOINT_PAGES * PAGE_SIZE, writer ? "" : "PRAGMA query_only=ON;");
    int e = sqlite3_exec(c->db, text, NULL, NULL, NULL);
    if (e == SQLITE_OK && writer && o->max_pages) {
        snprintf(text, sizeof text, "PRAGMA max_page_count=%u;", o->max_pages);
        e = sqlite3_exec(c->db, text, NULL, NULL, NULL);
    }
    if (e == SQLITE_OK && writer && !is_wal(c->db)) e = SQLITE_CANTOPEN;
    /* looks at the first page: a file that is no database is told now, not by the first player */
    if (e == SQLITE_OK) e = sqlite3_exec(c->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return e;
}

int connection_open(connection *c, const store_options *o, bool writer, fault *f) {
    memset(c, 0, sizeof *c);
    c->max_rows = o->max_rows;
    c->max_bytes = o->max_result_bytes;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int e = sqlite3_open_v2(o->path, &c->db, flags, writer ? wal_file_vfs() : NULL);
    if (e == SQLITE_OK) {
        sqlite3_busy_timeout(c->db, (int)(o->busy_us / 1000));
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        e = pragmas(c, o, writer);
    }
    if (e != SQLITE_OK) {
        int system = sqlite3_system_errno(c->db);
        const char *hint = (e & 0xff) == SQLITE_NOTADB || (e & 0xff) == SQLITE_CORRUPT
                               ? ": the file is damaged or no database; put a backup in its place"
                               : "";
        fault_set(f, connection_code(e), "database %s cannot be opened: %s%s%s%s", o->path, sqlite3_errmsg(c->db),
                  system ? ", " : "", system ? strerror(system) : "", hint);
        sqlite3_close(c->db);
        c->db = NULL;
        return connection_code(e);
    }
    return 0;
}

int connection_prepare_own(connection *c, fault *f) {
    const struct {
        sqlite3_stmt **to;
        const char *sql;
    } own[] = {
        {&c->begin, "BEGIN"},
        {&c->begin_immediate, "BEGIN IMMEDIATE"},
        {&c->commit, "COMMIT"},
        {&c->rollback, "ROLLBACK"},
        {&c->savepoint, "SAVEPOINT batch"},
        {&c->release, "RELEASE batch"},
        {&c->rollback_to, "ROLLBACK TO batch"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        int e = sqlite3_prepare_v3(c->db, own[i].sql, -1, SQLITE_PREPARE_PERSISTENT, own[i].to, NULL);
        if (e != SQLITE_OK) return fault_set(f, connection_code(e), "database: %s", sqlite3_errmsg(c->db));
    }
    sqlite3_set_authorizer(c->db, authorize, c);
    sqlite3_progress_handler(c->db, PROGRESS_STEPS, progress, c);
    return 0;
}

int connection_step(connection *c, sqlite3_stmt *own) {
    sqlite3_step(own);
    return sqlite3_reset(own); /* the outcome of the step, with its extended code */
}

void connection_close(connection *c) {
    if (!c->db) return;
    for (cached *k = c->newest, *older; k; k = older) {
        older = k->older;
        sqlite3_finalize(k->statement);
        free(k);
    }
    sqlite3_stmt *own[] = {c->begin,     c->begin_immediate, c->commit,     c->rollback,
                           c->savepoint, c->release,         c->rollback_to};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sqlite3_finalize(own[i]);
    sqlite3_close(c->db);
    memset(c, 0, sizeof *c);
}

/* ---- the cache ---- */

static uint64_t hash_text(const char *p, size_t n) {
    uint64_t h = n * 0x9e3779b97f4a7c15u, w;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static void unlink_age(connection *c, cached *k) {
    if (k->newer)
        k->newer->older = k->older;
    else
        c->newest = k->older;
    if (k->older)
        k->older->newer = k->newer;
    else
        c->oldest = k->newer;
}

static void link_newest(connection *c, cached *k) {
    k->newer = NULL;
    k->older = c->newest;
    if (c->newest)
        c->newest->newer = k;
    else
        c->oldest = k;
    c->newest = k;
}

static void evict_oldest(connection *c) {
    cached *k = c->oldest;
    cached **at = &c->buckets[k->hash % CACHE_BUCKETS];
    while (*at != k) at = &(*at)->chain;
    *at = k->chain;
    unlink_age(c, k);
    sqlite3_finalize(k->statement);
    free(k);
    c->count--;
}

static bool says_fail(const char *sql) {
    for (const char *p = sql; *p; p++)
        if (tolower((unsigned char)p[0]) == 'f' && tolower((unsigned char)p[1]) == 'a' &&
            tolower((unsigned char)p[2]) == 'i' && tolower((unsigned char)p[3]) == 'l')
            return true;
    return false;
}

/* *out = the prepared statement, or NULL and an SQLite code; SQLITE_MISUSE: not exactly one statement. */
static int cache_find(connection *c, const job_statement *st, cached **out) {
    uint64_t hash = hash_text(st->sql, st->length);
    cached **bucket = &c->buckets[hash % CACHE_BUCKETS];
    for (cached *k = *bucket; k; k = k->chain) {
        if (k->hash != hash || k->length != st->length || memcmp(k->sql, st->sql, st->length) != 0) continue;
        if (k != c->newest) unlink_age(c, k), link_newest(c, k);
        *out = k;
        return SQLITE_OK;
    }
    *out = NULL;
    sqlite3_stmt *prepared = NULL;
    const char *tail = NULL;
    c->guarded = true;
    int e = sqlite3_prepare_v3(c->db, st->sql, (int)st->length + 1, SQLITE_PREPARE_PERSISTENT, &prepared, &tail);
    c->guarded = false;
    if (e != SQLITE_OK) return e;
    while (tail && (isspace((unsigned char)*tail) || *tail == ';')) tail++;
    cached *k = prepared && tail == st->sql + st->length ? malloc(sizeof *k + st->length + 1) : NULL;
    if (!k) {
        e = !prepared || tail != st->sql + st->length ? SQLITE_MISUSE : SQLITE_NOMEM;
        sqlite3_finalize(prepared);
        return e;
    }
    k->hash = hash;
    k->length = st->length;
    k->statement = prepared;
    memcpy(k->sql, st->sql, st->length + 1);
    k->partial = says_fail(k->sql);
    if (c->count == CACHE_STATEMENTS) evict_oldest(c);
    k->chain = *bucket;
    *bucket = k;
    link_newest(c, k);
    c->count++;
    *out = k;
    return SQLITE_OK;
}

bool connection_atomic(connection *c, const job_statement *st) {
    cached *k;
    return cache_find(c, st, &k) == SQLITE_OK && !k->partial;
}

/* ---- running ---- */

static int bind_value(sqlite3_stmt *s, int at, const store_value *v) {
    /* SQLITE_STATIC: the job outlives the run, which resets and clears the bindings */
    switch (v->type) {
    case STORE_NULL: return sqlite3_bind_null(s, at);
    case STORE_INTEGER: return sqlite3_bind_int64(s, at, v->integer);
    case STORE_NUMBER: return sqlite3_bind_double(s, at, v->number);
    case STORE_TEXT: return sqlite3_bind_text64(s, at, (const char *)v->text.p, v->text.n, SQLITE_STATIC, SQLITE_UTF8);
    case STORE_BLOB:
        if (v->text.n == 0) return sqlite3_bind_zeroblob(s, at, 0);
        return sqlite3_bind_blob64(s, at, v->text.p, v->text.n, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static void keep_columns(store_job *j, sqlite3_stmt *s) {
    j->columns = (size_t)sqlite3_column_count(s);
    for (size_t i = 0; i < j->columns; i++) {
        const char *name = sqlite3_column_name(s, (int)i);
        if (!name) name = "";
        job_put_value(&j->rows, &(store_value){.type = STORE_TEXT, .text = {(const uint8_t *)name, strlen(name)}});
    }
    j->rows_at = j->rows.n;
}

static void keep_row(store_job *j, sqlite3_stmt *s) {
    for (int i = 0; i < (int)j->columns; i++) {
        store_value v = {.type = STORE_NULL};
        switch (sqlite3_column_type(s, i)) {
        case SQLITE_INTEGER: v = (store_value){.type = STORE_INTEGER, .integer = sqlite3_column_int64(s, i)}; break;
        case SQLITE_FLOAT: v = (store_value){.type = STORE_NUMBER, .number = sqlite3_column_double(s, i)}; break;
        case SQLITE_TEXT:
            v = (store_value){.type = STORE_TEXT, .text = {sqlite3_column_text(s, i), 0}};
            v.text.n = (size_t)sqlite3_column_bytes(s, i);
            break;
        case SQLITE_BLOB:
            v = (store_value){.type = STORE_BLOB, .text = {sqlite3_column_blob(s, i), 0}};
            v.text.n = (size_t)sqlite3_column_bytes(s, i);
            break;
        default: break;
        }
        job_put_value(&j->rows, &v);
    }
    j->row_count++;
}

static int step_rows(connection *c, store_job *j, sqlite3_stmt *s) {
    job_reset_outcome(j);
    j->rows.max = c->max_bytes;
    keep_columns(j, s);
    int e;
    while ((e = sqlite3_step(s)) == SQLITE_ROW) {
        if (j->row_count == c->max_rows) {
            job_fail(j, E_LIMIT, "the answer has more than %zu rows (ask for fewer with LIMIT)", c->max_rows);
            return SQLITE_DONE;
        }
        keep_row(j, s);
        if (j->rows.failed) {
            job_fail(j, E_LIMIT, "the answer is larger than %zu bytes", c->max_bytes);
            return SQLITE_DONE;
        }
        if (j->first_row) return SQLITE_DONE; /* the reset ends the statement */
    }
    return e;
}

static int fail_statement(connection *c, store_job *j, unsigned index, const job_statement *st, int e) {
    j->failed_at = index + 1;
    const char *what = e == SQLITE_MISUSE ? "a text must hold exactly one statement" : sqlite3_errmsg(c->db);
    if ((e & 0xff) == SQLITE_INTERRUPT) what = "the statement ran longer than it may";
    job_fail(j, connection_code(e), "%s (statement %u: %.120s)", what, index + 1, st->sql);
    return j->code;
}

int connection_run(connection *c, store_job *j, unsigned index, const job_statement *st, bool rows, int64_t limit_us) {
    cached *k;
    int e = cache_find(c, st, &k);
    if (e != SQLITE_OK) return fail_statement(c, j, index, st, e);
    sqlite3_stmt *s = k->statement;
    int wants = sqlite3_bind_parameter_count(s);
    if (wants != (int)st->values) {
        j->failed_at = index + 1;
        job_fail(j, E_SQL, "the statement takes %d values, got %u (statement %u: %.120s)", wants, st->values, index + 1,
                 st->sql);
        return j->code;
    }
    const uint8_t *p = st->at;
    for (int i = 1; e == SQLITE_OK && i <= wants; i++) {
        store_value v;
        p = job_value(p, &v);
        e = bind_value(s, i, &v);
    }
    int before = sqlite3_total_changes(c->db);
    if (j->changes) sqlite3_set_last_insert_rowid(c->db, 0);
    if (e == SQLITE_OK) {
        c->deadline_us = limit_us ? clock_mono_us() + limit_us : 0;
        c->guarded = true; /* a step prepares again when the schema has changed */
        if (rows)
            e = step_rows(c, j, s);
        else
            while ((e = sqlite3_step(s)) == SQLITE_ROW) {}
        c->deadline_us = 0;
        c->guarded = false;
    }
    if (e != SQLITE_DONE)
        fail_statement(c, j, index, st, e);
    else if (j->code == 0 && j->changes) {
        /* sqlite3_changes alone still tells of the statement before when this one could change nothing */
        j->changes[index].changes = sqlite3_total_changes(c->db) != before ? sqlite3_changes(c->db) : 0;
        j->changes[index].last_id = sqlite3_last_insert_rowid(c->db);
    }
    sqlite3_reset(s);
    if (wants) sqlite3_clear_bindings(s);
    if (j->code < 0) j->failed_at = index + 1;
    return j->code;
}
