/* Buffers, slabs and arenas: growth, limits, and handles that notice reuse. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/slab.h"

static void a_buffer_grows_and_drops_from_the_front(void **state) {
    buf b = {0};
    for (int i = 0; i < 1000; i++) buf_u32(&b, (uint32_t)i);
    assert_false(b.failed);
    assert_int_equal(b.n, 4000);
    buf_drop(&b, 3996);
    assert_int_equal(b.n, 4);
    assert_int_equal(load_u32(b.p), 999);
    buf_free(&b);
}

static void a_buffer_past_its_maximum_fails_and_stays_failed(void **state) {
    buf b = {.max = 10};
    buf_put(&b, "12345678", 8);
    buf_u32(&b, 1);
    assert_true(b.failed);
    buf_u8(&b, 1);
    assert_int_equal(b.n, 8);
    buf_free(&b);
}

static void a_stale_handle_finds_nothing(void **state) {
    slab s;
    slab_init(&s, 40);
    handle first = slab_add(&s);
    memset(slab_get(&s, first), 0xff, 40);
    assert_true(slab_remove(&s, first));
    assert_false(slab_remove(&s, first));
    handle second = slab_add(&s);
    assert_int_equal(second.slot, first.slot);
    assert_null(slab_get(&s, first));
    assert_int_equal(*(uint8_t *)slab_get(&s, second), 0);
    assert_null(slab_get(&s, (handle){0, 0}));
    assert_null(slab_get(&s, (handle){99999, 1}));
    slab_free(&s);
}

static void slots_do_not_move_while_a_slab_grows(void **state) {
    slab s;
    slab_init(&s, 8);
    handle h = slab_add(&s);
    void *where = slab_get(&s, h);
    for (int i = 0; i < 10000; i++) assert_int_equal(slab_add(&s).generation, 1);
    assert_ptr_equal(slab_get(&s, h), where);
    assert_int_equal(s.used, 10001);
    slab_free(&s);
}

static void an_arena_keeps_to_its_limit(void **state) {
    arena a;
    arena_init(&a, 4096);
    assert_non_null(arena_new(&a, 4000));
    assert_null(arena_new(&a, 200));
    arena_free(&a);
    assert_string_equal(arena_text(&a, "hello world", 5), "hello");
    arena_free(&a);
}

static void every_fault_has_a_name(void **state) {
    for (int code = E_NONE_ + 1; code < E_END_; code++) assert_string_not_equal(fault_name(code), "unknown");
    assert_string_equal(fault_name(E_TRAILING_DATA), "trailing_data");
    assert_string_equal(fault_name(0), "ok");
    assert_string_equal(fault_name(7), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_grows_and_drops_from_the_front),
        cmocka_unit_test(a_buffer_past_its_maximum_fails_and_stays_failed),
        cmocka_unit_test(a_stale_handle_finds_nothing),
        cmocka_unit_test(slots_do_not_move_while_a_slab_grows),
        cmocka_unit_test(an_arena_keeps_to_its_limit),
        cmocka_unit_test(every_fault_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
