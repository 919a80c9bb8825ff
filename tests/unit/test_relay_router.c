/* The router by hand, with a clock of its own: who gets what, who may move a tunnel, when silence ends one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "codec/tunnel.h"
#include "relay/router.h"

#define SECOND ((int64_t)1000000)

/* What the router did last. */
static struct {
    relay_address to;
    uint8_t bytes[2200];
    size_t n;
    int sends, replies, delivers;
    uint64_t link;
    uint8_t frame[2200];
    size_t frame_n;
    router_event events[64];
    int event_count;
    bool full;
} did;

static bool keep(const relay_address *to, const uint8_t *p, size_t n) {
    if (did.full) return false;
    did.to = *to;
    memcpy(did.bytes, p, n);
    did.n = n;
    return true;
}

static bool on_send(void *ctx, const relay_address *to, const uint8_t *p, size_t n) {
    did.sends++;
    return keep(to, p, n);
}

static bool on_reply(void *ctx, const relay_address *to, const uint8_t *p, size_t n) {
    did.replies++;
    return keep(to, p, n);
}

static bool on_deliver(void *ctx, uint64_t link, bytes frame, bytes payload) {
    did.delivers++;
    did.link = link;
    memcpy(did.frame, frame.p, frame.n);
    if (payload.n) memcpy(did.frame + frame.n, payload.p, payload.n);
    did.frame_n = frame.n + payload.n;
    return true;
}

static void on_tell(void *ctx, const router_event *e) {
    if (did.event_count < 64) did.events[did.event_count++] = *e;
}

/* A token is "good" and one letter that says whose. */
static bool on_check(void *ctx, bytes token, uint8_t uuid[ROUTER_UUID]) {
    if (token.n != 5 || memcmp(token.p, "good", 4) != 0) return false;
    memset(uuid, token.p[4], ROUTER_UUID);
    return true;
}

static router *make(uint32_t datagrams) {
    router_options o = {.send = on_send,
                        .reply = on_reply,
                        .deliver = on_deliver,
                        .tell = on_tell,
                        .check = on_check,
                        .datagrams_per_second = datagrams};
    memset(&did, 0, sizeof did);
    router *r = router_new(&o);
    assert_non_null(r);
    return r;
}

static relay_address at(uint16_t port) {
    relay_address a;
    assert_int_equal(relay_address_read("192.0.2.7", port, &a), 0);
    return a;
}

static void say(router *r, int64_t now, uint16_t port, const void *p, size_t n) {
    uint8_t copy[2200];
    relay_address from = at(port);
    memcpy(copy, p, n);
    router_datagram(r, now, &from, copy, n);
}

static uint32_t initiate(router *r, int64_t now, uint16_t port, char who) {
    uint8_t m[13] = {1, 0xff, 0xff, 0xff, 0xff, 0, 0, 5, 'g', 'o', 'o', 'd', (uint8_t)who};
    did.n = 0;
    say(r, now, port, m, sizeof m);
    assert_int_equal(did.n, 10);
    assert_int_equal(did.bytes[5], TUNNEL_INITIATED);
    assert_int_equal(load_u32(did.bytes + 1), load_u32(did.bytes + 6));
    assert_int_equal(relay_address_port(&did.to), port);
    return load_u32(did.bytes + 6);
}

static void keep_alive(router *r, int64_t now, uint16_t port, uint32_t id) {
    uint8_t m[TUNNEL_HEADER];
    say(r, now, port, m, tunnel_write_keep_alive(m, id));
}

static void forward(router *r, int64_t now, uint16_t port, uint32_t id, uint8_t index, const char *text) {
    uint8_t m[64];
    tunnel_write_forward(m, id, index, (uint16_t)strlen(text));
    memcpy(m + TUNNEL_FORWARDED, text, strlen(text));
    did.n = 0;
    say(r, now, port, m, TUNNEL_FORWARDED + strlen(text));
}

static void arrives(uint16_t port, uint32_t id, uint8_t from, const char *text) {
    tunnel_message m;
    assert_int_equal(tunnel_parse((bytes){did.bytes, did.n}, &m), 0);
    assert_int_equal(m.type, TUNNEL_FORWARD);
    assert_int_equal(relay_address_port(&did.to), port);
    assert_int_equal(m.id, id);
    assert_int_equal(m.index, from);
    assert_int_equal(m.body.n, strlen(text));
    assert_memory_equal(m.body.p, text, strlen(text));
}

