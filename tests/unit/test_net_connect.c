/* Opening connections and the HTTP client: what works, what fails and how it is said. */
#include "net_testing.h"

#include "net/connect.h"

static struct {
    loop *l;
    listener *door;
    http_config config;
    int opened, fetched, status;
    stream *s;
    fault why;
    char body[256], header[64], upgraded[64];
    const char *canned; /* what a server that is not ours answers */
    bool canned_closes;
    int64_t patience_us;
} t;

static size_t raw_data(void *ctx, stream *s, bytes in) {
    stream_write(s, in);
    return in.n;
}

static void raw_closed(void *ctx, stream *s, const fault *why) {}
static const stream_handler raw = {.data = raw_data, .closed = raw_closed};

static void on_request(void *ctx, http_request *r) {
    if (r->path.n == 3 && memcmp(r->path.p, "/up", 3) == 0) {
        stream *s = http_upgrade(r, "blaze");
        assert_non_null(s);
        stream_set_handler(s, &raw, NULL);
        stream_write(s, HTTP_TEXT("early"));
        return;
    }
    if (r->path.n == 6 && memcmp(r->path.p, "/never", 6) == 0) return;
    char text[256];
    bytes x = http_request_header(r, "x-test");
    int n = snprintf(text, sizeof text, "%s %.*s %.*s %.*s", r->method, (int)r->target.n, (const char *)r->target.p,
                     (int)x.n, x.p ? (const char *)x.p : "", (int)r->body.n, r->body.p ? (const char *)r->body.p : "");
    http_header h = {HTTP_TEXT("X-Reply"), HTTP_TEXT("yes")};
    http_reply(r, 201, &h, 1, (bytes){(const uint8_t *)text, (size_t)n});
}

static size_t canned_data(void *ctx, stream *s, bytes in) {
    stream_write(s, (bytes){(const uint8_t *)t.canned, strlen(t.canned)});
    if (t.canned_closes) stream_close(s, 0);
    t.canned = "";
    return in.n;
}

static const stream_handler canned = {.data = canned_data, .closed = raw_closed};

static void on_accept(void *ctx, stream *s, enum protocol inner, listener *l) {
    if (t.canned)
        stream_set_handler(s, &canned, NULL);
    else
        http_accept(s, &t.config);
}

static uint16_t start(void) {
    memset(&t, 0, sizeof t);
    fault f;
    t.l = loop_new(&f);
    t.config.request = on_request;
    listener_config c = {.name = "c", .address = "127.0.0.1", .protocols = PROTOCOL_HTTP, .accept = on_accept};
    t.door = listener_open(t.l, &c, &f);
    return listener_port(t.door);
}

static size_t count_data(void *ctx, stream *s, bytes in) {
    strncat(t.upgraded, (const char *)in.p, in.n);
    return in.n;
}

static void count_closed(void *ctx, stream *s, const fault *why) { t.s = NULL; }
static const stream_handler counting = {.data = count_data, .closed = count_closed};

static void on_opened(void *ctx, stream *s, const fault *why) {
    t.opened++;
    t.s = s;
    if (s)
        stream_set_handler(s, &counting, NULL);
    else
        t.why = *why;
}

static void on_answer(void *ctx, const http_answer *a, const fault *why) {
    t.fetched++;
    if (!a) {
        t.why = *why;
        return;
    }
    t.status = a->status;
    assert_true(a->body.n < sizeof t.body);
    if (a->body.n) memcpy(t.body, a->body.p, a->body.n);
    for (size_t i = 0; i < a->header_count; i++)
        if (strcmp((const char *)a->headers[i].name.p, "x-reply") == 0)
            snprintf(t.header, sizeof t.header, "%s", (const char *)a->headers[i].value.p);
    if (a->upgraded) {
        t.s = a->upgraded;
        stream_set_handler(t.s, &counting, NULL);
    }
}

