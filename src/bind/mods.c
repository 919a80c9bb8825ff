/* mods.c: mu.mod, mod.override, mu.mods: mods are loaded after all other scripts and before the proof of the whole.
 *
 * Each mod that the setting `mods` names is required, looked at, and set up, in that order of the list. A mod that
 * fails is an error of the generation and the next one is looked at all the same, so one build names what is wrong with
 * all of them. An override is a function around the one there was, so the last in the list is called first and its
 * `super` is the one before.
 *
 * What is known of mods is a Lua table of the generation: an array of { name, version, text, enabled, file, overrides
 * }.
 */
#include "bind/mods.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/declare.h"
#include "script/task.h"

#define NAME_BYTES 40
#define MODS_MOST  64

static const char mods_key; /* the array of what is known */
static const char meta_key; /* the metatable by which the value of mu.mod is known */

/* fn, super → the function that takes super's place. */
static const char around[] = "local fn, super = ... return function(...) return fn(super, ...) end";

/* ---- versions ---- */

/* "1.10.2" against "1.9": < 0, 0, > 0. What is no number counts as 0. */
static int compare_versions(const char *a, const char *b) {
    for (int i = 0; i < 4; i++) {
        long x = strtol(a, (char **)&a, 10), y = strtol(b, (char **)&b, 10);
        if (x != y) return x < y ? -1 : 1;
        a += *a == '.', b += *b == '.';
    }
    return 0;
}

/* ---- what is known ---- */

static void push_known(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &mods_key) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &mods_key);
}

/* Pushes the entry of a mod that is there; false and nothing otherwise. */
static bool push_mod(lua_State *L, const char *name) {
    push_known(L);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++) {
        lua_getfield(L, -1, "name");
        bool found = strcmp(lua_tostring(L, -1), name) == 0;
        lua_pop(L, found ? 1 : 2);
        if (!found) continue;
        lua_remove(L, -2);
        return true;
    }
    lua_pop(L, 2);
    return false;
}

/* The name in "mods/<name>/mod.lua", or NULL. */
static const char *mod_of(const script_file *f, char name[NAME_BYTES + 1]) {
    size_t n = strlen(f->key);
    if (f->config || strncmp(f->key, "mods/", 5) != 0 || n < 14 || strcmp(f->key + n - 8, "/mod.lua") != 0) return NULL;
    n -= 13;
    if (n > NAME_BYTES || memchr(f->key + 5, '/', n)) return NULL;
    snprintf(name, NAME_BYTES + 1, "%.*s", (int)n, f->key + 5);
    return name;
}

static void know_all(lua_State *L) {
    script_file f;
    char name[NAME_BYTES + 1];
    push_known(L);
    for (size_t i = 0; generation_file_at(generation_of(L), i, &f); i++) {
        if (!mod_of(&f, name)) continue;
        lua_createtable(L, 0, 6);
        lua_pushstring(L, name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, f.name);
        lua_setfield(L, -2, "file");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "enabled");
        lua_pushliteral(L, ""); /* known when it runs */
        lua_setfield(L, -2, "version");
        lua_pushliteral(L, "");
        lua_setfield(L, -2, "text");
        lua_newtable(L);
        lua_setfield(L, -2, "overrides");
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    lua_pop(L, 1);
}

/* ---- mu.mod ---- */

static int declare_mod(lua_State *L) {
    static const char *const keys[] = {"name", "version", "text", "requires", "setup"};
    static const int types[] = {LUA_TSTRING, LUA_TSTRING, LUA_TSTRING, LUA_TTABLE, LUA_TFUNCTION};
    enum { KEYS = sizeof keys / sizeof *keys };
    char hint[128];
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        suggestion near = suggest_begin(key);
        int found = -1;
        for (int i = 0; i < KEYS; i++) {
            if (strcmp(key, keys[i]) == 0) found = i;
            suggest_offer(&near, keys[i]);
        }
        if (found < 0)
            return luaL_error(L, "mu.mod: it has no field '%s'%s", key, suggest_text(&near, hint, sizeof hint));
        if (lua_type(L, -1) != types[found])
            return luaL_error(L, "mu.mod: '%s' must be a %s, got a %s", key, lua_typename(L, types[found]),
                              luaL_typename(L, -1));
    }
    for (int i = 0; i < KEYS; i++) {
        if (lua_getfield(L, 1, keys[i]) == LUA_TNIL && strcmp(keys[i], "requires") != 0)
            return luaL_error(L, "mu.mod: '%s' is missing", keys[i]);
        lua_pop(L, 1);
    }
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushliteral(L, "mod");
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &meta_key);
    }
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

/* ---- mod.override ---- */

static int raise_unknown(lua_State *L, const char *mod, const char *name) {
    suggestion near = suggest_begin(name);
    char hint[160];
    for (const mods_target *const *t = mods_targets; *t; t++) {
        if ((*t)->offer) (*t)->offer(L, &near);
    }
    suggest_text(&near, hint, sizeof hint);
    return luaL_error(L, "mod %s: there is no \"%s\" to override%s", mod, name, hint);
}

