/* password_pool.c: the threads that hash.
 *
 * They ask the kernel for its idle class, so that a rush of logins slows down logins and nothing else; where that is
 * refused, for the lowest nice value. The queue is bounded: past it a login is told "busy" instead of waiting a minute.
 *
 * On a machine whose processors are never idle that class gets next to nothing: a login would wait for as long as
 * others work. So there is one more thread, the helper, an ordinary one but nicer than the server. It sleeps until no
 * thread of the idle class has got anywhere for as long as patience allows (a queue alone is no reason: a rush is to
 * take its time), and then hashes the oldest password, even one that another thread has in hand. Who is done first
 * gives the answer; the other one's is thrown away. */
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
#include "base/clock.h"
#include "base/log.h"
#include "crypto/password.h"

#define THREADS_MAX 64u
#define HELPER_NICE 5

typedef struct work {
    struct work *next;
    int64_t since_us;
    password_done done;
    void *ctx;
    bool verify;
    size_t length;
    char text[PASSWORD_TEXT_MAX];
    char hash[PASSWORD_HASH_MAX]; /* given to a verify */
    unsigned hands;               /* threads that work on it now; under the lock, as what follows */
    bool over, delivered;
    int code;
    bool outdated;
    char made[PASSWORD_HASH_MAX];
} work;

typedef struct work_list {
    work *first, *last;
} work_list;

struct password_pool {
    password_options o;
    pthread_mutex_t lock;
    pthread_cond_t wake, late; /* late: for the helper */
    work_list waiting, finished;
    work *in_hand[THREADS_MAX]; /* by thread; not the helper's */
    int64_t since_us[THREADS_MAX];
    bool helper_idle;
    bool posted, closing;
    size_t accepted;           /* and not yet delivered; owner's thread */
    unsigned threads, started; /* of the idle class; started: how many of them know their place */
    bool helped;               /* the helper was started */
    pthread_t thread[THREADS_MAX], helper;
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

static void forget(work *w) {
    OPENSSL_cleanse(w, sizeof *w);
    free(w);
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
        w->done(w->ctx, w->code, w->verify || w->code < 0 ? NULL : w->made, w->outdated);
        pthread_mutex_lock(&p->lock);
        w->delivered = true;
        bool last = w->hands == 0;
        pthread_mutex_unlock(&p->lock);
        if (last) forget(w);
    }
}

static void step_back(void) {
    struct sched_param none = {0};
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) == 0) return;
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) < 0)
        log_warn("password", "hashing threads run at normal priority: %s", strerror(errno));
}

/* Called and returns with the lock held; works without it. hand: where the thread notes what it works on. */
static void work_on(password_pool *p, work *w, work **hand) {
    char made[PASSWORD_HASH_MAX] = "";
    bool outdated = false;
    int code;
    w->hands++;
    pthread_mutex_unlock(&p->lock);
    if (w->verify) {
        code = password_verify(w->text, w->length, w->hash);
        outdated = code == 0 && password_outdated(&p->o.cost, w->hash);
    } else
        code = password_hash(&p->o.cost, w->text, w->length, NULL, made);
    pthread_mutex_lock(&p->lock);
    w->hands--;
    if (hand) *hand = NULL;
    if (w->over) { /* another thread was faster */
        if (w->delivered && w->hands == 0) forget(w);
        return;
    }
    w->over = true;
    w->code = code, w->outdated = outdated;
    memcpy(w->made, made, sizeof made);
    add(&p->finished, w);
    bool post = !p->posted;
    p->posted = true;
    if (!post) return;
    pthread_mutex_unlock(&p->lock);
    p->o.post(p->o.post_ctx, deliver, p);
    pthread_mutex_lock(&p->lock);
}

