/* games_trace.c: the script of a game, its recording, the bare loop (games_trace.h). */
#include "bench/games_trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bare.h"
#include "bench/games_wire.h"
#include "codec/tdf.h"

#define QUIET_MS 250 /* nothing more comes at a step when nothing came for so long */
#define HELLO    0xfff0

/* ── the script ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
    uint16_t command;
    uint8_t seat, about;
} steps[GAME_STEPS] = {
    {GAME_CREATE, 0, 0}, {GAME_FINALIZE, 0, 0}, {GAME_ADVANCE, 0, 0}, {GAME_SEARCH, 1, 0}, {GAME_SEARCH, 2, 0},
    {GAME_SEARCH, 3, 0}, {GAME_MESH, 1, 0},     {GAME_MESH, 0, 1},    {GAME_ADMIN, 0, 1},  {GAME_MESH, 2, 0},
    {GAME_MESH, 0, 2},   {GAME_ADMIN, 0, 2},    {GAME_MESH, 3, 0},    {GAME_MESH, 0, 3},   {GAME_ADMIN, 0, 3},
    {GAME_REMOVE, 3, 3}, {GAME_REMOVE, 2, 2},   {GAME_REMOVE, 1, 1},  {GAME_REMOVE, 0, 0},
};

unsigned game_step_seat(unsigned step) { return steps[step].seat; }
bool game_step_creates(unsigned step) { return steps[step].command == GAME_CREATE; }

void game_step_request(buf *b, unsigned step, const game_group *g) {
    char map[16]; /* each group plays on a map of its own, so that it finds nobody else's game */
    int64_t about = g->players[steps[step].about];
    uint32_t ip = 0x0a000000 + g->index * GAME_SEATS + steps[step].seat + 1;
    snprintf(map, sizeof map, "bench%u", g->index);
    switch (steps[step].command) {
    case GAME_CREATE: games_wire_create(b, map, "enemy1", "difficulty0", ip); break;
    case GAME_FINALIZE: games_wire_finalize(b, g->game); break;
    case GAME_ADVANCE: games_wire_advance(b, g->game, 130); break;
    case GAME_SEARCH: games_wire_search(b, map, steps[step].seat == 1 ? "enemy1" : NULL, NULL, ip); break;
    case GAME_MESH: games_wire_mesh(b, g->game, about); break;
    case GAME_ADMIN: games_wire_admin(b, g->game, about); break;
    case GAME_REMOVE: games_wire_remove(b, g->game, about); break;
    }
}

/* ── recording ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int read_into(int fd, buf *out, fault *f) {
    if (!buf_reserve(out, 65536)) return E_MEMORY;
    ssize_t got = recv(fd, out->p + out->n, out->cap - out->n, 0);
    if (got <= 0) return fault_set(f, E_CLOSED, "the server closed a player's connection");
    out->n += (size_t)got;
    return 0;
}

/* Takes the frames of a part apart; whether the answer to request `number` is among them. */
static int understand(game_part *p, uint32_t number, bool *answered, int64_t *game, fault *f) {
    p->frames = 0;
    for (size_t at = 0; at < p->bytes.n;) {
        fire_header h;
        int n = fire_parse((bytes){p->bytes.p + at, p->bytes.n - at}, 1u << 20, &h, f);
        if (n == E_INCOMPLETE || (n > 0 && p->bytes.n - at - (size_t)n < h.body_length)) return 0;
        if (n < 0) return n;
        if (p->frames == GAME_FRAMES_MAX) return fault_set(f, E_LIMIT, "more than %d messages", GAME_FRAMES_MAX);
        if (h.type == FIRE_ERROR)
            return fault_set(f, E_PROTOCOL, "command 0x%x was answered with error 0x%x", h.command, h.error);
        if (h.type == FIRE_RESPONSE && h.number == number) {
            *answered = true;
            p->answer_at = at;
            wire_find_int((bytes){p->bytes.p + at + n, h.body_length}, TDF_TAG('G', 'I', 'D', 0), game);
        }
        p->kinds[p->frames++] = game_kind(&h);
        at += (size_t)n + h.body_length;
    }
    return 0;
}

static int record_step(game_trace *t, unsigned step, const int fds[GAME_SEATS], game_group *g, fault *f) {
    buf request = {0};
    unsigned seat = game_step_seat(step);
    int64_t game = 0, until = clock_mono_us() + 10000000;
    bool answered = false;
    game_step_request(&request, step, g);
    wire_number(request.p, step);
    ssize_t sent = send(fds[seat], request.p, request.n, MSG_NOSIGNAL);
    int rc = sent == (ssize_t)request.n ? 0 : fault_set(f, E_CLOSED, "a request was not taken");
    buf_free(&request);
    while (rc == 0) {
        struct pollfd p[GAME_SEATS];
        for (unsigned i = 0; i < GAME_SEATS; i++) p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        int ready = poll(p, GAME_SEATS, QUIET_MS);
        if (ready == 0 && answered) break;
        if (clock_mono_us() > until) return fault_set(f, E_TIMEOUT, "step %u was not answered", step);
        for (unsigned i = 0; rc == 0 && i < GAME_SEATS; i++) {
            if (!p[i].revents) continue;
            rc = read_into(fds[i], &t->to[step][i].bytes, f);
            bool other = false;
            if (rc == 0) rc = understand(&t->to[step][i], step, i == seat ? &answered : &other, &game, f);
        }
    }
    if (game_step_creates(step)) g->game = (uint32_t)game;
    for (unsigned i = 0; i < GAME_SEATS; i++) t->frames += t->to[step][i].frames;
    return rc;
}

