/* Listeners: every protocol by its first bytes, whole and byte by byte, allowed or not; limits; a port that is taken.
 * The encrypted peers are stream_connect's: our own SSLv3 client role and OpenSSL. */
#include "net_testing.h"

#include <sys/resource.h>

#include "base/check.h"
#include "crypto/certificate.h"
#include "crypto/ssl3.h"
#include "net/connect.h"
#include "net/sniff.h"
#include "net/tls.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>

static struct server {
    loop *l;
    listener *door;
    int accepted, closed;
    enum protocol inner;
    char transport[8], heard[64];
    fault why;
} t;

static ssl3_config ssl3_server = {.role = SSL3_SERVER};
static buf game_der;
static tls_identity *tls;

static int make_identities(void **state) {
    fault f;
    ssl3_server.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    assert_int_equal(certificate_build_game(ssl3_server.key, CERTIFICATE_GAME_HOST, &game_der, &f), 0);
    ssl3_server.certificate = buf_bytes(&game_der);
    tls = tls_identity_self_signed("localhost", &f);
    return tls ? 0 : -1;
}

static int free_identities(void **state) {
    EVP_PKEY_free(ssl3_server.key);
    buf_free(&game_der);
    tls_identity_drop(tls);
    return 0;
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    size_t n = strlen(t.heard);
    assert_true(n + in.n < sizeof t.heard);
    memcpy(t.heard + n, in.p, in.n);
    stream_write(s, in);
    return in.n;
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    t.closed++;
    t.why = *why;
}

static const stream_handler echo = {.data = on_data, .closed = on_closed};

static void on_accept(void *ctx, stream *s, enum protocol inner, listener *l) {
    t.accepted++;
    t.inner = inner;
    snprintf(t.transport, sizeof t.transport, "%s", stream_transport(s));
    stream_set_handler(s, &echo, NULL);
}

static uint16_t open_door(unsigned protocols, bool prefer_ssl3, uint32_t max, int64_t sniff_us) {
    memset(&t, 0, sizeof t);
    fault f = {0};
    t.l = loop_new(&f);
    listener_config c = {.name = "door",
                         .address = "127.0.0.1",
                         .protocols = protocols,
                         .prefer_ssl3 = prefer_ssl3,
                         .ssl3 = &ssl3_server,
                         .tls = tls,
                         .max_connections = max,
                         .sniff_us = sniff_us ? sniff_us : 10 * PATIENCE_US,
                         .accept = on_accept};
    t.door = listener_open(t.l, &c, &f);
    if (!t.door) fail_msg("%s", f.text);
    return listener_port(t.door);
}

/* -- our side of an encrypted connection -------------------------------------------------------------------------- */

static struct client {
    stream *s;
    char heard[64];
    int opened, closed;
    fault why;
} us;

static size_t client_data(void *ctx, stream *s, bytes in) {
    assert_true(strlen(us.heard) + in.n < sizeof us.heard);
    memcpy(us.heard + strlen(us.heard), in.p, in.n);
    return in.n;
}

static void client_closed(void *ctx, stream *s, const fault *why) {
    us.closed++;
    us.why = *why;
    us.s = NULL;
}

static const stream_handler client_handler = {.data = client_data, .closed = client_closed};

static void client_opened(void *ctx, stream *s, const fault *why) {
    us.opened++;
    us.s = s;
    if (s)
        stream_set_handler(s, &client_handler, NULL);
    else
        us.why = *why;
}

static void connect_to(uint16_t port, enum filter_kind kind, bool verify) {
    memset(&us, 0, sizeof us);
    connect_config c = {.host = "127.0.0.1", .port = port, .filter = kind, .verify = verify};
    assert_int_equal(stream_connect(t.l, &c, client_opened, NULL), 0);
    assert_int_equal(us.opened, 0);
    turn_until(t.l, us.opened);
}

/* -- tests -------------------------------------------------------------------------------------------------------- */

#define ALL (PROTOCOL_SSL3 | PROTOCOL_TLS | PROTOCOL_HTTP | PROTOCOL_BLAZE)

