/* Records: creation, fields, stale handles, keys, lists and maps, walks that stand while records come and go, the same
 * cost at 1,000 and at 100,000 records, and what happens when memory ends. */
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

enum { ID, STATE, NAME, HOST, MEMBERS, ATTRIBUTES, RATIO, OPEN };

static const record_field player_fields[] = {
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY | FIELD_AUTO},
    {.name = "name", .type = RECORD_STRING, .max = 16},
};

static const record_field game_fields[] = {
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY},
    {.name = "state", .type = RECORD_U16, .flags = FIELD_INDEX, .default_integer = 1},
    {.name = "name", .type = RECORD_STRING, .default_text = "none", .default_text_n = 4, .flags = FIELD_INDEX},
    {.name = "host", .type = RECORD_REF, .ref_name = "player", .flags = FIELD_INDEX},
    {.name = "members", .type = RECORD_LIST, .element = RECORD_REF, .ref_name = "player", .count_max = 4},
    {.name = "attributes",
     .type = RECORD_MAP,
     .key_type = RECORD_STRING,
     .element = RECORD_STRING,
     .count_max = 8,
     .indexed_count = 2,
     .indexed = {"map", "enemy"}},
    {.name = "ratio", .type = RECORD_NUMBER},
    {.name = "open", .type = RECORD_BOOL, .default_integer = 1},
};

typedef struct world {
    records *all;
    record_kind *player, *game;
} world;

static world new_world(void) {
    fault f;
    world w = {.all = records_new(&f)};
    w.player = records_kind_builtin(w.all, "player", player_fields, 2, &f);
    w.game = records_kind_builtin(w.all, "game", game_fields, 8, &f);
    assert_non_null(w.player);
    assert_non_null(w.game);
    return w;
}

static record_ref new_game(world *w, int64_t id, int64_t state) {
    record_ref ref;
    fault f;
    record_init init[] = {{ID, value_integer(id)}, {STATE, value_integer(state)}};
    assert_int_equal(record_create(w->game, init, 2, &ref, &f), 0);
    return ref;
}

static record_ref new_player(world *w) {
    record_ref ref;
    assert_int_equal(record_create(w->player, NULL, 0, &ref, NULL), 0);
    return ref;
}

static void a_record_has_defaults_and_keeps_what_is_set(void **state) {
    world w = new_world();
    fault f;
    record_ref g = new_game(&w, 7, 2);
    assert_int_equal(record_get(w.all, g, ID).integer, 7);
    assert_int_equal(record_get(w.all, g, STATE).integer, 2);
    assert_memory_equal(record_get(w.all, g, NAME).text.p, "none", 4);
    assert_true(record_get(w.all, g, OPEN).boolean);
    assert_int_equal(record_get(w.all, g, HOST).kind, VALUE_NIL);
    assert_int_equal(record_set(w.all, g, RATIO, value_integer(3), &f), 0);
    assert_true(record_get(w.all, g, RATIO).number == 3.0);
    assert_int_equal(record_set(w.all, g, NAME, value_string("a longer name"), &f), 0);
    assert_int_equal(record_get(w.all, g, NAME).text.n, 13);
    assert_int_equal(record_set(w.all, g, NAME, value_string(""), &f), 0);
    assert_int_equal(record_get(w.all, g, NAME).text.n, 0);
    records_free(w.all);
}

