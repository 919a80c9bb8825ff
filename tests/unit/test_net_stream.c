/* Streams: bytes in and out, who keeps what, one write a turn, slow and half-closed peers, how they end. */
#include "net_testing.h"

#include "net/stream.h"

/* One accepted stream and what its handler saw. */
static struct peer {
    loop *l;
    listener *door;
    stream *s;
    char heard[1 << 16];
    size_t heard_n, calls, take; /* take: how many bytes `data` consumes at most; 0 = all */
    int closed, ended, drained, timeouts;
    fault why;
    bool echo, keep_ended, pause_after;
} t;

static size_t on_data(void *ctx, stream *s, bytes in) {
    t.calls++;
    size_t n = t.take && in.n > t.take ? t.take : in.n;
    if (t.heard_n + n > sizeof t.heard) t.heard_n = 0; /* floods: only their end is looked at */
    memcpy(t.heard + t.heard_n, in.p, n < sizeof t.heard ? n : sizeof t.heard);
    t.heard_n += n;
    if (t.echo) stream_write(s, (bytes){in.p, n});
    if (t.pause_after) stream_pause(s);
    return n;
}

static void on_drained(void *ctx, stream *s) { t.drained++; }
static void on_ended(void *ctx, stream *s) { t.ended++; }
static void on_timeout(void *ctx, stream *s) { t.timeouts++; }

static void on_closed(void *ctx, stream *s, const fault *why) {
    t.closed++;
    t.why = *why;
    t.s = NULL;
}

static const stream_handler plain = {.data = on_data, .drained = on_drained, .closed = on_closed};
static const stream_handler patient = {.data = on_data, .ended = on_ended, .timeout = on_timeout, .closed = on_closed};

static void on_accept(void *ctx, stream *s, enum protocol inner, listener *l) {
    t.s = s;
    stream_set_handler(s, t.keep_ended ? &patient : &plain, NULL);
}

static int open_one(bool keep_ended) {
    memset(&t, 0, sizeof t);
    fault f = {0};
    t.l = loop_new(&f);
    t.keep_ended = keep_ended;
    listener_config c = {.name = "test", .address = "127.0.0.1", .protocols = PROTOCOL_BLAZE, .accept = on_accept};
    t.door = listener_open(t.l, &c, &f);
    assert_non_null(t.door);
    int fd = dial(listener_port(t.door));
    say_in_steps(t.l, fd, "\1", 1, 1); /* so that it is known to be a raw frame's */
    turn_until(t.l, t.heard_n == 1);
    t.heard_n = t.calls = 0;
    return fd;
}

static void shut(int fd) {
    if (fd >= 0) close(fd);
    loop_free(t.l);
}

static void bytes_pass_both_ways(void **state) {
    int fd = open_one(false);
    t.echo = true;
    say(t.l, fd, "hello");
    hear_text(t.l, fd, "hello");
    assert_int_equal(stream_bytes_in(t.s), 6);
    assert_int_equal(stream_bytes_out(t.s), 5);
    assert_string_equal(stream_peer(t.s), "127.0.0.1");
    assert_string_equal(stream_local_address(t.s), "127.0.0.1");
    assert_int_equal(stream_local_port(t.s), listener_port(t.door));
    assert_string_equal(stream_listener_name(t.s), "test");
    assert_string_equal(stream_transport(t.s), "plain");
    assert_ptr_equal(stream_find(t.l, stream_handle(t.s)), t.s);
    shut(fd);
    assert_int_equal(t.closed, 1);
    assert_int_equal(t.why.code, E_CANCELLED);
}

static void what_is_not_consumed_comes_again_in_front(void **state) {
    int fd = open_one(false);
    t.take = 2;
    say(t.l, fd, "abcde");
    turn_until(t.l, t.heard_n == 2);
    assert_int_equal(t.calls, 1);
    say(t.l, fd, "f");
    turn_until(t.l, t.heard_n == 4);
    t.take = 0;
    say(t.l, fd, "g");
    turn_until(t.l, t.heard_n == 7);
    assert_memory_equal(t.heard, "abcdefg", 7);
    shut(fd);
}

