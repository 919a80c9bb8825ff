/* What a leaderboard of a million players costs: microseconds of CPU time for a save that moves somebody, for his rank,
 * and for the page of 60 around him; and the memory. Prints; asserts nothing.
 * ./build/release/tests/bench/bench_ranking [players] */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "records/ranking.h"

#define ROUNDS 200000
#define PAGE   60

static uint64_t seed = 88172645463325252u;
static uint64_t any(uint64_t below) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed % below;
}

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int count, char **words) {
    uint64_t players = count > 1 ? strtoull(words[1], NULL, 10) : 1000000, sum = 0;
    fault f;
    ranking *r = ranking_new((uint32_t)players, &f);
    if (!r || players == 0) return 1;
    double began = cpu_us();
    for (uint64_t id = 1; id <= players; id++) ranking_fill(r, (int64_t)id, (int64_t)any(20000), &f);
    ranking_filled(r);
    printf("%llu players\nfill        %8.3f us each\n", (unsigned long long)players,
           (cpu_us() - began) / (double)players);
    began = cpu_us();
    for (int i = 0; i < ROUNDS; i++) ranking_set(r, (int64_t)any(players) + 1, (int64_t)any(20000), &f);
    printf("save        %8.3f us\n", (cpu_us() - began) / ROUNDS);
    began = cpu_us();
    for (int i = 0; i < ROUNDS; i++) {
        int64_t score = 0;
        ranking_score(r, (int64_t)any(players) + 1, &score);
        sum += ranking_rank(r, score);
    }
    printf("rank        %8.3f us\n", (cpu_us() - began) / ROUNDS);
    began = cpu_us();
    for (int i = 0; i < ROUNDS; i++) {
        ranking_row rows[PAGE];
        int64_t at = ranking_position(r, (int64_t)any(players) + 1);
        sum += ranking_page(r, at > PAGE / 2 ? (uint32_t)at - PAGE / 2 : 0, PAGE, rows);
    }
    printf("page of %d  %8.3f us\n", PAGE, (cpu_us() - began) / ROUNDS);
    struct mallinfo2 memory = mallinfo2();
    printf("memory      %8.1f bytes a player  (%llu)\n", (double)(memory.uordblks + memory.hblkhd) / (double)players,
           (unsigned long long)sum);
    ranking_free(r);
    return 0;
}