static void wrong_values_are_refused_with_a_sentence(void **state) {
    world w = new_world();
    fault f;
    record_ref g = new_game(&w, 7, 2), p = new_player(&w), ref;
    assert_int_equal(record_set(w.all, g, NAME, value_number(1.5), &f), E_TYPE);
    assert_string_equal(f.text, "game.name: expected a string, got a number");
    assert_int_equal(record_set(w.all, g, STATE, value_integer(70000), &f), E_LIMIT);
    assert_string_equal(f.text, "game.state: 70000 does not fit u16 (0 to 65535)");
    assert_int_equal(record_set(w.all, g, STATE, value_number(1.5), &f), E_TYPE);
    assert_int_equal(record_set(w.all, g, HOST, value_ref(g), &f), E_TYPE);
    assert_string_equal(f.text, "game.host: expected a player, got game");
    assert_int_equal(record_set(w.all, p, 1, value_string("seventeen letters"), &f), E_LIMIT);
    assert_string_equal(f.text, "player.name: 17 bytes are too many, it holds 16 (its max)");
    assert_int_equal(record_set(w.all, g, ID, value_integer(9), &f), E_TYPE);
    assert_int_equal(record_create(w.game, NULL, 0, &ref, &f), E_ARGUMENT);
    assert_string_equal(f.text, "game: a new one needs its key 'id'");
    assert_int_equal(record_create(w.game, &(record_init){ID, value_integer(7)}, 1, &ref, &f), E_EXISTS);
    assert_string_equal(f.text, "there is a game with id 7 already");
    assert_int_equal(w.game->rows.used, 1);
    records_limit(w.game, 1);
    assert_int_equal(record_create(w.game, &(record_init){ID, value_integer(8)}, 1, &ref, &f), E_LIMIT);
    records_free(w.all);
}

static void a_stale_handle_reads_nothing_and_a_ref_to_it_is_nil(void **state) {
    world w = new_world();
    fault f;
    record_ref p = new_player(&w), g = new_game(&w, 1, 1);
    record_set(w.all, g, HOST, value_ref(p), &f);
    assert_int_equal(record_get(w.all, g, HOST).kind, VALUE_REF);
    assert_int_equal(record_remove(w.all, p), 0);
    assert_int_equal(record_remove(w.all, p), E_STALE);
    assert_false(record_alive(w.all, p));
    assert_int_equal(record_get(w.all, g, HOST).kind, VALUE_NIL);
    assert_int_equal(record_set(w.all, p, 1, value_string("x"), &f), E_STALE);
    record_ref again = new_player(&w);
    assert_int_equal(again.at.slot, p.at.slot);
    assert_int_equal(record_get(w.all, g, HOST).kind, VALUE_NIL);
    assert_int_equal(record_find(w.player, value_integer(1), &p), E_NOT_FOUND);
    assert_int_equal(record_find(w.player, value_integer(2), &p), 0);
    assert_true(handle_same(p.at, again.at));
    records_free(w.all);
}

static void auto_numbers_skip_those_in_use_and_start_again_at_the_end(void **state) {
    fault f;
    records *all = records_new(&f);
    record_field field = {.name = "id", .type = RECORD_U8, .flags = FIELD_KEY | FIELD_AUTO};
    record_kind *k = records_kind_builtin(all, "seat", &field, 1, &f);
    record_ref ref, keep;
    assert_int_equal(record_create(k, &(record_init){0, value_integer(2)}, 1, &keep, &f), 0);
    for (int i = 1; i <= 254; i++) {
        assert_int_equal(record_create(k, NULL, 0, &ref, &f), 0);
        assert_int_equal(record_get(all, ref, 0).integer, i < 2 ? i : i + 1);
    }
    record_find(k, value_integer(100), &ref);
    record_remove(all, ref);
    assert_int_equal(record_create(k, NULL, 0, &ref, &f), 0);
    assert_int_equal(record_get(all, ref, 0).integer, 100);
    assert_int_equal(record_create(k, &(record_init){0, value_integer(0)}, 1, &ref, &f), 0);
    assert_int_equal(record_create(k, NULL, 0, &ref, &f), E_LIMIT);
    records_free(all);
}

