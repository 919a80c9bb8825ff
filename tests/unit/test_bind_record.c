/* Records as scripts see them, in a plain lua_State: declarations, fields, handles, lists, maps, finding, the sentences
 * of every mistake, a second generation beside the first, and a layout that changes under handlers of the old one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/record_private.h"

static const record_field session_fields[] = {
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY | FIELD_AUTO},
    {.name = "address", .type = RECORD_STRING, .max = 64},
};

static records *new_records(void) {
    records *all = records_new(NULL);
    assert_non_null(records_kind_builtin(all, "session", session_fields, 2, NULL));
    return all;
}

static lua_State *new_state(records *all) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    record_state *s = record_state_new(L, all);
    lua_newtable(L);
    for (size_t i = 0; i < record_function_count; i++) {
        lua_pushcfunction(L, record_functions[i].call);
        lua_setfield(L, -2, record_functions[i].name + 3);
    }
    record_open_types(L, s);
    lua_setglobal(L, "mu");
    return L;
}

static void run(lua_State *L, const char *code) {
    if (luaL_dostring(L, code) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
    assert_int_equal(lua_gettop(L), 0);
}

/* Runs the code and wants an error that ends with `says`. */
static void refused(lua_State *L, const char *code, const char *says) {
    if (luaL_dostring(L, code) == LUA_OK) fail_msg("no error from: %s", code);
    const char *got = lua_tostring(L, -1);
    size_t n = strlen(got), m = strlen(says);
    if (n < m || strcmp(got + n - m, says) != 0) fail_msg("wanted: %s\ngot:    %s", says, got);
    lua_settop(L, 0);
}

static char told[600];
static void tell(void *context, const declared *d, const char *sentence) {
    snprintf(told, sizeof told, "%s", sentence);
}

static void enter(lua_State *L) {
    fault f;
    told[0] = 0;
    int code = record_check_declared(record_state_of(L), tell, NULL);
    if (code < 0 || told[0]) fail_msg("%s", told);
    assert_int_equal(record_apply_declared(record_state_of(L), &f), 0);
}

static void end(lua_State *L) {
    record_state *s = record_state_of(L);
    lua_close(L);
    record_state_free(s);
}

static const char *const declarations =
    "session = mu.record 'session' { player = mu.ref 'player', language = mu.string { max = 2, default = 'en' } }\n"
    "player = mu.record 'player' { id = mu.u32 { key = true }, name = mu.string { index = true }, score = mu.i32,\n"
    "  rate = mu.number, ready = mu.bool { default = true }, data = mu.blob { max = 8 }, session = mu.ref 'session' }\n"
    "game = mu.record 'game' { id = mu.u32 { key = true, auto = true }, state = mu.u16 { index = true },\n"
    "  host = mu.ref 'player' { index = true }, members = mu.list(mu.ref 'player', 4), tags = mu.list(mu.string { max "
    "= 5 }, 3),\n"
    "  attributes = mu.map(mu.string, mu.string, { max = 3, index = { 'map', 'enemy' } }), seats = mu.map(mu.u8, "
    "mu.u16) }\n"
    "note = mu.record 'note' { key = mu.string { key = true }, text = mu.string }\n"
    "loose = mu.record 'loose' { n = mu.u8 }\n"
    "function player.methods.greet(self, word) return word .. ' ' .. self.name end\n";

static lua_State *ready(records *all) {
    lua_State *L = new_state(all);
    run(L, declarations);
    enter(L);
    return L;
}

static record_ref new_session(records *all) {
    record_ref ref;
    assert_int_equal(
        record_create(records_kind(all, "session"), &(record_init){1, value_string("10.0.0.1")}, 1, &ref, NULL), 0);
    return ref;
}