static void first_bytes_decide(void **state) {
    static const struct {
        const char *bytes;
        size_t n;
        unsigned allowed;
        bool prefer_ssl3;
        int kind;
    } cases[] = {
#define C(text, allowed, prefer, kind) {text, sizeof(text) - 1, allowed, prefer, kind}
        C("\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00", ALL, false, PROTOCOL_SSL3),
        C("\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00", PROTOCOL_TLS | PROTOCOL_HTTP, false, SNIFF_REFUSED),
        C("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", ALL, false, PROTOCOL_TLS),
        C("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", ALL, true, PROTOCOL_SSL3),
        C("\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x03", ALL, false, PROTOCOL_TLS),
        C("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", PROTOCOL_SSL3, false, PROTOCOL_SSL3),
        C("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", PROTOCOL_TLS, true, PROTOCOL_TLS),
        C("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", PROTOCOL_BLAZE, true, SNIFF_REFUSED),
        C("\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x01\x00\x16\x03\x01\x00\x01\x00\x16\x03\x01\x00\x01\x2b\x16\x03"
          "\x01\x00\x01\x03\x16\x03\x01\x00\x01\x01",
          ALL, false, PROTOCOL_TLS), /* a record for each byte */
        C("\x16\x03\x01\x00", ALL, false, SNIFF_MORE),
        C("\x16\x03\x05\x00\x00", ALL, false, PROTOCOL_BLAZE),
        C("\x80\x2e\x01\x03\x00", ALL, false, PROTOCOL_SSL3),
        C("\x80\x2e\x01\x03\x00", PROTOCOL_TLS | PROTOCOL_BLAZE, false, SNIFF_REFUSED),
        C("\x80\x2e\x01", ALL, false, SNIFF_MORE),
        C("\x80\x00\x00\x09", ALL, false, PROTOCOL_BLAZE),
        C("GET ", ALL, false, PROTOCOL_HTTP),
        C("OPTIONS", ALL, false, PROTOCOL_HTTP),
        C("get /", ALL, false, PROTOCOL_HTTP),
        C("\r\nGET ", ALL, false, PROTOCOL_HTTP),
        C("GE", ALL, false, SNIFF_MORE),
        C("GET ", PROTOCOL_BLAZE | PROTOCOL_TLS, false, SNIFF_REFUSED),
        C("\0", ALL, false, PROTOCOL_BLAZE),
        C("\0\0\0\x09\0\x02", PROTOCOL_HTTP, false, PROTOCOL_HTTP), /* its parser answers 400 */
        C("\0\0\0\x09\0\x02", PROTOCOL_SSL3 | PROTOCOL_TLS, false, SNIFF_REFUSED),
        C("G\x10\0\x09", ALL, false, PROTOCOL_BLAZE),
        C("", ALL, false, SNIFF_MORE),
#undef C
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes all = {(const uint8_t *)cases[i].bytes, cases[i].n};
        int kind = sniff_first(all, cases[i].allowed, cases[i].prefer_ssl3);
        if (kind != cases[i].kind) fail_msg("case %zu: %d, not %d", i, kind, cases[i].kind);
        for (size_t n = 0; n < all.n; n++) { /* a beginning says the same or nothing yet */
            int early = sniff_first((bytes){all.p, n}, cases[i].allowed, cases[i].prefer_ssl3);
            assert_true(early == SNIFF_MORE || early == kind);
        }
    }
}

static void raw_and_http_are_handed_over_whole(void **state) {
    static const struct {
        const char *text;
        size_t n;
        enum protocol inner;
    } cases[] = {{"GET / HTTP/1.1\r\n", 16, PROTOCOL_HTTP}, {"\0\0\0\x09\0\x02\0\0\0\0\0\x01", 12, PROTOCOL_BLAZE}};
    for (int i = 0; i < 2; i++)
        for (size_t step = 1; step <= 16; step += 15) {
            uint16_t port = open_door(ALL, false, 0, 0);
            int fd = dial(port);
            say_in_steps(t.l, fd, cases[i].text, cases[i].n, step);
            char got[32];
            assert_int_equal(hear(t.l, fd, got, cases[i].n, PATIENCE_US, NULL), cases[i].n);
            assert_memory_equal(got, cases[i].text, cases[i].n);
            assert_int_equal(t.inner, cases[i].inner);
            assert_string_equal(t.transport, "plain");
            assert_int_equal(t.accepted, 1);
            close(fd);
            loop_free(t.l);
        }
}

