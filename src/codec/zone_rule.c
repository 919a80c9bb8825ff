/* zone_rule.c: the rule at the end of a zone's file, as POSIX writes it in TZ, with the hours up to 167 of RFC 9636. */
#include <stdbool.h>

#include "codec/zone.h"

#define DAY 86400

/* ---- reading ---- */

static bool next_is(bytes *t, char c) {
    if (!t->n || t->p[0] != (uint8_t)c) return false;
    t->p++, t->n--;
    return true;
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_letter(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* A number of 1 to `digits` digits, at most `most`; -1 for anything else. */
static int number(bytes *t, int digits, int most) {
    int n = 0, count = 0;
    for (; count < digits && t->n && is_digit(t->p[0]); count++, t->p++, t->n--) n = n * 10 + (t->p[0] - '0');
    return count && n <= most && !(t->n && is_digit(t->p[0])) ? n : -1;
}

/* CET or <+03>: at least three letters. What a zone is called is of no interest here. */
static bool skip_name(bytes *t) {
    bool quoted = next_is(t, '<');
    size_t n = 0;
    while (n < t->n && (is_letter(t->p[n]) || (quoted && (is_digit(t->p[n]) || t->p[n] == '+' || t->p[n] == '-')))) n++;
    t->p += n, t->n -= n;
    return n >= 3 && n <= 16 && (!quoted || next_is(t, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] as seconds. */
static bool clock_time(bytes *t, int most_hours, int *out) {
    int sign = next_is(t, '-') ? -1 : 1;
    if (sign > 0) next_is(t, '+');
    int hours = number(t, 3, most_hours), minutes = 0, seconds = 0;
    if (next_is(t, ':')) {
        minutes = number(t, 2, 59);
        if (next_is(t, ':')) seconds = number(t, 2, 59);
    }
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return hours >= 0 && minutes >= 0 && seconds >= 0;
}

/* ",M3.5.0/2", ",J60" or ",59" */
static bool change(bytes *t, zone_change *c) {
    *c = (zone_change){.seconds = 2 * 3600};
    if (!next_is(t, ',')) return false;
    if (next_is(t, 'M')) {
        c->kind = ZONE_MONTH;
        c->month = number(t, 2, 12);
        c->week = next_is(t, '.') ? number(t, 1, 5) : -1;
        c->day = next_is(t, '.') ? number(t, 1, 6) : -1;
        if (c->month < 1 || c->week < 1 || c->day < 0) return false;
    } else {
        c->kind = next_is(t, 'J') ? ZONE_JULIAN : ZONE_DAY;
        c->day = number(t, 3, 365);
        if (c->day < (c->kind == ZONE_JULIAN)) return false;
    }
    return !next_is(t, '/') || clock_time(t, 167, &c->seconds);
}

int zone_rule_read(bytes t, zone_rule *out) {
    int west;
    *out = (zone_rule){0};
    if (!skip_name(&t) || !clock_time(&t, 24, &west)) return E_PROTOCOL;
    out->standard = out->summer = -west; /* POSIX counts to the west */
    if (!t.n) return 0;
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!skip_name(&t)) return E_PROTOCOL;
    if (t.n && t.p[0] != ',') {
        if (!clock_time(&t, 24, &west)) return E_PROTOCOL;
        out->summer = -west;
    }
    return change(&t, &out->begins) && change(&t, &out->ends) && !t.n ? 0 : E_PROTOCOL;
}

/* ---- using ---- */

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/* Days from 1970 to the first of January. */
static int64_t days_before(int64_t year) {
    int64_t y = year - 1, era = (y >= 0 ? y : y - 399) / 400, left = y - era * 400;
    return era * 146097 + left * 365 + left / 4 - left / 100 - 719162;
}

static int64_t year_of(int64_t day) {
    int64_t year = 1970 + day / 366; /* nearly, then made right */
    while (days_before(year + 1) <= day) year += (day - days_before(year + 1)) / 366 + 1;
    while (days_before(year) > day) year -= (days_before(year) - day - 1) / 366 + 1;
    return year;
}

static int month_length(int month, bool leap) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && leap);
}

/* Seconds behind the start of the year, by the clocks until then. */
static int64_t within_year(const zone_change *c, int64_t year) {
    bool leap = is_leap(year);
    int64_t day = c->day;
    if (c->kind == ZONE_JULIAN) day += (leap && c->day >= 60) - 1;
    if (c->kind == ZONE_MONTH) {
        int64_t first = 0;
        for (int m = 1; m < c->month; m++) first += month_length(m, leap);
        int64_t weekday = ((days_before(year) + first + 4) % 7 + 7) % 7; /* 1970 began on a Thursday */
        int64_t offset = (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
        while (offset >= month_length(c->month, leap)) offset -= 7; /* the fifth may be the fourth */
        day = first + offset;
    }
    return day * DAY + c->seconds;
}

int32_t zone_rule_offset(const zone_rule *r, int64_t unix) {
    if (!r->has_summer) return r->standard;
    int64_t local = unix + r->standard, day = local / DAY - (local % DAY < 0);
    int64_t year = year_of(day), start = days_before(year) * DAY;
    int64_t begins = start + within_year(&r->begins, year) - r->standard;
    int64_t ends = start + within_year(&r->ends, year) - r->summer;
    bool summer = begins < ends ? unix >= begins && unix < ends : !(unix >= ends && unix < begins);
    return summer ? r->summer : r->standard;
}
