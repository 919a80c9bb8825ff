/* ranking.h: mu.ranking: leaderboards as scripts see them. The order itself: records/ranking.h. */
#ifndef BIND_RANKING_H
#define BIND_RANKING_H

#include "script/module.h"

extern const script_module module_ranking;

void ranking_boards_free(void); /* at the end of the process */

#endif
