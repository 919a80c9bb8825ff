/* games.c: games of four per second: create, three matched, mesh, leave (games_trace.h), ours beside the bare loop that
 * replays the same trace, in turn in the same run.
 *
 * Once with one game at a time, where what costs is the way through the kernel, and nobody ever waits for anybody else:
 * a reply that takes long there is a stall. Once with all connections busy. CPU time is the server process's; the
 * latency of a reply is from its request to its coming, the latency of a step until everybody has heard of it. Every
 * message is looked at: kind and order must be those of the recorded game. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "bench/games_trace.h"
#include "bench/games_wire.h"
#include "bench/usage.h"
#include "codec/tdf.h"

#define STEP_SECONDS 30
#define MOST_SAMPLES 2000000

typedef struct seat {
    int fd;
    struct table *table;
    unsigned index, got; /* frames of the step under way */
    buf in;
} seat;

typedef struct table { /* a group at play */
    game_group group;
    seat at[GAME_SEATS];
    unsigned step, missing; /* frames the step under way still lacks */
    uint32_t number;
    int64_t sent_us;
    bool playing;
} table;

typedef struct side { /* ours, or the bare loop's */
    pid_t pid;
    table *tables; /* GROUPS of them */
    double total_us, user_us;
    unsigned games;
    float *replies, *steps; /* latencies in µs */
    unsigned samples;
    double seconds;
} side;

typedef struct games {
    bench *b;
    game_trace trace;
    unsigned groups;
    side ours, bare;
    buf request;
} games;

/* ── playing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int begin_step(games *all, table *t, fault *f) {
    unsigned who = game_step_seat(t->step);
    buf_clear(&all->request);
    all->request.n = 0;
    game_step_request(&all->request, t->step, &t->group);
    t->number = (t->number + 1) & FIRE_NUMBER_MAX;
    wire_number(all->request.p, t->number);
    t->missing = 0;
    for (unsigned i = 0; i < GAME_SEATS; i++) {
        t->at[i].got = 0;
        t->missing += all->trace.to[t->step][i].frames;
    }
    t->sent_us = clock_mono_us();
    ssize_t sent = send(t->at[who].fd, all->request.p, all->request.n, MSG_NOSIGNAL);
    return sent == (ssize_t)all->request.n ? 0 : fault_set(f, E_CLOSED, "a request was not taken");
}

static void sample(side *s, float *list, int64_t since) {
    if (s->samples < MOST_SAMPLES) list[s->samples] = (float)(clock_mono_us() - since);
}

static int take_frame(games *all, side *s, seat *at, const fire_header *h, bytes body, fault *f) {
    table *t = at->table;
    const game_part *p = &all->trace.to[t->step][at->index];
    if (at->got >= p->frames || p->kinds[at->got] != game_kind(h))
        return fault_set(f, E_PROTOCOL,
                         "step %u: seat %u got 0x%x/0x%x (%s, error 0x%x) as number %u, which is not "
                         "what was recorded",
                         t->step, at->index, h->component, h->command, fire_type_name(h->type), h->error, at->got);
    at->got++, t->missing--;
    if (h->type != FIRE_RESPONSE) return 0;
    int64_t game = 0;
    sample(s, s->replies, t->sent_us);
    if (h->number != t->number) return fault_set(f, E_PROTOCOL, "an answer has the wrong number");
    if (game_step_creates(t->step) && wire_find_int(body, TDF_TAG('G', 'I', 'D', 0), &game))
        t->group.game = (uint32_t)game;
    return 0;
}

static int take_bytes(games *all, side *s, seat *at, fault *f) {
    uint8_t scratch[1 << 16];
    ssize_t got = recv(at->fd, scratch, sizeof scratch, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) return fault_set(f, E_CLOSED, "the server closed a player's connection");
    bytes in = {scratch, (size_t)got};
    bool kept = at->in.n > 0;
    if (kept) buf_put(&at->in, scratch, (size_t)got), in = buf_bytes(&at->in);
    size_t used = 0;
    int rc = 0;
    while (rc == 0) {
        fire_header h;
        int n = fire_parse((bytes){in.p + used, in.n - used}, 1u << 20, &h, f);
        if (n == E_INCOMPLETE || (n > 0 && in.n - used - (size_t)n < h.body_length)) break;
        rc = n < 0 ? n : take_frame(all, s, at, &h, (bytes){in.p + used + n, h.body_length}, f);
        used += n < 0 ? 0 : (size_t)n + h.body_length;
    }
    if (kept)
        buf_drop(&at->in, used);
    else
        buf_put(&at->in, scratch + used, (size_t)got - used);
    return rc;
}

/* A step is over: the next one, or the next game while there are more to play. */
static int end_step(games *all, side *s, table *t, unsigned *left, unsigned *playing, fault *f) {
    sample(s, s->steps, t->sent_us);
    if (s->samples < MOST_SAMPLES) s->samples++;
    t->step = (t->step + 1) % GAME_STEPS;
    if (t->step == 0) {
        s->games++;
        if (*left == 0) {
            t->playing = false, --*playing;
            return 0;
        }
        --*left;
    }
    return begin_step(all, t, f);
}

