/* local.h: a door for programs of the same machine and user: a socket that is a file.
 *
 *     local_door *d = local_open(loop, "data/console.sock", 32, on_accept, ctx, &f);
 *     static void on_accept(void *ctx, stream *s, const local_peer *who) { stream_set_handler(s, &handler, …); }
 *
 * Who may open the file may come in: its mode is 0600 from its first moment. What comes in is a stream like others
 * (stream.h): queues, limits and endings are the same. Loop thread only. */
#ifndef NET_LOCAL_H
#define NET_LOCAL_H

#include "net/stream.h"

typedef struct local_door local_door;

/* Who is at the other end, as the system says. */
typedef struct local_peer {
    int64_t uid, pid; /* -1: the system does not say */
    char name[64];    /* the user's name, or "user 1000" */
} local_peer;

typedef void (*local_accept)(void *ctx, stream *s, const local_peer *who);

/* A file that is left over from a server that died is replaced; one behind which somebody answers is not (E_EXISTS),
 * nor one that is no socket. NULL with a sentence on failure. More than `most` connections at a time are closed at
 * once.
 */
local_door *local_open(loop *l, const char *path, uint32_t most, local_accept accept, void *ctx, fault *f);
void local_close(local_door *d); /* no new connections; the file goes, when it still is ours. NULL is fine */

int local_peer_of(int fd, local_peer *who); /* local_peer.c: the system's own way to know. 0 or E_SYSTEM */

#endif
