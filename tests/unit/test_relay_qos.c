/* Probes and their answers, byte by byte (reference 04 §9.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "relay/qos.h"

static uint8_t out[QOS_ANSWER_MAX];

static relay_address player(void) {
    relay_address a;
    assert_int_equal(relay_address_read("203.0.113.9", 3659, &a), 0);
    return a;
}

static void an_address_probe_tells_the_address(void **state) {
    static const uint8_t probe[20] = {0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0xaa, 0xbb, 0xcc, 0xdd};
    relay_address from = player();
    assert_int_equal(qos_answer((bytes){probe, sizeof probe}, &from, out), 30);
    assert_memory_equal(out, probe, 20);
    assert_memory_equal(out + 20, "\xcb\x00\x71\x09\x0e\x4b\0\0\0\0", 10);
    relay_address_fit(&from, AF_INET6); /* the same player on a socket of both families */
    assert_int_equal(qos_answer((bytes){probe, sizeof probe}, &from, out), 30);
    assert_memory_equal(out + 20, "\xcb\x00\x71\x09\x0e\x4b", 6);
}

static void a_latency_probe_comes_back_as_long_as_it_was(void **state) {
    uint8_t probe[1200] = {0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 10};
    relay_address from = player();
    for (size_t i = 20; i < sizeof probe; i++) probe[i] = (uint8_t)i;
    assert_int_equal(qos_answer((bytes){probe, sizeof probe}, &from, out), sizeof probe);
    assert_memory_equal(out, probe, 20); /* the count comes back as it came */
    assert_int_equal(load_u32(out + 20), 6000000);
    assert_int_equal(load_u16(out + 24), 3659);
    assert_memory_equal(out + 26, probe + 20, sizeof probe - 26);
    assert_int_equal(qos_answer((bytes){probe, 26}, &from, out), 26);
}

static void other_things_are_not_answered(void **state) {
    static const uint8_t nothing[2000] = {0};
    relay_address from = player();
    for (size_t n = 0; n < 20; n++) assert_int_equal(qos_answer((bytes){nothing, n}, &from, out), 0); /* firewall: 8 */
    for (size_t n = 20; n < 26; n++) assert_int_equal(qos_answer((bytes){nothing, n}, &from, out), 0);
    assert_int_equal(qos_answer((bytes){nothing, 1401}, &from, out), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_probe_tells_the_address),
        cmocka_unit_test(a_latency_probe_comes_back_as_long_as_it_was),
        cmocka_unit_test(other_things_are_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
