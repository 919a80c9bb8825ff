/* event.c: mu.event, mu.on, and what happens when something happens. See event.h.
 *
 * While scripts load, handlers are collected by name, so that it does not matter which file comes first; at the end of
 * the build every name is matched with a declaration and a name that nobody declared is an error at the line that asked
 * for it. From then on nothing changes. */
#include "script/event.h"
#include "script/declare.h"
#include "script/state.h"
#include "base/check.h"
#include "base/log.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 63
#define EVENTS_MAX     1000
#define WISHES_MAX     20000 /* calls of mu.on: what is kept of them is not counted as memory of the scripts */

struct event_entry {
    script_event event;
    script_function function; /* what checks the arguments of the one who raises it */
    int ref;                  /* array of its handlers, in the registry; LUA_NOREF = nobody listens */
    bool own;                 /* the texts are ours */
};

struct event_wish { /* a call of mu.on */
    char name[NAME_MAX_BYTES + 1], file[LUA_IDSIZE];
    int line;
};

static struct event_entry *find(const generation *g, const char *name) {
    for (unsigned i = 0; i < g->own->event_count; i++) {
        if (strcmp(g->own->events[i]->event.name, name) == 0) return g->own->events[i];
    }
    return NULL;
}

static struct event_entry *add(generation *g) {
    generation_state *own = g->own;
    if (own->event_count == own->event_room) {
        struct event_entry **more = script_grow(own->events, &own->event_room, sizeof *more);
        if (!more) return NULL;
        own->events = more;
    }
    struct event_entry *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->ref = LUA_NOREF;
    return own->events[own->event_count++] = e;
}

void script_event_declare(generation *g, const char *name, const char *params, const char *text) {
    struct event_entry *e = add(g);
    if (e) e->event = (script_event){.name = name, .params = params, .text = text, .file = ""};
}

const script_event *script_event_at(const generation *g, unsigned i) {
    return i < g->own->event_count ? &g->own->events[i]->event : NULL;
}

void events_free(generation_state *own) {
    for (unsigned i = 0; i < own->event_count; i++) {
        struct event_entry *e = own->events[i];
        if (e->own) {
            free((char *)e->event.name), free((char *)e->event.params), free((char *)e->event.text);
            free((char *)e->event.file);
        }
        free(e);
    }
    free(own->events), free(own->wishes);
}

/* ---- raising one of the scripts' ---- */

typedef struct raised {
    generation *generation;
    int ref; /* array: the arguments; n. Shared by the tasks of all handlers */
    unsigned users;
} raised;

typedef struct raised_for {
    raised *raised;
    int handlers;
    unsigned index;
} raised_for;

static int push_raised(lua_State *L, void *ctx) {
    const raised_for *r = ctx;
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->raised->ref);
    int arguments = lua_gettop(L);
    lua_getfield(L, arguments, "n");
    int count = (int)lua_tointeger(L, -1);
    luaL_checkstack(L, count + 4, "too many arguments");
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->handlers);
    lua_rawgeti(L, -1, r->index);
    lua_replace(L, arguments + 1);
    lua_settop(L, arguments + 1);
    for (int i = 1; i <= count; i++) lua_rawgeti(L, arguments, i);
    lua_remove(L, arguments);
    return count + 1;
}

static void drop(raised *all) {
    if (--all->users) return;
    luaL_unref(all->generation->L, LUA_REGISTRYINDEX, all->ref);
    generation_unref(all->generation);
    free(all);
}

static void raised_done(void *ctx, const fault *why) {
    raised_for *r = ctx;
    (void)why; /* logged where it happened */
    r->raised->generation->own->started--;
    drop(r->raised);
    free(r);
}

/* Too many tasks already: the event is lost, which is not the trouble of the one who raised it. */
static bool has_room(generation *g, const struct event_entry *e) {
    generation_state *own = g->own;
    int64_t now = engine_now(g->engine);
    if (own->started < own->limits.tasks) return true;
    if (now - own->dropped_us > 1000000 || !own->dropped_us)
        log_error("script",
                  "the event %s is lost for its handlers: %u tasks that scripts started are under way "
                  "(limits.tasks; generation %u %.8s)",
                  e->event.name, own->started, g->number, g->hash);
    own->dropped_us = now;
    return false;
}

