/* router.h: whose datagram goes where. Tunnels, the players they belong to, the games those play (reference 04 §8.4,
 * 05 B.12, B.13, D 3 to 8). No socket, no thread, no clock: all of that is the caller's, so tests drive it by hand.
 *
 *   tunnel   a random id and a way to one machine: a UDP address, or an HTTP connection (`link`)
 *   party    an association: whoever holds its token. It has at most one tunnel, the newest, and at most one place
 *   pool     a game: up to ROUTER_PLACES parties by tunnel index; index 0 is the host
 *
 *     router *r = router_new(&options);
 *     router_pool(r, game, places, 4);                       the game's members, whether their tunnels are there or not
 *     router_datagram(r, now, &from, bytes, n);              → options.send, options.deliver, options.tell
 *     int64_t next = router_tick(r, now);                    keep-alives, expiry, proofs; come back then
 *
 * The place belongs to the party, so a tunnel that comes late or comes back is in the game at once. A datagram with the
 * id of a tunnel from an address that is not the tunnel's moves it only after a proof: both addresses are asked with
 * keep-alives; the new one has to answer and the old one has to be silent. Whoever guesses an id can be sure of
 * neither. */
#ifndef RELAY_ROUTER_H
#define RELAY_ROUTER_H

#include "base/bytes.h"
#include "relay/address.h"

#define ROUTER_PLACES      8 /* of a pool; the game has four slots */
#define ROUTER_UUID        16
#define ROUTER_HEAD        9     /* room that router_frame wants in front of a payload */
#define ROUTER_PAYLOAD_MAX 2039u /* what fits into a datagram of ours with its header */

typedef struct router router;

enum router_drop { /* why a datagram went nowhere */
                   DROP_MALFORMED,
                   DROP_UNKNOWN_ID,
                   DROP_ADDRESS,   /* the id is known, its tunnel is elsewhere */
                   DROP_TOKEN,     /* an association we did not make */
                   DROP_RATE,      /* more than its address or tunnel may send */
                   DROP_NO_GAME,   /* the sender's player is in no game */
                   DROP_NO_TARGET, /* nobody has that index, or he has no tunnel */
                   DROP_FULL,      /* the way out is full */
                   DROP_REASONS
};
extern const char *const router_drop_names[DROP_REASONS]; /* "malformed", … */
extern const char *const router_drop_texts[DROP_REASONS]; /* a sentence's end: "nobody has that index, …" */

enum router_news { NEWS_OPENED, NEWS_MOVED, NEWS_REFUSED, NEWS_CLOSED };

typedef struct router_event {
    enum router_news news;
    const char *why; /* closed: "silent", "replaced", "ended", "full"; else "". Static */
    uint32_t id;
    uint8_t uuid[ROUTER_UUID];
    uint64_t link;         /* of an HTTP tunnel, else 0 */
    relay_address address; /* where the tunnel is; refused: who wanted to have it */
} router_event;

typedef struct router_options {
    /* The datagram itself, to be sent before the call that led to it returns to its caller's batch; false: no room. */
    bool (*send)(void *ctx, const relay_address *to, const uint8_t *p, size_t n);
    bool (*reply)(void *ctx, const relay_address *to, const uint8_t *p, size_t n); /* small: to be copied */
    bool (*deliver)(void *ctx, uint64_t link, bytes frame, bytes payload);         /* to an HTTP tunnel: copied */
    void (*tell)(void *ctx, const router_event *e);
    bool (*check)(void *ctx, bytes token, uint8_t uuid[ROUTER_UUID]); /* is it one of ours? */
    void *ctx;
    int64_t keep_alive_us, expire_us; /* 0 = 10 s and 40 s */
    uint32_t datagrams_per_second;    /* that one tunnel may send; 0 = no limit */
    uint32_t tunnels_max;             /* 0 = 65536 */
} router_options;

router *router_new(const router_options *o); /* NULL when out of memory */
void router_free(router *r);
void router_set(router *r, int64_t keep_alive_us, int64_t expire_us, uint32_t datagrams_per_second);

/* The bytes may be changed: a forwarded datagram leaves from where it came in. */
void router_datagram(router *r, int64_t now_us, const relay_address *from, uint8_t *p, size_t n);

/* An HTTP connection that showed a good token. `link` is the caller's number for it, not 0. false: no more tunnels,
 * which is told as a closed one ("full"). */
bool router_open(router *r, int64_t now_us, const uint8_t uuid[ROUTER_UUID], uint64_t link);
/* A frame of it; `p` is the payload, with ROUTER_HEAD bytes of room in front. */
void router_frame(router *r, int64_t now_us, uint64_t link, uint8_t index, uint8_t *p, size_t n);
void router_close(router *r, uint64_t link);

/* Who has which index in this game from now on; all zero = nobody. Replaces what was there; count 0 = no such game any
 * more. A party that had a place in another game has it no longer. */
void router_pool(router *r, uint32_t pool, const uint8_t (*places)[ROUTER_UUID], size_t count);

/* To addresses that had tunnels in another life of this server: ask again (05 B.12). */
void router_wake(router *r, const relay_address *to, uint32_t id);

int64_t router_tick(router *r, int64_t now_us); /* when to call it next; INT64_MAX = nothing is running */

/* ---- figures ---- */

typedef struct router_counts {
    uint64_t in, out, in_bytes, out_bytes; /* datagrams and frames of the game, forwarded ones only */
    uint64_t drops[DROP_REASONS], opened, expired, moved, moves_refused, nudges;
    uint32_t tunnels, tunnels_http, pools;
} router_counts;
const router_counts *router_count(const router *r);

typedef struct router_report { /* of one party */
    bool known, has_tunnel, http, in_pool;
    uint32_t id, pool;
    uint8_t index;
    relay_address address;
    int64_t heard_us, opened_us; /* on the caller's clock */
    uint64_t in, out;            /* datagrams of the game from it and to it */
    int last_drop;               /* of what it sent, or -1 */
    int64_t last_drop_us;
    uint64_t sent[ROUTER_PLACES], lost[ROUTER_PLACES]; /* to each index of its pool: delivered, not deliverable */
} router_report;
void router_report_on(const router *r, const uint8_t uuid[ROUTER_UUID], router_report *out);

#endif
