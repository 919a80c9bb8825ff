/* The console's frames: what is written is read, in any pieces; what is no frame is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/console.h"

static fault f;

static void test_pieces(void **state) {
    buf b = {0};
    console_frame frame;
    console_frame_put(&b, CONSOLE_RUN, (bytes){(const uint8_t *)"status", 6});
    console_exit_put(&b, 3, CONSOLE_HAS_SECRET);
    for (size_t n = 0; n < 10; n++) assert_int_equal(console_frame_next((bytes){b.p, n}, 100, &frame, &f), 0);
    assert_int_equal(console_frame_next(buf_bytes(&b), 100, &frame, &f), 10);
    assert_int_equal(frame.type, CONSOLE_RUN);
    assert_memory_equal(frame.body.p, "status", 6);
    buf_drop(&b, 10);
    uint8_t code, flags;
    assert_int_equal(console_frame_next(buf_bytes(&b), 100, &frame, &f), 6);
    assert_int_equal(console_exit_read(frame.body, &code, &flags, &f), 0);
    assert_int_equal(code, 3);
    assert_int_equal(flags, CONSOLE_HAS_SECRET);
    buf_free(&b);
}

static void test_hello(void **state) {
    buf b = {0};
    console_frame frame;
    console_hello h = {1, CONSOLE_JSON, 65535, {(const uint8_t *)"1.2", 3}}, read;
    console_hello_put(&b, &h);
    assert_true(console_frame_next(buf_bytes(&b), 100, &frame, &f) == (long)b.n);
    assert_int_equal(console_hello_read(frame.body, &read, &f), 0);
    assert_int_equal(read.protocol, 1);
    assert_int_equal(read.flags, CONSOLE_JSON);
    assert_int_equal(read.width, CONSOLE_WIDTH_MAX);
    assert_int_equal(read.version.n, 3);
    assert_int_equal(console_hello_read((bytes){frame.body.p, 3}, &read, &f), E_TRUNCATED);
    buf_free(&b);
}

static void test_refused(void **state) {
    console_frame frame;
    const uint8_t large[] = {1, 0, 0, 'R'}, unknown[] = {0, 0, 0, 'Z'}, zero[] = {0, 0, 0, 0};
    assert_int_equal(console_frame_next((bytes){large, 4}, 1000, &frame, &f), E_FRAME_TOO_LARGE);
    assert_string_equal(f.text, "a console frame of 65536 bytes; the limit is 1000");
    assert_int_equal(console_frame_next((bytes){unknown, 4}, 1000, &frame, &f), E_BAD_FRAME_TYPE);
    assert_int_equal(console_frame_next((bytes){zero, 4}, 1000, &frame, &f), E_BAD_FRAME_TYPE);
    uint8_t code, flags;
    uint16_t width;
    assert_int_equal(console_exit_read((bytes){zero, 1}, &code, &flags, &f), E_TRUNCATED);
    assert_int_equal(console_width_read((bytes){zero, 1}, &width, &f), E_TRUNCATED);
}

/* A text longer than a frame comes in pieces that are whole characters. */
static void test_long_text(void **state) {
    size_t n = CONSOLE_BODY_MAX + 100, at = 0;
    char *text = malloc(n);
    buf b = {0};
    console_frame frame;
    int frames = 0;
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? '\xbc' : '\xc3'; /* ü ü ü, and the cut would hit the middle of one */
    text[0] = 'x', memmove(text + 1, text + 2, n - 2), text[n - 1] = 'x';
    console_text_put(&b, CONSOLE_TEXT, (bytes){(const uint8_t *)text, n});
    assert_false(b.failed);
    for (size_t read = 0; read < b.n; frames++) {
        long k = console_frame_next((bytes){b.p + read, b.n - read}, CONSOLE_BODY_MAX, &frame, &f);
        assert_true(k > 0);
        assert_int_equal(frame.type, CONSOLE_TEXT);
        assert_memory_equal(frame.body.p, text + at, frame.body.n);
        assert_int_not_equal(frame.body.p[0] & 0xc0, 0x80);
        at += frame.body.n;
        read += (size_t)k;
    }
    assert_int_equal(at, n);
    assert_int_equal(frames, 2);
    buf_free(&b);
    free(text);
}

static void test_list(void **state) {
    buf b = {0};
    uint32_t from;
    bytes rest, one;
    console_list_begin(&b, 7);
    console_list_add(&b, (bytes){(const uint8_t *)"alice", 5});
    console_list_add(&b, (bytes){(const uint8_t *)"bob", 3});
    assert_int_equal(console_list_read(buf_bytes(&b), &from, &rest, &f), 0);
    assert_int_equal(from, 7);
    assert_int_equal(console_list_next(&rest, &one, &f), 1);
    assert_memory_equal(one.p, "alice", 5);
    assert_int_equal(console_list_next(&rest, &one, &f), 1);
    assert_int_equal(one.n, 3);
    assert_int_equal(console_list_next(&rest, &one, &f), 0);
    b.n--; /* cut short */
    console_list_read(buf_bytes(&b), &from, &rest, &f);
    assert_int_equal(console_list_next(&rest, &one, &f), 1);
    assert_int_equal(console_list_next(&rest, &one, &f), E_TRUNCATED);
    char long_text[1000] = {0};
    buf_clear(&b);
    console_list_begin(&b, 0);
    for (int i = 0; i < 100; i++) console_list_add(&b, (bytes){(const uint8_t *)long_text, sizeof long_text});
    assert_true(b.n <= CONSOLE_LIST_BYTES);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),    cmocka_unit_test(test_hello), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_text), cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
