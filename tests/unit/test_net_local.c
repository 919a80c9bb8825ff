/* The local door: who may open the file, who it says they are, and that nobody else's file is ever taken away. */
#include "net_testing.h"

#include <sys/stat.h>
#include <sys/un.h>

#include "net/local.h"

static loop *l;
static fault f;
static char folder[64], path[96];
static int accepted, closed;
static local_peer last;

static size_t on_data(void *ctx, stream *s, bytes in) {
    stream_write(s, in);
    return in.n;
}

static void on_closed(void *ctx, stream *s, const fault *why) { closed++; }

static const stream_handler echo = {.data = on_data, .closed = on_closed};

static void on_accept(void *ctx, stream *s, const local_peer *who) {
    accepted++;
    last = *who;
    stream_set_handler(s, &echo, NULL);
}

static int open_loop(void **state) {
    accepted = closed = 0;
    strcpy(folder, "/tmp/mu-local-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/door", folder);
    return (l = loop_new(&f)) ? 0 : -1;
}

static int close_loop(void **state) {
    loop_free(l);
    unlink(path);
    return rmdir(folder);
}

static int dial_local(const char *to) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    strcpy(at.sun_path, to);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
    close(fd);
    return -1;
}

static void test_echo(void **state) {
    struct stat st;
    char text[16] = "";
    local_door *d = local_open(l, path, 4, on_accept, NULL, &f);
    assert_non_null(d);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    int fd = dial_local(path);
    assert_true(fd >= 0);
    turn_until(l, accepted == 1);
    assert_int_equal(last.uid, getuid());
    assert_int_equal(last.pid, getpid());
    assert_true(last.name[0]);
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    turn_until(l, recv(fd, text, sizeof text, 0) == 5);
    assert_string_equal(text, "hello");
    close(fd);
    turn_until(l, closed == 1);
    local_close(d);
    assert_int_equal(stat(path, &st), -1);
}

/* A server that died leaves its file; a living one is not pushed aside. */
static void test_left_over(void **state) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(at.sun_path, path);
    assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof at), 0);
    close(dead);
    local_door *d = local_open(l, path, 4, on_accept, NULL, &f);
    assert_non_null(d);
    assert_null(local_open(l, path, 4, on_accept, NULL, &f));
    assert_int_equal(f.code, E_EXISTS);
    char expected[200];
    snprintf(expected, sizeof expected, "another server answers at %s", path);
    assert_string_equal(f.text, expected);
    /* Another file took the name: it is not ours to remove. */
    assert_int_equal(unlink(path), 0);
    FILE *file = fopen(path, "w");
    fclose(file);
    local_close(d);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_null(local_open(l, path, 4, on_accept, NULL, &f));
    snprintf(expected, sizeof expected, "%s is there and is no socket: move it away", path);
    assert_string_equal(f.text, expected);
    turn_for(l, 1000);
}

static void test_too_long(void **state) {
    char name[300];
    memset(name, 'x', sizeof name), name[0] = '/', name[299] = 0;
    assert_null(local_open(l, name, 4, on_accept, NULL, &f));
    assert_int_equal(f.code, E_CONFIG);
}

static void test_most(void **state) {
    local_door *d = local_open(l, path, 2, on_accept, NULL, &f);
    int fds[3];
    char byte;
    assert_non_null(d);
    for (int i = 0; i < 3; i++) fds[i] = dial_local(path);
    turn_until(l, recv(fds[2], &byte, 1, 0) == 0); /* closed at once */
    assert_int_equal(accepted, 2);
    close(fds[0]);
    turn_until(l, closed == 1);
    int fd = dial_local(path);
    turn_until(l, accepted == 3);
    local_close(d);
    close(fd), close(fds[1]), close(fds[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_echo, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(test_left_over, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(test_too_long, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(test_most, open_loop, close_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
