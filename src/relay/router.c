/* router.c: see router.h. Tunnels in a slab, three maps beside it; forwarding is two looks and a header rewritten in
 * place. Keep-alives go round the slab in slices, so that many tunnels never mean a burst. */
#include "relay/router.h"

#include <stdlib.h>

#include "base/slab.h"
#include "codec/tunnel.h"
#include "crypto/secret.h"
#include "relay/allowance.h"
#include "relay/router_inside.h"

#define KEEP_ALIVE_US ((int64_t)10 * 1000000)
#define EXPIRE_US     ((int64_t)40 * 1000000)
#define TUNNELS_MAX   65536u

const char *const router_drop_names[DROP_REASONS] = {"malformed", "unknown_id", "address",   "token",
                                                     "rate",      "no_game",    "no_target", "full"};
const char *const router_drop_texts[DROP_REASONS] = {
    "it was no message of a tunnel",
    "its tunnel is not known any more",
    "it came from another address than its tunnel's",
    "its association was not made by this server",
    "it was more than one tunnel may send",
    "its player was in no game",
    "nobody has that index, or he has no tunnel",
    "the way out was full",
};

/* ---- life ---- */

router *router_new(const router_options *o) {
    router *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->o = *o;
    if (!r->o.tunnels_max) r->o.tunnels_max = TUNNELS_MAX;
    slab_init(&r->tunnels, sizeof(tunnel));
    router_set(r, o->keep_alive_us, o->expire_us, o->datagrams_per_second);
    r->initiates = allowance_new(INITIATES_PER_SECOND, INITIATES_AT_ONCE);
    r->strangers = allowance_new(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE);
    r->nudges = allowance_new(1, 1);
    if (r->initiates && r->strangers && r->nudges) return r;
    router_free(r);
    return NULL;
}

static void free_values(map *m) {
    for (size_t i = 0; i < m->room; i++) free(m->entries[i].value);
    map_free(m);
}

void router_free(router *r) {
    if (!r) return;
    free_values(&r->parties);
    free_values(&r->pools);
    map_free(&r->by_id), map_free(&r->by_link);
    slab_free(&r->tunnels);
    allowance_free(r->initiates), allowance_free(r->strangers), allowance_free(r->nudges);
    free(r);
}

void router_set(router *r, int64_t keep_alive_us, int64_t expire_us, uint32_t datagrams_per_second) {
    r->o.keep_alive_us = keep_alive_us > 0 ? keep_alive_us : KEEP_ALIVE_US;
    r->o.expire_us = expire_us > 0 ? expire_us : EXPIRE_US;
    r->o.datagrams_per_second = datagrams_per_second;
}

const router_counts *router_count(const router *r) { return &r->counts; }

/* ---- parties ---- */

static uint64_t uuid_key(const uint8_t uuid[ROUTER_UUID]) {
    return load_u64(uuid) ^ load_u64(uuid + 8) << 1; /* random bits of our own making */
}

party *router_party(const router *r, const uint8_t uuid[ROUTER_UUID]) {
    party *p = map_get(&r->parties, uuid_key(uuid));
    return p && memcmp(p->uuid, uuid, ROUTER_UUID) == 0 ? p : NULL;
}

party *router_party_made(router *r, const uint8_t uuid[ROUTER_UUID]) {
    party *p = router_party(r, uuid);
    if (p || map_get(&r->parties, uuid_key(uuid)) || !(p = calloc(1, sizeof *p))) return p;
    memcpy(p->uuid, uuid, ROUTER_UUID);
    p->last_drop = -1;
    if (map_put(&r->parties, uuid_key(uuid), p)) return p;
    free(p);
    return NULL;
}

void router_party_unused(router *r, party *p) {
    if (p->tunnel || p->pool) return;
    map_drop(&r->parties, uuid_key(p->uuid));
    free(p);
}

/* ---- tunnels ---- */

static void tell(router *r, const tunnel *t, enum router_news news, const char *why) {
    router_event e = {.news = news, .why = why, .id = t->id, .link = t->link, .address = t->address};
    memcpy(e.uuid, t->party->uuid, ROUTER_UUID);
    r->o.tell(r->o.ctx, &e);
}

