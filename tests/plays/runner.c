/* runner.c: mu_play, the program that runs plays and in-engine Lua tests.
 *
 *     mu_play [--mode plain|bytes|delay|reload|memory] [--program build/release/murelay] [--checkout DIR]
 *             [--only TEXT] [--update] [--want name=value …] plays.login lua.test_text …
 *
 * It is murelay without doors: the same engine, bind files and scripts in client mode (components and schemas declared,
 * no listener), so that a play speaks to a server in the words the server itself uses. The named modules are required
 * while the generation is built and declare their plays (mu.test.play, module.c); these run one after another, each as
 * a task. The server under test is another process, started by the play.
 *
 * The hostile modes change what surrounds a play, never the play: "bytes" and "delay" come from a preloaded library
 * (hostile.c) that is in both processes, "reload" reloads at every mu.test.step(), "memory" gives the server tight
 * limits. Exit code 0 when every play passed and there was one. */
#include "plays/runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/bind.h"
#include "bind/blaze.h"
#include "bind/timer.h"
#include "records/records.h"
#include "script/task.h"

#define PLAY_SECONDS 180
#define MODULES_MAX  128

runner the_runner = {.program = "build/release/murelay", .checkout = "."};
const char *const play_mode_names[] = {"plain", "bytes", "delay", "reload", "memory", NULL};

static loop_timer limit_timer, next_timer;
static handle running_task;
static int64_t play_began;
static bool over;

static void describe(void *ctx, handle subject, char *out, size_t size) { blaze_describe_session(subject, out, size); }

static int start(fault *f) {
    static char own[600], shipped[600], config[600], assets[600];
    static script_root roots[3];
    static const char *configs[2];
    static const script_module *modules[MODULES_MAX + 2];
    server *s = &the_runner.self;
    size_t n = 0;
    for (; bind_modules[n] && n < MODULES_MAX; n++) modules[n] = bind_modules[n];
    modules[n] = &module_test;
    snprintf(own, sizeof own, "%s/tests", the_runner.checkout);
    snprintf(shipped, sizeof shipped, "%s/scripts", the_runner.checkout);
    snprintf(config, sizeof config, "%s/config.lua", the_runner.checkout);
    snprintf(assets, sizeof assets, "%s/assets", the_runner.checkout);
    roots[0] = (script_root){shipped, "scripts"};
    roots[1] = (script_root){own, "tests"};
    configs[0] = config;
    /* Plays may take their time, on a slow machine and under a sanitizer; the server under test has its own limits. */
    static const char *const generous[] = {"limits.burst_warn_ms=10000", "limits.burst_ms=60000", NULL};
    engine_options o = {.roots = roots,
                        .overrides = generous,
                        .config_files = configs,
                        .modules = modules,
                        .asset_dir = assets,
                        .server = s,
                        .test_mode = true,
                        .describe = describe};
    s->client = true;
    if (!(s->loop = loop_new(f)) || !(s->records = records_new(f)) || !(s->timers = timers_new(0, f))) return f->code;
    o.host = bind_host(s);
    if (!(s->engine = engine_new(&o, f))) return f->code;
    int code = bind_join(s, f);
    return code < 0 ? code : engine_load(s->engine, f);
}

/* ── one play after another ──────────────────────────────────────────────────────────────────────────────────────── */

static void next_play(void *ctx);

static void play_done(void *ctx, const fault *why) {
    play *p = ctx;
    double seconds = (double)(clock_mono_us() - play_began) / 1e6;
    loop_timer_stop(&limit_timer);
    if (why) {
        const char *said = why->text[0] ? why->text : fault_name(why->code);
        size_t n = strlen(p->name);
        if (strncmp(said, p->name, n) == 0 && said[n] == ':') said += n + 2; /* the task's name is the play's */
        the_runner.failed++;
        printf("play %s: failed after %.2f s: %s\n", p->name, seconds, said);
    } else {
        printf("play %s: ok, %.2f s\n", p->name, seconds);
    }
    fflush(stdout);
    test_servers_end(why != NULL);
    the_runner.current++;
    loop_timer_start(the_runner.self.loop, &next_timer, 0, 0, next_play, NULL); /* not from inside the engine */
}

