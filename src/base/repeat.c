/* repeat.c: see repeat.h. Few keys: a walk over all of them is cheaper than anything clever. */
#include "base/repeat.h"

#include <stdio.h>
#include <string.h>

static void end_interval(repeat_set *s, repeat *r) {
    uint64_t unsaid = r->count > REPEAT_FEW ? r->count - REPEAT_FEW : 0;
    r->count = 0;
    if (unsaid && s->tell) s->tell(s->ctx, r->key, unsaid);
}

/* One more of a key that is there. */
static bool again(repeat_set *s, repeat *r, int64_t now_us) {
    if (r->count && now_us - r->began_us >= REPEAT_US) end_interval(s, r);
    if (!r->count) r->began_us = now_us;
    return ++r->count <= REPEAT_FEW;
}

/* Strangers may choose the keys, so a new one never pushes out another whose interval goes on. */
bool repeat_take(repeat_set *s, const char *key, int64_t now_us) {
    repeat *place = NULL;
    for (int i = 0; i < REPEAT_KEYS; i++) {
        repeat *r = &s->list[i];
        if (r->count && strncmp(r->key, key, REPEAT_KEY - 1) == 0) return again(s, r, now_us);
        if (!place && (!r->count || now_us - r->began_us >= REPEAT_US)) place = r;
    }
    if (!place) {
        snprintf(s->others.key, sizeof s->others.key, "%s", REPEAT_OTHERS);
        return again(s, &s->others, now_us);
    }
    end_interval(s, place);
    snprintf(place->key, sizeof place->key, "%s", key);
    return again(s, place, now_us);
}

static int64_t due(repeat_set *s, repeat *r, int64_t now_us) {
    int64_t over = r->began_us + REPEAT_US;
    if (!r->count) return 0;
    if (over <= now_us) end_interval(s, r);
    return r->count > REPEAT_FEW ? over : 0;
}

int64_t repeat_due(repeat_set *s, int64_t now_us) {
    int64_t next = due(s, &s->others, now_us);
    for (int i = 0; i < REPEAT_KEYS; i++) {
        int64_t at = due(s, &s->list[i], now_us);
        if (at && (!next || at < next)) next = at;
    }
    return next;
}