/* A game of those: "ab" = a has index 0, b has 1; a blank is nobody. */
static void game(router *r, uint32_t id, const char *who) {
    uint8_t places[ROUTER_PLACES][ROUTER_UUID] = {{0}};
    for (size_t i = 0; who[i]; i++) memset(places[i], who[i] == ' ' ? 0 : who[i], ROUTER_UUID);
    router_pool(r, id, (const uint8_t(*)[ROUTER_UUID])places, strlen(who));
}

static router_report report(const router *r, char who) {
    uint8_t uuid[ROUTER_UUID];
    router_report out;
    memset(uuid, who, sizeof uuid);
    router_report_on(r, uuid, &out);
    return out;
}

static void datagrams_find_their_way(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a'), b = initiate(r, SECOND, 2000, 'b');
    assert_int_not_equal(a, b);
    forward(r, SECOND, 1000, a, 1, "early");
    assert_int_equal(did.n, 0); /* in no game yet */
    assert_int_equal(router_count(r)->drops[DROP_NO_GAME], 1);
    game(r, 7, "ab");
    forward(r, SECOND, 1000, a, 1, "hello");
    arrives(2000, b, 0, "hello");
    forward(r, SECOND, 2000, b, 0, "");
    arrives(1000, a, 1, "");
    forward(r, SECOND, 1000, a, 3, "nobody");
    assert_int_equal(did.n, 0);
    forward(r, SECOND, 1000, a, 200, "nobody");
    assert_int_equal(did.n, 0);
    forward(r, SECOND, 1000, a, 0, "myself");
    assert_int_equal(did.n, 0);
    assert_int_equal(router_count(r)->drops[DROP_NO_TARGET], 3);
    router_report of_a = report(r, 'a');
    assert_int_equal(of_a.in, 1);
    assert_int_equal(of_a.out, 1);
    assert_int_equal(of_a.sent[1], 1);
    assert_int_equal(of_a.lost[3], 1);
    assert_int_equal(of_a.last_drop, DROP_NO_TARGET);
    router_free(r);
}

static void a_tunnel_that_comes_late_or_again_is_in_the_game(void **state) {
    router *r = make(0);
    game(r, 7, "ab");
    uint32_t a = initiate(r, SECOND, 1000, 'a');
    forward(r, SECOND, 1000, a, 1, "x");
    assert_int_equal(did.n, 0);
    uint32_t b = initiate(r, SECOND, 2000, 'b');
    forward(r, SECOND, 1000, a, 1, "late");
    arrives(2000, b, 0, "late");
    uint32_t again = initiate(r, SECOND, 2001, 'b'); /* from another socket: the old tunnel ends */
    assert_int_not_equal(again, b);
    forward(r, SECOND, 1000, a, 1, "again");
    arrives(2001, again, 0, "again");
    forward(r, SECOND, 2001, again, 0, "back");
    arrives(1000, a, 1, "back");
    assert_int_equal(initiate(r, SECOND, 2001, 'b'), again); /* our answer was lost: the same tunnel */
    assert_int_equal(router_count(r)->tunnels, 2);
    assert_int_equal(did.events[2].news, NEWS_CLOSED);
    assert_string_equal(did.events[2].why, "replaced");
    router_free(r);
}

static void slots_change_under_the_traffic(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a'), b = initiate(r, SECOND, 2000, 'b'), c = initiate(r, SECOND, 3000, 'c');
    game(r, 7, "abc");
    forward(r, SECOND, 2000, b, 0, "to a");
    arrives(1000, a, 1, "to a");
    game(r, 7, "b c"); /* a left; b is the host now, c stays where he was */
    forward(r, SECOND, 3000, c, 0, "to b");
    arrives(2000, b, 2, "to b");
    forward(r, SECOND, 1000, a, 0, "gone");
    assert_int_equal(did.n, 0);
    forward(r, SECOND, 2000, b, 2, "to c");
    arrives(3000, c, 0, "to c");
    game(r, 8, "ca"); /* c is in another game: he has left the first */
    forward(r, SECOND, 2000, b, 2, "to nobody");
    assert_int_equal(did.n, 0);
    forward(r, SECOND, 1000, a, 0, "to c");
    arrives(3000, c, 1, "to c");
    game(r, 7, "");
    game(r, 8, "");
    assert_int_equal(router_count(r)->pools, 0);
    forward(r, SECOND, 1000, a, 0, "over");
    assert_int_equal(did.n, 0);
    router_free(r);
}

