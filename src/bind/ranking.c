/* ranking.c: mu.ranking: who stands where, for scripts.
 *
 *     local rating = mu.ranking "n7_rating"
 *     rating:set(player.id, 1200)              -- among everybody
 *     rating:set(player.id, 1200, "DE")        -- and among the Germans as well: a scope is a board of its own
 *     for _, row in ipairs(rating:page(0, 60)) do … row.id, row.score, row.rank … end
 *
 * Boards belong to the process and are shared by generations, as records are; a board that the newest generation no
 * longer declares is freed at the swap. A generation keeps only names, which `enter` resolves on the loop thread.
 * Boards hold nothing over a restart: scripts fill them from the store, and until they say so the board is `filling`.
 */
#include "bind/ranking.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/slots.h"
#include "records/ranking.h"
#include "script/declare.h"

#define RANKING_META "mu.ranking"
#define BOARDS_MAX   32
#define SCOPES_MAX   300 /* of one board; there are some 250 countries */
#define NAME_BYTES   32
#define SCOPE_BYTES  8
#define PAGE_MOST    1000

typedef struct board_scope {
    char name[SCOPE_BYTES + 1]; /* "" = everybody */
    ranking *members;
} board_scope;

typedef struct board { /* of the process */
    char name[NAME_BYTES + 1];
    board_scope *scopes;
    uint32_t count;
    bool filled;
} board;

typedef struct board_entry { /* of a generation; userdata in Lua point to it */
    char name[NAME_BYTES + 1];
    uint32_t at; /* number of the board while board_serial of it is `serial` */
    uint64_t serial;
} board_entry;

typedef struct board_set {
    board_entry *entries[BOARDS_MAX];
    uint32_t count;
} board_set;

static board boards[BOARDS_MAX];
static uint64_t serials[BOARDS_MAX]; /* odd while the place is taken, as with slabs */

static void board_free(uint32_t at) {
    for (uint32_t i = 0; i < boards[at].count; i++) ranking_free(boards[at].scopes[i].members);
    free(boards[at].scopes);
    boards[at] = (board){0};
    serials[at]++;
}

void ranking_boards_free(void) {
    for (uint32_t i = 0; i < BOARDS_MAX; i++) {
        if (serials[i] & 1) board_free(i);
    }
}

/* ---- finding ---- */

static board *board_self(lua_State *L) {
    const board_entry *e = *(board_entry *const *)luaL_checkudata(L, 1, RANKING_META);
    if (e->serial == 0 || serials[e->at] != e->serial) {
        luaL_error(L, "ranking %s: the scripts that run now no longer declare it", e->name);
    }
    return &boards[e->at];
}

static const char *scope_name(lua_State *L, const board *b, int index) {
    size_t n = 0;
    const char *name = luaL_optlstring(L, index, "", &n);
    if (n > SCOPE_BYTES || strlen(name) != n) {
        luaL_error(L, "ranking %s: a scope has at most %d bytes", b->name, SCOPE_BYTES);
    }
    return name;
}

static ranking *scope_find(const board *b, const char *name) {
    for (uint32_t i = 0; i < b->count; i++) {
        if (strcmp(b->scopes[i].name, name) == 0) return b->scopes[i].members;
    }
    return NULL;
}

/* The members of a scope, made when missing; raises. */
static ranking *scope_made(lua_State *L, board *b, const char *name) {
    ranking *found = scope_find(b, name);
    if (found) return found;
    if (b->count > SCOPES_MAX) luaL_error(L, "ranking %s: at most %d scopes", b->name, SCOPES_MAX);
    board_scope *more = realloc(b->scopes, (b->count + 1) * sizeof *more);
    if (!more) luaL_error(L, "ranking %s: out of memory", b->name);
    b->scopes = more;
    board_scope *s = &more[b->count];
    *s = (board_scope){.members = ranking_new(0, NULL)};
    if (!s->members) luaL_error(L, "ranking %s: out of memory", b->name);
    if (b->filled || *name) ranking_filled(s->members); /* what is newer is known to the whole ranking */
    strncat(s->name, name, SCOPE_BYTES);
    b->count++;
    return s->members;
}

/* ---- methods ---- */

static int raise_fault(lua_State *L, const board *b, const fault *why) {
    return luaL_error(L, "ranking %s: %s", b->name, why->text);
}

static int board_set_score(lua_State *L) {
    board *b = board_self(L);
    const char *scope = scope_name(L, b, 4);
    fault why = {0};
    if (ranking_set(scope_made(L, b, ""), lua_tointeger(L, 2), lua_tointeger(L, 3), &why) < 0 ||
        (*scope && ranking_set(scope_made(L, b, scope), lua_tointeger(L, 2), lua_tointeger(L, 3), &why) < 0)) {
        return raise_fault(L, b, &why);
    }
    return 0;
}

