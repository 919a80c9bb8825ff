/* The game's telemetry: the sample of the protocol reference, and messages that lie about their length. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/telemetry.h"

static const char sample[] = "4038612d6458559044403132478d5243905251535b925b41623c3b2d43366b873b4a6f383c325b1e4c87941d2"
                             "b2f374d548580474ebd3738491e"
                             "645855904636335b451b594390525153599346216e3f3a562e296f8e4721633b3c5a168d521b4e8d5050575d1"
                             "65a5f164b445f8a165a3555549152"
                             "868680891d5a555387929056508a19441980362f335e9068";

static void put_hex(buf *b, const char *hex) {
    for (; *hex; hex += 2) {
        unsigned high = hex[0] <= '9' ? hex[0] - '0' : hex[0] - 'a' + 10;
        unsigned low = hex[1] <= '9' ? hex[1] - '0' : hex[1] - 'a' + 10;
        buf_u8(b, (uint8_t)(high << 4 | low));
    }
}

static void is(bytes got, const char *want) {
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void the_sample_is_read(void **state) {
    buf b = {0}, text = {0};
    buf_put(&b, "&lgr\0\0\0\0\0\0\0\0SUB=1\nnonsense\nTLM3=", 32);
    put_hex(&b, sample);
    buf_put(&b, "\nAUTH=a=b\0X=1\n", 14);
    save_u32(b.p + 8, (uint32_t)b.n);
    assert_int_equal(telemetry_parse(buf_bytes(&b), NULL), b.n);
    bytes lines = {b.p + 12, b.n - 12}, key, value;
    assert_true(telemetry_next_line(&lines, &key, &value));
    is(key, "SUB");
    assert_true(telemetry_next_line(&lines, &key, &value));
    assert_true(telemetry_is(key, "TLM3"));
    assert_int_equal(telemetry_reveal(value, &text), 0);
    is(buf_bytes(&text), "000002DF/-;00000022/BOOT/SESS/OLNG/vlng=INT&tlng=INT,"
                         "000002DF/-;00000023/ONLN/BLAZ/DCON/berr=-2146631680&fsta=11&tsta=3&sess=pcwdjtOCVpD");
    assert_true(telemetry_next_line(&lines, &key, &value));
    is(value, "a=b");
    assert_false(telemetry_next_line(&lines, &key, &value));

    bytes events = buf_bytes(&text);
    telemetry_event e;
    assert_int_equal(telemetry_next_event(&events, &e), 1);
    assert_int_equal(e.time, 0x2df);
    assert_int_equal(e.sequence, 0x22);
    assert_int_equal(telemetry_next_event(&events, &e), 1);
    is(e.module, "ONLN");
    is(e.group, "BLAZ");
    is(e.name, "DCON");
    for (int i = 0; i < 4; i++) assert_true(telemetry_next_attribute(&e.attributes, &key, &value));
    is(key, "sess");
    is(value, "pcwdjtOCVpD");
    assert_false(telemetry_next_attribute(&e.attributes, &key, &value));
    assert_int_equal(telemetry_next_event(&events, &e), 0);
    buf_free(&b);
    buf_free(&text);
}

static void lengths_are_checked(void **state) {
    uint8_t header[12] = {0};
    fault f;
    assert_int_equal(telemetry_parse((bytes){header, 11}, &f), E_INCOMPLETE);
    header[11] = 11;
    assert_int_equal(telemetry_parse((bytes){header, 12}, &f), E_PROTOCOL);
    header[11] = 12;
    assert_int_equal(telemetry_parse((bytes){header, 12}, &f), 12);
    header[9] = 1;
    assert_int_equal(telemetry_parse((bytes){header, 12}, &f), E_FRAME_TOO_LARGE);
    assert_string_equal(f.text, "a telemetry message of 65548 bytes; the limit is 65536");
}

static void events_of_another_shape_are_passed_over(void **state) {
    static const char text[] =
        "x,00000055/-;00000029/GAME/MULT,00000055/-;0000002g/A/B/C/,00000055/-;00000029/GAME/MULT/KILL/a=1";
    bytes events = {(const uint8_t *)text, sizeof text - 1};
    telemetry_event e;
    for (int i = 0; i < 3; i++) assert_int_equal(telemetry_next_event(&events, &e), E_PROTOCOL);
    assert_int_equal(telemetry_next_event(&events, &e), 1);
    is(e.name, "KILL");
    assert_int_equal(telemetry_next_event(&events, &e), 0);
    buf out = {0};
    assert_int_equal(telemetry_reveal((bytes){(const uint8_t *)"none", 4}, &out), E_PROTOCOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_is_read),
        cmocka_unit_test(lengths_are_checked),
        cmocka_unit_test(events_of_another_shape_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
