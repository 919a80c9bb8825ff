/* allowance.c: buckets of tokens in sets of four, found by a hash of the key. The hash has a random part, so that
 * nobody can choose addresses that fall into one set. */
#include "relay/allowance.h"

#include <stdlib.h>

#include "crypto/secret.h"

#define SETS 1024u
#define WAYS 4

typedef struct bucket {
    uint64_t key;
    double left;
    int64_t at_us; /* when `left` was right; 0 = an empty place */
} bucket;

struct allowance {
    double per_second, at_once;
    uint64_t salt;
    bucket buckets[SETS][WAYS];
};

allowance *allowance_new(double per_second, double at_once) {
    allowance *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->per_second = per_second;
    a->at_once = at_once;
    secret_random(&a->salt, sizeof a->salt);
    return a;
}

void allowance_free(allowance *a) { free(a); }

static double level(const allowance *a, const bucket *b, int64_t now) {
    double left = b->at_us ? b->left + (double)(now - b->at_us) * a->per_second / 1e6 : a->at_once;
    return left < a->at_once ? left : a->at_once;
}

static bucket *place(allowance *a, uint64_t key, int64_t now) {
    uint64_t h = (key ^ a->salt) * 0x9e3779b97f4a7c15u;
    bucket *set = a->buckets[(h >> 40) % SETS], *best = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].at_us && set[i].key == key) return &set[i];
        if (level(a, &set[i], now) > level(a, best, now)) best = &set[i];
    }
    *best = (bucket){.key = key, .left = a->at_once, .at_us = now};
    return best;
}

bool allowance_take(allowance *a, uint64_t key, int64_t now) {
    if (now <= 0) now = 1;
    bucket *b = place(a, key, now);
    b->left = level(a, b, now);
    b->at_us = now;
    if (b->left < 1) return false;
    b->left -= 1;
    return true;
}