static int board_fill(lua_State *L) {
    board *b = board_self(L);
    const char *scope = scope_name(L, b, 4);
    fault why = {0};
    if (b->filled) return 0;
    int code = ranking_fill(scope_made(L, b, ""), lua_tointeger(L, 2), lua_tointeger(L, 3), &why);
    if (code == 1 && *scope) {
        code = ranking_set(scope_made(L, b, scope), lua_tointeger(L, 2), lua_tointeger(L, 3), &why);
    }
    return code < 0 ? raise_fault(L, b, &why) : 0;
}

static int board_filled(lua_State *L) {
    board *b = board_self(L);
    b->filled = true;
    for (uint32_t i = 0; i < b->count; i++) ranking_filled(b->scopes[i].members);
    return 0;
}

static int board_filling(lua_State *L) {
    lua_pushboolean(L, !board_self(L)->filled);
    return 1;
}

static int board_remove(lua_State *L) {
    board *b = board_self(L);
    const char *scope = scope_name(L, b, 3);
    bool was_in = false;
    if (!*scope) scope_made(L, b, ""); /* while it is filled from the store, it remembers who has gone */
    for (uint32_t i = 0; i < b->count; i++) {
        if (*scope && strcmp(b->scopes[i].name, scope) != 0) continue;
        was_in |= ranking_remove(b->scopes[i].members, lua_tointeger(L, 2));
    }
    lua_pushboolean(L, was_in);
    return 1;
}

static int board_score(lua_State *L) {
    board *b = board_self(L);
    ranking *r = scope_find(b, scope_name(L, b, 3));
    int64_t score;
    if (!r || !ranking_score(r, lua_tointeger(L, 2), &score)) return 0;
    lua_pushinteger(L, score);
    lua_pushinteger(L, ranking_rank(r, score));
    lua_pushinteger(L, ranking_position(r, lua_tointeger(L, 2)));
    return 3;
}

static int board_count(lua_State *L) {
    board *b = board_self(L);
    ranking *r = scope_find(b, scope_name(L, b, 2));
    lua_pushinteger(L, r ? ranking_count(r) : 0);
    return 1;
}

static int board_page(lua_State *L) {
    board *b = board_self(L);
    lua_Integer first = lua_tointeger(L, 2), most = lua_tointeger(L, 3);
    ranking *r = scope_find(b, scope_name(L, b, 4));
    if (first < 0 || most < 0 || most > PAGE_MOST) {
        return luaL_error(L, "ranking %s: a page begins at 0 or later and has at most %d rows", b->name, PAGE_MOST);
    }
    if (!r || first > UINT32_MAX) most = 0;
    ranking_row *rows = lua_newuserdatauv(L, (size_t)(most ? most : 1) * sizeof *rows, 0);
    uint32_t n = most ? ranking_page(r, (uint32_t)first, (uint32_t)most, rows) : 0;
    lua_createtable(L, (int)n, 0);
    for (uint32_t i = 0; i < n; i++) {
        lua_createtable(L, 0, 3);
        lua_pushinteger(L, rows[i].member);
        lua_setfield(L, -2, "id");
        lua_pushinteger(L, rows[i].score);
        lua_setfield(L, -2, "score");
        lua_pushinteger(L, rows[i].rank);
        lua_setfield(L, -2, "rank");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int board_text(lua_State *L) {
    lua_pushfstring(L, "ranking %s", (*(board_entry *const *)luaL_checkudata(L, 1, RANKING_META))->name);
    return 1;
}

/* ---- declaring ---- */

static int declare_ranking(lua_State *L) {
    board_set *set = generation_of(L)->slots[SLOT_RANKING];
    size_t n;
    const char *name = lua_tolstring(L, 1, &n);
    if (n == 0 || n > NAME_BYTES || strlen(name) != n) {
        return luaL_error(L, "mu.ranking: a name has 1 to %d bytes", NAME_BYTES);
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i]->name, name) == 0) return luaL_error(L, "mu.ranking \"%s\" is declared twice", name);
    }
    if (set->count == BOARDS_MAX) return luaL_error(L, "mu.ranking: at most %d of them", BOARDS_MAX);
    board_entry *e = calloc(1, sizeof *e);
    if (!e) return luaL_error(L, "mu.ranking: out of memory");
    strncat(e->name, name, NAME_BYTES);
    set->entries[set->count++] = e;
    *(board_entry **)lua_newuserdatauv(L, sizeof e, 0) = e;
    luaL_setmetatable(L, RANKING_META);
    return 1;
}