static int mod_override(lua_State *L) {
    const char *mod = lua_tostring(L, lua_upvalueindex(1));
    const char *name = luaL_checkstring(L, 1);
    void *place = NULL;
    const mods_target *const *t = mods_targets;
    if (!lua_isfunction(L, 2)) return luaL_error(L, "mod %s: override \"%s\": a function must follow", mod, name);
    if (!generation_of(L)->loading) return luaL_error(L, "mod %s: overrides are made in setup, not later", mod);
    lua_settop(L, 2);
    while (*t && !(*t)->find(L, name, &place)) t++;
    if (!*t) return raise_unknown(L, mod, name);
    if (luaL_loadbufferx(L, around, sizeof around - 1, "=override", "t") != LUA_OK) return lua_error(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_call(L, 2, 1);
    (*t)->put(L, name, place);
    if (push_mod(L, mod)) {
        lua_getfield(L, -1, "overrides");
        lua_pushvalue(L, 1);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 0;
}

/* ---- loading ---- */

/* "server 0.1", "other_mod 1.2", "other_mod": there, earlier in the list, and new enough? `mod` at index `mod`. */
static void check_requires(lua_State *L, int mod) {
    bool any = lua_getfield(L, mod, "requires") == LUA_TTABLE;
    for (lua_Integer i = 1; any && lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        char other[NAME_BYTES + 1] = "", least[32] = "";
        const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (sscanf(text, "%40s %31s", other, least) < 1)
            luaL_error(L, "requires has \"name version\" texts, such as \"server 0.1\"");
        const char *have = MU_VERSION;
        if (strcmp(other, "server") != 0) {
            if (!push_mod(L, other)) luaL_error(L, "it requires the mod %s, which is not there", other);
            lua_getfield(L, -1, "enabled");
            if (!lua_toboolean(L, -1))
                luaL_error(L, "it requires the mod %s: put that before it into the setting mods", other);
            lua_getfield(L, -2, "version");
            have = lua_tostring(L, -1);
        }
        if (*least && compare_versions(have ? have : "0", least) < 0)
            luaL_error(L, "it requires %s %s, and this is %s", other, least, have);
        lua_settop(L, mod + 1);
    }
    lua_settop(L, mod);
}

static void copy_field(lua_State *L, int from, int to, const char *key) {
    lua_getfield(L, from, key);
    lua_setfield(L, to, key);
}

/* What setup is called with. */
static void push_handle(lua_State *L, const char *name, int mod) {
    lua_createtable(L, 0, 4);
    int object = lua_gettop(L);
    copy_field(L, mod, object, "name");
    copy_field(L, mod, object, "version");
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") == LUA_TTABLE && lua_getfield(L, -1, "mods") == LUA_TTABLE &&
        lua_getfield(L, -1, name) == LUA_TTABLE)
        lua_setfield(L, object, "config");
    lua_settop(L, object);
    if (lua_getfield(L, object, "config") == LUA_TNIL) {
        lua_newtable(L);
        lua_setfield(L, object, "config");
    }
    lua_settop(L, object);
    lua_pushstring(L, name);
    lua_pushcclosure(L, mod_override, 1);
    lua_setfield(L, object, "override");
}

/* One mod; its name at 1. What goes wrong is raised. */
static int load_mod(lua_State *L) {
    const char *name = lua_tostring(L, 1);
    lua_getglobal(L, "require");
    lua_pushfstring(L, "mods.%s.mod", name);
    lua_call(L, 1, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key);
    if (!lua_istable(L, 2) || !lua_getmetatable(L, 2) || !lua_rawequal(L, -1, -2))
        return luaL_error(L, "mod.lua must return mu.mod { … }");
    lua_settop(L, 2);
    lua_getfield(L, 2, "name"); /* checked when it was made; the script may have changed it since */
    const char *own = lua_tostring(L, -1);
    if (!own || strcmp(own, name) != 0)
        return luaL_error(L, "its folder is %s, its name is %s: they must be the same", name, own ? own : "missing");
    lua_settop(L, 2);
    check_requires(L, 2);
    if (push_mod(L, name)) {
        copy_field(L, 2, 3, "version");
        copy_field(L, 2, 3, "text");
        lua_pushboolean(L, 1);
        lua_setfield(L, 3, "enabled");
    }
    lua_settop(L, 2);
    lua_getfield(L, 2, "setup");
    push_handle(L, name, 2);
    lua_call(L, 1, 0);
    return 0;
}

static void complain_missing(lua_State *L, const char *name) {
    suggestion near = suggest_begin(name);
    char hint[128];
    int top = lua_gettop(L);
    push_known(L);
    for (lua_Integer i = 1; lua_rawgeti(L, top + 1, i) == LUA_TTABLE; i++) {
        lua_getfield(L, -1, "name");
        suggest_offer(&near, lua_tostring(L, -1)); /* kept by the list */
        lua_settop(L, top + 1);
    }
    generation_setting_error(generation_of(L), "mods", "there is no mod '%s' (mods/%s/mod.lua below the scripts)%s",
                             name, name, suggest_text(&near, hint, sizeof hint));
    lua_settop(L, top);
}

static bool enabled_already(lua_State *L, const char *name) {
    int top = lua_gettop(L);
    bool enabled = push_mod(L, name) && (lua_getfield(L, -1, "enabled"), lua_toboolean(L, -1));
    lua_settop(L, top);
    return enabled;
}

static void load_one(lua_State *L, const char *name) {
    generation *g = generation_of(L);
    int top = lua_gettop(L);
    if (!push_mod(L, name)) {
        complain_missing(L, name);
        return;
    }
    lua_settop(L, top);
    if (enabled_already(L, name)) {
        generation_setting_error(g, "mods", "'%s' is listed twice", name);
        return;
    }
    lua_pushcfunction(L, load_mod);
    lua_pushstring(L, name);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK) return;
    task_poll(L); /* a limit of loading: passed on */
    const char *said = luaL_tolstring(L, -1, NULL);
    if (strstr(said, lua_pushfstring(L, "mods/%s/", name)))
        generation_error(g, NULL, 0, "%s", said); /* it names file and line, and by that the mod */
    else
        generation_error(g, NULL, 0, "mod %s: %s", name, said);
    lua_settop(L, top);
}

