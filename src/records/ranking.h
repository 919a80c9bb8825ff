/* ranking.h: who stands where? Members in the order of their scores, highest first.
 *
 * Leaderboards ask three things of a million players: the rank of one, a page of rows from some place on, and both
 * again after every save. A ranking is a sorted set that also counts: each costs about as much as a search.
 *
 *     ranking *board = ranking_new(0, &f);
 *     ranking_set(board, 7, 1200, &f);                        // member 7 has 1200 points, from now on
 *     ranking_position(board, 7) → 41                         // zero-based: 41 members stand before it
 *     size_t n = ranking_page(board, 30, 60, rows);           // rows 30 … 89, each with its rank
 *
 * Order: score descending, then member ascending, so a page is stable. Ranks count from 1; equal scores share a rank
 * and the next one skips (1, 1, 3), reference 04 §4.8. Members and scores are any 64-bit numbers.
 *
 * A board is filled from elsewhere while it is already in use: ranking_fill puts in what it read only where nobody has
 * said anything newer meanwhile, removals included, until ranking_filled ends this.
 *
 * One thread. Errors: 0 or E_LIMIT, E_MEMORY: nothing has changed then. */
#ifndef RECORDS_RANKING_H
#define RECORDS_RANKING_H

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANKING_MEMBERS_MAX 4000000 /* unless told otherwise */

typedef struct ranking ranking;

typedef struct ranking_row {
    int64_t member, score;
    uint32_t rank;
} ranking_row;

ranking *ranking_new(uint32_t max_members, fault *f); /* 0 = RANKING_MEMBERS_MAX; it is filling until ranking_filled */
void ranking_free(ranking *r);

int ranking_set(ranking *r, int64_t member, int64_t score, fault *f);
bool ranking_remove(ranking *r, int64_t member); /* false when it was not in */

/* As ranking_set, and 1; unless the member was set or removed since the ranking was made: then nothing happens, 0. */
int ranking_fill(ranking *r, int64_t member, int64_t score, fault *f);
void ranking_filled(ranking *r); /* no more ranking_fill */
bool ranking_is_filling(const ranking *r);

bool ranking_score(ranking *r, int64_t member, int64_t *score); /* false when it is not in */
int64_t ranking_position(ranking *r, int64_t member);           /* from 0, or -1 when it is not in */
uint32_t ranking_rank(ranking *r, int64_t score);               /* of anybody who has this score */
uint32_t ranking_count(const ranking *r);

/* At most `most` rows from position `first` on, into rows; returns how many. */
uint32_t ranking_page(ranking *r, uint32_t first, uint32_t most, ranking_row *rows);

#endif
