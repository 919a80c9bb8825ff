/* blaze_declare.c: components, routes, guards, notifications and failures, as scripts declare them.
 *
 * `mu.component "Util"` gives an object whose fields are the component's commands by their own names; calling one with
 * a table declares its route. All of it is data of the generation that is being built: nothing here answers a request
 * (blaze_call.c does), and nothing changes after the generation has been proved.
 *
 * What can be wrong with a declaration is said at the line that made it: names that the protocol does not have, keys
 * that a route does not have, a guard that nobody declared, a second route for one command. */
#include "bind/blaze_tables.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "bind/tdf.h"
#include "bind/tdf_codec.h"
#include "script/declare.h"

#define TYPE_COMPONENT    "blaze.component"
#define TYPE_ROUTE        "blaze.route"
#define TYPE_NOTIFICATION "blaze.notification"
#define TYPE_FAILURE      "blaze.failure"

static blaze_tables *tables_here(lua_State *L) { return blaze_tables_of(generation_of(L)); }

/* "…; did you mean …?" with the names of a list on offer. */
static const char *unknown_name(lua_State *L, const char *what, const char *name, const blaze_name_list *list) {
    suggestion s = suggest_begin(name);
    for (size_t i = 0; i < list->count; i++) suggest_offer(&s, list->by_name[i].name);
    char hint[128];
    return lua_pushfstring(L, "%s has no %s%s", what, name, suggest_text(&s, hint, sizeof hint));
}

/* A mistake in a declaration is noted, so that all of them are told at once; a declaration at the wrong time raises. */
static void must_load(lua_State *L, const char *name, const char *what) {
    if (tables_here(L)->frozen) luaL_error(L, "%s: %s are declared while the scripts load, not later", name, what);
}

/* mu.protocol { components = {…}, errors = {…} } */
static int l_protocol(lua_State *L) {
    fault f;
    luaL_checktype(L, 1, LUA_TTABLE);
    if (blaze_names_read(L, 1, tables_here(L)->names, &f) < 0) return luaL_error(L, "%s", f.text);
    return 0;
}

/* ---- components and routes ---- */

static int l_component(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    blaze_tables *t = tables_here(L);
    const blaze_component *c = blaze_component_named(t->names, name);
    if (!c) {
        suggestion s = suggest_begin(name);
        for (size_t i = 0; (c = blaze_component_at(t->names, i)); i++) suggest_offer(&s, c->name);
        char hint[128];
        return luaL_error(L, "the protocol has no component '%s'%s", name, suggest_text(&s, hint, sizeof hint));
    }
    uint16_t *id = lua_newuserdatauv(L, sizeof *id, 0);
    *id = c->id;
    luaL_setmetatable(L, TYPE_COMPONENT);
    return 1;
}

/* The component's row is looked up by id each time: the name tables move when a mod adds to them. */
static const blaze_component *check_component(lua_State *L, int index) {
    const uint16_t *id = luaL_checkudata(L, index, TYPE_COMPONENT);
    return blaze_component_numbered(tables_here(L)->names, *id);
}

static const schema_struct *field_schema(lua_State *L, int table, const char *route, const char *key) {
    const schema_struct *s = NULL;
    if (lua_getfield(L, table, key) != LUA_TNIL && !(s = bind_tdf_struct(L, -1)))
        generation_error_here(L, "%s: '%s' must be a struct made by mu.tdf.struct, not %s", route, key,
                              luaL_typename(L, -1));
    lua_pop(L, 1);
    return s;
}

static blaze_guard *find_guard(blaze_tables *t, const char *name) {
    for (size_t i = 0; i < t->guard_count; i++)
        if (strcmp(t->guards[i].name, name) == 0) return &t->guards[i];
    return NULL;
}

static const char *const route_keys[] = {"request", "response", "error", "handle"};
#define ROUTE_KEYS (sizeof route_keys / sizeof *route_keys)

static void check_route_keys(lua_State *L, int table, const char *route) {
    blaze_tables *t = tables_here(L);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            generation_error_here(L, "%s: a route has named fields only", route);
            continue;
        }
        const char *key = lua_tostring(L, -2);
        bool known = find_guard(t, key) != NULL;
        for (size_t i = 0; !known && i < ROUTE_KEYS; i++) known = strcmp(key, route_keys[i]) == 0;
        if (known) continue;
        suggestion s = suggest_begin(key);
        for (size_t i = 0; i < ROUTE_KEYS; i++) suggest_offer(&s, route_keys[i]);
        for (size_t i = 0; i < t->guard_count; i++) suggest_offer(&s, t->guards[i].name);
        char hint[128];
        generation_error_here(L, "%s: a route has no '%s', and no guard of that name is declared%s", route, key,
                              suggest_text(&s, hint, sizeof hint));
    }
}

