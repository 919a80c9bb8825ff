/* The protocol's names: read from Lua, found by name and by number, refused with a sentence that says which entry. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>

#include "bind/blaze_names.h"

static blaze_names *names;
static lua_State *L;

static int set_up(void **state) {
    L = luaL_newstate();
    names = blaze_names_new();
    return L && names ? 0 : -1;
}

static int tear_down(void **state) {
    lua_close(L);
    blaze_names_free(names);
    return 0;
}

static int read_text(const char *text, fault *f) {
    assert_int_equal(luaL_dostring(L, text), LUA_OK);
    int code = blaze_names_read(L, -1, names, f);
    lua_settop(L, 0);
    return code;
}

static const char tables[] =
    "return { components = { Util = { id = 9, commands = { ping = 2, preAuth = 7 } }, Stats = { id = 7, "
    "notifications = { Changed = 50 } } }, errors = { Global = { ERR_SYSTEM = 0x4001 }, Util = { "
    "UTIL_ODD = 5 }, Sdk = { SDK_ODD = 5 } } }";

static void names_and_numbers_find_each_other(void **state) {
    fault f;
    assert_int_equal(read_text(tables, &f), 0);
    const blaze_component *util = blaze_component_named(names, "Util");
    assert_int_equal(util->id, 9);
    assert_int_equal(blaze_name_find(&util->commands, "preAuth")->number, 7);
    assert_null(blaze_name_find(&util->commands, "preauth"));
    assert_string_equal(blaze_name_of(&util->commands, 2), "ping");
    assert_ptr_equal(blaze_component_numbered(names, 9), util);
    assert_int_equal(blaze_error_named(names, "ERR_SYSTEM")->component, BLAZE_GLOBAL);
    assert_string_equal(blaze_error_name(names, 9, 5), "UTIL_ODD");
    assert_string_equal(blaze_error_name(names, 9, 0x4001), "ERR_SYSTEM");
    assert_null(blaze_error_name(names, 7, 5)); /* nobody else's number, and not the client's own */
    char out[64];
    assert_string_equal(blaze_message_name(names, 7, 50, 1, out, sizeof out), "Stats.Changed");
    assert_string_equal(blaze_message_name(names, 7, 50, 0, out, sizeof out), "Stats, unknown command 0x32");
    assert_string_equal(blaze_message_name(names, 99, 1, 0, out, sizeof out), "unknown component 0x0063, command 0x01");
}

static void more_names_can_be_added(void **state) {
    fault f;
    assert_int_equal(read_text(tables, &f), 0);
    assert_int_equal(read_text("return { components = { Util = { id = 9, commands = { shout = 200 } } } }", &f), 0);
    const blaze_component *util = blaze_component_named(names, "Util");
    assert_int_equal(blaze_name_find(&util->commands, "shout")->number, 200);
    assert_int_equal(blaze_name_find(&util->commands, "ping")->number, 2);
}

static void bad_tables_are_named(void **state) {
    fault f;
    assert_int_equal(read_text(tables, &f), 0);
    assert_int_equal(read_text("return { components = { Util = { id = 9, commands = { ping = 3 } } } }", &f), E_EXISTS);
    assert_string_equal(f.text, "components.Util.commands: the name 'ping' is there twice");
    assert_int_equal(read_text("return { components = { Other = { id = 9 } } }", &f), E_EXISTS);
    assert_string_equal(f.text, "components.Other has the id 9 of Util");
    assert_int_equal(read_text("return { components = { Other = { id = 70000 } } }", &f), E_ARGUMENT);
    assert_int_equal(read_text("return { components = { Other = 5 } }", &f), E_ARGUMENT);
    assert_int_equal(read_text("return { components = 5 }", &f), E_ARGUMENT);
    assert_int_equal(read_text("return { errors = { Global = { 'x' } } }", &f), E_ARGUMENT);
    assert_int_equal(read_text("return { errors = { Global = { X = -1 } } }", &f), E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_numbers_find_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_names_can_be_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_tables_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
