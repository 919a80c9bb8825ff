/* log.c: mu.log: lines of the server's log from scripts. */
#include "bind/log.h"

#include <lauxlib.h>

#include "base/log.h"
#include "script/declare.h"

/* string.format of the arguments, done by Lua's own. */
static int write_line(lua_State *L, enum log_level level) {
    if ((int)level < (int)log_get_level()) return 0;
    char file[128];
    int line = generation_where(L, file, sizeof file);
    int arguments = lua_gettop(L);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    lua_replace(L, -2);
    lua_insert(L, 1);
    lua_call(L, arguments, 1);
    log_write(level, "scripts", "%s (%s:%d)", lua_tostring(L, -1), file, line);
    return 0;
}

static int l_debug(lua_State *L) { return write_line(L, LOG_DEBUG); }
static int l_info(lua_State *L) { return write_line(L, LOG_INFO); }
static int l_warn(lua_State *L) { return write_line(L, LOG_WARN); }
static int l_error(lua_State *L) { return write_line(L, LOG_ERROR); }

#define DECLARE(level, what)                                                                                           \
    {                                                                                                                  \
        .name = "mu.log." #level, .params = "format: string, ...: any",                                                \
        .text = "Writes a line of level " #level " to the log: " what ". The format is string.format's.",              \
        .example = "mu.log." #level "(\"%d players\", 4)", .call = l_##level                                           \
    }

static const script_function functions[] = {
    DECLARE(debug, "only seen when asked for"),
    DECLARE(info, "what an operator may want to know"),
    DECLARE(warn, "what should not happen but does no harm"),
    DECLARE(error, "what somebody has to look at"),
};

static int open_log(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_log = {.name = "log", .open = open_log};