/* `count` games on the first `groups` tables. */
static int play(games *all, side *s, unsigned groups, unsigned count, fault *f) {
    struct epoll_event events[256];
    unsigned playing = 0, left = count;
    int rc = 0, epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned g = 0; g < groups; g++)
        for (unsigned i = 0; i < GAME_SEATS; i++) {
            seat *at = &s->tables[g].at[i];
            epoll_ctl(epoll, EPOLL_CTL_ADD, at->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = at});
        }
    for (unsigned g = 0; rc == 0 && g < groups && left > 0; g++) {
        s->tables[g].playing = true, s->tables[g].step = 0;
        playing++, left--;
        rc = begin_step(all, &s->tables[g], f);
    }
    while (rc == 0 && playing > 0) {
        int n = epoll_wait(epoll, events, 256, STEP_SECONDS * 1000);
        if (n == 0) rc = fault_set(f, E_TIMEOUT, "nothing came for %d s", STEP_SECONDS);
        for (int i = 0; rc == 0 && i < n; i++) {
            seat *at = events[i].data.ptr;
            rc = take_bytes(all, s, at, f);
            if (rc == 0 && at->table->playing && at->table->missing == 0)
                rc = end_step(all, s, at->table, &left, &playing, f);
        }
    }
    close(epoll);
    return rc;
}

static int leg(games *all, side *s, unsigned groups, unsigned count, fault *f) {
    usage before, after;
    int64_t begin = clock_mono_us();
    usage_read(s->pid, &before);
    int rc = play(all, s, groups, count, f);
    usage_read(s->pid, &after);
    s->seconds += (double)(clock_mono_us() - begin) / 1e6;
    s->total_us += after.total_us - before.total_us;
    s->user_us += after.user_us - before.user_us;
    return rc;
}

/* ── making ready ────────────────────────────────────────────────────────────────────────────────────────────────── */

static int enter(games *all, int fd, unsigned player, fault *f) {
    buf request = {0}, reply = {0};
    fire_header h;
    size_t at;
    wire_silent_login(&request, all->b->accounts[player].token, all->b->accounts[player].player);
    int rc = wire_ask(fd, &request, 0, &reply, &h, &at, 30, f);
    if (rc == 0 && h.type != FIRE_RESPONSE) rc = fault_set(f, E_PROTOCOL, "a login was refused");
    buf_clear(&request), request.n = 0, buf_clear(&reply), reply.n = 0;
    games_wire_network(&request, 0x0a000000 + player + 1);
    if (rc == 0) rc = wire_ask(fd, &request, 1, &reply, &h, &at, 30, f);
    if (rc == 0) rc = wire_settle(fd, &reply, 30);
    buf_free(&request), buf_free(&reply);
    return rc;
}

static int sit_down(games *all, side *s, int port, fault *f) {
    int rc = 0;
    s->tables = calloc(all->groups, sizeof *s->tables);
    s->replies = calloc(MOST_SAMPLES, sizeof *s->replies);
    s->steps = calloc(MOST_SAMPLES, sizeof *s->steps);
    if (!s->tables || !s->replies || !s->steps) return E_MEMORY;
    for (unsigned g = 0; g < all->groups; g++)
        for (unsigned i = 0; i < GAME_SEATS; i++) s->tables[g].at[i].fd = -1;
    for (unsigned g = 0; rc == 0 && g < all->groups; g++) {
        table *t = &s->tables[g];
        t->group.index = g;
        for (unsigned i = 0; rc == 0 && i < GAME_SEATS; i++) {
            unsigned player = g * GAME_SEATS + i;
            int fd = wire_open(port, DOOR_RAW, f);
            if (fd < 0) return fd;
            t->group.players[i] = all->b->accounts[player].player;
            t->at[i] = (seat){.fd = fd, .table = t, .index = i};
            rc = s == &all->ours ? enter(all, fd, player, f) : game_bare_hello(fd, g, i, f);
        }
    }
    return rc;
}

/* A second after a login the server has counted what the player saved, and tells everybody who sees him of his rating:
 * that is over before anything is recorded. */