static void fields_read_and_write(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    run(L, "p = player.create { id = 3, name = 'alice', score = -5 }\n"
           "assert(p.id == 3 and p.name == 'alice' and p.score == -5 and p.ready == true and p.rate == 0.0 and p.data "
           "== '')\n"
           "p.score = 7.0 assert(math.type(p.score) == 'integer' and p.score == 7)\n"
           "p.rate = 2 assert(p.rate == 2.0) p.ready = false assert(p.ready == false)\n"
           "p.data = 'a\\0b' assert(p.data == 'a\\0b') p.name = '' assert(p.name == '')\n"
           "assert(p.session == nil) p.session = nil\n"
           "assert(tostring(p) == 'player 3') p.name = 'bob' assert(tostring(p) == 'player 3 (bob)')\n"
           "assert(p:greet 'hello' == 'hello bob')\n"
           "assert(getmetatable(p) == false)\n"
           "local seen = {} for name, v in pairs(p) do seen[#seen + 1] = name .. '=' .. tostring(v) end\n"
           "assert(table.concat(seen, ' ') == 'data=a\\0b id=3 name=bob rate=2.0 ready=false score=7 session=nil')\n");
    refused(L, "p.name = 5", "player.name: expected a string, got an integer");
    refused(L, "p.score = 2^40", "player.score: 1099511627776 does not fit i32 (-2147483648 to 2147483647)");
    refused(L, "p.score = {}", "player.score: expected an integer, got a table");
    refused(L, "p.data = '123456789'", "player.data: 9 bytes are too many, it holds 8 (its max)");
    refused(L, "p.nam = 'x'", "player has no field 'nam'; did you mean 'name'?");
    refused(L, "return p.nam", "player has no field 'nam'; did you mean 'name'?");
    refused(L, "return p:gret()", "player has no field 'gret'; did you mean 'greet'?");
    refused(L, "p.id = 4", "player.id: the key of a record does not change");
    refused(L, "p.session = p", "player.session: expected a session, got player");
    refused(L, "return p[1]", "player: a field has a name, not a number");
    refused(L, "player.methods.late = print", "player.methods: methods are declared while scripts load");
    end(L);
    records_free(all);
}

static void handles_notice_that_their_record_is_gone(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    record_ref s = new_session(all);
    record_push(L, s);
    lua_setglobal(L, "s");
    record_push(L, s);
    lua_setglobal(L, "again");
    run(L, "assert(rawequal(s, again) and s == again) seen = { [s] = true } assert(seen[again])\n"
           "assert(s.id == 1 and s.address == '10.0.0.1' and s.language == 'en' and tostring(s) == 'session 1')\n"
           "p = player.create { id = 3, name = 'alice', session = s } s.player = p\n"
           "assert(s.player.session.player == p and s.player.name == 'alice')\n");
    refused(L, "s.address = 'x'", "session.address is the server's: scripts only read it");
    refused(L, "s:remove()", "a session is the server's: scripts cannot remove it");
    refused(L, "session.create {}", "a session is the server's: scripts cannot create one");
    record_remove(all, s);
    run(L, "assert(not s:exists() and p:exists() and p.session == nil and tostring(s) == 'session 1 (gone)')");
    refused(L, "return s.language", "session 1 has disconnected");
    refused(L, "s.language = 'de'", "session 1 has disconnected");
    refused(L, "p.session = s", "session 1 has disconnected");
    run(L, "p:remove() assert(not p:exists())");
    refused(L, "p.name = 'x'", "player 3 is gone");
    refused(L, "p:remove()", "player 3 is gone");
    refused(L, "game.create { host = p }", "player 3 is gone");
    run(L, "n = note.create { key = 'k' } assert(tostring(n) == 'note k') n:remove() l = loose.create {} l:remove()");
    refused(L, "return n.text", "this note is gone");
    end(L);
    records_free(all);
}