static void *hash_main(void *arg) {
    password_pool *p = arg;
    step_back();
    pthread_mutex_lock(&p->lock);
    unsigned me = p->started++;
    for (;;) {
        while (!p->waiting.first && !p->closing) pthread_cond_wait(&p->wake, &p->lock);
        if (p->closing) break;
        p->in_hand[me] = take(&p->waiting);
        p->since_us[me] = clock_mono_us();
        work_on(p, p->in_hand[me], &p->in_hand[me]);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The oldest that nobody but an idle thread works on, or NULL. */
static work *oldest(const password_pool *p) {
    work *found = p->waiting.first;
    for (unsigned i = 0; i < p->threads; i++) {
        work *w = p->in_hand[i];
        if (w && !w->over && (!found || w->since_us < found->since_us)) found = w;
    }
    return found;
}

/* When patience with the idle class ends, if it gets nowhere until then. */
static int64_t helper_due(const password_pool *p) {
    int64_t newest = 0;
    for (unsigned i = 0; i < p->threads; i++) {
        int64_t since = p->in_hand[i]      ? p->since_us[i]
                        : p->waiting.first ? p->waiting.first->since_us
                                           : clock_mono_us();
        if (since > newest) newest = since;
    }
    return newest + p->o.patience_us;
}

static void *helper_main(void *arg) {
    password_pool *p = arg;
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), HELPER_NICE);
    pthread_mutex_lock(&p->lock);
    while (!p->closing) {
        work *w = oldest(p);
        int64_t due = w ? helper_due(p) : 0;
        if (w && clock_mono_us() >= due) {
            if (w == p->waiting.first) take(&p->waiting);
            work_on(p, w, NULL);
            continue;
        }
        struct timespec t = {due / 1000000, due % 1000000 * 1000};
        p->helper_idle = !w;
        if (w)
            pthread_cond_timedwait(&p->late, &p->lock, &t);
        else
            pthread_cond_wait(&p->late, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the owner's thread. */
static int start(pthread_t *t, void *(*run)(void *), password_pool *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(t, NULL, run, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e == 0) pthread_setname_np(*t, "mu-password");
    return e;
}

password_pool *password_pool_new(const password_options *o, fault *f) {
    password_pool *p = calloc(1, sizeof *p);
    if (!p) {
        fault_set(f, E_MEMORY, "out of memory");
        return NULL;
    }
    p->o = *o;
    if (!p->o.max_waiting) p->o.max_waiting = 256;
    if (!p->o.patience_us) p->o.patience_us = 250000;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = o->threads ? o->threads : processors > 2 ? (unsigned)processors - 1 : 1;
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->late, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int e = 0;
    while (e == 0 && p->threads < threads) {
        e = start(&p->thread[p->threads], hash_main, p);
        p->threads += e == 0;
    }
    if (e == 0) p->helped = (e = start(&p->helper, helper_main, p)) == 0;
    if (e == 0) return p;
    fault_set(f, E_SYSTEM, "a hashing thread cannot be started: %s", strerror(e));
    password_pool_close(p);
    password_pool_free(p);
    return NULL;
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
    w->since_us = clock_mono_us();
    p->accepted++;
    pthread_mutex_lock(&p->lock);
    add(&p->waiting, w);
    bool tell_helper = p->helper_idle;
    p->helper_idle = false;
    pthread_mutex_unlock(&p->lock);
    pthread_cond_signal(&p->wake);
    if (tell_helper) pthread_cond_signal(&p->late);
    return 0;
}

int password_pool_hash(password_pool *p, const char *text, size_t n, password_done done, void *ctx, fault *f) {
    return enqueue(p, text, n, NULL, done, ctx, f);
}

int password_pool_verify(password_pool *p, const char *text, size_t n, const char *hash, password_done done, void *ctx,
                         fault *f) {
    return enqueue(p, text, n, hash, done, ctx, f);
}

size_t password_pool_waiting(const password_pool *p) { return p->accepted; }

void password_pool_close(password_pool *p) {
    if (p->closing) return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->wake);
    pthread_cond_broadcast(&p->late);
    pthread_mutex_unlock(&p->lock);
    if (p->helped) pthread_join(p->helper, NULL);
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
    pthread_cond_destroy(&p->late);
    free(p);
}
