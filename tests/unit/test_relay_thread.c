/* The relay as a thread: real sockets, commands while traffic flows, reports, HTTP frames, an end at any moment. Run
 * under ThreadSanitizer as well. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/tunnel.h"
#include "crypto/token.h"
#include "relay/datagrams.h"
#include "relay/relay.h"

/* The owner's thread: what was posted waits here until it is run. */
static struct {
    pthread_mutex_t lock;
    struct {
        void (*fn)(void *ctx);
        void *ctx;
    } posts[4096];
    int count;
    int opened, closed;
    uint64_t link;
    uint8_t frame[256];
    size_t frame_n;
    bool reported, gone;
    router_report report;
} owner = {.lock = PTHREAD_MUTEX_INITIALIZER};

static secret key;
static uint16_t port;

static int post(void *ctx, void (*fn)(void *), void *arg) {
    pthread_mutex_lock(&owner.lock);
    assert_true(owner.count < 4096);
    owner.posts[owner.count].fn = fn;
    owner.posts[owner.count++].ctx = arg;
    pthread_mutex_unlock(&owner.lock);
    return 0;
}

static void run_posts(void) {
    for (;;) {
        pthread_mutex_lock(&owner.lock);
        int n = owner.count;
        void (*fn)(void *) = n ? owner.posts[0].fn : NULL;
        void *ctx = n ? owner.posts[0].ctx : NULL;
        if (n) memmove(owner.posts, owner.posts + 1, sizeof owner.posts[0] * (size_t)--owner.count);
        pthread_mutex_unlock(&owner.lock);
        if (!fn) return;
        fn(ctx);
    }
}

static void on_news(void *ctx, const router_event *events, size_t n) {
    for (size_t i = 0; i < n; i++) {
        owner.opened += events[i].news == NEWS_OPENED;
        owner.closed += events[i].news == NEWS_CLOSED;
    }
}

static void on_frames(void *ctx, uint64_t link, bytes frames) {
    owner.link = link;
    owner.frame_n = frames.n < sizeof owner.frame ? frames.n : sizeof owner.frame;
    memcpy(owner.frame, frames.p, owner.frame_n);
}

static void on_report(void *ctx, const router_report *report, int64_t now_us) {
    owner.reported = true;
    owner.gone = report == NULL;
    if (report) owner.report = *report;
}

static relay *make(void) {
    fault f;
    relay_options o = {.secret = &key, .post = post, .news = on_news, .frames = on_frames};
    owner.opened = owner.closed = 0;
    owner.reported = owner.gone = false;
    relay *r = relay_new(&o, &f);
    assert_non_null(r);
    int fd = datagrams_bind("127.0.0.1", 0, &f);
    assert_true(fd > 0);
    port = datagrams_port(fd);
    relay_serve(r, RELAY_TUNNEL, fd);
    return r;
}

#define PATIENCE_US ((int64_t)60 * 1000000) /* a machine may stand still for seconds */

/* Until `what` is true, for as long as patience lasts. */
#define until(what)                                                                                                    \
    do {                                                                                                               \
        for (int64_t give_up = clock_mono_us() + PATIENCE_US; !(what) && clock_mono_us() < give_up; usleep(500))       \
            run_posts();                                                                                               \
        assert_true(what);                                                                                             \
    } while (0)

static struct sockaddr_in relay_at(void) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void say(int fd, const void *p, size_t n) {
    struct sockaddr_in a = relay_at();
    assert_int_equal(sendto(fd, p, n, 0, (struct sockaddr *)&a, sizeof a), n);
}

/* The next datagram that is no keep-alive; its length, or 0 when patience ends. */
static size_t hear(int fd, uint8_t room[2048]) {
    for (int64_t give_up = clock_mono_us() + PATIENCE_US; clock_mono_us() < give_up;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        run_posts();
        if (poll(&p, 1, 5) <= 0) continue;
        ssize_t n = recv(fd, room, 2048, 0);
        if (n >= 6 && room[5] != TUNNEL_KEEP_ALIVE) return (size_t)n;
    }
    return 0;
}