static void kept_bytes_have_a_limit(void **state) {
    int fd = open_one(false);
    static char block[100000];
    stream_set_limits(t.s, 50000, 0, 0);
    t.take = 1;
    t.keep_ended = false;
    int64_t before = counter_get(COUNTER_NET_INPUT_LIMIT);
    say_in_steps(t.l, fd, block, sizeof block, sizeof block);
    turn_until(t.l, t.closed);
    assert_int_equal(t.why.code, E_LIMIT);
    assert_int_equal(counter_get(COUNTER_NET_INPUT_LIMIT), before + 1);
    shut(fd);
}

static void writes_of_one_turn_leave_as_one(void **state) {
    int fd = open_one(false);
    int64_t before = counter_get(COUNTER_NET_WRITES);
    shared *body = shared_new(NULL, 5000);
    memset(body->p, 'x', body->n);
    stream_write(t.s, (bytes){(const uint8_t *)"one ", 4});
    stream_write_shared(t.s, (bytes){(const uint8_t *)"two ", 4}, body);
    stream_write(t.s, (bytes){(const uint8_t *)"three", 5});
    stream_write_shared(t.s, (bytes){0}, body);
    shared_drop(body);
    assert_int_equal(stream_queued(t.s), 10013);
    loop_turn(t.l, 0);
    assert_int_equal(stream_queued(t.s), 0);
    assert_int_equal(counter_get(COUNTER_NET_WRITES), before + 1);
    static char got[10013];
    assert_int_equal(hear(t.l, fd, got, sizeof got, PATIENCE_US, NULL), sizeof got);
    assert_memory_equal(got, "one two xxx", 11);
    assert_memory_equal(got + 5007, "xthreex", 7);
    shut(fd);
}

static void shared_bodies_are_let_go(void **state) {
    int fd = open_one(false);
    shared *body = shared_new(NULL, 4 << 20);
    memset(body->p, 'y', body->n);
    stream_set_limits(t.s, 0, 64 << 20, 0);
    for (int i = 0; i < 3; i++) stream_write_shared(t.s, (bytes){(const uint8_t *)"h", 1}, body);
    assert_int_equal(atomic_load(&body->refs), 4);
    static char got[(12 << 20) + 3];
    assert_int_equal(hear(t.l, fd, got, sizeof got, PATIENCE_US, NULL), sizeof got);
    turn_until(t.l, stream_queued(t.s) == 0);
    turn_until(t.l, atomic_load(&body->refs) == 1 && t.drained);
    assert_int_equal(t.drained, 1);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof got; i++) wrong += got[i] != (i % ((4 << 20) + 1) ? 'y' : 'h');
    assert_int_equal(wrong, 0);
    shared_drop(body);
    shut(fd);
}

static void a_peer_that_does_not_read_is_dropped_at_the_limit(void **state) {
    int fd = open_one(false);
    stream_set_limits(t.s, 0, 1 << 20, 0);
    static char block[65536];
    int64_t before = counter_get(COUNTER_NET_SLOW_PEERS);
    size_t most = 0;
    for (int i = 0; i < 1000 && t.s; i++) {
        stream_write(t.s, (bytes){(const uint8_t *)block, sizeof block});
        if (stream_queued(t.s) > most) most = stream_queued(t.s);
        loop_turn(t.l, 0);
    }
    turn_until(t.l, t.closed);
    assert_int_equal(t.why.code, E_SLOW_PEER);
    assert_true(most <= 1 << 20);
    assert_int_equal(counter_get(COUNTER_NET_SLOW_PEERS), before + 1);
    shut(fd);
}

static void a_long_turn_is_no_slow_peer(void **state) {
    int fd = open_one(false);
    stream_set_limits(t.s, 0, 100000, 0);
    static char block[10000], got[300000];
    for (int i = 0; i < 30; i++) stream_write(t.s, (bytes){(const uint8_t *)block, sizeof block});
    assert_int_equal(hear(t.l, fd, got, sizeof got, PATIENCE_US, NULL), sizeof got);
    assert_int_equal(t.closed, 0);
    shut(fd);
}

static void a_queue_that_does_not_move_is_dropped_in_time(void **state) {
    int fd = open_one(false);
    stream_set_limits(t.s, 0, 64 << 20, 50000);
    shared *body = shared_new(NULL, 16 << 20);
    memset(body->p, 0, body->n);
    stream_write_shared(t.s, (bytes){0}, body);
    int64_t begun = clock_mono_us();
    turn_until(t.l, t.closed);
    assert_int_equal(t.why.code, E_SLOW_PEER);
    assert_true(clock_mono_us() - begun >= 50000);
    turn_until(t.l, atomic_load(&body->refs) == 1);
    shared_drop(body);
    shut(fd);
}

