/* watch.c: the watchdog thread, its signal and the hook. See watch.h for the idea.
 *
 * What is special to the system (pthread_kill, per-thread CPU clocks) is in this file only. */
#include "script/watch.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <lauxlib.h>

#define WATCH_SIGNAL  SIGURG /* ignored by default, and used by nothing else here */
#define POLL_COUNT    1000   /* instructions between two questions, where there is no signal */
#define SEQUENCE_MASK 0x3fffffffu
#define TICK_MAX_US   50000
#define TICK_MIN_US   2000

_Thread_local watch *watch_here;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool running;
    watch *first;
} dog = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the watched thread ---- */

static void hook(lua_State *L, lua_Debug *ar) {
    watch *w = watch_here;
    (void)ar;
    if (w && w->running && w->pressed) {
        w->pressed = 0;
        w->press(w, L);
    }
    if (WATCH_POLLS && w && w->running) {
        if (w->alarm != WATCH_KILL) watch_notice(w);
        if (w->alarm == WATCH_CALM) return; /* and asks again later */
    }
    if (!w || w->running == NULL || w->alarm == WATCH_CALM) {
        lua_sethook(L, NULL, 0, 0); /* left over from an earlier burst */
        return;
    }
    if (w->alarm == WATCH_WARN) {
        w->alarm = WATCH_CALM;
        if (WATCH_POLLS)
            watch_arm(L);
        else
            lua_sethook(L, NULL, 0, 0);
        if (w->warn) w->warn(w, L);
        return;
    }
    if (w->trace && !w->trace[0]) trace_write(L, 0, w->trace, WATCH_TRACE);
    if (lua_isyieldable(L)) {
        lua_yield(L, 0);
        return; /* a hook that yields has to return */
    }
    lua_pushliteral(L, "killed");
    lua_error(L);
}

void watch_arm(lua_State *L) {
    const watch *w = watch_here;
    lua_sethook(L, hook, LUA_MASKCOUNT, w && (w->alarm || w->pressed) ? 1 : POLL_COUNT);
}

void watch_notice(watch *w) {
    unsigned request = atomic_load_explicit(&w->request, memory_order_acquire);
    unsigned now = atomic_load_explicit(&w->sequence, memory_order_relaxed);
    int stage = (int)(request & 3);
    lua_State *L = w->running;
    if (!L || !(now & 1) || request >> 2 != (now & SEQUENCE_MASK)) return;
    if (WATCH_POLLS && stage == WATCH_WARN) { /* a signal comes once, a request stays */
        if (w->warned == now) return;
        w->warned = now;
    }
    if (w->mercy && stage < w->floor) return;
    if (w->mercy) w->spent = 1;
    if (stage > WATCH_KILL) stage = WATCH_KILL;
    if (stage > w->alarm) w->alarm = stage;
    if (stage == WATCH_KILL && w->cause == WATCH_NO_CAUSE) w->cause = WATCH_TIME;
    watch_arm(L);
}

static void on_signal(int number) {
    int saved = errno;
    (void)number;
    if (watch_here) watch_notice(watch_here);
    errno = saved;
}

void watch_calm(watch *w, lua_State *L) {
    if ((w->alarm || w->pressed) && L) lua_sethook(L, NULL, 0, 0);
    w->alarm = WATCH_CALM;
    w->mercy = w->spent = w->floor = w->pressed = 0;
    w->cause = WATCH_NO_CAUSE;
    if (w->trace) w->trace[0] = 0;
}

void watch_kill(watch *w, enum watch_cause cause) {
    if (w->alarm == WATCH_KILL) return;
    if (w->cause == WATCH_NO_CAUSE) w->cause = cause;
    w->alarm = WATCH_KILL;
    if (w->mercy) w->spent = 1;
    lua_State *L = w->running;
    if (!L) return;
    if (w->trace && !w->trace[0]) trace_write(L, 0, w->trace, WATCH_TRACE);
    watch_arm(L);
}

void watch_press(watch *w) {
    if (w->pressed || w->alarm == WATCH_KILL || !w->running || !w->press) return;
    w->pressed = 1;
    watch_arm(w->running);
}

int watch_pass(lua_State *L) {
    if (lua_isyieldable(L)) return lua_yield(L, 0);
    lua_settop(L, 0); /* room for the word, whatever was on the stack */
    lua_pushliteral(L, "killed");
    return lua_error(L);
}

void watch_mercy(watch *w) {
    if (w->spent) return;
    w->floor = w->cause == WATCH_TIME ? WATCH_FINAL : WATCH_KILL;
    w->mercy = 1;
    atomic_signal_fence(memory_order_seq_cst);
    w->alarm = WATCH_CALM;
}

void watch_mercy_end(watch *w, bool pass_on) {
    w->mercy = 0;
    if (pass_on) w->alarm = WATCH_KILL;
}

/* ---- the watchdog ---- */

