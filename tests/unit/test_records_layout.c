/* A kind changes its layout while its records live: what is kept, what takes its default, what is converted, what is
 * refused with a sentence, and what happens when memory ends in the middle. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "records/containers.h"
#include "records/memory.h"
#include "records/records.h"

static record_decl declare(const char *name, const record_field *fields, uint32_t count) {
    record_decl d = {.fields = NULL};
    fault f;
    snprintf(d.name, sizeof d.name, "%s", name);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(record_declare_field(&d, &fields[i], &f), 0);
    return d;
}

static const record_field first[] = {
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY},
    {.name = "name", .type = RECORD_STRING},
    {.name = "level", .type = RECORD_U8},
    {.name = "rank", .type = RECORD_STRING},
    {.name = "friends", .type = RECORD_LIST, .element = RECORD_REF, .ref_name = "player", .count_max = 3},
    {.name = "marks", .type = RECORD_MAP, .key_type = RECORD_STRING, .element = RECORD_STRING, .count_max = 3},
};

static const record_field second[] = {
    {.name = "fresh", .type = RECORD_STRING, .default_text = "new", .default_text_n = 3, .flags = FIELD_INDEX},
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY},
    {.name = "level", .type = RECORD_U16, .flags = FIELD_INDEX},
    {.name = "rank", .type = RECORD_I32, .flags = FIELD_CONVERT, .default_integer = -1},
    {.name = "friends", .type = RECORD_LIST, .element = RECORD_REF, .ref_name = "player", .count_max = 8},
    {.name = "marks",
     .type = RECORD_MAP,
     .key_type = RECORD_STRING,
     .element = RECORD_STRING,
     .count_max = 3,
     .indexed_count = 1,
     .indexed = {"gold"}},
};

static int rank_number(void *context, const char *kind, const char *field, value old, value *fresh) {
    assert_string_equal(kind, "player");
    assert_string_equal(field, "rank");
    if (old.text.n == 0) return -1; /* the default */
    *fresh = value_integer(old.text.p[0] - '0');
    return 0;
}

enum { N = 600 };

static void fill(records *all, record_ref *refs) {
    fault f;
    record_kind *k = records_kind(all, "player");
    for (int i = 0; i < N; i++) {
        record_init init[] = {{0, value_integer(i)},
                              {1, value_string("alice")},
                              {2, value_integer(i % 10)},
                              {3, value_string(i % 2 ? "7" : "")}};
        assert_int_equal(record_create(k, init, 4, &refs[i], &f), 0);
        if (i) assert_int_equal(record_list_add(all, refs[i], 4, value_ref(refs[i - 1]), &f), 0);
        assert_int_equal(record_map_set(all, refs[i], 5, value_string("gold"), value_string(i % 3 ? "yes" : "no"), &f),
                         0);
    }
    for (int i = 0; i < N; i += 5) record_remove(all, refs[i]);
}

static int matches(record_kind *k, const char *name, value v) {
    record_walk w;
    record_ref ref;
    fault f;
    int n = 0;
    assert_int_equal(record_walk_begin(k, &(record_condition){name, v}, 1, &w, &f), 0);
    while (record_walk_next(&w, &ref) == 1) n++;
    return n;
}

static void check_second(records *all, const record_ref *refs) {
    record_kind *k = records_kind(all, "player");
    value v;
    fault f;
    int level = record_field_named(k, "level"), rank = record_field_named(k, "rank");
    assert_int_equal(record_field_named(k, "name"), -1);
    for (int i = 0; i < N; i++) {
        assert_int_equal(record_alive(all, refs[i]), i % 5 != 0);
        if (i % 5 == 0) continue;
        record_ref found;
        assert_int_equal(record_find(k, value_integer(i), &found), 0);
        assert_true(handle_same(found.at, refs[i].at));
        assert_int_equal(record_get(all, refs[i], (uint32_t)level).integer, i % 10);
        assert_int_equal(record_get(all, refs[i], (uint32_t)rank).integer, i % 2 ? 7 : -1);
        assert_memory_equal(record_get(all, refs[i], 0).text.p, "new", 3);
        assert_int_equal(record_list_count(all, refs[i], 4), i % 5 != 1);
        assert_int_equal(record_map_get(all, refs[i], 5, value_string("gold"), &v, &f), 0);
        assert_int_equal(v.text.n, i % 3 ? 3 : 2);
    }
    assert_int_equal(matches(k, "fresh", value_string("new")), N / 5 * 4);
    assert_int_equal(matches(k, "level", value_integer(3)), N / 10);
    assert_int_equal(matches(k, "gold", value_string("yes")) + matches(k, "gold", value_string("no")), N / 5 * 4);
}