#define SINCE .since = "0.1", .flags = SCRIPT_RUN_ONLY

static const script_function functions[] = {
    {.name = "mu.ranking",
     .params = "name: string",
     .returns = "mu.ranking",
     .text = "declares a ranking: members in the order of their scores, highest first, shared by all generations",
     .errors = "a name used twice; more than 32 rankings",
     .example = "local scores = mu.ranking \"example_scores\"",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = declare_ranking},
    {.name = "mu.ranking:set",
     .params = "member: integer, score: integer, scope: string?",
     .returns = "",
     .text = "gives a member a score in the whole ranking and, when one is named, in a scope of it (a country, say), "
             "which is a board of its own; costs about as much as a search",
     .errors = "a scope of more than 8 bytes; more than 300 scopes; no memory",
     .example = "rating:set(7, 1200, \"DE\")",
     SINCE,
     .call = board_set_score},
    {.name = "mu.ranking:remove",
     .params = "member: integer, scope: string?",
     .returns = "boolean",
     .text = "takes a member out of one scope; out of the ranking and all its scopes when none is named",
     .example = "rating:set(8, 1)  return rating:remove(8)",
     SINCE,
     .call = board_remove},
    {.name = "mu.ranking:score",
     .params = "member: integer, scope: string?",
     .returns = "integer?, integer?, integer?",
     .text =
         "score, rank and position of a member: ranks count from 1 and equal scores share one, positions count from "
         "0 and nobody shares one",
     .example = "local score, rank, position = rating:score(7)",
     SINCE,
     .call = board_score},
    {.name = "mu.ranking:page",
     .params = "first: integer, most: integer, scope: string?",
     .returns = "table[]",
     .text = "the rows from position `first` (counted from 0) on, at most 1,000",
     .example = "#rating:page(0, 60) <= 60",
     SINCE,
     .call = board_page},
    {.name = "mu.ranking:count",
     .params = "scope: string?",
     .returns = "integer",
     .text = "how many members there are",
     .example = "rating:count() >= 0",
     SINCE,
     .call = board_count},
    {.name = "mu.ranking:fill",
     .params = "member: integer, score: integer, scope: string?",
     .returns = "",
     .text = "puts in what was read from the store, unless the member was set or removed since the start",
     .example = "rating:fill(8, 100)",
     SINCE,
     .call = board_fill},
    {.name = "mu.ranking:filled",
     .returns = "",
     .text = "says that everything has been read: fill does nothing from now on",
     .example = "rating:filled()",
     SINCE,
     .call = board_filled},
    {.name = "mu.ranking:filling",
     .returns = "boolean",
     .text = "whether it is still being filled, and so not complete",
     .example = "rating:filling() == false",
     SINCE,
     .call = board_filling},
};

/* ---- the module ---- */

static int open_rankings(generation *g, lua_State *L) {
    if (!(g->slots[SLOT_RANKING] = calloc(1, sizeof(board_set)))) return E_MEMORY;
    script_declare(L, functions, sizeof functions / sizeof *functions);
    luaL_newmetatable(L, RANKING_META);
    script_methods(L, "mu.ranking");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, board_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}

static bool set_has(const board_set *set, const char *name) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i]->name, name) == 0) return true;
    }
    return false;
}

static void enter_rankings(generation *g) {
    board_set *set = g->slots[SLOT_RANKING];
    for (uint32_t at = 0; at < BOARDS_MAX; at++) {
        if ((serials[at] & 1) && !set_has(set, boards[at].name)) board_free(at);
    }
    for (uint32_t i = 0; i < set->count; i++) {
        board_entry *e = set->entries[i];
        uint32_t at = 0;
        while (at < BOARDS_MAX && !((serials[at] & 1) && strcmp(boards[at].name, e->name) == 0)) at++;
        if (at == BOARDS_MAX) {
            for (at = 0; serials[at] & 1;) at++; /* there are as many places as a generation may declare */
            serials[at]++;
            memcpy(boards[at].name, e->name, sizeof e->name);
        }
        e->at = at;
        e->serial = serials[at];
    }
}

static void close_rankings(generation *g) {
    board_set *set = g->slots[SLOT_RANKING];
    if (!set) return;
    for (uint32_t i = 0; i < set->count; i++) free(set->entries[i]);
    free(set);
}

const script_module module_ranking = {
    .name = "ranking", .open = open_rankings, .enter = enter_rankings, .close = close_rankings};
