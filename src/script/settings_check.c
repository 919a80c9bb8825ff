/* settings_check.c: does a value fit its setting? Each mistake is reported with file and line. See settings.h. */
#include "script/settings.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

void settings_complain(const settings_place *p, const char *path, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (p->tell)
        p->tell(p->ctx, path, text);
    else if (p->file)
        generation_error(p->generation, p->file->name, settings_line(p->file, path), "%s: %s", path, text);
    else
        generation_error(p->generation, NULL, 0, "--set %s: %s", path, text);
}

bool settings_has_type(lua_State *L, int value, const char *type) {
    int whole;
    switch (*type) {
    case 'b': return lua_isboolean(L, value);
    case 'i': lua_tointegerx(L, value, &whole); return whole && lua_type(L, value) == LUA_TNUMBER;
    case 'n': return lua_type(L, value) == LUA_TNUMBER;
    case 's': return lua_type(L, value) == LUA_TSTRING;
    default: return lua_istable(L, value);
    }
}

static bool in_range(lua_State *L, int declaration, int value, const char *path, const settings_place *p) {
    bool sized = !lua_isnumber(L, value) || lua_type(L, value) != LUA_TNUMBER;
    lua_Number size = sized ? (lua_Number)lua_rawlen(L, value) : lua_tonumber(L, value);
    const char *what = sized ? "must have a length of" : "must be";
    lua_getfield(L, declaration, "min");
    lua_getfield(L, declaration, "max");
    bool low = lua_isnumber(L, -2) && size < lua_tonumber(L, -2),
         high = lua_isnumber(L, -1) && size > lua_tonumber(L, -1);
    if (low)
        settings_complain(p, path, "%s at least %s", what, luaL_tolstring(L, -2, NULL));
    else if (high)
        settings_complain(p, path, "%s at most %s", what, luaL_tolstring(L, -1, NULL));
    return !low && !high;
}

static bool among_values(lua_State *L, int declaration, int value, const char *path, const settings_place *p) {
    char list[300] = "";
    size_t n = 0;
    if (lua_getfield(L, declaration, "values") != LUA_TTABLE) return true;
    int values = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, values, i) != LUA_TNIL; i++) {
        if (lua_compare(L, -1, value, LUA_OPEQ)) return true;
        const char *one = luaL_tolstring(L, -1, NULL);
        if (n < sizeof list) n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", one);
        lua_settop(L, values);
    }
    settings_complain(p, path, "must be one of: %s", list);
    return false;
}

static void unknown_field(lua_State *L, int fields, const char *path, const settings_place *p) {
    char hint[160];
    suggestion near = suggest_begin(strrchr(path, '.') + 1);
    int top = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, fields); lua_settop(L, top + 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) suggest_offer(&near, lua_tostring(L, -2));
    }
    lua_settop(L, top);
    settings_complain(p, path, "there is no such setting%s", suggest_text(&near, hint, sizeof hint));
}

/* A table by the declarations of its fields. */
static bool check_fields(lua_State *L, int fields, int value, const char *path, const settings_place *p) {
    bool good = true;
    char inner[300];
    int top = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, value); lua_settop(L, top + 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            settings_complain(p, path, "has a value without a name");
            good = false;
            continue;
        }
        snprintf(inner, sizeof inner, "%s.%s", path, lua_tostring(L, -2));
        lua_pushvalue(L, -2);
        if (lua_rawget(L, fields) != LUA_TTABLE) {
            lua_settop(L, top + 2);
            unknown_field(L, fields, inner, p);
            good = false;
            continue;
        }
        good = settings_check(L, lua_gettop(L), top + 2, inner, p) && good;
    }
    lua_settop(L, top);
    return good;
}

static bool check_list(lua_State *L, int of, int value, const char *path, const settings_place *p) {
    bool good = true;
    char inner[300];
    int top = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, value, i) != LUA_TNIL; i++, lua_settop(L, top)) {
        snprintf(inner, sizeof inner, "%s[%d]", path, (int)i);
        if (lua_type(L, of) == LUA_TSTRING) {
            if (!settings_has_type(L, top + 1, lua_tostring(L, of))) {
                settings_complain(p, inner, "must be a %s, got a %s", lua_tostring(L, of), luaL_typename(L, top + 1));
                good = false;
            }
        } else if (!lua_istable(L, top + 1)) {
            settings_complain(p, inner, "must be a table, got a %s", luaL_typename(L, top + 1));
            good = false;
        } else {
            good = check_fields(L, of, top + 1, inner, p) && good;
        }
    }
    lua_settop(L, top);
    return good;
}

bool settings_check(lua_State *L, int declaration, int value, const char *path, const settings_place *p) {
    int top = lua_gettop(L);
    luaL_checkstack(L, 20, "settings nested too deeply");
    lua_getfield(L, declaration, "type");
    const char *type = lua_tostring(L, -1);
    bool good = type && settings_has_type(L, value, type);
    if (!good) {
        settings_complain(p, path, "must be %s %s, got %s", type && *type == 'i' ? "an" : "a", type ? type : "?",
                          lua_isnil(L, value) ? "nothing" : luaL_typename(L, value));
    } else {
        good = in_range(L, declaration, value, path, p) && among_values(L, declaration, value, path, p);
        if (good && *type == 'l' && lua_getfield(L, declaration, "of") != LUA_TNIL) {
            good = check_list(L, lua_gettop(L), value, path, p);
        } else if (good && *type == 't' && lua_getfield(L, declaration, "fields") == LUA_TTABLE) {
            good = check_fields(L, lua_gettop(L), value, path, p);
        }
    }
    lua_settop(L, top);
    return good;
}
