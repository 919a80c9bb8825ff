/* The log: gathered lines leave together and in order, what matters leaves at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static FILE *file;
static int real_stderr;
static unsigned asked;

static void ask(void *ctx) { asked++; }

/* The lines so far without their times, all in one text. */
static const char *said(void) {
    static char out[65536];
    char line[16384];
    size_t n = 0;
    fflush(stderr);
    rewind(file);
    out[0] = 0;
    while (fgets(line, sizeof line, file) && n < sizeof out - 1)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s", strlen(line) > 25 ? line + 25 : line);
    return out;
}

static int begin(void **state) {
    asked = 0;
    file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    real_stderr = dup(2);
    return dup2(fileno(file), 2) < 0;
}

static int end(void **state) {
    log_gather(NULL, NULL);
    fflush(stderr);
    dup2(real_stderr, 2);
    close(real_stderr);
    fclose(file);
    return 0;
}

static void lines_gather_until_they_are_flushed(void **state) {
    log_gather(ask, NULL);
    log_info("t", "one");
    log_info("t", "two");
    assert_string_equal(said(), "");
    assert_int_equal(asked, 1);
    log_flush();
    assert_string_equal(said(), "info  t: one\ninfo  t: two\n");
    log_info("t", "three");
    assert_int_equal(asked, 2);
    log_gather(NULL, NULL);
    log_info("t", "four");
    assert_string_equal(said(), "info  t: one\ninfo  t: two\ninfo  t: three\ninfo  t: four\n");
    assert_int_equal(asked, 2);
}

static void a_warning_takes_the_gathered_lines_along(void **state) {
    log_gather(ask, NULL);
    log_info("t", "before");
    log_warn("t", "look");
    assert_string_equal(said(), "info  t: before\nwarn  t: look\n");
    log_flush();
    assert_string_equal(said(), "info  t: before\nwarn  t: look\n");
}

static void *other_thread(void *arg) {
    log_info("t", "other");
    return NULL;
}

static void another_thread_speaks_behind_what_was_gathered(void **state) {
    pthread_t t;
    log_gather(ask, NULL);
    log_info("t", "mine");
    assert_int_equal(pthread_create(&t, NULL, other_thread, NULL), 0);
    pthread_join(t, NULL);
    assert_string_equal(said(), "info  t: mine\ninfo  t: other\n");
    assert_int_equal(asked, 1);
}

static void more_than_fits_is_neither_lost_nor_out_of_order(void **state) {
    char want[65536];
    size_t n = 0;
    log_gather(ask, NULL);
    for (int i = 0; i < 2000; i++) {
        log_info("t", "line %d", i);
        n += (size_t)snprintf(want + n, sizeof want - n, "info  t: line %d\n", i);
    }
    log_flush();
    assert_string_equal(said(), want);
}

static char *content(const char *path) {
    static char out[4096];
    FILE *in = fopen(path, "rb");
    out[in ? fread(out, 1, sizeof out - 1, in) : 0] = 0;
    if (in) fclose(in);
    return out;
}

static void a_renamed_file_is_begun_anew(void **state) {
    char path[] = "/tmp/test-log-XXXXXX", old[64];
    fault f;
    close(mkstemp(path));
    snprintf(old, sizeof old, "%s.1", path);
    assert_int_equal(log_set_file(path, &f), 0);
    log_info("t", "before");
    assert_int_equal(rename(path, old), 0);
    log_info("t", "still the old one");
    assert_int_equal(log_reopen(&f), 0);
    log_info("t", "after");
    assert_int_equal(log_set_file("/nowhere/at/all", &f), E_IO);
    log_info("t", "nothing changed");
    assert_int_equal(log_set_file("", &f), 0);
    assert_non_null(strstr(content(old), "before"));
    assert_non_null(strstr(content(old), "still the old one"));
    assert_null(strstr(content(old), "after"));
    assert_non_null(strstr(content(path), "after"));
    assert_non_null(strstr(content(path), "nothing changed"));
    unlink(path);
    unlink(old);
}

static void a_json_line_is_one_object_whatever_the_text(void **state) {
    log_set_json(true);
    log_info("t", "%s", "say \"no\" to \\ and\nnew\x01lines\n");
    log_set_json(false);
    const char *line = said();
    assert_string_equal(strstr(line, "\"level\""),
                        "\"level\":\"info\",\"topic\":\"t\",\"text\":\"say \\\"no\\\" to \\\\ "
                        "and\\u000anew\\u0001lines\"}\n");
}

static void drop(enum log_level level, const char *line, size_t n, void *ctx) {}

static void the_newest_lines_are_kept_whole(void **state) {
    static char out[LOG_RECENT_MAX];
    log_set_sink(drop, NULL);
    log_forget();
    assert_int_equal(log_recent(out, sizeof out), 0);
    log_info("t", "first");
    size_t n = log_recent(out, sizeof out);
    assert_true(n > 10 && memcmp(out + n - 9, "t: first\n", 9) == 0);
    for (int i = 0; i < 9000; i++) log_info("t", "line %d of many, so that the ring goes round", i);
    n = log_recent(out, sizeof out);
    assert_true(n > LOG_RECENT_MAX - LOG_LINE_MAX && n < LOG_RECENT_MAX);
    assert_true(memcmp(out, "20", 2) == 0 && out[n - 1] == '\n');
    out[n - 1] = 0;
    assert_non_null(strstr(out + n - 100, "line 8999 of many"));
    n = log_recent(out, 100); /* less room: the last whole line */
    assert_true(n > 20 && n < 100 && memcmp(out, "20", 2) == 0);
    log_forget();
    log_set_sink(NULL, NULL);
}

int main(void) {
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH(lines_gather_until_they_are_flushed),
        WITH(a_warning_takes_the_gathered_lines_along),
        WITH(another_thread_speaks_behind_what_was_gathered),
        WITH(more_than_fits_is_neither_lost_nor_out_of_order),
        WITH(a_renamed_file_is_begun_anew),
        WITH(a_json_line_is_one_object_whatever_the_text),
        WITH(the_newest_lines_are_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
