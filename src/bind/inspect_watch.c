/* inspect_watch.c: mu.inspect.watch: log lines, packets and errors, as they come, to whoever watches.
 *
 * The idea: a watcher is a bounded buffer of text that a task empties (watcher:next waits for something to be in it).
 * What fills it is put in place with the first watcher of a kind and taken away with the last: a tap of the log, a tap
 * of the packet log, a word from the ring of refused inputs. So nothing is formatted when nobody watches. Log lines may
 * come from any thread; they are gathered under a lock and handed out on the loop's.
 *
 * A watcher that is too slow loses lines, is told how many, and holds nobody up. It ends with the task that made it.
 * But where a reload ended that task, one that has a name goes on gathering for a few seconds: the watcher of the same
 * name that the next generation makes takes over what came meanwhile. */
#include "bind/inspect.h"

#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bind/blaze_session.h"
#include "bind/blaze_trace.h"
#include "bind/record.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/task.h"

#define WATCHER_META  "mu.inspect.watcher"
#define WATCHERS_MAX  32
#define WATCHER_BYTES ((size_t)256 << 10) /* waiting for one watcher */
#define GATHER_BYTES  ((size_t)1 << 20)   /* log lines on their way to the loop's thread */
#define SECONDS_MAX   3600.0
#define HEIR_SECONDS  10 /* how long a named one gathers for whoever comes after a reload */
#define WATCHER_NAME  64

enum watch_kind { WATCH_LOG, WATCH_PACKETS, WATCH_ERRORS, WATCH_KINDS };
static const char *const kind_names[] = {"log", "packets", "errors", NULL};

typedef struct watcher {
    handle self;
    enum watch_kind kind;
    bool only_one; /* packets: only of `session` */
    handle session;
    buf text;
    uint64_t lost;
    bool waits;
    task_token token;
    loop_timer limit;        /* of `next`, or of an heir to come */
    uint32_t generation;     /* that made it */
    char name[WATCHER_NAME]; /* "": it has no heir */
    bool left;               /* its task was ended by a reload */
    struct watcher *next;
} watcher;