static void what_was_counted_stays_with_the_two(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a');
    initiate(r, SECOND, 2000, 'b');
    game(r, 7, "ab");
    for (int i = 0; i < 5; i++) forward(r, SECOND, 1000, a, 1, "x");
    game(r, 7, "ba");
    router_report of_a = report(r, 'a');
    assert_int_equal(of_a.index, 1);
    assert_int_equal(of_a.sent[0], 5);
    router_free(r);
}

static void who_guesses_an_id_gets_nothing(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a'), b = initiate(r, SECOND, 2000, 'b');
    int64_t now = 2 * SECOND;
    game(r, 7, "ab");
    forward(r, now, 6666, a, 1, "injected");
    assert_int_equal(did.bytes[5], TUNNEL_KEEP_ALIVE); /* asked, not forwarded */
    for (int i = 0; i < 10; i++, now += SECOND / 10) {
        router_tick(r, now);
        keep_alive(r, now, 6666, a);                 /* the thief answers at once, every time */
        if (i % 3 == 1) keep_alive(r, now, 1000, a); /* and so does the player */
    }
    forward(r, now, 2000, b, 0, "for a");
    arrives(1000, a, 1, "for a");
    forward(r, now, 1000, a, 1, "from a");
    arrives(2000, b, 0, "from a");
    assert_int_equal(router_count(r)->moved, 0);
    assert_true(router_count(r)->moves_refused >= 1);
    router_free(r);
}

static void a_new_address_is_taken_after_its_proof(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a'), b = initiate(r, SECOND, 2000, 'b');
    int64_t now = 2 * SECOND;
    game(r, 7, "ab");
    forward(r, now, 1001, a, 1, "from elsewhere");
    assert_int_equal(did.bytes[5], TUNNEL_KEEP_ALIVE);
    forward(r, now, 2000, b, 0, "still");
    arrives(1000, a, 1, "still");
    for (int i = 0; i < 9; i++, now += SECOND / 10) {
        router_tick(r, now);
        keep_alive(r, now, 1001, a);
    }
    assert_int_equal(router_count(r)->moved, 1);
    forward(r, now, 2000, b, 0, "there");
    arrives(1001, a, 1, "there");
    forward(r, now, 1001, a, 1, "from there");
    arrives(2000, b, 0, "from there");
    router_free(r);
}

static void an_address_that_never_answers_is_forgotten(void **state) {
    router *r = make(0);
    uint32_t a = initiate(r, SECOND, 1000, 'a');
    int64_t now = 2 * SECOND;
    forward(r, now, 1001, a, 1, "x");
    for (int i = 0; i < 40; i++, now += SECOND / 10) router_tick(r, now);
    assert_int_equal(router_count(r)->moved, 0);
    forward(r, now, 1002, a, 1, "x"); /* there is room for another one's proof */
    assert_int_equal(relay_address_port(&did.to), 1000);
    assert_int_equal(did.bytes[5], TUNNEL_KEEP_ALIVE);
    router_free(r);
}

static void unknown_ids_are_told_to_come_anew(void **state) {
    router *r = make(0);
    forward(r, SECOND, 1000, 77, 1, "x");
    assert_int_equal(did.n, TUNNEL_HEADER);
    assert_int_equal(load_u32(did.bytes + 1), 77);
    assert_int_equal(did.bytes[5], 0xff);
    did.n = 0;
    forward(r, SECOND + 1000, 1000, 77, 1, "x");
    assert_int_equal(did.n, 0); /* once a second */
    forward(r, 3 * SECOND, 1000, 77, 1, "x");
    assert_int_equal(did.n, TUNNEL_HEADER);
    for (int i = 0; i < 1000; i++) forward(r, 3 * SECOND, (uint16_t)(5000 + i), (uint32_t)(100 + i), 1, "x");
    assert_true(router_count(r)->nudges < 300); /* and an address that goes on guessing is not listened to */
    assert_true(router_count(r)->drops[DROP_RATE] > 700);
    uint8_t nonsense[] = {1, 0, 0, 0, 7, 0xff};
    did.n = 0;
    say(r, 9 * SECOND, 1000, nonsense, sizeof nonsense);
    assert_int_equal(did.n, 0); /* two servers would never end */
    relay_address old = at(4242);
    router_wake(r, &old, 9);
    assert_int_equal(relay_address_port(&did.to), 4242);
    assert_int_equal(did.bytes[5], 0xff);
    router_free(r);
}

