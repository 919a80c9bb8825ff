/* Conditions and ranges of files over HTTP, by the tables of RFC 9110. */
#include "net_testing.h"

#include "net/http_file.h"

#define TAG     "\"abc\""
#define WRITTEN 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static int ask(bool head, const char *const *headers, http_file_part *part) {
    http_header list[4];
    size_t n = 0;
    for (; headers[2 * n]; n++) {
        list[n].name = (bytes){(const uint8_t *)headers[2 * n], strlen(headers[2 * n])};
        list[n].value = (bytes){(const uint8_t *)headers[2 * n + 1], strlen(headers[2 * n + 1])};
    }
    http_request r = {.method = head ? "HEAD" : "GET", .headers = list, .header_count = n, .head = head};
    http_file_view v = {.etag = TAG, .modified = WRITTEN, .size = 1000};
    return http_file_choose(&r, &v, part);
}

static void parts_are_chosen(void **state) {
    static const struct {
        int status;
        size_t from, n;
        const char *headers[7];
    } cases[] = {
        {200, 0, 1000, {NULL}},
        {206, 0, 1, {"range", "bytes=0-0"}},
        {206, 10, 11, {"range", "bytes=10-20"}},
        {206, 990, 10, {"range", "bytes=990-"}},
        {206, 990, 10, {"range", "bytes=990-5000"}},
        {206, 999, 1, {"range", "bytes=-1"}},
        {206, 0, 1000, {"range", "bytes=-5000"}},
        {206, 5, 1, {"range", "BYTES= 5-5 "}},
        {416, 0, 0, {"range", "bytes=1000-"}},
        {416, 0, 0, {"range", "bytes=1000-1001"}},
        {416, 0, 0, {"range", "bytes=-0"}},
        {200, 0, 1000, {"range", "bytes=20-10"}},
        {200, 0, 1000, {"range", "bytes=0-1,5-6"}},
        {200, 0, 1000, {"range", "bytes="}},
        {200, 0, 1000, {"range", "bytes=-"}},
        {200, 0, 1000, {"range", "bytes=a-b"}},
        {200, 0, 1000, {"range", "bytes=1-2x"}},
        {200, 0, 1000, {"range", "lines=1-2"}},
        {200, 0, 1000, {"range", "bytes=99999999999999999999-"}},
        {304, 0, 0, {"if-none-match", TAG}},
        {304, 0, 0, {"if-none-match", "*"}},
        {304, 0, 0, {"if-none-match", "\"x,y\", W/" TAG}},
        {304, 0, 0, {"if-none-match", TAG, "range", "bytes=0-0"}},
        {200, 0, 1000, {"if-none-match", "\"abcd\""}},
        {200, 0, 1000, {"if-none-match", "abc"}},
        {200, 0, 1000, {"if-none-match", "\"abc"}},
        {304, 0, 0, {"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}},
        {304, 0, 0, {"if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT"}},
        {304, 0, 0, {"if-modified-since", "Sun Nov  6 08:49:38 1994"}},
        {200, 0, 1000, {"if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT"}},
        {200, 0, 1000, {"if-modified-since", "yesterday"}},
        {200, 0, 1000, {"if-none-match", "\"x\"", "if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}},
        {412, 0, 0, {"if-match", "\"x\""}},
        {412, 0, 0, {"if-match", "W/" TAG}},
        {200, 0, 1000, {"if-match", "\"x\" , " TAG}},
        {412, 0, 0, {"if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT"}},
        {200, 0, 1000, {"if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}},
        {206, 0, 2, {"range", "bytes=0-1", "if-range", TAG}},
        {200, 0, 1000, {"range", "bytes=0-1", "if-range", "W/" TAG}},
        {200, 0, 1000, {"range", "bytes=0-1", "if-range", "\"x\""}},
        {206, 0, 2, {"range", "bytes=0-1", "if-range", "Sun, 06 Nov 1994 08:49:37 GMT"}},
        {200, 0, 1000, {"range", "bytes=0-1", "if-range", "Sun, 06 Nov 1994 08:49:38 GMT"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_file_part part;
        int status = ask(false, cases[i].headers, &part);
        if (status != cases[i].status || part.from != cases[i].from || part.n != cases[i].n)
            fail_msg("case %zu: %d, %zu bytes from %zu", i, status, part.n, part.from);
    }
    http_file_part part;
    assert_int_equal(ask(true, (const char *const[]){"range", "bytes=0-0", NULL}, &part), 200);
    assert_int_equal(ask(true, (const char *const[]){"if-none-match", TAG, NULL}, &part), 304);
}

static void dates_go_both_ways(void **state) {
    char text[HTTP_DATE_ROOM];
    int64_t back;
    http_date_write(WRITTEN, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(http_date_read((bytes){(const uint8_t *)text, strlen(text)}, &back));
    assert_int_equal(back, WRITTEN);
    assert_false(http_date_read((bytes){0}, &back));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_are_chosen), cmocka_unit_test(dates_go_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
