/* string_match.c: string.find, match, gmatch and gsub on the matcher of pattern.c. What they do is what the manual
 * says; how long they do it is up to the watchdog. */
#include "script/pattern.h"
#include "script/state.h"

#include <ctype.h>
#include <string.h>

#define SMALL 40 /* patterns up to this length are compiled on the C stack */

typedef struct matcher {
    pattern pattern;
    pattern_subject subject;
    pattern_node nodes[SMALL];
    pattern_set sets[SMALL];
} matcher;

static void poll(void *ctx) { task_poll(ctx); }

/* Compiles; a long pattern leaves one userdata on the stack, a short one a nil. */
static void compile(lua_State *L, matcher *m, const char *text, size_t n) {
    pattern_node *nodes = m->nodes;
    pattern_set *sets = m->sets;
    if (n > SMALL) {
        char *room = lua_newuserdatauv(L, n * (sizeof *nodes + sizeof *sets), 0);
        nodes = (pattern_node *)room;
        sets = (pattern_set *)(room + n * sizeof *nodes);
    } else {
        lua_pushnil(L);
    }
    if (!pattern_compile(&m->pattern, text, n, nodes, sets)) luaL_error(L, "%s", m->pattern.error);
}

static void set_subject(lua_State *L, matcher *m, const char *start, size_t n) {
    m->subject.start = start;
    m->subject.end = start + n;
    m->subject.poll = poll;
    m->subject.ctx = L;
    m->subject.steps = 0;
}

/* Pushes capture i; with no captures at all, capture 0 is the whole match. */
static void push_capture(lua_State *L, const matcher *m, size_t i, const char *from, const char *to) {
    if (i >= m->pattern.captures) {
        if (i != 0) luaL_error(L, "invalid capture index %%%d", (int)i + 1);
        lua_pushlstring(L, from, (size_t)(to - from));
    } else if (m->subject.captures[i].length == PATTERN_POSITION) {
        lua_pushinteger(L, m->subject.captures[i].at - m->subject.start + 1);
    } else {
        lua_pushlstring(L, m->subject.captures[i].at, (size_t)m->subject.captures[i].length);
    }
}

static int push_captures(lua_State *L, const matcher *m, const char *from, const char *to) {
    size_t count = m->pattern.captures == 0 && from ? 1 : m->pattern.captures;
    luaL_checkstack(L, (int)count, "too many captures");
    for (size_t i = 0; i < count; i++) push_capture(L, m, i, from, to);
    return (int)count;
}

/* The position given as `init`, counted from 0; past the end: n + 1. */
static size_t start_at(lua_State *L, int index, size_t n) {
    lua_Integer at = luaL_optinteger(L, index, 1);
    if (at > 0) return (lua_Unsigned)at - 1 > n ? n + 1 : (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)n) return 0;
    return n + (size_t)at;
}

static const char *search(matcher *m, const char *at, bool anchored, const char **end) {
    for (; at && at <= m->subject.end; at++) {
        if (!anchored && !(at = pattern_candidate(&m->pattern, &m->subject, at))) return NULL;
        *end = pattern_match(&m->pattern, &m->subject, at);
        if (*end) return at;
        if (anchored) return NULL;
    }
    return NULL;
}

static int find_or_match(lua_State *L, bool find) {
    size_t n, np;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &np), *end = NULL;
    size_t init = start_at(L, 3, n);
    if (init > n) return luaL_pushfail(L), 1;
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(p, np))) {
        const char *at = np ? memmem(s + init, n - init, p, np) : s + init;
        if (!at) return luaL_pushfail(L), 1;
        lua_pushinteger(L, at - s + 1);
        lua_pushinteger(L, at - s + (lua_Integer)np);
        return 2;
    }
    matcher m;
    bool anchored = np > 0 && *p == '^';
    compile(L, &m, p + anchored, np - anchored);
    set_subject(L, &m, s, n);
    const char *at = search(&m, s + init, anchored, &end);
    if (!at) return luaL_pushfail(L), 1;
    if (!find) return push_captures(L, &m, at, end);
    lua_pushinteger(L, at - s + 1);
    lua_pushinteger(L, end - s);
    return push_captures(L, &m, NULL, NULL) + 2;
}

