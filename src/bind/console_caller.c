/* console_caller.c: the `caller` that a command's handler is given: who asks, and a way to say something meanwhile.
 *
 * It holds a handle: a caller who has left can still be asked for his name, is closed(), and hears nothing. */
#include "bind/console_caller.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/server.h"
#include "script/declare.h"
#include "script/task.h"

#define CALLER_META "caller"
#define PRINT_MAX   (3 << 20) /* bytes: what is queued for a caller has a limit, past which he is dropped */

typedef struct caller_box {
    handle h;
    uint32_t number, job;
    char name[64];
} caller_box;

void console_push_caller(lua_State *L, handle h) {
    const console_caller *c = console_caller_find(h);
    caller_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (caller_box){.h = h, .name = "?"};
    if (c) {
        box->number = c->number, box->job = c->jobs;
        snprintf(box->name, sizeof box->name, "%s", c->who.name);
    }
    luaL_setmetatable(L, CALLER_META);
}

static console_caller *self(lua_State *L) {
    const caller_box *box = luaL_checkudata(L, 1, CALLER_META);
    return console_caller_find(box->h);
}

/* ---- fields ---- */

static int caller_index(lua_State *L) {
    const caller_box *box = luaL_checkudata(L, 1, CALLER_META);
    const console_caller *c = console_caller_find(box->h);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "name") == 0)
        lua_pushstring(L, box->name);
    else if (strcmp(key, "kind") == 0)
        lua_pushliteral(L, "socket");
    else if (strcmp(key, "number") == 0)
        lua_pushinteger(L, box->number);
    else if (strcmp(key, "width") == 0)
        lua_pushinteger(L, c ? c->width : 0);
    else if (strcmp(key, "colour") == 0)
        lua_pushboolean(L, c && (c->flags & CONSOLE_COLOUR));
    else if (lua_pushvalue(L, 2), lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
        return luaL_error(L, "caller has no field '%s': name, kind, number, width, colour, and :print :error :closed",
                          key);
    return 1;
}

static int caller_text(lua_State *L) {
    const caller_box *box = luaL_checkudata(L, 1, CALLER_META);
    lua_pushfstring(L, "caller %s", box->name);
    return 1;
}

/* ---- methods ---- */

/* He is there and still waits for this command. */
static bool listens(lua_State *L, const console_caller *c) {
    const caller_box *box = lua_touserdata(L, 1);
    return c && c->job && c->jobs == box->job && !stream_is_closing(c->stream);
}

static int send_line(lua_State *L, enum console_frame_type type) {
    console_caller *c = self(L);
    size_t n;
    const char *text = lua_tolstring(L, 2, &n);
    if (n > PRINT_MAX)
        return luaL_error(L, "%d bytes are more than the console takes at once (%d): ask for less", (int)n, PRINT_MAX);
    if (listens(L, c)) console_send_line(c, type, text, n);
    return 0;
}

static int caller_print(lua_State *L) { return send_line(L, CONSOLE_TEXT); }
static int caller_error(lua_State *L) { return send_line(L, CONSOLE_ERROR); }

static int caller_closed(lua_State *L) {
    const console_caller *c = self(L);
    lua_pushboolean(L, !listens(L, c));
    return 1;
}

/* What `>` assigned on this connection: a table of this generation, and whether an earlier one is gone. */
static int caller_environment(lua_State *L) {
    console_caller *c = self(L);
    generation *g = generation_of(L);
    bool lost = c && c->environment_lost;
    if (c && c->environment_of == g) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, c->environment_ref);
    } else {
        lua_newtable(L);
        if (c && engine_current(g->engine) == g) {
            lua_pushvalue(L, -1);
            c->environment_ref = luaL_ref(L, LUA_REGISTRYINDEX);
            c->environment_of = g;
            c->environment_lost = false;
        }
    }
    lua_pushboolean(L, lost);
    return 2;
}

static const script_function functions[] = {
    {.name = "caller:print",
     .params = "text: string",
     .returns = "",
     .text = "one line (or several) to who asked, at once; for commands that have something to say while they run",
     .errors = "more than 3 MiB at once; a caller who has left hears nothing",
     .example = "caller:print('half of it is done')",
     .since = "0.2",
     .call = caller_print},
    {.name = "caller:error",
     .params = "text: string",
     .returns = "",
     .text = "the same on standard error",
     .errors = "none",
     .example = "caller:error('that file is missing')",
     .since = "0.2",
     .call = caller_error},
    {.name = "caller:closed",
     .params = "",
     .returns = "boolean",
     .text = "has he left, or pressed Ctrl-C? A command that waits is ended then; one that loops looks here",
     .errors = "none",
     .example = "if caller:closed() then return end",
     .since = "0.2",
     .call = caller_closed},
    {.name = "caller:environment",
     .params = "",
     .returns = "table, boolean",
     .text = "the names that > has assigned on this connection, and whether a reload has taken earlier ones away",
     .errors = "none",
     .example = "local names = caller:environment()",
     .since = "0.2",
     .call = caller_environment},
};

void console_caller_open(lua_State *L) {
    script_declare(L, functions, sizeof functions / sizeof *functions);
    luaL_newmetatable(L, CALLER_META);
    script_methods(L, CALLER_META);
    lua_pushcclosure(L, caller_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, caller_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
