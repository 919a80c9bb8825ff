/* Frames and TDF beyond the vectors: limits, the sentences of faults, replies, and what an encoder refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/fire.h"
#include "codec/tdf_tree.h"

static void a_reply_repeats_number_user_and_context(void **state) {
    /* user 2, number 0xabcde, 64-bit context 0x0102030405060708: low word first */
    static const uint8_t in[] = {0, 0, 0, 9, 0, 2, 0, 0, 0x02, 0xea, 0xbc, 0xde, 5, 6, 7, 8, 1, 2, 3, 4};
    fire_header h;
    assert_int_equal(fire_parse((bytes){in, sizeof in}, 100, &h, NULL), 20);
    assert_true(h.context == 0x0102030405060708u);
    assert_int_equal(h.number, 0xabcde);
    assert_int_equal(h.user, 2);

    fire_header reply = fire_reply_to(&h, FIRE_ERROR, 0x4001);
    reply.body_length = 0x12345;
    uint8_t out[FIRE_HEADER_MAX];
    assert_int_equal(fire_write_header(out, &reply), 22);
    static const uint8_t want[] = {0x23, 0x45, 0, 9, 0, 2, 0x40, 1, 0x32, 0xba, 0xbc, 0xde,
                                   0,    1,    5, 6, 7, 8, 1,    2, 3,    4}; /* jumbo and context, IMMEDIATE gone */
    assert_memory_equal(out, want, 22);
}

static void a_narrow_context_stays_narrow(void **state) {
    fire_header h = {.component = 1, .has_context = true, .context = 7}, got;
    uint8_t out[FIRE_HEADER_MAX];
    assert_int_equal(fire_write_header(out, &h), 16);
    assert_int_equal(fire_parse((bytes){out, 16}, 0, &got, NULL), 16);
    assert_true(got.context == 7);
    assert_int_equal(got.options, FIRE_HAS_CONTEXT);
    h.context = 1ull << 32;
    assert_int_equal(fire_write_header(out, &h), 20);
}

static void a_large_frame_is_refused_on_its_header(void **state) {
    static const uint8_t small[] = {0x10, 0, 0, 9, 0, 2, 0, 0, 0, 0, 0, 1};
    fire_header h;
    fault f;
    assert_int_equal(fire_parse((bytes){small, 12}, 0x1000, &h, &f), 12);
    assert_int_equal(fire_parse((bytes){small, 12}, 0xfff, &h, &f), E_FRAME_TOO_LARGE);
    assert_string_equal(f.text, "a frame announces a body of 4096 bytes; the limit is 4095");
    /* the context of this one has not arrived: the length decides before it */
    static const uint8_t jumbo[] = {0, 0, 0, 9, 0, 2, 0, 0, 0, 0x30, 0, 1, 0, 0x11};
    assert_int_equal(fire_parse((bytes){jumbo, 14}, 1 << 20, &h, &f), E_FRAME_TOO_LARGE);
    for (size_t n = 0; n < 12; n++) assert_int_equal(fire_parse((bytes){jumbo, n}, 1 << 20, &h, &f), E_INCOMPLETE);
}

static int decode(arena *a, const uint8_t *p, size_t n, tdf_node **fields, fault *f) {
    arena_init(a, TDF_TREE_LIMIT(n));
    return tdf_tree_decode((bytes){p, n}, a, fields, f);
}

static void a_fault_names_the_byte_and_the_path(void **state) {
    buf b = {0};
    tdf_put_header(&b, TDF_TAG('S', 'E', 'S', 'S'), TDF_GROUP);
    tdf_put_header(&b, TDF_TAG('P', 'L', 'S', 'T'), TDF_LIST);
    buf_u8(&b, TDF_GROUP);
    tdf_put_int(&b, 2);
    buf_u8(&b, 0);
    tdf_put_header(&b, TDF_TAG('D', 'S', 'N', 'M'), TDF_STR);
    tdf_put_int(&b, 9);
    buf_put(&b, "ab", 2);
    arena a;
    tdf_node *fields;
    fault f;
    assert_int_equal(decode(&a, b.p, b.n, &fields, &f), E_LENGTH_EXCEEDS_DATA);
    assert_string_equal(f.text, "truncated string at byte 15 in SESS.PLST[1].DSNM");
    arena_free(&a);
    /* skipping the same field fails with the same sentence */
    tdf_reader r;
    fault g;
    uint32_t tag;
    unsigned type;
    tdf_reader_init(&r, buf_bytes(&b), &g);
    assert_int_equal(tdf_next_field(&r, TDF_BODY, &tag, &type), 1);
    assert_int_equal(tdf_skip(&r, type), E_LENGTH_EXCEEDS_DATA);
    assert_string_equal(g.text, f.text);
    buf_free(&b);
}