static void encrypted_peers_are_served(void **state) {
    static const struct {
        enum filter_kind kind;
        const char *transport, *text;
        enum protocol inner;
    } cases[] = {
        {FILTER_SSL3, "ssl3", "GET / H", PROTOCOL_HTTP},   {FILTER_SSL3, "ssl3", "\1\2\3\4\5", PROTOCOL_BLAZE},
        {FILTER_TLS, "tls", "GET / H", PROTOCOL_HTTP},     {FILTER_TLS, "tls", "\1\2\3\4\5", PROTOCOL_BLAZE},
        {FILTER_PLAIN, "plain", "GET / H", PROTOCOL_HTTP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t port = open_door(ALL, false, 0, 0);
        connect_to(port, cases[i].kind, false);
        assert_non_null(us.s);
        assert_string_equal(stream_transport(us.s), cases[i].transport);
        stream_write(us.s, (bytes){(const uint8_t *)cases[i].text, strlen(cases[i].text)});
        turn_until(t.l, strcmp(us.heard, cases[i].text) == 0);
        assert_int_equal(t.inner, cases[i].inner);
        assert_string_equal(t.transport, cases[i].transport);
        stream_close(us.s, 0);
        turn_until(t.l, us.closed && t.closed);
        assert_int_equal(us.why.code, 0);
        assert_int_equal(t.why.code, E_CLOSED);
        loop_free(t.l);
    }
}

static void encrypted_only_doors_serve_what_is_inside(void **state) {
    uint16_t port = open_door(PROTOCOL_SSL3, true, 0, 0);
    connect_to(port, FILTER_SSL3, false);
    stream_write(us.s, HTTP_TEXT("\1\2\3"));
    turn_until(t.l, strcmp(us.heard, "\1\2\3") == 0);
    assert_int_equal(t.inner, PROTOCOL_BLAZE);
    loop_free(t.l);
}

/* A man in the middle that passes bytes on in pieces of one. */
static void relay_byte_by_byte(int a, int b, bool *over) {
    uint8_t c;
    int from[2] = {a, b}, to[2] = {b, a};
    *over = false;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 40; k++) {
            ssize_t n = recv(from[i], &c, 1, 0);
            if (n == 0) *over = true;
            if (n != 1) break;
            while (send(to[i], &c, 1, MSG_NOSIGNAL) < 0 && errno == EAGAIN) loop_turn(t.l, 0);
            loop_turn(t.l, 0);
        }
}

static void encrypted_peers_may_trickle(void **state) {
    for (int kind = FILTER_TLS; kind <= FILTER_SSL3; kind++) {
        uint16_t port = open_door(ALL, false, 0, 0);
        int door = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof at;
        assert_int_equal(bind(door, (struct sockaddr *)&at, size), 0);
        assert_int_equal(listen(door, 1), 0);
        getsockname(door, (struct sockaddr *)&at, &size);
        memset(&us, 0, sizeof us);
        connect_config c = {.host = "127.0.0.1", .port = ntohs(at.sin_port), .filter = (enum filter_kind)kind};
        assert_int_equal(stream_connect(t.l, &c, client_opened, NULL), 0);
        loop_turn(t.l, 0);
        int a = accept(door, NULL, NULL), b = dial(port), on = 1;
        fcntl(a, F_SETFL, O_NONBLOCK);
        setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        bool over, said = false;
        for (int64_t end = clock_mono_us() + PATIENCE_US; strcmp(us.heard, "trickle") != 0;) {
            relay_byte_by_byte(a, b, &over);
            loop_turn(t.l, 0);
            if (us.s && !said) stream_write(us.s, HTTP_TEXT("trickle")), said = true;
            assert_true(clock_mono_us() < end);
        }
        assert_string_equal(t.heard, "trickle");
        close(a), close(b), close(door);
        loop_free(t.l);
    }
}

