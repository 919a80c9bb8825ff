/* mods_target.c: what a mod can override, and how each is named:
 *
 *     util.ping, game_manager.createGame      the handler of a command, as the files write it
 *     GET /api/server                         the handler of an endpoint
 *     console players show                    the handler of a console command
 *     services.rating.of                      a function of a script file: its module and its name
 *
 * The last reaches every function that is looked up when it is called; a file that has put it into a local of its own
 * before keeps what it has. */
#include "bind/mods.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/blaze_tables.h"
#include "bind/console_set.h"
#include "bind/http_private.h"

static void put_ref(lua_State *L, const char *name, void *place) {
    (void)name;
    lua_rawseti(L, LUA_REGISTRYINDEX, *(const int *)place);
}

/* ---- commands ---- */

/* "GameManager" → "game_manager". */
static void file_name(const char *component, char *out, size_t size) {
    size_t n = 0;
    for (const char *c = component; *c && n + 2 < size; c++) {
        if (isupper((unsigned char)*c) && n && !isupper((unsigned char)c[-1])) out[n++] = '_';
        out[n++] = (char)tolower((unsigned char)*c);
    }
    out[n] = 0;
}

static bool find_route(lua_State *L, const char *name, void **place) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    char component[80], wanted[160];
    for (size_t i = 0; t && i < BLAZE_BUCKETS; i++) {
        for (blaze_route *r = t->routes[i]; r; r = r->next) {
            const char *dot = strchr(r->name, '.');
            snprintf(component, sizeof component, "%.*s", (int)(dot - r->name), r->name);
            file_name(component, wanted, sizeof wanted - 80);
            strncat(wanted, dot, 79);
            if (strcmp(name, wanted) != 0 && strcmp(name, r->name) != 0) continue;
            *place = &r->handle_ref;
            lua_rawgeti(L, LUA_REGISTRYINDEX, r->handle_ref);
            return true;
        }
    }
    return false;
}

static void offer_routes(lua_State *L, suggestion *s) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    char component[80];
    for (size_t i = 0; t && i < BLAZE_BUCKETS; i++) {
        for (const blaze_route *r = t->routes[i]; r; r = r->next) {
            const char *dot = strchr(r->name, '.');
            char wanted[80];
            snprintf(component, sizeof component, "%.*s", (int)(dot - r->name), r->name);
            file_name(component, wanted, sizeof wanted);
            suggest_offer(s, lua_pushfstring(L, "%s%s", wanted, dot)); /* stays on the stack: the best is borrowed */
            if (s->best != lua_tostring(L, -1)) lua_pop(L, 1);
            luaL_checkstack(L, 4, NULL);
        }
    }
}

/* ---- endpoints ---- */

static bool find_endpoint(lua_State *L, const char *name, void **place) {
    const http_table *t = http_table_of(generation_of(L));
    for (http_endpoint *e = t ? t->all : NULL; e; e = e->next) {
        if (strcmp(e->what, name) != 0) continue;
        *place = &e->handler;
        lua_rawgeti(L, LUA_REGISTRYINDEX, e->handler);
        return true;
    }
    return false;
}

static void offer_endpoints(lua_State *L, suggestion *s) {
    const http_table *t = http_table_of(generation_of(L));
    for (const http_endpoint *e = t ? t->all : NULL; e; e = e->next) suggest_offer(s, e->what);
}

/* ---- console commands ---- */

#define CONSOLE "console "

static bool find_command(lua_State *L, const char *name, void **place) {
    console_set *s = console_set_of(generation_of(L));
    if (!s || strncmp(name, CONSOLE, strlen(CONSOLE)) != 0) return false;
    for (unsigned i = 0; i < s->command_count; i++) {
        console_command *c = &s->commands[i];
        if (strcmp(c->name, name + strlen(CONSOLE)) != 0) continue;
        *place = &c->handle_ref;
        lua_rawgeti(L, LUA_REGISTRYINDEX, c->handle_ref);
        return true;
    }
    return false;
}

static void offer_commands(lua_State *L, suggestion *s) {
    const console_set *set = console_set_of(generation_of(L));
    for (unsigned i = 0; set && i < set->command_count; i++) {
        const char *before = s->best;
        luaL_checkstack(L, 4, NULL);
        suggest_offer(s, lua_pushfstring(L, CONSOLE "%s", set->commands[i].name));
        if (s->best == before) lua_pop(L, 1);
    }
}

/* ---- functions of script files ---- */

/* Pushes the module's table for "services.rating.of" and gives the name in it, or pushes nothing. */
static const char *push_module(lua_State *L, const char *name) {
    const char *dot = strrchr(name, '.');
    char module[120];
    if (!dot || (size_t)(dot - name) >= sizeof module) return NULL;
    snprintf(module, sizeof module, "%.*s", (int)(dot - name), name);
    if (!script_loaded(L, module)) return NULL;
    if (lua_istable(L, -1)) return dot + 1;
    lua_pop(L, 1);
    return NULL;
}

static bool find_function(lua_State *L, const char *name, void **place) {
    (void)place;
    const char *key = push_module(L, name);
    if (!key) return false;
    lua_pushstring(L, key);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_isfunction(L, -1)) return true;
    lua_pop(L, 1);
    return false;
}

static void put_function(lua_State *L, const char *name, void *place) {
    (void)place;
    const char *key = push_module(L, name);
    lua_pushstring(L, key);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

static const mods_target routes = {find_route, put_ref, offer_routes},
                         endpoints = {find_endpoint, put_ref, offer_endpoints},
                         commands = {find_command, put_ref, offer_commands},
                         files = {find_function, put_function, NULL};

const mods_target *const mods_targets[] = {&routes, &endpoints, &commands, &files, NULL};
