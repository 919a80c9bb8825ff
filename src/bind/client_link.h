/* client_link.h: the connection under mu.client: frames in order, who waits for which answer.
 *
 * Opened by any of the doors (plain, SSLv3, TLS, HTTP upgrade). One task at a time may wait to receive; any number may
 * wait for answers. Bounded: at most CLIENT_QUEUE_BYTES of frames wait to be taken, then the connection is closed.
 * Loop thread only. A link is owned by one Lua object. */
#ifndef BIND_CLIENT_LINK_H
#define BIND_CLIENT_LINK_H

#include "codec/fire.h"
#include "net/connect.h"
#include "script/task.h"

#define CLIENT_QUEUE_BYTES ((size_t)32 << 20)

typedef struct client_link client_link;

typedef struct client_frame {
    struct client_frame *next;
    fire_header header;
    uint8_t body[]; /* header.body_length bytes */
} client_frame;

typedef struct client_link_options {
    const char *host, *path; /* path: of the upgrade */
    uint16_t port;
    enum filter_kind filter;
    bool upgrade;
    const http_header *headers; /* of the upgrade, beside its own */
    size_t header_count;
} client_link_options;

/* Pushes what a wake brings: ctx is the client_frame, or NULL when there will be none. */
typedef int (*client_push)(lua_State *L, void *frame);

/* opened(ctx, link, NULL) or opened(ctx, NULL, why), once, later. Negative: could not even begin. */
int client_link_open(loop *l, engine *e, const client_link_options *how,
                     void (*opened)(void *ctx, client_link *link, const fault *why), void *ctx, fault *f);
void client_link_free(client_link *c); /* closes; whoever waits is woken with nothing */

uint32_t client_link_send(client_link *c, fire_header *h, bytes body); /* numbers it, 0, 1, …; returns the number */
void client_link_raw(client_link *c, bytes data);
void client_link_close(client_link *c);

/* The answer to `number` wakes the token instead of being queued. 0 or E_MEMORY. */
int client_link_await(client_link *c, uint32_t number, task_token token, client_push push);
/* The next queued frame wakes the token; nothing after limit_us. E_BUSY: another one waits. */
int client_link_receive(client_link *c, task_token token, client_push push, int64_t limit_us);
client_frame *client_link_take(client_link *c); /* the oldest queued one, to be freed; NULL */

bool client_link_closed(const client_link *c);
bool client_link_waiting(const client_link *c); /* frames wait to be taken */
const char *client_link_reason(const client_link *c);

#endif
