/* The HTTP server: what it reads, what it refuses, order, limits, timeouts, upgrades. */
#include "net_testing.h"

#include "net/http.h"

static struct server {
    loop *l;
    listener *door;
    http_config config;
    handle pending[8]; /* requests of /later */
    int pending_n, gone;
    char upgraded[256];
    int upgraded_closed;
} t;

static size_t raw_data(void *ctx, stream *s, bytes in) {
    assert_true(strlen(t.upgraded) + in.n < sizeof t.upgraded);
    strncat(t.upgraded, (const char *)in.p, in.n);
    stream_write(s, in);
    return in.n;
}

static void raw_closed(void *ctx, stream *s, const fault *why) { t.upgraded_closed++; }

static const stream_handler raw = {.data = raw_data, .closed = raw_closed};

static bool path_is(const http_request *r, const char *path) {
    return r->path.n == strlen(path) && memcmp(r->path.p, path, r->path.n) == 0;
}

static void upgrade(http_request *r) {
    stream *s = http_upgrade(r, "blaze");
    if (s)
        stream_set_handler(s, &raw, NULL);
    else
        http_reply(r, 426, NULL, 0, (bytes){0});
}

/* Answers with what was understood: "METHOD path?query [x-test] body". */
static void on_request(void *ctx, http_request *r) {
    char text[4096];
    if (path_is(r, "/later") || path_is(r, "/later-up")) {
        t.pending[t.pending_n++] = r->id;
        return;
    }
    if (path_is(r, "/up")) {
        upgrade(r);
        return;
    }
    if (path_is(r, "/big")) {
        shared *body = shared_new(NULL, 300000);
        memset(body->p, 'b', body->n);
        http_reply_shared(r, 200, NULL, 0, body);
        shared_drop(body);
        return;
    }
    bytes extra = http_request_header(r, "x-test");
    int n = snprintf(text, sizeof text, "%s %.*s?%.*s [%.*s] %.*s", r->method, (int)r->path.n, (const char *)r->path.p,
                     (int)r->query.n, r->query.p ? (const char *)r->query.p : "", (int)extra.n,
                     extra.p ? (const char *)extra.p : "", (int)r->body.n, r->body.p ? (const char *)r->body.p : "");
    http_header type = {HTTP_TEXT("content-type"), HTTP_TEXT("text/plain")};
    assert_int_equal(http_reply(r, 200, &type, 1, (bytes){(const uint8_t *)text, (size_t)n}), 0);
}

static void on_gone(void *ctx, handle id) { t.gone++; }

static size_t body_limit(void *ctx, const http_request *r) { return path_is(r, "/small") ? 4 : 1000; }

static void on_accept(void *ctx, stream *s, enum protocol inner, listener *l) { http_accept(s, &t.config); }

static int open_server(void) {
    memset(&t, 0, sizeof t);
    fault f = {0};
    t.l = loop_new(&f);
    t.config = (http_config){.request = on_request, .gone = on_gone, .body_limit = body_limit};
    listener_config c = {.name = "web", .address = "127.0.0.1", .protocols = PROTOCOL_HTTP, .accept = on_accept};
    t.door = listener_open(t.l, &c, &f);
    assert_non_null(t.door);
    return dial(listener_port(t.door));
}

static void shut(int fd) {
    if (fd >= 0) close(fd);
    loop_free(t.l);
}

/* Reads one reply: checks its status line, returns its body (of at most 64 KiB); NULL when the peer closed first. */
static const char *reply_of(int fd, int status, bool no_body) {
    static char got[65536 + 4096];
    size_t n = 0;
    bool ended = false;
    char *end = NULL;
    while (!end && !ended && n < 4000) {
        n += hear(t.l, fd, got + n, 1, PATIENCE_US, &ended);
        got[n] = 0;
        end = strstr(got, "\r\n\r\n");
    }
    if (!end) return NULL;
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    if (strncmp(got, line, strlen(line)) != 0) fail_msg("expected %d, got: %s", status, got);
    char *length = strstr(got, "content-length: ");
    size_t want = length && !no_body ? strtoul(length + 16, NULL, 10) : 0;
    assert_true(want <= 65536);
    char *body = end + 4;
    body[hear(t.l, fd, body, want, PATIENCE_US, NULL)] = 0;
    return body;
}

static const char *const hello = "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nX-Test:  v w \r\n\r\n";