static int64_t thread_cpu_us(pthread_t thread) {
    clockid_t id;
    struct timespec t;
    if (pthread_getcpuclockid(thread, &id) != 0 || clock_gettime(id, &t) != 0) return clock_mono_us();
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void look(watch *w) {
    unsigned sequence = atomic_load_explicit(&w->sequence, memory_order_acquire);
    if (!(sequence & 1) || !w->adopted) {
        w->seen = 0;
        return;
    }
    int64_t cpu = thread_cpu_us(w->thread);
    if (w->seen != sequence) {
        w->seen = sequence, w->seen_cpu = cpu, w->sent = 0, w->told = 0;
        return;
    }
    int64_t spent = cpu - w->seen_cpu;
    unsigned stage = spent >= 2 * w->kill_us ? WATCH_FINAL
                     : spent >= w->kill_us   ? WATCH_KILL
                     : spent >= w->warn_us   ? WATCH_WARN
                                             : WATCH_CALM;
    if (stage == WATCH_CALM || (stage == WATCH_WARN && w->sent == WATCH_WARN)) return;
    w->sent = stage;
    atomic_store_explicit(&w->request, (sequence & SEQUENCE_MASK) << 2 | stage, memory_order_release);
    if (!WATCH_POLLS) pthread_kill(w->thread, WATCH_SIGNAL);
    if (spent >= 4 * w->kill_us && !w->told) {
        w->told = 1;
        log_error("script",
                  "a script has been inside one C function for %lld ms: it can be ended only when that returns",
                  (long long)(spent / 1000));
    }
}

bool watch_ask(watch *w) {
    pthread_mutex_lock(&dog.lock);
    unsigned sequence = atomic_load_explicit(&w->sequence, memory_order_acquire);
    bool inside = (sequence & 1) && w->listed && w->adopted;
    if (inside && (w->seen != sequence || w->sent == WATCH_CALM)) {
        if (w->seen != sequence) w->seen = sequence, w->seen_cpu = thread_cpu_us(w->thread), w->told = 0;
        w->sent = WATCH_WARN;
        atomic_store_explicit(&w->request, (sequence & SEQUENCE_MASK) << 2 | WATCH_WARN, memory_order_release);
        if (!WATCH_POLLS) pthread_kill(w->thread, WATCH_SIGNAL);
    }
    pthread_mutex_unlock(&dog.lock);
    return inside;
}

/* Lives as long as the process once started; sleeps while nothing is watched. */
static void *watchdog(void *unused) {
    (void)unused;
    pthread_mutex_lock(&dog.lock);
    for (;;) {
        while (!dog.first) pthread_cond_wait(&dog.changed, &dog.lock);
        int64_t tick = TICK_MAX_US;
        for (watch *w = dog.first; w; w = w->next) {
            look(w);
            if (w->warn_us / 4 < tick) tick = w->warn_us / 4;
        }
        if (tick < TICK_MIN_US) tick = TICK_MIN_US;
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        int64_t ns = t.tv_nsec + tick * 1000;
        t.tv_sec += ns / 1000000000, t.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&dog.changed, &dog.lock, &t);
    }
    return NULL;
}

static int start_watchdog(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t all, before;
    pthread_t thread;
    sigemptyset(&action.sa_mask);
    sigaction(WATCH_SIGNAL, &action, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the process's signals are for other threads */
    int failed = pthread_create(&thread, NULL, watchdog, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) return E_SYSTEM;
    pthread_detach(thread);
    dog.running = true;
    return 0;
}

int watch_open(watch *w, int64_t warn_us, int64_t kill_us) {
    pthread_mutex_lock(&dog.lock);
    int result = dog.running ? 0 : start_watchdog();
    if (result == 0) {
        w->warn_us = warn_us, w->kill_us = kill_us;
        w->listed = true, w->adopted = false;
        w->next = dog.first;
        dog.first = w;
        pthread_cond_signal(&dog.changed);
    }
    pthread_mutex_unlock(&dog.lock);
    if (result == 0) watch_adopt(w);
    return result;
}

void watch_adopt(watch *w) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WATCH_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* worker threads of a loop may block everything */
    watch_here = w;
    pthread_mutex_lock(&dog.lock);
    w->thread = pthread_self();
    w->adopted = true;
    pthread_mutex_unlock(&dog.lock);
}

void watch_set_limits(watch *w, int64_t warn_us, int64_t kill_us) {
    pthread_mutex_lock(&dog.lock);
    w->warn_us = warn_us, w->kill_us = kill_us;
    pthread_mutex_unlock(&dog.lock);
}

void watch_close(watch *w) {
    if (!w->listed) return;
    pthread_mutex_lock(&dog.lock);
    for (watch **at = &dog.first; *at; at = &(*at)->next) {
        if (*at != w) continue;
        *at = w->next;
        break;
    }
    w->listed = false;
    pthread_mutex_unlock(&dog.lock);
    if (watch_here == w) watch_here = NULL;
}
