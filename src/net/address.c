/* address.c: addresses as text, and the socket options every connection has. */
#include "net/private.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void net_address_set(net_address *a, const struct sockaddr *from) {
    memset(a, 0, sizeof *a);
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        memcpy(a->ip, &v4->sin_addr, 4);
        a->port = ntohs(v4->sin_port);
    } else if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        const uint8_t *ip = v6->sin6_addr.s6_addr;
        a->port = ntohs(v6->sin6_port);
        a->v6 = memcmp(ip, mapped, sizeof mapped) != 0;
        if (a->v6)
            memcpy(a->ip, ip, 16);
        else
            memcpy(a->ip, ip + 12, 4);
    }
}

const char *net_address_text(const net_address *a, char *text, size_t room) {
    if (!inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->ip, text, (socklen_t)room)) snprintf(text, room, "?");
    return text;
}

const char *stream_peer(const stream *s) { return net_address_text(&s->peer, s->loop->text, sizeof s->loop->text); }
uint16_t stream_peer_port(const stream *s) { return s->peer.port; }

static net_address local_of(const stream *s) {
    struct sockaddr_storage at = {0};
    net_address a = {0};
    int size = sizeof at;
    if (uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&at, &size) == 0) net_address_set(&a, (struct sockaddr *)&at);
    return a;
}

const char *stream_local_address(const stream *s) {
    net_address a = local_of(s);
    return net_address_text(&a, s->loop->text, sizeof s->loop->text);
}

uint16_t stream_local_port(const stream *s) { return local_of(s).port; }
const char *stream_listener_name(const stream *s) { return s->origin ? s->origin->name : ""; }
const char *stream_transport(const stream *s) { return s->filter ? s->filter->ops->name : "plain"; }

/* No delay for small writes; a peer that has vanished is noticed after two minutes of silence (probes), or one minute
 * after data that it does not acknowledge. On Linux accepted sockets inherit all of it from the listening one. */
void socket_tune(int fd) {
    int on = 1, idle = 60, every = 15, probes = 4;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#endif
#ifdef TCP_USER_TIMEOUT
    unsigned patience_ms = 60000;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
#endif
}