static void bad_tokens_and_too_many_are_refused(void **state) {
    router *r = make(0);
    uint8_t bad[13] = {1, 0xff, 0xff, 0xff, 0xff, 0, 0, 5, 'e', 'v', 'i', 'l', 'a'};
    say(r, SECOND, 1000, bad, sizeof bad);
    assert_int_equal(did.replies, 0);
    assert_int_equal(router_count(r)->drops[DROP_TOKEN], 1);
    for (int i = 0; i < 500; i++) {
        uint8_t m[13] = {1, 0xff, 0xff, 0xff, 0xff, 0, 0, 5, 'g', 'o', 'o', 'd', 'a'};
        say(r, SECOND, (uint16_t)(2000 + i), m, sizeof m);
    }
    assert_true(did.replies < 130);
    assert_int_equal(router_count(r)->tunnels, 1); /* one association, one tunnel */
    router_free(r);
}

static void the_silent_end_and_the_living_are_asked(void **state) {
    router *r = make(0);
    int64_t now = SECOND;
    uint32_t a = initiate(r, now, 1000, 'a');
    initiate(r, now, 2000, 'b');
    assert_int_equal(router_count(r)->tunnels, 2);
    int before = did.replies;
    for (int64_t until = now + 11 * SECOND; now < until; now += SECOND / 20) router_tick(r, now);
    assert_true(did.replies >= before + 2 && did.replies <= before + 4);
    for (int64_t until = now + 45 * SECOND; now < until; now += SECOND / 20) {
        router_tick(r, now);
        keep_alive(r, now, 1000, a);
    }
    assert_int_equal(router_count(r)->tunnels, 1);
    assert_int_equal(router_count(r)->expired, 1);
    assert_true(report(r, 'a').has_tunnel);
    assert_false(report(r, 'b').known);
    assert_string_equal(did.events[did.event_count - 1].why, "silent");
    for (int64_t until = now + 55 * SECOND; now < until; now += SECOND / 20) router_tick(r, now);
    assert_int_equal(router_count(r)->tunnels, 0);
    assert_int_equal(router_tick(r, now), INT64_MAX); /* nothing to do: it may sleep */
    router_free(r);
}

static void http_and_udp_meet(void **state) {
    router *r = make(0);
    uint8_t uuid[ROUTER_UUID], room[64];
    memset(uuid, 'h', sizeof uuid);
    uint32_t a = initiate(r, SECOND, 1000, 'a');
    assert_true(router_open(r, SECOND, uuid, 99));
    game(r, 7, "ah");
    forward(r, SECOND, 1000, a, 1, "to http");
    assert_int_equal(did.delivers, 1);
    assert_int_equal(did.link, 99);
    assert_int_equal(did.frame_n, 10);
    assert_memory_equal(did.frame, "\0\0\7to http", 10);
    memcpy(room + ROUTER_HEAD, "to udp", 6);
    router_frame(r, SECOND, 99, 0, room + ROUTER_HEAD, 6);
    arrives(1000, a, 1, "to udp");
    static uint8_t large[ROUTER_HEAD + 60000];
    did.n = 0;
    router_frame(r, SECOND, 99, 0, large + ROUTER_HEAD, 60000); /* fits into no datagram */
    assert_int_equal(did.n, 0);
    /* Clients of one version never answer a keep-alive: as long as the connection is there, so is the tunnel. */
    int64_t now = SECOND;
    for (int64_t until = now + 90 * SECOND; now < until; now += SECOND / 20) {
        router_tick(r, now);
        keep_alive(r, now, 1000, a);
    }
    assert_true(report(r, 'h').has_tunnel);
    assert_memory_equal(did.frame, "\xff\0\2\0\0", 5);
    router_frame(r, now, 99, TUNNEL_FRAME_NOBODY, room + ROUTER_HEAD, 0); /* one that did answer … */
    for (int64_t until = now + 52 * SECOND; now < until; now += SECOND / 20) {
        router_tick(r, now);
        keep_alive(r, now, 1000, a);
    }
    assert_false(report(r, 'h').has_tunnel); /* … is expected to go on */
    router_close(r, 99);
    assert_true(router_open(r, now, uuid, 100));
    router_close(r, 99);
    assert_true(report(r, 'h').has_tunnel);
    router_close(r, 100);
    assert_false(report(r, 'h').has_tunnel);
    forward(r, now, 1000, a, 1, "x");
    assert_int_equal(router_count(r)->drops[DROP_NO_TARGET], 1);
    router_free(r);
}