/* The stack holds the arguments, checked already. */
static int raise_event(lua_State *L) {
    const struct event_entry *e = lua_touserdata(L, lua_upvalueindex(2));
    generation *g = generation_of(L);
    int count = lua_gettop(L);
    if (e->ref == LUA_NOREF || !has_room(g, e)) return 0;
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    raised *all = malloc(sizeof *all);
    if (!all) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        return luaL_error(L, "%s: out of memory", e->event.name);
    }
    *all = (raised){g, ref, 1};
    g->own->refs++;
    for (unsigned i = 1; i <= e->event.handlers; i++) {
        raised_for *r = malloc(sizeof *r);
        if (!r) break;
        *r = (raised_for){all, e->ref, i};
        task_call call = {.generation = g,
                          .function_ref = LUA_NOREF,
                          .what = e->event.name,
                          .subject = task_subject(L),
                          .push = push_raised,
                          .done = raised_done,
                          .ctx = r};
        all->users++;
        g->own->started++;
        task_start(g->engine, &call); /* queues: a task is running */
    }
    drop(all);
    return 0;
}

/* ---- mu.event ---- */

static char *field_text(lua_State *L, const char *name, const char *key) { /* after check_keys */
    char *copy = strdup(lua_getfield(L, 1, key) == LUA_TSTRING ? lua_tostring(L, -1) : "");
    lua_pop(L, 1);
    if (!copy) luaL_error(L, "mu.event \"%s\": out of memory", name);
    return copy;
}

static void check_keys(lua_State *L, const char *name) {
    char hint[128];
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(key, "params") == 0 || strcmp(key, "text") == 0) {
            if (lua_type(L, -1) == LUA_TSTRING) continue;
            luaL_error(L, "mu.event \"%s\": %s must be a string, got a %s", name, key, luaL_typename(L, -1));
        }
        suggestion s = suggest_begin(key);
        suggest_offer(&s, "params");
        suggest_offer(&s, "text");
        luaL_error(L, "mu.event \"%s\": it has params and text, not '%s'%s", name, key,
                   suggest_text(&s, hint, sizeof hint));
    }
}

/* The table { params =, text = } after mu.event "name". */
static int declare_rest(lua_State *L) {
    generation *g = generation_of(L);
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    char file[LUA_IDSIZE], wrong[128];
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!g->loading) return luaL_error(L, "mu.event \"%s\": events are declared while scripts load", name);
    check_keys(L, name);
    const struct event_entry *before = find(g, name);
    if (before && before->event.file[0])
        return luaL_error(L, "mu.event \"%s\" is declared already at %s:%d", name, before->event.file,
                          before->event.line);
    if (before) return luaL_error(L, "mu.event \"%s\": the server itself has an event of that name", name);
    if (g->own->event_count >= EVENTS_MAX) return luaL_error(L, "mu.event: no more than %d events", EVENTS_MAX);
    lua_getfield(L, 1, "params");
    if (lua_isstring(L, -1) && script_params_wrong(lua_tostring(L, -1), wrong, sizeof wrong))
        return luaL_error(L, "mu.event \"%s\": params: %s", name, wrong);
    lua_settop(L, 1);
    int line = generation_where(L, file, sizeof file);
    char *own_name = strdup(name), *own_file = strdup(file);
    struct event_entry *e = own_name && own_file ? add(g) : NULL;
    if (!e) {
        free(own_name), free(own_file);
        return luaL_error(L, "mu.event: out of memory");
    }
    e->own = true;
    e->event = (script_event){.name = own_name, .file = own_file, .line = line};
    e->event.params = field_text(L, name, "params");
    e->event.text = field_text(L, name, "text");
    e->function = (script_function){.name = e->event.name,
                                    .params = e->event.params,
                                    .text = e->event.text,
                                    .flags = SCRIPT_RUN_ONLY,
                                    .call = raise_event};
    lua_pushlightuserdata(L, e);
    script_push_closure(L, &e->function);
    return 1;
}