static void lists_keep_order_and_forget_the_gone(void **state) {
    world w = new_world();
    fault f;
    record_ref g = new_game(&w, 1, 1), p[5];
    value v;
    for (int i = 0; i < 5; i++) p[i] = new_player(&w);
    for (int i = 0; i < 4; i++) assert_int_equal(record_list_add(w.all, g, MEMBERS, value_ref(p[i]), &f), 0);
    assert_int_equal(record_list_add(w.all, g, MEMBERS, value_ref(p[4]), &f), E_LIMIT);
    assert_string_equal(f.text, "game.members: 4 entries are the most it holds (its max)");
    record_remove(w.all, p[1]);
    assert_int_equal(record_list_count(w.all, g, MEMBERS), 3);
    assert_int_equal(record_list_get(w.all, g, MEMBERS, 1, &v), 0);
    assert_true(handle_same(v.ref.at, p[2].at));
    assert_int_equal(record_list_add(w.all, g, MEMBERS, value_ref(p[1]), &f), E_STALE);
    assert_int_equal(record_list_find(w.all, g, MEMBERS, value_ref(p[3]), &f), 2);
    assert_int_equal(record_list_find(w.all, g, MEMBERS, value_ref(p[4]), &f), E_NOT_FOUND);
    assert_int_equal(record_list_find(w.all, g, MEMBERS, value_integer(4), &f), E_TYPE);
    assert_int_equal(record_list_remove(w.all, g, MEMBERS, 0), 0);
    assert_int_equal(record_list_set(w.all, g, MEMBERS, 0, value_ref(p[4]), &f), 0);
    assert_int_equal(record_list_get(w.all, g, MEMBERS, 2, &v), E_NOT_FOUND);
    assert_int_equal(record_list_add(w.all, g, MEMBERS, value_nil(), &f), E_TYPE);
    assert_int_equal(record_list_clear(w.all, g, MEMBERS), 0);
    assert_int_equal(record_list_count(w.all, g, MEMBERS), 0);
    assert_int_equal(record_list_add(w.all, g, STATE, value_nil(), &f), E_TYPE);
    records_free(w.all);
}

static void maps_are_sorted_bounded_and_indexed(void **state) {
    world w = new_world();
    fault f;
    record_ref g = new_game(&w, 1, 1), h = new_game(&w, 2, 1), ref;
    value k, v;
    assert_int_equal(record_map_set(w.all, g, ATTRIBUTES, value_string("map"), value_string("hazard"), &f), 0);
    assert_int_equal(record_map_set(w.all, h, ATTRIBUTES, value_string("map"), value_string("hazard"), &f), 0);
    assert_int_equal(record_map_set(w.all, g, ATTRIBUTES, value_string("enemy"), value_string("geth"), &f), 0);
    record_condition where[] = {
        {"map", value_string("hazard")}, {"enemy", value_string("geth")}, {"state", value_integer(1)}};
    record_walk walk;
    assert_int_equal(record_walk_begin(w.game, where, 3, &walk, &f), 0);
    assert_int_equal(record_walk_most(&walk), 1);
    assert_int_equal(record_walk_next(&walk, &ref), 1);
    assert_true(handle_same(ref.at, g.at));
    assert_int_equal(record_walk_next(&walk, &ref), 0);
    assert_int_equal(record_map_next(w.all, g, ATTRIBUTES, NULL, &k, &v), 1);
    assert_memory_equal(k.text.p, "enemy", 5);
    value after = value_string("enemy");
    assert_int_equal(record_map_next(w.all, g, ATTRIBUTES, &after, &k, &v), 1);
    assert_memory_equal(v.text.p, "hazard", 6);
    after = value_string("map");
    assert_int_equal(record_map_next(w.all, g, ATTRIBUTES, &after, &k, &v), 0);
    record_map_set(w.all, g, ATTRIBUTES, value_string("map"), value_string("ghost"), &f);
    record_map_set(w.all, h, ATTRIBUTES, value_string("map"), value_nil(), &f);
    assert_int_equal(record_walk_begin(w.game, where, 1, &walk, &f), 0);
    assert_int_equal(record_walk_next(&walk, &ref), 0);
    for (int i = 0; i < 6; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(record_map_set(w.all, g, ATTRIBUTES, value_string(key), value_string("x"), &f), 0);
    }
    assert_int_equal(record_map_count(w.all, g, ATTRIBUTES), 8);
    assert_int_equal(record_map_set(w.all, g, ATTRIBUTES, value_string("more"), value_string("x"), &f), E_LIMIT);
    assert_int_equal(record_map_get(w.all, g, ATTRIBUTES, value_integer(3), &v, &f), E_TYPE);
    record_map_clear(w.all, g, ATTRIBUTES);
    assert_int_equal(w.game->indexes[3].values.count, 0);
    records_free(w.all);
}

