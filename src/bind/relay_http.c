/* relay_http.c: a tunnel inside an HTTP connection, for players whose network lets no UDP through (reference 04 §8.3,
 * 05 B.11): frames off the stream go to the relay, the relay's frames go into the stream.
 *
 * Datagrams are of no use when they are late: a connection that does not take them loses the new ones. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "bind/http.h"
#include "bind/relay.h"
#include "codec/tunnel.h"
#include "net/loop.h"
#include "net/stream.h"

#define KEEP_MAX   ((size_t)128 * 1024) /* of an unfinished frame, which is 64 KiB at most */
#define QUEUE_MAX  ((size_t)512 * 1024)
#define QUEUE_AGED ((size_t)64 * 1024) /* from here on what comes new is dropped */
#define SLOW_PEER  ((int64_t)40 * 1000000)

static server *me; /* one a process */

static uint64_t link_of(const stream *s) {
    handle h = stream_handle(s);
    return (uint64_t)h.slot << 32 | h.generation;
}

static stream *stream_of(uint64_t link) {
    return stream_find(me->loop, (handle){(uint32_t)(link >> 32), (uint32_t)link});
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    size_t used = 0;
    tunnel_frame f;
    for (int n; (n = tunnel_frame_parse((bytes){in.p + used, in.n - used}, &f)) > 0; used += (size_t)n)
        if (me && me->relay) relay_frame(me->relay, link_of(s), f.index, f.payload);
    return used;
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    if (me && me->relay) relay_close(me->relay, link_of(s));
}

static const stream_handler handler = {.data = on_data, .closed = on_closed};

/* After the 101; the table at `fields` says whose it is. */
static void accept_tunnel(stream *s, lua_State *L, int fields) {
    uint8_t uuid[ROUTER_UUID];
    size_t n = 0;
    const char *text = NULL;
    if (fields && lua_getfield(L, fields, "association") == LUA_TSTRING) text = lua_tolstring(L, -1, &n);
    if (!text || !relay_uuid_read(text, n, uuid))
        luaL_error(L, "mu.upgrade \"tunnel\": 'association' must be the id that mu.token.read_association gives");
    if (!me || !me->relay) luaL_error(L, "mu.upgrade \"tunnel\": this program has no relay");
    stream_set_limits(s, KEEP_MAX, QUEUE_MAX, SLOW_PEER);
    stream_set_timeout(s, 0);
    stream_set_handler(s, &handler, NULL);
    relay_open(me->relay, uuid, link_of(s));
}

void relay_http_start(server *s) {
    me = s;
    http_set_upgrade("tunnel", accept_tunnel);
}

void relay_http_frames(void *ctx, uint64_t link, bytes frames) {
    stream *s = stream_of(link);
    if (!s) return;
    if (stream_queued(s) > QUEUE_AGED)
        counter_add(COUNTER_RELAY_HTTP_LATE, 1);
    else
        stream_write(s, frames);
}

void relay_http_ended(server *s, uint64_t link) {
    stream *found = stream_of(link);
    if (found) stream_close(found, 0);
}
