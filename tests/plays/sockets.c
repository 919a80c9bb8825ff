/* sockets.c: mu.test.udp and mu.test.tcp: plain sockets on loopback, for what is not spoken in messages of the game:
 * tunnels, probes, telemetry. Waiting for bytes happens on a worker thread, as everything that blocks. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "plays/runner.h"
#include "script/declare.h"
#include "script/task.h"

#define SOCKET_TYPE "socket under test"
#define ROOM        65536
#define LATE_US     30000000 /* how long the last datagrams of a conversation are waited for */

typedef struct test_socket {
    int fd; /* -1 = closed */
} test_socket;

typedef struct waiting {
    task_token token;
    int fd; /* a copy of its own: the play may close the socket meanwhile */
    double seconds;
    ssize_t n; /* -1 = nothing came */
    struct sockaddr_in from;
    char bytes[ROOM];
} waiting;

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_socket(lua_State *L, int type) {
    test_socket *s = lua_newuserdatauv(L, sizeof *s, 0);
    s->fd = -1;
    luaL_setmetatable(L, SOCKET_TYPE);
    s->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (s->fd < 0) return luaL_error(L, "no socket is to be had: %s", strerror(errno));
    return s->fd;
}

static int open_udp(lua_State *L) {
    struct sockaddr_in a = loopback((int)luaL_optinteger(L, 1, 0));
    int fd = open_socket(L, SOCK_DGRAM);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0) return luaL_error(L, "bind: %s", strerror(errno));
    return 1;
}

