/* Bodies through a schema into Lua and back: a decoded table encodes, unless it holds what only a decoder accepts; and
 * what was encoded decodes and encodes to the same bytes. The schema has every kind, below tags the vectors use. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/tdf.h"
#include "bind/tdf_codec.h"

#define MUST(x)                                                                                                        \
    if (!(x)) abort()

static const char declarations[] =
    "local t = ...\n"
    "local Ip = t.struct { ip = t.int 'IP', port = t.int 'PORT' }\n"
    "local Pair = t.struct { external = t.group('EXIP', Ip), internal = t.group('INIP', Ip) }\n"
    "local Net = t.variants { pair = { 2, Pair }, ip = { 3, Ip } }\n"
    "local Any = t.variants { share = { 0, t.float }, number = { 1, t.int }, text = { 2, t.string }, group = { 3, Ip } "
    "}\n"
    "local Row = t.struct { name = t.string 'DSNM', id = t.int 'PID', values = t.list('VALU', t.string), raw = "
    "t.union('RWST', Any) }\n"
    "local Report = t.struct { group = t.group('GAME', t.struct {}), players = t.map('PLYR', t.int, t.struct { country "
    "= t.int 'CTRY' }) }\n"
    "return t.struct { gid = t.int 'GID', name = t.string 'NAME', secure = t.bool 'SECU', blob = t.blob 'PGSR', when = "
    "t.time 'TVAL',\n"
    "  float = t.float 'FVAL', kind = t.object_type 'ETYP', id = t.object_id 'BOID', group = t.group('USER', Row), "
    "address = t.union('ADDR', Any),\n"
    "  pnet = t.union('PNET', Net), hosts = t.union_list('HNET', Net), rows = t.list('PLST', Row), caps = "
    "t.list('CAP', t.int),\n"
    "  attributes = t.map('ATTR', t.string, t.string), data = t.map('DMAP', t.int, t.int), rules = t.map('GRDA', "
    "t.string, Row),\n"
    "  lists = t.map('LMAP', t.string, t.list(t.int)), unions = t.list('ULIS', Any), variable = t.variable 'DATA', "
    "objects = t.list('ULST', t.object_id),\n"
    "  report = t.group('RPRT', t.struct { game = t.variable('GAME', Report) }), ping_sites = t.map('LTPS', t.string, "
    "Ip), variables = t.list('VLST', t.variable()) }\n";

static lua_State *start(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    MUST(luaL_loadstring(L, declarations) == LUA_OK);
    bind_tdf_open(L, schema_set_new());
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lua_State *L; /* one for all inputs; the struct stays at index 1 */
    static buf once, twice;
    if (size > 1 << 16) return 0;
    if (!L) L = start();
    const schema_struct *s = bind_tdf_struct(L, 1);
    fault f = {0};
    int rc = tdf_codec_push(L, s, (bytes){data, size}, &f);
    if (rc < 0) {
        MUST(lua_gettop(L) == 1 && f.code == rc && f.text[0]);
        return 0;
    }
    MUST(lua_gettop(L) == 2);
    buf_clear(&once);
    rc = tdf_codec_encode(L, 2, s, &once, &f);
    MUST(lua_gettop(L) == 2);
    lua_settop(L, 1);
    if (rc < 0) {
        MUST(rc == E_EMBEDDED_NUL || rc == E_DUPLICATE_KEY || rc == E_TYPE || rc == E_BAD_UNION ||
             rc == E_TRAILING_DATA);
        return 0;
    }
    MUST(tdf_codec_push(L, s, buf_bytes(&once), &f) == 0);
    buf_clear(&twice);
    MUST(tdf_codec_encode(L, 2, s, &twice, &f) == 0);
    MUST(once.n == twice.n && (once.n == 0 || !memcmp(once.p, twice.p, once.n)));
    lua_settop(L, 1);
    return 0;
}
