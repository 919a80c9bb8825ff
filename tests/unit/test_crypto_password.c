/* Passwords: the formats, their bounds, and the pool. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <argon2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/password.h"

static const password_cost cheap = {.memory_kib = 64, .passes = 1, .lanes = 1};

static void what_we_write_the_library_verifies_and_the_other_way_round(void **state) {
    char hash[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash(NULL, "correct horse", 13, NULL, hash), 0);
    assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_int_equal(strlen(hash), 31 + 22 + 1 + 43);
    assert_int_equal(argon2id_verify(hash, "correct horse", 13), ARGON2_OK);
    assert_int_equal(password_verify("correct horse", 13, hash), 0);
    assert_int_equal(password_verify("correct hors", 12, hash), E_NOT_FOUND);
    assert_false(password_outdated(NULL, hash));
    assert_int_equal(argon2id_hash_encoded(3, 4096, 2, "x", 1, "saltsalt", 8, 24, other, sizeof other), ARGON2_OK);
    assert_int_equal(password_verify("x", 1, other), 0);
    assert_int_equal(password_verify("y", 1, other), E_NOT_FOUND);
    assert_true(password_outdated(NULL, other));
}

static void salts_differ_unless_they_are_given(void **state) {
    char one[PASSWORD_HASH_MAX], two[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash(&cheap, "a", 1, NULL, one), 0);
    assert_int_equal(password_hash(&cheap, "a", 1, NULL, two), 0);
    assert_string_not_equal(one, two);
    assert_int_equal(password_hash(&cheap, "a", 1, (const uint8_t *)"0123456789abcdef", one), 0);
    assert_int_equal(password_hash(&cheap, "a", 1, (const uint8_t *)"0123456789abcdef", two), 0);
    assert_string_equal(one, two);
}

static void the_old_version_is_verified_with_or_without_its_number(void **state) {
    char text[PASSWORD_HASH_MAX];
    uint8_t tag[32];
    assert_int_equal(
        argon2_hash(1, 64, 1, "pw", 2, "saltsalt", 8, tag, 32, text, sizeof text, Argon2_id, ARGON2_VERSION_10),
        ARGON2_OK);
    assert_int_equal(password_verify("pw", 2, text), 0);
    char *v = strstr(text, "v=16$");
    assert_non_null(v);
    memmove(v, v + 5, strlen(v + 5) + 1);
    assert_int_equal(password_verify("pw", 2, text), 0);
    assert_int_equal(password_verify("pv", 2, text), E_NOT_FOUND);
    assert_true(password_outdated(NULL, text));
}

static void the_pbkdf2_vector(void **state) {
    static const char hash[] = "$31$16$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5M";
    assert_int_equal(password_verify("password", 8, hash), 0);
    assert_int_equal(password_verify("Password", 8, hash), E_NOT_FOUND);
    assert_true(password_outdated(NULL, hash));
}

static void what_is_no_hash_is_refused_before_it_costs_anything(void **state) {
    static const char *const wrong[] = {
        "",
        "password",
        "$",
        "$argon2id$",
        "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", /* 4 TiB */
        "$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=33,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=99$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=20$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=064,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=-64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$t=1,m=64,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1$c2Fs$AAAAAAAAAAAAAAAAAAAAAA", /* salt of 3 bytes */
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA",            /* tag of 3 bytes */
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA==",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA$",
        "$31$23$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5M",
        "$31$16$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5",
        "$31$",
        "$31$16",
        "$31$x$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5M",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int e = password_verify("a", 1, wrong[i]);
        if (e != E_ARGUMENT) print_error("%s: %d\n", wrong[i], e);
        assert_int_equal(e, E_ARGUMENT);
    }
    char hash[PASSWORD_HASH_MAX], text[PASSWORD_TEXT_MAX + 1] = {0};
    assert_int_equal(password_hash(&cheap, text, sizeof text, NULL, hash), E_LIMIT);
    assert_int_equal(password_hash(&(password_cost){.memory_kib = 1u << 30}, "a", 1, NULL, hash), E_ARGUMENT);
}

/* ---- the pool ---- */

typedef struct box {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    void (*fn)(void *);
    void *arg;
} box;

static box mail = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL};

static void post(void *ctx, void (*fn)(void *), void *arg) {
    pthread_mutex_lock(&mail.lock);
    assert_null(mail.fn); /* one messenger at a time */
    mail.fn = fn;
    mail.arg = arg;
    pthread_cond_signal(&mail.wake);
    pthread_mutex_unlock(&mail.lock);
}

static void turn(void) {
    pthread_mutex_lock(&mail.lock);
    while (!mail.fn) pthread_cond_wait(&mail.wake, &mail.lock);
    void (*fn)(void *) = mail.fn;
    mail.fn = NULL;
    pthread_mutex_unlock(&mail.lock);
    fn(mail.arg);
}

typedef struct answer {
    int count, code;
    bool outdated;
    char hash[PASSWORD_HASH_MAX];
} answer;