static void records_are_found(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    run(L,
        "for i = 1, 20 do player.create { id = i, name = i % 2 == 0 and 'even' or 'odd' } end\n"
        "for i = 1, 12 do local g = game.create { state = i % 3, host = player.get(i) }\n"
        "  assert(g.id == i) g.attributes.map = i % 2 == 0 and 'hazard' or 'ghost' end\n"
        "assert(player.get(7).id == 7 and player.get(99) == nil and player.get(-1) == nil and player.get(1 << 40) == "
        "nil)\n"
        "assert(player.count() == 20 and player.count {} == 20 and player.count { name = 'odd' } == 10)\n"
        "assert(game.count { state = 1, map = 'hazard' } == 2 and game.count { state = 77 } == 0)\n"
        "assert(game.first { host = player.get(5) }.id == 5 and game.first { state = 9 } == nil)\n"
        "assert(game.first { id = 4, state = 1 }.id == 4 and game.first { id = 4, state = 2 } == nil)\n"
        "local n = 0 for g in game.where { map = 'ghost' } do assert(g.attributes.map == 'ghost') n = n + 1 end "
        "assert(n == 6)\n"
        "n = 0 for p in player.all() do n = n + p.id end assert(n == 210)\n"
        "n = 0 for g in game.where { state = 1 } do n = n + 1 g:remove() game.create { state = 1 } end assert(n == 4)\n"
        "for g in game.where { state = 2 } do g.state = 0 end assert(game.count { state = 2 } == 0)\n"
        "for p in player.all() do if p.id > 1 then p:remove() end end assert(player.count() == 1)\n");
    refused(L, "game.where { seats = 1 }",
            "game: 'seats' is not indexed (indexed: id, map, enemy, host, state); declare it with "
            "index = true, or look through game.all()");
    refused(L, "game.where { 1 }", "game: a field has a name, not a number");
    refused(L, "game.where()", "game.where: expected a table of { field = value }, got no value");
    refused(L, "game.first { state = 'x' }", "game.state: expected an integer, got a string");
    refused(L, "player.get 'x'", "player.get: the key id: expected an integer, got a string");
    refused(L, "player.get(nil)", "player.get: the key id: expected an integer, got nil");
    refused(L, "loose.get(1)", "loose.get: this kind has no key");
    refused(L, "player.creat {}", "the kind player has no 'creat'; did you mean 'create'?");
    refused(L, "player.x = 1", "the kind player cannot be changed; methods go into player.methods");
    refused(L, "player.create { id = 1 }", "there is a player with id 1 already");
    refused(L, "player.create { name = 'x' }", "player: a new one needs its key 'id'");
    refused(L, "player.create { id = 2, nme = 'x' }", "player has no field 'nme'; did you mean 'name'?");
    run(L, "assert(player.count() == 1)");
    end(L);
    records_free(all);
}

static void lists_and_maps_behave_like_tables(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    run(L, "a, b, c = player.create { id = 1 }, player.create { id = 2 }, player.create { id = 3 }\n"
           "g = game.create { members = { a, b }, tags = { 'x', 'y' }, attributes = { map = 'hazard', zone = '1' }, "
           "seats = { [2] = 20 } }\n"
           "assert(#g.members == 2 and g.members[1] == a and g.members[3] == nil and g.members:has(b) and not "
           "g.members:has(c))\n"
           "g.members:add(c) local ids = {} for i, p in ipairs(g.members) do ids[i] = p.id end "
           "assert(table.concat(ids, ' ') == '1 2 3')\n"
           "assert(g.members:remove(b) and not g.members:remove(b) and #g.members == 2 and g.members[2] == c)\n"
           "a:remove() assert(#g.members == 1 and g.members[1] == c)\n"
           "g.members[2] = b g.members[1] = nil assert(#g.members == 1 and g.members[1] == b) g.members:clear() "
           "assert(#g.members == 0)\n"
           "for i, t in pairs(g.tags) do assert(g.tags[i] == t) end g.tags = { 'z' } assert(#g.tags == 1 and g.tags[1] "
           "== 'z')\n"
           "m = g.attributes assert(m.map == 'hazard' and m.none == nil and #m == 2)\n"
           "m.alpha = 'a' local keys = {} for k, v in pairs(m) do keys[#keys + 1] = k .. '=' .. v end\n"
           "assert(table.concat(keys, ' ') == 'alpha=a map=hazard zone=1')\n"
           "for k in pairs(m) do m[k] = nil end assert(#m == 0 and game.count { map = 'hazard' } == 0)\n"
           "assert(g.seats[2] == 20) g.seats[-7] = 1 for k, v in pairs(g.seats) do assert(k == -7) break end\n"
           "assert(tostring(g.tags) == 'tags of game 1')\n");
    refused(L, "g.tags = { 'a', 'b', 'c', 'd' }", "game.tags: 3 entries are the most it holds (its max)");
    refused(L, "g.tags[1] = 'longer'", "game.tags: 6 bytes are too many, it holds 5 (its max)");
    refused(L, "g.tags[9] = 'x'", "game.tags: positions 1 to 4 can be written");
    refused(L, "g.members:add(g)", "game.members: expected a player, got game");
    refused(L, "g.members:add(nil)", "game.members: expected a player, got nil");
    refused(L, "g.members:add(a)", "player 1 is gone");
    refused(L, "g.seats.x = 1", "game.seats: expected an integer, got a string");
    refused(L, "g.seats[1] = 70000", "game.seats: 70000 does not fit u16 (0 to 65535)");
    refused(L, "g.members = 5", "game.members: expected a table, got number");
    refused(L, "game.create { tags = { 'a', 5 } }", "game.tags: expected a string, got an integer");
    run(L, "assert(game.count() == 1) local t = g.tags g:remove() tags = t");
    refused(L, "return #tags", "game 1 is gone");
    end(L);
    records_free(all);
}

