/* "Did you mean": near words are found, far ones are not offered. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/suggest.h"

static void the_nearest_word_wins(void **state) {
    suggestion s = suggest_begin("sever_time");
    suggest_offer(&s, "service_name");
    suggest_offer(&s, "server_time");
    suggest_offer(&s, "time");
    assert_string_equal(s.best, "server_time");
    char out[64];
    assert_string_equal(suggest_text(&s, out, sizeof out), "; did you mean 'server_time'?");
}

static void nothing_near_is_nothing_said(void **state) {
    suggestion s = suggest_begin("zebra");
    suggest_offer(&s, "authentication");
    suggest_offer(&s, "xy");
    assert_null(s.best);
    char out[8];
    assert_string_equal(suggest_text(&s, out, sizeof out), "");
}

static void case_is_no_difference(void **state) {
    suggestion s = suggest_begin("PREAUTH");
    suggest_offer(&s, "preAuth");
    assert_int_equal(s.distance, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_nearest_word_wins),
                                       cmocka_unit_test(nothing_near_is_nothing_said),
                                       cmocka_unit_test(case_is_no_difference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