static void a_flooded_stream_reads_no_more_requests(void **state) {
    int fd = open_one(false);
    shared *body = shared_new(NULL, 16 << 20);
    memset(body->p, 0, body->n);
    stream_set_limits(t.s, 0, 64 << 20, 0);
    stream_write_shared(t.s, (bytes){0}, body);
    shared_drop(body);
    turn_for(t.l, 5000);
    say(t.l, fd, "request");
    turn_for(t.l, 20000);
    assert_int_equal(t.heard_n, 0);
    static char got[16 << 20];
    hear(t.l, fd, got, sizeof got, PATIENCE_US, NULL);
    turn_until(t.l, t.heard_n == 7);
    shut(fd);
}

static void pause_keeps_and_resume_gives_again(void **state) {
    int fd = open_one(false);
    t.take = 3, t.pause_after = true;
    say(t.l, fd, "abcdef");
    turn_until(t.l, t.heard_n == 3);
    say(t.l, fd, "ghi");
    turn_for(t.l, 5000);
    assert_int_equal(t.calls, 1);
    stream_resume(t.s);
    turn_until(t.l, t.heard_n == 6);
    t.take = 0, t.pause_after = false;
    stream_resume(t.s);
    turn_until(t.l, t.heard_n == 9);
    assert_memory_equal(t.heard, "abcdefghi", 9);
    shut(fd);
}

static char second_heard[64];

static size_t second_data(void *ctx, stream *s, bytes in) {
    assert_true(strlen(second_heard) + in.n < sizeof second_heard);
    strncat(second_heard, (const char *)in.p, in.n);
    return in.n;
}

static const stream_handler second_handler = {.data = second_data, .closed = on_closed};

static size_t switch_data(void *ctx, stream *s, bytes in) {
    const uint8_t *mark = memchr(in.p, '!', in.n);
    if (!mark) return 0;
    stream_set_handler(s, &second_handler, NULL);
    return (size_t)(mark - in.p) + 1;
}

static const stream_handler switching = {.data = switch_data, .closed = on_closed};

static void a_new_handler_gets_the_early_bytes(void **state) {
    for (int split = 0; split < 2; split++) {
        int fd = open_one(false);
        second_heard[0] = 0;
        stream_set_handler(t.s, &switching, NULL);
        say_in_steps(t.l, fd, "upgrade!early", 13, split ? 1 : 13);
        turn_until(t.l, strcmp(second_heard, "early") == 0);
        say(t.l, fd, " late");
        turn_until(t.l, strcmp(second_heard, "early late") == 0);
        shut(fd);
    }
}

static void closing_sends_what_is_queued_first(void **state) {
    int fd = open_one(false);
    static char block[3 << 20];
    memset(block, 'z', sizeof block);
    stream_write(t.s, (bytes){(const uint8_t *)block, sizeof block});
    stream_close(t.s, 0);
    stream_write(t.s, (bytes){(const uint8_t *)"more", 4}); /* too late: nothing */
    assert_int_equal(t.closed, 0);                          /* never from inside a call */
    static char got[(3 << 20) + 16];
    bool ended;
    assert_int_equal(hear(t.l, fd, got, sizeof got, PATIENCE_US, &ended), sizeof block);
    assert_true(ended);
    assert_int_equal(t.closed, 1);
    assert_int_equal(t.why.code, 0);
    shut(fd);
}

static void closing_does_not_reset_a_peer_that_still_sends(void **state) {
    int fd = open_one(false);
    stream_write(t.s, (bytes){(const uint8_t *)"sorry", 5});
    stream_close(t.s, E_LIMIT);
    say(t.l, fd, "still talking, still talking");
    char got[16];
    turn_for(t.l, 5000);
    bool ended;
    assert_int_equal(hear(t.l, fd, got, sizeof got, PATIENCE_US, &ended), 5);
    assert_true(ended);
    assert_int_equal(t.why.code, E_LIMIT);
    close(fd);
    shut(-1);
}