/* Notes the guards that the route table at `table` asks for, in the order in which the guards were declared. */
static void take_guards(lua_State *L, int table, blaze_route *r) {
    blaze_tables *t = tables_here(L);
    for (size_t i = 0; i < t->guard_count; i++) {
        lua_getfield(L, table, t->guards[i].name);
        if (!lua_toboolean(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        r->guards[r->guard_count] = &t->guards[i];
        r->guard_refs[r->guard_count] = luaL_ref(L, LUA_REGISTRYINDEX);
        r->guard_count++;
    }
}

static unsigned bucket_of(uint16_t component, uint16_t command) {
    return ((uint32_t)component * 2654435761u ^ (uint32_t)command * 40503u) >> 4 & (BLAZE_BUCKETS - 1);
}

blaze_route *blaze_route_at(const blaze_tables *t, uint16_t component, uint16_t command) {
    blaze_route *r = t->routes[bucket_of(component, command)];
    while (r && (r->component != component || r->command != command)) r = r->next;
    return r;
}

blaze_route *blaze_route_find(const blaze_tables *t, const char *name) {
    const char *dot = strchr(name, '.');
    char component[64];
    if (!dot || (size_t)(dot - name) >= sizeof component) return NULL;
    memcpy(component, name, (size_t)(dot - name));
    component[dot - name] = 0;
    const blaze_component *c = blaze_component_named(t->names, component);
    const blaze_name *n = c ? blaze_name_find(&c->commands, dot + 1) : NULL;
    return n ? blaze_route_at(t, c->id, n->number) : NULL;
}

/* "; the other one is in scripts/components/util.lua:12" */
static const char *other_place(lua_State *L, const blaze_route *r) {
    lua_Debug about;
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, r->handle_ref) != LUA_TFUNCTION) return "";
    lua_getinfo(L, ">S", &about);
    return lua_pushfstring(L, "; the other one is in %s:%d", about.short_src, about.linedefined);
}

/* The function behind `util.ping`: declares the route from the table it is called with; gives the route object. */
static int l_declare_route(lua_State *L) {
    blaze_tables *t = tables_here(L);
    const blaze_component *c = check_component(L, lua_upvalueindex(1));
    const char *command = lua_tostring(L, lua_upvalueindex(2));
    const blaze_name *n = blaze_name_find(&c->commands, command);
    const char *name = lua_pushfstring(L, "%s.%s", c->name, command);
    must_load(L, name, "routes");
    if (!lua_istable(L, 1)) {
        generation_error_here(L, "%s: expected a table { request =, response =, handle = }", name);
        return 0;
    }
    check_route_keys(L, 1, name);
    const blaze_route *other = blaze_route_at(t, c->id, n->number);
    if (other) {
        generation_error_here(L, "%s is declared twice%s", name, other_place(L, other));
        return 0;
    }

    blaze_route *r = arena_new(&t->memory, sizeof *r);
    char *text = arena_text(&t->memory, name, strlen(name));
    if (!r || !text) return luaL_error(L, "no memory for the route %s", name);
    *r = (blaze_route){.component = c->id, .command = n->number, .name = text};
    r->request = field_schema(L, 1, name, "request");
    r->response = field_schema(L, 1, name, "response");
    r->error = field_schema(L, 1, name, "error");
    if (lua_getfield(L, 1, "handle") != LUA_TFUNCTION)
        generation_error_here(L, "%s: 'handle' must be a function(session, request)", name);
    r->handle_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    take_guards(L, 1, r);
    blaze_route **bucket = &t->routes[bucket_of(r->component, r->command)];
    r->next = *bucket;
    *bucket = r;
    *(blaze_route **)lua_newuserdatauv(L, sizeof r, 0) = r;
    luaL_setmetatable(L, TYPE_ROUTE);
    return 1;
}

blaze_route *blaze_check_route(lua_State *L, int index) {
    return *(blaze_route **)luaL_checkudata(L, index, TYPE_ROUTE);
}