static void faulty_declarations_are_sentences(void **state) {
    static const char *const cases[][2] = {
        {"mu.record 'a' { x = 5 }", "a.x: expected a type such as mu.u32, got number"},
        {"mu.record 'a' { mu.u8 }", "a: expected at most 128 fields, each with a name"},
        {"mu.record 'a b'", "mu.record: 'a b' is no name for a kind of record"},
        {"return mu.u8 { kye = true }", "no option 'kye' of a field; did you mean 'key'?"},
        {"return mu.u8 { default = 256 }", "option 'default': 256 does not fit u8 (0 to 255)"},
        {"return mu.u8 { max = 3 }", "a u8 has no max"},
        {"return mu.string { max = 0 }", "option 'max': expected an integer from 1 to 1048576"},
        {"return mu.u8 { key = 1 }", "option 'key': expected true or false"},
        {"return mu.list(mu.list(mu.u8, 1), 1)", "mu.list: holds single values only"},
        {"return mu.list(mu.u8, 0)", "mu.list: the maximum goes from 1 to 8192"},
        {"return mu.map(mu.bool, mu.u8)", "mu.map: keys are mu.string or an integer type"},
        {"mu.record 'a' { x = mu.number { index = true } }", "a.x: a number cannot be indexed"},
        {"mu.record 'a' { x = mu.u8 } local r = mu.record 'b' r { } r { }", "b is declared already"},
        {"local k = mu.record 'a' { x = mu.u8 } k.create {}", "a.create: records cannot be used while scripts load"},
        {"local k = mu.record 'a' { x = mu.u8 } k.methods.f = print k.methods.f = print", "a already has a method 'f'"},
    };
    records *all = new_records();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lua_State *L = new_state(all);
        refused(L, cases[i][0], cases[i][1]);
        end(L);
    }
    static const char *const checks[][2] = {
        {"mu.record 'a' { x = mu.ref 'palyer' }", "a: a ref to 'palyer', but no such kind of record is declared"},
        {"mu.record 'a' { x = mu.u8 } mu.record 'a' { y = mu.u8 }", "a: this kind of record is declared twice"},
        {"mu.record 'a' { x = mu.u8 }.methods.x = print", "a.x is a field and a method"},
        {"mu.record 'session' { id = mu.u8 }", "session.id is declared twice"},
        {"mu.record 'a'", "mu.record needs a table of fields: mu.record \"name\" { … }"},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        lua_State *L = new_state(all);
        if (luaL_dostring(L, checks[i][0]) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
        told[0] = 0;
        record_check_declared(record_state_of(L), tell, NULL);
        assert_string_equal(told, checks[i][1]);
        end(L);
    }
    records_free(all);
}

