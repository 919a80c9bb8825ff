/* job.c: the packed form of a job.
 *
 * ops   statements one after another: u32 length, u32 values, the SQL with a NUL, then the values.
 * rows  column names (as text values), then the rows' values, all in the same packing.
 * value one byte of type; integer and number 8 bytes, text and blob u32 length and the bytes; in the machine's own byte
 *       order, for it never leaves the process.
 *
 * One allocation for the job, one that grows for its bytes: handing a save to the writer costs a pointer, and SQLite
 * binds straight from here (nothing is copied again). */
#include "store/inside.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 8u

static void put32(buf *b, uint32_t v) { buf_put(b, &v, sizeof v); }

static uint32_t get32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

store_job *store_job_new(void) {
    store_job *j = calloc(1, sizeof *j);
    if (j) j->ops.max = STORE_JOB_BYTES;
    return j;
}

void store_job_free(store_job *j) {
    if (!j) return;
    buf_free(&j->ops);
    buf_free(&j->rows);
    free(j->changes);
    free(j->error);
    free(j);
}

void store_job_first_row(store_job *j) { j->first_row = true; }

void *store_job_room(store_job *j) { return j->room; }

void store_job_sql(store_job *j, const char *sql, size_t length) {
    if (j->statements == STORE_JOB_STATEMENTS || length > STORE_JOB_BYTES) {
        j->too_many = true;
        return;
    }
    size_t start = j->ops.n;
    if (!buf_reserve(&j->ops, HEAD + length + 1)) return;
    put32(&j->ops, (uint32_t)length);
    put32(&j->ops, 0);
    buf_put(&j->ops, sql, length);
    buf_u8(&j->ops, 0);
    j->last = start;
    j->statements++;
}

void job_put_value(buf *b, const store_value *v) {
    switch (v->type) {
    case STORE_NULL: buf_u8(b, STORE_NULL); return;
    case STORE_INTEGER:
        if (!buf_reserve(b, 9)) return;
        buf_u8(b, STORE_INTEGER);
        buf_put(b, &v->integer, 8);
        return;
    case STORE_NUMBER:
        if (!buf_reserve(b, 9)) return;
        buf_u8(b, STORE_NUMBER);
        buf_put(b, &v->number, 8);
        return;
    case STORE_TEXT:
    case STORE_BLOB:
        if (v->text.n > UINT32_MAX || !buf_reserve(b, 5 + v->text.n)) {
            b->failed = true;
            return;
        }
        buf_u8(b, (uint8_t)v->type);
        put32(b, (uint32_t)v->text.n);
        buf_put(b, v->text.p, v->text.n);
        return;
    }
}

const uint8_t *job_value(const uint8_t *p, store_value *out) {
    out->type = (enum store_type) * p++;
    switch (out->type) {
    case STORE_NULL: return p;
    case STORE_INTEGER: memcpy(&out->integer, p, 8); return p + 8;
    case STORE_NUMBER: memcpy(&out->number, p, 8); return p + 8;
    case STORE_TEXT:
    case STORE_BLOB: out->text = (bytes){p + 4, get32(p)}; return p + 4 + out->text.n;
    }
    return p;
}

static void add_value(store_job *j, const store_value *v) {
    if (j->statements == 0) {
        j->too_many = true;
        return;
    }
    job_put_value(&j->ops, v);
    if (j->ops.failed) return;
    uint8_t *count = j->ops.p + j->last + 4;
    uint32_t values = get32(count) + 1;
    memcpy(count, &values, 4);
}

void store_job_null(store_job *j) { add_value(j, &(store_value){.type = STORE_NULL}); }

void store_job_integer(store_job *j, int64_t v) { add_value(j, &(store_value){.type = STORE_INTEGER, .integer = v}); }

void store_job_number(store_job *j, double v) {
    add_value(j, &(store_value){.type = isnan(v) ? STORE_NULL : STORE_NUMBER, .number = v});
}

void store_job_text(store_job *j, const void *p, size_t n) {
    add_value(j, &(store_value){.type = STORE_TEXT, .text = {p, n}});
}

void store_job_blob(store_job *j, const void *p, size_t n) {
    add_value(j, &(store_value){.type = STORE_BLOB, .text = {p, n}});
}

bool job_next_statement(const store_job *j, size_t *at, job_statement *out) {
    if (*at >= j->ops.n) return false;
    const uint8_t *p = j->ops.p + *at;
    out->length = get32(p);
    out->values = get32(p + 4);
    out->sql = (const char *)p + HEAD;
    out->at = p + HEAD + out->length + 1;
    p = out->at;
    store_value skipped;
    for (uint32_t i = 0; i < out->values; i++) p = job_value(p, &skipped);
    *at = (size_t)(p - j->ops.p);
    return true;
}

void job_fail(store_job *j, int code, const char *format, ...) {
    if (j->code < 0) return;
    j->code = code;
    va_list a;
    va_start(a, format);
    if (vasprintf(&j->error, format, a) < 0) j->error = NULL;
    va_end(a);
}

void job_reset_outcome(store_job *j) {
    j->code = 0;
    j->failed_at = 0;
    free(j->error);
    j->error = NULL;
    j->columns = j->row_count = j->rows_at = 0;
    buf_clear(&j->rows);
}

int store_job_code(const store_job *j) { return j->code; }

const char *store_job_error(const store_job *j) { return j->error ? j->error : j->code < 0 ? fault_name(j->code) : ""; }

size_t store_job_statement(const store_job *j) { return j->failed_at; }

size_t store_job_count(const store_job *j) { return j->statements; }

const store_change *store_job_change(const store_job *j, size_t i) {
    return j->changes && i < j->statements ? &j->changes[i] : NULL;
}

size_t store_job_columns(const store_job *j) { return j->columns; }

size_t store_job_rows(const store_job *j) { return j->row_count; }

bytes store_job_column(const store_job *j, size_t i) {
    store_value name = {.text = {NULL, 0}};
    if (i >= j->columns) return name.text;
    const uint8_t *p = j->rows.p;
    for (size_t k = 0; k <= i; k++) p = job_value(p, &name);
    return name.text;
}

bool store_job_next(const store_job *j, store_cursor *c, store_value *out) {
    if (c->row >= j->row_count) return false;
    const uint8_t *p = j->rows.p + (c->row ? c->at : j->rows_at);
    for (size_t i = 0; i < j->columns; i++) p = job_value(p, &out[i]);
    c->at = (size_t)(p - j->rows.p);
    c->row++;
    return true;
}

void list_add(job_list *l, store_job *j) {
    j->next = NULL;
    if (l->last)
        l->last->next = j;
    else
        l->first = j;
    l->last = j;
}

store_job *list_take(job_list *l) {
    store_job *j = l->first;
    if (!j) return NULL;
    l->first = j->next;
    if (!l->first) l->last = NULL;
    j->next = NULL;
    return j;
}

void list_join(job_list *l, job_list *m) {
    if (!m->first) return;
    if (l->last)
        l->last->next = m->first;
    else
        l->first = m->first;
    l->last = m->last;
    *m = (job_list){NULL, NULL};
}
