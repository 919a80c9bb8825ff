/* Records against a naive model: 60,000 random operations from a fixed seed; after each batch every index, key, list
 * and walk must say what a plain array says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "records/containers.h"
#include "records/records.h"

enum { SLOTS = 300, ID = 0, STATE = 1, TAG = 2, FRIEND = 3, MARKS = 4 };

static const record_field fields[] = {
    {.name = "id", .type = RECORD_I64, .flags = FIELD_KEY},
    {.name = "state", .type = RECORD_U8, .flags = FIELD_INDEX},
    {.name = "tag", .type = RECORD_STRING, .flags = FIELD_INDEX},
    {.name = "friend", .type = RECORD_REF, .ref_name = "thing", .flags = FIELD_INDEX},
    {.name = "marks",
     .type = RECORD_MAP,
     .key_type = RECORD_STRING,
     .element = RECORD_I32,
     .count_max = 6,
     .indexed_count = 1,
     .indexed = {"gold"}},
};

typedef struct model {
    bool used;
    record_ref ref, buddy;
    int64_t id;
    int state, tag, gold; /* gold -1: no mark */
} model;

static model m[SLOTS];
static uint64_t seed = 20120306;

static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static const char *tag_text(int tag) {
    static char words[20];
    snprintf(words, sizeof words, "tag %d", tag);
    return tag ? words : "";
}

static void check_walk(records *all, record_kind *k, const record_condition *where, uint32_t count,
                       bool (*meets)(const model *, int, int), int a, int b) {
    record_walk w;
    record_ref ref;
    fault f;
    int have = 0, want = 0;
    assert_int_equal(record_walk_begin(k, where, count, &w, &f), 0);
    while (record_walk_next(&w, &ref) == 1) {
        int64_t id = record_get(all, ref, ID).integer;
        const model *x = &m[id % SLOTS];
        assert_true(x->used && x->id == id && meets(x, a, b));
        have++;
    }
    for (int i = 0; i < SLOTS; i++) want += m[i].used && meets(&m[i], a, b);
    assert_int_equal(have, want);
}

static bool by_state(const model *x, int state, int unused) { return x->state == state; }
static bool by_tag_and_state(const model *x, int tag, int state) { return x->tag == tag && x->state == state; }
static bool by_gold(const model *x, int gold, int unused) { return x->gold == gold; }
static bool by_friend(const model *x, int slot, int unused) { return handle_same(x->buddy.at, m[slot].ref.at); }
static bool any(const model *x, int a, int b) { return true; }

static void check_everything(records *all, record_kind *k) {
    for (int s = 0; s < 6; s++) {
        check_walk(all, k, &(record_condition){"state", value_integer(s)}, 1, by_state, s, 0);
        check_walk(all, k, &(record_condition){"gold", value_integer(s)}, 1, by_gold, s, 0);
        record_condition both[] = {{"tag", value_string(tag_text(s))}, {"state", value_integer(3)}};
        check_walk(all, k, both, 2, by_tag_and_state, s, 3);
    }
    check_walk(all, k, NULL, 0, any, 0, 0);
    for (int i = 0; i < SLOTS; i++) {
        record_ref ref;
        if (!m[i].used) continue;
        assert_int_equal(record_find(k, value_integer(m[i].id), &ref), 0);
        assert_true(handle_same(ref.at, m[i].ref.at));
        assert_int_equal(bytes_order(record_get(all, ref, TAG).text, value_string(tag_text(m[i].tag)).text), 0);
        assert_true(record_get(all, ref, FRIEND).kind == (record_alive(all, m[i].buddy) ? VALUE_REF : VALUE_NIL));
        if (i % 20 == 0) check_walk(all, k, &(record_condition){"friend", value_ref(ref)}, 1, by_friend, i, 0);
    }
}

static void one_step(records *all, record_kind *k, int64_t *round) {
    fault f;
    uint32_t i = random_below(SLOTS);
    model *x = &m[i];
    if (!x->used) {
        *x = (model){.used = true, .id = (int64_t)i + SLOTS * ++*round, .state = (int)random_below(6), .gold = -1};
        record_init init[] = {{ID, value_integer(x->id)}, {STATE, value_integer(x->state)}};
        assert_int_equal(record_create(k, init, 2, &x->ref, &f), 0);
        return;
    }
    switch (random_below(9)) {
    case 0:
        assert_int_equal(record_remove(all, x->ref), 0);
        x->used = false;
        break;
    case 1:
    case 2:
    case 3:
        x->state = (int)random_below(6);
        assert_int_equal(record_set(all, x->ref, STATE, value_integer(x->state), &f), 0);
        break;
    case 4:
    case 5:
        x->tag = (int)random_below(6);
        assert_int_equal(record_set(all, x->ref, TAG, value_string(tag_text(x->tag)), &f), 0);
        break;
    case 6:
    case 7:
        x->gold = (int)random_below(7) - 1;
        assert_int_equal(record_map_set(all, x->ref, MARKS, value_string("gold"),
                                        x->gold < 0 ? value_nil() : value_integer(x->gold), &f),
                         0);
        break;
    default:
        i = random_below(SLOTS);
        x->buddy = m[i].used ? m[i].ref : (record_ref){0};
        assert_int_equal(record_set(all, x->ref, FRIEND, m[i].used ? value_ref(m[i].ref) : value_nil(), &f), 0);
    }
}

static void indexes_agree_with_a_plain_array(void **state) {
    fault f;
    records *all = records_new(&f);
    record_kind *k = records_kind_builtin(all, "thing", fields, 5, &f);
    assert_non_null(k);
    int64_t round = 0;
    for (int batch = 0; batch < 200; batch++) {
        for (int n = 0; n < 300; n++) one_step(all, k, &round);
        check_everything(all, k);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (m[i].used) assert_int_equal(record_remove(all, m[i].ref), 0);
    }
    assert_int_equal(k->keys.count, 0);
    for (uint32_t i = 0; i < k->layout.index_count; i++) {
        assert_int_equal(k->indexes[i].values.count, 0);
        assert_int_equal(k->indexes[i].postings.used, 0);
    }
    records_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(indexes_agree_with_a_plain_array)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
