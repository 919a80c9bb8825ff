/* tunnel.c: what one forwarded game datagram of 200 bytes costs: pairs of players in games of two, each with a tunnel
 * by UDP, one and sixteen datagrams in flight for each pair, ours beside a bare forwarder in the same run, in turn.
 *
 * The players are real ones: looked up, logged in, in one game by matchmaking, with a tunnel bound by association. A
 * datagram goes from the one to the other, who sends it back at once: every hop is one forwarded datagram. CPU time is
 * the process's. Every datagram is looked at: sender, receiver and running number of the pair. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "bench/games_wire.h"
#include "bench/tunnel_bare.h"
#include "bench/usage.h"
#include "codec/tdf.h"
#include "codec/tunnel.h"

#define PAIRS       16u
#define ENDS        (2 * PAIRS)
#define PAYLOAD     200u
#define BATCH       32
#define LENGTH      (TUNNEL_FORWARDED + PAYLOAD)
#define STALL_US    300000
#define PATIENCE_US 60000000

typedef struct end {  /* a player's machine */
    int game, socket; /* his game's connection; his tunnel's socket */
    uint32_t id;
    char token[128];
} end;

typedef struct tunnels {
    bench *b;
    end ends[ENDS];
    unsigned pairs;
    int tunnel_port;
    uint64_t wrong, lost;
    char why[160];
} tunnels;

typedef struct leg {
    double total_us, user_us;
    uint64_t datagrams;
} leg;

