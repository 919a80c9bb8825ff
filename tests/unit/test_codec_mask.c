/* A body that broke, as bytes that may be shown: what is starred out and what stays (tdf_mask.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/tdf_mask.h"

static schema_set *set;

static int setup(void **state) {
    set = schema_set_new();
    return set ? 0 : -1;
}

static int teardown(void **state) {
    schema_set_free(set);
    return 0;
}

#define PASS TDF_TAG('P', 'A', 'S', 'S')
#define NAME TDF_TAG('N', 'A', 'M', 'E')
#define GRP  TDF_TAG('G', 'R', 'P', 0)
#define NUM  TDF_TAG('N', 'U', 'M', 0)

static bytes text(const char *s) { return (bytes){(const uint8_t *)s, strlen(s)}; }

/* NUM = 5, NAME = "harmless", GRP = { NAME = "inner" }, PASS = "hunter22" */
static void body(buf *b) {
    tdf_put_header(b, NUM, TDF_INT), tdf_put_int(b, 5);
    tdf_put_header(b, NAME, TDF_STR), tdf_put_str(b, text("harmless"));
    tdf_put_header(b, GRP, TDF_GROUP);
    tdf_put_header(b, NAME, TDF_STR), tdf_put_str(b, text("inner"));
    tdf_put_u8(b, 0);
    tdf_put_header(b, PASS, TDF_STR), tdf_put_str(b, text("hunter22"));
}

static const schema_struct *schema(bool secret_inside) {
    schema_struct *inner = schema_struct_new(set, "Inner"), *s = schema_struct_new(set, "Login");
    schema_add(inner, "NAME", "name", schema_scalar(set, SCHEMA_STR), secret_inside ? SCHEMA_SECRET : 0, NULL);
    schema_compile(inner, NULL);
    schema_add(s, "NUM", "number", schema_scalar(set, SCHEMA_INT), 0, NULL);
    schema_add(s, "GRP", "group", schema_list(set, schema_group(inner)), 0, NULL);
    schema_compile(s, NULL);
    return s;
}

static bool shows(const uint8_t *out, size_t n, const char *part) { return memmem(out, n, part, strlen(part)); }

static void without_secrets_only_credentials_go(void **state) {
    buf b = {0};
    uint8_t out[256];
    body(&b);
    tdf_mask(buf_bytes(&b), schema(false), out);
    assert_true(shows(out, b.n, "harmless"));
    assert_true(shows(out, b.n, "inner"));
    assert_false(shows(out, b.n, "hunter22"));
    assert_true(shows(out, b.n, "********"));
    assert_memory_equal(out, b.p, 9); /* tags, types, numbers, lengths stay */
    buf_free(&b);
}

static void with_a_secret_anywhere_all_text_goes(void **state) {
    buf b = {0};
    uint8_t out[256];
    body(&b);
    for (int i = 0; i < 2; i++) {
        tdf_mask(buf_bytes(&b), i ? schema(true) : NULL, out);
        assert_false(shows(out, b.n, "harmless"));
        assert_false(shows(out, b.n, "inner"));
        assert_false(shows(out, b.n, "hunter22"));
        assert_memory_equal(out, b.p, 9);
        assert_true(shows(out, b.n, "********"));
    }
    buf_free(&b);
}

/* Wherever it breaks: the byte that broke is shown, the password never. */
static void a_cut_body_hides_what_follows(void **state) {
    buf b = {0};
    uint8_t out[256];
    body(&b);
    for (size_t n = 0; n <= b.n; n++)
        for (int i = 0; i < 2; i++) {
            tdf_mask((bytes){b.p, n}, i ? schema(true) : schema(false), out);
            assert_false(shows(out, n, "hun"));
        }
    size_t length = b.n - 10; /* the length of the password: now it says more than there is */
    b.p[length] = 60;
    tdf_mask(buf_bytes(&b), schema(false), out);
    assert_int_equal(out[length], 60);
    assert_false(shows(out, b.n, "hun"));
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_secrets_only_credentials_go, setup, teardown),
        cmocka_unit_test_setup_teardown(with_a_secret_anywhere_all_text_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_body_hides_what_follows, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