static void what_is_not_allowed_is_closed_and_counted(void **state) {
    static const struct {
        unsigned allowed;
        const char *text;
        size_t n;
    } cases[] = {
        {PROTOCOL_SSL3, "GET / HTTP/1.1\r\n\r\n", sizeof("GET / HTTP/1.1\r\n\r\n") - 1},
        {PROTOCOL_SSL3, "\x16\x03\x09garbage", sizeof("\x16\x03\x09garbage") - 1},
        {PROTOCOL_BLAZE, "GET / HTTP/1.1\r\n\r\n", sizeof("GET / HTTP/1.1\r\n\r\n") - 1},
        {PROTOCOL_TLS, "\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03\x00garbage",
         sizeof("\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03\x00garbage") - 1},
        {PROTOCOL_HTTP, "\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03\x03garbage",
         sizeof("\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03\x03garbage") - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t port = open_door(cases[i].allowed, false, 0, 0);
        int64_t before = counter_get(COUNTER_NET_REFUSED_PROTOCOL);
        int fd = dial(port);
        say_in_steps(t.l, fd, cases[i].text, cases[i].n, cases[i].n);
        char got[64];
        assert_string_equal(hear_all(t.l, fd, got, sizeof got), "");
        assert_int_equal(counter_get(COUNTER_NET_REFUSED_PROTOCOL), before + 1);
        assert_int_equal(t.accepted, 0);
        close(fd);
        loop_free(t.l);
    }
}

static void a_broken_handshake_is_closed_and_counted(void **state) {
    static const char *const hellos[] = {"\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03\x03",
                                         "\x16\x03\x01\x01\x01\x01\x01\x01\x01\x03"};
    for (int i = 0; i < 2; i++) {
        uint16_t port = open_door(ALL, i == 1, 0, 0);
        int64_t before = counter_get(COUNTER_NET_HANDSHAKE_FAILED);
        int fd = dial(port);
        char hello[400];
        memset(hello, 0xff, sizeof hello);
        memcpy(hello, hellos[i], strlen(hellos[i]));
        say_in_steps(t.l, fd, hello, sizeof hello, sizeof hello);
        char got[256];
        hear_all(t.l, fd, got, sizeof got);
        assert_int_equal(counter_get(COUNTER_NET_HANDSHAKE_FAILED), before + 1);
        assert_int_equal(t.accepted, 0);
        close(fd);
        loop_free(t.l);
    }
}

static void whoever_says_nothing_is_closed(void **state) {
    uint16_t port = open_door(ALL, false, 0, 20000);
    int64_t before = counter_get(COUNTER_NET_SNIFF_TIMEOUTS);
    int silent = dial(port), half = dial(port);
    say(t.l, half, "\x16\x03\x01");
    char got[16];
    assert_string_equal(hear_all(t.l, silent, got, sizeof got), "");
    assert_string_equal(hear_all(t.l, half, got, sizeof got), "");
    assert_int_equal(counter_get(COUNTER_NET_SNIFF_TIMEOUTS), before + 2);
    close(silent), close(half);
    loop_free(t.l);
}

static void connections_have_a_limit(void **state) {
    uint16_t port = open_door(ALL, false, 2, 0);
    int64_t before = counter_get(COUNTER_NET_REFUSED_FULL);
    int a = dial(port), b = dial(port);
    turn_until(t.l, listener_connections(t.door) == 2);
    int c = dial(port);
    char got[16];
    assert_string_equal(hear_all(t.l, c, got, sizeof got), "");
    assert_int_equal(counter_get(COUNTER_NET_REFUSED_FULL), before + 1);
    close(a);
    turn_until(t.l, listener_connections(t.door) == 1);
    int d = dial(port);
    say(t.l, d, "\1");
    hear_text(t.l, d, "\1");
    close(b), close(c), close(d);
    loop_free(t.l);
}

static void unfinished_handshakes_have_a_limit(void **state) {
    uint16_t port = open_door(ALL, false, 0, 0);
    int64_t before = counter_get(COUNTER_NET_REFUSED_FULL);
    int fds[70];
    for (int i = 0; i < 70; i++) {
        fds[i] = dial(port);
        say_in_steps(t.l, fds[i], "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", 11, 11);
    }
    turn_until(t.l, counter_get(COUNTER_NET_REFUSED_FULL) == before + 6);
    int plain = dial(port); /* who needs no handshake is served */
    say(t.l, plain, "\1");
    hear_text(t.l, plain, "\1");
    for (int i = 0; i < 70; i++) close(fds[i]);
    turn_until(t.l, listener_connections(t.door) == 1);
    connect_to(port, FILTER_TLS, false);
    assert_non_null(us.s);
    close(plain);
    loop_free(t.l);
}

static void a_listener_can_change_while_it_serves(void **state) {
    uint16_t port = open_door(PROTOCOL_BLAZE, false, 0, 0);
    int old = dial(port);
    say(t.l, old, "\1");
    hear_text(t.l, old, "\1");
    fault f = {0};
    listener_config c = {.name = "renamed", .protocols = PROTOCOL_HTTP, .accept = on_accept};
    assert_int_equal(listener_update(t.door, &c, &f), 0);
    assert_string_equal(listener_name(t.door), "renamed");
    assert_int_equal(listener_port(t.door), port);
    int fresh = dial(port);
    say(t.l, fresh, "GET ");
    hear_text(t.l, fresh, "GET ");
    say(t.l, old, "\2");
    hear_text(t.l, old, "\2");
    c.protocols = 0;
    assert_int_equal(listener_update(t.door, &c, &f), E_CONFIG);
    close(old), close(fresh);
    loop_free(t.l);
}

static void a_socket_may_be_bound_before(void **state) {
    open_door(ALL, false, 0, 0);
    fault f = {0};
    listener_config c = {.name = "b", .address = "127.0.0.1", .protocols = PROTOCOL_BLAZE, .accept = on_accept};
    c.socket = listener_bind(&c, &f);
    assert_true(c.socket > 0);
    listener *l = listener_open(t.l, &c, &f);
    assert_non_null(l);
    int fd = dial(listener_port(l));
    say(t.l, fd, "\1");
    hear_text(t.l, fd, "\1");
    close(fd);
    loop_free(t.l);
}

static void a_taken_port_is_said_in_one_sentence(void **state) {
    uint16_t port = open_door(ALL, false, 0, 0);
    fault f = {0};
    char want[200];
    listener_config c = {
        .name = "second", .address = "127.0.0.1", .port = port, .protocols = PROTOCOL_HTTP, .accept = on_accept};
    assert_null(listener_open(t.l, &c, &f));
    assert_int_equal(f.code, E_EXISTS);
    snprintf(want, sizeof want, "listener \"second\": port %d on 127.0.0.1 is already in use", port);
    assert_memory_equal(f.text, want, strlen(want));
    c.address = "not-an-address";
    assert_null(listener_open(t.l, &c, &f));
    assert_int_equal(f.code, E_CONFIG);
    c.address = "192.0.2.1";
    assert_null(listener_open(t.l, &c, &f));
    assert_non_null(strstr(f.text, "not an address of this machine"));
    c.address = "127.0.0.1", c.protocols = PROTOCOL_SSL3;
    assert_null(listener_open(t.l, &c, &f));
    assert_non_null(strstr(f.text, "no certificate"));
    loop_free(t.l);
}

static void a_closed_listener_leaves_its_connections(void **state) {
    uint16_t port = open_door(ALL, false, 0, 0);
    int served = dial(port), fresh = dial(port);
    say(t.l, served, "\1");
    hear_text(t.l, served, "\1");
    turn_until(t.l, listener_connections(t.door) == 2);
    listener_close(t.door);
    char got[16];
    assert_string_equal(hear_all(t.l, fresh, got, sizeof got), "");
    say(t.l, served, "\2");
    hear_text(t.l, served, "\2");
    turn_for(t.l, 2000);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(refused, (struct sockaddr *)&to, sizeof to), -1);
    close(served), close(fresh), close(refused);
    loop_free(t.l);
}

