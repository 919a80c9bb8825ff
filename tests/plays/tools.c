/* tools.c: what mu.test has besides plays and servers: LuaUnit's assertions, messages without a connection, the files
 * of the checkout, so that what is generated from the declarations can be compared with what lies there (or written).
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "bind/tdf.h"
#include "bind/tdf_codec.h"
#include "plays/runner.h"
#include "script/declare.h"

#define LUAUNIT "/usr/share/lua/5.4/luaunit.lua" /* Debian's lua-unit */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* ── LuaUnit: only its assertions; running tests is ours ─────────────────────────────────────────────────────────── */

static int require_nothing(lua_State *L) { return 0; }

/* Runs LuaUnit's file in an environment of its own that has the os and io the sandbox leaves out. */
static int load_luaunit(lua_State *L) {
    if (luaL_loadfilex(L, LUAUNIT, "t") != LUA_OK) return luaL_error(L, "lua-unit is needed: %s", lua_tostring(L, -1));
    lua_newtable(L); /* the environment */
    lua_newtable(L);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1), lua_setfield(L, -2, "_G");
    luaopen_os(L), lua_setfield(L, -2, "os");
    luaopen_io(L), lua_setfield(L, -2, "io");
    luaopen_math(L), lua_setfield(L, -2, "math");
    luaopen_debug(L), lua_setfield(L, -2, "debug");
    lua_pushcfunction(L, require_nothing), lua_setfield(L, -2, "require");
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    lua_newtable(L); /* only functions: the sandbox freezes what hangs below mu, and LuaUnit's own tables must live */
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (!lua_isfunction(L, -1) || (strncmp(name, "assert", 6) && strncmp(name, "fail", 4))) continue;
        lua_pushvalue(L, -2), lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    lua_remove(L, -2);
    return 1;
}

/* ── messages by their schemas, without a connection ─────────────────────────────────────────────────────────────── */

static const schema_struct *check_struct(lua_State *L) {
    const schema_struct *s = bind_tdf_struct(L, 1);
    if (!s) luaL_error(L, "expected a struct made by mu.tdf.struct, got a %s", luaL_typename(L, 1));
    return s;
}

static int decode(lua_State *L) {
    fault f = {0};
    size_t n;
    const schema_struct *s = check_struct(L);
    const char *p = lua_tolstring(L, 2, &n);
    if (tdf_codec_push(L, s, (bytes){(const uint8_t *)p, n}, &f) < 0) return luaL_error(L, "%s", f.text);
    return 1;
}

static int encode(lua_State *L) {
    static buf out; /* one thread; survives a Lua error */
    fault f = {0};
    buf_clear(&out);
    if (tdf_codec_encode(L, 2, check_struct(L), &out, &f) < 0) return luaL_error(L, "%s", f.text);
    lua_pushlstring(L, (const char *)out.p, out.n);
    return 1;
}

/* ── files of the checkout: what is generated is compared, or written with --update ──────────────────────────────── */

static FILE *open_file(lua_State *L, const char *mode) {
    char path[700];
    const char *name = lua_tostring(L, 1);
    if (*name == '/' || strstr(name, "..")) luaL_error(L, "%s: not a file of the checkout", name);
    snprintf(path, sizeof path, "%s/%s", the_runner.checkout, name);
    return fopen(path, mode);
}

static int read_file(lua_State *L) {
    FILE *in = open_file(L, "rbe");
    char part[4096];
    if (!in) return 0;
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (size_t n; (n = fread(part, 1, sizeof part, in)) > 0;) luaL_addlstring(&out, part, n);
    fclose(in); /* a raise for memory in between would leave it open: the runner ends then anyway */
    luaL_pushresult(&out);
    return 1;
}

static int update_file(lua_State *L) {
    size_t n;
    const char *text = lua_tolstring(L, 2, &n);
    if (!the_runner.update) return luaL_error(L, "files are written only with --update");
    FILE *out = open_file(L, "wbe");
    bool written = out && fwrite(text, 1, n, out) == n;
    if (!out || fclose(out) != 0 || !written)
        return luaL_error(L, "%s cannot be written: %s", lua_tostring(L, 1), strerror(errno));
    return 0;
}

