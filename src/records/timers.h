/* timers.h: named timers, data and nothing else: when, which function, which plain arguments, whose.
 *
 * A timer is known by (name, owner): starting it again replaces the running one. It dies with its owner. It names a
 * function instead of holding one, so it survives every reload. The clock is the caller's: all times are microseconds
 * of whatever monotonic clock the caller uses, so a test can use one of its own.
 *
 *     timers_start(t, "tokens.expire", owner, now + 5000000, args, 1, &f);
 *     while ((due = timers_due(t, now))) { run(due->name, due->owner, due->args); timer_free(due); }
 *     sleep until timers_next(t) */
#ifndef RECORDS_TIMERS_H
#define RECORDS_TIMERS_H

#include "records/records.h"

#define TIMER_ARGS_MAX     8
#define TIMER_BYTES_MAX    4096 /* of all texts among the arguments of one timer */
#define TIMER_NAME_MAX     80
#define TIMERS_MAX         1000000 /* running at once, unless told otherwise */
#define TIMERS_NO_DEADLINE INT64_MAX

typedef struct timers timers;

typedef struct timer {
    int64_t deadline;
    uint64_t number; /* of two with the same deadline the one started first is due first */
    record_ref owner;
    uint32_t hash, slot, heap_at, owner_next, owner_before, arg_count;
    value *args; /* texts lie behind it, in the same allocation */
    char *name;
} timer;

timers *timers_new(uint32_t max, fault *f); /* max 0 = TIMERS_MAX */
void timers_free(timers *t);
void timers_limit(timers *t, uint32_t max); /* from now on; what runs goes on */

/* Starts or replaces. args may be nil, boolean, integer, number, text, ref; they are copied. owner {0} = nobody.
 * 0, E_ARGUMENT (name), E_TYPE (an argument), E_LIMIT, E_MEMORY: the running one stays as it was then. */
int timers_start(timers *t, const char *name, record_ref owner, int64_t deadline, const value *args, uint32_t count,
                 fault *f);
bool timers_stop(timers *t, const char *name, record_ref owner);                 /* false when none was running */
int64_t timers_left(timers *t, const char *name, record_ref owner, int64_t now); /* ≥ 0, or -1 when none is running */
void timers_owner_gone(void *t, record_ref owner);                               /* fits records_on_remove */

int64_t timers_next(const timers *t);      /* earliest deadline, or TIMERS_NO_DEADLINE */
timer *timers_due(timers *t, int64_t now); /* takes the earliest out if its time has come, else NULL */
void timer_free(timer *due);
uint32_t timers_count(const timers *t);
const timer *timers_at(const timers *t, uint32_t i); /* i < count; in no order; good until the next change */

/* Told after each change of timers_next(), inside the call that changed it. */
void timers_on_next(timers *t, void (*changed)(void *context, int64_t deadline), void *context);

#endif