static void running_out_of_descriptors_is_survived(void **state) {
    if (getenv("MU_VALGRIND")) skip(); /* it has descriptors of its own in our way */
    uint16_t port = open_door(ALL, false, 0, 0);
    int fd = dial(port), last = dup(fd);
    struct rlimit before, tight;
    close(last);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    tight.rlim_cur = (rlim_t)last; /* every lower number is in use */
    int64_t errors = counter_get(COUNTER_NET_ACCEPT_ERRORS);
    log_set_level(LOG_ERROR);
    setrlimit(RLIMIT_NOFILE, &tight);
    int64_t begun = clock_mono_us();
    while (counter_get(COUNTER_NET_ACCEPT_ERRORS) < errors + 2 && clock_mono_us() - begun < PATIENCE_US)
        loop_turn(t.l, 1000);
    int64_t took = clock_mono_us() - begun;
    setrlimit(RLIMIT_NOFILE, &before);
    log_set_level(LOG_INFO);
    assert_int_equal(counter_get(COUNTER_NET_ACCEPT_ERRORS), errors + 2);
    assert_true(took >= 90000); /* it paused, it did not spin */
    say(t.l, fd, "\1");
    hear_text(t.l, fd, "\1");
    close(fd);
    loop_free(t.l);
}

static int opened_sockets_fd = -1;

