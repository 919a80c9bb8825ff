/* The lock on a file: one holder, told by its number; gone with the process that held it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"

static char folder[64], path[96];

static int make_folder(void **state) {
    strcpy(folder, "/tmp/mu-lock-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/lock", folder);
    return 0;
}

static int remove_folder(void **state) {
    unlink(path);
    return rmdir(folder);
}

static void test_one_holder(void **state) {
    fault f;
    struct stat st;
    char expected[64];
    int lock = lock_file(path, &f);
    assert_true(lock > 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(lock_file(path, &f), E_BUSY);
    snprintf(expected, sizeof expected, "process %d", (int)getpid());
    assert_string_equal(f.text, expected);
    lock_release(lock);
    lock = lock_file(path, &f);
    assert_true(lock > 0);
    lock_release(lock);
    lock_release(E_BUSY);
}

static void test_ends_with_its_process(void **state) {
    fault f;
    int told[2], status;
    char ready;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        ready = lock_file(path, &f) > 0;
        if (write(told[1], &ready, 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(told[0], &ready, 1), 1);
    assert_true(ready);
    assert_int_equal(lock_file(path, &f), E_BUSY);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    int lock = lock_file(path, &f);
    assert_true(lock > 0);
    lock_release(lock);
    close(told[0]), close(told[1]);
}

static void test_no_folder(void **state) {
    fault f;
    assert_int_equal(lock_file("/nowhere/lock", &f), E_IO);
    assert_string_equal(f.text, "/nowhere/lock cannot be opened: No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_holder),
        cmocka_unit_test(test_ends_with_its_process),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
