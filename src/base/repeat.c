/* repeat.c: see repeat.h. Few keys: a walk over all of them is cheaper than anything clever. */
#include "base/repeat.h"

#include <stdio.h>
#include <string.h>

static void end_interval(repeat_set *s, repeat *r) {
    uint64_t unsaid = r->count > REPEAT_FEW ? r->count - REPEAT_FEW : 0;
    r->count = 0;
    if (unsaid && s->tell) s->tell(s->ctx, r->key, unsaid);
}

bool repeat_take(repeat_set *s, const char *key, int64_t now_us) {
    repeat *place = &s->list[0];
    for (int i = 0; i < REPEAT_KEYS; i++) {
        repeat *r = &s->list[i];
        if (r->count && strncmp(r->key, key, REPEAT_KEY - 1) == 0) {
            if (now_us - r->began_us >= REPEAT_US) {
                end_interval(s, r);
                r->began_us = now_us;
            }
            return ++r->count <= REPEAT_FEW;
        }
        if (!place->count) continue;
        if (!r->count || r->began_us < place->began_us) place = r;
    }
    end_interval(s, place);
    snprintf(place->key, sizeof place->key, "%s", key);
    place->began_us = now_us;
    place->count = 1;
    return true;
}

int64_t repeat_due(repeat_set *s, int64_t now_us) {
    int64_t next = 0;
    for (int i = 0; i < REPEAT_KEYS; i++) {
        repeat *r = &s->list[i];
        if (!r->count) continue;
        int64_t over = r->began_us + REPEAT_US;
        if (over <= now_us)
            end_interval(s, r);
        else if (r->count > REPEAT_FEW && (!next || over < next))
            next = over;
    }
    return next;
}