static void play_too_long(void *ctx) {
    fprintf(stderr, "play %s: more than its time\n", the_runner.plays[the_runner.current].name);
    test_servers_end(true); /* what waits for them wakes up */
    task_cancel(the_runner.self.engine, running_task, E_TIMEOUT);
}

static void stopped(void *ctx) {
    over = true;
    loop_stop(the_runner.self.loop);
}

static void next_play(void *ctx) {
    runner *r = &the_runner;
    while (r->current < r->play_count && r->only && !strstr(r->plays[r->current].name, r->only)) r->current++;
    if (r->current >= r->play_count) {
        engine_stop(r->self.engine, 1000000, stopped, NULL);
        return;
    }
    play *p = &r->plays[r->current];
    task_call call = {.generation = engine_current(r->self.engine),
                      .function_ref = p->function_ref,
                      .what = p->name,
                      .done = play_done,
                      .ctx = p,
                      .background = true};
    const char *slow = getenv("MU_PLAY_SLOW"); /* how many times longer everything takes: sanitizers, 1-byte reads */
    int64_t limit = (int64_t)PLAY_SECONDS * 1000000 * (slow && atoi(slow) > 0 ? atoi(slow) : 1);
    play_began = clock_mono_us();
    loop_timer_start(r->self.loop, &limit_timer, limit, 0, play_too_long, NULL);
    running_task = task_start(r->self.engine, &call);
}

/* ── the program ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static int read_mode(const char *word) {
    for (int i = 0; play_mode_names[i]; i++)
        if (!strcmp(play_mode_names[i], word)) return i;
    return -1;
}

/* The library that lets a server's time pass lies beside this program. */
static void find_clock(void) {
    char *at = the_runner.clock;
    ssize_t n = readlink("/proc/self/exe", at, sizeof the_runner.clock - 32);
    while (n > 0 && at[n - 1] != '/') n--;
    strcpy(at + (n > 0 ? n : 0), "libmu_clock.so");
    if (access(at, R_OK) < 0) *at = 0;
}

static int complain(const char *word) {
    fprintf(stderr, "mu_play: what is %s?\n", word);
    return 2;
}

int main(int argc, char **argv) {
    const char *modules[MODULES_MAX + 1] = {0};
    int count = 0, wants = 0;
    fault f = {0};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *operand = i + 1 < argc ? argv[i + 1] : NULL;
        if (word[0] != '-') {
            if (count == MODULES_MAX) return complain("one more module");
            modules[count++] = word;
            continue;
        }
        if (!strcmp(word, "--update")) {
            the_runner.update = true;
            continue;
        }
        if (!operand) return complain(word);
        i++;
        int mode = MODE_PLAIN;
        if (!strcmp(word, "--mode") && (mode = read_mode(operand)) >= 0)
            the_runner.mode = (enum play_mode)mode;
        else if (!strcmp(word, "--program"))
            the_runner.program = operand;
        else if (!strcmp(word, "--checkout"))
            the_runner.checkout = operand;
        else if (!strcmp(word, "--only"))
            the_runner.only = operand;
        else if (!strcmp(word, "--want") && strchr(operand, '=') && wants < WANTS_MAX - 1)
            the_runner.wants[wants++] = operand;
        else
            return complain(mode < 0 ? operand : word);
    }
    the_runner.modules = modules;
    find_clock();
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (start(&f) < 0) {
        printf("play start: failed: %s\n%s\n", f.text,
               the_runner.self.engine ? engine_report(the_runner.self.engine) : "");
        return 1;
    }
    loop_timer_start(the_runner.self.loop, &next_timer, 0, 0, next_play, NULL);
    while (!over) loop_run(the_runner.self.loop);
    timer_drive_stop();
    loop_free(the_runner.self.loop);
    engine_free(the_runner.self.engine);
    blaze_sessions_stop();
    timers_free(the_runner.self.timers);
    records_free(the_runner.self.records);
    if (the_runner.play_count == 0) printf("play none: failed: no play was declared\n");
    return the_runner.failed || the_runner.play_count == 0 ? 1 : 0;
}
