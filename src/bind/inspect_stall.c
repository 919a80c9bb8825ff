/* inspect_stall.c: says so when the loop stands still, and how busy it is.
 *
 * A thread of its own asks the loop for a sign of life a few times within the limit (a posted message) and looks
 * whether the last one has come. Nothing is asked of the loop beyond that, so a server that has nothing to do stays
 * cheap. When a script is what holds the loop, the watchdog over scripts is asked to name it with its traceback as soon
 * as it can (script/watch.h): it does so by itself after limits.burst_warn_ms of CPU time, but a script may also stand
 * still inside a C function that waits. Once the loop turns again it says for how long it had not.
 *
 * It ends nothing: that is the watchdog's matter.
 *
 * With each sign the loop looks at its thread's processor time and at its longest turn, once a second at most: so the
 * load of the last minute is known without a clock call a turn. */
#include "bind/inspect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"

#define SIGNS      4     /* asked for within the limit */
#define TICK_MIN   20000 /* microseconds */
#define STILL_WAIT ((int64_t)10 * 1000000)
#define LOOKS      64 /* of the loop's load: a minute and a little */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool running, ending;
    int64_t limit_us;
    server *server;
    atomic_bool asked; /* a message is on its way */
    _Atomic int64_t came_us;
    atomic_bool told; /* that it stands still */
} me = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the load; the loop's thread ---- */

static struct load_look { int64_t at_us, cpu_us, turn_us; } looks[LOOKS];
static unsigned look_count; /* so far */

static void look_at_load(int64_t now) {
    if (look_count && now - looks[(look_count - 1) % LOOKS].at_us < 1000000) return;
    looks[look_count++ % LOOKS] = (struct load_look){now, clock_thread_cpu_us(), loop_longest_turn(me.server->loop)};
}

bool inspect_load(loop_load *out) {
    int64_t now = clock_mono_us();
    *out = (loop_load){0};
    if (!me.running || look_count == 0) return false;
    for (unsigned back = 1; back <= look_count && back <= LOOKS; back++) {
        const struct load_look *l = &looks[(look_count - back) % LOOKS];
        if (back > 1 && now - l->at_us > LOAD_SECONDS * 1000000) break;
        out->us = now - l->at_us, out->busy_us = clock_thread_cpu_us() - l->cpu_us;
        if (l->turn_us > out->turn_us) out->turn_us = l->turn_us;
    }
    return out->us > 0;
}

/* ---- the signs ---- */

/* On the loop's thread. */
static void sign(void *ctx) {
    int64_t before = atomic_load(&me.came_us), now = clock_mono_us();
    look_at_load(now);
    atomic_store(&me.came_us, now);
    atomic_store(&me.asked, false);
    if (atomic_exchange(&me.told, false))
        log_warn("loop", "the loop turns again; it had stood still for %lld ms", (long long)((now - before) / 1000));
}

static void say_it_stands(int64_t us) {
    bool inside = engine_ask_where(me.server->engine);
    log_error("loop", "the loop has not turned for %lld ms (inspect.stall_ms): %s", (long long)(us / 1000),
              inside ? "a script is running, or a function that it called; where follows as soon as it can be asked"
                     : "no script is running");
}

/* One look; under the lock. */
static void look(int64_t *next_word) {
    int64_t now = clock_mono_us(), since = now - atomic_load(&me.came_us);
    if (!atomic_load(&me.asked)) {
        atomic_store(&me.asked, true);
        if (loop_post(me.server->loop, sign, NULL) < 0) atomic_store(&me.asked, false);
        *next_word = 0;
    } else if (since >= me.limit_us && now >= *next_word) {
        atomic_store(&me.told, true);
        *next_word = now + STILL_WAIT;
        say_it_stands(since);
    }
}

static void *watch_loop(void *unused) {
    int64_t next_word = 0;
    pthread_mutex_lock(&me.lock);
    while (!me.ending) {
        int64_t tick = me.limit_us / SIGNS < TICK_MIN ? TICK_MIN : me.limit_us / SIGNS;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        int64_t ns = until.tv_nsec + tick * 1000;
        until.tv_sec += ns / 1000000000, until.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&me.changed, &me.lock, &until);
        if (!me.ending) look(&next_word);
    }
    pthread_mutex_unlock(&me.lock);
    return NULL;
}

static void end(void) {
    if (!me.running) return;
    pthread_mutex_lock(&me.lock);
    me.ending = true;
    pthread_cond_signal(&me.changed);
    pthread_mutex_unlock(&me.lock);
    pthread_join(me.thread, NULL);
    me.running = me.ending = false;
}

void inspect_stall_start(server *s, int64_t limit_us) {
    if (limit_us == 0) {
        end();
        return;
    }
    pthread_mutex_lock(&me.lock);
    me.limit_us = limit_us;
    me.server = s;
    pthread_mutex_unlock(&me.lock);
    if (me.running) return;
    atomic_store(&me.came_us, clock_mono_us());
    atomic_store(&me.asked, false);
    me.running = pthread_create(&me.thread, NULL, watch_loop, NULL) == 0;
    if (!me.running) log_warn("loop", "no thread to watch over the loop: it will not be told when it stands still");
}
