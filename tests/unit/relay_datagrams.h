/* relay_datagrams.h: what both ways of relay/datagrams.h have to do: keep boundaries, senders and order, say what was
 * too long, send on when one datagram cannot be sent. The whole test; included by two programs. */
#ifndef UNIT_RELAY_DATAGRAMS_H
#define UNIT_RELAY_DATAGRAMS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "relay/datagrams.h"

static int open_one(uint16_t *port) {
    fault f;
    int fd = datagrams_bind("127.0.0.1", 0, &f);
    assert_true(fd > 0);
    *port = datagrams_port(fd);
    return fd;
}

static relay_address at(uint16_t port) {
    relay_address a;
    assert_int_equal(relay_address_read("127.0.0.1", port, &a), 0);
    return a;
}

static void batches_go_out_and_come_in(void **state) {
    uint16_t from, to;
    int one = open_one(&from), other = open_one(&to);
    datagrams_out *out = datagrams_out_new();
    datagrams_in *in = datagrams_in_new();
    uint8_t text[DATAGRAMS + 10][16];
    relay_address target = at(to);
    assert_int_equal(datagrams_receive(in, other), 0);
    for (int i = 0; i < DATAGRAMS; i++) {
        memset(text[i], i, sizeof text[i]);
        assert_true(datagrams_add(out, &target, text[i], (size_t)i % 17));
    }
    assert_false(datagrams_add(out, &target, text[0], 1));
    assert_int_equal(datagrams_send(out, one), DATAGRAMS);
    assert_int_equal(out->count, 0);
    int n = 0;
    for (int got; n < DATAGRAMS; n += got) {
        struct pollfd p = {.fd = other, .events = POLLIN};
        assert_true(poll(&p, 1, 60000) > 0);
        got = datagrams_receive(in, other);
        for (int i = 0; i < got; i++) {
            assert_int_equal(in->length[i], (n + i) % 17);
            assert_memory_equal(in->data[i], text[n + i], in->length[i]);
            assert_int_equal(relay_address_port(&in->from[i]), from);
            assert_false(in->cut[i]);
        }
    }
    datagrams_out_free(out), datagrams_in_free(in);
    close(one), close(other);
}

static void a_long_one_is_cut_and_a_bad_one_passed_over(void **state) {
    static uint8_t large[4000];
    uint16_t from, to;
    int one = open_one(&from), other = open_one(&to);
    datagrams_out *out = datagrams_out_new();
    datagrams_in *in = datagrams_in_new();
    relay_address target = at(to), nowhere = at(0);
    assert_true(datagrams_add(out, &target, large, DATAGRAM_ROOM));
    assert_true(datagrams_add(out, &nowhere, large, 1)); /* port 0: the system refuses it */
    assert_true(datagrams_add(out, &target, large, sizeof large));
    assert_int_equal(datagrams_send(out, one), 2);
    for (int n = 0, got; n < 2; n += got) {
        struct pollfd p = {.fd = other, .events = POLLIN};
        assert_true(poll(&p, 1, 60000) > 0);
        got = datagrams_receive(in, other);
        for (int i = 0; i < got; i++) assert_int_equal(in->cut[i], n + i == 1);
    }
    datagrams_out_free(out), datagrams_in_free(in);
    close(one), close(other);
}

/* Equal lengths to one peer in a row leave together on Linux; nobody must see that. */
static void rows_to_one_peer_keep_their_boundaries(void **state) {
    uint16_t from, to[2];
    int one = open_one(&from), others[2] = {open_one(&to[0]), open_one(&to[1])};
    datagrams_out *out = datagrams_out_new();
    datagrams_in *in = datagrams_in_new();
    uint8_t text[DATAGRAMS][209];
    for (int i = 0; i < DATAGRAMS; i++) {
        relay_address target = at(to[i / 16 % 2]);
        memset(text[i], i, sizeof text[i]);
        assert_true(datagrams_add(out, &target, text[i], i % 16 == 15 ? 100 : sizeof text[i]));
    }
    assert_int_equal(datagrams_send(out, one), DATAGRAMS);
    for (int k = 0; k < 2; k++)
        for (int n = 0, got; n < DATAGRAMS / 2; n += got) {
            struct pollfd p = {.fd = others[k], .events = POLLIN};
            assert_true(poll(&p, 1, 60000) > 0);
            got = datagrams_receive(in, others[k]);
            for (int i = 0; i < got; i++) {
                int number = (n + i) / 16 * 32 + k * 16 + (n + i) % 16;
                assert_int_equal(in->length[i], number % 16 == 15 ? 100 : sizeof text[0]);
                assert_int_equal(in->data[i][0], number);
                assert_int_equal(in->data[i][99], number);
            }
        }
    datagrams_out_free(out), datagrams_in_free(in);
    close(one), close(others[0]), close(others[1]);
}

static void doors_say_what_is_wrong(void **state) {
    uint16_t port;
    fault f;
    int fd = open_one(&port);
    assert_true(datagrams_bind("127.0.0.1", port, &f) < 0);
    assert_non_null(strstr(f.text, "cannot be opened"));
    assert_int_equal(datagrams_bind("nowhere", 1, &f), E_CONFIG);
    assert_non_null(strstr(f.text, "'nowhere' is no address"));
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_go_out_and_come_in),
        cmocka_unit_test(a_long_one_is_cut_and_a_bad_one_passed_over),
        cmocka_unit_test(rows_to_one_peer_keep_their_boundaries),
        cmocka_unit_test(doors_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
