/* test_script_pattern.c: the matcher of ours answers as Lua's own does, and can be ended. */
#include "script_host.h"
#include "script/state.h"
#include <lualib.h>

static int install(lua_State *L) {
    pattern_open(L);
    return 0;
}

static const char differential[] =
    "local own = {}\n"
    "for _, name in ipairs {'find', 'match', 'gmatch', 'gsub'} do own[name] = string[name] end\n"
    "install()\n"
    "local new = string\n"
    "local seed, rounds = ...\n"
    "math.randomseed(seed)\n"
    "local pick = function(list) return list[math.random(#list)] end\n"
    "local items = {'a', 'b', '.', '%a', '%d', '%W', '[ab]', '[^a]', '[a-c]', '[]]', '[^]a]', '[%a-]', '[a-%%]', "
    "'[-a]', '%(', '%%', '%z',\n"
    "  '*', '+', '-', '?', '*', '-', '(', ')', '()', '%1', '%2', '%b()', '%bab', '%f[a]', '%f[^b]', '%f[%z]', '^', "
    "'$', '%', '[', ']', '%f', '%b', '\\0', '%0', '1', 'é'}\n"
    "local bytes = {'a', 'a', 'a', 'b', 'b', 'c', '(', ')', '1', ' ', '\\0', 'é', '-', ']'}\n"
    "local replacements = {'x', '%0', '%1', '<%0%%>', '%2', '%', '', {a = 'A', ab = false, b = 1}, function(a, b) "
    "return b or (a == 'a' and 'Q') end}\n"
    "local function text(list, most) local t = {} for i = 1, math.random(0, most) do t[i] = pick(list) end return "
    "table.concat(t) end\n"
    "local function all(...) return table.pack(pcall(...)) end\n"
    "local function collect(gmatch, s, p, init)\n"
    "  local t = {}\n"
    "  for a, b, c in gmatch(s, p, init) do t[#t + 1] = tostring(a) .. '|' .. tostring(b) .. '|' .. tostring(c) if #t "
    "> 100 then break end end\n"
    "  return table.concat(t, ';')\n"
    "end\n"
    "local matched, malformed = 0, 0\n"
    "for round = 1, rounds do\n"
    "  local s, p = text(bytes, 12), text(items, 7)\n"
    "  local init, r, n = math.random(-14, 14), pick(replacements), pick {nil, 0, 1, 2}\n"
    "  for _, case in ipairs {\n"
    "    {'find', s, p, init}, {'match', s, p, init}, {'find', s, p, init, true}, {'gsub', s, p, r, n}, {'gsub', s, p, "
    "r}, {'gmatch', s, p, init}, {'gmatch', s, p}} do\n"
    "    local name = case[1]\n"
    "    local a, b\n"
    "    if name == 'gmatch' then a, b = all(collect, own.gmatch, case[2], case[3], case[4]), all(collect, new.gmatch, "
    "case[2], case[3], case[4])\n"
    "    else a, b = all(own[name], table.unpack(case, 2, 5)), all(new[name], table.unpack(case, 2, 5)) end\n"
    "    local same = a[1] == b[1] and a.n == b.n\n"
    "    if same and a[1] then for i = 1, a.n do same = same and rawequal(a[i], b[i]) end end\n"
    "    if not same and not b[1] and a[1] and (b[2]:find('malformed', 1, true) or b[2]:find('unfinished', 1, true) or "
    "b[2]:find('invalid', 1, true)\n"
    "      or b[2]:find('missing', 1, true)) then malformed = malformed + 1 same = true end\n"
    "    if a[1] and a[2] and b[1] then matched = matched + 1 end\n"
    "    if not same then error(('%s(%q, %q, %s, %s): %s %s %s, ours %s %s %s'):format(name, s, p, case[4], case[5], "
    "a[1], a[2], a[3], b[1], b[2], b[3])) end\n"
    "  end\n"
    "end\n"
    "assert(matched > rounds / 4, 'the cases do not match often enough to prove anything: ' .. matched)\n";

__attribute__((unused)) static void test_same_as_lua(void **state) {
    generation_state own = {0};
    generation g = {.own = &own};
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        lua_State *L = luaL_newstate();
        *(generation **)lua_getextraspace(L) = &g;
        luaL_openlibs(L);
        lua_register(L, "install", install);
        assert_int_equal(luaL_loadstring(L, differential), LUA_OK);
        lua_pushinteger(L, seed);
        lua_pushinteger(L, 15000);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
        lua_close(L);
    }
}

static void test_long_patterns_and_subjects(void **state) {
    struct world w;
    struct outcome o;
    (void)state;
    world_body(&w,
               "local long = ('x'):rep(100000)\n"
               "assert(long:find(('x'):rep(500)) == 1)\n"
               "assert(long:match('^(x*)$') == long)\n"
               "assert(not long:find('y'))\n"
               "assert(#long:gsub('x', '%0%0') == 200000)\n"
               "local p = {} for i = 1, 32 do p[i] = '(x)' end\n"
               "assert(select('#', long:match(table.concat(p))) == 32)\n"
               "assert(not pcall(string.match, long, table.concat(p) .. '()'))\n"
               "local n = 0 for a in long:gmatch(('[x]'):rep(100)) do n = n + 1 assert(#a == 100) end\n"
               "assert(n == 1000)\n"
               "local words = {} for word in ('one two  three'):gmatch('%a+') do words[#words + 1] = word end\n"
               "return table.concat(words, ','), ('hello world'):gsub('o', {o = '0'})",
               &o);
    assert_string_equal(o.result, "one,two,three hell0 w0rld 2");
    world_close(&w);
}

static void test_a_search_that_would_take_years_is_ended(void **state) {
    static const char *const bodies[] = {
        "local s = ('a'):rep(100) return s:match(('a-'):rep(30) .. 'b')",
        "return pcall(string.find, ('a'):rep(100), ('a*'):rep(30) .. 'b')",
        "return pcall(string.gsub, ('a'):rep(5000), ('.-'):rep(6) .. 'b', '')",
        "for _ in (('a'):rep(5000)):gmatch(('.-'):rep(6) .. 'b') do end",
        "return (('('):rep(300000)):gsub('%b()', '')",
        "local s = ('a'):rep(200000) return s:find('.-b') , s:find('.-.-b')",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct world w;
        struct outcome o;
        char text[400];
        world_open(&w);
        w.overrides[0] = "limits.burst_ms=20";
        snprintf(text, sizeof text, "mu.handler('it', function() %s end)", bodies[i]);
        world_write(&w, "scripts/main.lua", text);
        world_start(&w);
        world_call(&w, "it", &o);
        if (o.code != E_KILLED) fail_msg("not ended: %s", bodies[i]);
        assert_contains(w.log, "limits.burst_ms");
        world_close(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#if !WATCH_POLLS /* one thread, many errors: too slow under the thread sanitizer */
        cmocka_unit_test(test_same_as_lua),
#endif
        cmocka_unit_test(test_long_patterns_and_subjects),
        cmocka_unit_test(test_a_search_that_would_take_years_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