static void requests_are_read_whole_and_byte_by_byte(void **state) {
    for (size_t step = 1; step < 100; step += 49) {
        int fd = open_server();
        say_in_steps(t.l, fd, hello, strlen(hello), step);
        assert_string_equal(reply_of(fd, 200, false), "GET /a/b?c=d [v w] ");
        const char *post = "\r\nPOST /p HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
        say_in_steps(t.l, fd, post, strlen(post), step);
        assert_string_equal(reply_of(fd, 200, false), "POST /p? [] hello");
        const char *chunks = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n";
        say_in_steps(t.l, fd, chunks, strlen(chunks), step);
        assert_string_equal(reply_of(fd, 200, false), "POST /c? [] abcde");
        assert_true(is_open(t.l, fd));
        shut(fd);
    }
}

static void empty_values_leave_the_next_line_alone(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /e HTTP/1.1\r\nHost: x\r\nA:\r\nB: \t \r\nX-Test: whole\r\nC:\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "GET /e? [whole] ");
    say(t.l, fd, "POST /e HTTP/1.1\r\nHost:\r\nX-Test:\r\nContent-Length: 3\r\n\r\nabc");
    assert_string_equal(reply_of(fd, 200, false), "POST /e? [] abc");
    shut(fd);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    int fd = open_server();
    char all[4096] = "", want[64];
    for (int i = 0; i < 20; i++)
        sprintf(all + strlen(all), "POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n%02d", i, i);
    int64_t writes = counter_get(COUNTER_NET_WRITES);
    say(t.l, fd, all);
    for (int i = 0; i < 20; i++) {
        sprintf(want, "POST /%d? [] %02d", i, i);
        assert_string_equal(reply_of(fd, 200, false), want);
    }
    assert_true(counter_get(COUNTER_NET_WRITES) - writes <= 2); /* the sniffed start, then all at once */
    shut(fd);
}

static void a_late_answer_holds_the_next_request(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(t.l, t.pending_n == 1);
    turn_for(t.l, 5000);
    assert_int_equal(t.pending_n, 1);
    http_request *r = http_request_find(t.l, t.pending[0]);
    assert_int_equal(http_reply(r, 200, NULL, 0, HTTP_TEXT("first")), 0);
    assert_null(http_request_find(t.l, t.pending[0]));
    assert_int_equal(http_reply(NULL, 200, NULL, 0, HTTP_TEXT("again")), E_STALE);
    turn_until(t.l, t.pending_n == 2);
    http_reply(http_request_find(t.l, t.pending[1]), 200, NULL, 0, HTTP_TEXT("second"));
    assert_string_equal(reply_of(fd, 200, false), "first");
    assert_string_equal(reply_of(fd, 200, false), "second");
    shut(fd);
}

static void a_gone_peer_makes_the_answer_a_no_op(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(t.l, t.pending_n == 1);
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    turn_until(t.l, t.gone == 1);
    assert_null(http_request_find(t.l, t.pending[0]));
    shut(-1);
}

static void a_half_closed_peer_gets_its_answer_then_the_end(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(fd, SHUT_WR);
    turn_until(t.l, t.pending_n == 1);
    turn_for(t.l, 5000);
    http_reply(http_request_find(t.l, t.pending[0]), 200, NULL, 0, HTTP_TEXT("late"));
    char got[512];
    assert_non_null(strstr(hear_all(t.l, fd, got, sizeof got), "\r\n\r\nlate"));
    shut(fd);
}

