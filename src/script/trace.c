/* trace.c: tracebacks without a byte of Lua memory, so that they work inside hooks and when memory is the problem. */
#include "script/watch.h"

#include <stdio.h>
#include <string.h>

#define LEVELS_TOP  14
#define LEVELS_TAIL 6

static size_t frame_write(const lua_Debug *ar, char *text, size_t size) {
    char place[LUA_IDSIZE + 16];
    int n;
    if (ar->currentline > 0)
        snprintf(place, sizeof place, "%s:%d", ar->short_src, ar->currentline);
    else
        snprintf(place, sizeof place, "%s", ar->short_src);
    if (ar->name && *ar->namewhat)
        n = snprintf(text, size, "\n  %s: in %s '%s'", place, ar->namewhat, ar->name);
    else if (*ar->what == 'm')
        n = snprintf(text, size, "\n  %s: in the file itself", place);
    else if (*ar->what == 'C')
        n = snprintf(text, size, "\n  %s", place);
    else
        n = snprintf(text, size, "\n  %s: in the function of line %d", place, ar->linedefined);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* How many levels there are: doubling, then halving, because finding level n costs n steps. */
static int depth_of(lua_State *L) {
    lua_Debug ar;
    int low = 0, high = 1;
    while (lua_getstack(L, high, &ar)) low = high, high *= 2;
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(L, middle, &ar))
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

size_t trace_write(lua_State *L, int level, char *text, size_t size) {
    lua_Debug ar;
    size_t n = 0;
    int depth = depth_of(L);
    text[0] = 0;
    for (int i = level; i < depth && n + 1 < size; i++) {
        if (i == level + LEVELS_TOP && depth - i > LEVELS_TAIL) {
            int skipped = snprintf(text + n, size - n, "\n  … %d more …", depth - i - LEVELS_TAIL);
            if (skipped > 0 && (size_t)skipped < size - n) n += (size_t)skipped;
            i = depth - LEVELS_TAIL;
        }
        if (!lua_getstack(L, i, &ar)) break;
        lua_getinfo(L, "nSl", &ar);
        if (*ar.what == 'C' && i == depth - 1) break; /* the body of the task itself */
        n += frame_write(&ar, text + n, size - n);
    }
    return n;
}

void trace_place(lua_State *L, int level, char *text, size_t size) {
    lua_Debug ar;
    text[0] = 0;
    for (int i = level; lua_getstack(L, i, &ar); i++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0) continue;
        snprintf(text, size, "%s:%d", ar.short_src, ar.currentline);
        return;
    }
}
