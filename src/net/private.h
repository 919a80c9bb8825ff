/* private.h: what the files of net/ know about each other's inside: the loop's parts, a stream's fields, filters.
 * Nobody outside net/ includes it; it is the only header here that shows libuv. */
#ifndef NET_PRIVATE_H
#define NET_PRIVATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/counter.h"
#include "base/fault.h"
#include "base/slab.h"
#include "net/connect.h"
#include "net/filter.h"
#include "net/http.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/wake.h"

#define LOOP_SCRATCH (64 * 1024)
#define LOOP_SIGNALS 8

struct loop_post {
    void (*fn)(void *ctx);
    void *ctx;
    struct loop_post *next;
};

struct loop_signal_slot {
    uv_signal_t uv;
    struct loop *loop;
    void (*fn)(void *ctx, int signum);
    void *ctx;
    bool used;
};

struct out_queue;

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active while turn-end items are left over: the loop must not sleep then */
    wake wake;
    uv_timer_t timer; /* armed for the root of `timers` */
    struct loop_signal_slot signals[LOOP_SIGNALS];

    pthread_mutex_t lock; /* guards the posts */
    struct loop_post *posts, *posts_last;
    atomic_bool stopping, running;
    atomic_int posting; /* threads inside loop_post */

    loop_item *items, *items_last;
    loop_timer **timers; /* binary heap by (due_us, order) */
    size_t timer_count, timer_room;
    uint64_t timer_order;
    uint32_t works;                   /* loop_work calls not done yet */
    int64_t woke_us, longest_turn_us; /* when the poll returned, 0 = not yet; of turns since loop_longest_turn */
    bool freeing;

    slab streams;  /* struct stream * each: the slot gives the stream its handle */
    slab requests; /* struct http_connection * each */
    struct stream *first_stream;
    struct listener *first_listener;
    struct out_queue *spare_queues;
    unsigned spare_count;
    buf wire, plain;                           /* scratch of the filters; empty between calls */
    int64_t tally_in, tally_out, tally_writes; /* for counter.h, added once a turn: cheaper than at each write */
    char text[64];                             /* stream_peer and friends */
    uint8_t scratch[LOOP_SCRATCH];
};

/* Where accepted streams come from: outlives the listener while connections do. */
typedef struct origin {
    uint32_t refs, connections;
    char name[];
} origin;

enum stream_state { STREAM_OPEN, STREAM_CLOSING, STREAM_LINGERING, STREAM_ABORTED, STREAM_GONE };

typedef struct net_address {
    uint8_t ip[16];
    uint16_t port;
    bool v6;
} net_address;

typedef struct write_job write_job;

struct stream {
    uv_tcp_t tcp;
    loop *loop;
    stream *next, *previous; /* all streams of the loop */
    const stream_handler *handler;
    void *ctx;
    filter *filter;        /* NULL = plain */
    origin *origin;        /* NULL = opened by us */
    buf keep;              /* plain bytes not consumed */
    struct out_queue *out; /* collected in this turn, or behind `writing` */
    write_job *writing;    /* a rest that libuv holds */
    fault *why;            /* set once closing */
    loop_item turn;
    loop_timer timer;
    int64_t deadline_us; /* of stream_set_timeout; 0 = none */
    int64_t close_by_us; /* while closing or lingering */
    int64_t slow_at_us;  /* next look at the queue; 0 = nothing queued */
    size_t slow_queued;  /* queue at the last look */
    uint64_t bytes_in, bytes_out;
    size_t max_keep, max_queue;
    int64_t slow_us;
    handle id;
    net_address peer;
    uint8_t state; /* enum stream_state */
    bool paused, reading, in_data, redeliver, refilter, handler_changed;
    bool eof, eof_told, had_rest, told, failed_filter, close_sent;
};

stream *stream_new(loop *l);                                      /* not connected; freed by stream_abort, or adopt */
int stream_adopt(stream *s, int fd, const struct sockaddr *peer); /* takes the descriptor; starts reading */
void stream_start(stream *s);                                     /* tcp is connected: read */
void stream_wire_in(stream *s, bytes in);
void stream_set_filter(stream *s, filter *f); /* inside `data`: what is not consumed is wire bytes for f */
void stream_put_raw(stream *s, bytes wire);   /* bytes the filter made */
void stream_flush(stream *s);
bool stream_has_output(const stream *s);
void stream_drop_output(stream *s);
void stream_turn_later(stream *s);
void stream_arm(stream *s); /* sets the timer for the nearest of the stream's times */
void stream_read_state(stream *s);
void out_queues_free(loop *l);
void socket_tune(int fd);
void net_address_set(net_address *a, const struct sockaddr *from);
const char *net_address_text(const net_address *a, char *text, size_t room);

void listener_free_all(loop *l);
void origin_drop(origin *o);

void timer_fired(uv_timer_t *t);

static inline uv_loop_t *loop_uv(loop *l) { return &l->uv; }

#endif
