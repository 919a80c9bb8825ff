/* Rankings: places, shared ranks and pages against a plain sorted array, filling from elsewhere, and no memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "records/memory.h"
#include "records/ranking.h"

static uint32_t seed = 12345;
static uint32_t any(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static void equal_scores_share_a_rank_and_the_next_one_skips(void **state) {
    fault f;
    ranking *r = ranking_new(0, &f);
    assert_int_equal(ranking_rank(r, 5), 1);
    assert_int_equal(ranking_position(r, 1), -1);
    for (int64_t id = 1; id <= 5; id++) assert_int_equal(ranking_set(r, id, id == 5 ? 90 : 100 - (id + 1) / 3, &f), 0);
    ranking_row rows[8]; /* 1: 100, 2 3 4: 99, 5: 90 */
    assert_int_equal(ranking_page(r, 0, 8, rows), 5);
    static const int64_t members[] = {1, 2, 3, 4, 5}, ranks[] = {1, 2, 2, 2, 5};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rows[i].member, members[i]);
        assert_int_equal(rows[i].rank, ranks[i]);
        assert_int_equal(ranking_position(r, members[i]), i);
    }
    assert_int_equal(ranking_page(r, 3, 8, rows), 2);
    assert_int_equal(rows[0].rank, 2); /* a page that begins within a tie */
    assert_int_equal(rows[1].rank, 5);
    assert_int_equal(ranking_page(r, 5, 8, rows), 0);
    assert_int_equal(ranking_page(r, 0, 0, rows), 0);
    assert_true(ranking_remove(r, 1));
    assert_false(ranking_remove(r, 1));
    assert_int_equal(ranking_rank(r, 99), 1);
    ranking_free(r);
}

enum { MOST = 3000 };
typedef struct standing {
    int64_t member, score;
} standing;

static int order(const void *a, const void *b) {
    const standing *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static void compare(ranking *r, const standing *all, uint32_t count) {
    static standing sorted[MOST];
    static ranking_row rows[MOST];
    for (uint32_t i = 0; i < count; i++) sorted[i] = all[i];
    qsort(sorted, count, sizeof *sorted, order);
    assert_int_equal(ranking_count(r), count);
    assert_int_equal(ranking_page(r, 0, MOST, rows), count);
    for (uint32_t i = 0, rank = 1; i < count; i++) {
        if (i && sorted[i].score != sorted[i - 1].score) rank = i + 1;
        assert_int_equal(rows[i].member, sorted[i].member);
        assert_int_equal(rows[i].score, sorted[i].score);
        assert_int_equal(rows[i].rank, rank);
        assert_int_equal(ranking_position(r, sorted[i].member), i);
        assert_int_equal(ranking_rank(r, sorted[i].score), rank);
    }
    if (count == 0) return;
    uint32_t first = any(count), n = ranking_page(r, first, 61, rows);
    assert_int_equal(n, count - first < 61 ? count - first : 61);
    assert_int_equal(rows[0].member, sorted[first].member);
    assert_int_equal(rows[n - 1].member, sorted[first + n - 1].member);
}

static void whatever_happens_it_equals_a_sorted_array(void **state) {
    fault f;
    ranking *r = ranking_new(0, &f);
    static standing all[MOST];
    uint32_t count = 0;
    for (uint32_t turn = 0; turn < 60000; turn++) {
        /* Grows, shrinks to little, grows again: blocks split and join. */
        bool grow = (turn / 10000) % 2 == 0 ? any(4) > 0 : any(4) == 0;
        if (grow && count < MOST) {
            standing s = {(int64_t)turn * 7919 - 30000, (int64_t)any(turn % 3 ? 50 : 1000000) - 20};
            assert_int_equal(ranking_set(r, s.member, s.score, &f), 0);
            all[count++] = s;
        } else if (count && any(2)) {
            standing *s = &all[any(count)];
            s->score = (int64_t)any(60) - 30;
            assert_int_equal(ranking_set(r, s->member, s->score, &f), 0);
        } else if (count) {
            uint32_t at = any(count);
            assert_true(ranking_remove(r, all[at].member));
            all[at] = all[--count];
        }
        if (turn % 3000 == 2999) compare(r, all, count);
    }
    while (count) assert_true(ranking_remove(r, all[--count].member));
    compare(r, all, 0);
    ranking_free(r);
}

static void filling_never_overrides_what_is_newer(void **state) {
    fault f;
    int64_t score;
    ranking *r = ranking_new(0, &f);
    assert_true(ranking_is_filling(r));
    assert_int_equal(ranking_set(r, 1, 50, &f), 0);
    assert_false(ranking_remove(r, 2)); /* deleted before it was read */
    assert_int_equal(ranking_fill(r, 1, 10, &f), 0);
    assert_int_equal(ranking_fill(r, 2, 20, &f), 0);
    assert_int_equal(ranking_fill(r, 3, 30, &f), 1);
    assert_int_equal(ranking_fill(r, 3, 31, &f), 0);
    assert_int_equal(ranking_count(r), 2);
    assert_true(ranking_score(r, 1, &score) && score == 50);
    assert_true(ranking_score(r, 3, &score) && score == 30);
    assert_int_equal(ranking_position(r, 2), -1);
    assert_int_equal(ranking_set(r, 2, 5, &f), 0); /* back by a save of his own */
    ranking_filled(r);
    assert_false(ranking_is_filling(r));
    assert_int_equal(ranking_fill(r, 4, 40, &f), 0);
    assert_int_equal(ranking_count(r), 3);
    ranking_free(r);
}

static void a_full_ranking_and_no_memory_change_nothing(void **state) {
    fault f;
    ranking *r = ranking_new(2, &f);
    assert_int_equal(ranking_set(r, 1, 1, &f), 0);
    assert_int_equal(ranking_set(r, 2, 2, &f), 0);
    assert_int_equal(ranking_set(r, 3, 3, &f), E_LIMIT);
    assert_int_equal(ranking_set(r, 2, 0, &f), 0); /* moving needs no place */
    ranking_free(r);

    for (uint64_t n = 1; n < 4; n++) { /* allocations of ranking.c, in turn; slabs and hashes have their own */
        static standing all[MOST];
        uint32_t count = 0, failed = 0;
        r = ranking_new(0, &f);
        for (uint32_t i = 0; i < 1500; i++) {
            standing s = {i, any(100)};
            if (i == 700) memory_fail_in(n);
            int code = ranking_set(r, s.member, s.score, &f);
            if (i == 1400) memory_fail_in(0);
            assert_true(code == 0 || code == E_MEMORY);
            if (code == 0) all[count++] = s;
            failed += code != 0;
        }
        assert_true(failed > 0);
        compare(r, all, count);
        ranking_free(r);
    }
    memory_fail_in(1);
    assert_null(ranking_new(0, &f));
    memory_fail_in(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scores_share_a_rank_and_the_next_one_skips),
        cmocka_unit_test(whatever_happens_it_equals_a_sorted_array),
        cmocka_unit_test(filling_never_overrides_what_is_newer),
        cmocka_unit_test(a_full_ranking_and_no_memory_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
