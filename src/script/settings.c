/* settings.c: the operator's settings: declared by scripts/settings.lua (mu.settings), set by config.lua and --set.
 *
 * A config file is a text chunk that returns one table; it sees only harmless globals. Every key has to be declared, of
 * the right type and in range; each mistake is reported with its line and, for an unknown key, the nearest known one.
 * The result is mu.config, read-only, with a default for whatever is not set. The engine's own limits are declared here
 * in the same way, as limits.*. */
#include "script/settings.h"
#include "base/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char declared_key, values_key, places_key;

#define MIB ((size_t)1 << 20)

static const struct engine_setting {
    const char *path;
    lua_Integer value, min, max;
    const char *text;
} engine_settings[] = {
    {"limits.burst_warn_ms", 200, 1, 60000, "a handler that runs this long without a pause is named in the log"},
    {"limits.burst_ms", 1000, 5, 60000, "… and this long: it is ended"},
    {"limits.task_seconds", 60, 1, 86400, "whole time of a handler, waiting included"},
    {"limits.await_seconds", 30, 1, 86400, "longest wait for one answer (store, password, http)"},
    {"limits.load_seconds", 10, 1, 600, "time to load all scripts"},
    {"limits.task_memory_mib", 64, 1, 65536, "memory that one handler may take"},
    {"limits.memory_mib", 256, 4, 65536, "memory of all scripts together"},
    {"limits.coroutines", 20000, 100, 10000000, "coroutines that one handler may make without a pause"},
    {"limits.tasks", 10000, 100, 1000000, "background tasks and handlers of events that may be under way"},
    {"limits.source_kib", 1024, 16, SOURCE_MAX >> 10, "size of one file of scripts"},
    {"limits.sources_mib", 32, 1, SOURCES_MAX >> 20, "size of all files of scripts together"},
};

#define ENGINE_SETTINGS (sizeof engine_settings / sizeof *engine_settings)

static script_limits limits_of(const lua_Integer n[ENGINE_SETTINGS]) {
    return (script_limits){.burst_warn_us = n[0] * 1000,
                           .burst_us = n[1] * 1000,
                           .task_us = n[2] * 1000000,
                           .await_us = n[3] * 1000000,
                           .load_us = n[4] * 1000000,
                           .task_memory = (size_t)n[5] * MIB,
                           .memory = (size_t)n[6] * MIB,
                           .coroutines = (uint32_t)n[7],
                           .tasks = (uint32_t)n[8],
                           .source = (size_t)n[9] << 10,
                           .sources = (size_t)n[10] * MIB};
}

void settings_limits_default(script_limits *l) {
    lua_Integer numbers[ENGINE_SETTINGS];
    for (size_t i = 0; i < ENGINE_SETTINGS; i++) numbers[i] = engine_settings[i].value;
    *l = limits_of(numbers);
}

/* ---- declarations: registry table path → { type=, default=, text=, min=, max=, values=, of=, fields=, where= } ----
 */

/* Pushes the registry's table of that key; true when it had to be made. */
static bool push_table(lua_State *L, const char *key) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) return false;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
    return true;
}

void settings_push_values(lua_State *L) { push_table(L, &values_key); }
void settings_push_places(lua_State *L) { push_table(L, &places_key); }

void settings_push_declared(lua_State *L) {
    if (!push_table(L, &declared_key)) return;
    for (size_t i = 0; i < ENGINE_SETTINGS; i++) {
        const struct engine_setting *s = &engine_settings[i];
        lua_createtable(L, 0, 5);
        lua_pushliteral(L, "integer");
        lua_setfield(L, -2, "type");
        lua_pushinteger(L, s->value);
        lua_setfield(L, -2, "default");
        lua_pushinteger(L, s->min);
        lua_setfield(L, -2, "min");
        lua_pushinteger(L, s->max);
        lua_setfield(L, -2, "max");
        lua_pushstring(L, s->text);
        lua_setfield(L, -2, "text");
        lua_setfield(L, -2, s->path);
    }
}

static bool known_type(const char *type) {
    static const char *const names[] = {"boolean", "integer", "number", "string", "list", "table"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(type, names[i]) == 0) return true;
    }
    return false;
}

static bool good_path(const char *path) {
    size_t n = strlen(path);
    return n > 0 && n < 100 && strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == n &&
           path[0] != '.' && path[n - 1] != '.' && !strstr(path, "..");
}

