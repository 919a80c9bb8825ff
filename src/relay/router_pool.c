/* router_pool.c: games: who has which tunnel index. A game is told whole, each time anything in it has changed; what
 * was counted between two players stays with the two, whatever their indices are now. */
#include <stdlib.h>

#include "relay/router_inside.h"

static const uint8_t nobody[ROUTER_UUID];

static pool *made(router *r, uint32_t id) {
    pool *game = map_get(&r->pools, id);
    if (game || !(game = calloc(1, sizeof *game))) return game;
    game->id = id;
    if (map_put(&r->pools, id, game)) {
        r->counts.pools++;
        return game;
    }
    free(game);
    return NULL;
}

/* The index that the party at `now` had in the old order, or -1. */
static int index_before(const pool *old, const party *p) {
    for (int i = 0; p && i < ROUTER_PLACES; i++)
        if (old->at[i] == p) return i;
    return -1;
}

static void carry_counts(pool *game, const pool *old) {
    int before[ROUTER_PLACES];
    for (int i = 0; i < ROUTER_PLACES; i++) before[i] = index_before(old, game->at[i]);
    for (int i = 0; i < ROUTER_PLACES; i++)
        for (int k = 0; k < ROUTER_PLACES; k++) {
            bool both = before[i] >= 0 && before[k] >= 0;
            game->sent[i][k] = both ? old->sent[before[i]][before[k]] : 0;
            game->lost[i][k] = both ? old->lost[before[i]][before[k]] : 0;
        }
}

static void place(router *r, pool *game, uint8_t index, const uint8_t uuid[ROUTER_UUID]) {
    party *p = router_party_made(r, uuid);
    if (!p) return;
    if (p->pool && p->pool->at[p->index] == p) p->pool->at[p->index] = NULL; /* one player, one place */
    p->pool = game;
    p->index = index;
    game->at[index] = p;
}

void router_pool(router *r, uint32_t id, const uint8_t (*places)[ROUTER_UUID], size_t count) {
    pool *game = count ? made(r, id) : map_get(&r->pools, id);
    if (!game) return;
    pool old = *game;
    memset(game->at, 0, sizeof game->at);
    for (int i = 0; i < ROUTER_PLACES; i++)
        if (old.at[i]) old.at[i]->pool = NULL;
    for (size_t i = 0; i < count && i < ROUTER_PLACES; i++)
        if (memcmp(places[i], nobody, ROUTER_UUID) != 0) place(r, game, (uint8_t)i, places[i]);
    carry_counts(game, &old);
    for (int i = 0; i < ROUTER_PLACES; i++)
        if (old.at[i] && !old.at[i]->pool) router_party_unused(r, old.at[i]);
    if (count) return;
    map_drop(&r->pools, id);
    r->counts.pools--;
    free(game);
}

void router_report_on(const router *r, const uint8_t uuid[ROUTER_UUID], router_report *out) {
    const party *p = router_party(r, uuid);
    *out = (router_report){.last_drop = -1};
    if (!p) return;
    out->known = true;
    out->in = p->in, out->out = p->out;
    out->last_drop = p->last_drop;
    out->last_drop_us = p->last_drop_us;
    if (p->pool) {
        out->in_pool = true;
        out->pool = p->pool->id;
        out->index = p->index;
        memcpy(out->sent, p->pool->sent[p->index], sizeof out->sent);
        memcpy(out->lost, p->pool->lost[p->index], sizeof out->lost);
    }
    if (!p->tunnel) return;
    out->has_tunnel = true;
    out->http = p->tunnel->link != 0;
    out->id = p->tunnel->id;
    out->address = p->tunnel->address;
    out->heard_us = p->tunnel->heard_us;
    out->opened_us = p->tunnel->opened_us;
}
