/* password_pool.c: the threads that hash.
 *
 * They ask the kernel for its idle class, so that a rush of logins slows down logins and nothing else; where that is
 * refused, for the lowest nice value. The queue is bounded: past it a login is told "busy" instead of waiting a minute.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "crypto/password.h"

#define THREADS_MAX 64u

typedef struct work {
    struct work *next;
    bool verify, outdated;
    int code;
    password_done done;
    void *ctx;
    size_t length;
    char text[PASSWORD_TEXT_MAX];
    char hash[PASSWORD_HASH_MAX]; /* given to a verify, made by a hash */
} work;

typedef struct work_list {
    work *first, *last;
} work_list;

struct password_pool {
    password_options o;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    work_list waiting, finished;
    bool posted, closing;
    size_t accepted; /* and not yet delivered; owner's thread */
    unsigned threads;
    pthread_t thread[THREADS_MAX];
};

static void add(work_list *l, work *w) {
    w->next = NULL;
    if (l->last)
        l->last->next = w;
    else
        l->first = w;
    l->last = w;
}

static work *take(work_list *l) {
    work *w = l->first;
    if (w && !(l->first = w->next)) l->last = NULL;
    return w;
}

static void deliver(void *arg) {
    password_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    work_list l = p->finished;
    p->finished = (work_list){0};
    p->posted = false;
    pthread_mutex_unlock(&p->lock);
    for (work *w; (w = take(&l));) {
        p->accepted--;
        w->done(w->ctx, w->code, w->verify || w->code < 0 ? NULL : w->hash, w->outdated);
        OPENSSL_cleanse(w, sizeof *w);
        free(w);
    }
}

static void step_back(void) {
    struct sched_param none = {0};
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) == 0) return;
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) < 0)
        log_warn("password", "hashing threads run at normal priority: %s", strerror(errno));
}

static void *hash_main(void *arg) {
    password_pool *p = arg;
    step_back();
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->waiting.first && !p->closing) pthread_cond_wait(&p->wake, &p->lock);
        if (p->closing) break;
        work *w = take(&p->waiting);
        pthread_mutex_unlock(&p->lock);
        if (w->verify) {
            w->code = password_verify(w->text, w->length, w->hash);
            w->outdated = w->code == 0 && password_outdated(&p->o.cost, w->hash);
        } else
            w->code = password_hash(&p->o.cost, w->text, w->length, NULL, w->hash);
        OPENSSL_cleanse(w->text, sizeof w->text);
        pthread_mutex_lock(&p->lock);
        add(&p->finished, w);
        bool post = !p->posted;
        p->posted = true;
        if (!post) continue;
        pthread_mutex_unlock(&p->lock);
        p->o.post(p->o.post_ctx, deliver, p);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

password_pool *password_pool_new(const password_options *o, fault *f) {
    password_pool *p = calloc(1, sizeof *p);
    if (!p) {
        fault_set(f, E_MEMORY, "out of memory");
        return NULL;
    }
    p->o = *o;
    if (!p->o.max_waiting) p->o.max_waiting = 256;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = o->threads ? o->threads : processors > 2 ? (unsigned)processors - 1 : 1;
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    sigset_t all, before; /* signals are for the owner's thread */
    sigfillset(&all);
    for (; p->threads < threads; p->threads++) {
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int e = pthread_create(&p->thread[p->threads], NULL, hash_main, p);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (e == 0) {
            pthread_setname_np(p->thread[p->threads], "mu-password");
            continue;
        }
        fault_set(f, E_SYSTEM, "a hashing thread cannot be started: %s", strerror(e));
        password_pool_close(p);
        password_pool_free(p);
        return NULL;
    }
    return p;
}

static int enqueue(password_pool *p, const char *text, size_t n, const char *hash, password_done done, void *ctx,
                   fault *f) {
    if (n > PASSWORD_TEXT_MAX) return fault_set(f, E_LIMIT, "a password has at most %d bytes", PASSWORD_TEXT_MAX);
    if (hash && strlen(hash) >= PASSWORD_HASH_MAX)
        return fault_set(f, E_LIMIT, "a hash has less than %d bytes", PASSWORD_HASH_MAX);
    if (p->closing) return fault_set(f, E_CLOSED, "password hashing has ended"); /* set by this thread only */
    if (p->accepted >= p->o.max_waiting) return fault_set(f, E_BUSY, "%zu passwords wait to be hashed", p->accepted);
    work *w = calloc(1, sizeof *w);
    if (!w) return fault_set(f, E_MEMORY, "out of memory");
    w->done = done;
    w->ctx = ctx;
    w->length = n;
    memcpy(w->text, text, n);
    if (hash) strcpy(w->hash, hash), w->verify = true;
    p->accepted++;
    pthread_mutex_lock(&p->lock);
    add(&p->waiting, w);
    pthread_mutex_unlock(&p->lock);
    pthread_cond_signal(&p->wake);
    return 0;
}

int password_pool_hash(password_pool *p, const char *text, size_t n, password_done done, void *ctx, fault *f) {
    return enqueue(p, text, n, NULL, done, ctx, f);
}

int password_pool_verify(password_pool *p, const char *text, size_t n, const char *hash, password_done done, void *ctx,
                         fault *f) {
    return enqueue(p, text, n, hash, done, ctx, f);
}

void password_pool_close(password_pool *p) {
    if (p->closing) return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads; i++) pthread_join(p->thread[i], NULL);
    for (work *w; (w = take(&p->waiting));) {
        w->code = E_CLOSED;
        add(&p->finished, w);
    }
    deliver(p);
}

void password_pool_free(password_pool *p) {
    if (!p) return;
    require(p->closing);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p);
}