static int open_tunnel(uint8_t who, uint32_t *id, uint8_t uuid[ROUTER_UUID]) {
    uint8_t m[128] = {TUNNEL_VERSION, 0xff, 0xff, 0xff, 0xff, TUNNEL_INITIATE, 0, TOKEN_ASSOCIATION_CHARS};
    uint8_t room[2048];
    memset(uuid, who, ROUTER_UUID);
    assert_int_equal(token_associate_bytes(&key, uuid, (char *)m + 8), 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    say(fd, m, 8 + TOKEN_ASSOCIATION_CHARS);
    assert_int_equal(hear(fd, room), 10);
    assert_int_equal(room[5], TUNNEL_INITIATED);
    *id = load_u32(room + 6);
    return fd;
}

static void forward(int fd, uint32_t id, uint8_t index, const char *text) {
    uint8_t m[64];
    tunnel_write_forward(m, id, index, (uint16_t)strlen(text));
    memcpy(m + TUNNEL_FORWARDED, text, strlen(text));
    say(fd, m, TUNNEL_FORWARDED + strlen(text));
}

static void traffic_while_the_owner_talks(void **state) {
    relay *r = make();
    uint8_t places[2][ROUTER_UUID], room[2048];
    uint32_t a, b;
    int alice = open_tunnel('a', &a, places[0]), bob = open_tunnel('b', &b, places[1]);
    until(owner.opened == 2);
    relay_pool(r, 7, (const uint8_t(*)[ROUTER_UUID])places, 2);
    for (int i = 0; i < 300; i++) {
        forward(alice, a, 1, "ping");
        if (i % 3 == 0) relay_pool(r, 7, (const uint8_t(*)[ROUTER_UUID])places, 2);
        if (i % 7 == 0) relay_set(r, 1000000 + i, 0, 0);
        relay_counts c;
        relay_count(r, &c);
        assert_int_equal(hear(bob, room), TUNNEL_FORWARDED + 4);
        assert_int_equal(load_u32(room + 1), b);
        forward(bob, b, 0, "pong");
        assert_int_equal(hear(alice, room), TUNNEL_FORWARDED + 4);
    }
    assert_int_equal(relay_report(r, places[0], on_report, NULL), 0);
    until(owner.reported);
    assert_int_equal(owner.report.sent[1], 300);
    assert_int_equal(owner.report.in, 300);
    relay_free(r);
    run_posts();
    close(alice), close(bob);
}

static void http_frames_cross_both_threads(void **state) {
    relay *r = make();
    uint8_t places[2][ROUTER_UUID], room[2048];
    uint32_t a;
    int alice = open_tunnel('a', &a, places[0]);
    memset(places[1], 'h', ROUTER_UUID);
    relay_open(r, places[1], 99);
    relay_pool(r, 7, (const uint8_t(*)[ROUTER_UUID])places, 2);
    until(owner.opened == 2);
    forward(alice, a, 1, "to http");
    until(owner.frame_n == 10);
    assert_int_equal(owner.link, 99);
    assert_memory_equal(owner.frame, "\0\0\7to http", 10);
    relay_frame(r, 99, 0, (bytes){(const uint8_t *)"to udp", 6});
    assert_int_equal(hear(alice, room), TUNNEL_FORWARDED + 6);
    assert_memory_equal(room + TUNNEL_FORWARDED, "to udp", 6);
    relay_close(r, 99);
    until(owner.closed == 1);
    relay_free(r);
    run_posts();
    close(alice);
}

static void another_socket_and_none(void **state) {
    relay *r = make();
    uint8_t uuid[ROUTER_UUID];
    uint32_t a;
    fault f;
    int alice = open_tunnel('a', &a, uuid);
    close(alice);
    int fd = datagrams_bind("127.0.0.1", 0, &f);
    assert_true(fd > 0);
    port = datagrams_port(fd);
    relay_serve(r, RELAY_TUNNEL, fd);
    alice = open_tunnel('a', &a, uuid);
    relay_serve(r, RELAY_TUNNEL, -1);
    assert_int_equal(relay_report(r, uuid, on_report, NULL), 0);
    until(owner.reported);
    assert_true(owner.report.has_tunnel);
    relay_free(r);
    run_posts();
    close(alice);
}

/* A door for both families: players by IPv4 come as ::ffff:a.b.c.d there. */
static void both_families_share_a_door(void **state) {
    relay *r = make();
    fault f;
    uint8_t places[2][ROUTER_UUID], room[2048];
    uint32_t a, b;
    int fd = datagrams_bind("", 0, &f);
    assert_true(fd > 0);
    port = datagrams_port(fd);
    relay_serve(r, RELAY_TUNNEL, fd);
    int alice = open_tunnel('a', &a, places[0]), bob = open_tunnel('b', &b, places[1]);
    relay_pool(r, 7, (const uint8_t(*)[ROUTER_UUID])places, 2);
    until(owner.opened == 2);
    forward(alice, a, 1, "over both");
    assert_int_equal(hear(bob, room), TUNNEL_FORWARDED + 9);
    assert_int_equal(relay_report(r, places[0], on_report, NULL), 0);
    until(owner.reported);
    assert_int_equal(relay_address_ip(&owner.report.address), 0x7f000001);
    char text[RELAY_ADDRESS_TEXT];
    relay_address_host(&owner.report.address, text);
    assert_string_equal(text, "127.0.0.1");
    relay_address old; /* of before a restart, as it was kept */
    assert_int_equal(relay_address_read("127.0.0.1", datagrams_port(alice), &old), 0);
    relay_wake(r, &old, 5);
    assert_int_equal(hear(alice, room), TUNNEL_HEADER);
    assert_int_equal(room[5], 0xff);
    relay_free(r);
    run_posts();
    close(alice), close(bob);
}

static void probes_are_answered(void **state) {
    relay *r = make();
    fault f;
    uint8_t probe[20] = {0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4}, room[2048];
    int fd = datagrams_bind("127.0.0.1", 0, &f), game = socket(AF_INET, SOCK_DGRAM, 0);
    uint16_t tunnel_port = port;
    port = datagrams_port(fd);
    relay_serve(r, RELAY_QOS, fd);
    say(game, probe, sizeof probe);
    assert_int_equal(hear(game, room), 30);
    assert_memory_equal(room, probe, 20);
    assert_int_equal(load_u32(room + 20), 0x7f000001);
    assert_int_equal(load_u16(room + 24), datagrams_port(game));
    assert_int_equal(load_u32(room + 26), 0);
    port = tunnel_port;
    relay_free(r);
    run_posts();
    close(game);
}

static void it_ends_at_any_moment(void **state) {
    uint8_t uuid[ROUTER_UUID] = {1};
    for (int i = 0; i < 50; i++) {
        relay *r = make();
        for (uint64_t link = 1; link < 20; link++) {
            uuid[1] = (uint8_t)link;
            relay_open(r, uuid, link);
            relay_frame(r, link, 1, (bytes){(const uint8_t *)"x", 1});
        }
        owner.reported = false;
        assert_int_equal(relay_report(r, uuid, on_report, NULL), 0);
        if (i % 2) run_posts();
        relay_free(r);
        run_posts(); /* what it had posted finds nobody */
        assert_true(owner.reported);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_while_the_owner_talks), cmocka_unit_test(http_frames_cross_both_threads),
        cmocka_unit_test(another_socket_and_none),       cmocka_unit_test(both_families_share_a_door),
        cmocka_unit_test(probes_are_answered),           cmocka_unit_test(it_ends_at_any_moment),
    };
    memset(&key, 7, sizeof key);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