static void a_field_without_index_cannot_be_looked_for(void **state) {
    world w = new_world();
    fault f;
    record_walk walk;
    assert_int_equal(record_walk_begin(w.game, &(record_condition){"ratio", value_integer(1)}, 1, &walk, &f),
                     E_NOT_FOUND);
    assert_string_equal(f.text,
                        "game: 'ratio' is not indexed (indexed: id, state, name, host, map, enemy); declare it with "
                        "index = true, or look through game.all()");
    assert_int_equal(record_walk_begin(w.game, &(record_condition){"state", value_string("x")}, 1, &walk, &f), E_TYPE);
    assert_int_equal(record_walk_begin(w.game, &(record_condition){"state", value_integer(-1)}, 1, &walk, &f), 0);
    record_ref ref;
    assert_int_equal(record_walk_next(&walk, &ref), 0);
    records_free(w.all);
}

/* While a walk stands, records before and after its place go, change, and new ones come. */
static void a_walk_gives_each_that_stays_once_and_none_that_is_new(void **state) {
    enum { N = 500 };
    static int seen[N * 4];
    world w = new_world();
    fault f;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < N; i++) new_game(&w, i, 5);
    for (int how = 0; how < 2; how++) {
        int next_id = N + how * N;
        record_walk walk;
        record_condition five = {"state", value_integer(5)};
        assert_int_equal(record_walk_begin(w.game, &five, how == 0, &walk, &f), 0);
        memset(seen, 0, sizeof seen);
        record_ref ref;
        int steps = 0, gone = 0;
        while (record_walk_next(&walk, &ref) == 1) {
            int64_t id = record_get(w.all, ref, ID).integer;
            assert_int_equal(seen[id]++, 0);
            if (how == 0) assert_in_range(id, 0, N - 1);
            steps++;
            if (steps % 3 == 0) record_remove(w.all, ref), gone++; /* the one in hand */
            record_ref other;
            if (steps % 5 == 0 && record_find(w.game, value_integer(N - steps), &other) == 0 && !seen[N - steps]) {
                record_remove(w.all, other); /* one that has not come yet */
                seen[N - steps] = 1;
            }
            if (steps % 7 == 0 && record_alive(w.all, ref)) {
                record_set(w.all, ref, STATE, value_integer(6), &f); /* leaves the value … */
                record_set(w.all, ref, STATE, value_integer(5), &f); /* … and comes back: not again */
            }
            if (next_id < N + how * N + N / 2) new_game(&w, next_id++, 5);
        }
        for (int i = 0; i < N && how == 0; i++) assert_int_equal(seen[i], 1);
        assert_true(gone > 50);
        for (int i = 0; i < N; i++) {
            if (record_find(w.game, value_integer(i), &ref) < 0) new_game(&w, i, 5);
        }
    }
    records_free(w.all);
}

/* Counts entries looked at, not time. */
static uint64_t work_of(uint32_t count) {
    world w = new_world();
    fault f;
    for (uint32_t i = 0; i < count; i++) new_game(&w, i, i % (count / 10));
    uint64_t before = records_steps(w.game);
    for (uint32_t i = 0; i < 1000; i++) {
        record_ref ref;
        uint32_t id = i * 7919u % count;
        assert_int_equal(record_find(w.game, value_integer(id), &ref), 0);
        assert_int_equal(record_set(w.all, ref, STATE, value_integer((id + 1) % (count / 10)), &f), 0);
        record_walk walk;
        assert_int_equal(
            record_walk_begin(w.game, &(record_condition){"state", value_integer(id % (count / 10))}, 1, &walk, &f), 0);
        for (int n = 0; n < 5 && record_walk_next(&walk, &ref) == 1;) n++;
        ref = new_game(&w, count + i, i % (count / 10));
        if (i % 2) assert_int_equal(record_remove(w.all, ref), 0);
    }
    uint64_t work = records_steps(w.game) - before;
    records_free(w.all);
    return work;
}

static void the_cost_is_flat(void **state) {
    uint64_t few = work_of(1000), many = work_of(100000);
    print_message("entries looked at, 1,000 rounds: %llu with 1,000 records, %llu with 100,000\n",
                  (unsigned long long)few, (unsigned long long)many);
    assert_true(many < few * 2);
    assert_true(many < 1000 * 100);
}

