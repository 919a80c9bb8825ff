/* router_time.c: what the router does without being asked: keep-alives, the end of the silent, proofs of addresses.
 *
 * The proof (05 D 6, and one step further). The shipped clients answer a keep-alive from wherever they are, and so does
 * anybody who knows the id; an answer alone proves that the address is real, not that it is the player's. But a player
 * whose router gave him another address cannot be reached at the old one any more, while a player who is being robbed
 * can. So both addresses are asked three times within PROOF_US; the tunnel moves when the new one has answered and the
 * old one has not said a word. Until then traffic goes to the old address and none is taken from the new one. */
#include "codec/tunnel.h"
#include "relay/router_inside.h"

#define SLICES      100 /* of the tunnels, within one keep-alive period */
#define PROOF_US    ((int64_t)750000)
#define ASK_US      ((int64_t)220000)
#define PATIENCE_US ((int64_t)2500000) /* for the new address to answer at all */

/* ---- proofs ---- */

static void ask(router *r, tunnel *t, move *m, int64_t now) {
    uint8_t question[TUNNEL_HEADER];
    size_t n = tunnel_write_keep_alive(question, t->id);
    m->asked_us = now;
    r->o.reply(r->o.ctx, &m->to, question, n);
    r->o.reply(r->o.ctx, &t->address, question, n);
}

static move *move_of(router *r, const tunnel *t) {
    for (int i = 0; i < MOVES; i++)
        if (r->moves[i].tunnel.generation && handle_same(r->moves[i].tunnel, t->self)) return &r->moves[i];
    return NULL;
}

static void over(router *r, tunnel *t, move *m) {
    *m = (move){0};
    t->moving = false;
    r->moving--;
}

static void tell(router *r, const tunnel *t, enum router_news news, const relay_address *where) {
    router_event e = {.news = news, .why = "", .id = t->id, .address = *where};
    memcpy(e.uuid, t->party->uuid, ROUTER_UUID);
    r->o.tell(r->o.ctx, &e);
}

void router_move_asked(router *r, tunnel *t, const relay_address *from, bool keep_alive, int64_t now) {
    move *m = t->moving ? move_of(r, t) : NULL;
    if (m) {
        if (keep_alive && relay_address_same(&m->to, from)) m->answered = true;
        return; /* another one waits for the end of this proof */
    }
    for (int i = 0; i < MOVES && !m; i++)
        if (!r->moves[i].tunnel.generation) m = &r->moves[i];
    if (!m) return; /* the next datagram asks again */
    *m = (move){.tunnel = t->self, .to = *from, .began_us = now};
    t->moving = true;
    r->moving++;
    ask(r, t, m, now);
}

void router_move_refuted(router *r, tunnel *t) {
    move *m = move_of(r, t);
    if (!m) return;
    r->counts.moves_refused++;
    tell(r, t, NEWS_REFUSED, &m->to);
    over(r, t, m);
}

void router_move_end(router *r, tunnel *t) {
    move *m = t->moving ? move_of(r, t) : NULL;
    if (m) over(r, t, m);
}

static void prove(router *r, move *m, int64_t now) {
    tunnel *t = slab_get(&r->tunnels, m->tunnel);
    int64_t age = now - m->began_us;
    if (age >= PROOF_US && m->answered) {
        t->address = m->to;
        t->heard_us = now;
        r->counts.moved++;
        over(r, t, m);
        tell(r, t, NEWS_MOVED, &t->address);
    } else if (age >= PATIENCE_US) {
        over(r, t, m);
    } else if (now - m->asked_us >= ASK_US && (age < PROOF_US || !m->answered)) {
        ask(r, t, m, now);
    }
}

/* ---- keep-alives and silence ---- */

static void look_at(router *r, tunnel *t, int64_t now) {
    uint8_t question[TUNNEL_HEADER];
    bool silent = now - t->heard_us >= r->o.expire_us;
    if (silent && (t->answers || !t->link)) { /* HTTP clients of one version never answer (05 B.11) */
        r->counts.expired++;
        router_end(r, t, "silent");
    } else if (t->link) {
        uint8_t frame[TUNNEL_KEEP_ALIVE_LEN];
        tunnel_frame_keep_alive(frame);
        r->o.deliver(r->o.ctx, t->link, (bytes){frame, sizeof frame}, (bytes){0});
    } else {
        r->o.reply(r->o.ctx, &t->address, question, tunnel_write_keep_alive(question, t->id));
    }
}

static void look_at_slice(router *r, int64_t now) {
    for (uint32_t slot = r->slice; slot < r->tunnels.slots; slot += SLICES) {
        tunnel *t = slab_get(&r->tunnels, slab_at(&r->tunnels, slot));
        if (t) look_at(r, t, now);
    }
    r->slice = (r->slice + 1) % SLICES;
}

int64_t router_tick(router *r, int64_t now) {
    if (!r->counts.tunnels) {
        r->slice_us = 0;
        return INT64_MAX;
    }
    for (int i = 0; i < MOVES && r->moving; i++)
        if (r->moves[i].tunnel.generation) prove(r, &r->moves[i], now);
    int64_t step = r->o.keep_alive_us / SLICES;
    if (!r->slice_us) r->slice_us = now + step;
    if (now - r->slice_us > r->o.keep_alive_us) r->slice_us = now; /* the machine slept */
    for (; r->slice_us <= now; r->slice_us += step) look_at_slice(r, now);
    int64_t proof = now + 50000;
    return r->moving && proof < r->slice_us ? proof : r->slice_us;
}