static int extend_mods(generation *g) {
    lua_State *L = g->L;
    know_all(L);
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") != LUA_TTABLE || lua_getfield(L, -1, "mods") != LUA_TTABLE) return 0;
    int list = lua_gettop(L);
    for (lua_Integer i = 1; i <= MODS_MOST && lua_geti(L, list, i) == LUA_TSTRING; i++) {
        load_one(L, lua_tostring(L, -1));
        lua_settop(L, list);
    }
    return 0;
}

/* ---- mu.mods ---- */

static int list_mods(lua_State *L) {
    push_known(L);
    lua_newtable(L);
    for (lua_Integer i = 1; lua_rawgeti(L, 1, i) == LUA_TTABLE; i++) {
        lua_newtable(L);
        for (lua_pushnil(L); lua_next(L, 3);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            if (lua_istable(L, -1)) { /* a copy: nobody writes into ours */
                lua_newtable(L);
                for (lua_Integer k = 1; lua_rawgeti(L, -2, k) != LUA_TNIL; k++) lua_rawseti(L, -2, k);
                lua_pop(L, 1);
                lua_remove(L, -2);
            }
            lua_rawset(L, 4);
        }
        lua_rawseti(L, 2, i);
        lua_settop(L, 2);
    }
    lua_settop(L, 2);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.mod",
     .params = "mod: table",
     .returns = "mod",
     .text =
         "what a mod's mod.lua returns: { name = its folder's, version = \"1.0\", text = what for, requires = { "
         "\"server 0.1\", \"other_mod 1.2\" }, setup = function(mod) … end }. setup may declare whatever scripts may, "
         "and mod.override(name, function(super, …) … end); mod.config holds the settings below mods.<name>",
     .errors = "a field missing, unknown or of the wrong type",
     .example = "return mu.mod { name = \"quiet\", version = \"1.0\", text = \"nothing\", setup = function(mod) end }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = declare_mod},
    {.name = "mu.mods",
     .returns = "table[]",
     .text =
         "the mods that are there, in order of name: { name, enabled, file, version, text, overrides } each; the last "
         "three of those switched on",
     .example = "#mu.mods() >= 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = list_mods},
};

/* What the mod that setup is given has; made and checked above. */
static const script_function listed[] = {
    {.name = "mod.override",
     .params = "name: string, fn: function",
     .text = "puts fn(super, …) in the place of a command's handler (\"util.ping\") or of a function of a module "
             "(\"services.menu.lines\"); super(…) is what was there",
     .errors = "there is nothing of that name, with the nearest one",
     .example =
         "return mu.mod { name = \"quiet\", version = \"1.0\", text = \"nothing\", setup = function(mod) "
         "mod.override(\"util.ping\", function(super, session, request) return super(session, request) end) end }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY},
    {.name = "mod.config",
     .returns = "table",
     .text = "the settings below mods.<its name>; its settings.lua declares them",
     .example = "return mu.mod { name = \"quiet\", version = \"1.0\", text = \"nothing\", setup = function(mod) "
                "assert(mod.config) end }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY | SCRIPT_VALUE},
};

static int open_mods(generation *g, lua_State *L) {
    (void)g;
    script_list(listed, sizeof listed / sizeof *listed);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_mods = {.name = "mods", .open = open_mods, .extend = extend_mods};
