/* declare.c: checks arguments from the declaration; keeps the list of all declarations. See declare.h. */
#include "script/declare.h"
#include "script/state.h"
#include "base/check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PARAMS_MAX 12
#define LISTS_MAX  128

enum {
    TYPE_NIL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8,
    TYPE_STRING = 16,
    TYPE_TABLE = 32,
    TYPE_FUNCTION = 64,
    TYPE_USERDATA = 128,
    TYPE_ANY = 256,
};

static const struct {
    const char *name;
    unsigned bit;
} types[] = {
    {"nil", TYPE_NIL},           {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER},   {"number", TYPE_NUMBER},
    {"string", TYPE_STRING},     {"table", TYPE_TABLE},     {"function", TYPE_FUNCTION}, {"record", TYPE_USERDATA},
    {"userdata", TYPE_USERDATA}, {"any", TYPE_ANY}};

typedef struct param {
    unsigned accepts;
    bool optional;
    const char *name, *type; /* into the declaration's text */
    uint8_t name_length, type_length;
} param;

typedef struct compiled {
    const script_function *function;
    unsigned count, self; /* self: 1 for a method */
    bool rest;
    param params[PARAMS_MAX];
} compiled;

/* ---- the process-wide list ---- */

static struct {
    pthread_mutex_t lock;
    const script_function *lists[LISTS_MAX];
    size_t counts[LISTS_MAX], used;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

void script_list(const script_function *list, size_t count) {
    pthread_mutex_lock(&all.lock);
    size_t i = 0;
    while (i < all.used && all.lists[i] != list) i++;
    if (i == all.used && expect(all.used < LISTS_MAX)) {
        all.lists[i] = list, all.counts[i] = count;
        all.used++;
    }
    pthread_mutex_unlock(&all.lock);
}

const script_function *script_declared(size_t i) {
    const script_function *found = NULL;
    pthread_mutex_lock(&all.lock);
    for (size_t list = 0; list < all.used && !found; list++) {
        if (i < all.counts[list])
            found = &all.lists[list][i];
        else
            i -= all.counts[list];
    }
    pthread_mutex_unlock(&all.lock);
    return found;
}

/* ---- reading a declaration ---- */

static const char *skip_blanks(const char *s) { return s + strspn(s, " "); }

/* NULL for a type that does not exist. */
static const char *read_type(const char *s, param *p) {
    p->type = s;
    for (;;) {
        size_t n = strcspn(s, "|?, ");
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            if (strlen(types[i].name) == n && strncmp(types[i].name, s, n) == 0) bit = types[i].bit;
        }
        if (!bit) return NULL;
        p->accepts |= bit;
        s += n;
        if (*s != '|') break;
        s++;
    }
    p->type_length = (uint8_t)(s - p->type);
    if (*s == '?') p->optional = true, s++;
    return skip_blanks(s);
}

/* NULL, or where it cannot be read on. */
static const char *read_params(const char *params, compiled *c) {
    const char *s = params ? skip_blanks(params) : "";
    while (*s) {
        const char *start = s;
        if (strncmp(s, "...", 3) == 0) {
            c->rest = true;
            break;
        }
        if (c->count == PARAMS_MAX) return start;
        param *p = &c->params[c->count++];
        p->name = s;
        s += strcspn(s, "?:, ");
        if (s == start || s - start > UINT8_MAX) return start;
        p->name_length = (uint8_t)(s - p->name);
        if (*s == '?') p->optional = true, s++;
        s = skip_blanks(s);
        if (*s != ':' || !(s = read_type(skip_blanks(s + 1), p))) return start;
        if (p->accepts & (TYPE_NIL | TYPE_ANY)) p->optional = true;
        if (*s && *s != ',') return start;
        if (*s == ',') s = skip_blanks(s + 1);
    }
    return NULL;
}

bool script_params_wrong(const char *params, char *text, size_t size) {
    compiled c = {0};
    const char *at = read_params(params, &c);
    if (!at) return false;
    snprintf(text, size,
             c.count == PARAMS_MAX ? "more than 12 of them, from '%.40s' on"
                                   : "'%.40s' is not \"name: type\" with a type of nil, boolean, integer, number, "
                                     "string, table, function, record, userdata, any",
             at);
    return true;
}

/* A mistake in a declaration of C is a mistake of ours. */
static void compile(const script_function *f, compiled *c) {
    *c = (compiled){.function = f, .self = strchr(f->name, ':') ? 1 : 0};
    require(read_params(f->params, c) == NULL);
}

/* ---- checking ---- */

