/* timer_private.h: what timer.c and timer_drive.c share: the timers that one generation declares. */
#ifndef BIND_TIMER_PRIVATE_H
#define BIND_TIMER_PRIVATE_H

#include "bind/timer.h"

typedef struct timer_entry {
    char name[TIMER_NAME_MAX + 1];
    int function; /* registry */
} timer_entry;

typedef struct timer_set {
    timer_entry **entries; /* each stays where it is: handles in Lua and names of tasks point to it */
    uint32_t count, most;  /* most: the setting limits.timers, 0 = none */
} timer_set;

timer_entry *timer_set_find(const timer_set *set, const char *name); /* NULL when nobody declares it */

#endif
