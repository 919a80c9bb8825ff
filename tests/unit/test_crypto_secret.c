/* Key files: made once, kept, and never replaced when something is wrong with them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/secret.h"

static char folder[64], path[96];

static int set_up(void **state) {
    strcpy(folder, "/tmp/mu-secret-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/secret.bin", folder);
    return 0;
}

static unsigned files(void) {
    DIR *d = opendir(folder);
    unsigned n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static int tear_down(void **state) {
    unlink(path);
    rmdir(path);
    return rmdir(folder); /* fails when something else was left there */
}

static void write_file(size_t n, mode_t mode) {
    FILE *f = fopen(path, "wb");
    for (size_t i = 0; i < n; i++) fputc((int)i, f);
    fclose(f);
    chmod(path, mode);
}

static void made_once_and_found_again(void **state) {
    secret *one, *two;
    fault f = {0};
    struct stat st;
    assert_int_equal(secret_open(&one, path, &f), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, SECRET_BYTES);
    assert_int_equal(secret_open(&two, path, &f), 0);
    assert_memory_equal(one->key, two->key, SECRET_BYTES);
    assert_int_equal(files(), 1);
    secret_free(one);
    secret_free(two);
}

static void two_are_never_the_same(void **state) {
    secret *one, *two;
    assert_int_equal(secret_open(&one, path, NULL), 0);
    unlink(path);
    assert_int_equal(secret_open(&two, path, NULL), 0);
    assert_memory_not_equal(one->key, two->key, SECRET_BYTES);
    secret_free(one);
    secret_free(two);
}

static void a_short_one_ends_the_start_and_stays(void **state) {
    secret *s;
    fault f = {0};
    write_file(63, 0600);
    assert_int_equal(secret_open(&s, path, &f), E_CONFIG);
    assert_null(s);
    assert_non_null(strstr(f.text, "too short: 63 bytes instead of 64"));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 63);
}

static void an_unreadable_one_ends_the_start(void **state) {
    secret *s;
    fault f = {0};
    assert_int_equal(mkdir(path, 0700), 0); /* opens, but cannot be read, for root as well */
    assert_int_equal(secret_open(&s, path, &f), E_CONFIG);
    assert_non_null(strstr(f.text, "cannot be read: Is a directory"));
}

static void a_folder_that_is_not_there_is_a_sentence(void **state) {
    secret *s;
    fault f = {0};
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/no/secret.bin", folder);
    assert_int_equal(secret_open(&s, nowhere, &f), E_IO);
    assert_non_null(strstr(f.text, "cannot be written: No such file"));
}

static void one_that_others_may_read_is_tightened(void **state) {
    secret *s;
    struct stat st;
    write_file(64, 0644);
    assert_int_equal(secret_open(&s, path, NULL), 0);
    assert_int_equal(s->key[63], 63);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    secret_free(s);
}

static void a_file_is_never_replaced(void **state) {
    fault f = {0};
    write_file(5, 0600);
    assert_int_equal(secret_write(path, "other", 5, &f), E_EXISTS);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(files(), 1);
}

/* Small draws come from a pool: none of its bytes is given twice, in whatever sizes it is asked. */
static void small_draws_never_repeat(void **state) {
    enum { DRAWS = 400 };
    static uint8_t drawn[DRAWS][8];
    uint8_t any[64];
    for (int i = 0; i < DRAWS; i++) {
        assert_int_equal(secret_random(drawn[i], sizeof drawn[i]), 0);
        assert_int_equal(secret_random(any, 1 + (size_t)i % sizeof any), 0);
        for (int k = 0; k < i; k++) assert_memory_not_equal(drawn[i], drawn[k], sizeof drawn[i]);
    }
}

int main(void) {
    log_set_level(LOG_NONE);
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_draws_never_repeat),
        WITH(made_once_and_found_again),
        WITH(two_are_never_the_same),
        WITH(a_short_one_ends_the_start_and_stays),
        WITH(an_unreadable_one_ends_the_start),
        WITH(a_folder_that_is_not_there_is_a_sentence),
        WITH(one_that_others_may_read_is_tightened),
        WITH(a_file_is_never_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
