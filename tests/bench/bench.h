/* bench.h: what the parts of the bench program share: its options and the server it measures. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdio.h>

#include "bench/load.h"
#include "tools/process.h"

typedef struct bench {
    const char *program, *checkout, *out; /* murelay; where scripts/ lies; the file for the table, or NULL */
    bool smoke;                           /* few replies, only correctness */
    unsigned connections, rounds;
    unsigned idle, sessions; /* how many of each to hold */
    double seconds;          /* of one leg */
    process server;
    wire_account *accounts; /* account_count of them, made on demand */
    unsigned account_count;
    FILE *report; /* the table goes there and to stdout */
    int failed;
} bench;

#define BENCH_BASE "assets/game/bini/base.ini" /* the live configuration's source, in the data folder */

int bench_start_server(bench *b, fault *f); /* a fresh process on the same data */
int bench_fresh_server(bench *b, fault *f); /* ends the one that runs, starts anew: memory of earlier work is gone */
int bench_accounts(bench *b, unsigned count, fault *f);
void bench_print(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int bench_port(const bench *b);
char *bench_value_of_1k(void);               /* what a save stores */
int bench_fill_settings(bench *b, fault *f); /* 25 keys for each of the first `connections` accounts */
void bench_tell(bench *b, const char *name, int rc, const fault *f); /* counts a failure, tells it */

/* One row each; they print it, count failures in b->failed and log the reason. */
void bench_requests(bench *b, char **names, int count); /* the table of replies; no name = all */
bool bench_is_request(const char *name);
void bench_idle(bench *b);        /* connections that pinged once */
void bench_loginidle(bench *b);   /* sessions logged in */
void bench_create(bench *b);      /* the longest ping while 50 accounts are created at once */
void bench_login(bench *b);       /* logins by password as fast as they go, and others' pings */
void bench_mixed(bench *b);       /* half pings, the rest configs, saves, loads */
void bench_reload(bench *b);      /* reload after reload under that load */
void bench_generations(bench *b); /* 50 reloads, 10 broken ones among them, under 200 players */
void bench_crowd(bench *b);       /* the same beside 15,000 sessions that do nothing */
void bench_hostile(bench *b);     /* scripts that misbehave, and what others notice of each */
void bench_slow(bench *b);        /* clients that ask for the longest config and never read */
void bench_content(bench *b);     /* the live configuration built again and again, and others' pings */

void bench_games(bench *b);       /* games of four: create, three matched, mesh, leave */
void bench_matchmaking(bench *b); /* searches among 10 to 10,000 games, and with 2,000 waiting */
void bench_tunnel(bench *b);      /* game datagrams between tunnels, beside a bare forwarder */

#endif