static int l_declare_notification(lua_State *L) {
    blaze_tables *t = tables_here(L);
    const blaze_component *c = check_component(L, lua_upvalueindex(1));
    const char *id = lua_tostring(L, lua_upvalueindex(2));
    const blaze_name *n = blaze_name_find(&c->notifications, id);
    const char *name = lua_pushfstring(L, "%s.%s", c->name, id);
    must_load(L, name, "notifications");
    if (!lua_istable(L, 1)) return luaL_error(L, "%s: expected a table { body = … }", name);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "body") != 0)
            generation_error_here(L, "%s: a notification has a 'body' and nothing else", name);
    if (blaze_notification_at(t, c->id, n->number)) generation_error_here(L, "%s is declared twice", name);
    blaze_notification *note = arena_new(&t->memory, sizeof *note);
    char *text = arena_text(&t->memory, name, strlen(name));
    if (!note || !text) return luaL_error(L, "no memory for the notification %s", name);
    *note = (blaze_notification){.component = c->id, .id = n->number, .name = text, .next = t->notifications};
    note->body = field_schema(L, 1, name, "body");
    t->notifications = note;
    *(blaze_notification **)lua_newuserdatauv(L, sizeof note, 0) = note;
    luaL_setmetatable(L, TYPE_NOTIFICATION);
    return 1;
}

const blaze_notification *blaze_check_notification(lua_State *L, int index) {
    return *(blaze_notification **)luaL_checkudata(L, index, TYPE_NOTIFICATION);
}

blaze_notification *blaze_notification_at(const blaze_tables *t, uint16_t component, uint16_t id) {
    blaze_notification *n = t->notifications;
    while (n && (n->component != component || n->id != id)) n = n->next;
    return n;
}

/* component.notification "Name" → a function that takes { body = … } */
static int l_notification(lua_State *L) {
    const blaze_component *c = check_component(L, lua_upvalueindex(1));
    const char *name = luaL_checkstring(L, 1);
    if (!blaze_name_find(&c->notifications, name))
        return luaL_error(L, "%s",
                          unknown_name(L, lua_pushfstring(L, "%s (notifications)", c->name), name, &c->notifications));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_declare_notification, 2);
    return 1;
}

/* Stands for what a mistake has been noted of already. */
static int l_nothing(lua_State *L) {
    (void)L;
    return 0;
}

static int component_index(lua_State *L) {
    const blaze_component *c = check_component(L, 1);
    const char *name = luaL_checkstring(L, 2);
    lua_settop(L, 2);
    if (strcmp(name, "notification") == 0) {
        lua_pop(L, 1);
        lua_pushcclosure(L, l_notification, 1);
        return 1;
    }
    if (!blaze_name_find(&c->commands, name)) {
        must_load(L, c->name, "routes");
        generation_error_here(L, "%s", unknown_name(L, c->name, name, &c->commands));
        lua_pushcfunction(L, l_nothing);
        return 1;
    }
    lua_pushcclosure(L, l_declare_route, 2);
    return 1;
}

static int component_text(lua_State *L) {
    lua_pushfstring(L, "component %s", check_component(L, 1)->name);
    return 1;
}

static int route_text(lua_State *L) {
    lua_pushfstring(L, "route %s", blaze_check_route(L, 1)->name);
    return 1;
}

static int notification_text(lua_State *L) {
    lua_pushfstring(L, "notification %s", blaze_check_notification(L, 1)->name);
    return 1;
}

/* ---- guards ---- */

static int l_declare_guard(lua_State *L) {
    blaze_tables *t = tables_here(L);
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (t->frozen) return luaL_error(L, "guard '%s': guards are declared while the scripts load, not later", name);
    if (t->guard_count == BLAZE_GUARDS_MAX)
        return luaL_error(L, "guard '%s': no more than %d guards", name, BLAZE_GUARDS_MAX);
    char *text = arena_text(&t->memory, name, strlen(name));
    if (!text) return luaL_error(L, "no memory for the guard '%s'", name);
    lua_settop(L, 1);
    t->guards[t->guard_count++] = (blaze_guard){text, luaL_ref(L, LUA_REGISTRYINDEX)};
    return 0;
}

static int l_guard(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    for (size_t i = 0; i < sizeof route_keys / sizeof *route_keys; i++)
        if (strcmp(name, route_keys[i]) == 0) return luaL_error(L, "'%s' is a field of every route already", name);
    if (find_guard(tables_here(L), name)) return luaL_error(L, "the guard '%s' is declared twice", name);
    lua_settop(L, 1);
    lua_pushcclosure(L, l_declare_guard, 1);
    return 1;
}

