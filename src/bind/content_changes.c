/* content_changes.c: mu.content.change: scripts say, while they load, what is different in the game's live
 * configuration.
 *
 * The table of a change, all texts but for `values` and `steps`:
 *
 *     { op = "edit", file = "biogame", section = "sfxgame…", property = "packlist",
 *       steps  = { { PackName = "silver" }, "Pools", { PoolName = "gold" } },
 *       values = { Weight = { "10" } } }                  { text } as it is; a bare text takes the form of the old one
 *     { op = "list", …, values = { "(A=1)", "(A=2)" } }
 */
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bind/content.h"
#include "script/declare.h"

#define PAIRS_MAX 4096

typedef struct maker {
    lua_State *L;
    change_list *list;
} maker;

/* The line of the script that speaks: the nearest one that is no helper of ours (scripts/content/). 0 = none. */
static int find_place(lua_State *L, lua_Debug *ar) {
    for (int level = 1; lua_getstack(L, level, ar); level++) {
        lua_getinfo(L, "Sl", ar);
        if (ar->currentline > 0 && !strstr(ar->short_src, "scripts/content/")) return ar->currentline;
    }
    return 0;
}

static _Noreturn void __attribute__((format(printf, 2, 3))) fail(lua_State *L, const char *format, ...) {
    char text[256];
    lua_Debug ar;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int line = find_place(L, &ar);
    lua_pushfstring(L, "%s:%d: %s", line ? ar.short_src : "a script", line, text);
    lua_error(L);
    __builtin_unreachable();
}

static _Noreturn void too_much(lua_State *L) {
    fail(L, "more than %u changes of the balance, or more than %zu MiB of them", CHANGES_MAX, CHANGE_MEMORY >> 20);
}

static bytes copy_text(const maker *m, int index, const char *what) {
    size_t n;
    if (lua_type(m->L, index) != LUA_TSTRING) fail(m->L, "%s must be a string", what);
    const char *text = lua_tolstring(m->L, index, &n);
    if (memchr(text, 0, n)) fail(m->L, "there is a NUL in %s", what);
    char *own = arena_text(&m->list->memory, text, n);
    if (!own) too_much(m->L);
    return (bytes){(const uint8_t *)own, n};
}

static bytes field_text(const maker *m, const char *key) {
    if (lua_getfield(m->L, 1, key) != LUA_TSTRING) fail(m->L, "%s must be a string", key);
    bytes s = copy_text(m, -1, key);
    if (s.n == 0) fail(m->L, "%s must not be empty", key);
    lua_pop(m->L, 1);
    return s;
}

static change_pair *new_pair(const maker *m) {
    change_pair *p = arena_new(&m->list->memory, sizeof *p);
    if (!p) too_much(m->L);
    return p;
}

/* The value on top: "text" or { "literal" }. */
static void read_pair_value(const maker *m, change_pair *p) {
    p->plain = lua_type(m->L, -1) == LUA_TSTRING;
    if (p->plain) {
        p->value = copy_text(m, -1, "a value");
        return;
    }
    if (!lua_istable(m->L, -1)) fail(m->L, "a value must be a string or { string }");
    lua_rawgeti(m->L, -1, 1);
    p->value = copy_text(m, -1, "a value");
    lua_pop(m->L, 1);
}

