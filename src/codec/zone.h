/* zone.h: what the clocks of a place show: a time zone's file as systems have it (TZif, RFC 9636; the package tzdata).
 *
 *     zone *z;
 *     if (zone_read(file, &z, &f) < 0) …           // "its transitions are not in order"
 *     zone_offset(z, 1774746000);                  // 7200: seconds that clocks are ahead of UTC at that moment
 *     zone_free(z);
 *
 * A file has the moments at which an offset changes, and the rule for all time behind the last of them
 * ("CET-1CEST,M3.5.0,M10.5.0/3"). Files of version 2 and later only, without leap seconds ("right/…"): UTC has none
 * here. Nothing here opens a file. */
#ifndef CODEC_ZONE_H
#define CODEC_ZONE_H

#include "base/bytes.h"
#include "base/fault.h"

#define ZONE_FILE_MAX   65536u
#define ZONE_OFFSET_MAX (26 * 3600 - 1) /* seconds to either side of UTC */

typedef struct zone zone;

/* The zone owns a copy of the file. E_PROTOCOL with a sentence when it is none, or damaged; E_MEMORY. */
int zone_read(bytes file, zone **out, fault *f);

/* For any moment, in Unix seconds. */
int32_t zone_offset(const zone *z, int64_t unix);

void zone_free(zone *z); /* NULL is fine */

/* ---- the rule behind the last transition (zone_rule.c) ---- */

typedef struct zone_change {                         /* when clocks change, once a year */
    enum { ZONE_JULIAN, ZONE_DAY, ZONE_MONTH } kind; /* the nth day without the 29th of February, with it, or … */
    int day;                                         /* … the weekday (0: Sunday) */
    int month, week;                                 /* of that week (5: the last) of this month */
    int seconds;                                     /* behind midnight, by the clocks until then; may be negative */
} zone_change;

typedef struct zone_rule {
    int32_t standard, summer; /* offsets; without summer time both are the same */
    bool has_summer;
    zone_change begins, ends;
} zone_rule;

int zone_rule_read(bytes text, zone_rule *out); /* 0 or E_PROTOCOL */
int32_t zone_rule_offset(const zone_rule *r, int64_t unix);

#endif
