/* The tunnel's two wires: the vectors of reference 04 appendix D, and lengths that lie. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/fault.h"
#include "codec/tunnel.h"

static const char token[] = "ABEiM0RVRneImaq7zN3u_w.t1JByHEIzvLyTStsF16zhHDG5BrBPj2ddDC06yYgXHI";

static bytes text(const char *s) { return (bytes){(const uint8_t *)s, strlen(s)}; }

static void the_vectors_are_read(void **state) {
    tunnel_message m;
    uint8_t initiate[74] = {1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x42};
    memcpy(initiate + 8, token, 66);
    assert_int_equal(tunnel_parse((bytes){initiate, sizeof initiate}, &m), 0);
    assert_int_equal(m.type, TUNNEL_INITIATE);
    assert_int_equal(m.id, TUNNEL_NO_ID);
    assert_int_equal(m.body.n, 66);
    assert_memory_equal(m.body.p, token, 66);

    static const uint8_t forward[] = {1, 0, 0, 0, 7, 2, 0, 0, 3, 'a', 'b', 'c'};
    assert_int_equal(tunnel_parse((bytes){forward, sizeof forward}, &m), 0);
    assert_int_equal(m.type, TUNNEL_FORWARD);
    assert_int_equal(m.id, 7);
    assert_int_equal(m.index, 0);
    assert_int_equal(m.body.n, 3);
    assert_memory_equal(m.body.p, "abc", 3);

    static const uint8_t keep_alive[] = {1, 0, 0, 0, 7, 3, 9, 9}; /* what follows is ignored */
    assert_int_equal(tunnel_parse((bytes){keep_alive, sizeof keep_alive}, &m), 0);
    assert_int_equal(m.type, TUNNEL_KEEP_ALIVE);
    assert_int_equal(m.body.n, 0);
}

static void the_vectors_are_written(void **state) {
    uint8_t b[16];
    assert_int_equal(tunnel_write_initiated(b, 7), 10);
    assert_memory_equal(b, "\1\0\0\0\7\1\0\0\0\7", 10);
    assert_int_equal(tunnel_write_keep_alive(b, 7), 6);
    assert_memory_equal(b, "\1\0\0\0\7\3", 6);
    tunnel_write_forward(b, 7, 0, 3);
    assert_memory_equal(b, "\1\0\0\0\7\2\0\0\3", 9);
    assert_int_equal(tunnel_write_nudge(b, 0x01020304), 6);
    assert_memory_equal(b, "\1\1\2\3\4\xff", 6);
    tunnel_message m;
    assert_int_equal(tunnel_parse((bytes){b, 6}, &m), E_PROTOCOL); /* nobody decodes it, we neither */

    tunnel_frame_header(b, 0, 3);
    assert_memory_equal(b, "\0\0\3", 3);
    tunnel_frame_keep_alive(b);
    assert_memory_equal(b, "\xff\0\2\0\0", 5);
}

static void what_is_none_is_refused(void **state) {
    tunnel_message m;
    static const uint8_t good[] = {1, 0, 0, 0, 7, 2, 3, 0, 3, 'a', 'b', 'c'};
    for (size_t n = 0; n < sizeof good; n++) assert_int_equal(tunnel_parse((bytes){good, n}, &m), E_TRUNCATED);
    uint8_t bad[sizeof good];
    memcpy(bad, good, sizeof good);
    bad[0] = 2;
    assert_int_equal(tunnel_parse((bytes){bad, sizeof bad}, &m), E_PROTOCOL);
    bad[0] = 1, bad[5] = 4;
    assert_int_equal(tunnel_parse((bytes){bad, sizeof bad}, &m), E_PROTOCOL);
    static uint8_t longest[8 + TUNNEL_TOKEN_MAX + 1] = {1, 0, 0, 0, 7, 0};
    save_u16(longest + 6, TUNNEL_TOKEN_MAX + 1);
    assert_int_equal(tunnel_parse((bytes){longest, sizeof longest}, &m), E_LIMIT);
    assert_int_equal(tunnel_parse((bytes){(const uint8_t *)"\1\0\0\0\7\1\0\0\0", 9}, &m), E_TRUNCATED);
}

static void frames_need_three_bytes(void **state) {
    tunnel_frame f;
    assert_int_equal(tunnel_frame_parse((bytes){(const uint8_t *)"\xff\0\0", 3}, &f), 3);
    assert_int_equal(f.index, TUNNEL_FRAME_NOBODY);
    assert_int_equal(f.payload.n, 0);
    assert_int_equal(tunnel_frame_parse((bytes){(const uint8_t *)"\xff\0", 2}, &f), E_INCOMPLETE);
    assert_int_equal(tunnel_frame_parse((bytes){(const uint8_t *)"\0\0\3ab", 5}, &f), E_INCOMPLETE);
    assert_int_equal(tunnel_frame_parse((bytes){(const uint8_t *)"\0\0\3abc\1", 7}, &f), 6);
    assert_int_equal(f.payload.n, 3);
    assert_memory_equal(f.payload.p, text("abc").p, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_are_read),
        cmocka_unit_test(the_vectors_are_written),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(frames_need_three_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