/* A key of a declaration that means nothing is a mistake. */
static bool good_keys(lua_State *L, int declaration, const char *path) {
    static const char *const keys[] = {"type",   "default", "text",   "min",  "max",
                                       "values", "of",      "fields", "live", "secret"};
    bool good = true;
    char hint[100];
    int top = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, declaration); lua_settop(L, top + 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[not a name]";
        bool known = false;
        for (size_t i = 0; !known && i < sizeof keys / sizeof *keys; i++) known = strcmp(key, keys[i]) == 0;
        if (known) continue;
        suggestion near = suggest_begin(key);
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) suggest_offer(&near, keys[i]);
        generation_error_here(L, "mu.settings: '%s' has no '%s'%s", path, key, suggest_text(&near, hint, sizeof hint));
        good = false;
    }
    lua_settop(L, top);
    return good;
}

/* The declaration at `declaration`: is it one? */
static bool good_declaration(lua_State *L, int declared, int declaration, const char *path) {
    if (!lua_istable(L, declaration)) {
        generation_error_here(L, "mu.settings: '%s' must be a table { type =, default =, text = }", path);
        return false;
    }
    bool good = good_keys(L, declaration, path);
    int top = lua_gettop(L);
    if (lua_getfield(L, declared, path) != LUA_TNIL) {
        generation_error_here(L, "mu.settings: '%s' is declared twice", path);
        good = false;
    }
    lua_getfield(L, declaration, "type");
    const char *type = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!known_type(type)) {
        generation_error_here(L, "mu.settings: '%s' needs a type: boolean, integer, number, string, list or table",
                              path);
        good = false;
    } else if (lua_getfield(L, declaration, "default") != LUA_TNIL && !settings_has_type(L, -1, type)) {
        generation_error_here(L, "mu.settings: the default of '%s' is no %s", path, type);
        good = false;
    }
    lua_settop(L, top);
    return good;
}

/* A mod's keys are below mods.<its name>. */
static bool may_declare(const generation *g, const char *path) {
    const char *mod = g->own->settings_mod;
    size_t n = mod ? strlen(mod) : 0;
    return !mod || (strncmp(path, "mods.", 5) == 0 && strncmp(path + 5, mod, n) == 0 && path[5 + n] == '.');
}

int settings_declare(lua_State *L) {
    const generation *g = generation_of(L);
    if (!g->own->settings_open) return luaL_error(L, "mu.settings can be called only in settings.lua");
    settings_push_declared(L);
    int declared = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, 1); lua_settop(L, declared + 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !good_path(lua_tostring(L, -2))) {
            generation_error_here(L, "mu.settings: a key must be a path such as 'web.port'");
            continue;
        }
        if (!may_declare(g, lua_tostring(L, -2))) {
            generation_error_here(L, "mu.settings: '%s' is not below 'mods.%s.'", lua_tostring(L, -2),
                                  g->own->settings_mod);
            continue;
        }
        if (!good_declaration(L, declared, declared + 2, lua_tostring(L, -2))) continue;
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, declared);
    }
    return 0;
}

/* ---- the tables of the config files ---- */

/* Is some declared path below `prefix.`? */
static bool is_group(lua_State *L, int declared, const char *prefix) {
    size_t n = strlen(prefix);
    int top = lua_gettop(L);
    bool found = false;
    for (lua_pushnil(L); !found && lua_next(L, declared); lua_settop(L, top + 1)) {
        const char *path = lua_tostring(L, -2);
        found = strncmp(path, prefix, n) == 0 && path[n] == '.';
    }
    lua_settop(L, top);
    return found;
}

static bool is_list_group(lua_State *L, int declared, const char *path) {
    lua_getfield(L, declared, path);
    lua_getfield(L, -1, "type");
    bool list = lua_isstring(L, -1) && *lua_tostring(L, -1) == 'l';
    lua_pop(L, 2);
    return list && is_group(L, declared, path);
}

/* Offers a name that does not last: what is best is copied. */
static void offer(suggestion *near, const char *name, char best[100]) {
    const char *before = near->best;
    suggest_offer(near, name);
    if (near->best == before) return;
    snprintf(best, 100, "%s", name);
    near->best = best;
}

/* What the unknown path may have meant: a declared path, or a group of them ("server" of "server.name"). */
static void complain_unknown(lua_State *L, int declared, const char *path, const settings_place *p) {
    char group[100], best[100] = "", hint[160];
    suggestion near = suggest_begin(path);
    int top = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, declared); lua_settop(L, top + 1)) {
        const char *known = lua_tostring(L, -2);
        offer(&near, known, best);
        for (const char *dot = known; (dot = strchr(dot, '.')) != NULL; dot++) {
            snprintf(group, sizeof group, "%.*s", (int)(dot - known), known);
            offer(&near, group, best);
        }
    }
    lua_settop(L, top);
    settings_complain(p, path, "there is no such setting%s", suggest_text(&near, hint, sizeof hint));
}

