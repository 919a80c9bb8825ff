/* What a record costs a script: nanoseconds of CPU time for each read, write, look-up and creation from Lua, with 1,000
 * and with 15,000 records, beside the same on plain Lua tables; and the memory of a session of 30 fields. Prints;
 * asserts nothing. ./build/release/tests/bench/bench_record */
#include <lauxlib.h>
#include <lualib.h>
#include <malloc.h>
#include <stdio.h>

#include "base/clock.h"
#include "bind/record_private.h"

#define ROUNDS 2000000

static const char *const declarations =
    "thing = mu.record 'thing' { id = mu.u32 { key = true }, name = mu.string, score = mu.u32, state = mu.u16 { index "
    "= true },\n"
    "  other = mu.ref 'thing', tags = mu.list(mu.u8, 8), marks = mu.map(mu.string, mu.string, { max = 8 }) }\n"
    "session = mu.record 'session' { id = mu.u32 { key = true }, address = mu.string, port = mu.u16, door = "
    "mu.string,\n"
    "  transport = mu.string, opened = mu.i64, player = mu.ref 'thing', locale = mu.u32, base_url = mu.string,\n"
    "  association = mu.string, grace_until = mu.i64, has_address = mu.bool, external_ip = mu.u32, external_port = "
    "mu.u16,\n"
    "  internal_ip = mu.u32, internal_port = mu.u16, downstream = mu.u32, upstream = mu.u32, nat_type = mu.u16,\n"
    "  hardware_flags = mu.u32, latencies = mu.map(mu.string, mu.i32, { max = 16 }), a = mu.u32, b = mu.u32, c = "
    "mu.u32,\n"
    "  d = mu.i64, e = mu.i64, f = mu.string, g = mu.string, h = mu.ref 'thing', i = mu.u8 { index = true } }\n";

static const char *const loops[][2] = {
    {"empty loop", "for i = 1, n do end"},
    {"plain table: read", "local r = { score = 1 } for i = 1, n do local v = r.score end"},
    {"read integer", "local r = thing.get(7) for i = 1, n do local v = r.score end"},
    {"read string", "local r = thing.get(7) for i = 1, n do local v = r.name end"},
    {"read ref", "local r = thing.get(7) local o = r.other for i = 1, n do local v = r.other end"},
    {"read list entry", "local r = thing.get(7) for i = 1, n do local v = r.tags[1] end"},
    {"read map entry", "local r = thing.get(7) for i = 1, n do local v = r.marks.map end"},
    {"write integer", "local r = thing.get(7) for i = 1, n do r.score = i & 0xffff end"},
    {"write string", "local r = thing.get(7) for i = 1, n do r.name = 'bob' end"},
    {"write indexed integer", "local r = thing.get(7) for i = 1, n do r.state = i & 7 end"},
    {"get by key, same", "for i = 1, n do local v = thing.get(7) end"},
    {"get by key, all in turn", "for i = 1, n do local v = thing.get(i % count + 1) end"},
    {"first of an index", "for i = 1, n do local v = thing.first { state = 3 } end"},
    {"where: each record", "local i = 0 while i < n do for r in thing.where { state = 9 } do i = i + 1 end end"},
    {"create and remove", "for i = 1, n do thing.create { id = count + 1, score = i }:remove() end"},
};

static lua_State *new_state(records *all, int count) {
    lua_State *L = luaL_newstate();
    fault f;
    luaL_openlibs(L);
    record_state *s = record_state_new(L, all);
    lua_newtable(L);
    for (size_t i = 0; i < record_function_count; i++) {
        lua_pushcfunction(L, record_functions[i].call);
        lua_setfield(L, -2, record_functions[i].name + 3);
    }
    record_open_types(L, s);
    lua_setglobal(L, "mu");
    if (luaL_dostring(L, declarations) != LUA_OK || record_apply_declared(s, &f) < 0)
        printf("%s\n", lua_tostring(L, -1));
    lua_pushinteger(L, count);
    lua_setglobal(L, "count");
    if (luaL_dostring(
            L,
            "for i = 1, count do local r = thing.create { id = i, name = 'name of ' .. i, state = 9, tags = { 1, 2 },\n"
            "  marks = { map = 'hazard', enemy = 'geth' } } r.other = thing.get(i // 2) end")) {
        printf("%s\n", lua_tostring(L, -1));
    }
    return L;
}

static double measure(lua_State *L, const char *code, int rounds) {
    lua_pushinteger(L, rounds);
    lua_setglobal(L, "n");
    if (luaL_loadstring(L, lua_pushfstring(L, "local n, thing = n, thing %s", code)) != LUA_OK) return -1;
    lua_gc(L, LUA_GCCOLLECT);
    int64_t start = clock_thread_cpu_us();
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) printf("%s\n", lua_tostring(L, -1));
    int64_t used = clock_thread_cpu_us() - start;
    lua_settop(L, 0);
    return (double)used * 1000 / rounds;
}

static void memory_of_sessions(lua_State *L) {
    size_t before = mallinfo2().uordblks;
    if (luaL_dostring(
            L,
            "for i = 1, 15000 do local s = session.create { id = i, address = '10.20.30.' .. i % 256, door = 'blaze',\n"
            "  transport = 'ssl3', base_url = 'http://127.0.0.1:' .. i, association = 'abcdefghijklmnopqrstuvwxyz' .. "
            "i }\n"
            "  s.latencies.local_site = 20 s.latencies.other_site = 30 end collectgarbage()")) {
        printf("%s\n", lua_tostring(L, -1));
    }
    lua_gc(L, LUA_GCCOLLECT);
    printf("%-28s %7.0f bytes, of it %u in the row\n", "session of 30 fields",
           (double)(mallinfo2().uordblks - before) / 15000,
           records_kind(record_state_of(L)->all, "session")->layout.row_size);
}

int main(void) {
    lua_State *L[2];
    records *all[2];
    for (int i = 0; i < 2; i++) {
        all[i] = records_new(NULL);
        L[i] = new_state(all[i], i ? 15000 : 1000);
    }
    printf("%-28s %10s %10s   ns each, CPU time\n", "", "1,000", "15,000");
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        double few = measure(L[0], loops[i][1], ROUNDS), many = measure(L[1], loops[i][1], ROUNDS);
        printf("%-28s %10.1f %10.1f\n", loops[i][0], few, many);
    }
    memory_of_sessions(L[1]);
    for (int i = 0; i < 2; i++) {
        record_state *s = record_state_of(L[i]);
        lua_close(L[i]);
        record_state_free(s);
        records_free(all[i]);
    }
    return 0;
}
