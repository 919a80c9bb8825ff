/* repeat.h: something that may happen thousands of times a second is said a few times, then counted.
 *
 *     if (repeat_take(&set, "scripts/a.lua:12", now)) log_error(…);      the first REPEAT_FEW of an interval: true
 *     repeat_due(&set, now);               set.tell(ctx, "scripts/a.lua:12", 4711): so many more were not said
 *
 * A key begins an interval of REPEAT_US; what was not said in it is told once it is over. REPEAT_KEYS keys at once;
 * what comes while all of them are in use counts under REPEAT_OTHERS: so much is said in an interval and no more,
 * whoever makes up the keys. One thread only; no memory of its own. */
#ifndef BASE_REPEAT_H
#define BASE_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_FEW  5
#define REPEAT_US   ((int64_t)30 * 1000000)
#define REPEAT_KEYS 64
#define REPEAT_KEY  160 /* longer keys are cut */

#define REPEAT_OTHERS "others, of more kinds than are told apart"

typedef struct repeat {
    char key[REPEAT_KEY];
    int64_t began_us;
    uint64_t count; /* in this interval; 0 = a free place */
} repeat;

typedef struct repeat_set {
    repeat list[REPEAT_KEYS], others;
    void (*tell)(void *ctx, const char *key, uint64_t unsaid);
    void *ctx;
} repeat_set;

/* True when this one is to be said. tell may be called for a key whose interval is over. */
bool repeat_take(repeat_set *s, const char *key, int64_t now_us);
/* Tells what is over; returns when to call again, 0 = nothing is pending. */
int64_t repeat_due(repeat_set *s, int64_t now_us);

#endif
