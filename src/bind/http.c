/* http.c: mu.http.get and its sisters, mu.upgrade: what scripts declare; see http.h.
 *
 * An endpoint is data: method, path, handler, limit. All errors in declarations are collected, none stops the load. */
#include "bind/http_private.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/server.h"
#include "script/declare.h"

#define UPGRADES_MAX 4

static struct {
    const char *protocol;
    http_upgrade_accept accept;
} upgrades[UPGRADES_MAX];

void http_set_upgrade(const char *protocol, http_upgrade_accept accept) {
    for (int i = 0; i < UPGRADES_MAX; i++) {
        if (upgrades[i].protocol && strcmp(upgrades[i].protocol, protocol) != 0) continue;
        upgrades[i].protocol = protocol;
        upgrades[i].accept = accept;
        return;
    }
}

static const char *const keys[] = {"handle", "max_body"};

static bool check_keys(lua_State *L, const char *name) {
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[not a name]";
        if (strcmp(key, "handle") == 0 || strcmp(key, "max_body") == 0) continue;
        const char *near = script_nearest(key, keys, 2);
        if (near)
            generation_error_here(L, "%s: unknown key '%s'; did you mean '%s'?", name, key, near);
        else
            generation_error_here(L, "%s: unknown key '%s'", name, key);
    }
    return true;
}

/* Path at 1, endpoint's table at 2. */
static int declare(lua_State *L, enum http_method method, const char *name) {
    http_table *t = generation_of(L)->slots[SLOT_HTTP];
    const char *path = lua_tostring(L, 1);
    fault f = {0};
    check_keys(L, name);
    lua_getfield(L, 2, "max_body");
    int whole = 1;
    lua_Integer max_body = lua_isnil(L, -1) ? (lua_Integer)HTTP_BODY_MAX : lua_tointegerx(L, -1, &whole);
    if (!whole || lua_type(L, -1) == LUA_TSTRING || max_body < 0 || max_body > (lua_Integer)1 << 30)
        generation_error_here(L, "%s \"%s\": 'max_body' must be a number of bytes", name, path);
    if (lua_getfield(L, 2, "handle") != LUA_TFUNCTION) {
        generation_error_here(L, "%s \"%s\": 'handle' must be a function", name, path);
        return 0;
    }
    int handler = generation_ref(L);
    http_path *p = http_routes_add(&t->routes, path, &f);
    if (!p) {
        generation_error_here(L, "%s: %s", name, f.text);
        return 0;
    }
    if (p->endpoint[method]) {
        generation_error_here(L, "%s: \"%s\" has been declared already", name, path);
        return 0;
    }
    size_t length = strlen(http_method_names[method]) + 1 + strlen(path) + 1;
    http_endpoint *e = calloc(1, sizeof *e + length);
    if (!e) return luaL_error(L, "out of memory");
    strcat(strcat(strcpy(e->what, http_method_names[method]), " "), path);
    e->handler = handler;
    e->max_body = (size_t)max_body;
    e->next = t->all;
    t->all = e;
    p->endpoint[method] = e;
    return 0;
}

static int declare_get(lua_State *L) { return declare(L, METHOD_GET, "mu.http.get"); }
static int declare_post(lua_State *L) { return declare(L, METHOD_POST, "mu.http.post"); }
static int declare_put(lua_State *L) { return declare(L, METHOD_PUT, "mu.http.put"); }
static int declare_delete(lua_State *L) { return declare(L, METHOD_DELETE, "mu.http.delete"); }
static int declare_patch(lua_State *L) { return declare(L, METHOD_PATCH, "mu.http.patch"); }
static int declare_options(lua_State *L) { return declare(L, METHOD_OPTIONS, "mu.http.options"); }

static int upgrade(lua_State *L) {
    const char *protocol = lua_tostring(L, 1);
    for (int i = 0; i < UPGRADES_MAX && upgrades[i].protocol; i++) {
        if (strcmp(upgrades[i].protocol, protocol) != 0) continue;
        http_upgrade_value *v = lua_newuserdatauv(L, sizeof *v, 1);
        v->protocol = upgrades[i].protocol;
        v->accept = upgrades[i].accept;
        luaL_setmetatable(L, HTTP_UPGRADE_TYPE);
        lua_pushvalue(L, 2);
        lua_setiuservalue(L, -2, 1);
        return 1;
    }
    return luaL_error(L, "mu.upgrade: there is no protocol '%s' to upgrade to", protocol);
}