int game_trace_record(game_trace *t, const int fds[GAME_SEATS], game_group *g, fault *f) {
    int rc = 0;
    game_trace_free(t);
    for (unsigned step = 0; rc == 0 && step < GAME_STEPS; step++) rc = record_step(t, step, fds, g, f);
    return rc;
}

void game_trace_free(game_trace *t) {
    for (unsigned step = 0; step < GAME_STEPS; step++)
        for (unsigned i = 0; i < GAME_SEATS; i++) buf_free(&t->to[step][i].bytes);
    memset(t, 0, sizeof *t);
}

/* ── the bare loop ───────────────────────────────────────────────────────────────────────────────────────────────── */

#define CONNS 4096

typedef struct bare_seat {
    bool known;
    unsigned group, seat;
    unsigned asked; /* requests of this game so far */
    buf in;
} bare_seat;

static bare_seat seats[CONNS]; /* by file descriptor */
static int seat_fds[GAME_GROUPS][GAME_SEATS];
static game_trace replayed;
static unsigned steps_of[GAME_SEATS][GAME_STEPS], step_count[GAME_SEATS];
static uint8_t scratch[1 << 16];

static void replay(bare_seat *s, uint32_t number) {
    unsigned step = steps_of[s->seat][s->asked];
    s->asked = (s->asked + 1) % step_count[s->seat];
    for (unsigned i = 0; i < GAME_SEATS; i++) {
        game_part *p = &replayed.to[step][i];
        if (p->bytes.n == 0) continue;
        if (i == s->seat) wire_number(p->bytes.p + p->answer_at, number);
        if (send(seat_fds[s->group][i], p->bytes.p, p->bytes.n, MSG_NOSIGNAL) < 0) _exit(1);
    }
}

static void take_frame(int fd, const fire_header *h) {
    bare_seat *s = &seats[fd];
    if (s->known) {
        replay(s, h->number);
        return;
    }
    uint8_t head[FIRE_HEADER_MAX];
    fire_header answer = fire_reply_to(h, FIRE_RESPONSE, 0);
    s->known = true, s->group = h->command % GAME_GROUPS, s->seat = h->number % GAME_SEATS, s->asked = 0;
    seat_fds[s->group][s->seat] = fd;
    send(fd, head, fire_write_header(head, &answer), MSG_NOSIGNAL);
}

static void on_readable(int fd) {
    bare_seat *s = &seats[fd];
    ssize_t got = recv(fd, scratch, sizeof scratch, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        buf_free(&s->in);
        memset(s, 0, sizeof *s);
        close(fd);
        return;
    }
    bytes in = {scratch, (size_t)got};
    if (s->in.n > 0) buf_put(&s->in, scratch, (size_t)got), in = buf_bytes(&s->in);
    size_t at = 0;
    fire_header h;
    for (;;) {
        int n = fire_parse((bytes){in.p + at, in.n - at}, 1u << 20, &h, NULL);
        if (n < 0 || in.n - at - (size_t)n < h.body_length) break;
        at += (size_t)n + h.body_length;
        take_frame(fd, &h);
    }
    if (s->in.n > 0)
        buf_drop(&s->in, at);
    else
        buf_put(&s->in, scratch + at, (size_t)got - at);
}

static _Noreturn void serve(int listening) {
    struct epoll_event events[256];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &(struct epoll_event){.events = EPOLLIN, .data.fd = listening});
    for (;;) {
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd, one = 1;
            if (fd != listening) {
                on_readable(fd);
                continue;
            }
            int peer = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (peer < 0) continue;
            if (peer >= CONNS) {
                close(peer);
                continue;
            }
            setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &(struct epoll_event){.events = EPOLLIN, .data.fd = peer});
        }
    }
}

pid_t game_bare_start(const game_trace *t, int *port, fault *f) {
    int fd = bare_listen(port, f);
    if (fd < 0) return fd;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        replayed = *t; /* a copy of the whole process: its bytes are ours */
        memset(step_count, 0, sizeof step_count);
        for (unsigned step = 0; step < GAME_STEPS; step++) {
            unsigned seat = game_step_seat(step);
            steps_of[seat][step_count[seat]++] = step;
        }
        serve(fd);
    }
    close(fd);
    return pid > 0 ? pid : fault_set(f, E_SYSTEM, "cannot fork: %s", strerror(errno));
}

int game_bare_hello(int fd, unsigned group, unsigned seat, fault *f) {
    uint8_t head[FIRE_HEADER_MAX];
    fire_header h = {.component = HELLO, .command = (uint16_t)group, .type = FIRE_REQUEST, .number = seat};
    buf request = {0}, all = {0};
    size_t at;
    buf_put(&request, head, fire_write_header(head, &h));
    int rc = wire_ask(fd, &request, seat, &all, &h, &at, 5, f);
    buf_free(&request), buf_free(&all);
    return rc;
}