static int calm_down(const side *s, unsigned groups) {
    buf heard = {0};
    int rc = 0;
    usleep(1500000);
    for (unsigned i = 0; rc == 0 && i < groups * GAME_SEATS; i++) {
        rc = wire_settle(s->tables[i / GAME_SEATS].at[i % GAME_SEATS].fd, &heard, 30);
    }
    buf_free(&heard);
    return rc;
}

static int prepare(games *all, fault *f) {
    bench *b = all->b;
    int port, fds[GAME_SEATS];
    int rc = bench_accounts(b, all->groups * GAME_SEATS, f);
    if (rc == 0) rc = sit_down(all, &all->ours, process_port(&b->server, "game"), f);
    if (rc == 0) rc = calm_down(&all->ours, all->groups);
    for (unsigned i = 0; rc == 0 && i < GAME_SEATS; i++) fds[i] = all->ours.tables[0].at[i].fd;
    if (rc == 0) rc = game_trace_record(&all->trace, fds, &all->ours.tables[0].group, f);
    if (rc < 0) return rc;
    all->ours.pid = b->server.pid;
    all->bare.pid = game_bare_start(&all->trace, &port, f);
    return all->bare.pid < 0 ? all->bare.pid : sit_down(all, &all->bare, port, f);
}

static void get_up(games *all, side *s) {
    for (unsigned g = 0; s->tables && g < all->groups; g++)
        for (unsigned i = 0; i < GAME_SEATS; i++) {
            if (s->tables[g].at[i].fd >= 0) close(s->tables[g].at[i].fd);
            buf_free(&s->tables[g].at[i].in);
        }
    free(s->tables), free(s->replies), free(s->steps);
}

/* ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void row(games *all, unsigned groups) {
    side *o = &all->ours, *z = &all->bare;
    side *both[] = {o, z};
    for (int i = 0; i < 2; i++) {
        qsort(both[i]->replies, both[i]->samples, sizeof(float), by_size);
        qsort(both[i]->steps, both[i]->samples, sizeof(float), by_size);
    }
    double ours = o->total_us / o->games, bare = z->total_us / z->games;
    bench_print(
        all->b,
        "| games of four (create, three matched, mesh, leave: %d requests, %u messages), %u at a time, %u games "
        "| %.0f µs CPU a game (user %.0f), the bare loop with the same messages %.0f (user %.0f): %.0f above; "
        "%.0f games/s; replies p50 %.0f µs, p99 %.0f µs, worst %.2f ms (bare %.2f ms); until everybody knows: "
        "worst %.2f ms (bare %.2f ms) | bare + 80, no stall | 800–1,100, stalls of 44 ms |\n",
        GAME_STEPS, all->trace.frames, groups, o->games, ours, o->user_us / o->games, bare, z->user_us / z->games,
        ours - bare, o->games / o->seconds, (double)o->replies[o->samples / 2],
        (double)o->replies[o->samples * 99 / 100], (double)o->replies[o->samples - 1] / 1000,
        (double)z->replies[z->samples - 1] / 1000, (double)o->steps[o->samples - 1] / 1000,
        (double)z->steps[z->samples - 1] / 1000);
}

static int measure(games *all, unsigned groups, fault *f) {
    unsigned rounds = all->b->rounds, count = all->b->smoke ? 2 * groups : groups == 1 ? 300 : 1500;
    int rc = 0;
    for (unsigned i = 0; i <= rounds && rc == 0; i++) {
        rc = leg(all, &all->ours, groups, i == 0 ? groups : count, f);
        if (rc == 0) rc = leg(all, &all->bare, groups, i == 0 ? groups : count, f);
        if (i > 0) continue; /* the first was to warm up */
        side *both[] = {&all->ours, &all->bare};
        for (int k = 0; k < 2; k++)
            both[k]->total_us = both[k]->user_us = both[k]->seconds = 0, both[k]->games = both[k]->samples = 0;
    }
    if (rc == 0 && !all->b->smoke) row(all, groups);
    return rc;
}

void bench_games(bench *b) {
    fault f = {0};
    games *all = calloc(1, sizeof *all);
    int rc = all ? 0 : E_MEMORY;
    if (rc == 0) {
        all->b = b, all->groups = b->smoke ? 2 : 16;
        rc = prepare(all, &f);
    }
    if (rc == 0) rc = measure(all, 1, &f);
    if (rc == 0) rc = measure(all, all->groups, &f);
    bench_tell(b, "games", rc, &f);
    if (!all) return;
    get_up(all, &all->ours), get_up(all, &all->bare);
    if (all->bare.pid > 0) kill(all->bare.pid, SIGKILL), waitpid(all->bare.pid, NULL, 0);
    game_trace_free(&all->trace), buf_free(&all->request);
    free(all);
}