static void end_tunnel(router *r, tunnel *t, const char *why) {
    tell(r, t, NEWS_CLOSED, why);
    router_move_end(r, t);
    t->party->tunnel = NULL;
    map_drop(&r->by_id, t->id);
    if (t->link) map_drop(&r->by_link, t->link);
    r->counts.tunnels--;
    if (t->link) r->counts.tunnels_http--;
    slab_remove(&r->tunnels, t->self);
}

void router_end(router *r, tunnel *t, const char *why) {
    party *p = t->party;
    end_tunnel(r, t, why);
    router_party_unused(r, p);
}

/* A random id that nobody has, TUNNEL_NO_ID when there is none to be had. */
static uint32_t new_id(const router *r) {
    for (int i = 0; i < 16; i++) {
        uint32_t id;
        if (secret_random(&id, sizeof id) < 0) break;
        if (id != TUNNEL_NO_ID && id != 0 && !map_get(&r->by_id, id)) return id;
    }
    return TUNNEL_NO_ID;
}

static tunnel *open_tunnel(router *r, int64_t now, const uint8_t uuid[ROUTER_UUID], uint64_t link,
                           const relay_address *address) {
    party *p = router_party_made(r, uuid);
    if (!p) return NULL;
    if (p->tunnel) end_tunnel(r, p->tunnel, "replaced"); /* the newest one counts (05 D 5) */
    handle h = {0};
    uint32_t id = r->counts.tunnels < r->o.tunnels_max ? new_id(r) : TUNNEL_NO_ID;
    if (id != TUNNEL_NO_ID) h = slab_add(&r->tunnels);
    tunnel *t = slab_get(&r->tunnels, h);
    bool known = t && map_put(&r->by_id, id, t);
    if (!known || (link && !map_put(&r->by_link, link, t))) {
        if (known) map_drop(&r->by_id, id);
        if (t) slab_remove(&r->tunnels, h);
        router_party_unused(r, p);
        return NULL;
    }
    *t = (tunnel){.id = id, .self = h, .party = p, .link = link, .opened_us = now, .heard_us = now};
    if (address) t->address = *address;
    p->tunnel = t;
    r->counts.opened++;
    r->counts.tunnels++;
    if (link) r->counts.tunnels_http++;
    tell(r, t, NEWS_OPENED, "");
    return t;
}

bool router_open(router *r, int64_t now, const uint8_t uuid[ROUTER_UUID], uint64_t link) {
    if (open_tunnel(r, now, uuid, link, NULL)) return true;
    router_event e = {.news = NEWS_CLOSED, .why = "full", .link = link}; /* else the connection would wait for ever */
    memcpy(e.uuid, uuid, ROUTER_UUID);
    r->o.tell(r->o.ctx, &e);
    return false;
}

void router_close(router *r, uint64_t link) {
    tunnel *t = map_get(&r->by_link, link);
    if (t) router_end(r, t, "ended");
}

/* ---- forwarding ---- */

static void dropped(router *r, party *p, enum router_drop why, int64_t now) {
    r->counts.drops[why]++;
    if (!p) return;
    p->last_drop = (int8_t)why;
    p->last_drop_us = now;
}

/* Whether this tunnel may send one more. Looks at the clock only when its allowance is used up. */
static bool may_send(const router *r, tunnel *t, int64_t now) {
    if (!r->o.datagrams_per_second) return true;
    if (t->left == 0) {
        int64_t since = now - t->filled_us, second = 1000000; /* a new tunnel's is as long as the machine has run */
        int64_t more = (since < second ? since : second) * r->o.datagrams_per_second / second;
        if (more <= 0) return false;
        t->left = (uint32_t)more;
        t->filled_us = now;
    }
    t->left--;
    return true;
}

/* A payload of `n` bytes at `p`, with room for a header in front of it, from t to an index of its game. */
static void forward(router *r, int64_t now, tunnel *t, uint8_t index, uint8_t *p, size_t n) {
    party *from = t->party;
    pool *game = from->pool;
    if (!may_send(r, t, now)) return dropped(r, from, DROP_RATE, now);
    if (!game) return dropped(r, from, DROP_NO_GAME, now);
    party *to = index < ROUTER_PLACES ? game->at[index] : NULL;
    tunnel *target = to && to != from ? to->tunnel : NULL;
    if (!target) {
        if (index < ROUTER_PLACES) game->lost[from->index][index]++;
        return dropped(r, from, DROP_NO_TARGET, now);
    }
    bool left;
    if (target->link) {
        uint8_t head[TUNNEL_FRAME_HEADER];
        tunnel_frame_header(head, from->index, (uint16_t)n);
        left = r->o.deliver(r->o.ctx, target->link, (bytes){head, sizeof head}, (bytes){p, n});
    } else {
        tunnel_write_forward(p - TUNNEL_FORWARDED, target->id, from->index, (uint16_t)n);
        left = r->o.send(r->o.ctx, &target->address, p - TUNNEL_FORWARDED, n + TUNNEL_FORWARDED);
    }
    if (!left) {
        game->lost[from->index][index]++;
        return dropped(r, from, DROP_FULL, now);
    }
    game->sent[from->index][index]++;
    from->in++, to->out++;
    r->counts.in++, r->counts.out++;
    r->counts.in_bytes += n, r->counts.out_bytes += n;
}

