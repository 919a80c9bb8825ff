/* matchmaking.c: what a search for a game costs with few games and with many, and with many who wait.
 *
 * The games are records that a script of the bench makes (nobody could hold 10,000 hosts here); they are as real ones
 * are, and all have one session for their hosts. Those who wait are real sessions with real searches, for maps nobody
 * plays. Four things are measured, one after another on one connection, as CPU time of the server process:
 *
 *   finds      a search for a map, any enemy, that finds a game, joins it and leaves it again
 *   any        the same by somebody who minds nothing
 *   nothing    a search for a map and an enemy, each of which many games have, and none both: it waits and is cancelled
 *   offer      a host changes his map: his game is offered to those who wait, whom it does not suit
 *
 * The cost must not grow with games and waiting players. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/body.h"
#include "bench/games_wire.h"
#include "bench/usage.h"

#define GAMES_AT_ONCE 500

static const char maker_script[] =
    "\nlocal hooks, records = require \"services.games_hooks\", require \"services.games_records\"\n"
    "local t, made = mu.tdf, mu.record \"bench_made\" { id = mu.u8 { key = true }, count = mu.u32 }\n"
    "mu.component(\"Playgroups\").createPlaygroup {\n"
    "  login = true, request = t.struct { count = t.u32 \"CNT\" },\n"
    "  handle = function(session, request)\n"
    "    local counter = made.get(1) or made.create { id = 1 }\n"
    "    for _ = 1, request.count do\n"
    "      local n = counter.count\n"
    "      local attributes = { ME3map = \"map\" .. n % 20, ME3gameEnemyType = \"enemy\" .. n % 4 + 1,\n"
    "        ME3gameDifficulty = \"difficulty\" .. n // 20 % 4, ME3privacy = \"PUBLIC\" }\n"
    "      for _, pack in ipairs { 2300, 2500, 2700, 3050, 3225 } do attributes[\"ME3_dlc\" .. pack] = \"required\" "
    "end\n"
    "      local game = records.game.create { id = 0xB00000 + n, state = 130, settings = 287, public_slots = 4,\n"
    "        attributes = attributes, version = \"ME3-295976325-179181965240128\", created = mu.time.unix() }\n"
    "      local host = records.member.create { player_id = 0x40000000 + n, session = session, game = game, state = 4 "
    "}\n"
    "      game.members:add(host)\n"
    "      game.host = host\n"
    "      hooks.open(game)\n"
    "      counter.count = n + 1\n"
    "    end\n"
    "  end,\n"
    "}\n";

typedef struct client {
    int fd;
    uint32_t number;
    int64_t player;
    buf all;
} client;

typedef struct matchmaking {
    bench *b;
    client maker, searcher, host, *waiting;
    unsigned waiting_count, games;
    uint32_t game; /* the host's own */
    buf request;
} matchmaking;

/* ── talking ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Sends all->request; the answer's body is in *body until the next call. */
static int ask(matchmaking *all, client *c, bytes *body, fault *f) {
    fire_header h;
    size_t at;
    c->all.n = 0;
    int rc = wire_ask(c->fd, &all->request, ++c->number & FIRE_NUMBER_MAX, &c->all, &h, &at, 30, f);
    buf_clear(&all->request);
    all->request.n = 0;
    if (rc < 0) return rc;
    if (h.type != FIRE_RESPONSE)
        return fault_set(f, E_PROTOCOL, "command 0x%x was answered with error 0x%x", h.command, h.error);
    if (body) *body = (bytes){c->all.p + at, h.body_length};
    return 0;
}

static int enter(matchmaking *all, client *c, const wire_account *account, fault *f) {
    c->fd = wire_open(process_port(&all->b->server, "game"), DOOR_RAW, f);
    if (c->fd < 0) return c->fd;
    c->player = account->player;
    wire_silent_login(&all->request, account->token, account->player);
    return ask(all, c, NULL, f);
}

/* The id of the game in a GameSetup among what has come; 0 when there is none yet. */
static uint32_t game_of(const buf *all) {
    fire_header h;
    for (size_t at = 0; at < all->n;) {
        int n = fire_parse((bytes){all->p + at, all->n - at}, 1u << 20, &h, NULL);
        if (n < 0 || all->n - at - (size_t)n < h.body_length) return 0;
        tdf_reader r;
        uint32_t tag;
        unsigned type;
        int64_t id = 0;
        tdf_reader_init(&r, (bytes){all->p + at + n, h.body_length}, NULL);
        if (h.type == FIRE_NOTIFY && h.component == GAME_COMPONENT && h.command == 0x14 &&
            tdf_next_field(&r, TDF_BODY, &tag, &type) > 0 && type == TDF_GROUP) {
            while (tdf_next_field(&r, TDF_IN_GROUP, &tag, &type) > 0) {
                if (tag == TDF_TAG('G', 'I', 'D', 0) && tdf_read_int(&r, &id) == 0) return (uint32_t)id;
                if (tdf_skip(&r, type) < 0) break;
            }
        }
        at += (size_t)n + h.body_length;
    }
    return 0;
}

