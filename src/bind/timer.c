/* timer.c: mu.timer: declarations of one generation, start, stop, left.
 *
 * A generation keeps name → function; nothing else of a timer is in Lua. Driving them: timer_drive.c. */
#include "bind/timer.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/record.h"
#include "bind/server.h"
#include "bind/timer_private.h"
#include "script/declare.h"
#include "script/task.h"

#define TIMER_META "mu.timer"
#define SHORTEST   1000            /* microseconds */
#define LONGEST    (400.0 * 86400) /* seconds: a date further away belongs into the database */

static const timer_entry *self(lua_State *L) { return *(timer_entry *const *)luaL_checkudata(L, 1, TIMER_META); }

static timers *timers_here(lua_State *L, const timer_entry *e, const char *what) {
    if (generation_of(L)->loading) luaL_error(L, "%s:%s cannot be called while scripts load", e->name, what);
    return server_of(L)->timers;
}

/* The owner at stack index `index`: a record that is alive, or nobody. */
static record_ref owner_at(lua_State *L, const timer_entry *e, const char *what, int index, bool alive) {
    record_ref ref = {0};
    if (lua_isnoneornil(L, index)) return ref;
    if (alive && record_test(L, index, &ref)) return record_check(L, index, NULL);
    if (!record_test(L, index, &ref)) {
        luaL_error(L, "%s:%s: the owner is a record or nil, got %s", e->name, what, luaL_typename(L, index));
    }
    return ref;
}

static int timer_start(lua_State *L) {
    const timer_entry *e = self(L);
    timers *t = timers_here(L, e, "start");
    int count = lua_gettop(L) - 3;
    if (lua_type(L, 2) != LUA_TNUMBER) {
        return luaL_error(L, "%s:start: seconds must be a number, got %s", e->name, luaL_typename(L, 2));
    }
    double seconds = lua_tonumber(L, 2);
    if (!(seconds >= 0 && seconds <= LONGEST)) {
        return luaL_error(L, "%s:start: seconds go from 0 to %d, got %f", e->name, (int)LONGEST, seconds);
    }
    record_ref owner = owner_at(L, e, "start", 3, true);
    value args[TIMER_ARGS_MAX];
    if (count > TIMER_ARGS_MAX) return luaL_error(L, "%s:start: at most %d arguments", e->name, TIMER_ARGS_MAX);
    for (int i = 0; i < count; i++) args[i] = record_value(L, 4 + i);
    fault why = {0};
    int64_t delay = (int64_t)(seconds * 1e6); /* at least a little: one that starts itself again leaves room */
    int64_t deadline = engine_now(generation_of(L)->engine) + (delay > SHORTEST ? delay : SHORTEST);
    int code = timers_start(t, e->name, owner, deadline, args, count > 0 ? (uint32_t)count : 0, &why);
    if (code < 0) return luaL_error(L, "%s%s", why.text, code == E_LIMIT ? " (limits.timers)" : "");
    return 0;
}

static int timer_stop(lua_State *L) {
    const timer_entry *e = self(L);
    timers *t = timers_here(L, e, "stop");
    lua_pushboolean(L, timers_stop(t, e->name, owner_at(L, e, "stop", 2, false)));
    return 1;
}

static int timer_left(lua_State *L) {
    const timer_entry *e = self(L);
    timers *t = timers_here(L, e, "left");
    int64_t left = timers_left(t, e->name, owner_at(L, e, "left", 2, false), engine_now(generation_of(L)->engine));
    if (left < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (double)left / 1e6);
    return 1;
}

static int timer_text(lua_State *L) {
    lua_pushfstring(L, "timer %s", self(L)->name);
    return 1;
}