/* The first of a queue must not get dearer because many have left before it. */
static void the_head_of_a_queue_stays_cheap(void **state) {
    world w = new_world();
    fault f;
    for (int i = 0; i < 20000; i++) new_game(&w, i, 5);
    uint64_t before = records_steps(w.game);
    for (int i = 0; i < 15000; i++) {
        record_walk walk;
        record_ref ref;
        record_walk_begin(w.game, &(record_condition){"state", value_integer(5)}, 1, &walk, &f);
        assert_int_equal(record_walk_next(&walk, &ref), 1);
        assert_int_equal(record_get(w.all, ref, ID).integer, i);
        record_remove(w.all, ref);
    }
    assert_true(records_steps(w.game) - before < 15000 * 60);
    records_free(w.all);
}

static int removed_told;
static void tell(void *context, record_ref ref) {
    world *w = context;
    assert_true(record_alive(w->all, ref));
    removed_told++;
}

static void removal_is_told_while_the_record_can_be_read(void **state) {
    world w = new_world();
    removed_told = 0;
    assert_int_equal(records_on_remove(w.all, tell, &w), 0);
    record_remove(w.all, new_player(&w));
    record_remove(w.all, new_game(&w, 1, 1));
    assert_int_equal(removed_told, 2);
    records_free(w.all);
}

/* Every operation, with the 1st, 2nd, 3rd … allocation failing: an error, or done; nothing half done. */
static void out_of_memory_leaves_nothing_half_done(void **state) {
    for (uint64_t fail = 1; fail < 40; fail++) {
        world w = new_world();
        fault f;
        for (int i = 0; i < 5; i++) new_game(&w, i, 1);
        record_ref p = new_player(&w), ref, g;
        record_find(w.game, value_integer(3), &g);
        memory_fail_in(fail);
        record_init init[] = {{ID, value_integer(50)}, {STATE, value_integer(77)}, {NAME, value_string("fifty")}};
        int made = record_create(w.game, init, 3, &ref, &f);
        int name = record_set(w.all, g, NAME, value_string("renamed"), &f);
        int add = record_list_add(w.all, g, MEMBERS, value_ref(p), &f);
        int map = record_map_set(w.all, g, ATTRIBUTES, value_string("map"), value_string("hazard"), &f);
        memory_fail_in(0);
        assert_true(made == 0 || made == E_MEMORY);
        assert_int_equal(w.game->rows.used, made == 0 ? 6 : 5);
        assert_int_equal(record_find(w.game, value_integer(50), &ref), made == 0 ? 0 : E_NOT_FOUND);
        bytes now = record_get(w.all, g, NAME).text;
        assert_int_equal(bytes_order(now, value_string(name == 0 ? "renamed" : "none").text), 0);
        record_walk walk;
        record_walk_begin(w.game, &(record_condition){"name", value_string("renamed")}, 1, &walk, &f);
        assert_int_equal(record_walk_next(&walk, &ref), name == 0);
        record_walk_begin(w.game, &(record_condition){"name", value_string("none")}, 1, &walk, &f);
        int none = 0;
        while (record_walk_next(&walk, &ref) == 1) none++;
        assert_int_equal(none, name == 0 ? 4 : 5);
        assert_int_equal(record_list_count(w.all, g, MEMBERS), add == 0);
        assert_int_equal(record_map_count(w.all, g, ATTRIBUTES), map == 0);
        record_walk_begin(w.game, &(record_condition){"map", value_string("hazard")}, 1, &walk, &f);
        assert_int_equal(record_walk_next(&walk, &ref), map == 0);
        records_free(w.all);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_defaults_and_keeps_what_is_set),
        cmocka_unit_test(wrong_values_are_refused_with_a_sentence),
        cmocka_unit_test(a_stale_handle_reads_nothing_and_a_ref_to_it_is_nil),
        cmocka_unit_test(auto_numbers_skip_those_in_use_and_start_again_at_the_end),
        cmocka_unit_test(lists_keep_order_and_forget_the_gone),
        cmocka_unit_test(maps_are_sorted_bounded_and_indexed),
        cmocka_unit_test(a_field_without_index_cannot_be_looked_for),
        cmocka_unit_test(a_walk_gives_each_that_stays_once_and_none_that_is_new),
        cmocka_unit_test(the_cost_is_flat),
        cmocka_unit_test(the_head_of_a_queue_stays_cheap),
        cmocka_unit_test(removal_is_told_while_the_record_can_be_read),
        cmocka_unit_test(out_of_memory_leaves_nothing_half_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