static int declare_event(lua_State *L) {
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    if (!n || n > NAME_MAX_BYTES || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != n)
        return luaL_error(L, "mu.event: a name is 1 to %d small letters, digits and _, such as \"match_finished\"",
                          NAME_MAX_BYTES);
    lua_settop(L, 1);
    lua_pushcclosure(L, declare_rest, 1);
    return 1;
}

/* ---- mu.on ---- */

static int core_on(lua_State *L) {
    generation *g = generation_of(L);
    generation_state *own = g->own;
    const char *name = lua_tostring(L, 1);
    if (strlen(name) > NAME_MAX_BYTES) return luaL_error(L, "mu.on: there is no event '%s'", name);
    if (own->wish_count >= WISHES_MAX) return luaL_error(L, "mu.on: no more than %d handlers", WISHES_MAX);
    if (own->wish_count == own->wish_room) {
        struct event_wish *more = script_grow(own->wishes, &own->wish_room, sizeof *more);
        if (!more) return luaL_error(L, "mu.on: out of memory");
        own->wishes = more;
    }
    struct event_wish *w = &own->wishes[own->wish_count];
    strcpy(w->name, name);
    w->line = generation_where(L, w->file, sizeof w->file);
    if (own->handlers_ref == LUA_NOREF) {
        lua_newtable(L);
        own->handlers_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, own->handlers_ref);
    if (lua_getfield(L, -1, name) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    own->wish_count++;
    return 0;
}

int events_check(lua_State *L) {
    generation *g = generation_of(L);
    generation_state *own = g->own;
    char hint[128];
    for (unsigned i = 0; i < own->wish_count; i++) {
        const struct event_wish *w = &own->wishes[i];
        if (find(g, w->name)) continue;
        suggestion near = suggest_begin(w->name);
        for (unsigned k = 0; k < own->event_count; k++) suggest_offer(&near, own->events[k]->event.name);
        generation_error(g, w->line ? w->file : NULL, w->line, "mu.on: there is no event '%s'%s", w->name,
                         suggest_text(&near, hint, sizeof hint));
    }
    if (own->handlers_ref == LUA_NOREF) return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, own->handlers_ref);
    for (unsigned i = 0; i < own->event_count; i++) {
        struct event_entry *e = own->events[i];
        if (lua_getfield(L, -1, e->event.name) == LUA_TTABLE) {
            e->event.handlers = (unsigned)lua_rawlen(L, -1);
            e->ref = luaL_ref(L, LUA_REGISTRYINDEX);
        } else {
            lua_pop(L, 1);
        }
    }
    return 0;
}

static const script_function functions[] = {
    {.name = "mu.event",
     .params = "name: string",
     .returns = "fun(...: any)",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .text =
         "declares an event: mu.event \"name\" { params = \"game: record\", text = \"…\" } returns the function that "
         "raises it; every handler given to mu.on runs later, in a task of its own, and its errors are only logged",
     .errors = "a name declared already; params that cannot be read",
     .example = "local door_opened = mu.event \"example_door_opened\" { params = \"number: integer\", text = \"a door "
                "opened\" }",
     .call = declare_event},
    {.name = "mu.on",
     .params = "event: string, fn: function",
     .returns = "",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .text = "fn runs whenever the event happens; one event may have many handlers",
     .errors = "an unknown event",
     .example = "mu.on('session_closed', function(session) mu.log.debug('%s has left', session) end)",
     .call = core_on},
};

void events_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }

/* ---- events of the server itself ---- */

void engine_event(engine *e, const char *name, handle subject, int (*push)(lua_State *L, void *ctx),
                  void (*done)(void *ctx, const fault *why), void *ctx) {
    generation *g = e->current;
    const struct event_entry *known = g ? find(g, name) : NULL;
    if (g && !expect(known != NULL)) log_error("script", "the event %s is not declared", name);
    if (!known || known->ref == LUA_NOREF) {
        if (done) done(ctx, NULL);
        return;
    }
    task_call call = {.generation = g,
                      .function_ref = known->ref,
                      .what = known->event.name,
                      .subject = subject,
                      .push = push,
                      .done = done,
                      .ctx = ctx};
    task_start_as(e, &call, true);
}
