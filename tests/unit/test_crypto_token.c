/* Tokens and base64: the vectors of reference 04 appendix D, and every way to be wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "crypto/base64.h"
#include "crypto/token.h"

static secret key;

static int set_up(void **state) {
    for (int i = 0; i < SECRET_BYTES; i++) key.key[i] = (uint8_t)i;
    return 0;
}

static const char session[] = "AAAAAQAAAABlU_EA.SsI0vd0uvDEGQrnf_IZZDI8TvI6Okwenc_tkWQo-eUE";
static const char association[] = "ABEiM0RVRneImaq7zN3u_w.t1JByHEIzvLyTStsF16zhHDG5BrBPj2ddDC06yYgXHI";

/* In the scope of logins. */
static int read_at(const char *text, size_t n, uint64_t now, token_claim *claim) {
    return token_read(&key, "", text, n, now, claim);
}

static void the_session_vector(void **state) {
    char text[TOKEN_SESSION_CHARS + 1];
    token_claim c;
    assert_int_equal(token_issue(&key, "", &(token_claim){.player = 1, .expires = 1700000000}, text), 0);
    assert_string_equal(text, session);
    assert_int_equal(strlen(text), TOKEN_SESSION_CHARS);
    assert_int_equal(read_at(session, strlen(session), 1699999999, &c), 0);
    assert_true(c.player == 1 && c.generation == 0 && c.expires == 1700000000);
    assert_int_equal(read_at(session, strlen(session), 1700000000, &c), E_TIMEOUT);
    assert_int_equal(token_issue(&key, "", &(token_claim){0xfffffffe, 0xfedc, 0x123456789abcull}, text), 0);
    assert_int_equal(read_at(text, TOKEN_SESSION_CHARS, 1, &c), 0);
    assert_true(c.player == 0xfffffffe && c.generation == 0xfedc && c.expires == 0x123456789abcull);
    assert_int_equal(token_issue(&key, "", &(token_claim){1, 0, TOKEN_EXPIRES_MAX + 1}, text), E_ARGUMENT);
}

static void a_token_of_one_scope_is_none_of_another(void **state) {
    static const char *const scopes[] = {"", "galaxy at war", "galaxy", "a scope of thirty-two characters"};
    char text[4][TOKEN_SESSION_CHARS + 1], id[TOKEN_UUID_CHARS + 1];
    const token_claim issued = {.player = 7, .generation = 3, .expires = 1700000000};
    token_claim c;
    for (int i = 0; i < 4; i++) assert_int_equal(token_issue(&key, scopes[i], &issued, text[i]), 0);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            assert_int_equal(token_read(&key, scopes[j], text[i], TOKEN_SESSION_CHARS, 1, &c), i == j ? 0 : E_ARGUMENT);
    assert_int_equal(token_read_association(&key, text[1], TOKEN_SESSION_CHARS, id), E_ARGUMENT);
    assert_int_equal(token_issue(&key, "a scope of thirty-three character", &issued, text[0]), E_ARGUMENT);
}

static void the_association_vector(void **state) {
    static const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    char text[TOKEN_ASSOCIATION_CHARS + 1], id[TOKEN_UUID_CHARS + 1];
    assert_int_equal(token_associate_bytes(&key, uuid, text), 0);
    assert_int_equal(token_read_association(&key, text, strlen(text), id), 0);
    assert_string_equal(id, "00112233-4455-6677-8899-aabbccddeeff");
    assert_int_equal(token_read_association(&key, association, strlen(association), id), 0);
    /* appendix D prints the UUID as …-6677-…; its token holds this one, of version 4 */
    assert_string_equal(id, "00112233-4455-4677-8899-aabbccddeeff");
}

static void new_associations_differ_and_are_version_4(void **state) {
    char one[TOKEN_ASSOCIATION_CHARS + 1], two[TOKEN_ASSOCIATION_CHARS + 1], id[TOKEN_UUID_CHARS + 1];
    assert_int_equal(token_associate(&key, one), 0);
    assert_int_equal(token_associate(&key, two), 0);
    assert_string_not_equal(one, two);
    assert_int_equal(token_read_association(&key, one, strlen(one), id), 0);
    assert_int_equal(id[14], '4');
    assert_non_null(strchr("89ab", id[19]));
}

static void every_changed_character_is_noticed(void **state) {
    token_claim read;
    char id[TOKEN_UUID_CHARS + 1], text[80];
    for (size_t i = 0; i < TOKEN_SESSION_CHARS; i++)
        for (const char *c = "A_.= \n9"; *c; c++) {
            memcpy(text, session, sizeof session);
            if (text[i] == *c) continue;
            text[i] = *c;
            assert_int_equal(read_at(text, TOKEN_SESSION_CHARS, 1, &read), E_ARGUMENT);
        }
    for (size_t n = 0; n < TOKEN_SESSION_CHARS; n++) assert_int_equal(read_at(session, n, 1, &read), E_ARGUMENT);
    memcpy(text, session, sizeof session);
    text[TOKEN_SESSION_CHARS] = 'A';
    assert_int_equal(read_at(text, TOKEN_SESSION_CHARS + 1, 1, &read), E_ARGUMENT);
    /* one kind is not the other, and another key's is nobody's */
    assert_int_equal(read_at(association, strlen(association), 1, &read), E_ARGUMENT);
    assert_int_equal(token_read_association(&key, session, strlen(session), id), E_ARGUMENT);
    secret other = key;
    other.key[63] ^= 1;
    assert_int_equal(token_read(&other, "", session, strlen(session), 1, &read), E_ARGUMENT);
}

static void base64_is_strict(void **state) {
    static const struct {
        const char *text;
        const char *plain;
    } right[] = {{"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg", "foob"}, {"Zm9vYmFy", "foobar"}};
    uint8_t out[16];
    char text[BASE64_TEXT(16)];
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        size_t n = strlen(right[i].plain);
        base64_encode(right[i].plain, n, BASE64_URL, text);
        assert_string_equal(text, right[i].text);
        assert_int_equal(base64_decode(text, strlen(text), BASE64_STANDARD, out, sizeof out), n);
        assert_memory_equal(out, right[i].plain, n);
    }
    static const char *const wrong[] = {"Z", "Zm9vZ", "Zh", "Zm9=", "Zg==", "Zm 9", "Zm-_"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(base64_decode(wrong[i], strlen(wrong[i]), BASE64_STANDARD, out, sizeof out), -1);
    assert_int_equal(base64_decode("-_-_", 4, BASE64_URL, out, sizeof out), 3);
    assert_int_equal(base64_decode("Zm9vYmFy", 8, BASE64_URL, out, 5), -1);
}

static void equal_compares_content_and_length(void **state) {
    assert_true(token_equal("abc", 3, "abc", 3));
    assert_false(token_equal("abc", 3, "abd", 3));
    assert_false(token_equal("abc", 3, "abcd", 4));
    assert_true(token_equal("", 0, "", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_session_vector),
        cmocka_unit_test(a_token_of_one_scope_is_none_of_another),
        cmocka_unit_test(the_association_vector),
        cmocka_unit_test(new_associations_differ_and_are_version_4),
        cmocka_unit_test(every_changed_character_is_noticed),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(equal_compares_content_and_length),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
