/* Schemas built in C, and decoded bodies as text: names, nesting, and nothing secret. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/tdf_print.h"

static schema_set *set;

static int setup(void **state) {
    set = schema_set_new();
    return set ? 0 : -1;
}

static int teardown(void **state) {
    schema_set_free(set);
    return 0;
}

static schema_struct *address(void) {
    schema_struct *s = schema_struct_new(set, "IpAddress");
    assert_int_equal(schema_add(s, "PORT", "port", schema_int(set, 0, 65535), 0, NULL), 0);
    assert_int_equal(schema_add(s, "IP", "ip", schema_scalar(set, SCHEMA_INT), 0, NULL), 0);
    assert_int_equal(schema_compile(s, NULL), 0);
    return s;
}

static void compiling_sorts_and_freezes(void **state) {
    schema_struct *s = address();
    fault f;
    assert_int_equal(s->count, 2);
    assert_string_equal(s->fields[0].name, "ip");
    assert_string_equal(schema_find_tag(s, TDF_TAG('P', 'O', 'R', 'T'))->name, "port");
    assert_null(schema_find_tag(s, TDF_TAG('P', 'O', 'R', 0)));
    assert_string_equal(schema_suggest(s, "prot", 4)->name, "port");
    assert_string_equal(schema_suggest(s, "PORT", 4)->name, "port");
    assert_null(schema_suggest(s, "something", 9));
    assert_int_equal(schema_add(s, "X", "x", schema_scalar(set, SCHEMA_INT), 0, &f), E_ARGUMENT);
    assert_int_equal(schema_group(s)->depth, 1);
    assert_int_equal(schema_list(set, schema_group(s))->depth, 2);
    assert_null(schema_map(set, schema_group(s), schema_group(s)));
}

static void duplicates_are_refused(void **state) {
    fault f;
    const schema_type *number = schema_scalar(set, SCHEMA_INT);
    schema_struct *tags = schema_struct_new(set, NULL), *names = schema_struct_new(set, NULL);
    schema_add(tags, "GID", "b", number, 0, NULL);
    schema_add(tags, "GID", "a", number, 0, NULL);
    assert_int_equal(schema_compile(tags, &f), E_DUPLICATE_TAG);
    assert_string_equal(f.text, "field 'b': the tag GID is already that of 'a'");
    schema_add(names, "GID", "a", number, 0, NULL);
    schema_add(names, "PID", "a", number, 0, NULL);
    assert_int_equal(schema_compile(names, &f), E_EXISTS);
    assert_string_equal(f.text, "field 'a' is declared twice");
    assert_int_equal(schema_add(names, "gid", "c", number, 0, &f), E_BAD_TAG);
    assert_null(schema_group(names)); /* not compiled */
}

static void shows(const schema_struct *s, unsigned flags, const char *hex, const char *want) {
    uint8_t body[512];
    size_t n = 0;
    for (; hex[0]; hex += 2, n++) {
        unsigned high = hex[0] <= '9' ? hex[0] - '0' : hex[0] - 'a' + 10;
        unsigned low = hex[1] <= '9' ? hex[1] - '0' : hex[1] - 'a' + 10;
        body[n] = (uint8_t)(high << 4 | low);
    }
    arena a;
    arena_init(&a, TDF_TREE_LIMIT(n));
    tdf_node *fields;
    assert_int_equal(tdf_tree_decode((bytes){body, n}, &a, &fields, NULL), 0);
    buf out = {0};
    tdf_print(&out, fields, s, flags);
    buf_u8(&out, 0);
    assert_string_equal((char *)out.p, want);
    buf_free(&out);
    arena_free(&a);
}

#define PNET "c2e9740603da1b3503a700000001c2fcb4000200"

static void names_stand_before_tags(void **state) {
    schema_union *u = schema_union_new(set, NULL);
    const schema_name nat[] = {{"OPEN", 0}, {"STRICT", 3}};
    assert_int_equal(schema_union_add(u, 3, "address", schema_group(address()), NULL), 0);
    schema_struct *s = schema_struct_new(set, "S");
    schema_add(s, "PNET", "network", schema_union_of(u), 0, NULL);
    schema_add(s, "NATT", "nat", schema_enum(set, nat, 2), 0, NULL);
    schema_add(s, "SECU", "secure", schema_scalar(set, SCHEMA_BOOL), 0, NULL);
    schema_add(s, "CAP", "caps", schema_list(set, schema_scalar(set, SCHEMA_INT)), 0, NULL);
    assert_int_equal(schema_compile(s, NULL), 0);
    shows(s, 0,
          "8e1c000400020400"
          "ba1d340003" PNET "ce58f50001"
          "ebaeba0007",
          "caps CAP = [4, 0]\nnat NATT = 3 STRICT\nnetwork PNET = address(3) {\n  ip IP = 1\n  port PORT = 2\n}\n"
          "secure SECU = true\nZZZZ = 7");
    shows(s, TDF_PRINT_ONE_LINE, PNET, "network PNET = address(3) { ip IP = 1 port PORT = 2 }");
    shows(NULL, 0, PNET, "PNET = (3) {\n  IP = 1\n  PORT = 2\n}");
    shows(s, 0,
          "ba1d34010241"
          "00",
          "nat NATT = \"A\""); /* of another type than declared */
}

static void every_form_has_a_text(void **state) {
    shows(NULL, 0, "", "");
    shows(NULL, 0, "8f68720700", "CVAR = absent");
    shows(NULL, 0, "921d21070101921d21039e990000010000", "DATA = variable 0x1 {\n  GID = 1\n}");
    shows(NULL, 0, "9b0a64067f", "FPID = unset");
    shows(NULL, 0, "a2e97404030203a7000000010000", "HNET = [\n  (3) {\n    IP = 1\n  }\n  {}\n]");
    shows(NULL, 0, "c27cf2020400ff10ab", "PGSR = blob<4> 00ff10ab");
    shows(NULL, 0, "d64976010480ff4100", "UDEV = \"\\x80\\xffA\"");
    shows(NULL, 0, "ba1b650105c5bc220a00", "NAME = \"\xc5\xbc\\\"\\x0a\"");
    shows(NULL, 0, "8afa640982e0030112", "BOID = 30722:1:18");
    shows(NULL, 0, "92d87005000001818038a401", "DMAP = map {\n  458753 = 100\n}");
    shows(NULL, 0, "874d3205010100", "ATTR = map {}");
    shows(NULL, 0, "9b686c0a3f000000", "FVAL = 0.5");
}

static void secrets_are_not_shown(void **state) {
    schema_struct *s = schema_struct_new(set, "S");
    schema_add(s, "NAME", "name", schema_scalar(set, SCHEMA_STR), SCHEMA_SECRET, NULL);
    schema_add(s, "KEY", "key", schema_scalar(set, SCHEMA_STR), 0, NULL);
    assert_int_equal(schema_compile(s, NULL), 0);
    shows(s, 0, "ba1b6501024100", "name NAME = (secret)");
    shows(s, TDF_PRINT_SECRETS, "ba1b6501024100", "name NAME = \"A\"");
    shows(s, 0, "ae5e4001024100", "key KEY = \"A\"");   /* declared, and not as a secret */
    shows(NULL, 0, "ae5e4001024100", "KEY = (secret)"); /* not declared */
    shows(NULL, 0, "c21cf301024100", "PASS = (secret)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(compiling_sorts_and_freezes, setup, teardown),
        cmocka_unit_test_setup_teardown(duplicates_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(names_stand_before_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(every_form_has_a_text, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_not_shown, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
