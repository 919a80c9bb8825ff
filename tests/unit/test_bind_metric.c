/* The numbers of scripts' metrics: what a new generation keeps, what it begins anew, the bound on combinations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bind/metric_values.h"

static const metric_declared logins = {"logins", "logins", METRIC_COUNTER, 1, {"door"}},
                             rooms = {"rooms_bytes", "room", METRIC_GAUGE, 0, {""}};

static int forget(void **state) {
    metric_values_free();
    return 0;
}

static double value_of(const char *name, const char *label) {
    double amount = -1;
    metric_values_get(metric_values_find(name), (const char *const[]){label}, &amount);
    return amount;
}

static const char *page(void) {
    static char text[4096];
    metrics_page p = {0};
    metric_values_write(&p);
    snprintf(text, sizeof text, "%.*s", (int)p.text.n, (const char *)p.text.p);
    metrics_free(&p);
    return text;
}

static void the_page_shows_what_is_declared(void **state) {
    assert_int_equal(metric_values_declare((const metric_declared *const[]){&logins, &rooms}, 2), 0);
    metric_values_add(metric_values_find("logins"), (const char *const[]){"a\"b\\\n\xFF\xE2\x82\xAC"}, 2);
    metric_values_add(metric_values_find("logins"), (const char *const[]){"x"}, 0.5);
    assert_string_equal(page(), "# TYPE murelay_logins counter\n"
                                "# HELP murelay_logins logins\n"
                                "murelay_logins_total{door=\"a\\\"b\\\\??\xE2\x82\xAC\"} 2\n"
                                "murelay_logins_total{door=\"x\"} 0.5\n"
                                "# TYPE murelay_rooms_bytes gauge\n"
                                "# UNIT murelay_rooms_bytes bytes\n"
                                "# HELP murelay_rooms_bytes room\n"
                                "murelay_rooms_bytes 0\n");
    metric_values_set(metric_values_find("rooms_bytes"), NULL, 1e300);
    assert_non_null(strstr(page(), "\nmurelay_rooms_bytes 1.0000000000000001e+300\n"));
}

static void declared_again_it_keeps_its_numbers(void **state) {
    metric_declared other = logins;
    const char *door[] = {"x"};
    metric_values_declare((const metric_declared *const[]){&logins}, 1);
    metric_family *f = metric_values_find("logins");
    unsigned version = metric_values_version(f);
    metric_values_add(f, door, 3);
    metric_values_declare((const metric_declared *const[]){&rooms, &logins}, 2);
    assert_true(value_of("logins", "x") == 3);
    metric_values_declare((const metric_declared *const[]){&rooms}, 1); /* nobody's now, but not forgotten */
    assert_null(strstr(page(), "logins"));
    metric_values_declare((const metric_declared *const[]){&logins}, 1);
    assert_true(value_of("logins", "x") == 3 && metric_values_version(f) == version);
    strcpy(other.label[0], "gate");
    metric_values_declare((const metric_declared *const[]){&other}, 1);
    assert_true(value_of("logins", "x") == -1 && metric_values_version(f) != version);
    metric_values_add(f, door, 1);
    other.type = METRIC_GAUGE;
    metric_values_declare((const metric_declared *const[]){&other}, 1);
    assert_true(value_of("logins", "x") == -1);
}

static void the_number_of_combinations_is_bounded(void **state) {
    metric_values_declare((const metric_declared *const[]){&logins}, 1);
    metric_family *f = metric_values_find("logins");
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(metric_values_add(f, (const char *const[]){name}, 1), 0);
    }
    assert_true(value_of("logins", "0") == 1 && value_of("logins", "498") == 1 && value_of("logins", "499") == -1);
    assert_true(value_of("logins", "other") == 5000 - (METRIC_SAMPLES_MAX - 1));
    char longest[300], cut[METRIC_VALUE_MAX + 1] = {0};
    memset(longest, 'x', sizeof longest - 1), longest[sizeof longest - 1] = 0;
    memset(cut, 'x', METRIC_VALUE_MAX);
    metric_values_declare((const metric_declared *const[]){&logins}, 1);
    assert_true(value_of("logins", cut) == -1 && value_of("logins", longest) == -1);
}

/* A place of an undeclared family is taken when all are in use; the one who still has a pointer to it can tell. */
static void places_are_used_again(void **state) {
    static metric_declared many[METRIC_FAMILIES_MAX];
    const metric_declared *list[METRIC_FAMILIES_MAX];
    metric_values_declare((const metric_declared *const[]){&logins}, 1);
    metric_family *f = metric_values_find("logins");
    unsigned version = metric_values_version(f);
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        many[i] = rooms;
        snprintf(many[i].name, sizeof many[i].name, "room_%u", i);
        list[i] = &many[i];
    }
    assert_int_equal(metric_values_declare(list, METRIC_FAMILIES_MAX), 0);
    assert_null(metric_values_find("logins"));
    assert_true(metric_values_version(f) != version);
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) assert_non_null(metric_values_find(many[i].name));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_page_shows_what_is_declared, forget),
        cmocka_unit_test_teardown(declared_again_it_keeps_its_numbers, forget),
        cmocka_unit_test_teardown(the_number_of_combinations_is_bounded, forget),
        cmocka_unit_test_teardown(places_are_used_again, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