static void push_wants(lua_State *L) {
    lua_newtable(L);
    for (const char **want = the_runner.wants; *want; want++) {
        const char *value = strchr(*want, '=');
        lua_pushlstring(L, *want, (size_t)(value - *want));
        lua_pushstring(L, value + 1);
        lua_rawset(L, -3);
    }
}

/* ── the tools ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static const script_function functions[] = {
    {.name = "mu.test.decode",
     .params = "schema: userdata, bytes: string",
     .returns = "table",
     .text = "the message that a body holds",
     .errors = "a body that the schema refuses",
     .since = "0.1",
     .flags = SCRIPT_TEST,
     .call = decode,
     .example = "mu.test.decode(mu.tdf.struct { at = mu.tdf.int \"STIM\" }, \"\")"},
    {.name = "mu.test.encode",
     .params = "schema: userdata, message: table",
     .returns = "string",
     .text = "the body of a message",
     .errors = "a message that the schema refuses",
     .since = "0.1",
     .flags = SCRIPT_TEST,
     .call = encode,
     .example = "mu.test.encode(mu.tdf.struct { at = mu.tdf.int \"STIM\" }, {}) == \"\""},
    {.name = "mu.test.read",
     .params = "path: string",
     .returns = "string?",
     .text = "a file of the checkout, nil when there is none",
     .errors = "",
     .since = "0.2",
     .example = "#mu.test.read \"config.lua\" > 0",
     .flags = SCRIPT_TEST,
     .call = read_file},
    {.name = "mu.test.update_file",
     .params = "path: string, text: string",
     .text = "writes a generated file of the checkout; only where mu.test.update says so",
     .errors = "without --update; what the system says",
     .since = "0.2",
     .example = "not pcall(mu.test.update_file, \"README.md\", \"\")",
     .flags = SCRIPT_TEST,
     .call = update_file},
};

static const script_function listed[] = {
    {.name = "mu.test.equal",
     .params = "got: any, wanted: any",
     .text = "fails with a readable difference where two values are not the same, tables compared by what is in them",
     .example = "mu.test.equal({ 1, 2 }, { 1, 2 })",
     .since = "0.1",
     .flags = SCRIPT_TEST},
    {.name = "mu.test.unit",
     .returns = "table",
     .text = "LuaUnit's assertions",
     .example = "mu.test.unit.assertEquals(1, 1)",
     .since = "0.1",
     .flags = SCRIPT_TEST | SCRIPT_VALUE},
    {.name = "mu.test.mode",
     .returns = "string",
     .text = "how the world around the plays is: plain, bytes, delay, reload or memory",
     .example = "#mu.test.mode > 0",
     .since = "0.1",
     .flags = SCRIPT_TEST | SCRIPT_VALUE},
    {.name = "mu.test.sanitized",
     .returns = "boolean",
     .text = "is all of it built with a sanitizer, so that the memory of a server tells nothing about it?",
     .example = "type(mu.test.sanitized) == \"boolean\"",
     .since = "0.2",
     .flags = SCRIPT_TEST | SCRIPT_VALUE},
    {.name = "mu.test.update",
     .returns = "boolean",
     .text = "are the generated files to be written (--update) instead of compared?",
     .example = "type(mu.test.update) == \"boolean\"",
     .since = "0.2",
     .flags = SCRIPT_TEST | SCRIPT_VALUE},
    {.name = "mu.test.wants",
     .returns = "table",
     .text = "what the runner was told by --want name=value: texts by name",
     .example = "mu.test.wants.minutes == nil",
     .since = "0.2",
     .flags = SCRIPT_TEST | SCRIPT_VALUE},
};

void test_tools_open(lua_State *L) {
    script_declare(L, functions, sizeof functions / sizeof *functions);
    script_list(listed, sizeof listed / sizeof *listed);
    lua_getglobal(L, "mu");
    lua_getfield(L, -1, "test");
    load_luaunit(L);
    lua_getfield(L, -1, "assertEquals"), lua_setfield(L, -3, "equal");
    lua_setfield(L, -2, "unit");
    lua_pushstring(L, play_mode_names[the_runner.mode]), lua_setfield(L, -2, "mode");
    lua_pushboolean(L, the_runner.update), lua_setfield(L, -2, "update");
    push_wants(L), lua_setfield(L, -2, "wants");
    lua_pushboolean(L, SANITIZED), lua_setfield(L, -2, "sanitized");
    lua_pop(L, 2);
}