static void records_live_through_a_change(void **state) {
    static record_ref refs[N];
    fault f;
    records *all = records_new(&f);
    record_decl a = declare("player", first, 6), b = declare("player", second, 6);
    assert_int_equal(records_plan(all, &a, 1, &f), LAYOUT_MIGRATE);
    assert_int_equal(records_apply(all, &a, 1, NULL, NULL, &f), 0);
    assert_int_equal(records_plan(all, &a, 1, &f), LAYOUT_SAME);
    fill(all, refs);
    record_walk standing;
    record_ref ref;
    record_walk_begin(records_kind(all, "player"), NULL, 0, &standing, &f);
    assert_int_equal(record_walk_next(&standing, &ref), 1);
    assert_int_equal(records_plan(all, &b, 1, &f), LAYOUT_MIGRATE);
    assert_int_equal(records_apply(all, &b, 1, rank_number, NULL, &f), 0);
    assert_int_equal(record_walk_next(&standing, &ref), E_STALE);
    check_second(all, refs);
    uint32_t version = records_kind(all, "player")->version;
    assert_int_equal(records_apply(all, &b, 1, NULL, NULL, &f), 0);
    assert_int_equal(records_kind(all, "player")->version, version);
    record_decl_free(&a);
    record_decl_free(&b);
    records_free(all);
}

static void without_memory_the_old_layout_stays_whole(void **state) {
    static record_ref refs[N];
    fault f;
    records *all = records_new(&f);
    record_decl a = declare("player", first, 6), b = declare("player", second, 6);
    assert_int_equal(records_apply(all, &a, 1, NULL, NULL, &f), 0);
    fill(all, refs);
    record_kind *k = records_kind(all, "player");
    int failures = 0;
    for (uint64_t n = 1;; n = n + 1 + n / 4) {
        memory_fail_in(n);
        int code = records_apply(all, &b, 1, rank_number, NULL, &f);
        memory_fail_in(0);
        if (code == 0) break;
        failures++;
        assert_int_equal(code, E_MEMORY);
        assert_int_equal(record_field_named(k, "name"), 1);
        for (int i = 1; i < N; i += 5) {
            assert_memory_equal(record_get(all, refs[i], 1).text.p, "alice", 5);
            assert_int_equal(record_get(all, refs[i], 2).integer, i % 10);
            assert_int_equal(record_map_count(all, refs[i], 5), 1);
        }
    }
    assert_true(failures > 10);
    check_second(all, refs);
    record_decl_free(&a);
    record_decl_free(&b);
    records_free(all);
}

static void changes_that_cannot_be_done_are_refused_with_a_sentence(void **state) {
    static const struct {
        record_field field;
        const char *says;
    } cases[] = {
        {{.name = "level", .type = RECORD_STRING},
         "player.level changed from u8 to string: add convert = function(old) … end to its type, or restart"},
        {{.name = "level", .type = RECORD_BOOL},
         "player.level changed from u8 to bool: add convert = function(old) … end to its type, or restart"},
        {{.name = "friends", .type = RECORD_LIST, .element = RECORD_U8, .count_max = 3, .flags = FIELD_CONVERT},
         "player.friends changed from list to list: what a list or map holds cannot be converted while the server "
         "runs; "
         "give the new one another name, or restart"},
        {{.name = "id", .type = RECORD_STRING, .flags = FIELD_KEY | FIELD_CONVERT},
         "player.id is the key and changed from u32 to string: restart for that"},
        {{.name = "other", .type = RECORD_U32, .flags = FIELD_KEY},
         "player: the key changed from 'id' to 'other': restart for that"},
        {{.name = "home", .type = RECORD_REF, .ref_name = "palnet"},
         "player: a ref to 'palnet', but no such kind of record is declared"},
    };
    fault f;
    records *all = records_new(&f);
    record_decl a = declare("player", first, 6);
    assert_int_equal(records_apply(all, &a, 1, NULL, NULL, &f), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record_decl b = declare("player", &cases[i].field, 1);
        assert_int_equal(records_plan(all, &b, 1, &f), LAYOUT_REFUSED);
        assert_string_equal(f.text, cases[i].says);
        record_decl_free(&b);
    }
    record_decl twice[] = {a, a};
    assert_int_equal(records_plan(all, twice, 2, &f), LAYOUT_REFUSED);
    record_decl_free(&a);
    records_free(all);
}

