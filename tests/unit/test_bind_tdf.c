/* Messages through Lua: declarations, encoding, decoding, defaults, and the sentence of every mistake. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/tdf.h"
#include "bind/tdf_codec.h"

static lua_State *L;
static schema_set *set;
static buf out; /* outside the stack: Lua may unwind past lua_encode */

/* encode(struct, table) → hex, or nil, name of the fault, sentence */
static int lua_encode(lua_State *state) {
    buf_clear(&out);
    fault f = {0};
    int top = lua_gettop(state);
    int rc = tdf_codec_encode(state, 2, bind_tdf_struct(state, 1), &out, &f);
    if (lua_gettop(state) != top) return luaL_error(state, "the encoder left something on the stack");
    if (rc < 0) {
        lua_pushnil(state);
        lua_pushstring(state, fault_name(rc));
        lua_pushstring(state, f.text);
        return 3;
    }
    luaL_Buffer b;
    luaL_buffinit(state, &b);
    for (size_t i = 0; i < out.n; i++) {
        char text[3];
        snprintf(text, sizeof text, "%02x", out.p[i]);
        luaL_addstring(&b, text);
    }
    luaL_pushresult(&b);
    return 1;
}

/* decode(struct, hex) → table, or nil, name of the fault, sentence */
static int lua_decode(lua_State *state) {
    size_t n;
    const char *hex = luaL_checklstring(state, 2, &n);
    uint8_t *body = malloc(n / 2 + 1); /* exactly as long as it is, for the sanitizer */
    for (size_t i = 0; i < n / 2; i++) body[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    fault f = {0};
    int top = lua_gettop(state);
    int rc = tdf_codec_push(state, bind_tdf_struct(state, 1), (bytes){body, n / 2}, &f);
    free(body);
    if (lua_gettop(state) != top + (rc == 0)) return luaL_error(state, "the decoder's stack is wrong");
    if (rc == 0) return 1;
    lua_pushnil(state);
    lua_pushstring(state, fault_name(rc));
    lua_pushstring(state, f.text);
    return 3;
}

static const char prelude[] =
    "t = mu.tdf\n"
    "function equal(got, want)\n"
    "  if got ~= want then error(('got  %s\\nwant %s'):format(got, want), 2) end\n"
    "end\n"
    "function fails(want, f, ...)\n" /* what a raised error says, without its place */
    "  local ok, message = pcall(f, ...)\n"
    "  if ok then error('no error', 2) end\n"
    "  message = message:gsub('^[^:]+:%d+: ', '')\n"
    "  if message ~= want then error(('got  %s\\nwant %s'):format(message, want), 2) end\n"
    "end\n"
    "function refuses(name, want, struct, value)\n" /* what encoding says */
    "  local hex, got, sentence = encode(struct, value)\n"
    "  if hex then error('encoded to ' .. hex, 2) end\n"
    "  if got ~= name or sentence ~= want then error(('got  %s: %s\\nwant %s: %s'):format(got, sentence, name, want), "
    "2) end\n"
    "end\n"
    "function both(struct, value, hex)\n" /* encodes to hex, which decodes and encodes again to itself */
    "  local got, name, sentence = encode(struct, value)\n"
    "  if got ~= hex then error(('got  %s %s\\nwant %s'):format(got, sentence, hex), 2) end\n"
    "  local back, name, sentence = decode(struct, hex)\n"
    "  if not back then error(sentence, 2) end\n"
    "  equal(encode(struct, back), hex)\n"
    "  return back\n"
    "end\n";

static int setup(void **state) {
    L = luaL_newstate();
    set = schema_set_new();
    luaL_openlibs(L);
    lua_newtable(L);
    bind_tdf_open(L, set);
    lua_setfield(L, -2, "tdf");
    lua_setglobal(L, "mu");
    lua_register(L, "encode", lua_encode);
    lua_register(L, "decode", lua_decode);
    return luaL_dostring(L, prelude);
}

static int teardown(void **state) {
    lua_close(L);
    schema_set_free(set);
    buf_free(&out);
    return 0;
}

static void run(const char *chunk) {
    if (luaL_loadbuffer(L, chunk, strlen(chunk), "=test") || lua_pcall(L, 0, 0, 0)) fail_msg("%s", lua_tostring(L, -1));
}

static void scalars_of_every_kind(void **state) {
    run("local S = t.struct('S', { n = t.int 'GID', yes = t.bool 'SECU', name = t.string 'NAME', data = t.blob "
        "'PGSR',\n"
        "  when = t.time 'TVAL', share = t.float 'FVAL', kind = t.object_type 'ETYP', id = t.object_id 'BOID' })\n"
        "local back = both(S, { n = -5, yes = true, name = 'A', data = '\\0\\255', when = 90000000, share = 0.5,\n"
        "  kind = {30722, 1}, id = {30722, 1, 18} },\n"
        "  '8afa640982e0030112' .. '974e700882e00301' .. '9b686c0a3f000000' .. '9e99000045' .. 'ba1b6501024100' ..\n"
        "  'c27cf2020200ff' .. 'ce58f50001' .. 'd3686c0080aaea55')\n"
        "equal(back.n, -5) equal(back.yes, true) equal(back.name, 'A') equal(back.data, '\\0\\255')\n"
        "equal(back.when, 90000000) equal(math.type(back.when), 'integer') equal(back.share, 0.5)\n"
        "equal(back.kind[1], 30722) equal(back.id[3], 18) equal(#back.id, 3)\n"
        "equal(encode(S, {}), '')\n"
        "equal(encode(S, { n = 3.0 }), '9e99000003')\n"
        "equal(decode(S, 'ce58f50007').yes, true)\n"
        "both(t.struct { n = t.u64 'GPVH' }, { n = math.mininteger }, '9f0da80040')\n");
}

static void containers_of_every_kind(void **state) {
    run("local P = t.struct { name = t.string 'DSNM', id = t.int 'PID' }\n"
        "local S = t.struct('S', { persona = t.group('PDTL', P), numbers = t.list('CAP', t.int), all = t.list('PLST', "
        "P),\n"
        "  map = t.map('ATTR', t.string, t.string), levels = t.map('DMAP', t.u32, t.i64), by_name = t.map('GRDA', "
        "t.string, P),\n"
        "  nested = t.map('LMAP', t.string, t.list(t.int)) })\n"
        "local back = both(S, { persona = { name = 'a' } }, 'c24d2c03' .. '933bad01026100' .. '00')\n"
        "equal(back.persona.name, 'a') equal(back.persona.id, 0)\n"
        "both(S, { numbers = {4, 0} }, '8e1c000400020400')\n"
        "both(S, { numbers = {} }, '8e1c00040000')\n"
        "both(S, { map = {} }, '874d3205010100')\n"
        "back = both(S, { all = { { name = 'a', id = 1 }, {}, { id = 2 } } },\n"
        "  'c2ccf4040303' .. '933bad01026100c29900000100' .. '00' .. 'c29900000200')\n"
        "equal(#back.all, 3) equal(back.all[3].id, 2) equal(back.all[2].name, '')\n"
        "back = both(S, { levels = { [5] = 5, [-0] = 1, [458753] = 100 } }, '92d87005000003' .. '0001' .. '0505' .. "
        "'818038a401')\n"
        "equal(back.levels[458753], 100)\n"
        "both(S, { by_name = { x = { id = 3 } } }, '9f292105010301' .. '027800' .. 'c299000003' .. '00')\n"
        "both(S, { nested = { k = {1} } }, 'b2d87005010401026b00000101')\n");
}

static void map_keys_are_sorted_as_the_client_sorts(void **state) {
    run("local S = t.struct { map = t.map('SMAP', t.string, t.string) }\n"
        "local back = both(S, { map = { Progress='p', class1='c', Base='b', char0='d', _x='u', Completion='e' } },\n"
        "  'ced870050101060' .. '35f7800027500' .. "
        "'0542617365000262000663686172300002640007636c61737331000263000b436f6d706c65'\n"
        "  .. '74696f6e0002650009' .. '50726f67726573730002' .. '7000')\n"
        "equal(back.map.Completion, 'e')\n"
        "refuses('duplicate_key', \"S.map: the keys 'BASE' and 'Base' are the same to the game\",\n"
        "  t.struct('S', { map = t.map('SMAP', t.string, t.int) }), { map = { Base = 1, BASE = 2 } })\n"
        /* many entries, and maps inside maps share one scratch */
        "local M = t.struct { outer = t.map('OUTR', t.int, t.map(t.string, t.int)) }\n"
        "local value = { outer = {} }\n"
        "for i = 1, 40 do value.outer[i * 7919 % 1000] = { ['Key_' .. i] = i, key_0 = -i, KEY1x = 1, a = 2, Z = 3 } "
        "end\n"
        "local hex = encode(M, value)\n"
        "local got = decode(M, hex)\n"
        "for i = 1, 40 do equal(got.outer[i * 7919 % 1000]['Key_' .. i], i) equal(got.outer[i * 7919 % 1000].key_0, "
        "-i) end\n"
        "equal(encode(M, got), hex)\n");
}

static void unions_and_variables(void **state) {
    run("local Ip = t.struct('Ip', { ip = t.u32 'IP', port = t.u16 'PORT' })\n"
        "local Pair = t.struct('Pair', { external = t.group('EXIP', Ip), internal = t.group('INIP', Ip) })\n"
        "local Address = t.variants { pair = { 2, Pair }, address = { 3, Ip }, host = { 4, t.struct { name = t.string "
        "'NAME' } } }\n"
        "local S = t.struct('S', { address = t.union('ADDR', Address), hosts = t.union_list('HNET', Address), last = "
        "t.int 'HSES' })\n"
        "local back = both(S, { address = { address = { ip = 1, port = 2 } } }, '86493206' .. '03' .. 'da1b3503' ..\n"
        "  'a700000001' .. 'c2fcb40002' .. '00')\n"
        "equal(back.address.address.port, 2) equal(back.address.pair, nil)\n"
        "fails(\"a union has no member 'adress'\", function() return back.address.adress end)\n"
        "back = both(S, { address = false }, '864932067f')\n"
        "equal(back.address, false) equal(decode(S, '').address, nil)\n"
        "back = both(S, { hosts = { { pair = { external = { ip = 3405803783, port = 3659 } } }, { address = { ip = 1 } "
        "} }, last = 5 },\n"
        "  'a2e974040302' .. '02' .. '978a7003a700000087c483b019c2fcb4008b3900' .. '00' .. '03' .. 'a700000001' .. "
        "'00' .. 'a339730005')\n"
        "equal(back.hosts[1].pair.external.port, 3659) equal(back.hosts[2].address.ip, 1)\n"
        "back = decode(S, 'a2e9740403017f00a339730005')\n"
        "equal(back.hosts[1], false) equal(back.last, 5)\n"
        /* scalars as members, unnamed members, a list of real unions */
        "local Raw = t.union_type { [0] = { share = t.float }, [1] = { number = t.int }, [2] = t.string }\n"
        "local R = t.struct('R', { raw = t.union('RWST', Raw), all = t.list('ULIS', Raw) })\n"
        "equal(both(R, { raw = { number = 46 } }, 'cb7cf40601da1b35002e').raw.number, 46)\n"
        "equal(both(R, { raw = { [2] = '46' } }, 'cb7cf40602da1b350103343600').raw[2], '46')\n"
        "both(R, { all = { false, { [2] = '46' } } }, 'd6ca730406027f02da1b350103343600')\n"
        /* a member of another type than declared is an absent one */
        "equal(decode(R, 'cb7cf40601da1b3501024100').raw, nil)\n"
        "equal(decode(R, 'cb7cf40609da1b35002e').raw, nil)\n"
        "local V = t.struct('V', { data = t.variable 'DATA', known = t.variable('GAME', Ip), error = t.int 'EROR' })\n"
        "both(V, { data = false }, '921d210700')\n"
        "back = both(V, { data = { id = 1, body = '\\x9e\\x99\\0\\0\\1' } }, '921d21070101921d21039e990000010000')\n"
        "equal(back.data.id, 1)\n"
        "back = both(V, { known = { id = 3325869319, value = { ip = 1 } } }, '9e1b6507' .. '0187f4e5e318' .. "
        "'9e1b6503' .. 'a700000001' .. '0000')\n"
        "equal(back.known.value.ip, 1)\n"
        "equal(decode(V, '921d21070101921d21039e9900000100972bf20007').error, 7)\n");
}

static void absent_fields_have_defaults(void **state) {
    run("local Inner = t.struct('Inner', { count = t.int('CNT', { default = 3 }) })\n"
        "local S = t.struct('S', { n = t.int 'GID', yes = t.bool('SECU', { default = true }), name = t.string('NAME', "
        "{ default = 'x' }),\n"
        "  inner = t.group('INNR', Inner), list = t.list('CAP', t.int), map = t.map('ATTR', t.string, t.int),\n"
        "  union = t.union('ADDR', { i = { 1, t.int } }), var = t.variable 'CVAR', id = t.object_id 'BOID', kind = "
        "t.object_type 'ETYP' })\n"
        "local got = decode(S, '')\n"
        "equal(next(got), nil) equal(got.n, 0) equal(got.yes, true) equal(got.name, 'x') equal(got.inner.count, 3)\n"
        "equal(#got.list, 0) equal(got.map.anything, nil) equal(got.union, nil) equal(got.var, nil)\n"
        "equal(got.id[3], 0) equal(#got.id, 3) equal(#got.kind, 2)\n"
        "fails(\"S has no field 'nmae'; did you mean 'name'?\", function() return got.nmae end)\n"
        "fails(\"S has no field 'NAME'; did you mean 'name'?\", function() return got.NAME end)\n"
        "fails(\"S has no field 'whatever'\", function() return got.whatever end)\n"
        "fails('S has no field 1; its fields have names', function() return got[1] end)\n"
        "local shared = 'this is the shared empty value of an absent field; it cannot be changed'\n"
        "fails(shared, function() got.list[1] = 1 end) fails(shared, function() got.inner.count = 1 end)\n"
        "fails(shared, function() got.id[1] = 1 end) fails(shared, function() got.map.x = 1 end)\n"
        "equal(getmetatable(got), 'tdf') equal(getmetatable(got.list), 'tdf')\n"
        "got.n = 4 equal(encode(S, got), '9e99000004')\n"
        "equal(encode(S, { id = got.id, list = got.list, inner = got.inner }), '8afa6409000000' .. '8e1c00040000' .. "
        "'a6ebb20300')\n");
}

static void always_present_fields_are_written_with_their_default(void **state) {
    run("local a = { always = true }\n"
        "local In = t.struct { n = t.int('IN', { always = true, default = 64 }), other = t.int 'OTHR' }\n"
        "local S = t.struct { n = t.int('A1', a), s = t.string('A2', { always = true, default = 'A' }), b = "
        "t.blob('A3', a), g = t.group('A4', In, a),\n"
        "  l = t.list('A5', t.string, a), m = t.map('A6', t.string, t.int, a), u = t.union('A7', { [0] = t.int }, a), "
        "v = t.variable('A8', a),\n"
        "  o = t.object_id('A9', a), f = t.float('B1', a), ul = t.union_list('B2', { [1] = In }, a), yes = "
        "t.bool('B3', { always = true, default = true }),\n"
        "  p = t.object_type('B4', a) }\n"
        "local hex = encode(S, {})\n"
        "equal(hex, '8510000000' .. '85200001024100' .. '8530000200' .. '85400003a6e00000800100' .. '855000040100' .. "
        "'85600005010000' ..\n"
        "  '857000067f' .. '8580000700' .. '85900009000000' .. '8910000a00000000' .. '892000040300' .. '8930000001' .. "
        "'894000080000')\n"
        "equal(encode(S, decode(S, hex)), hex)\n");
}

static void what_is_not_as_declared_counts_as_absent(void **state) {
    run("local S = t.struct { n = t.int 'GID', list = t.list('CAP', t.int), map = t.map('ATTR', t.string, t.int), z = "
        "t.int 'ZZZZ' }\n"
        "equal(decode(S, '9e99000102410' .. '0').n, 0)\n"     /* a string */
        "equal(decode(S, '9e9900010241009e99000007').n, 7)\n" /* a string, then an int: the first int */
        "equal(decode(S, '9e990000019e99000002').n, 1)\n"     /* two ints: the first */
        "local got = decode(S, '8e1c0004010102410' .. '0ebaeba0007')\n"
        "equal(#got.list, 0) equal(got.z, 7)\n"
        "got = decode(S, '874d32050000010102' .. 'ebaeba0007')\n" /* map<int,int> where str is declared */
        "equal(next(got.map), nil) equal(got.z, 7)\n"
        "got = decode(S, 'ebaeba00079e99000002')\n" /* any order */
        "equal(got.n, 2) equal(got.z, 7)\n"
        "got = decode(S, '86493206' .. '01da1b3503' .. '9e99000001' .. '00' .. '9e99000003')\n" /* unknown fields */
        "equal(got.n, 3)\n");
}

static void bad_bodies_are_refused_by_name_and_place(void **state) {
    run("local P = t.struct { name = t.string 'DSNM' }\n"
        "local S = t.struct { list = t.list('PLST', P), n = t.int 'GID' }\n"
        "local function bad(hex, name, want)\n"
        "  local got, code, sentence = decode(S, hex)\n"
        "  equal(got, nil) equal(code, name) equal(sentence, want)\n"
        "end\n"
        "bad('9e990000', 'truncated', 'truncated integer at byte 4 in GID')\n"
        "bad('c2ccf404030' .. '200933bad01094142', 'length_exceeds_data', 'truncated string at byte 11 in "
        "PLST[1].DSNM')\n"
        "bad('c2ccf40403bf7f00', 'count_exceeds_data', 'a count of more elements than there are bytes at byte 5 in "
        "PLST')\n"
        "bad('9e99000f', 'unknown_type', 'unknown field type at byte 0 in GID')\n"
        "bad(('9f2c0003'):rep(33) .. ('00'):rep(33), 'too_deep', 'more than 32 nested containers at byte 132 in ' .. "
        "('GRP.'):rep(32) .. 'GRP')\n");
}

static void encoding_says_what_is_wrong(void **state) {
    run("local P = t.struct('Persona', { name = t.string 'DSNM', id = t.u16 'PID' })\n"
        "local S = t.struct('PingResponse', { server_time = t.int 'STIM', name = t.string 'NAME', yes = t.bool 'SECU', "
        "all = t.list('PLST', P),\n"
        "  map = t.map('ATTR', t.string, t.string), levels = t.map('DMAP', t.int, t.int), share = t.float 'FVAL', id = "
        "t.object_id 'BOID',\n"
        "  kind = t.enum('NATT', { OPEN = 0, STRICT = 3 }), address = t.union('ADDR', { ip = { 1, P }, [2] = t.int }), "
        "blob = t.blob 'XNNC',\n"
        "  hosts = t.union_list('HNET', { zero = { 0, P }, ip = { 1, P } }), data = t.variable 'DATA', persona = "
        "t.group('PDTL', P) })\n"
        "local function bad(name, want, value) refuses(name, want, S, value) end\n"
        "bad('not_found', \"PingResponse has no field 'sever_time'; did you mean 'server_time'?\", { sever_time = 1 "
        "})\n"
        "bad('not_found', \"PingResponse has no field 'STIM'; did you mean 'server_time'?\", { STIM = 1 })\n"
        "bad('not_found', \"PingResponse has no field 'zzzzzzzz'\", { zzzzzzzz = 1 })\n"
        "bad('not_found', 'PingResponse has no field of a key that is a number; its fields have names', { 1 })\n"
        "bad('not_found', \"PingResponse.all[2]: Persona has no field 'nmae'; did you mean 'name'?\", { all = { {}, { "
        "nmae = 1 } } })\n"
        "bad('wrong_type', 'PingResponse.server_time: expected an integer, got a string', { server_time = '1' })\n"
        "bad('wrong_type', 'PingResponse.server_time: expected an integer, got 1.5', { server_time = 1.5 })\n"
        "bad('wrong_type', 'PingResponse.server_time: expected an integer, got a boolean', { server_time = false })\n"
        "bad('wrong_type', 'PingResponse.name: expected a string, got a number', { name = 1 })\n"
        "bad('wrong_type', 'PingResponse.yes: expected a boolean, got a number', { yes = 1 })\n"
        "bad('wrong_type', 'PingResponse.blob: expected a string, got a table', { blob = {} })\n"
        "bad('wrong_type', 'PingResponse.share: expected a number, got a string', { share = '1' })\n"
        "bad('limit_exceeded', 'PingResponse.share: 1e+300 is too large for a float', { share = 1e300 })\n"
        "bad('limit_exceeded', 'PingResponse.persona.id: 65536 is out of range (0 to 65535)', { persona = { id = 65536 "
        "} })\n"
        "bad('limit_exceeded', 'PingResponse.persona.id: -1 is out of range (0 to 65535)', { persona = { id = -1 } })\n"
        "bad('embedded_nul', 'PingResponse.name: a string with a NUL inside cannot be sent', { name = 'a\\0b' })\n"
        "bad('embedded_nul', 'PingResponse.map[\"a\"]: a string with a NUL inside cannot be sent', { map = { ['a\\0b'] "
        "= '' } })\n"
        "bad('wrong_type', 'PingResponse.map: expected a map, got a string', { map = '' })\n"
        "bad('wrong_type', 'PingResponse.map[\"k\"]: expected a string, got a number', { map = { k = 1 } })\n"
        "bad('wrong_type', 'PingResponse.map: expected keys that are strings, got a number', { map = { 'x' } })\n"
        "bad('wrong_type', 'PingResponse.levels: expected keys that are integers, got a string', { levels = { x = 1 } "
        "})\n"
        "bad('wrong_type', 'PingResponse.levels[5]: expected an integer, got a table', { levels = { [5] = {} } })\n"
        "bad('wrong_type', \"PingResponse.all: expected a list, got a table with the key 'x'\", { all = { x = 1 } })\n"
        "bad('wrong_type', 'PingResponse.all: expected a list, got a table with other keys than 1 to 1', { all = { {}, "
        "[7] = {} } })\n"
        "bad('wrong_type', 'PingResponse.all[1]: expected a table, got a number', { all = { 1 } })\n"
        "bad('wrong_type', 'PingResponse.persona: expected a table, got a boolean', { persona = true })\n"
        "bad('wrong_type', 'PingResponse.id: expected an object id {component, type, id}', { id = { 1, 2 } })\n"
        "bad('wrong_type', 'PingResponse.id: expected an object id {component, type, id}, got a number', { id = 1 })\n"
        "bad('limit_exceeded', \"PingResponse.kind: 'OPNE' is none of its values\", { kind = 'OPNE' })\n"
        "equal(encode(S, { kind = 'STRICT' }), encode(S, { kind = 3 }))\n"
        "bad('bad_union', 'PingResponse.address: expected one member of the union, got an empty table', { address = {} "
        "})\n"
        "bad('bad_union', 'PingResponse.address: expected one member of the union, got several', { address = { ip = "
        "{}, [2] = 1 } })\n"
        "bad('not_found', \"PingResponse.address: the union has no member 'pi'\", { address = { pi = {} } })\n"
        "bad('not_found', 'PingResponse.address: the union has no member 9', { address = { [9] = {} } })\n"
        "bad('wrong_type', 'PingResponse.address.ip.name: expected a string, got a number', { address = { ip = { name "
        "= 1 } } })\n"
        "bad('wrong_type', 'PingResponse.address: expected a table with one member of the union, got a number', { "
        "address = 1 })\n"
        "bad('bad_union', 'PingResponse.hosts[1].zero: member 0 cannot be told from an empty element in this kind of "
        "list', { hosts = { { zero = {} } } })\n"
        "bad('wrong_type', 'PingResponse.hosts[1]: expected a table with one member of the union, got a boolean', { "
        "hosts = { false } })\n"
        "bad('wrong_type', \"PingResponse.data: expected an integer as the 'id' of a variable\", { data = {} })\n"
        "bad('wrong_type', \"PingResponse.data: expected a string as the 'body' of a variable\", { data = { id = 1 } "
        "})\n"
        "bad('not_found', \"PingResponse.data: a variable has 'id' and 'body', nothing else\", { data = { di = 1 } })\n"
        "bad('truncated', 'PingResponse.data: the body of the variable is no valid TDF', { data = { id = 1, body = 'x' "
        "} })\n"
        "bad('wrong_type', 'PingResponse: expected a table, got a string', 'x')\n");
}

static void bad_declarations_name_the_field(void **state) {
    run("fails([['OPENED' is no tag: one to four characters of A-Z and 0-9, as in t.int \"STIM\"]], function() return "
        "t.int 'OPENED' end)\n"
        "fails([['gid' is no tag: one to four characters of A-Z and 0-9, as in t.int \"STIM\"]], function() return "
        "t.string 'gid' end)\n"
        "fails(\"t.struct: field 'b': the tag GID is already that of 'a'\", t.struct, { a = t.int 'GID', b = t.string "
        "'GID' })\n"
        "fails([[t.struct: field 'a' has a type but no tag; write t.int \"TAG\"]], t.struct, { a = t.int })\n"
        "fails([[t.struct: field 'a': expected a field such as t.int \"TAG\", got a number]], t.struct, { a = 1 })\n"
        "fails([[t.struct: fields have names: name = t.int \"TAG\"]], t.struct, { t.int 'GID' })\n"
        "fails('t.struct: expected a table of fields', t.struct)\n"
        "fails('t.list: expected a type such as t.int, got the field GID; leave its tag out', t.list, 'CAP', t.int "
        "'GID')\n"
        "fails('t.list: expected a type such as t.int or a struct, got a nil', t.list, 'CAP', nil)\n"
        "fails('t.map: keys are integers or strings', t.map, 'ATTR', t.blob, t.int)\n"
        "fails('t.group: expected a struct', t.group, 'USER', t.int)\n"
        "fails('the field GID has its tag already', function() return t.int 'GID' 'GID' end)\n"
        "fails(\"field GID: no option 'secert'; there are secret, always and default\", t.int, 'GID', { secert = true "
        "})\n"
        "fails(\"t.struct: field 'a': this default does not fit its type\", t.struct, { a = t.int('GID', { default = "
        "true }) })\n"
        "fails(\"t.struct: field 'a': this default does not fit its type\", t.struct, { a = t.int('GID', { default = "
        "'x' }) })\n"
        "fails(\"t.struct: field 'a': the default 300 is out of range\", t.struct, { a = t.u8('GID', { default = 300 "
        "}) })\n"
        "fails(\"t.variants: member 'a': expected { number, type }\", t.variants, { a = t.int })\n"
        "fails('t.variants: member 1 is declared twice', t.variants, { a = { 1, t.int }, [1] = t.int })\n"
        "fails(\"t.variants: member 'a': numbers go from 0 to 63\", t.variants, { a = { 64, t.int } })\n"
        "fails('t.union_list: member 1 is no struct', t.union_list, 'HNET', { a = { 1, t.int } })\n"
        "fails(\"mu.tdf has no 'sring'; did you mean 'string'?\", function() return t.sring end)\n"
        "equal(getmetatable(t.int), 'tdf')\n"
        "local deep = t.struct {}\n"
        "for i = 1, 32 do deep = t.struct { a = t.group('GRP', deep) } end\n"
        "fails('more than 32 containers nested, or out of memory for a declaration', t.group, 'GRP', deep)\n");
}

static void structs_are_called_by_their_modules_names(void **state) {
    run("local inner = t.struct { n = t.int 'GID' }\n"
        "local S = t.struct { inner = t.group('INNR', inner) }\n"
        "refuses('not_found', 'the struct of test:2.inner: the struct of test:1 has no field \\'x\\'', S, { inner = { "
        "x = 1 } })\n"
        "equal(t.named({ Setup = S, other = 7 }).Setup, S)\n"
        "refuses('not_found', 'Setup.inner: Setup.inner has no field \\'x\\'', S, { inner = { x = 1 } })\n"
        "equal(tostring(S), 'struct Setup') equal(tostring(t.int 'GID'), 'field GID (int)') equal(tostring(t.string), "
        "'type str')\n");
}

static void a_full_buffer_is_an_error(void **state) {
    run("S = t.struct('S', { name = t.string 'NAME' })\n");
    lua_getglobal(L, "S");
    const schema_struct *s = bind_tdf_struct(L, -1);
    assert_non_null(s);
    assert_null(bind_tdf_struct(L, -2));
    lua_newtable(L);
    lua_pushstring(L, "twenty characters...");
    lua_setfield(L, -2, "name");
    buf small = {.max = 24};
    fault f;
    assert_int_equal(tdf_codec_encode(L, -1, s, &small, &f), E_LIMIT);
    assert_string_equal(f.text, "S: longer than 24 bytes");
    assert_int_equal(small.n, 0);
    buf_free(&small);
    lua_pop(L, 2);
}

/* An allocator that stops at `left` allocations. */
static long left;
static void *scarce(void *context, void *p, size_t old, size_t new) {
    if (new == 0) {
        free(p);
        return NULL;
    }
    if (new > old && left-- <= 0) return NULL;
    return realloc(p, new);
}

static int declare_and_pass(lua_State *state) {
    luaL_openlibs(state);
    lua_newtable(state);
    bind_tdf_open(state, lua_touserdata(state, 1));
    lua_setfield(state, -2, "tdf");
    lua_setglobal(state, "mu");
    lua_register(state, "encode", lua_encode);
    if (luaL_dostring(state, "local t = mu.tdf\n"
                             "local P = t.struct { name = t.string 'NAME', ids = t.list('IDS', t.int) }\n"
                             "S = t.struct { all = t.list('PLST', P), map = t.map('ATTR', t.string, P), u = "
                             "t.union('ADDR', { p = { 1, P } }) }\n"
                             "local p = { name = 'somebody', ids = { 1, 2, 3 } }\n"
                             "assert(encode(S, { all = { p, p }, map = { a = p, B = p }, u = { p = p } }))\n"))
        return lua_error(state);
    lua_getglobal(state, "S");
    const schema_struct *s = bind_tdf_struct(state, -1);
    static const uint8_t body[] = {0xc2, 0xcc, 0xf4, 0x04, 0x03, 0x01, 0xba, 0x1b, 0x65, 0x01, 0x02, 0x41, 0x00, 0x00};
    lua_pushboolean(state, tdf_codec_push(state, s, (bytes){body, sizeof body}, NULL) == 0);
    return 1;
}

static void memory_that_ends_anywhere_leaks_nothing(void **state) {
    bool done = false;
    for (long n = 0; !done; n++) {
        left = n;
        lua_State *scarce_state = lua_newstate(scarce, NULL);
        schema_set *own = schema_set_new();
        if (scarce_state) {
            lua_pushcfunction(scarce_state, declare_and_pass);
            lua_pushlightuserdata(scarce_state, own);
            done = lua_pcall(scarce_state, 1, 1, 0) == LUA_OK && lua_toboolean(scarce_state, -1);
            lua_close(scarce_state);
        }
        schema_set_free(own);
        assert_true(n < 100000);
    }
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_of_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(containers_of_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(map_keys_are_sorted_as_the_client_sorts, setup, teardown),
        cmocka_unit_test_setup_teardown(unions_and_variables, setup, teardown),
        cmocka_unit_test_setup_teardown(absent_fields_have_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(always_present_fields_are_written_with_their_default, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_as_declared_counts_as_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_bodies_are_refused_by_name_and_place, setup, teardown),
        cmocka_unit_test_setup_teardown(encoding_says_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_declarations_name_the_field, setup, teardown),
        cmocka_unit_test_setup_teardown(structs_are_called_by_their_modules_names, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, setup, teardown),
        cmocka_unit_test(memory_that_ends_anywhere_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