static void drain(client *c) {
    uint8_t scratch[1 << 16];
    while (recv(c->fd, scratch, sizeof scratch, MSG_DONTWAIT) > 0) {}
}

/* ── the four things ─────────────────────────────────────────────────────────────────────────────────────────────── */

static int join_and_leave(matchmaking *all, const char *map, fault *f) {
    client *c = &all->searcher;
    games_wire_search(&all->request, map, NULL, NULL, 1);
    int rc = ask(all, c, NULL, f);
    uint32_t game = 0;
    for (int i = 0; rc == 0 && (game = game_of(&c->all)) == 0; i++) {
        if (i == 50) return fault_set(f, E_PROTOCOL, "a search for %s found no game", map ? map : "anything");
        rc = wire_settle(c->fd, &c->all, i ? 20 : 2);
    }
    if (rc == 0) games_wire_remove(&all->request, game, c->player);
    return rc == 0 ? ask(all, c, NULL, f) : rc;
}

static int find(matchmaking *all, unsigned i, fault *f) {
    char map[16];
    snprintf(map, sizeof map, "map%u", i % (all->games < 20 ? all->games : 20));
    return join_and_leave(all, map, f);
}

static int find_any(matchmaking *all, unsigned i, fault *f) { return join_and_leave(all, NULL, f); }

static int find_nothing(matchmaking *all, unsigned i, fault *f) {
    bytes body;
    int64_t search = 0;
    games_wire_search(&all->request, "map5", "enemy1", NULL, 1); /* maps 1, 5, 9 … are all played against enemy2 */
    int rc = ask(all, &all->searcher, &body, f);
    if (rc == 0 && !wire_find_int(body, TDF_TAG('M', 'S', 'I', 'D'), &search))
        return fault_set(f, E_PROTOCOL, "a search has no number");
    if (rc == 0) games_wire_cancel(&all->request, (uint32_t)search);
    return rc == 0 ? ask(all, &all->searcher, NULL, f) : rc; /* refused when it had found something */
}

static int change_map(matchmaking *all, unsigned i, fault *f) {
    buf x = {0};
    open_map(&x, "ATTR", TDF_STR, TDF_STR, 1);
    put_string(&x, "ME3map"), put_string(&x, i % 2 ? "map21" : "map22");
    put_int(&x, "GID", all->game);
    put_frame(&all->request, GAME_COMPONENT, GAME_ATTRIBUTES, &x);
    return ask(all, &all->host, NULL, f);
}

/* ── making ready ────────────────────────────────────────────────────────────────────────────────────────────────── */

static int install(bench *b, const char *more, fault *f) {
    char path[1024], text[32768];
    snprintf(path, sizeof path, "%s/scripts/guards.lua", b->checkout);
    FILE *in = fopen(path, "r");
    size_t n = in ? fread(text, 1, sizeof text - sizeof maker_script - 1, in) : 0;
    if (in) fclose(in);
    if (n == 0) return fault_set(f, E_IO, "%s cannot be read", path);
    snprintf(text + n, sizeof text - n, "%s", more);
    int rc = process_write(&b->server, "data/scripts/guards.lua", text, f);
    return rc < 0 ? rc : bench_fresh_server(b, f);
}

static int prepare(matchmaking *all, fault *f) {
    bench *b = all->b;
    unsigned waiting = b->sessions;
    int rc = bench_accounts(b, waiting + 3, f);
    if (rc == 0) rc = install(b, maker_script, f);
    if (rc == 0) rc = enter(all, &all->maker, &b->accounts[0], f);
    if (rc == 0) rc = enter(all, &all->searcher, &b->accounts[1], f);
    if (rc == 0) rc = enter(all, &all->host, &b->accounts[2], f);
    bytes body;
    int64_t game = 0;
    if (rc == 0) games_wire_create(&all->request, "map21", "enemy1", "difficulty0", 1);
    if (rc == 0) rc = ask(all, &all->host, &body, f);
    if (rc == 0) wire_find_int(body, TDF_TAG('G', 'I', 'D', 0), &game);
    all->game = (uint32_t)game;
    if (rc == 0) games_wire_advance(&all->request, all->game, 130);
    if (rc == 0) rc = ask(all, &all->host, NULL, f);
    all->waiting = calloc(waiting, sizeof *all->waiting);
    return rc == 0 && !all->waiting ? E_MEMORY : rc;
}