/* ---- failures ---- */

/* mu.fail("NAME" [, body]) → a value for `return`. */
static int l_fail(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    blaze_tables *t = tables_here(L);
    const blaze_name *e = blaze_error_named(t->names, name);
    lua_settop(L, 2);
    if (!e) return luaL_error(L, "%s", unknown_name(L, "the protocol", name, blaze_names_errors(t->names)));
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, e->number);
    lua_setfield(L, -2, "code");
    lua_pushinteger(L, e->component);
    lua_setfield(L, -2, "component");
    if (!lua_isnil(L, 2)) {
        lua_pushvalue(L, 2);
        lua_setfield(L, -2, "body");
    }
    luaL_setmetatable(L, TYPE_FAILURE);
    return 1;
}

static int failure_text(lua_State *L) {
    lua_getfield(L, 1, "name");
    lua_pushfstring(L, "failure %s", lua_tostring(L, -1));
    return 1;
}

bool blaze_failure_test(lua_State *L, int index, blaze_failure *out) {
    index = lua_absindex(L, index);
    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
    luaL_getmetatable(L, TYPE_FAILURE);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (!same) return false;
    lua_getfield(L, index, "code");
    lua_getfield(L, index, "component");
    lua_getfield(L, index, "name");
    *out = (blaze_failure){(uint16_t)lua_tointeger(L, -3), (uint16_t)lua_tointeger(L, -2), lua_tostring(L, -1)};
    lua_pop(L, 3); /* the table keeps the name alive */
    return true;
}

static void make_type(lua_State *L, const char *type, lua_CFunction text, lua_CFunction index) {
    luaL_newmetatable(L, type);
    lua_pushcfunction(L, text);
    lua_setfield(L, -2, "__tostring");
    if (index) {
        lua_pushcfunction(L, index);
        lua_setfield(L, -2, "__index");
    }
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static const script_function functions[] = {
    {.name = "mu.protocol",
     .params = "names: table",
     .text = "Tells the server the protocol's names: { components = { Util = { id = 9, commands = { ping = 2 }, "
             "notifications = {} } }, errors = { Global = { ERR_SYSTEM = 0x4001 } } }. May be called again to add.",
     .errors = "a name or number that is there already",
     .flags = SCRIPT_LOAD_ONLY,
     .since = "0.1",
     .call = l_protocol,
     .returns = "",
     .example = "mu.protocol { components = { Example = { id = 9, commands = { ping = 2 }, notifications = { Told = 1 "
                "} } }, errors = { Global = { ERR_SYSTEM = 0x4001 } } }"},
    {.name = "mu.component",
     .params = "name: string",
     .returns = "component",
     .text = "A component of the protocol. Its fields are its commands: call one with a table to answer it. "
             "component.notification \"Name\" { body = … } declares a notification.",
     .errors = "the protocol has no such component",
     .example = "local util = mu.component \"Util\"",
     .flags = SCRIPT_LOAD_ONLY,
     .since = "0.1",
     .call = l_component},
    {.name = "mu.guard",
     .params = "name: string",
     .returns = "fun(check: function)",
     .text = "Declares a field that routes may have. Its function(session, request, value) runs before the handler of "
             "each route that gives a value; what it returns, unless nil, is the answer instead of the handler's.",
     .example = "mu.guard \"example_guard\" (function(session, request, value) return nil end)",
     .flags = SCRIPT_LOAD_ONLY,
     .since = "0.1",
     .call = l_guard},
    {.name = "mu.fail",
     .params = "name: string, body?: table",
     .returns = "failure",
     .text = "An error answer, to be returned by a handler or a guard. The body follows the route's error schema.",
     .errors = "the protocol has no such error",
     .example = "return mu.fail \"ERR_AUTHENTICATION_REQUIRED\"",
     .since = "0.1",
     .call = l_fail},
};

void blaze_declare_open(lua_State *L) {
    make_type(L, TYPE_COMPONENT, component_text, component_index);
    make_type(L, TYPE_ROUTE, route_text, NULL);
    make_type(L, TYPE_NOTIFICATION, notification_text, NULL);
    make_type(L, TYPE_FAILURE, failure_text, NULL);
    script_declare(L, functions, sizeof functions / sizeof *functions);
}