/* ── the players ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static int ask_http(int port, const char *head, char *answer, size_t size, int *keep, fault *f) {
    int fd = wire_open(port, DOOR_RAW, f);
    size_t n = 0;
    if (fd < 0) return fd;
    if (send(fd, head, strlen(head), MSG_NOSIGNAL) < 0) return fault_set(f, E_IO, "send: %s", strerror(errno));
    while (n + 1 < size) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t got = poll(&p, 1, 5000) > 0 ? recv(fd, answer + n, size - 1 - n, 0) : 0;
        if (got <= 0) break;
        n += (size_t)got;
        answer[n] = 0;
        const char *body = strstr(answer, "\r\n\r\n");
        if (body && (keep || strchr(body, '}'))) break;
    }
    answer[n] = 0;
    if (keep)
        *keep = fd;
    else
        close(fd);
    return n ? 0 : fault_set(f, E_CLOSED, "the HTTP door did not answer");
}

static int look_up(tunnels *t, end *e, fault *f) {
    char answer[2048], *p;
    int rc =
        ask_http(bench_port(t->b), "GET /api/server HTTP/1.1\r\nhost: bench\r\n\r\n", answer, sizeof answer, NULL, f);
    if (rc < 0) return rc;
    p = strstr(answer, "\"association\":\"");
    const char *port = strstr(answer, "\"tunnel_port\":");
    if (!p || !port || sscanf(p + 15, "%127[^\"]", e->token) != 1 || sscanf(port + 14, "%d", &t->tunnel_port) != 1)
        return fault_set(f, E_PROTOCOL, "the look-up names no tunnel: %.200s", answer);
    return 0;
}

static int connect_game(tunnels *t, end *e, const wire_account *account, fault *f) {
    char head[512], answer[1024];
    buf request = {0}, all = {0};
    fire_header h;
    size_t at;
    snprintf(head, sizeof head,
             "GET /api/server/upgrade HTTP/1.1\r\nhost: bench\r\nconnection: Upgrade\r\nupgrade: blaze\r\n"
             "x-association: %s\r\n\r\n",
             e->token);
    int rc = ask_http(bench_port(t->b), head, answer, sizeof answer, &e->game, f);
    if (rc == 0 && !strstr(answer, " 101 ")) rc = fault_set(f, E_PROTOCOL, "no upgrade: %.100s", answer);
    wire_silent_login(&request, account->token, account->player);
    if (rc == 0) rc = wire_ask(e->game, &request, 1, &all, &h, &at, 10, f);
    if (rc == 0 && h.type != FIRE_RESPONSE) rc = fault_set(f, E_PROTOCOL, "no login: error 0x%x", h.error);
    buf_free(&request), buf_free(&all);
    return rc;
}

static int open_tunnel(const tunnels *t, end *e, fault *f) {
    struct sockaddr_in relay = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)t->tunnel_port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                       mine = relay;
    uint8_t m[256] = {TUNNEL_VERSION, 0xff, 0xff, 0xff, 0xff, TUNNEL_INITIATE};
    size_t n = strlen(e->token);
    mine.sin_port = 0;
    save_u16(m + 6, (uint16_t)n);
    memcpy(m + 8, e->token, n);
    e->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(e->socket, (struct sockaddr *)&mine, sizeof mine) < 0) return fault_set(f, E_SYSTEM, "bind");
    sendto(e->socket, m, 8 + n, 0, (struct sockaddr *)&relay, sizeof relay);
    struct pollfd p = {.fd = e->socket, .events = POLLIN};
    if (poll(&p, 1, 5000) <= 0 || recv(e->socket, m, sizeof m, 0) < 10 || m[5] != TUNNEL_INITIATED)
        return fault_set(f, E_TIMEOUT, "a tunnel was not initiated");
    e->id = load_u32(m + 6);
    return 0;
}

static int tell(int fd, buf *request, int64_t *game, fault *f) {
    static uint32_t number;
    buf all = {0};
    fire_header h;
    size_t at = 0;
    int rc = wire_ask(fd, request, number = (number + 1) & 0xffff, &all, &h, &at, 10, f);
    if (rc == 0 && h.type != FIRE_RESPONSE)
        rc = fault_set(f, E_PROTOCOL, "%04x/%04x: error 0x%x", h.component, h.command, h.error);
    bytes body = {all.p + at, all.n - at};
    if (rc == 0 && game && !wire_find_int(body, TDF_TAG('G', 'I', 'D', 0), game))
        rc = fault_set(f, E_PROTOCOL, "no game id");
    buf_free(request), buf_free(&all);
    return rc;
}

/* Two players, one game: the first makes and opens it, the second finds it. */
static int make_game(tunnels *t, unsigned pair, fault *f) {
    const end *host = &t->ends[2 * pair], *guest = host + 1;
    char map[32];
    int64_t game = 0;
    buf r = {0};
    snprintf(map, sizeof map, "tunnel%u", pair);
    games_wire_network(&r, 0xc0000200 + pair);
    int rc = tell(host->game, &r, NULL, f);
    games_wire_network(&r, 0xc0000300 + pair);
    if (rc == 0) rc = tell(guest->game, &r, NULL, f);
    games_wire_create(&r, map, "enemy1", "difficulty1", 0xc0000200 + pair);
    if (rc == 0) rc = tell(host->game, &r, &game, f);
    games_wire_finalize(&r, (uint32_t)game);
    if (rc == 0) rc = tell(host->game, &r, NULL, f);
    games_wire_advance(&r, (uint32_t)game, 130);
    if (rc == 0) rc = tell(host->game, &r, NULL, f);
    games_wire_search(&r, map, "enemy1", "difficulty1", 0xc0000300 + pair);
    if (rc == 0) rc = tell(guest->game, &r, NULL, f);
    buf_free(&r);
    return rc;
}

static int make_players(tunnels *t, fault *f) {
    int rc = bench_accounts(t->b, 2 * t->pairs, f);
    for (unsigned i = 0; rc == 0 && i < 2 * t->pairs; i++) {
        rc = look_up(t, &t->ends[i], f);
        if (rc == 0) rc = connect_game(t, &t->ends[i], &t->b->accounts[i], f);
        if (rc == 0) rc = open_tunnel(t, &t->ends[i], f);
    }
    for (unsigned i = 0; rc == 0 && i < t->pairs; i++) rc = make_game(t, i, f);
    return rc;
}