static bool fits(lua_State *L, int index, unsigned accepts) {
    if (accepts & TYPE_ANY) return true;
    switch (lua_type(L, index)) {
    case LUA_TNIL: return accepts & TYPE_NIL;
    case LUA_TBOOLEAN: return accepts & TYPE_BOOLEAN;
    case LUA_TSTRING: return accepts & TYPE_STRING;
    case LUA_TTABLE: return accepts & TYPE_TABLE;
    case LUA_TFUNCTION: return accepts & TYPE_FUNCTION;
    case LUA_TUSERDATA: return accepts & TYPE_USERDATA;
    case LUA_TNUMBER:
        if (accepts & TYPE_NUMBER) return true;
        if (!(accepts & TYPE_INTEGER)) return false;
        if (!lua_isinteger(L, index)) {
            int whole;
            lua_Integer value = lua_tointegerx(L, index, &whole);
            if (!whole) return false;
            lua_pushinteger(L, value);
            lua_replace(L, index);
        }
        return true;
    default: return false;
    }
}

static int wrong_type(lua_State *L, const compiled *c, const param *p, int index) {
    const char *got = index > lua_gettop(L) ? "nothing" : luaL_typename(L, index);
    if (lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index)) got = "number with a fraction";
    const char *article = strchr("aeiou", *p->type) ? "an" : "a";
    const char *type = lua_pushlstring(L, p->type, p->type_length);
    type = luaL_gsub(L, type, "|", " or ");
    lua_pushlstring(L, p->name, p->name_length);
    if (index > lua_gettop(L) || strcmp(got, "nil") == 0 || strcmp(got, "nothing") == 0 ||
        strcmp(got, "no value") == 0) {
        return luaL_error(L, "%s: argument '%s' must be %s %s, got nothing", c->function->name, lua_tostring(L, -1),
                          article, type);
    }
    return luaL_error(L, "%s: argument '%s' must be %s %s, got %s %s", c->function->name, lua_tostring(L, -1), article,
                      type, strchr("aeiou", *got) ? "an" : "a", got);
}

static int checked_call(lua_State *L) {
    const compiled *c = lua_touserdata(L, lua_upvalueindex(1));
    const script_function *f = c->function;
    int count = lua_gettop(L), most = (int)(c->count + c->self);
    if (__builtin_expect(f->flags != 0, 0)) {
        const generation *g = generation_of(L);
        if ((f->flags & SCRIPT_LOAD_ONLY) && !g->loading) {
            return luaL_error(L, "%s can be called only while scripts load", f->name);
        }
        if ((f->flags & SCRIPT_RUN_ONLY) && g->loading) {
            return luaL_error(L, "%s cannot be called while scripts load", f->name);
        }
    }
    for (unsigned i = 0; i < c->count; i++) {
        const param *p = &c->params[i];
        int index = (int)(i + c->self) + 1;
        if (index > count || lua_isnil(L, index)) {
            if (!p->optional) return wrong_type(L, c, p, index);
        } else if (!fits(L, index, p->accepts)) {
            return wrong_type(L, c, p, index);
        }
    }
    if (count > most && !c->rest) {
        return luaL_error(L, "%s takes %d argument%s, got %d", f->name, (int)c->count, c->count == 1 ? "" : "s",
                          count - (int)c->self);
    }
    if (!(f->flags & SCRIPT_SUSPENDS)) return f->call(L);
    suspend_check(L, f->name);
    int results = f->call(L); /* does not come back when it waits */
    generation_of(L)->own->may_wait = NULL;
    return results;
}

void script_push_function(lua_State *L, const script_function *f) {
    compiled *c = lua_newuserdatauv(L, sizeof *c, 0);
    compile(f, c);
    lua_pushcclosure(L, checked_call, 1);
}

void script_push_closure(lua_State *L, const script_function *f) {
    compiled *c = lua_newuserdatauv(L, sizeof *c, 0);
    compile(f, c);
    lua_insert(L, -2);
    lua_pushcclosure(L, checked_call, 2);
}

/* ---- placing ---- */

/* Replaces the table on top of the stack by its field `key`, made when missing; the real one behind a sealed table. */
static void enter_table(lua_State *L, const char *key, size_t length) {
    lua_pushlstring(L, key, length);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    lua_remove(L, -2);
    lua_remove(L, -2);
}

void script_methods(lua_State *L, const char *kind) {
    static const char methods_key;
    luaL_checkstack(L, 8, NULL);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
    }
    enter_table(L, kind, strlen(kind));
}

int script_declare(lua_State *L, const script_function *list, size_t count) {
    script_list(list, count);
    luaL_checkstack(L, 10, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *name = list[i].name, *colon = strchr(name, ':'), *dot;
        int top = lua_gettop(L);
        if (colon) {
            lua_pushlstring(L, name, (size_t)(colon - name));
            script_methods(L, lua_tostring(L, -1));
            name = colon + 1;
        } else {
            lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
            for (; (dot = strchr(name, '.')) != NULL; name = dot + 1) enter_table(L, name, (size_t)(dot - name));
        }
        lua_pushstring(L, name);
        script_push_function(L, &list[i]);
        lua_rawset(L, -3);
        lua_settop(L, top);
    }
    return 0;
}