/* The table { handle = function } after mu.timer "name". */
static int declare_rest(lua_State *L) {
    timer_set *set = generation_of(L)->slots[SLOT_TIMER];
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    luaL_argcheck(L, lua_type(L, 1) == LUA_TTABLE, 1, "expected { handle = function }");
    if (!generation_of(L)->loading) return luaL_error(L, "mu.timer: timers are declared while scripts load");
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "handle") != 0) {
            return luaL_error(L, "mu.timer \"%s\": it has one key, handle; not '%s'", name,
                              luaL_tolstring(L, -2, NULL));
        }
    }
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "handle") != LUA_TFUNCTION) {
        return luaL_error(L, "mu.timer \"%s\": handle must be a function", name);
    }
    if (timer_set_find(set, name)) return luaL_error(L, "mu.timer \"%s\" is declared twice", name);
    timer_entry **more = realloc(set->entries, (set->count + 1) * sizeof *more);
    if (more) set->entries = more;
    timer_entry *e = more ? calloc(1, sizeof *e) : NULL;
    if (!e) return luaL_error(L, "mu.timer: out of memory");
    set->entries[set->count++] = e;
    e->function = LUA_NOREF;
    strncat(e->name, name, TIMER_NAME_MAX);
    e->function = generation_ref(L);
    *(timer_entry **)lua_newuserdatauv(L, sizeof e, 0) = e;
    luaL_setmetatable(L, TIMER_META);
    return 1;
}

static int declare_timer(lua_State *L) {
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    if (!n || n > TIMER_NAME_MAX || strlen(name) != n) {
        return luaL_error(L, "mu.timer: a name has 1 to %d bytes", TIMER_NAME_MAX);
    }
    lua_settop(L, 1);
    lua_pushcclosure(L, declare_rest, 1);
    return 1;
}

timer_entry *timer_set_find(const timer_set *set, const char *name) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (!strcmp(set->entries[i]->name, name)) return set->entries[i];
    }
    return NULL;
}

static const script_function functions[] = {
    {.name = "mu.timer",
     .params = "name: string",
     .returns = "fun(declaration: table): mu.timer",
     .text = "declares a named timer: mu.timer \"name\" { handle = function(owner, …) end } returns it; it survives "
             "reloads",
     .errors = "a name used twice; keys other than handle",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = declare_timer,
     .example =
         "local greet = mu.timer \"example.greet\" { handle = function(owner, word) mu.log.info(\"%s\", word) end }"},
    {.name = "mu.timer:start",
     .params = "seconds: number, owner: record?, ...: any",
     .returns = "",
     .text =
         "runs the timer's function once in so many seconds, with the owner (where there is one) and the plain values "
         "after it; replaces a running one of the same owner; ends with its owner",
     .errors = "an owner that is gone; values that are not plain",
     .example = "hello:start(5, nil, \"world\")",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = timer_start},
    {.name = "mu.timer:stop",
     .params = "owner: record?",
     .returns = "boolean",
     .text = "stops it; false when none was running",
     .example = "hello:start(60)  return hello:stop()",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = timer_stop},
    {.name = "mu.timer:left",
     .params = "owner: record?",
     .returns = "number?",
     .text = "seconds until it runs; nil when none is running",
     .example = "hello:start(60)  return hello:left() <= 60",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = timer_left},
};

static int open_timers(generation *g, lua_State *L) {
    server *s = engine_server(g->engine);
    timer_set *set = s && s->timers ? calloc(1, sizeof *set) : NULL;
    if (!set) {
        generation_error(g, NULL, 0, s && s->timers ? "timers: out of memory" : "this program has no timers");
        return E_LOAD;
    }
    g->slots[SLOT_TIMER] = set;
    script_declare(L, functions, sizeof functions / sizeof *functions);
    luaL_newmetatable(L, TIMER_META);
    script_methods(L, "mu.timer");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, timer_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}

/* The setting limits.timers; a host without it keeps the bound it was made with. */
static int check_timers(generation *g) {
    timer_set *set = g->slots[SLOT_TIMER];
    lua_State *L = g->L;
    int top = lua_gettop(L);
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") == LUA_TTABLE && lua_getfield(L, -1, "limits") == LUA_TTABLE) {
        lua_getfield(L, -1, "timers");
        set->most = (uint32_t)lua_tointeger(L, -1);
    }
    lua_settop(L, top);
    return 0;
}

static void enter_timers(generation *g) {
    const timer_set *set = g->slots[SLOT_TIMER];
    const server *s = engine_server(g->engine);
    if (set->most) timers_limit(s->timers, set->most);
}

static void close_timers(generation *g) {
    timer_set *set = g->slots[SLOT_TIMER];
    if (!set) return;
    for (uint32_t i = 0; i < set->count; i++) free(set->entries[i]);
    free(set->entries);
    free(set);
    g->slots[SLOT_TIMER] = NULL;
}

const script_module module_timer = {
    .name = "timer", .open = open_timers, .check = check_timers, .enter = enter_timers, .close = close_timers};
