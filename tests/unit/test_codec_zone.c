/* Time zones: both changes of 2026 in two zones, by a file's transitions and by its rule; rules of every form; files
 * that are damaged in every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "codec/zone.h"

#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

static const struct change {
    const char *rule;
    int64_t at;
    int32_t before, after;
} changes[] = {
    {BERLIN, 1774746000, 3600, 7200},                                   /* 2026-03-29 01:00 UTC */
    {BERLIN, 1792890000, 7200, 3600},                                   /* 2026-10-25 01:00 UTC */
    {NEW_YORK, 1772953200, -18000, -14400},                             /* 2026-03-08 07:00 UTC */
    {NEW_YORK, 1793512800, -14400, -18000},                             /* 2026-11-01 06:00 UTC */
    {BERLIN, 951786000 + 2246400, 3600, 7200},                          /* 2000-03-26 01:00 UTC */
    {"IST-1GMT0,M10.5.0,M3.5.0/1", 1774746000, 0, 3600},                /* summer is the standard there */
    {"IST-1GMT0,M10.5.0,M3.5.0/1", 1792890000, 3600, 0},                /* … and winter an hour less */
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", 1775318400, 39600, 36000},         /* the south: 2026-04-04 16:00 UTC */
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", 1791043200, 36000, 39600},         /* 2026-10-03 16:00 UTC */
    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1775314800, 39600, 37800}, /* half an hour */
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -7200, -3600},      /* an hour before midnight */
    {"AAA0BBB,J60,J300/24", 1772330400, 0, 3600},                       /* the 1st of March 2026, 02:00 */
    {"AAA0BBB,J60,J300/24", 1709258400, 0, 3600}, /* … and of 2024, which has a 29th of February */
    {"AAA0BBB,59,299", 1709172000, 0, 3600},      /* where that one counts */
};

static void put_block(buf *b, const struct change *c, bool wide) {
    buf_put(b, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    const uint32_t counts[] = {0, 0, 0, wide && c ? 1 : 0, wide ? 2 : 1, 8};
    for (int i = 0; i < 6; i++) buf_u32(b, counts[i]);
    if (wide && c) {
        buf_u32(b, (uint32_t)(c->at >> 32)), buf_u32(b, (uint32_t)c->at);
        buf_u8(b, 1);
    }
    for (int i = 0; i < (wide ? 2 : 1); i++) {
        buf_u32(b, (uint32_t)(!c ? 0 : i ? c->after : c->before));
        buf_u8(b, (uint8_t)i), buf_u8(b, (uint8_t)(i * 4));
    }
    buf_put(b, "AAA\0BBB", 8);
}

/* With the transition itself (`c`), or with the rule alone. */
static buf file_of(const struct change *c, const char *rule) {
    buf b = {0};
    put_block(&b, c, false);
    put_block(&b, c, true);
    buf_u8(&b, '\n');
    buf_put(&b, rule, strlen(rule));
    buf_u8(&b, '\n');
    return b;
}

static zone *read_of(const buf *b) {
    zone *z;
    fault f = {0};
    if (zone_read(buf_bytes(b), &z, &f) < 0) fail_msg("%s", f.text);
    return z;
}

static void clocks_change_to_the_second(void **state) {
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *c = &changes[i];
        for (int form = 0; form < 2; form++) {
            buf b = form ? file_of(c, "") : file_of(NULL, c->rule);
            zone *z = read_of(&b);
            if (zone_offset(z, c->at - 1) != c->before || zone_offset(z, c->at) != c->after)
                fail_msg("%s at %lld: %d, %d", c->rule, (long long)c->at, zone_offset(z, c->at - 1),
                         zone_offset(z, c->at));
            zone_free(z);
            buf_free(&b);
        }
    }
}

static void a_rule_holds_in_any_year(void **state) {
    zone_rule r;
    assert_int_equal(zone_rule_read((bytes){(const uint8_t *)BERLIN, strlen(BERLIN)}, &r), 0);
    /* July and December of every year from 1600 to 2400: 86400 × 365.2425 days on */
    for (int64_t year = -370; year <= 430; year++) {
        int64_t start = year * 31556952;
        assert_int_equal(zone_rule_offset(&r, start + 190 * 86400), 7200);
        assert_int_equal(zone_rule_offset(&r, start + 340 * 86400), 3600);
    }
    zone_rule_offset(&r, (int64_t)1 << 50);
    zone_rule_offset(&r, -((int64_t)1 << 50));
}

static void transitions_come_before_the_rule(void **state) {
    buf b = file_of(&changes[0], "XXX5");
    zone *z = read_of(&b);
    assert_int_equal(zone_offset(z, INT64_MIN), 3600);
    assert_int_equal(zone_offset(z, changes[0].at), -18000);
    assert_int_equal(zone_offset(z, INT64_MAX), -18000);
    zone_free(z);
    buf_free(&b);
}

static void rules_that_are_none(void **state) {
    static const char *const wrong[] = {
        "",
        "CET",
        "-1",
        "CE-1",
        "CET-25",
        "CET-1:60",
        "CET-1:00:60",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3 ",
        "CET-1CEST,J0,J1",
        "CET-1CEST,J366,J1",
        "CET-1CEST,366,1",
        "CET-1CEST,M3,M10",
        "<CET-1",
        "<+01>",
        "CET-1CEST-2-3,0,1",
        ":Europe/Berlin",
        "CET-0001",
        "CET-1CEST,M3.5.0,M10.5.0,M11.5.0",
    };
    zone_rule r;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (zone_rule_read((bytes){(const uint8_t *)wrong[i], strlen(wrong[i])}, &r) == 0) fail_msg("%s", wrong[i]);
}

static void refused(const buf *b, size_t n, const char *why) {
    zone *z = (zone *)1;
    fault f = {0};
    assert_int_equal(zone_read((bytes){b->p, n}, &z, &f), E_PROTOCOL);
    assert_null(z);
    if (!strstr(f.text, why)) fail_msg("%s instead of %s", f.text, why);
}

static void damaged_files_are_refused(void **state) {
    buf b = file_of(&changes[0], BERLIN);
    for (size_t n = 0; n < b.n; n++) refused(&b, n, "it is no time zone's file: ");
    static const struct {
        size_t at;
        uint8_t value;
        const char *why;
    } damages[] = {
        {0, 't', "TZif"},
        {4, 0, "older than 2"},
        {4, '1', "older than 2"},
        {35, 1, "TZif"},
        {32, 255, "too early"},
        {58 + 31, 1, "leap seconds"},
        {58 + 39, 0, "no offsets"},
        {58 + 43, 0, "no offsets"},
        {58 + 27, 1, "contradict"},
        {58 + 52, 2, "is not there"},
        {58 + 53, 1, "more than a day"},
        {58 + 57, 2, "neither"},
        {58 + 58, 8, "neither"},
        {58 + 73, ' ', "end with a rule"},
        {58 + 74, '1', "is none"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        uint8_t *at = b.p + damages[i].at, old = *at;
        *at = damages[i].value;
        refused(&b, b.n, damages[i].why);
        *at = old;
    }
    zone_free(read_of(&b));
    buf_put(&b, (uint8_t[ZONE_FILE_MAX]){0}, ZONE_FILE_MAX);
    refused(&b, b.n, "too long");
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_change_to_the_second),      cmocka_unit_test(a_rule_holds_in_any_year),
        cmocka_unit_test(transitions_come_before_the_rule), cmocka_unit_test(rules_that_are_none),
        cmocka_unit_test(damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