static void a_second_generation_takes_over_the_records(void **state) {
    records *all = new_records();
    lua_State *old = ready(all);
    run(old, "p = player.create { id = 3, name = 'alice', score = 5 } g = game.create { host = p, members = { p } }\n"
             "walk = player.all() list = g.members");
    lua_State *L = new_state(all);
    run(L, "session = mu.record 'session' { language = mu.string { max = 2 } }\n"
           "player = mu.record 'player' { id = mu.u32 { key = true }, name = mu.string { max = 40 }, fresh = mu.u8 { "
           "default = 9 },\n"
           "  score = mu.string { index = true, convert = function(old) return 'was ' .. old end },\n"
           "  rate = mu.i32 { default = -1, convert = function(old) error 'no' end },\n"
           "  ready = mu.u8 { default = 4, convert = function(old) while true do end end } }\n"
           "game = mu.record 'game' { id = mu.u32 { key = true, auto = true }, host = mu.ref 'player' }\n");
    enter(L);
    run(L, "local p = player.get(3) assert(p.name == 'alice' and p.score == 'was 5' and p.fresh == 9 and p.rate == -1 "
           "and p.ready == 4)\n"
           "assert(game.get(1).host == p and player.first { score = 'was 5' } == p and game.create {}.id == 2)\n"
           "player.create { id = 4, name = 'new' }");
    /* handlers of the old generation go on with what there is now */
    run(old, "assert(p.name == 'alice' and p.fresh == 9 and player.get(4).name == 'new' and g.host == p)");
    refused(old, "return p.data", "player has no field 'data'; did you mean 'rate'?");
    refused(old, "walk()", "player: its layout has changed while it was walked");
    refused(old, "return #list", "game: its layout has changed; read the field again");
    refused(old, "note.create { key = 'x' }", "note.create: no script declares this kind of record any more");
    end(old);
    run(L, "assert(player.get(3).name == 'alice')");
    end(L);
    records_free(all);
}

static void a_change_that_needs_convert_is_refused_at_the_check(void **state) {
    records *all = new_records();
    lua_State *old = ready(all), *L = new_state(all);
    run(L, "mu.record 'player' { id = mu.u32 { key = true }, score = mu.string }");
    told[0] = 0;
    assert_int_equal(record_check_declared(record_state_of(L), tell, NULL), E_LOAD);
    assert_string_equal(
        told, "player.score changed from i32 to string: add convert = function(old) … end to its type, or restart");
    end(L);
    run(old, "assert(player.create { id = 1, score = 5 }.score == 5)");
    end(old);
    records_free(all);
}

static int check_player(lua_State *L) {
    record_check(L, 1, lua_touserdata(L, lua_upvalueindex(1)));
    return 0;
}

static void c_functions_check_what_they_get(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    lua_pushlightuserdata(L, records_kind(all, "player"));
    lua_pushcclosure(L, check_player, 1);
    lua_setglobal(L, "check");
    run(L, "p = player.create { id = 1 } check(p) g = game.create {}");
    refused(L, "check(g)", "expected a player, got game");
    refused(L, "check(io.stdout)", "expected a player, got userdata");
    refused(L, "check()", "expected a player, got no value");
    run(L, "p:remove()");
    refused(L, "check(p)", "player 1 is gone");
    run(L, "p = player.create { id = 2 }");
    lua_getglobal(L, "p");
    record_ref p = record_check(L, -1, NULL);
    luaL_dostring(L, "return { name = 'set', score = 4 }");
    record_assign(L, p, -1);
    lua_settop(L, 0);
    run(L, "assert(p.name == 'set' and p.score == 4)");
    end(L);
    records_free(all);
}

/* 20,000 records seen through handles: the state's memory must come back when nobody holds them. */
static void handles_are_collected(void **state) {
    records *all = new_records();
    lua_State *L = ready(all);
    run(L, "collectgarbage() local before = collectgarbage 'count'\n"
           "for i = 1, 20000 do player.create { id = i } end for p in player.all() do p.score = p.id end\n"
           "for i = 1, 20000 do player.get(i):remove() end\n"
           "collectgarbage() collectgarbage() for i = 1, 3 do player.create { id = i } end collectgarbage()\n"
           "grown = collectgarbage 'count' - before");
    lua_getglobal(L, "grown");
    print_message("Lua memory after 20,000 handles came and went: %+.0f kB\n", lua_tonumber(L, -1));
    assert_true(lua_tonumber(L, -1) < 2000);
    lua_settop(L, 0);
    end(L);
    records_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_read_and_write),
        cmocka_unit_test(handles_notice_that_their_record_is_gone),
        cmocka_unit_test(records_are_found),
        cmocka_unit_test(lists_and_maps_behave_like_tables),
        cmocka_unit_test(faulty_declarations_are_sentences),
        cmocka_unit_test(a_second_generation_takes_over_the_records),
        cmocka_unit_test(a_change_that_needs_convert_is_refused_at_the_check),
        cmocka_unit_test(c_functions_check_what_they_get),
        cmocka_unit_test(handles_are_collected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