static void one_tunnel_sends_so_much(void **state) {
    router *r = make(100);
    uint32_t a = initiate(r, SECOND, 1000, 'a');
    initiate(r, SECOND, 2000, 'b');
    game(r, 7, "ab");
    for (int i = 0; i < 1000; i++) forward(r, 2 * SECOND, 1000, a, 1, "x");
    assert_int_equal(router_count(r)->out, 100);
    for (int i = 0; i < 1000; i++) forward(r, 2 * SECOND + SECOND / 2, 1000, a, 1, "x");
    assert_int_equal(router_count(r)->out, 150);
    did.full = true;
    for (int i = 0; i < 5; i++) forward(r, 9 * SECOND, 1000, a, 1, "x");
    assert_int_equal(router_count(r)->drops[DROP_FULL], 5);
    router_free(r);
}

/* The most that the setting allows, on a machine that has run for a year. */
static void the_greatest_allowance_does_not_overflow(void **state) {
    int64_t year = 365 * 86400 * SECOND;
    router *r = make(10000000);
    uint32_t a = initiate(r, year, 1000, 'a');
    initiate(r, year, 2000, 'b');
    game(r, 7, "ab");
    for (int i = 0; i < 3; i++) forward(r, year + i * SECOND, 1000, a, 1, "x");
    assert_int_equal(router_count(r)->out, 3);
    router_free(r);
}

static void many_tunnels_come_and_go(void **state) {
    router *r = make(0);
    uint8_t uuid[ROUTER_UUID];
    for (uint64_t i = 1; i <= 5000; i++) {
        memset(uuid, 1, sizeof uuid);
        memcpy(uuid, &i, sizeof i);
        assert_true(router_open(r, SECOND, uuid, i));
        if (i > 1000) router_close(r, i - 1000);
    }
    assert_int_equal(router_count(r)->tunnels, 1000);
    for (uint64_t i = 4001; i <= 5000; i++) router_close(r, i);
    assert_int_equal(router_count(r)->tunnels, 0);
    assert_int_equal(router_count(r)->tunnels_http, 0);
    router_free(r);
}

static void where_nothing_is_free_a_connection_is_told(void **state) {
    router_options o = {.send = on_send,
                        .reply = on_reply,
                        .deliver = on_deliver,
                        .tell = on_tell,
                        .check = on_check,
                        .tunnels_max = 1};
    uint8_t uuid[ROUTER_UUID];
    memset(&did, 0, sizeof did);
    router *r = router_new(&o);
    assert_non_null(r);
    memset(uuid, 'a', sizeof uuid);
    assert_true(router_open(r, SECOND, uuid, 1));
    memset(uuid, 'b', sizeof uuid);
    assert_false(router_open(r, SECOND, uuid, 2));
    assert_int_equal(did.event_count, 2);
    assert_int_equal(did.events[1].news, NEWS_CLOSED);
    assert_string_equal(did.events[1].why, "full");
    assert_int_equal(did.events[1].link, 2);
    assert_memory_equal(did.events[1].uuid, uuid, sizeof uuid);
    router_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_find_their_way),
        cmocka_unit_test(a_tunnel_that_comes_late_or_again_is_in_the_game),
        cmocka_unit_test(slots_change_under_the_traffic),
        cmocka_unit_test(what_was_counted_stays_with_the_two),
        cmocka_unit_test(who_guesses_an_id_gets_nothing),
        cmocka_unit_test(a_new_address_is_taken_after_its_proof),
        cmocka_unit_test(an_address_that_never_answers_is_forgotten),
        cmocka_unit_test(unknown_ids_are_told_to_come_anew),
        cmocka_unit_test(bad_tokens_and_too_many_are_refused),
        cmocka_unit_test(the_silent_end_and_the_living_are_asked),
        cmocka_unit_test(http_and_udp_meet),
        cmocka_unit_test(one_tunnel_sends_so_much),
        cmocka_unit_test(the_greatest_allowance_does_not_overflow),
        cmocka_unit_test(many_tunnels_come_and_go),
        cmocka_unit_test(where_nothing_is_free_a_connection_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