static void accept_and_look(void *ctx, stream *s, enum protocol inner, listener *l) {
    on_accept(ctx, s, inner, l);
    struct sockaddr_in peer;
    for (int fd = 3; fd < 256; fd++) { /* the accepted socket is the one whose peer is our own port */
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && ntohs(peer.sin_port) == stream_peer_port(s))
            opened_sockets_fd = fd;
    }
}

static void dead_peers_will_be_noticed(void **state) {
    memset(&t, 0, sizeof t);
    fault f;
    t.l = loop_new(&f);
    listener_config c = {.name = "d", .address = "127.0.0.1", .protocols = PROTOCOL_BLAZE, .accept = accept_and_look};
    t.door = listener_open(t.l, &c, &f);
    int fd = dial(listener_port(t.door));
    say(t.l, fd, "\1");
    turn_until(t.l, t.accepted);
    int value = 0;
    socklen_t size = sizeof value;
    assert_true(opened_sockets_fd >= 0);
    getsockopt(opened_sockets_fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    assert_int_equal(value, 1);
    getsockopt(opened_sockets_fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    assert_true(value);
    getsockopt(opened_sockets_fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size);
    assert_int_equal(value, 60);
    getsockopt(opened_sockets_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size);
    assert_int_equal(value, 60000);
    close(fd);
    loop_free(t.l);
}

static void tls_certificates_are_checked_when_asked(void **state) {
    uint16_t port = open_door(ALL, false, 0, 0);
    connect_to(port, FILTER_TLS, true);
    assert_null(us.s);
    assert_int_equal(us.why.code, E_HANDSHAKE);
    assert_non_null(strstr(us.why.text, "certificate refused"));
    loop_free(t.l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_decide),
        cmocka_unit_test(raw_and_http_are_handed_over_whole),
        cmocka_unit_test(encrypted_peers_are_served),
        cmocka_unit_test(encrypted_only_doors_serve_what_is_inside),
        cmocka_unit_test(encrypted_peers_may_trickle),
        cmocka_unit_test(what_is_not_allowed_is_closed_and_counted),
        cmocka_unit_test(a_broken_handshake_is_closed_and_counted),
        cmocka_unit_test(whoever_says_nothing_is_closed),
        cmocka_unit_test(connections_have_a_limit),
        cmocka_unit_test(unfinished_handshakes_have_a_limit),
        cmocka_unit_test(a_listener_can_change_while_it_serves),
        cmocka_unit_test(a_socket_may_be_bound_before),
        cmocka_unit_test(a_taken_port_is_said_in_one_sentence),
        cmocka_unit_test(a_closed_listener_leaves_its_connections),
        cmocka_unit_test(running_out_of_descriptors_is_survived),
        cmocka_unit_test(dead_peers_will_be_noticed),
        cmocka_unit_test(tls_certificates_are_checked_when_asked),
    };
    return cmocka_run_group_tests(tests, make_identities, free_identities);
}
