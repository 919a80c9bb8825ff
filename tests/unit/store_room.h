/* store_room.h: what the tests of the store share: a folder of their own, a loop small enough to see through, and jobs
 * written in one line. */
#ifndef TESTS_STORE_ROOM_H
#define TESTS_STORE_ROOM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

/* ---- a loop: posted functions run on the thread that calls loop_turn ---- */

typedef struct posted {
    struct posted *next;
    void (*fn)(void *);
    void *arg;
} posted;

typedef struct tiny_loop {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    posted *first, **last;
    unsigned posts;
} tiny_loop;

static inline void loop_init(tiny_loop *l) {
    *l = (tiny_loop){0};
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    l->last = &l->first;
}

static inline void loop_post(void *ctx, void (*fn)(void *), void *arg) {
    tiny_loop *l = ctx;
    posted *p = malloc(sizeof *p);
    *p = (posted){NULL, fn, arg};
    pthread_mutex_lock(&l->lock);
    *l->last = p;
    l->last = &p->next;
    l->posts++;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

#define PATIENCE_S 60                   /* a machine may stand still for seconds */
#define NO_LIMIT   ((int64_t)600000000) /* µs: past everybody's patience */

/* Runs what was posted; waits for the first, at most PATIENCE_S. false when nothing came. */
static inline bool loop_turn(tiny_loop *l) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&l->lock);
    while (!l->first)
        if (pthread_cond_timedwait(&l->wake, &l->lock, &t) == ETIMEDOUT) break;
    posted *p = l->first;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    bool any = p != NULL;
    for (posted *next; p; p = next) {
        next = p->next;
        p->fn(p->arg);
        free(p);
    }
    return any;
}

static inline void loop_free(tiny_loop *l) {
    while (l->first) {
        posted *p = l->first;
        l->first = p->next;
        free(p);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->wake);
}

/* ---- a room: folder, loop, store ---- */

typedef struct room {
    char folder[64];
    char path[96], migrations[96];
    tiny_loop loop;
    store_options o;
    store *s;
    fault f;
} room;

static inline int forget(const char *path, const struct stat *st, int type, struct FTW *w) { return remove(path); }

static inline room *room_new(void) {
    room *r = calloc(1, sizeof *r);
    strcpy(r->folder, "/tmp/mu-store-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->path, sizeof r->path, "%s/test.db", r->folder);
    snprintf(r->migrations, sizeof r->migrations, "%s/migrations", r->folder);
    assert_int_equal(mkdir(r->migrations, 0700), 0);
    loop_init(&r->loop);
    r->o = (store_options){.path = r->path, .migrations = r->migrations, .post = loop_post, .post_ctx = &r->loop};
    return r;
}

static inline void room_write(room *r, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline int room_open(room *r) {
    r->f = (fault){0};
    return store_open(&r->s, &r->o, &r->f);
}

static inline void room_close(room *r) {
    if (!r->s) return;
    store_close(r->s);
    store_free(r->s);
    r->s = NULL;
    while (r->loop.first) { /* the loop ended with the store: what it still holds is not run */
        posted *p = r->loop.first;
        r->loop.first = p->next;
        free(p);
    }
    r->loop.last = &r->loop.first;
}

static inline void room_free(room *r) {
    room_close(r);
    loop_free(&r->loop);
    nftw(r->folder, forget, 16, FTW_DEPTH | FTW_PHYS);
    free(r);
}

/* ---- jobs in one line: "i" integer, "t" text, "n" null, "d" number; statements follow each other ---- */

static inline void job_add(store_job *j, const char *sql, const char *types, ...) {
    va_list a;
    va_start(a, types);
    store_job_sql(j, sql, strlen(sql));
    for (; *types; types++) {
        if (*types == 'i')
            store_job_integer(j, va_arg(a, long long));
        else if (*types == 'd')
            store_job_number(j, va_arg(a, double));
        else if (*types == 'n')
            store_job_null(j);
        else {
            const char *t = va_arg(a, const char *);
            store_job_text(j, t, strlen(t));
        }
    }
    va_end(a);
}

static inline store_job *job_of(const char *sql) {
    store_job *j = store_job_new();
    job_add(j, sql, "");
    return j;
}

/* ---- waiting for one outcome ---- */

typedef struct outcome {
    bool done;
    store_job *j;
} outcome;

static inline void note(void *ctx, store_job *j) {
    outcome *o = ctx;
    assert_false(o->done);
    *o = (outcome){true, j};
}

static inline void wait_for(room *r, const outcome *o) {
    while (!o->done) assert_true(loop_turn(&r->loop));
}

/* Runs a batch and returns its code; the store's sentence in r->f.text. */
static inline int run(room *r, store_job *j) {
    outcome o = {0};
    int e = store_batch(r->s, j, note, &o, &r->f);
    if (e < 0) return e;
    wait_for(r, &o);
    e = store_job_code(o.j);
    fault_set(&r->f, e, "%s", store_job_error(o.j));
    store_job_free(o.j);
    return e;
}

/* The first column of the first row of a read as an integer; fails the test where there is none. */
static inline int64_t ask(room *r, const char *sql) {
    outcome o = {0};
    assert_int_equal(store_read(r->s, job_of(sql), note, &o, &r->f), 0);
    wait_for(r, &o);
    store_value v[16];
    store_cursor c = {0};
    if (store_job_code(o.j) < 0) print_error("%s\n", store_job_error(o.j));
    assert_int_equal(store_job_code(o.j), 0);
    assert_true(store_job_columns(o.j) <= 16);
    assert_true(store_job_next(o.j, &c, v));
    assert_int_equal(v[0].type, STORE_INTEGER);
    store_job_free(o.j);
    return v[0].integer;
}

#endif
