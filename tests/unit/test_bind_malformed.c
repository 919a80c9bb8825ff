/* Requests that HTTP refuses, and handshakes that fail, are kept for the operator: what of them, and what never. */
#include "net_world.h"

#include "base/malformed.h"
#include "bind/inspect.h"

static const char *newest(void) {
    static char text[8192];
    malformed m;
    buf out = {0};
    assert_true(malformed_get(0, &m));
    inspect_malformed_text(&m, &out);
    snprintf(text, sizeof text, "%.*s", (int)out.n, (const char *)out.p);
    buf_free(&out);
    return text;
}

static const char *kept(void) {
    static malformed m;
    assert_true(malformed_get(0, &m));
    m.data[m.kept < MALFORMED_BYTES ? m.kept : MALFORMED_BYTES - 1] = 0;
    return (const char *)m.data;
}

static void a_head_without_what_is_nobodys_business(void **state) {
    world_script("");
    assert_contains(
        ask("GET /gaw?auth=sesame HTTP/1.1\r\nHost: a\r\nX-Token: sesame\r\nConnection : close\r\n\r\nsesame"), "400");
    assert_string_equal(kept(),
                        "GET /gaw?*********** HTTP/1.1\r\nHost: a\r\nX-Token: ******\r\nConnection : *****\r\n");
    assert_contains(newest(), "http refused: bad_request\n  from 127.0.0.1, door web\n");
    assert_contains(newest(), "refused with 400 Bad Request, in the head of a request");
    world_end();
}

static void a_line_that_is_no_header(void **state) {
    world_script("");
    assert_contains(ask("GET / HTTP/1.1\r\nsesame open\r\n\r\n"), "400");
    assert_string_equal(kept(), "GET / HTTP/1.1\r\n****** ****\r\n");
    assert_contains(ask("sesame open now please\r\n\r\n"), "400");
    assert_contains(newest(),
                    "sesame open now"); /* a request line is a path as a rule: without its query it is shown */
    world_end();
}

static void a_body_is_not_kept(void **state) {
    world_script("mu.http.post('/x', { handle = function() return { text = 'hi' } end })");
    assert_contains(
        ask("POST /x?sesame HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nsesame\r\n0\r\n\r\n"),
        "400");
    assert_contains(newest(), "http of POST /x refused");
    assert_contains(newest(), "in the body of a request");
    assert_null(strstr(newest(), "sesame"));
    assert_string_equal(kept(), "");
    world_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_without_what_is_nobodys_business),
        cmocka_unit_test(a_line_that_is_no_header),
        cmocka_unit_test(a_body_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