int settings_try(lua_State *L, const char *path, int value, const settings_place *p) {
    int top = lua_gettop(L);
    bool good = false;
    value = lua_absindex(L, value);
    settings_push_declared(L);
    if (lua_getfield(L, -1, path) == LUA_TTABLE)
        good = settings_check(L, lua_gettop(L), value, path, p);
    else
        complain_unknown(L, top + 1, path, p);
    lua_settop(L, top);
    return good ? 0 : E_CONFIG;
}

static void set_checked(lua_State *L, int declared, int values, int value, const char *path, const settings_place *p) {
    lua_getfield(L, declared, path);
    if (settings_check(L, lua_gettop(L), value, path, p)) {
        lua_pushvalue(L, value);
        lua_setfield(L, values, path);
        settings_push_places(L);
        if (p->file)
            lua_pushfstring(L, "%s:%d", p->file->name, settings_line(p->file, path));
        else
            lua_pushliteral(L, "--set");
        lua_setfield(L, -2, path);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* `mods = { "a", "b", a = { … } }` is a list and a group: leaves the list at `table` and pushes the group. */
static void split(lua_State *L, int table) {
    lua_newtable(L);
    lua_newtable(L);
    int list = lua_gettop(L) - 1, group = list + 1;
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, group + 1)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, lua_type(L, -2) == LUA_TNUMBER ? list : group);
    }
    lua_pushvalue(L, list);
    lua_replace(L, table);
    lua_remove(L, list);
}

static void walk(lua_State *L, int declared, int values, int table, const char *prefix, const settings_place *p);

/* One key of a table, the value on top of the stack. */
static void walk_key(lua_State *L, int declared, int values, const char *path, const settings_place *p) {
    int value = lua_gettop(L);
    bool known = lua_getfield(L, declared, path) == LUA_TTABLE;
    bool group = lua_istable(L, value) && is_group(L, declared, path);
    lua_settop(L, value);
    if (known && group) split(L, value); /* the list, and the rest of the table on top of the stack */
    if (known) set_checked(L, declared, values, value, path, p);
    if (group)
        walk(L, declared, values, lua_gettop(L), path, p);
    else if (!known)
        complain_unknown(L, declared, path, p);
}

typedef struct walk_place {
    const char *name;
    int line;
} walk_place;

static int by_line(const void *a, const void *b) {
    const walk_place *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : strcmp(x->name, y->name);
}

/* The keys in the order of their lines, so that mistakes are told as they stand in the file. */
static void walk(lua_State *L, int declared, int values, int table, const char *prefix, const settings_place *p) {
    enum { KEYS_MAX = 500 };
    char path[300];
    size_t count = 0;
    int top = lua_gettop(L);
    luaL_checkstack(L, 20, "settings nested too deeply");
    walk_place *keys = lua_newuserdatauv(L, KEYS_MAX * sizeof *keys, 0);
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, top + 2)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            settings_complain(p, *prefix ? prefix : "config", "has a value without a name");
        } else if (count == KEYS_MAX) {
            settings_complain(p, *prefix ? prefix : "config", "has more than %d keys", KEYS_MAX);
        } else {
            snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", lua_tostring(L, -2));
            keys[count++] = (walk_place){lua_tostring(L, -2), p->file ? settings_line(p->file, path) : 0};
        }
    }
    lua_settop(L, top + 1);
    qsort(keys, count, sizeof *keys, by_line);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", keys[i].name);
        lua_getfield(L, table, keys[i].name);
        walk_key(L, declared, values, path, p);
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
}

/* What a config file sees: the values of the sealed globals that do no harm. */
static void push_environment(lua_State *L) {
    static const char *const names[] = {"math",   "string", "table", "tostring", "tonumber",
                                        "ipairs", "pairs",  "os",    "type",     "error"};
    lua_newtable(L);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getglobal(L, names[i]);
        lua_setfield(L, -2, names[i]);
    }
}

/* The first file is "config.lua"; a later one is named with its folder: "data/config.lua". */
static const char *shown_name(const char *path, bool first) {
    const char *name = path + strlen(path);
    for (int parts = first ? 1 : 2; name > path; name--) {
        if (name[-1] == '/' && --parts == 0) break;
    }
    return name;
}

static void read_config(lua_State *L, int declared, int values, const char *path, bool first) {
    generation *g = generation_of(L);
    const char *name = shown_name(path, first);
    char chunk[256];
    int top = lua_gettop(L);
    const source *file = sources_file(g->own->sources, path, name, g);
    if (!file || file->wrong) return;
    snprintf(chunk, sizeof chunk, "@%s", name);
    if (luaL_loadbufferx(L, file->text, file->size, chunk, "t") != LUA_OK) {
        generation_error(g, NULL, 0, "%s", lua_tostring(L, -1));
        lua_settop(L, top);
        return;
    }
    push_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    settings_place p = {.generation = g, .file = file};
    if (lua_istable(L, -1))
        walk(L, declared, values, lua_gettop(L), "", &p);
    else
        generation_error(g, name, 0, "must return a table of settings");
    lua_settop(L, top);
}

