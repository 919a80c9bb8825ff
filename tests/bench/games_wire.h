/* games_wire.h: the requests of a game of four as the client sends them (reference 02 §12). Each is appended to an
 * empty buf as one frame with message number 0. `map` is the ME3map attribute: who names the same one finds each other.
 */
#ifndef BENCH_GAMES_WIRE_H
#define BENCH_GAMES_WIRE_H

#include "bench/wire.h"

enum { GAME_CREATE = 0x1, GAME_ADVANCE = 0x3, GAME_SETTINGS = 0x4, GAME_ATTRIBUTES = 0x7, GAME_REMOVE = 0xb };
enum { GAME_SEARCH = 0xd, GAME_FINALIZE = 0xf, GAME_MESH = 0x1d, GAME_ADMIN = 0x6a };
#define GAME_COMPONENT 4

void games_wire_network(buf *b, uint32_t ip); /* updateNetworkInfo: reachable at that address */
void games_wire_create(buf *b, const char *map, const char *enemy, const char *difficulty, uint32_t ip);
/* NULL = does not mind. */
void games_wire_search(buf *b, const char *map, const char *enemy, const char *difficulty, uint32_t ip);
void games_wire_finalize(buf *b, uint32_t game);
void games_wire_advance(buf *b, uint32_t game, unsigned state);
void games_wire_settings(buf *b, uint32_t game, unsigned settings);
void games_wire_mesh(buf *b, uint32_t game, int64_t peer);
void games_wire_admin(buf *b, uint32_t game, int64_t player);
void games_wire_remove(buf *b, uint32_t game, int64_t player);
void games_wire_cancel(buf *b, uint32_t search);

#endif