static void answered(void *ctx, int code, const char *hash, bool outdated) {
    answer *a = ctx;
    a->count++;
    a->code = code;
    a->outdated = outdated;
    if (hash) strcpy(a->hash, hash);
}

static void the_pool_hashes_and_verifies(void **state) {
    fault f = {0};
    password_pool *p = password_pool_new(&(password_options){.cost = cheap, .threads = 2, .post = post}, &f);
    assert_non_null(p);
    answer a[20] = {0}, right = {0}, wrong = {0}, old = {0}, bad = {0};
    for (int i = 0; i < 20; i++) assert_int_equal(password_pool_hash(p, "secret", 6, answered, &a[i], &f), 0);
    for (int i = 0; i < 20; i++) {
        while (!a[i].count) turn();
        assert_int_equal(a[i].code, 0);
        assert_int_equal(password_verify("secret", 6, a[i].hash), 0);
    }
    assert_int_equal(password_pool_verify(p, "secret", 6, a[0].hash, answered, &right, &f), 0);
    assert_int_equal(password_pool_verify(p, "Secret", 6, a[0].hash, answered, &wrong, &f), 0);
    assert_int_equal(
        password_pool_verify(p, "password", 8, "$31$8$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5M", answered, &old, &f),
        0);
    assert_int_equal(password_pool_verify(p, "x", 1, "plain", answered, &bad, &f), 0);
    while (!right.count || !wrong.count || !old.count || !bad.count) turn();
    assert_int_equal(right.code, 0);
    assert_false(right.outdated);
    assert_int_equal(wrong.code, E_NOT_FOUND);
    assert_int_equal(old.code, E_NOT_FOUND); /* the vector's tag belongs to 2^16 rounds */
    assert_int_equal(bad.code, E_ARGUMENT);
    password_pool_close(p);
    password_pool_free(p);
    mail.fn = NULL;
}

/* With no patience at all both threads work on everything: still one answer each, and a right one. */
static void the_helper_gives_no_second_answer(void **state) {
    fault f = {0};
    password_options o = {.cost = cheap, .threads = 1, .patience_us = 1, .post = post};
    password_pool *p = password_pool_new(&o, &f);
    assert_non_null(p);
    answer a[60] = {0}, check[60] = {0};
    for (int i = 0; i < 60; i++) {
        assert_int_equal(password_pool_hash(p, "secret", 6, answered, &a[i], &f), 0);
        if (i % 3) continue;
        while (!a[i].count) turn(); /* now a rush, now one alone */
    }
    for (int i = 0; i < 60; i++) {
        while (!a[i].count) turn();
        assert_int_equal(a[i].code, 0);
        assert_int_equal(password_pool_verify(p, "secret", 6, a[i].hash, answered, &check[i], &f), 0);
    }
    for (int i = 0; i < 60; i++) {
        while (!check[i].count) turn();
        assert_int_equal(check[i].code, 0);
    }
    password_pool_close(p);
    if (mail.fn) mail.fn(mail.arg);
    mail.fn = NULL;
    for (int i = 0; i < 60; i++) assert_true(a[i].count == 1 && check[i].count == 1);
    password_pool_free(p);
}

static void the_queue_is_bounded_and_a_close_answers_everybody(void **state) {
    fault f = {0};
    password_pool *p = password_pool_new(&(password_options){.threads = 1, .max_waiting = 5, .post = post}, &f);
    assert_non_null(p);
    answer a[5] = {0}, more = {0};
    for (int i = 0; i < 5; i++) assert_int_equal(password_pool_hash(p, "secret", 6, answered, &a[i], &f), 0);
    assert_int_equal(password_pool_hash(p, "secret", 6, answered, &more, &f), E_BUSY);
    assert_non_null(strstr(f.text, "5 passwords wait"));
    password_pool_close(p);
    int closed = 0;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(a[i].count, 1);
        assert_true(a[i].code == 0 || a[i].code == E_CLOSED);
        closed += a[i].code == E_CLOSED;
    }
    assert_true(closed > 0);
    assert_int_equal(more.count, 0);
    assert_int_equal(password_pool_hash(p, "secret", 6, answered, &more, &f), E_CLOSED);
    if (mail.fn) mail.fn(mail.arg); /* a call still on its way finds nothing */
    mail.fn = NULL;
    for (int i = 0; i < 5; i++) assert_int_equal(a[i].count, 1);
    password_pool_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_write_the_library_verifies_and_the_other_way_round),
        cmocka_unit_test(salts_differ_unless_they_are_given),
        cmocka_unit_test(the_old_version_is_verified_with_or_without_its_number),
        cmocka_unit_test(the_pbkdf2_vector),
        cmocka_unit_test(what_is_no_hash_is_refused_before_it_costs_anything),
        cmocka_unit_test(the_pool_hashes_and_verifies),
        cmocka_unit_test(the_helper_gives_no_second_answer),
        cmocka_unit_test(the_queue_is_bounded_and_a_close_answers_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
