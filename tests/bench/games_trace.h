/* games_trace.h: one game of four as a script of requests, what everybody got at each of them, and a bare loop that
 * replays it.
 *
 * Four connections ("seats"; the first hosts) send GAME_STEPS requests in a fixed order: create, finalize and open the
 * game; three searches that find it; for each of the three both ends of the link and his becoming an admin; the four
 * leave. The next request leaves when everybody has got all that the one before caused. What that is was recorded from
 * the real server: the bare loop sends the same bytes to the same connections, one write each, and does nothing else.
 */
#ifndef BENCH_GAMES_TRACE_H
#define BENCH_GAMES_TRACE_H

#include <sys/types.h>

#include "bench/wire.h"

#define GAME_SEATS      4
#define GAME_STEPS      19
#define GAME_GROUPS     64
#define GAME_FRAMES_MAX 32 /* that one request causes for one seat */

typedef struct game_group { /* who plays */
    unsigned index;
    int64_t players[GAME_SEATS];
    uint32_t game; /* the id of the game, once there is one */
} game_group;

unsigned game_step_seat(unsigned step);
/* Appends the request of a step. */
void game_step_request(buf *b, unsigned step, const game_group *g);
bool game_step_creates(unsigned step); /* its answer has the game's id */

typedef struct game_part { /* what one seat gets at one step */
    buf bytes;
    unsigned frames;
    uint64_t kinds[GAME_FRAMES_MAX]; /* game_kind of each */
    size_t answer_at;                /* for the seat that asked: where its answer begins */
} game_part;

typedef struct game_trace {
    game_part to[GAME_STEPS][GAME_SEATS];
    unsigned frames; /* in all */
} game_trace;

static inline uint64_t game_kind(const fire_header *h) {
    return (uint64_t)h->type << 48 | (uint64_t)h->error << 32 | (uint64_t)h->component << 16 | h->command;
}

/* Plays one game on four connections whose players are logged in and records it. */
int game_trace_record(game_trace *t, const int fds[GAME_SEATS], game_group *g, fault *f);
void game_trace_free(game_trace *t);

/* The bare loop as a child process. A connection says who it is with game_bare_hello before anything else. */
pid_t game_bare_start(const game_trace *t, int *port, fault *f);
int game_bare_hello(int fd, unsigned group, unsigned seat, fault *f);

#endif