static int open_tcp(lua_State *L) {
    struct sockaddr_in a = loopback((int)lua_tointeger(L, 1));
    int room = (int)luaL_optinteger(L, 2, 0), yes = 1, fd = open_socket(L, SOCK_STREAM); /* the socket is pushed */
    if (room > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) return luaL_error(L, "connect: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return 1;
}

static int self(lua_State *L) {
    const test_socket *s = luaL_checkudata(L, 1, SOCKET_TYPE);
    if (s->fd < 0) return luaL_error(L, "this socket is closed");
    return s->fd;
}

static int m_send(lua_State *L) {
    int fd = self(L);
    size_t n;
    const char *p = luaL_checklstring(L, 2, &n);
    if (lua_isnoneornil(L, 3)) {
        while (n > 0) {
            ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
            if (sent < 0) return luaL_error(L, "send: %s", strerror(errno));
            p += sent, n -= (size_t)sent;
        }
        return 0;
    }
    struct sockaddr_in a = loopback((int)luaL_checkinteger(L, 3));
    if (sendto(fd, p, n, 0, (struct sockaddr *)&a, sizeof a) < 0) return luaL_error(L, "send: %s", strerror(errno));
    return 0;
}

static void wait_for_bytes(void *ctx) {
    waiting *w = ctx;
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    socklen_t length = sizeof w->from;
    w->n = -1;
    if (poll(&p, 1, (int)(w->seconds * 1000)) > 0)
        w->n = recvfrom(w->fd, w->bytes, sizeof w->bytes, MSG_DONTWAIT, (struct sockaddr *)&w->from, &length);
    close(w->fd);
}

static int push_bytes(lua_State *L, void *ctx) {
    const waiting *w = ctx;
    if (w->n < 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushlstring(L, w->bytes, (size_t)w->n);
    lua_pushinteger(L, ntohs(w->from.sin_port));
    return 2;
}

static void bytes_came(void *ctx) {
    waiting *w = ctx;
    task_wake(the_runner.self.engine, w->token, push_bytes, w, free);
}

static int m_receive(lua_State *L) {
    int fd = self(L);
    double seconds = luaL_optnumber(L, 2, 60);
    task_token t = task_suspend_for(L, "socket:receive", 0);
    waiting *w = calloc(1, sizeof *w);
    if (w) {
        w->token = t, w->seconds = seconds, w->fd = dup(fd);
        if (w->fd >= 0 && loop_work(the_runner.self.loop, wait_for_bytes, bytes_came, w) == 0) return task_yield(L, t);
        if (w->fd >= 0) close(w->fd);
    }
    free(w);
    task_suspend_cancel(L, t);
    return luaL_error(L, "socket:receive: no worker thread is to be had");
}

static int m_port(lua_State *L) {
    struct sockaddr_in a = {0};
    socklen_t length = sizeof a;
    getsockname(self(L), (struct sockaddr *)&a, &length);
    lua_pushinteger(L, ntohs(a.sin_port));
    return 1;
}

static int m_close(lua_State *L) {
    test_socket *s = luaL_checkudata(L, 1, SOCKET_TYPE);
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
    return 0;
}

/* ── two who talk through tunnels, on a thread of their own ──────────────────────────────────────────────────────── */

typedef struct traffic {
    task_token token;
    int from, to, port; /* copies of the play's sockets; the relay's port */
    double seconds;
    size_t n, answer_n;
    char datagram[2048];
    int sent, came;
    double worst_gap;
} traffic;

/* One datagram every 5 ms, as a game sends them; the longest time in which none arrived. */
static void run_traffic(void *ctx) {
    traffic *t = ctx;
    struct sockaddr_in relay = loopback(t->port);
    int64_t now = clock_mono_us(), end = now + (int64_t)(t->seconds * 1e6), next = now, last = now;
    char room[2048];
    while (now < end || (t->came < t->sent && now < end + LATE_US)) {
        struct pollfd p = {.fd = t->to, .events = POLLIN};
        if (now >= next && now < end) {
            t->sent += sendto(t->from, t->datagram, t->n, 0, (struct sockaddr *)&relay, sizeof relay) > 0;
            next += 5000;
        }
        poll(&p, 1, 1);
        now = clock_mono_us();
        while (recv(t->to, room, sizeof room, MSG_DONTWAIT) > 0) {
            if ((uint8_t)room[5] != 2) continue; /* a keep-alive */
            double gap = (double)(now - last) / 1e3;
            if (gap > t->worst_gap) t->worst_gap = gap;
            t->came++;
            last = now;
        }
    }
    close(t->from), close(t->to);
}

static int push_traffic(lua_State *L, void *ctx) {
    const traffic *t = ctx;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, t->sent), lua_setfield(L, -2, "sent");
    lua_pushinteger(L, t->came), lua_setfield(L, -2, "came");
    lua_pushnumber(L, t->worst_gap), lua_setfield(L, -2, "worst_gap");
    return 1;
}

static void traffic_over(void *ctx) {
    traffic *t = ctx;
    task_wake(the_runner.self.engine, t->token, push_traffic, t, free);
}

static int m_talks(lua_State *L) {
    int from = self(L);
    const test_socket *to = luaL_checkudata(L, 2, SOCKET_TYPE);
    int port = (int)luaL_checkinteger(L, 3);
    size_t n;
    const char *datagram = luaL_checklstring(L, 4, &n);
    double seconds = luaL_checknumber(L, 5);
    task_token token = task_suspend_for(L, "socket:talks", 0);
    traffic *t = calloc(1, sizeof *t);
    if (t && n <= sizeof t->datagram) {
        *t = (traffic){.token = token, .from = dup(from), .to = dup(to->fd), .port = port, .seconds = seconds, .n = n};
        memcpy(t->datagram, datagram, n);
        if (loop_work(the_runner.self.loop, run_traffic, traffic_over, t) == 0) return task_yield(L, token);
        close(t->from), close(t->to);
    }
    free(t);
    task_suspend_cancel(L, token);
    return luaL_error(L, "socket:talks: no worker thread is to be had");
}

#define METHOD(method, takes, gives, what, shown, function, more)                                                      \
    {                                                                                                                  \
        .name = "socket:" method, .params = takes, .returns = gives, .text = what, .example = shown, .since = "0.1",   \
        .flags = SCRIPT_TEST | (more), .call = function                                                                \
    }

static const script_function list[] = {
    {.name = "mu.test.udp",
     .params = "port?: integer",
     .returns = "socket",
     .text = "a UDP socket on 127.0.0.1",
     .errors = "the port is taken",
     .since = "0.1",
     .example = "local socket = mu.test.udp()",
     .flags = SCRIPT_RUN_ONLY | SCRIPT_TEST,
     .call = open_udp},
    {.name = "mu.test.tcp",
     .params = "port: integer, room?: integer",
     .returns = "socket",
     .text = "a TCP connection to 127.0.0.1; room: bytes that may wait to be received",
     .errors = "nobody listens there",
     .since = "0.1",
     .example = "local socket = mu.test.tcp(server:port \"http\")",
     .flags = SCRIPT_RUN_ONLY | SCRIPT_TEST,
     .call = open_tcp},
};

static const script_function methods[] = {
    METHOD("send", "bytes: string, port?: integer", "", "sends; a UDP socket to this port of 127.0.0.1",
           "mu.test.udp():send(\"x\", 9)", m_send, 0),
    METHOD("receive", "seconds?: number", "string?, integer?",
           "the next datagram, or what has come, and the port it came from; nil after so long (60)",
           "mu.test.udp():receive(0.01) == nil", m_receive, SCRIPT_SUSPENDS),
    METHOD("talks", "to: userdata, port: integer, datagram: string, seconds: number", "table",
           "sends the datagram to that port every 5 ms for so long, while the other socket counts what arrives: sent, "
           "came, worst_gap in milliseconds",
           "local to = mu.test.udp()  assert(to:talks(to, to:port(), \"12345\\2\", 0.02).came > 0)", m_talks,
           SCRIPT_SUSPENDS),
    METHOD("port", "", "integer", "its own port", "mu.test.udp():port() > 0", m_port, 0),
    METHOD("close", "", "", "ends it", "mu.test.udp():close()", m_close, 0),
};

void test_sockets_open(lua_State *L) {
    script_declare(L, list, sizeof list / sizeof *list);
    script_declare(L, methods, sizeof methods / sizeof *methods);
    luaL_newmetatable(L, SOCKET_TYPE);
    script_methods(L, "socket");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, m_close), lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0), lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