static void head_has_no_body_but_its_length(void **state) {
    int fd = open_server();
    say(t.l, fd, "HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_non_null(reply_of(fd, 200, true));
    say(t.l, fd, "HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_non_null(reply_of(fd, 200, true));
    say(t.l, fd, "GET /after HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "GET /after? [] ");
    shut(fd);
}

static void big_bodies_arrive_whole(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    static char got[400000];
    hear_all(t.l, fd, got, sizeof got);
    const char *body = strstr(got, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), 300000);
    shut(fd);
}

static void keep_alive_follows_version_and_connection(void **state) {
    static const struct {
        const char *request;
        bool stays;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = open_server();
        say(t.l, fd, cases[i].request);
        assert_string_equal(reply_of(fd, 200, false), "GET /? [] ");
        char rest[16];
        if (cases[i].stays)
            assert_true(is_open(t.l, fd));
        else
            assert_string_equal(hear_all(t.l, fd, rest, sizeof rest), "");
        shut(fd);
    }
}

static void targets_are_reduced_to_their_path(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET http://example/p/q?r HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "GET /p/q?r [] ");
    say(t.l, fd, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "OPTIONS *? [] ");
    say(t.l, fd, "GET //api HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "GET //api? [] ");
    shut(fd);
}

static void what_is_malformed_is_refused_and_closed(void **state) {
    static const struct {
        int status;
        const char *request;
        size_t length;
    } cases[] = {
#define C(status, text) {status, text, sizeof(text) - 1}
        C(400, "garbage\r\n\r\n"),
        C(400, "\x01\x02\x03\x04\x05\x06"),
        C(400, "GET / HTTP/1.1\nHost: x\n\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\n\r\n"),
        C(400, "GET / HTTP/1.1\rHost: x\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\n\tHost: x\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
        C(400, "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(400, "GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\x7f\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        C(400, "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"),
        C(400, "GET\r\n\r\n"),
        C(400, "GET /\r\n\r\n"),
        C(400, "GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(400, "GET /x y HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3 3\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabc"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
        C(400,
          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        C(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX0\r\n\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        C(400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
        C(413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
        C(413, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"),
        C(413, "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
        C(417, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: the-unexpected\r\n\r\nabc"),
        C(501, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(501, "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
        C(505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
        C(505, "GET / HTTP/0.9\r\nHost: x\r\n\r\n"),
        C(505, "GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
        C(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
#undef C
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t step = 1; step <= 1000; step += 999) {
            int fd = open_server();
            int64_t before = counter_get(COUNTER_HTTP_BAD_REQUESTS);
            say_in_steps(t.l, fd, cases[i].request, cases[i].length, step);
            int status = cases[i].status;
            if (!reply_of(fd, status, false)) fail_msg("no answer to case %zu: %s", i, cases[i].request);
            assert_int_equal(counter_get(COUNTER_HTTP_BAD_REQUESTS), before + 1);
            char rest[256];
            assert_string_equal(hear_all(t.l, fd, rest, sizeof rest), "");
            shut(fd);
        }
    }
}

static void a_refused_request_follows_the_good_ones_before_it(void **state) {
    int fd = open_server();
    say(t.l, fd,
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(reply_of(fd, 200, false), "GET /1? [] ");
    assert_non_null(reply_of(fd, 400, false));
    char rest[256];
    assert_string_equal(hear_all(t.l, fd, rest, sizeof rest), "");
    shut(fd);
}

static void heads_have_limits(void **state) {
    static char big[20000];
    int fd = open_server();
    say(t.l, fd, "GET /");
    memset(big, 'a', 9000);
    say_in_steps(t.l, fd, big, 9000, 9000);
    assert_non_null(reply_of(fd, 414, false));
    shut(fd);

    fd = open_server();
    say(t.l, fd, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
    memset(big, 'a', sizeof big);
    say_in_steps(t.l, fd, big, sizeof big, sizeof big);
    assert_non_null(reply_of(fd, 431, false));
    shut(fd);

    fd = open_server();
    strcpy(big, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 99; i++) strcat(big, "A: b\r\n");
    strcat(big, "\r\n");
    say(t.l, fd, big);
    assert_non_null(reply_of(fd, 200, false));
    big[strlen(big) - 2] = 0;
    strcat(big, "A: b\r\n\r\n");
    say(t.l, fd, big);
    assert_non_null(reply_of(fd, 431, false));
    shut(fd);
}

static void expect_gets_a_continue(void **state) {
    int fd = open_server();
    say(t.l, fd, "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    hear_text(t.l, fd, "HTTP/1.1 100 Continue\r\n\r\n");
    say(t.l, fd, "abc");
    assert_string_equal(reply_of(fd, 200, false), "POST /e? [] abc");
    shut(fd);
}

static void what_does_not_come_in_time_is_refused(void **state) {
    static const struct {
        int status; /* 0: closed without a word */
        const char *request;
    } cases[] = {
        {408, "GET / HT"},
        {408, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab"},
        {0, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    };
    for (int i = 0; i < 3; i++) {
        int fd = open_server();
        t.config.head_us = t.config.body_us = t.config.idle_us = 30000;
        say(t.l, fd, cases[i].request);
        assert_non_null(reply_of(fd, cases[i].status ? cases[i].status : 200, false));
        char rest[64];
        assert_string_equal(hear_all(t.l, fd, rest, sizeof rest), "");
        shut(fd);
    }
}

static const char *const ask =
    "GET /up HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: blaze\r\n\r\n";
static const char *const switched = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: blaze\r\n\r\n";

static void an_upgrade_hands_over_early_bytes(void **state) {
    for (int reused = 0; reused < 2; reused++)
        for (size_t step = 1; step < 1000; step += 998) {
            int fd = open_server();
            if (reused) {
                say(t.l, fd, hello);
                assert_non_null(reply_of(fd, 200, false));
            }
            char all[512];
            snprintf(all, sizeof all, "%searly", ask);
            say_in_steps(t.l, fd, all, strlen(all), step);
            hear_text(t.l, fd, switched);
            hear_text(t.l, fd, "early");
            say(t.l, fd, " late");
            hear_text(t.l, fd, " late");
            assert_string_equal(t.upgraded, "early late");
            close(fd);
            turn_until(t.l, t.upgraded_closed == 1);
            shut(-1);
        }
}

static void a_late_upgrade_hands_over_too(void **state) {
    int fd = open_server();
    say(t.l, fd,
        "GET /later-up HTTP/1.1\r\nHost: x\r\nUpgrade: blaze\r\n\r\nearly"); /* Connection stripped by a proxy */
    turn_until(t.l, t.pending_n == 1);
    turn_for(t.l, 3000);
    upgrade(http_request_find(t.l, t.pending[0]));
    hear_text(t.l, fd, switched);
    hear_text(t.l, fd, "early");
    t.config.idle_us = 1000; /* HTTP's times do not apply any more */
    turn_for(t.l, 20000);
    assert_true(is_open(t.l, fd));
    shut(fd);
}

static void what_asks_for_no_upgrade_gets_none(void **state) {
    static const char *const cases[] = {
        "GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n", /* nginx adds it to every request */
        "GET /up HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nUpgrade: blaze\r\n\r\n",
        "GET /up HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: blaze\r\n\r\n",
    };
    for (int i = 0; i < 3; i++) {
        int fd = open_server();
        say(t.l, fd, cases[i]);
        assert_non_null(reply_of(fd, 426, false));
        say(t.l, fd, hello);
        assert_non_null(reply_of(fd, 200, false));
        shut(fd);
    }
}

static void replies_cannot_be_split(void **state) {
    int fd = open_server();
    say(t.l, fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(t.l, t.pending_n == 1);
    http_request *r = http_request_find(t.l, t.pending[0]);
    http_header evil = {HTTP_TEXT("x"), HTTP_TEXT("a\r\nset-cookie: b")};
    http_header odd = {HTTP_TEXT("x y"), HTTP_TEXT("a")};
    assert_int_equal(http_reply(r, 200, &evil, 1, (bytes){0}), E_ARGUMENT);
    assert_int_equal(http_reply(r, 200, &odd, 1, (bytes){0}), E_ARGUMENT);
    assert_int_equal(http_reply(r, 700, NULL, 0, (bytes){0}), E_ARGUMENT);
    assert_int_equal(http_reply(r, 204, NULL, 0, (bytes){0}), 0);
    assert_non_null(reply_of(fd, 204, false));
    shut(fd);
}

static void pipelined_requests_wait_while_replies_are_not_read(void **state) {
    int fd = open_server();
    int64_t before = counter_get(COUNTER_HTTP_REQUESTS);
    enum { N = 200 };
    static const char one[] = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < N; i++) say_in_steps(t.l, fd, one, sizeof one - 1, sizeof one);
    turn_for(t.l, 20000);
    assert_true(counter_get(COUNTER_HTTP_REQUESTS) - before < N / 2); /* 60 MB of replies are not made ahead */
    static char got[1 << 20];
    size_t all = 0;
    while (all < (size_t)N * 300000) {
        size_t left = (size_t)N * 300000 - all; /* the heads come on top */
        size_t n = hear(t.l, fd, got, left < sizeof got ? left : sizeof got, PATIENCE_US, NULL);
        assert_true(n > 0);
        all += n;
        if (counter_get(COUNTER_HTTP_REQUESTS) - before == N) break;
    }
    assert_int_equal(counter_get(COUNTER_HTTP_REQUESTS) - before, N);
    shut(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_whole_and_byte_by_byte),
        cmocka_unit_test(empty_values_leave_the_next_line_alone),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_late_answer_holds_the_next_request),
        cmocka_unit_test(a_gone_peer_makes_the_answer_a_no_op),
        cmocka_unit_test(a_half_closed_peer_gets_its_answer_then_the_end),
        cmocka_unit_test(head_has_no_body_but_its_length),
        cmocka_unit_test(big_bodies_arrive_whole),
        cmocka_unit_test(keep_alive_follows_version_and_connection),
        cmocka_unit_test(targets_are_reduced_to_their_path),
        cmocka_unit_test(what_is_malformed_is_refused_and_closed),
        cmocka_unit_test(a_refused_request_follows_the_good_ones_before_it),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(expect_gets_a_continue),
        cmocka_unit_test(what_does_not_come_in_time_is_refused),
        cmocka_unit_test(an_upgrade_hands_over_early_bytes),
        cmocka_unit_test(a_late_upgrade_hands_over_too),
        cmocka_unit_test(what_asks_for_no_upgrade_gets_none),
        cmocka_unit_test(replies_cannot_be_split),
        cmocka_unit_test(pipelined_requests_wait_while_replies_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