static int make_games(matchmaking *all, unsigned count, fault *f) {
    int rc = 0;
    while (rc == 0 && all->games < count) {
        buf x = {0};
        unsigned more = count - all->games < GAMES_AT_ONCE ? count - all->games : GAMES_AT_ONCE;
        put_int(&x, "CNT", more);
        put_frame(&all->request, 6, 1, &x);
        rc = ask(all, &all->maker, NULL, f);
        all->games += more;
    }
    return rc;
}

static int make_wait(matchmaking *all, unsigned count, fault *f) {
    int rc = 0;
    while (rc == 0 && all->waiting_count < count) {
        char map[16], enemy[16];
        unsigned i = all->waiting_count++;
        snprintf(map, sizeof map, "nowhere%u", i % 10), snprintf(enemy, sizeof enemy, "enemy%u", i % 4 + 1);
        rc = enter(all, &all->waiting[i], &all->b->accounts[3 + i], f);
        if (rc == 0) games_wire_search(&all->request, map, i % 3 ? enemy : NULL, NULL, 1);
        if (rc == 0) rc = ask(all, &all->waiting[i], NULL, f);
    }
    return rc;
}

/* ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int measure(matchmaking *all, int (*thing)(matchmaking *, unsigned, fault *), unsigned times, double *us,
                   fault *f) {
    usage before, after;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < (all->b->smoke ? 2 : 20); i++) rc = thing(all, i, f);
    usage_read(all->b->server.pid, &before);
    for (unsigned i = 0; rc == 0 && i < times; i++) {
        rc = thing(all, i, f);
        if (i % 50 == 0) drain(&all->maker), drain(&all->host);
    }
    usage_read(all->b->server.pid, &after);
    *us = (after.total_us - before.total_us) / times;
    return rc;
}

static int row(matchmaking *all, fault *f) {
    static int (*const things[])(matchmaking *, unsigned, fault *) = {find, find_any, find_nothing, change_map};
    double us[4];
    int rc = 0;
    for (int i = 0; rc == 0 && i < 4; i++) rc = measure(all, things[i], all->b->smoke ? 5 : 1000, &us[i], f);
    if (rc == 0 && !all->b->smoke)
        bench_print(all->b,
                    "| matchmaking with %u games, %u players waiting: CPU | %.0f µs to find a game by map, join and "
                    "leave it; %.0f µs by anything; %.0f µs to find nothing and cancel; %.0f µs to change a map and "
                    "offer the game | flat | for ever (one that matches nothing) |\n",
                    all->games, all->waiting_count, us[0], us[1], us[2], us[3]);
    return rc;
}

static int run(matchmaking *all, fault *f) {
    static const unsigned counts[] = {10, 100, 1000, 10000};
    int steps = all->b->smoke ? 2 : 4, rc = prepare(all, f);
    for (int i = 0; rc == 0 && i < steps; i++) {
        rc = make_games(all, counts[i], f);
        if (rc == 0) rc = row(all, f);
    }
    if (rc == 0) rc = make_wait(all, all->b->sessions, f);
    return rc == 0 ? row(all, f) : rc;
}

void bench_matchmaking(bench *b) {
    fault f = {0};
    matchmaking *all = calloc(1, sizeof *all);
    int rc = all ? 0 : E_MEMORY;
    if (rc == 0) {
        all->b = b;
        all->maker.fd = all->searcher.fd = all->host.fd = -1;
        rc = run(all, &f);
    }
    bench_tell(b, "matchmaking", rc, &f);
    if (!all) return;
    client *few[] = {&all->maker, &all->searcher, &all->host};
    for (unsigned i = 0; i < 3 + all->waiting_count; i++) {
        client *c = i < 3 ? few[i] : &all->waiting[i - 3];
        if (c->fd >= 0) close(c->fd);
        buf_free(&c->all);
    }
    if (install(b, "", &f) < 0)
        bench_tell(b, "matchmaking", f.code, &f); /* the next scenario has the server as it is */
    free(all->waiting), buf_free(&all->request), free(all);
}