static struct {
    server *server;
    slab watchers; /* of watcher * */
    watcher *first;
    unsigned count[WATCH_KINDS];
    /* Log lines from any thread: a byte of level, four of length, the line. */
    pthread_mutex_t lock;
    buf gathered;
    uint64_t gathered_lost;
    bool posted;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static watcher *find(handle h) {
    watcher **at = slab_get(&all.watchers, h);
    return at ? *at : NULL;
}

/* ---- handing out (loop thread) ---- */

/* What was lost becomes the last line. */
static void tell_lost(watcher *w) {
    char line[96];
    if (!w->lost) return;
    int n = snprintf(line, sizeof line, "… %llu more that came too quickly to be shown\n", (unsigned long long)w->lost);
    w->text.max = 0;
    buf_put(&w->text, line, (size_t)n);
    w->lost = 0;
}

static int push_text(lua_State *L, watcher *w) {
    tell_lost(w);
    lua_pushlstring(L, (const char *)w->text.p, w->text.n);
    buf_free(&w->text);
    w->text.max = WATCHER_BYTES;
    return 1;
}

/* The text stays with the watcher until Lua has it: a task that is ended in between takes nothing away. */
static int push_answer(lua_State *L, void *ctx) {
    watcher *w = ctx ? find(*(handle *)ctx) : NULL;
    if (w && (w->text.n || w->lost)) return push_text(L, w);
    lua_pushnil(L);
    return 1;
}

static void wake(watcher *w) {
    if (!w->waits) return;
    handle *from = malloc(sizeof *from); /* without one it hears of nothing and asks again */
    if (from) *from = w->self;
    w->waits = false;
    loop_timer_stop(&w->limit);
    task_wake(all.server->engine, w->token, push_answer, from, free);
}

static void give(watcher *w, const char *text, size_t n) {
    if (w->lost || w->text.n + n > WATCHER_BYTES)
        w->lost++;
    else
        buf_put(&w->text, text, n);
    if (w->text.failed) w->text.failed = false, w->lost++;
    wake(w);
}

static void give_all(enum watch_kind kind, const char *text, size_t n) {
    for (watcher *w = all.first; w; w = w->next)
        if (w->kind == kind) give(w, text, n);
}

/* ---- the log ---- */

static void hand_out_lines(void *ctx) {
    pthread_mutex_lock(&all.lock);
    buf lines = all.gathered;
    uint64_t lost = all.gathered_lost;
    all.gathered = (buf){.max = GATHER_BYTES};
    all.gathered_lost = 0;
    all.posted = false;
    pthread_mutex_unlock(&all.lock);
    for (size_t at = 0; at + 5 <= lines.n;) {
        enum log_level level = (enum log_level)lines.p[at];
        size_t n = load_u32(lines.p + at + 1);
        const char *text = (const char *)lines.p + at + 5;
        give_all(WATCH_LOG, text, n);
        if (level >= LOG_WARN) give_all(WATCH_ERRORS, text, n);
        at += 5 + n;
    }
    buf_free(&lines);
    for (watcher *w = all.first; lost && w; w = w->next)
        if (w->kind == WATCH_LOG) w->lost += lost;
}

/* Any thread, under the log's lock: it may not log. */
static void on_line(enum log_level level, const char *line, size_t n, void *ctx) {
    pthread_mutex_lock(&all.lock);
    bool post = !all.posted;
    if (all.gathered.n + n + 5 > GATHER_BYTES) {
        all.gathered_lost++;
    } else {
        buf_u8(&all.gathered, (uint8_t)level);
        buf_u32(&all.gathered, (uint32_t)n);
        buf_put(&all.gathered, line, n);
        if (all.gathered.failed) buf_free(&all.gathered), all.gathered.max = GATHER_BYTES, all.gathered_lost++;
    }
    all.posted = true;
    pthread_mutex_unlock(&all.lock);
    if (post && loop_post(all.server->loop, hand_out_lines, NULL) < 0) {
        pthread_mutex_lock(&all.lock);
        all.posted = false;
        pthread_mutex_unlock(&all.lock);
    }
}

/* ---- refused inputs ---- */

static void hand_out_malformed(void *ctx) {
    malformed *m = ctx;
    buf text = {.max = WATCHER_BYTES};
    inspect_malformed_text(m, &text);
    if (text.n) give_all(WATCH_ERRORS, (const char *)text.p, text.n);
    buf_free(&text);
    free(m);
}

static void on_malformed(void *ctx) {
    malformed *m = malloc(sizeof *m);
    if (!m || !malformed_get(0, m) || loop_post(all.server->loop, hand_out_malformed, m) < 0) free(m);
}

/* ---- packets ---- */

static bool wants_packets(handle session) {
    for (const watcher *w = all.first; w; w = w->next)
        if (w->kind == WATCH_PACKETS && (!w->only_one || handle_same(w->session, session))) return true;
    return false;
}

static void on_packet(handle session, const char *text, size_t n) {
    for (watcher *w = all.first; w; w = w->next)
        if (w->kind == WATCH_PACKETS && (!w->only_one || handle_same(w->session, session))) give(w, text, n);
}

static const blaze_tap packet_tap = {wants_packets, on_packet};

/* ---- a watcher's life ---- */

/* The first of a kind puts its tap in place, the last one takes it away. */
static void count(enum watch_kind kind, int by) {
    all.count[kind] += (unsigned)by;
    log_set_tap(all.count[WATCH_LOG] + all.count[WATCH_ERRORS] ? on_line : NULL, NULL);
    malformed_on_add(all.count[WATCH_ERRORS] ? on_malformed : NULL, NULL);
    blaze_trace_tap = all.count[WATCH_PACKETS] ? &packet_tap : NULL;
}

static void watcher_end(watcher *w) {
    for (watcher **at = &all.first; *at; at = &(*at)->next) {
        if (*at != w) continue;
        *at = w->next;
        break;
    }
    count(w->kind, -1);
    wake(w);
    loop_timer_stop(&w->limit);
    slab_remove(&all.watchers, w->self);
    buf_free(&w->text);
    free(w);
}

static void no_heir(void *ctx) { watcher_end(ctx); }

static void task_ended(void *ctx) {
    watcher *w = find(*(handle *)ctx);
    free(ctx);
    if (!w) return;
    w->waits = false;
    loop_timer_stop(&w->limit);
    w->left = w->name[0] && engine_current(all.server->engine)->number != w->generation;
    if (!w->left || loop_timer_start(all.server->loop, &w->limit, (int64_t)HEIR_SECONDS * 1000000, 0, no_heir, w) < 0)
        watcher_end(w);
}

/* The one of that name which a reload left behind, or NULL. */
static watcher *inherit(enum watch_kind kind, const char *name) {
    for (watcher *w = all.first; w; w = w->next) {
        if (!w->left || w->kind != kind || strcmp(w->name, name) != 0) continue;
        w->left = false;
        loop_timer_stop(&w->limit);
        return w;
    }
    return NULL;
}

static watcher *watcher_new(enum watch_kind kind) {
    watcher *w = calloc(1, sizeof *w);
    handle h = w ? slab_add(&all.watchers) : (handle){0};
    if (!h.generation) {
        free(w);
        return NULL;
    }
    *(watcher **)slab_get(&all.watchers, h) = w;
    *w = (watcher){.self = h, .kind = kind, .text = {.max = WATCHER_BYTES}, .next = all.first};
    all.first = w;
    count(kind, 1);
    return w;
}

/* ---- for scripts ---- */

/* nil: all sessions; false: none yet; else that one. Raises for what is no session that is there. */
static void set_session(lua_State *L, watcher *w, int index) {
    handle session = {0};
    if (lua_toboolean(L, index)) session = record_check(L, index, blaze_session_kind()).at;
    w->only_one = !lua_isnoneornil(L, index);
    w->session = session;
}

static watcher *check_watcher(lua_State *L) {
    watcher *w = find(*(const handle *)luaL_checkudata(L, 1, WATCHER_META));
    if (!w) luaL_error(L, "this watcher has been closed");
    return w;
}

static int l_watch(lua_State *L) {
    int kind = luaL_checkoption(L, 1, NULL, kind_names);
    const char *name = luaL_optstring(L, 3, "");
    unsigned live = all.count[WATCH_LOG] + all.count[WATCH_PACKETS] + all.count[WATCH_ERRORS];
    if (!all.server || !all.server->loop) return luaL_error(L, "mu.inspect.watch: this program has nothing to watch");
    if (live >= WATCHERS_MAX) return luaL_error(L, "mu.inspect.watch: %d watch already", WATCHERS_MAX);
    lua_settop(L, 3);
    if (strlen(name) >= WATCHER_NAME)
        return luaL_error(L, "mu.inspect.watch: a name has at most %d bytes", WATCHER_NAME - 1);
    if (lua_toboolean(L, 2)) record_check(L, 2, blaze_session_kind());
    handle *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (handle){0};
    luaL_setmetatable(L, WATCHER_META);
    handle *owned = malloc(sizeof *owned);
    if (owned) *owned = (handle){0};
    if (!owned || task_defer(L, task_ended, owned) < 0) {
        free(owned);
        return luaL_error(L, "mu.inspect.watch: out of memory");
    }
    watcher *w = inherit((enum watch_kind)kind, name);
    if (!w) w = watcher_new((enum watch_kind)kind);
    if (!w) return luaL_error(L, "mu.inspect.watch: out of memory");
    w->generation = generation_of(L)->number;
    snprintf(w->name, sizeof w->name, "%s", name);
    *box = *owned = w->self;
    set_session(L, w, 2);
    return 1;
}

static void on_limit(void *ctx) { wake(ctx); }

static int l_next(lua_State *L) {
    watcher *w = check_watcher(L);
    double seconds = luaL_optnumber(L, 2, 60);
    if (!(seconds > 0 && seconds <= SECONDS_MAX))
        return luaL_error(L, "watcher:next: seconds go from above 0 to %d", (int)SECONDS_MAX);
    if (w->waits) return luaL_error(L, "watcher:next: somebody waits for it already");
    if (w->text.n || w->lost) return push_text(L, w);
    task_token t = task_suspend_for(L, "watcher:next", 0);
    if (loop_timer_start(all.server->loop, &w->limit, (int64_t)(seconds * 1e6), 0, on_limit, w) < 0) {
        task_suspend_cancel(L, t);
        return luaL_error(L, "watcher:next: out of memory");
    }
    w->waits = true;
    w->token = t;
    return task_yield(L, t);
}

static int l_only(lua_State *L) {
    watcher *w = find(*(const handle *)luaL_checkudata(L, 1, WATCHER_META));
    if (w) set_session(L, w, 2);
    lua_pushboolean(L, w != NULL);
    return 1;
}

static int l_close(lua_State *L) {
    watcher *w = find(*(const handle *)luaL_checkudata(L, 1, WATCHER_META));
    if (w) watcher_end(w);
    return 0;
}

static int watcher_text(lua_State *L) {
    const watcher *w = find(*(const handle *)luaL_checkudata(L, 1, WATCHER_META));
    lua_pushfstring(L, w ? "watcher of %s" : "watcher, closed", w ? kind_names[w->kind] : "");
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.inspect.watch",
     .params = "kind: string, session?: record|boolean, name?: string",
     .returns = "mu.inspect.watcher",
     .text = "Watches \"log\" lines, \"packets\" (of one session, of all, with false of none yet) or \"errors\" "
             "(warnings, errors, refused "
             "inputs) as they come. It ends with the handler that made it; where a reload ended that, the next watcher "
             "of this kind and name has what came meanwhile.",
     .errors = "another kind; a name of 64 bytes or more; too many watchers",
     .example = "local seen = mu.inspect.watch \"errors\"  seen:close()",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_watch},
    {.name = "mu.inspect.watcher:next",
     .params = "seconds?: number",
     .returns = "string?",
     .text = "What has come since the last call, whole lines; waits for it, at most that many seconds (60): then nil.",
     .errors = "a closed watcher",
     .example = "not watcher:next(0.01)",
     .since = "0.2",
     .flags = SCRIPT_SUSPENDS,
     .call = l_next},
    {.name = "mu.inspect.watcher:only",
     .params = "session?: record",
     .returns = "boolean",
     .text = "From now on only packets of this session; nil: of all. False when it has been closed.",
     .errors = "a session that has disconnected",
     .example = "watcher:only(session)",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_only},
    {.name = "mu.inspect.watcher:close",
     .returns = "",
     .text = "Ends it. A closed one may be closed again.",
     .example = "watcher:close()",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_close},
};

int inspect_watch_open(generation *g, lua_State *L) {
    script_declare(L, functions, sizeof functions / sizeof *functions);
    luaL_newmetatable(L, WATCHER_META);
    script_methods(L, "mu.inspect.watcher");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, watcher_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}

void inspect_watch_start(server *s) {
    if (all.server) return;
    all.server = s;
    all.gathered.max = GATHER_BYTES;
    slab_init(&all.watchers, sizeof(watcher *));
}

void inspect_watch_stop(void) {
    if (!all.server) return;
    while (all.first) watcher_end(all.first);
    slab_free(&all.watchers);
    pthread_mutex_lock(&all.lock);
    buf_free(&all.gathered);
    all.posted = false; /* a message that is still under way was the loop's to deliver */
    pthread_mutex_unlock(&all.lock);
    all.server = NULL;
}