static void fetch(uint16_t port, const char *method, const char *target, const char *body, const char *upgrade) {
    http_header h = {HTTP_TEXT("X-Test"), HTTP_TEXT("value")};
    http_exchange x = {.to = {.host = "127.0.0.1", .port = port},
                       .method = method,
                       .target = target,
                       .headers = &h,
                       .header_count = 1,
                       .body = {(const uint8_t *)body, strlen(body)},
                       .upgrade = upgrade,
                       .timeout_us = t.patience_us ? t.patience_us : 60000000};
    assert_int_equal(http_fetch(t.l, &x, on_answer, NULL), 0);
    assert_int_equal(t.fetched, 0);
    turn_until(t.l, t.fetched);
    turn_for(t.l, 2000);
    assert_int_equal(t.fetched, 1);
}

static void exchanges_are_whole(void **state) {
    uint16_t port = start();
    fetch(port, NULL, "/a?b", "", NULL);
    assert_int_equal(t.status, 201);
    assert_string_equal(t.body, "GET /a?b value ");
    assert_string_equal(t.header, "yes");
    loop_free(t.l);
    port = start();
    fetch(port, "POST", "/p", "text", NULL);
    assert_string_equal(t.body, "POST /p value text");
    loop_free(t.l);
    port = start();
    fetch(port, "HEAD", "/h", "", NULL);
    assert_int_equal(t.status, 201);
    assert_string_equal(t.body, "");
    loop_free(t.l);
}

static void an_upgrade_gives_the_stream_and_its_early_bytes(void **state) {
    uint16_t port = start();
    fetch(port, NULL, "/up", "", "blaze");
    assert_int_equal(t.status, 101);
    turn_until(t.l, strcmp(t.upgraded, "early") == 0);
    stream_write(t.s, HTTP_TEXT(" echo"));
    turn_until(t.l, strcmp(t.upgraded, "early echo") == 0);
    loop_free(t.l);
    port = start();
    fetch(port, NULL, "/no", "", "blaze");
    assert_int_equal(t.status, 201);
    assert_null(t.s);
    loop_free(t.l);
}

static void answers_of_other_servers_are_read(void **state) {
    static const struct {
        const char *text;
        bool closes;
        int status; /* 0: refused */
        const char *body;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false, 200, "abc"},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", true, 200, "until the end"},
        {"HTTP/1.0 200 OK\r\n\r\n", true, 200, ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false, 204, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", true, 0, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc", true, 0, ""},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", true, 0, ""},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", false, 0, ""},
        {"nonsense\r\n\r\n", false, 0, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false, 0, ""}, /* and never the rest */
        {"", true, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t port = start();
        t.canned = cases[i].text, t.canned_closes = cases[i].closes;
        if (strstr(cases[i].text, "5\r\n\r\nabc") && !cases[i].closes) t.patience_us = 200000;
        fetch(port, NULL, "/", "", NULL);
        if (t.status != cases[i].status) fail_msg("case %zu: %d (%s)", i, t.status, t.why.text);
        assert_string_equal(t.body, cases[i].body);
        loop_free(t.l);
    }
}

static void no_answer_is_a_timeout(void **state) {
    uint16_t port = start();
    t.patience_us = 100000;
    fetch(port, NULL, "/never", "", NULL);
    assert_int_equal(t.why.code, E_TIMEOUT);
    loop_free(t.l);
}

static void requests_cannot_be_split(void **state) {
    uint16_t port = start();
    http_header evil = {HTTP_TEXT("x"), HTTP_TEXT("a\r\nb: c")};
    http_exchange x = {.to = {.host = "127.0.0.1", .port = port}, .headers = &evil, .header_count = 1};
    assert_int_equal(http_fetch(t.l, &x, on_answer, NULL), E_ARGUMENT);
    x.header_count = 0, x.target = "/a b";
    assert_int_equal(http_fetch(t.l, &x, on_answer, NULL), E_ARGUMENT);
    x.target = "/", x.method = "GET /x";
    assert_int_equal(http_fetch(t.l, &x, on_answer, NULL), E_ARGUMENT);
    loop_free(t.l);
}

