/* The rings of mu.inspect, and a refused input as people read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bind/inspect.h"

static void slow_handlers_are_kept_newest_first(void **state) {
    slow_entry e;
    char what[24];
    assert_false(inspect_slow(0, &e));
    for (int i = 1; i <= 300; i++) {
        snprintf(what, sizeof what, "Util.%d", i);
        slow_task t = {.what = what,
                       .us = 1000 * i,
                       .longest_us = 900 * i,
                       .waited = i % 2 ? "mu.sleep" : NULL,
                       .where = "a.lua:1",
                       .generation = 3};
        inspect_note_slow(&t, "session 7");
    }
    for (unsigned back = 0; back < SLOW_ENTRIES; back++) {
        assert_true(inspect_slow(back, &e));
        assert_int_equal(e.number, 300 - back);
        snprintf(what, sizeof what, "Util.%u", 300 - back);
        assert_string_equal(e.what, what);
        assert_int_equal(e.us, 1000 * (300 - back));
        assert_string_equal(e.waited, (300 - back) % 2 ? "mu.sleep" : "");
    }
    assert_false(inspect_slow(SLOW_ENTRIES, &e));
}

static void failures_of_one_place_are_counted(void **state) {
    failure_entry e;
    char text[32];
    assert_false(inspect_failure(0, &e));
    for (int i = 0; i < 1000; i++) inspect_note_failure("Util.ping", "session 7", 1, "a.lua:1: no", "\n  a.lua:1");
    assert_true(inspect_failure(0, &e));
    assert_int_equal(e.count, 1000);
    assert_string_equal(e.trace, "  a.lua:1");
    assert_false(inspect_failure(1, &e));
    inspect_note_failure("Util.ping", "session 7", 2, "a.lua:1: no", ""); /* other scripts: another matter */
    assert_true(inspect_failure(0, &e));
    assert_int_equal(e.count, 1);
    for (int i = 0; i < 3 * FAILURE_ENTRIES; i++) {
        snprintf(text, sizeof text, "a.lua:%d: no", i);
        inspect_note_failure("Util.ping", "", 1, text, "");
    }
    for (unsigned back = 0; back < FAILURE_ENTRIES; back++) {
        assert_true(inspect_failure(back, &e));
        snprintf(text, sizeof text, "a.lua:%u: no", 3 * FAILURE_ENTRIES - 1 - back);
        assert_string_equal(e.text, text);
    }
    assert_false(inspect_failure(FAILURE_ENTRIES, &e));
}

static void long_texts_are_cut(void **state) {
    static char text[5000];
    failure_entry e;
    memset(text, 'x', sizeof text - 1);
    inspect_note_failure(text, text, 1, text, text);
    inspect_note_failure(text, text, 1, text, text);
    assert_true(inspect_failure(0, &e));
    assert_int_equal(e.count, 2);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void a_refused_input_is_shown_with_its_place(void **state) {
    malformed m = {.number = 12,
                   .at_us = (int64_t)1700000000 * 1000000,
                   .decoder = "body",
                   .code = E_TRUNCATED,
                   .offset = 17,
                   .size = 300,
                   .kept = 20,
                   .what = "Util.ping",
                   .who = "session 7 from 127.0.0.1",
                   .door = "game",
                   .text = "a number is cut short at byte 17 in PID"};
    buf out = {0};
    for (int i = 0; i < 20; i++) m.data[i] = (uint8_t)("ABCDEFGHIJKLMNOPQRST"[i] - (i == 3 ? 'D' : 0));
    inspect_malformed_text(&m, &out);
    buf_u8(&out, 0);
    assert_string_equal((const char *)out.p,
                        "#12 2023-11-14T22:13:20Z body of Util.ping refused: truncated\n"
                        "  from session 7 from 127.0.0.1, door game\n"
                        "  a number is cut short at byte 17 in PID\n"
                        "  300 bytes in all; it broke at byte 17 (0x11):\n"
                        "  000000  41 42 43 00 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  |ABC.EFGHIJKLMNOP|\n"
                        "  000010  51>52 53 54                                      |QRST|\n");
    buf_free(&out);
    m = (malformed){.decoder = "ssl3", .code = E_HANDSHAKE, .offset = -1};
    inspect_malformed_text(&m, &out);
    buf_u8(&out, 0);
    assert_non_null(strstr((const char *)out.p, "ssl3 refused: handshake_failed\n  from nobody known\n"));
    assert_non_null(strstr((const char *)out.p, "  0 bytes in all\n"));
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_handlers_are_kept_newest_first),
        cmocka_unit_test(failures_of_one_place_are_counted),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(a_refused_input_is_shown_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