#define ENDPOINT_TEXT                                                                                                  \
    "Declares what answers a request of this method for a path; {name} in the path is a parameter, a last {name...} "  \
    "takes the rest. endpoint: { handle = function(request) ... end, max_body = bytes }. The request has method, "     \
    "path, params, query, headers (lower-case names), body, address, port, local_address, local_port, door, secure. "  \
    "The handler returns { json = value }, { text = string }, { body = string, type = content type }, each with "      \
    "status and headers where needed, { file = mu.asset.find(...) } (conditions and ranges are taken care of), "       \
    "mu.upgrade(...), or nothing: 200 without a body. GET answers HEAD as well; other methods get 405, other paths "   \
    "404."

#define ENDPOINT(verb, function)                                                                                       \
    {                                                                                                                  \
        .name = "mu.http." verb, .params = "path: string, endpoint: table", .returns = "", .text = ENDPOINT_TEXT,      \
        .errors = "malformed or repeated paths, unknown keys",                                                         \
        .example =                                                                                                     \
            "mu.http." verb "(\"/example/{name}\", { handle = function(r) return { text = r.params.name } end })",     \
        .since = "0.1", .flags = SCRIPT_LOAD_ONLY, .call = function                                                    \
    }

static const script_function functions[] = {
    ENDPOINT("get", declare_get),
    ENDPOINT("post", declare_post),
    ENDPOINT("put", declare_put),
    ENDPOINT("delete", declare_delete),
    ENDPOINT("patch", declare_patch),
    ENDPOINT("options", declare_options),
    {.name = "mu.upgrade",
     .params = "protocol: string, fields?: table",
     .returns = "userdata",
     .text = "As the result of an endpoint: answers 101 and hands the connection to another protocol, e.g. \"blaze\". "
             "fields are set in its session before anybody sees it. A request that asked for no upgrade gets 426.",
     .errors = "a protocol that is not there",
     .example = "return mu.upgrade(\"blaze\", {})",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = upgrade},
};

static int http_open(generation *g, lua_State *L) {
    http_table *t = calloc(1, sizeof *t);
    if (!t) return E_MEMORY;
    g->slots[SLOT_HTTP] = t;
    luaL_newmetatable(L, HTTP_UPGRADE_TYPE);
    lua_pushliteral(L, HTTP_UPGRADE_TYPE);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

/* mu.config.limits.<key>, seconds, as microseconds; 0 where the settings do not have it. */
static int64_t limit_of(lua_State *L, const char *key) {
    const char *const path[] = {"config", "limits", key};
    int top = lua_gettop(L);
    lua_getglobal(L, "mu");
    for (int i = 0; i < 3 && lua_istable(L, -1); i++) lua_getfield(L, -1, path[i]);
    int64_t us = lua_istable(L, -1) ? 0 : (int64_t)lua_tointeger(L, -1) * 1000000;
    lua_settop(L, top);
    return us;
}

static int http_check(generation *g) {
    http_table *t = g->slots[SLOT_HTTP];
    t->head_us = limit_of(g->L, "http_head_seconds");
    t->body_us = limit_of(g->L, "http_body_seconds");
    t->idle_us = limit_of(g->L, "http_idle_seconds");
    return 0;
}

static void http_enter(generation *g) { http_door_limits(g->slots[SLOT_HTTP]); }

static void http_close(generation *g) {
    http_table *t = g->slots[SLOT_HTTP];
    if (!t) return;
    http_routes_free(&t->routes);
    while (t->all) {
        http_endpoint *next = t->all->next;
        free(t->all);
        t->all = next;
    }
    free(t);
}

const script_module module_http = {
    .name = "http", .open = http_open, .check = http_check, .enter = http_enter, .close = http_close};
