/* The loop: timers in order, posts from other threads in order and never lost, the end of a turn, work, signals. */
#include "net_testing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "net/loop.h"

static char trace[256];

static void mark(void *ctx) { strncat(trace, ctx, sizeof trace - strlen(trace) - 1); }

static loop *fresh(void) {
    fault f;
    loop *l = loop_new(&f);
    assert_non_null(l);
    trace[0] = 0;
    return l;
}

static void timers_fire_in_order_of_time_and_start(void **state) {
    loop *l = fresh();
    loop_timer a = {0}, b = {0}, c = {0}, d = {0};
    do { /* once more when the machine stood still in between */
        loop_timer_start(l, &a, 60000, 0, mark, "a");
        loop_timer_start(l, &b, 20000, 0, mark, "b");
        loop_timer_start(l, &c, 40000, 0, mark, "c");
        loop_timer_start(l, &d, 50000, 0, mark, "d");
    } while (b.due_us >= c.due_us || c.due_us >= a.due_us);
    loop_timer_stop(&d);
    turn_until(l, strlen(trace) == 3);
    turn_for(l, 3000);
    assert_string_equal(trace, "bca");
    assert_false(loop_timer_running(&a));
    loop_free(l);
}

static void a_timer_is_moved_by_starting_it_again(void **state) {
    loop *l = fresh();
    loop_timer a = {0}, b = {0};
    loop_timer_start(l, &a, 1000, 0, mark, "a");
    loop_timer_start(l, &b, 5000, 0, mark, "b");
    loop_timer_start(l, &a, 9000, 0, mark, "A");
    turn_until(l, strlen(trace) == 2);
    assert_string_equal(trace, "bA");
    loop_free(l);
}

static int beats;
static loop_timer beating;

static void beat(void *ctx) {
    if (++beats == 4) loop_timer_stop(&beating);
}

static void a_repeating_timer_stops_itself(void **state) {
    loop *l = fresh();
    beats = 0;
    loop_timer_start(l, &beating, 500, 500, beat, NULL);
    turn_until(l, beats == 4);
    turn_for(l, 3000);
    assert_int_equal(beats, 4);
    loop_free(l);
}

static loop *turning;
static int spins;
static loop_timer spinner;

static void spin(void *ctx) {
    if (++spins < 50) loop_timer_start(turning, &spinner, 0, 0, spin, NULL);
}

static void a_timer_without_delay_does_not_hold_the_loop(void **state) {
    turning = fresh();
    spins = 0;
    loop_timer_start(turning, &spinner, 0, 0, spin, NULL);
    loop_turn(turning, 0);
    loop_turn(turning, 0);
    assert_true(spins < 50);
    turn_until(turning, spins == 50);
    loop_free(turning);
}

/* Every now and then nothing happens for three milliseconds. */
static void stand_still(int signum) {
    struct itimerval next = {{0, 0}, {0, 5 + rand() % 100}};
    usleep(3000);
    setitimer(ITIMER_REAL, &next, NULL);
}

/* A turn's own limit may be over before the turn has begun to wait. */
static void a_turn_ends_though_the_machine_stands_still(void **state) {
    loop *l = fresh();
    struct itimerval never = {{0, 0}, {0, 0}};
    signal(SIGALRM, stand_still);
    stand_still(SIGALRM);
    for (int i = 0; i < 100; i++) loop_turn(l, 1);
    signal(SIGALRM, SIG_IGN);
    setitimer(ITIMER_REAL, &never, NULL);
    loop_free(l);
}

static int64_t last_due;
static int fired, misplaced;

static void in_order(void *ctx) {
    const loop_timer *t = ctx;
    fired++;
    misplaced += t->due_us < last_due;
    last_due = t->due_us;
}

static void many_timers_keep_their_order(void **state) {
    loop *l = fresh();
    enum { N = 2000 };
    static loop_timer all[N];
    memset(all, 0, sizeof all);
    last_due = 0, fired = misplaced = 0;
    uint32_t seed = 1;
    for (int i = 0; i < N; i++) {
        seed = seed * 1664525 + 1013904223;
        loop_timer_start(l, &all[i], seed % 5000, 0, in_order, &all[i]);
    }
    int running = 0;
    for (int i = 0; i < N; i += 3) loop_timer_stop(&all[i]);
    for (int i = 0; i < N; i++) running += loop_timer_running(&all[i]);
    assert_int_equal(running, N - (N + 2) / 3);
    turn_until(l, fired == running);
    turn_for(l, 3000);
    assert_int_equal(fired, running);
    assert_int_equal(misplaced, 0);
    loop_free(l);
}

static loop_item first, second, third;

static void in_item(void *ctx) {
    mark(ctx);
    if (strcmp(ctx, "1") == 0)
        loop_turn_end(turning, &second), loop_turn_end(turning, &third), loop_turn_cancel(turning, &third);
}