static int by_key(const change_pair *a, const change_pair *b) {
    size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
    int order = memcmp(a->key.p, b->key.p, n);
    return order ? order : (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

/* key → value of the table at `index`, by key: the same table gives the same result, whatever order Lua has. */
static change_pair *read_map(const maker *m, int index) {
    lua_State *L = m->L;
    change_pair *first = NULL;
    int count = 0; /* each is put in its place by a walk */
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (++count > PAIRS_MAX) fail(L, "more than %d keys", PAIRS_MAX);
        change_pair *p = new_pair(m), **at = &first;
        p->key = copy_text(m, -2, "a key");
        read_pair_value(m, p);
        while (*at && by_key(*at, p) < 0) at = &(*at)->next;
        p->next = *at;
        *at = p;
    }
    return first;
}

static change_pair *read_list(const maker *m, int index) {
    change_pair *first = NULL, **end = &first;
    lua_Integer n = (lua_Integer)lua_rawlen(m->L, index);
    if (n > PAIRS_MAX) fail(m->L, "more than %d values", PAIRS_MAX);
    for (lua_Integer i = 1; i <= n; i++, end = &(*end)->next) {
        lua_rawgeti(m->L, index, i);
        *end = new_pair(m);
        (*end)->value = copy_text(m, -1, "a value");
        lua_pop(m->L, 1);
    }
    return first;
}

static change_step *read_steps(const maker *m, int index) {
    lua_State *L = m->L;
    change_step *first = NULL, **end = &first;
    lua_Integer n = (lua_Integer)lua_rawlen(L, index);
    if (n > CHANGE_STEPS) fail(L, "more than %d steps", CHANGE_STEPS);
    for (lua_Integer i = 1; i <= n; i++, end = &(*end)->next) {
        *end = arena_new(&m->list->memory, sizeof **end);
        if (!*end) too_much(L);
        if (lua_rawgeti(L, index, i) == LUA_TTABLE)
            (*end)->where = read_map(m, lua_gettop(L));
        else
            (*end)->key = copy_text(m, -1, "a step");
        lua_pop(L, 1);
    }
    return first;
}

static void set_place(const maker *m, change *c) {
    lua_Debug ar;
    int line = find_place(m->L, &ar);
    c->line = (unsigned)line;
    c->origin = line ? arena_text(&m->list->memory, ar.short_src, strlen(ar.short_src)) : "a script";
    if (!c->origin) too_much(m->L);
}

static int l_change(lua_State *L) {
    maker m = {L, content_changes(generation_of(L))};
    if (lua_getfield(L, 1, "op") != LUA_TSTRING) fail(L, "op must be a string");
    int op = change_op_parse(lua_tostring(L, -1));
    if (op < 0) fail(L, "there is no op '%s'", lua_tostring(L, -1));
    bytes file = field_text(&m, "file"), section = field_text(&m, "section"), property = field_text(&m, "property");
    change *c = change_add(m.list, (enum change_op)op, file, section, property);
    if (!c) too_much(L);
    set_place(&m, c);
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "values") == LUA_TTABLE) c->values = op == CHANGE_EDIT ? read_map(&m, 2) : read_list(&m, 2);
    if (lua_getfield(L, 1, "steps") == LUA_TTABLE) c->steps = read_steps(&m, 3);
    if (op == CHANGE_EDIT && !c->values) fail(L, "an edit needs values to set");
    return 0;
}

static int l_scripts(lua_State *L) {
    size_t n;
    const char *folder = lua_tolstring(L, 1, &n);
    lua_Integer count = 0;
    lua_newtable(L);
    for (size_t i = 0;; i++) {
        const char *key = generation_source(generation_of(L), i);
        if (!key) break;
        size_t length = strlen(key);
        if (strncmp(key, folder, n) != 0 || key[n] != '/' || length < n + 6 || strchr(key + n + 1, '/')) continue;
        lua_pushlstring(L, key + n + 1, length - n - 5);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

static int l_place(lua_State *L) {
    lua_Debug ar;
    int line = find_place(L, &ar);
    lua_pushfstring(L, "%s:%d", line ? ar.short_src : "a script", line);
    return 1;
}

#define NAMES_MAX 1024

static int l_nearest(lua_State *L) {
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (lua_Integer i = 1; count < NAMES_MAX && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        names[count++] = lua_tostring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    const char *near = script_nearest(lua_tostring(L, 1), names, count);
    lua_pushstring(L, near);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.content.change",
     .params = "change: table",
     .returns = "nil",
     .text =
         "One change of the game's live configuration, in the order of the calls; content/balance.lua has the words "
         "for it. op: set, list, add, remove, reset, keep, edit. The place of the caller is remembered.",
     .errors = "a field that is missing or no text; too many changes",
     .example = "mu.content.change { op = \"set\", file = \"bioweapon\", section = \"sfxgame.example\", property = "
                "\"magsize\", "
                "values = { \"(X=30,Y=30)\" } }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_change},
    {.name = "mu.content.scripts",
     .params = "folder: string",
     .returns = "table",
     .text = "The names, without .lua, of the scripts that lie in a folder of scripts/; to require them all.",
     .example = "mu.content.scripts \"balance\"",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_scripts},
    {.name = "mu.content.place",
     .params = "",
     .returns = "string",
     .text = "File and line of the balance script that speaks, for messages about it.",
     .example = "#mu.content.place() > 0",
     .since = "0.1",
     .call = l_place},
    {.name = "mu.content.nearest",
     .params = "word: string, names: table",
     .returns = "string?",
     .text = "The name that a mistyped word may stand for; nil when none is near.",
     .example = "mu.content.nearest(\"matock\", { \"mattock\" }) == \"mattock\"",
     .since = "0.1",
     .call = l_nearest},
};

void content_open_changes(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
