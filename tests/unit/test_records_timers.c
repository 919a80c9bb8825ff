/* Timers: in order, replaced by name and owner, gone with the owner, against a plain array, and without memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "records/memory.h"
#include "records/timers.h"

static const record_ref nobody = {0};
static record_ref owner_number(uint32_t n) { return (record_ref){1, {n, 1}}; }

static void due_come_in_order_with_their_arguments(void **state) {
    fault f;
    timers *t = timers_new(0, &f);
    value args[] = {value_string("hello"), value_integer(-5), value_nil(), value_boolean(true), value_string("")};
    assert_int_equal(timers_start(t, "late", nobody, 300, NULL, 0, &f), 0);
    assert_int_equal(timers_start(t, "early", nobody, 100, args, 5, &f), 0);
    assert_int_equal(timers_start(t, "also early", nobody, 100, NULL, 0, &f), 0);
    assert_int_equal(timers_next(t), 100);
    assert_null(timers_due(t, 99));
    timer *d = timers_due(t, 100);
    assert_string_equal(d->name, "early");
    assert_int_equal(d->arg_count, 5);
    assert_memory_equal(d->args[0].text.p, "hello", 5);
    assert_int_equal(d->args[1].integer, -5);
    assert_int_equal(d->args[2].kind, VALUE_NIL);
    timer_free(d);
    d = timers_due(t, 1000);
    assert_string_equal(d->name, "also early");
    timer_free(d);
    d = timers_due(t, 1000);
    assert_string_equal(d->name, "late");
    timer_free(d);
    assert_null(timers_due(t, 1000));
    assert_int_equal(timers_next(t), TIMERS_NO_DEADLINE);
    timers_free(t);
}

static void starting_again_replaces_and_owners_take_theirs_along(void **state) {
    fault f;
    timers *t = timers_new(0, &f);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(timers_start(t, "expire", owner_number(i), 100 + i, NULL, 0, &f), 0);
        assert_int_equal(timers_start(t, "ping", owner_number(i), 200 + i, NULL, 0, &f), 0);
        assert_int_equal(timers_start(t, "expire", owner_number(i), 300 + i, NULL, 0, &f), 0);
    }
    assert_int_equal(timers_count(t), 100);
    assert_int_equal(timers_left(t, "expire", owner_number(3), 100), 203);
    assert_int_equal(timers_left(t, "expire", owner_number(3), 1000), 0);
    assert_int_equal(timers_left(t, "expire", nobody, 0), -1);
    timers_owner_gone(t, owner_number(3));
    timers_owner_gone(t, owner_number(99));
    assert_int_equal(timers_count(t), 98);
    assert_int_equal(timers_left(t, "ping", owner_number(3), 0), -1);
    assert_true(timers_stop(t, "ping", owner_number(4)));
    assert_false(timers_stop(t, "ping", owner_number(4)));
    timers_owner_gone(t, owner_number(4));
    assert_int_equal(timers_count(t), 96);
    timers_free(t);
}

static void limits_are_sentences(void **state) {
    fault f;
    timers *t = timers_new(2, &f);
    static uint8_t big[TIMER_BYTES_MAX + 1];
    value args[TIMER_ARGS_MAX + 1] = {value_text((bytes){big, sizeof big})};
    assert_int_equal(timers_start(t, "a", nobody, 1, args, 1, &f), E_LIMIT);
    assert_int_equal(timers_start(t, "a", nobody, 1, args, TIMER_ARGS_MAX + 1, &f), E_LIMIT);
    args[0] = (value){.kind = VALUE_OTHER, .text = {(const uint8_t *)"a table", 7}};
    assert_int_equal(timers_start(t, "a", nobody, 1, args, 1, &f), E_TYPE);
    assert_string_equal(f.text, "timer a: argument 1 is a table; a timer keeps only plain values and records");
    assert_int_equal(timers_start(t, "", nobody, 1, NULL, 0, &f), E_ARGUMENT);
    assert_int_equal(timers_start(t, "a", nobody, 1, NULL, 0, &f), 0);
    assert_int_equal(timers_start(t, "b", nobody, 1, NULL, 0, &f), 0);
    assert_int_equal(timers_start(t, "c", nobody, 1, NULL, 0, &f), E_LIMIT);
    assert_int_equal(timers_start(t, "b", nobody, 2, NULL, 0, &f), 0);
    timers_free(t);
}

static int64_t told;
static int told_times;
static void tell(void *context, int64_t deadline) {
    told = deadline;
    told_times++;
}

static void the_next_deadline_is_told_when_it_changes_and_only_then(void **state) {
    fault f;
    timers *t = timers_new(0, &f);
    told_times = 0;
    timers_on_next(t, tell, NULL);
    timers_start(t, "a", nobody, 100, NULL, 0, &f);
    assert_int_equal(told, 100);
    timers_start(t, "b", nobody, 200, NULL, 0, &f);
    assert_int_equal(told_times, 1);
    timers_start(t, "a", nobody, 300, NULL, 0, &f);
    assert_int_equal(told, 200);
    timer_free(timers_due(t, 200));
    assert_int_equal(told, 300);
    timers_stop(t, "a", nobody);
    assert_true(told == TIMERS_NO_DEADLINE);
    assert_int_equal(told_times, 4);
    timers_free(t);
}

static void random_operations_agree_with_a_plain_array(void **state) {
    enum { OWNERS = 12, NAMES = 4 };
    static const char *const names[NAMES] = {"a", "b", "c", "d"};
    int64_t model[OWNERS][NAMES], now = 0;
    uint64_t seed = 7;
    fault f;
    timers *t = timers_new(0, &f);
    for (int o = 0; o < OWNERS; o++)
        for (int n = 0; n < NAMES; n++) model[o][n] = -1;
    for (int step = 0; step < 50000; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t r = (uint32_t)(seed >> 33);
        uint32_t o = r % OWNERS, n = r / OWNERS % NAMES, what = r / OWNERS / NAMES % 10;
        int64_t earliest = TIMERS_NO_DEADLINE;
        if (what < 6) {
            model[o][n] = now + r / 1000 % 500;
            assert_int_equal(timers_start(t, names[n], owner_number(o), model[o][n], NULL, 0, &f), 0);
        } else if (what == 6) {
            assert_int_equal(timers_stop(t, names[n], owner_number(o)), model[o][n] >= 0);
            model[o][n] = -1;
        } else if (what == 7 && r % 3 == 0) {
            timers_owner_gone(t, owner_number(o));
            for (n = 0; n < NAMES; n++) model[o][n] = -1;
        } else
            now += 60;
        for (timer *d; (d = timers_due(t, now)); timer_free(d)) {
            n = (uint32_t)(d->name[0] - 'a');
            assert_int_equal(model[d->owner.at.slot][n], d->deadline);
            assert_true(d->deadline <= now);
            model[d->owner.at.slot][n] = -1;
        }
        for (o = 0; o < OWNERS; o++)
            for (n = 0; n < NAMES; n++)
                if (model[o][n] >= 0 && model[o][n] < earliest) earliest = model[o][n];
        assert_true(timers_next(t) == earliest);
        assert_true(earliest > now);
    }
    timers_free(t);
}

static void without_memory_the_running_one_stays(void **state) {
    for (uint64_t n = 1; n < 12; n++) {
        fault f;
        timers *t = timers_new(0, &f);
        for (uint32_t i = 0; i < 16; i++) timers_start(t, "x", owner_number(i), 50 + i, NULL, 0, &f);
        memory_fail_in(n);
        int code = timers_start(t, "x", owner_number(5), 10, NULL, 0, &f);
        int other = timers_start(t, "y", owner_number(77), 20, NULL, 0, &f);
        memory_fail_in(0);
        assert_int_equal(timers_left(t, "x", owner_number(5), 0), code == 0 ? 10 : 55);
        assert_int_equal(timers_left(t, "y", owner_number(77), 0), other == 0 ? 20 : -1);
        assert_int_equal(timers_count(t), 16 + (other == 0));
        for (uint32_t i = 0; i < 16; i++) timers_owner_gone(t, owner_number(i));
        assert_int_equal(timers_count(t), other == 0);
        timers_free(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_come_in_order_with_their_arguments),
        cmocka_unit_test(starting_again_replaces_and_owners_take_theirs_along),
        cmocka_unit_test(limits_are_sentences),
        cmocka_unit_test(the_next_deadline_is_told_when_it_changes_and_only_then),
        cmocka_unit_test(random_operations_agree_with_a_plain_array),
        cmocka_unit_test(without_memory_the_running_one_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