static void queue_items(void *ctx) {
    mark(".");
    loop_turn_end(turning, &first);
    loop_turn_end(turning, &first);
}

static void the_end_of_a_turn_runs_each_item_once(void **state) {
    turning = fresh();
    first = (loop_item){.fn = in_item, .ctx = "1"};
    second = (loop_item){.fn = in_item, .ctx = "2"};
    third = (loop_item){.fn = in_item, .ctx = "3"};
    loop_post(turning, queue_items, NULL);
    loop_post(turning, mark, "-");
    loop_turn(turning, 100000);
    assert_string_equal(trace, ".-12");
    loop_turn(turning, 0);
    assert_string_equal(trace, ".-12");
    loop_free(turning);
}

static int again_left;

static void again(void *ctx) {
    if (--again_left > 0) loop_turn_end(turning, &first);
}

static void items_that_queue_themselves_do_not_starve_the_loop(void **state) {
    turning = fresh();
    first = (loop_item){.fn = again};
    again_left = 1000;
    loop_turn_end(turning, &first);
    loop_turn(turning, 0);
    assert_true(again_left > 900);
    turn_until(turning, again_left == 0);
    loop_free(turning);
}

enum { POSTERS = 4, POSTS = 5000 };
static uint32_t next_of[POSTERS];
static bool out_of_order;

static void take(void *ctx) {
    uintptr_t v = (uintptr_t)ctx;
    uint32_t who = v & 7, number = (uint32_t)(v >> 3);
    if (next_of[who]++ != number) out_of_order = true;
}

struct poster {
    loop *l;
    uintptr_t who;
};

static void *post_many(void *ctx) {
    struct poster *p = ctx;
    for (uintptr_t i = 0; i < POSTS; i++) loop_post(p->l, take, (void *)(i << 3 | p->who));
    return NULL;
}

static void posts_keep_their_order_and_none_is_lost(void **state) {
    loop *l = fresh();
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];
    memset(next_of, 0, sizeof next_of);
    out_of_order = false;
    for (uintptr_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){l, i};
        pthread_create(&threads[i], NULL, post_many, &posters[i]);
    }
    for (int i = 0; i < 20; i++) loop_turn(l, 1000);
    for (int i = 0; i < POSTERS; i++) pthread_join(threads[i], NULL);
    loop_free(l); /* runs what is still posted */
    for (int i = 0; i < POSTERS; i++) assert_int_equal(next_of[i], POSTS);
    assert_false(out_of_order);
}

static void *stop_soon(void *ctx) {
    usleep(2000);
    loop_stop(ctx);
    return NULL;
}

static void another_thread_can_stop_it(void **state) {
    loop *l = fresh();
    pthread_t t;
    pthread_create(&t, NULL, stop_soon, l);
    loop_run(l);
    pthread_join(t, NULL);
    loop_free(l);
}

static pthread_t worked_on;
static bool work_done;
static void work(void *ctx) { worked_on = pthread_self(); }
static void done(void *ctx) { work_done = loop_is_here(ctx); }

static void work_runs_elsewhere_and_reports_here(void **state) {
    loop *l = fresh();
    work_done = false;
    assert_int_equal(loop_work(l, work, done, l), 0);
    turn_until(l, work_done);
    assert_false(pthread_equal(worked_on, pthread_self()));
    work_done = false;
    assert_int_equal(loop_work(l, work, done, l), 0);
    loop_free(l); /* waits for it */
    assert_true(work_done);
}

static int signalled;
static void on_signal(void *ctx, int signum) { signalled = signum; }

static void signals_arrive_on_the_loop(void **state) {
    loop *l = fresh();
    signalled = 0;
    assert_int_equal(loop_signal(l, SIGHUP, on_signal, NULL), 0);
    assert_int_equal(loop_signal(l, SIGUSR1, on_signal, NULL), 0);
    raise(SIGHUP);
    turn_until(l, signalled == SIGHUP);
    raise(SIGUSR1);
    turn_until(l, signalled == SIGUSR1);
    loop_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_of_time_and_start),
        cmocka_unit_test(a_timer_is_moved_by_starting_it_again),
        cmocka_unit_test(a_repeating_timer_stops_itself),
        cmocka_unit_test(a_timer_without_delay_does_not_hold_the_loop),
        cmocka_unit_test(a_turn_ends_though_the_machine_stands_still),
        cmocka_unit_test(many_timers_keep_their_order),
        cmocka_unit_test(the_end_of_a_turn_runs_each_item_once),
        cmocka_unit_test(items_that_queue_themselves_do_not_starve_the_loop),
        cmocka_unit_test(posts_keep_their_order_and_none_is_lost),
        cmocka_unit_test(another_thread_can_stop_it),
        cmocka_unit_test(work_runs_elsewhere_and_reports_here),
        cmocka_unit_test(signals_arrive_on_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