void router_frame(router *r, int64_t now, uint64_t link, uint8_t index, uint8_t *p, size_t n) {
    tunnel *t = map_get(&r->by_link, link);
    if (!t) return;
    t->heard_us = now;
    if (index == TUNNEL_FRAME_NOBODY)
        t->answers = true;
    else if (n > ROUTER_PAYLOAD_MAX)
        dropped(r, t->party, DROP_MALFORMED, now);
    else
        forward(r, now, t, index, p, n);
}

/* ---- datagrams ---- */

static void initiate(router *r, int64_t now, const relay_address *from, bytes token) {
    uint8_t uuid[ROUTER_UUID], answer[TUNNEL_HEADER + 4];
    if (!allowance_take(r->initiates, relay_address_key(from), now)) return dropped(r, NULL, DROP_RATE, now);
    if (!r->o.check(r->o.ctx, token, uuid)) return dropped(r, NULL, DROP_TOKEN, now);
    party *p = router_party(r, uuid);
    tunnel *t = p ? p->tunnel : NULL;
    bool again = t && !t->link && relay_address_same(&t->address, from); /* our answer was lost */
    if (!again) t = open_tunnel(r, now, uuid, 0, from);
    if (!t) return dropped(r, NULL, DROP_FULL, now);
    t->heard_us = now;
    r->o.reply(r->o.ctx, from, answer, tunnel_write_initiated(answer, t->id));
}

/* Somebody who has no right to this id, or whose tunnel went with an earlier life of this server: he asks for a new one
 * when he gets what he cannot decode. The answer is no longer than the question. */
static void unknown(router *r, int64_t now, const relay_address *from, const tunnel_message *m) {
    uint8_t nudge[TUNNEL_HEADER];
    dropped(r, NULL, DROP_UNKNOWN_ID, now);
    if (m->id == TUNNEL_NO_ID || m->type == TUNNEL_INITIATED) return;
    uint64_t source = relay_address_key(from) << 16 ^ relay_address_port(from);
    if (!allowance_take(r->nudges, source, now)) return;
    r->counts.nudges++;
    r->o.reply(r->o.ctx, from, nudge, tunnel_write_nudge(nudge, m->id));
}

void router_datagram(router *r, int64_t now, const relay_address *from, uint8_t *p, size_t n) {
    tunnel_message m;
    if (tunnel_parse((bytes){p, n}, &m) < 0) return dropped(r, NULL, DROP_MALFORMED, now);
    if (m.type == TUNNEL_INITIATE) return initiate(r, now, from, m.body);
    tunnel *t = map_get(&r->by_id, m.id);
    if (t && !t->link && relay_address_same(&t->address, from)) {
        t->heard_us = now;
        if (t->moving) router_move_refuted(r, t);
        if (m.type == TUNNEL_FORWARD) return forward(r, now, t, m.index, p + TUNNEL_FORWARDED, m.body.n);
        if (m.type == TUNNEL_KEEP_ALIVE) t->answers = true;
        return;
    }
    if (!allowance_take(r->strangers, relay_address_key(from), now)) return dropped(r, NULL, DROP_RATE, now);
    if (!t || t->link) return unknown(r, now, from, &m);
    dropped(r, t->party, DROP_ADDRESS, now);
    router_move_asked(r, t, from, m.type == TUNNEL_KEEP_ALIVE, now);
}

void router_wake(router *r, const relay_address *to, uint32_t id) {
    uint8_t nudge[TUNNEL_HEADER];
    r->counts.nudges++;
    r->o.reply(r->o.ctx, to, nudge, tunnel_write_nudge(nudge, id));
}