static void faulty_declarations_are_refused(void **state) {
    static const record_field faulty[] = {
        {.name = "2fast", .type = RECORD_U8},
        {.name = "", .type = RECORD_U8},
        {.name = "a", .type = RECORD_NONE},
        {.name = "a", .type = RECORD_REF},
        {.name = "a", .type = RECORD_LIST, .element = RECORD_LIST, .count_max = 1},
        {.name = "a", .type = RECORD_LIST, .element = RECORD_U8},
        {.name = "a", .type = RECORD_LIST, .element = RECORD_U8, .count_max = RECORD_COUNT_MAX + 1},
        {.name = "a", .type = RECORD_MAP, .element = RECORD_U8, .count_max = 1},
        {.name = "a",
         .type = RECORD_MAP,
         .key_type = RECORD_STRING,
         .element = RECORD_NUMBER,
         .count_max = 1,
         .indexed_count = 1},
        {.name = "a", .type = RECORD_NUMBER, .flags = FIELD_INDEX},
        {.name = "a", .type = RECORD_BOOL, .flags = FIELD_KEY},
        {.name = "a", .type = RECORD_STRING, .flags = FIELD_AUTO},
        {.name = "a", .type = RECORD_U8, .default_integer = 256},
        {.name = "a", .type = RECORD_STRING, .max = RECORD_TEXT_MAX + 1},
    };
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        record_decl d = {.name = "thing"};
        fault f = {0};
        assert_true(record_declare_field(&d, &faulty[i], &f) < 0);
        assert_true(strlen(f.text) > 10);
        record_decl_free(&d);
    }
}

static void builtin_fields_stay_and_script_fields_come_and_go(void **state) {
    fault f;
    records *all = records_new(&f);
    const record_field builtin[] = {{.name = "id", .type = RECORD_U32, .flags = FIELD_KEY | FIELD_AUTO},
                                    {.name = "address", .type = RECORD_STRING}};
    record_kind *k = records_kind_builtin(all, "session", builtin, 2, &f);
    const record_field more = {.name = "language", .type = RECORD_STRING},
                       clash = {.name = "address", .type = RECORD_U8};
    record_decl d = declare("session", &more, 1), bad = declare("session", &clash, 1);
    assert_int_equal(records_plan(all, &bad, 1, &f), LAYOUT_REFUSED);
    assert_string_equal(f.text, "session.address is declared twice");
    assert_int_equal(records_apply(all, &d, 1, NULL, NULL, &f), 0);
    record_ref s, t;
    assert_int_equal(record_create(k, &(record_init){1, value_string("127.0.0.1")}, 1, &s, &f), 0);
    assert_int_equal(record_set(all, s, 2, value_string("de"), &f), 0);
    assert_int_equal(records_plan(all, NULL, 0, &f), LAYOUT_MIGRATE);
    assert_int_equal(records_apply(all, NULL, 0, NULL, NULL, &f), 0);
    assert_int_equal(record_field_named(k, "language"), -1);
    assert_memory_equal(record_get(all, s, 1).text.p, "127.0.0.1", 9);
    assert_int_equal(record_create(k, NULL, 0, &t, &f), 0);
    assert_int_equal(record_get(all, t, 0).integer, 2); /* the counter went on */
    record_decl_free(&d);
    record_decl_free(&bad);
    records_free(all);
}

static int gone;
static void count_gone(void *context, record_ref ref) { gone++; }

static void a_kind_nobody_declares_any_more_loses_its_records(void **state) {
    fault f;
    records *all = records_new(&f);
    record_decl a = declare("player", first, 6);
    records_apply(all, &a, 1, NULL, NULL, &f);
    records_on_remove(all, count_gone, NULL);
    record_kind *k = records_kind(all, "player");
    record_ref ref;
    gone = 0;
    for (int i = 0; i < 3; i++) record_create(k, &(record_init){0, value_integer(i)}, 1, &ref, &f);
    assert_int_equal(records_apply(all, NULL, 0, NULL, NULL, &f), 0);
    assert_int_equal(gone, 3);
    assert_false(k->declared);
    assert_int_equal(records_apply(all, &a, 1, NULL, NULL, &f), 0);
    assert_ptr_equal(records_kind(all, "player"), k);
    assert_int_equal(record_create(k, &(record_init){0, value_integer(1)}, 1, &ref, &f), 0);
    record_decl_free(&a);
    records_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_live_through_a_change),
        cmocka_unit_test(without_memory_the_old_layout_stays_whole),
        cmocka_unit_test(changes_that_cannot_be_done_are_refused_with_a_sentence),
        cmocka_unit_test(faulty_declarations_are_refused),
        cmocka_unit_test(builtin_fields_stay_and_script_fields_come_and_go),
        cmocka_unit_test(a_kind_nobody_declares_any_more_loses_its_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