static int string_find(lua_State *L) { return find_or_match(L, true); }
static int string_match(lua_State *L) { return find_or_match(L, false); }

/* ---- gmatch: upvalues subject, pattern, state, room of a long pattern ---- */

typedef struct walk {
    matcher m;
    const char *at, *last; /* where to go on; end of the last match */
} walk;

static int gmatch_next(lua_State *L) {
    walk *w = lua_touserdata(L, lua_upvalueindex(3));
    w->m.subject.ctx = L; /* the coroutine that runs now */
    for (const char *at = w->at; at && at <= w->m.subject.end; at++) {
        at = pattern_candidate(&w->m.pattern, &w->m.subject, at);
        if (!at) break;
        const char *end = pattern_match(&w->m.pattern, &w->m.subject, at);
        if (!end || end == w->last) continue;
        w->at = w->last = end;
        return push_captures(L, &w->m, at, end);
    }
    w->at = NULL;
    return 0;
}

static int string_gmatch(lua_State *L) {
    size_t n, np;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &np);
    size_t init = start_at(L, 3, n);
    lua_settop(L, 2);
    walk *w = lua_newuserdatauv(L, sizeof *w, 0);
    compile(L, &w->m, p, np); /* pushes the fourth */
    set_subject(L, &w->m, s, n);
    w->at = init > n ? NULL : s + init;
    w->last = NULL;
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* ---- gsub ---- */

static void add_template(lua_State *L, const matcher *m, luaL_Buffer *b, const char *from, const char *to) {
    size_t n;
    const char *t = lua_tolstring(L, 3, &n), *last = t + n;
    while (t < last) {
        const char *mark = memchr(t, '%', (size_t)(last - t));
        if (!mark) mark = last;
        luaL_addlstring(b, t, (size_t)(mark - t));
        if (mark == last) return;
        t = mark + 1;
        if (t < last && *t == '%') {
            luaL_addchar(b, '%');
        } else if (t < last && *t == '0') {
            luaL_addlstring(b, from, (size_t)(to - from));
        } else if (t < last && isdigit((unsigned char)*t)) {
            push_capture(L, m, (size_t)(*t - '1'), from, to);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
        t++;
    }
}

/* Adds what replaces from … to; false when the text stays. */
static bool add_replacement(lua_State *L, const matcher *m, luaL_Buffer *b, const char *from, const char *to) {
    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, m, from, to), 1);
        break;
    case LUA_TTABLE:
        push_capture(L, m, 0, from, to);
        lua_gettable(L, 3);
        break;
    default: add_template(L, m, b, from, to); return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, from, (size_t)(to - from));
        return false;
    }
    if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int string_gsub(lua_State *L) {
    size_t n, np;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &np), *last = NULL, *at = s;
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)n + 1), count = 0;
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    bool anchored = np > 0 && *p == '^', changed = false;
    matcher m;
    luaL_Buffer b;
    if (type == LUA_TNUMBER) lua_tostring(L, 3);
    lua_settop(L, 4);
    compile(L, &m, p + anchored, np - anchored);
    set_subject(L, &m, s, n);
    luaL_buffinit(L, &b);
    while (count < most) {
        const char *end = pattern_match(&m.pattern, &m.subject, at);
        if (end && end != last) {
            count++;
            changed = add_replacement(L, &m, &b, at, end) || changed;
            at = last = end;
        } else if (at < m.subject.end) {
            luaL_addchar(&b, *at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    if (changed) {
        luaL_addlstring(&b, at, (size_t)(m.subject.end - at));
        luaL_pushresult(&b);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void pattern_open(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL}};
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
