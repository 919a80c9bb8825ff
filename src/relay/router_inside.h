/* router_inside.h: what the files of the router share: router.c (datagrams), router_pool.c (games, figures),
 * router_time.c (keep-alives, expiry, the proof of an address). */
#ifndef RELAY_ROUTER_INSIDE_H
#define RELAY_ROUTER_INSIDE_H

#include "base/slab.h"
#include "relay/map.h"
#include "relay/router.h"

/* What one address may do; a tournament behind one router, all of it at once after a restart, stays below. */
#define INITIATES_PER_SECOND 4.0
#define INITIATES_AT_ONCE    128.0
#define STRANGERS_PER_SECOND 20.0 /* datagrams with an id that is not the sender's */
#define STRANGERS_AT_ONCE    256.0

#define MOVES 128 /* tunnels whose new address is being proved, at once */

typedef struct tunnel tunnel;
typedef struct pool pool;

typedef struct party {
    uint8_t uuid[ROUTER_UUID];
    tunnel *tunnel;
    pool *pool;
    uint8_t index;
    int8_t last_drop;
    int64_t last_drop_us;
    uint64_t in, out;
} party;

struct pool {
    uint32_t id;
    party *at[ROUTER_PLACES];
    uint64_t sent[ROUTER_PLACES][ROUTER_PLACES], lost[ROUTER_PLACES][ROUTER_PLACES]; /* [from][to] */
};

struct tunnel {
    uint32_t id;
    uint32_t left; /* datagrams it may send before the clock is looked at */
    int64_t filled_us;
    party *party;
    uint64_t link;
    int64_t opened_us, heard_us;
    bool answers; /* it has answered a keep-alive, so its silence means something */
    bool moving;
    relay_address address;
    handle self;
};

typedef struct move { /* an address that wants to be the tunnel's */
    handle tunnel;    /* generation 0 = a free place */
    relay_address to;
    int64_t began_us, asked_us;
    bool answered;
} move;

struct router {
    router_options o;
    slab tunnels;
    map by_id, by_link, parties, pools;
    struct allowance *initiates, *strangers, *nudges;
    move moves[MOVES];
    int moving;
    int64_t slice_us; /* when the next slice of tunnels is looked at */
    uint32_t slice;
    router_counts counts;
};

party *router_party(const router *r, const uint8_t uuid[ROUTER_UUID]);
party *router_party_made(router *r, const uint8_t uuid[ROUTER_UUID]); /* found or made; NULL when out of memory */
void router_party_unused(router *r, party *p);                        /* frees it when nothing needs it any more */
void router_end(router *r, tunnel *t, const char *why);

void router_move_asked(router *r, tunnel *t, const relay_address *from, bool keep_alive, int64_t now);
void router_move_refuted(router *r, tunnel *t);
void router_move_end(router *r, tunnel *t);

#endif