static void closed_is_told_once_with_the_first_reason(void **state) {
    int fd = open_one(false);
    handle h = stream_handle(t.s);
    fault why;
    fault_set(&why, E_PROTOCOL, "said a bad word");
    stream_close_why(t.s, &why);
    stream_close(t.s, E_LIMIT);
    stream_abort(t.s, E_IO);
    turn_until(t.l, t.closed);
    turn_for(t.l, 3000);
    assert_int_equal(t.closed, 1);
    assert_int_equal(t.why.code, E_PROTOCOL);
    assert_string_equal(t.why.text, "said a bad word");
    assert_null(stream_find(t.l, h));
    shut(fd);
}

static void the_peers_end_closes(void **state) {
    int fd = open_one(false);
    say(t.l, fd, "last words");
    close(fd);
    turn_until(t.l, t.closed);
    assert_int_equal(t.heard_n, 10);
    assert_int_equal(t.why.code, E_CLOSED);
    shut(-1);
}

static void a_half_closed_peer_still_gets_its_answer(void **state) {
    int fd = open_one(true);
    say(t.l, fd, "question");
    shutdown(fd, SHUT_WR);
    turn_until(t.l, t.ended == 1);
    assert_int_equal(t.closed, 0);
    stream_write(t.s, (bytes){(const uint8_t *)"answer", 6});
    stream_close(t.s, 0);
    char got[32];
    assert_string_equal(hear_all(t.l, fd, got, sizeof got), "answer");
    shut(fd);
}

static void a_reset_is_noticed(void **state) {
    int fd = open_one(false);
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    turn_until(t.l, t.closed);
    assert_int_equal(t.why.code, E_CLOSED);
    shut(-1);
}

static void timeouts_close_or_ask(void **state) {
    int fd = open_one(true);
    int64_t begun = clock_mono_us();
    stream_set_timeout(t.s, 20000);
    stream_set_timeout(t.s, 60000); /* moved back: fires once, late */
    turn_until(t.l, t.timeouts);
    assert_true(clock_mono_us() - begun >= 59000);
    assert_int_equal(t.closed, 0);
    stream_set_timeout(t.s, 5000);
    stream_set_timeout(t.s, 0);
    turn_for(t.l, 15000);
    assert_int_equal(t.timeouts, 1);
    stream_set_handler(t.s, &plain, NULL);
    stream_set_timeout(t.s, 1000);
    turn_until(t.l, t.closed);
    assert_int_equal(t.why.code, E_TIMEOUT);
    shut(fd);
}

static void a_peer_that_never_takes_the_close_is_cut_off(void **state) {
    int fd = open_one(false);
    stream_close(t.s, 0);
    turn_until(t.l, t.closed); /* told as soon as everything is sent … */
    assert_int_equal(counter_get(COUNTER_NET_OPEN), 1);
    turn_until(t.l, counter_get(COUNTER_NET_OPEN) == 0); /* … while the socket waits two seconds for the peer */
    shut(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_pass_both_ways),
        cmocka_unit_test(what_is_not_consumed_comes_again_in_front),
        cmocka_unit_test(kept_bytes_have_a_limit),
        cmocka_unit_test(writes_of_one_turn_leave_as_one),
        cmocka_unit_test(shared_bodies_are_let_go),
        cmocka_unit_test(a_peer_that_does_not_read_is_dropped_at_the_limit),
        cmocka_unit_test(a_long_turn_is_no_slow_peer),
        cmocka_unit_test(a_queue_that_does_not_move_is_dropped_in_time),
        cmocka_unit_test(a_flooded_stream_reads_no_more_requests),
        cmocka_unit_test(pause_keeps_and_resume_gives_again),
        cmocka_unit_test(a_new_handler_gets_the_early_bytes),
        cmocka_unit_test(closing_sends_what_is_queued_first),
        cmocka_unit_test(closing_does_not_reset_a_peer_that_still_sends),
        cmocka_unit_test(closed_is_told_once_with_the_first_reason),
        cmocka_unit_test(the_peers_end_closes),
        cmocka_unit_test(a_half_closed_peer_still_gets_its_answer),
        cmocka_unit_test(a_reset_is_noticed),
        cmocka_unit_test(timeouts_close_or_ask),
        cmocka_unit_test(a_peer_that_never_takes_the_close_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
