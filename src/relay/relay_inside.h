/* relay_inside.h: what the two files of the relay share: relay.c (the owner's side: the queue in, the post out) and
 * relay_thread.c (the thread). */
#ifndef RELAY_RELAY_INSIDE_H
#define RELAY_RELAY_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "relay/allowance.h"
#include "relay/datagrams.h"
#include "relay/qos.h"
#include "relay/relay.h"

#define COMMAND_BYTES ((size_t)1 << 20) /* of frames that wait for the thread */
#define FRAME_BYTES   ((size_t)4 << 20) /* of frames that wait for the owner */
#define EVENTS_MAX    262144u

enum command_kind {
    COMMAND_SERVE,
    COMMAND_SET,
    COMMAND_POOL,
    COMMAND_WAKE,
    COMMAND_OPEN,
    COMMAND_FRAME,
    COMMAND_CLOSE,
    COMMAND_REPORT,
    COMMAND_END
};

typedef struct command {
    struct command *next;
    enum command_kind kind;
    union {
        struct {
            enum relay_port which;
            int fd;
        } serve;
        struct {
            int64_t keep_alive_us, expire_us;
            uint32_t datagrams;
        } set;
        struct {
            uint32_t id;
            uint32_t count;
            uint8_t places[ROUTER_PLACES][ROUTER_UUID];
        } pool;
        struct {
            relay_address to;
            uint32_t id;
        } wake;
        struct {
            uint64_t link;
            uint8_t uuid[ROUTER_UUID], index;
            size_t n;
        } frame; /* OPEN, FRAME, CLOSE */
        struct {
            uint8_t uuid[ROUTER_UUID];
            relay_reported done;
            void *ctx;
            router_report report;
            int64_t now_us;
        } report;
    };
    uint8_t head[ROUTER_HEAD]; /* room in front of a frame's payload */
    uint8_t payload[];
} command;

typedef struct command_list {
    command *first, *last;
} command_list;

/* What the thread has to say. It outlives the relay while a post is under way. */
typedef struct outbox {
    pthread_mutex_t lock;
    relay *owner; /* NULL: the relay has ended */
    int users;    /* the relay, and a post under way */
    bool posted;
    router_event *events;
    size_t event_count, event_room;
    buf frames;           /* link u64, length u32, that many bytes; again */
    command_list reports; /* answered ones */
} outbox;

struct relay {
    relay_options o;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards what follows, up to the next blank line */
    command_list queue;
    size_t queued_bytes;
    bool asleep;
    relay_counts shared;

    atomic_bool waiting; /* there may be something in the queue */
    atomic_ullong lost;  /* frames that found no room, both ways */
    int wake[2];         /* a pipe */
    outbox *out;

    /* The thread's own. */
    router *router;
    int ports[RELAY_PORTS]; /* sockets, -1 = none */
    int family;             /* of the tunnel's socket */
    datagrams_in *in;
    datagrams_out *sending;
    int sending_fd;
    uint8_t (*room)[QOS_ANSWER_MAX]; /* for answers of our own: DATAGRAMS of them, by place in `sending` */
    allowance *probes;
    relay_counts counts;
    int64_t next_tick;
    bool told; /* there is something in the outbox that was not posted yet */
};

bool relay_make_router(relay *r); /* before the thread begins; false: out of memory */
void *relay_thread(void *r);
void relay_post_out(relay *r); /* the thread: what is in the outbox shall be fetched */
void command_add(command_list *l, command *c);
void outbox_drop(outbox *o);

#endif
