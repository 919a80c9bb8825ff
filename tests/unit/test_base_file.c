/* Files that are whole or not there, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64], path[128];

static int open_folder(void **state) {
    snprintf(folder, sizeof folder, "/tmp/murelay-file-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x", folder);
    return 0;
}

static int close_folder(void **state) {
    unlink(path);
    return rmdir(folder); /* fails when anything else is left */
}

static const char *content(void) {
    static char text[64];
    FILE *f = fopen(path, "r");
    if (!f) return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

static void written_and_replaced(void **state) {
    fault f = {0};
    struct stat st;
    assert_int_equal(file_write(path, "one", 3, true, &f), 0);
    assert_string_equal(content(), "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_write(path, "two", 3, true, &f), 0);
    assert_string_equal(content(), "two");
}

static void the_first_one_stays_where_nothing_is_replaced(void **state) {
    fault f = {0};
    assert_int_equal(file_write(path, "one", 3, false, &f), 0);
    assert_int_equal(file_write(path, "two", 3, false, &f), E_EXISTS);
    assert_non_null(strstr(f.text, path));
    assert_string_equal(content(), "one");
}

static void what_cannot_be_written_leaves_nothing(void **state) {
    fault f = {0};
    char inside[200];
    snprintf(inside, sizeof inside, "%s/none/x", folder);
    assert_int_equal(file_write(inside, "one", 3, true, &f), E_IO);
    assert_non_null(strstr(f.text, "cannot be written"));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_write(path, "one", 3, true, &f), E_IO); /* a folder is in the way */
    assert_int_equal(rmdir(path), 0);
}

static void *write_often(void *text) {
    fault f;
    size_t bad = 0;
    for (int i = 0; i < 20; i++) bad += file_write(path, text, strlen(text), true, &f) < 0;
    return (void *)bad;
}

/* Worker threads may be asked for the same file at once. */
static void two_writers_never_share_what_grows(void **state) {
    static char one[] = "one", two[] = "another";
    pthread_t thread;
    void *bad;
    assert_int_equal(pthread_create(&thread, NULL, write_often, one), 0);
    assert_null(write_often(two));
    assert_int_equal(pthread_join(thread, &bad), 0);
    assert_null(bad);
    assert_true(strcmp(content(), one) == 0 || strcmp(content(), two) == 0);
}

static void read_whole_or_not_at_all(void **state) {
    fault f;
    size_t n = 0;
    assert_int_equal(file_write(path, "five5", 5, true, &f), 0);
    char *text = file_read(path, 5, &n);
    assert_non_null(text);
    assert_int_equal(n, 5);
    assert_string_equal(text, "five5");
    free(text);
    assert_null(file_read(path, 4, &n));
    assert_int_equal(errno, EFBIG);
    assert_null(file_read(folder, 4, &n));
    assert_int_equal(errno, EISDIR);
    unlink(path);
    assert_null(file_read(path, 5, &n));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(file_read(path, 5, &n));
    assert_int_equal(errno, ENXIO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_replaced, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(the_first_one_stays_where_nothing_is_replaced, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(two_writers_never_share_what_grows, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(read_whole_or_not_at_all, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_leaves_nothing, open_folder, close_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