/* One "a.b=value": the text is read as the declared type. */
static void apply_override(lua_State *L, int declared, int values, const char *text) {
    generation *g = generation_of(L);
    const char *equals = strchr(text, '=');
    char path[120];
    int top = lua_gettop(L);
    settings_place p = {.generation = g};
    if (!equals || (size_t)(equals - text) >= sizeof path) {
        generation_error(g, NULL, 0, "--set %s: must be path=value", text);
        return;
    }
    snprintf(path, sizeof path, "%.*s", (int)(equals - text), text);
    if (lua_getfield(L, declared, path) != LUA_TTABLE) {
        complain_unknown(L, declared, path, &p);
        lua_settop(L, top);
        return;
    }
    lua_getfield(L, -1, "type");
    const char *type = lua_tostring(L, -1);
    if (type && *type == 's') {
        lua_pushstring(L, equals + 1);
    } else {
        lua_pushfstring(L, "return %s", equals + 1);
        const char *chunk = lua_tostring(L, -1);
        if (luaL_loadbufferx(L, chunk, strlen(chunk), "=--set", "t") != LUA_OK) {
            settings_complain(&p, path, "'%s' is not a value", equals + 1);
            lua_settop(L, top);
            return;
        }
        lua_newtable(L);
        lua_setupvalue(L, -2, 1);
        lua_call(L, 0, 1);
    }
    set_checked(L, declared, values, lua_gettop(L), path, &p);
    lua_settop(L, top);
}

/* ---- the result ---- */

/* config.a.b = the value on top of the stack (popped). */
static void place_value(lua_State *L, int config, const char *path) {
    const char *dot;
    int value = lua_gettop(L);
    lua_pushvalue(L, config);
    for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        lua_pushlstring(L, path, (size_t)(dot - path));
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) != LUA_TTABLE) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
    }
    lua_pushvalue(L, value);
    lua_setfield(L, -2, path);
    lua_settop(L, value - 1);
}

static void read_limits(lua_State *L, int values, script_limits *l) {
    lua_Integer numbers[ENGINE_SETTINGS];
    for (size_t i = 0; i < ENGINE_SETTINGS; i++) {
        lua_getfield(L, values, engine_settings[i].path);
        numbers[i] = lua_isnil(L, -1) ? engine_settings[i].value : (lua_Integer)lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    *l = limits_of(numbers);
}

int settings_evaluate(generation *g, lua_State *L) {
    const engine_options *o = &g->engine->options;
    settings_push_declared(L);
    int declared = lua_gettop(L), values = declared + 1, config = declared + 2;
    settings_push_values(L);
    lua_newtable(L);
    for (const char *const *path = o->config_files; path && *path; path++)
        read_config(L, declared, values, *path, path == o->config_files);
    for (const char *const *text = o->overrides; text && *text; text++) apply_override(L, declared, values, *text);
    settings_hold(L, declared, values);
    for (int groups = 1; groups >= 0; groups--) { /* a list that is a group as well comes before what is in it */
        for (lua_pushnil(L); lua_next(L, declared); lua_settop(L, config + 1)) {
            const char *path = lua_tostring(L, -2);
            if (is_list_group(L, declared, path) != groups) continue;
            if (lua_getfield(L, values, path) == LUA_TNIL) {
                lua_pop(L, 1);
                lua_getfield(L, -1, "default");
            }
            if (groups && lua_istable(L, -1)) {
                split(L, lua_gettop(L)); /* one's own: more is put into it */
                lua_pop(L, 1);
            }
            if (!lua_isnil(L, -1)) place_value(L, config, path);
        }
    }
    read_limits(L, values, &g->own->limits);
    script_freeze(L, config, "mu.config");
    lua_getglobal(L, "mu");
    sandbox_real(L, -1);
    lua_pushvalue(L, config);
    lua_setfield(L, -2, "config");
    lua_settop(L, declared - 1);
    return 0;
}

void generation_setting_error(generation *g, const char *path, const char *format, ...) {
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const source *found = NULL;
    int line = 0;
    for (size_t i = 0; i < g->own->sources->count; i++) { /* in the order of reading: the last one counts */
        const source *s = &g->own->sources->list[i];
        int at = s->config && s->text ? settings_line(s, path) : 0;
        if (at) found = s, line = at;
    }
    generation_error(g, found ? found->name : NULL, line, "%s: %s", path, text);
}
