/* watch.h: the watchdog over Lua code: nothing a script does may hold a thread.
 *
 * The idea: entering and leaving Lua costs one increment (odd = inside). One thread per process looks now and then;
 * when a burst has used too much CPU time it signals exactly that thread, and only then a hook is set on the coroutine
 * that runs. While nothing is wrong there is no hook and no clock call. CPU time, not wall time: a machine that is busy
 * with something else, or was asleep, kills nobody.
 *
 * A kill yields out of the coroutine where that is possible and raises where it is not; pcall, xpcall and coroutine.*
 * (protect.c, coroutine.c) pass it on, so that no script can swallow it. Closing what was killed runs under the same
 * budget a second time ("mercy"), after that every instruction is killed at once.
 *
 * It does not see inside C functions: those are bounded or call task_poll() (bounded.c). */
#ifndef SCRIPT_WATCH_H
#define SCRIPT_WATCH_H

#include <lua.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The thread sanitizer can deliver a signal only when its own code runs. Under it (and on a system without signals to a
 * thread) the hook is always set and asks now and then. */
#if defined(__SANITIZE_THREAD__)
#define WATCH_POLLS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCH_POLLS 1
#endif
#endif
#ifndef WATCH_POLLS
#define WATCH_POLLS 0
#endif

enum watch_stage { WATCH_CALM, WATCH_WARN, WATCH_KILL, WATCH_FINAL };
enum watch_cause { WATCH_NO_CAUSE, WATCH_TIME, WATCH_MEMORY };

#define WATCH_TRACE 3000

typedef struct watch {
    /* Written by the watched thread, read by the watchdog. */
    atomic_uint sequence; /* odd while inside Lua */
    atomic_uint request;  /* (sequence << 2 | stage) the last signal was about */
    /* The watched thread and its signal handler only. */
    volatile sig_atomic_t alarm; /* enum watch_stage; WATCH_KILL = a kill is being passed on */
    volatile sig_atomic_t mercy; /* closing what was killed: only stages from `floor` count */
    volatile sig_atomic_t floor, spent;
    unsigned warned;               /* the burst that was named, where there is no signal */
    volatile sig_atomic_t cause;   /* enum watch_cause of the kill */
    volatile sig_atomic_t pressed; /* memory is short: the hook is to collect first (memory.c) */
    void (*press)(struct watch *w, lua_State *L);
    lua_State *volatile running;                 /* the coroutine that runs */
    lua_State *barrier;                          /* the nearest coroutine up the chain that cannot yield, or NULL */
    void (*warn)(struct watch *w, lua_State *L); /* called once a burst by the hook; may not raise */
    char *trace;                                 /* WATCH_TRACE bytes: where the kill struck */
    /* Under the watchdog's lock. */
    pthread_t thread;
    bool listed, adopted;
    int64_t warn_us, kill_us;
    unsigned seen, sent, told;
    int64_t seen_cpu;
    struct watch *next;
} watch;

/* Lists w for the calling thread. The first call of the process starts the watchdog. 0 or E_SYSTEM. */
int watch_open(watch *w, int64_t warn_us, int64_t kill_us);
void watch_set_limits(watch *w, int64_t warn_us, int64_t kill_us);
void watch_close(watch *w);
/* Any thread: if w is inside Lua, its `warn` is called as soon as Lua goes on, unless this burst was named before.
 * Whether it is inside. */
bool watch_ask(watch *w);

extern _Thread_local watch *watch_here; /* the watch of this thread */
void watch_adopt(watch *w);             /* this thread is now the one that w watches */
void watch_arm(lua_State *L);           /* hook on L: called when an alarm is up */
void watch_notice(watch *w);            /* takes note of the watchdog's request: the work of the signal */

/* A burst: from outside into Lua and back. */
static inline void watch_enter(watch *w, lua_State *L) {
    if (watch_here != w) watch_adopt(w);
    w->running = L;
    if (WATCH_POLLS) watch_arm(L);
    atomic_store_explicit(&w->sequence, atomic_load_explicit(&w->sequence, memory_order_relaxed) + 1,
                          memory_order_release);
}
void watch_calm(watch *w, lua_State *L);
static inline void watch_leave(watch *w, lua_State *L) {
    atomic_store_explicit(&w->sequence, atomic_load_explicit(&w->sequence, memory_order_relaxed) + 1,
                          memory_order_release);
    w->running = NULL;
    if (__builtin_expect(w->alarm | w->mercy | w->cause | w->pressed, 0)) watch_calm(w, L);
}
static inline bool watch_inside(const watch *w) { return atomic_load_explicit(&w->sequence, memory_order_relaxed) & 1; }

/* Within a burst another coroutine runs from here. */
static inline void watch_switch(watch *w, lua_State *L) {
    w->running = L;
    atomic_signal_fence(memory_order_seq_cst);
    if (WATCH_POLLS || __builtin_expect((w->alarm | w->pressed) != 0, 0)) watch_arm(L);
}

static inline bool watch_killed(const watch *w) { return w->alarm == WATCH_KILL; }
void watch_kill(watch *w, enum watch_cause cause); /* from inside the burst */
void watch_press(watch *w);                        /* has the hook call w->press at the next instruction */
int watch_pass(lua_State *L);                      /* passes the kill on; `return watch_pass(L)`; does not return */
void watch_mercy(watch *w);                        /* closing begins */
void watch_mercy_end(watch *w, bool pass_on);      /* … ends; pass_on: the kill goes on */

/* Writes a traceback of L from `level` without allocating; returns its length. */
size_t trace_write(lua_State *L, int level, char *text, size_t size);
/* "scripts/a.lua:12" of the innermost Lua code, or "". */
void trace_place(lua_State *L, int level, char *text, size_t size);

#endif