static void open_and_wait(const char *host, uint16_t port, enum filter_kind kind, int64_t timeout_us) {
    connect_config c = {
        .host = host, .port = port, .filter = kind, .timeout_us = timeout_us ? timeout_us : PATIENCE_US};
    assert_int_equal(stream_connect(t.l, &c, on_opened, NULL), 0);
    turn_until(t.l, t.opened);
    turn_for(t.l, 2000);
    assert_int_equal(t.opened, 1);
}

static void names_are_looked_up(void **state) {
    uint16_t port = start();
    open_and_wait("localhost", port, FILTER_PLAIN, 0);
    assert_non_null(t.s);
    assert_string_equal(stream_peer(t.s), "127.0.0.1");
    assert_int_equal(stream_peer_port(t.s), port);
    assert_string_equal(stream_listener_name(t.s), "");
    loop_free(t.l);
}

static void failures_are_told_with_a_sentence(void **state) {
    uint16_t port = start();
    listener_close(t.door);
    turn_for(t.l, 2000);
    open_and_wait("127.0.0.1", port, FILTER_PLAIN, 0);
    assert_null(t.s);
    assert_int_equal(t.why.code, E_IO);
    assert_non_null(strstr(t.why.text, "connection refused"));
    loop_free(t.l);

    start();
    open_and_wait("no-such-name.invalid", 80, FILTER_PLAIN, 0);
    assert_true(t.why.code == E_NOT_FOUND || t.why.code == E_TIMEOUT);
    loop_free(t.l);
}

/* A peer that accepts and is silent: the handshake never ends. */
static void a_silent_handshake_times_out(void **state) {
    for (int kind = FILTER_TLS; kind <= FILTER_SSL3; kind++) {
        uint16_t port = start();
        t.canned = "";
        open_and_wait("127.0.0.1", port, (enum filter_kind)kind, 0);
        assert_null(t.s);
        assert_int_equal(t.why.code, E_HANDSHAKE); /* our own HTTP-only door closes at once … */
        loop_free(t.l);

        start();
        int door = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof at;
        assert_int_equal(bind(door, (struct sockaddr *)&at, size), 0);
        assert_int_equal(listen(door, 1), 0);
        getsockname(door, (struct sockaddr *)&at, &size);
        open_and_wait("127.0.0.1", ntohs(at.sin_port), (enum filter_kind)kind, 30000);
        assert_null(t.s);
        assert_int_equal(t.why.code, E_TIMEOUT); /* … a full queue of the kernel's does not */
        close(door);
        loop_free(t.l);
    }
}

static void freeing_the_loop_cancels_what_is_under_way(void **state) {
    uint16_t port = start();
    connect_config c = {.host = "127.0.0.1", .port = port}, named = {.host = "localhost", .port = port};
    assert_int_equal(stream_connect(t.l, &c, on_opened, NULL), 0);
    assert_int_equal(stream_connect(t.l, &named, on_opened, NULL), 0);
    loop_free(t.l);
    assert_int_equal(t.opened, 2);
    start();
    c.filter = FILTER_TLS, c.port = listener_port(t.door);
    assert_int_equal(stream_connect(t.l, &c, on_opened, NULL), 0);
    loop_turn(t.l, 0);
    loop_free(t.l);
    assert_int_equal(t.opened, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_are_whole),
        cmocka_unit_test(an_upgrade_gives_the_stream_and_its_early_bytes),
        cmocka_unit_test(answers_of_other_servers_are_read),
        cmocka_unit_test(no_answer_is_a_timeout),
        cmocka_unit_test(requests_cannot_be_split),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(failures_are_told_with_a_sentence),
        cmocka_unit_test(a_silent_handshake_times_out),
        cmocka_unit_test(freeing_the_loop_cancels_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