/* ── datagrams ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct sockaddr_in target;
static uint8_t room[BATCH][LENGTH + 64];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

/* From end i to the other of its pair, `n` of them; those in `room` already, or new ones numbered from 0. */
static void send_from(const tunnels *t, unsigned i, int n, bool fresh) {
    for (int k = 0; k < n; k++) {
        tunnel_write_forward(room[k], t->ends[i].id, i % 2 ? 0 : 1, PAYLOAD);
        if (fresh) memset(room[k] + TUNNEL_FORWARDED, 0, PAYLOAD), save_u32(room[k] + TUNNEL_FORWARDED, i / 2);
        parts[k] = (struct iovec){room[k], LENGTH};
        messages[k].msg_hdr =
            (struct msghdr){.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &parts[k], .msg_iovlen = 1};
    }
    for (int done = 0; done < n;) {
        int sent = sendmmsg(t->ends[i].socket, messages + done, (unsigned)(n - done), 0);
        done += sent > 0 ? sent : 1;
    }
}

static void is_wrong(tunnels *t, unsigned i, const char *what) {
    if (!t->wrong++) snprintf(t->why, sizeof t->why, "end %u got %s", i, what);
}

/* Takes what is there for end i and sends it back; how many it were. */
static int bounce(tunnels *t, unsigned i) {
    for (int k = 0; k < BATCH; k++) {
        parts[k] = (struct iovec){room[k], sizeof room[k]};
        messages[k].msg_hdr = (struct msghdr){.msg_iov = &parts[k], .msg_iovlen = 1};
    }
    int n = recvmmsg(t->ends[i].socket, messages, BATCH, MSG_DONTWAIT, NULL), good = 0;
    for (int k = 0; k < n; k++) {
        if (messages[k].msg_len == TUNNEL_HEADER && room[k][5] == TUNNEL_KEEP_ALIVE) {
            sendto(t->ends[i].socket, room[k], TUNNEL_HEADER, 0, (struct sockaddr *)&target, sizeof target);
            continue;
        }
        if (messages[k].msg_len != LENGTH || room[k][5] != TUNNEL_FORWARD)
            is_wrong(t, i, "a datagram of another length or type");
        else if (load_u32(room[k] + TUNNEL_FORWARDED) != i / 2)
            is_wrong(t, i, "a datagram of another pair");
        else if (good++ != k)
            memcpy(room[good - 1], room[k], LENGTH);
    }
    if (good > 0) send_from(t, i, good, false);
    return good;
}

static void drain(const tunnels *t) {
    uint8_t waste[2048];
    usleep(50000);
    for (unsigned i = 0; i < 2 * t->pairs; i++)
        while (recv(t->ends[i].socket, waste, sizeof waste, MSG_DONTWAIT) > 0) continue;
}

/* `depth` datagrams of each pair on their way through the forwarder at `port` for so long. */
static void run_leg(tunnels *t, int port, pid_t pid, unsigned depth, double seconds, leg *out) {
    struct epoll_event got[ENDS];
    usage before, after;
    int e = epoll_create1(EPOLL_CLOEXEC);
    target = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (unsigned i = 0; i < 2 * t->pairs; i++)
        epoll_ctl(e, EPOLL_CTL_ADD, t->ends[i].socket, &(struct epoll_event){.events = EPOLLIN, .data.u32 = i});
    for (unsigned i = 0; i < 2 * t->pairs; i += 2) send_from(t, i, (int)depth, true);
    int64_t begin = clock_mono_us(), measured = begin + (int64_t)(seconds * 2e5),
            until = begin + (int64_t)(seconds * 1.2e6);
    bool counting = false;
    uint64_t n = 0;
    memset(&before, 0, sizeof before);
    /* A machine that stands still for the whole time has measured nothing: on until something came. */
    for (int64_t now = begin; now < until || (n == 0 && now < begin + PATIENCE_US); now = clock_mono_us()) {
        if (!counting && now >= measured) counting = true, n = 0, usage_read(pid, &before);
        int ready = epoll_wait(e, got, ENDS, STALL_US / 1000);
        if (ready == 0) { /* everything was lost: again */
            t->lost += depth * t->pairs;
            for (unsigned i = 0; i < 2 * t->pairs; i += 2) send_from(t, i, (int)depth, true);
        }
        for (int i = 0; i < ready; i++) n += (uint64_t)bounce(t, got[i].data.u32);
    }
    usage_read(pid, &after);
    out->datagrams += n;
    out->total_us += after.total_us - before.total_us;
    out->user_us += after.user_us - before.user_us;
    close(e);
    drain(t);
}

