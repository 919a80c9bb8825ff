/* The rings and counts that an operator looks into: refused inputs (malformed.h), things said a few times (repeat.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/malformed.h"
#include "base/repeat.h"

static void add(int i, int64_t offset, bytes input) {
    malformed m = {.decoder = "frame", .code = E_TRUNCATED, .offset = offset, .size = input.n};
    snprintf(m.text, sizeof m.text, "number %d", i);
    malformed_add(&m, input);
}

static int heard;
static void hear(void *ctx) { heard++; }

static void the_ring_keeps_the_newest(void **state) {
    malformed m;
    assert_false(malformed_get(0, &m));
    malformed_on_add(hear, NULL);
    for (int i = 1; i <= 3 * MALFORMED_ENTRIES; i++) add(i, 0, (bytes){(const uint8_t *)"abc", 3});
    malformed_on_add(NULL, NULL);
    assert_int_equal(heard, 3 * MALFORMED_ENTRIES);
    for (unsigned back = 0; back < MALFORMED_ENTRIES; back++) {
        char text[32];
        assert_true(malformed_get(back, &m));
        snprintf(text, sizeof text, "number %u", 3 * MALFORMED_ENTRIES - back);
        assert_string_equal(m.text, text);
        assert_int_equal(m.number, 3 * MALFORMED_ENTRIES - back);
    }
    assert_false(malformed_get(MALFORMED_ENTRIES, &m));
    assert_int_equal(m.kept, 3);
    assert_memory_equal(m.data, "abc", 3);
    assert_true(m.at_us > 0);
}

static void a_window_lies_around_the_place(void **state) {
    uint8_t input[1000];
    malformed m;
    for (size_t i = 0; i < sizeof input; i++) input[i] = (uint8_t)(i * 7);
    static const int64_t places[] = {-1, 0, 95, 96, 500, 903, 904, 999, 1000, 5000};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        add(0, places[i], (bytes){input, sizeof input});
        assert_true(malformed_get(0, &m));
        assert_int_equal(m.kept, MALFORMED_BYTES);
        assert_true(m.from + m.kept <= sizeof input);
        assert_memory_equal(m.data, input + m.from, m.kept);
        if (places[i] < 0 || places[i] >= 1000) continue;
        assert_true(m.from <= (size_t)places[i] && (size_t)places[i] < m.from + m.kept);
    }
    add(0, 7, (bytes){NULL, 0});
    assert_true(malformed_get(0, &m));
    assert_int_equal(m.kept, 0);
}

static char told[4096];
static void tell(void *ctx, const char *key, uint64_t unsaid) {
    size_t n = strlen(told);
    snprintf(told + n, sizeof told - n, "%s %llu;", key, (unsigned long long)unsaid);
}

static void a_few_are_said_the_rest_is_counted(void **state) {
    static repeat_set s = {.tell = tell};
    int said = 0;
    told[0] = 0;
    for (int i = 0; i < 1000; i++) said += repeat_take(&s, "a.lua:1", i);
    assert_int_equal(said, REPEAT_FEW);
    assert_true(repeat_take(&s, "a.lua:2", 1000)); /* another place is another matter */
    assert_int_equal(repeat_due(&s, 1000), REPEAT_US);
    assert_string_equal(told, "");
    assert_int_equal(repeat_due(&s, REPEAT_US + 2000), 0);
    assert_string_equal(told, "a.lua:1 995;"); /* nothing of the other: it was said */
    assert_true(repeat_take(&s, "a.lua:1", REPEAT_US + 3000));
    assert_int_equal(repeat_due(&s, REPEAT_US + 3000), 0);
}

static void an_interval_ends_when_the_next_one_comes_late(void **state) {
    static repeat_set s = {.tell = tell};
    told[0] = 0;
    for (int i = 0; i < 7; i++) repeat_take(&s, "b", 0);
    assert_true(repeat_take(&s, "b", REPEAT_US));
    assert_string_equal(told, "b 2;");
}

/* A stranger who makes up a new key each time is told of no more often than there are places. */
static void made_up_keys_are_others(void **state) {
    static repeat_set s = {.tell = tell};
    char key[16], longest[400];
    int said = 0;
    told[0] = 0;
    for (int i = 0; i < 7; i++) assert_int_equal(repeat_take(&s, "first", 1), i < REPEAT_FEW);
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        said += repeat_take(&s, key, 10 + i);
    }
    assert_int_equal(said, REPEAT_KEYS - 1 + REPEAT_FEW);
    assert_string_equal(told, "");
    assert_false(repeat_take(&s, "first", 20000)); /* it has kept its place */
    assert_int_equal(repeat_due(&s, 20000), 1 + REPEAT_US);
    repeat_due(&s, REPEAT_US + 20000);
    assert_string_equal(told, REPEAT_OTHERS " 9932;first 3;");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    for (int i = 0; i < 7; i++) assert_int_equal(repeat_take(&s, longest, 2 * REPEAT_US), i < REPEAT_FEW);
}

static void places_whose_interval_is_over_are_free(void **state) {
    static repeat_set s = {.tell = tell};
    char key[16];
    told[0] = 0;
    for (int i = 0; i < 7; i++) repeat_take(&s, "first", 1);
    for (int i = 1; i < REPEAT_KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(repeat_take(&s, key, 10 + i));
    }
    assert_true(repeat_take(&s, "new", 1 + REPEAT_US));
    assert_string_equal(told, "first 2;");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ring_keeps_the_newest),
        cmocka_unit_test(a_window_lies_around_the_place),
        cmocka_unit_test(a_few_are_said_the_rest_is_counted),
        cmocka_unit_test(an_interval_ends_when_the_next_one_comes_late),
        cmocka_unit_test(made_up_keys_are_others),
        cmocka_unit_test(places_whose_interval_is_over_are_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
