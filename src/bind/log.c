/* log.c: mu.log: lines of the server's log from scripts; and the settings log.level, log.file, log.json, which hold
 * from the moment a generation becomes the running one. A file that cannot be opened refuses the generation. */
#include "bind/log.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bind/server.h"
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
    const generation *g = generation_of(L); /* without a hash it is being built */
    log_write(level, "scripts", "%s (%s:%d, generation %u %.8s)", lua_tostring(L, -1), file, line, g->number,
              *g->hash ? g->hash : "loading");
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
        .example = "mu.log." #level "(\"%d players\", 4)", .since = "0.1", .call = l_##level                           \
    }

static const script_function functions[] = {
    DECLARE(debug, "only seen when asked for"),
    DECLARE(info, "what an operator may want to know"),
    DECLARE(warn, "what should not happen but does no harm"),
    DECLARE(error, "what somebody has to look at"),
};

static int l_recent(lua_State *L) {
    luaL_Buffer b;
    char *to = luaL_buffinitsize(L, &b, LOG_RECENT_MAX);
    luaL_pushresultsize(&b, log_recent(to, LOG_RECENT_MAX));
    return 1;
}

static int l_forget(lua_State *L) {
    log_forget();
    return 0;
}

static const script_function reading[] = {
    {.name = "mu.log.recent",
     .returns = "string",
     .text = "The newest lines of the log, at most 256 KiB, wherever the log goes.",
     .example = "#mu.log.recent() < 1000000",
     .since = "0.1",
     .call = l_recent},
    {.name = "mu.log.forget",
     .returns = "",
     .text = "Empties what mu.log.recent tells; files and journals keep theirs.",
     .example = "mu.log.forget()",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_forget},
};

typedef struct log_settings {
    int level; /* -1 = as it is */
    bool json;
    char file[1024];
} log_settings;

static int open_log(generation *g, lua_State *L) {
    script_declare(L, reading, sizeof reading / sizeof *reading);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

/* A relative name lies in the data folder. */
static void name_file(const server *s, const char *name, char *out, size_t room) {
    bool joined = *name && *name != '/' && s && s->data_dir;
    snprintf(out, room, "%s%s%s", joined ? s->data_dir : "", joined ? "/" : "", name);
}

static int check_log(generation *g) {
    lua_State *L = g->L;
    int top = lua_gettop(L);
    log_settings *to = calloc(1, sizeof *to);
    if (!to) return E_MEMORY;
    g->slots[SLOT_LOG] = to;
    to->level = -1;
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") == LUA_TTABLE && lua_getfield(L, -1, "log") == LUA_TTABLE) {
        lua_getfield(L, -1, "level");
        lua_getfield(L, -2, "file");
        lua_getfield(L, -3, "json");
        to->level = log_level_parse(lua_isstring(L, -3) ? lua_tostring(L, -3) : "");
        to->json = lua_toboolean(L, -1);
        name_file(engine_server(g->engine), lua_isstring(L, -2) ? lua_tostring(L, -2) : "", to->file, sizeof to->file);
    }
    lua_settop(L, top);
    FILE *probe = *to->file ? fopen(to->file, "a") : NULL;
    if (*to->file && !probe)
        generation_error(g, NULL, 0, "setting log.file: %s cannot be opened for writing", to->file);
    if (probe) fclose(probe);
    return 0;
}

static void enter_log(generation *g) {
    const log_settings *to = g->slots[SLOT_LOG];
    const server *s = engine_server(g->engine);
    fault f;
    if (!s || s->client) return; /* a program of ours that connects speaks where it always does */
    if (to->level >= 0) log_set_level((enum log_level)to->level);
    log_set_json(to->json);
    if (log_set_file(to->file, &f) < 0) log_error("log", "%s", f.text);
}

static void close_log(generation *g) {
    free(g->slots[SLOT_LOG]);
    g->slots[SLOT_LOG] = NULL;
}

const script_module module_log = {
    .name = "log", .open = open_log, .check = check_log, .enter = enter_log, .close = close_log};