/* ── the figures ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static double each(double us, const leg *l) { return l->datagrams ? us / (double)l->datagrams : 0; }

static void print(bench *b, const char *what, const leg *ours, const leg *bare, double seconds) {
    bench_print(
        b,
        "| tunnel: a datagram of 200 B, %s in flight for each of %u pairs | %.2f µs (%.2f user), %.0fk/s | bare "
        "forwarder in this run: %.2f + 0.3 | 5.1, bare 3.5 |\n",
        what, PAIRS, each(ours->total_us, ours), each(ours->user_us, ours), (double)ours->datagrams / seconds / 1000,
        each(bare->total_us, bare));
}

static int measure(tunnels *t, fault *f) {
    static const unsigned depths[] = {1, 16};
    uint16_t ports[ENDS];
    leg ours[2] = {{0}}, bare[2] = {{0}};
    int bare_port = 0;
    for (unsigned i = 0; i < 2 * t->pairs; i++) {
        struct sockaddr_in a;
        socklen_t length = sizeof a;
        getsockname(t->ends[i].socket, (struct sockaddr *)&a, &length);
        ports[i] = ntohs(a.sin_port);
    }
    pid_t pid = tunnel_bare_start(ports, 2 * t->pairs, &bare_port, f);
    if (pid < 0) return (int)pid;
    double seconds = t->b->smoke ? 0.1 : t->b->seconds;
    for (unsigned round = 0; round < t->b->rounds; round++)
        for (unsigned d = 0; d < 2; d++) {
            run_leg(t, bare_port, pid, depths[d], seconds, &bare[d]);
            run_leg(t, t->tunnel_port, t->b->server.pid, depths[d], seconds, &ours[d]);
        }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (t->wrong)
        return fault_set(f, E_PROTOCOL, "%llu datagrams went wrong: %s", (unsigned long long)t->wrong, t->why);
    if (!ours[0].datagrams || !ours[1].datagrams) return fault_set(f, E_TIMEOUT, "no datagram came through");
    if (t->b->smoke) return 0;
    print(t->b, "one", &ours[0], &bare[0], seconds * t->b->rounds);
    print(t->b, "sixteen", &ours[1], &bare[1], seconds * t->b->rounds);
    if (t->lost) bench_print(t->b, "\n%llu datagrams were lost on the way.\n", (unsigned long long)t->lost);
    return 0;
}

void bench_tunnel(bench *b) {
    fault f = {0};
    tunnels *t = calloc(1, sizeof *t);
    if (!t) return;
    t->b = b;
    t->pairs = b->smoke ? 2 : PAIRS;
    for (unsigned i = 0; i < ENDS; i++) t->ends[i].game = t->ends[i].socket = -1;
    int rc = make_players(t, &f);
    if (rc == 0) rc = measure(t, &f);
    bench_tell(b, "tunnel", rc, &f);
    for (unsigned i = 0; i < ENDS; i++) {
        if (t->ends[i].game >= 0) close(t->ends[i].game);
        if (t->ends[i].socket >= 0) close(t->ends[i].socket);
    }
    free(t);
}