static int list_of(uint32_t count) {
    buf b = {0};
    tdf_put_header(&b, TDF_TAG('L', 'I', 'S', 'T'), TDF_LIST);
    buf_u8(&b, TDF_INT);
    tdf_put_int(&b, count);
    for (uint32_t i = 0; i < count; i++) buf_u8(&b, 1);
    arena a;
    tdf_node *fields;
    int rc = decode(&a, b.p, b.n, &fields, NULL);
    arena_free(&a);
    buf_free(&b);
    return rc;
}

static void values_of_one_body_are_counted(void **state) {
    assert_int_equal(list_of(TDF_MAX_VALUES - 1), 0); /* the list is a value, too */
    assert_int_equal(list_of(TDF_MAX_VALUES), E_TOO_MANY);
}

static void sorting_refuses_what_a_client_would_lose(void **state) {
    arena a;
    arena_init(&a, 0);
    fault f;
    tdf_node two[2] = {{.tag = TDF_TAG('G', 'I', 'D', 0)}, {.tag = TDF_TAG('G', 'I', 'D', 0)}}, *first = two;
    two[0].next = &two[1];
    assert_int_equal(tdf_tree_sort(&first, &f), E_DUPLICATE_TAG);
    assert_string_equal(f.text, "the field GID is there twice");

    tdf_node keys[2] = {{.type = TDF_STR}, {.type = TDF_STR}}, value = {.type = TDF_INT};
    keys[0].data = (bytes){(const uint8_t *)"Base", 4};
    keys[1].data = (bytes){(const uint8_t *)"bASE", 4};
    keys[0].next = &keys[1];
    keys[0].value = keys[1].value = &value;
    tdf_node map = {.type = TDF_MAP, .key_type = TDF_STR, .first = keys};
    first = &map;
    assert_int_equal(tdf_tree_sort(&first, &f), E_DUPLICATE_KEY);
    assert_string_equal(f.text, "the map keys \"Base\" and \"bASE\" are the same to the game");

    tdf_node nul = {.type = TDF_STR, .data = {(const uint8_t *)"a\0b", 3}};
    first = &nul;
    assert_int_equal(tdf_tree_sort(&first, &f), E_EMBEDDED_NUL);
    arena_free(&a);
}

static void encoding_refuses_mixed_lists_and_deep_trees(void **state) {
    buf out = {0};
    tdf_node number = {.type = TDF_INT}, list = {.type = TDF_LIST, .item_type = TDF_STR, .first = &number};
    list.tag = TDF_TAG('L', 'I', 'S', 'T');
    fault f;
    assert_int_equal(tdf_tree_encode(&list, &out, &f), E_TYPE);
    assert_string_equal(f.text, "element 0 of LIST is not of the declared type");

    tdf_node deep[TDF_MAX_DEPTH + 1];
    memset(deep, 0, sizeof deep);
    for (size_t i = 0; i <= TDF_MAX_DEPTH; i++) {
        deep[i].type = TDF_GROUP;
        deep[i].tag = TDF_TAG('G', 'R', 'P', 0);
        if (i < TDF_MAX_DEPTH) deep[i].first = &deep[i + 1];
    }
    assert_int_equal(tdf_tree_encode(deep, &out, &f), E_TOO_DEEP);
    assert_int_equal(tdf_tree_encode(deep + 1, &out, &f), 0);
    out.max = out.n + 1;
    assert_int_equal(tdf_tree_encode(deep + 1, &out, &f), E_LIMIT);
    buf_free(&out);
}

static void tags_that_are_none(void **state) {
    const char *bad[] = {"", "ABCDE", "ab", "A B", "A_B", "A!"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(tdf_tag_pack(bad[i], strlen(bad[i])), 0);
    assert_true(tdf_tag_valid(TDF_TAG('Z', '9', 0, 0)));
    assert_false(tdf_tag_valid(TDF_TAG('A', 0, 'B', 0)));
    assert_false(tdf_tag_valid(0));
    assert_false(tdf_tag_valid(TDF_TAG('A', '_', 0, 0)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_repeats_number_user_and_context),
        cmocka_unit_test(a_narrow_context_stays_narrow),
        cmocka_unit_test(a_large_frame_is_refused_on_its_header),
        cmocka_unit_test(a_fault_names_the_byte_and_the_path),
        cmocka_unit_test(values_of_one_body_are_counted),
        cmocka_unit_test(sorting_refuses_what_a_client_would_lose),
        cmocka_unit_test(encoding_refuses_mixed_lists_and_deep_trees),
        cmocka_unit_test(tags_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
