/* hostile.c: scripts that misbehave in every way of plays/lib/hostile.lua, one after the other, and what 50 other
 * sessions notice of each: the longest ping while it lasts.
 *
 * The server has its shipped limits, but for the number of timers; it is a process of its own, started with the mod
 * switched on. What has to hold is the reason in the log, an answer to every ping, and that the server lives; how long
 * it took is printed and asserted nowhere. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "bench/bystanders.h"
#include "bench/page.h"
#include "bench/bench.h"

#define OTHERS    50
#define ITEMS_MAX 64

static const char config[] =
    "return { mods = { \"hostile\" }, listeners = {\n"
    "  { name = \"http\", address = \"127.0.0.1\", port = 0, protocols = { \"http\", \"blaze\" } },\n"
    "  { name = \"metrics\", address = \"127.0.0.1\", port = 0, metrics = true },\n"
    "} }\n";

/* The text between [==[ and ]==] of the file that the play uses as well. */
static char *read_mod(const bench *b, fault *f) {
    char path[600];
    snprintf(path, sizeof path, "%s/tests/plays/lib/hostile.lua", b->checkout);
    FILE *in = fopen(path, "r");
    char *text = calloc(1, 65536), *begin = NULL, *end = NULL;
    if (in && text && fread(text, 1, 65535, in) > 0) {
        begin = strstr(text, "[==[");
        end = strstr(text, "]==]");
    }
    if (in) fclose(in);
    if (!begin || !end) {
        fault_set(f, E_NOT_FOUND, "%s is not what it was", path);
        free(text);
        return NULL;
    }
    *end = 0;
    memmove(text, begin + 4, strlen(begin + 4) + 1);
    return text;
}

static int start(bench *b, process *s, fault *f) {
    static const char *const quick[] = {"limits.timers=1000", "limits.burst_warn_ms=50", "limits.burst_ms=100",
                                        "scripts.auto_reload=false", NULL};
    static const char *const full[] = {"limits.timers=1000", "scripts.auto_reload=false", NULL};
    char *mod = read_mod(b, f);
    if (!mod) return f->code;
    process_file files[] = {{"scripts/mods/hostile/mod.lua", mod}, {NULL, NULL}};
    process_options o = {.program = b->program,
                         .checkout = b->checkout,
                         .config = config,
                         .sets = b->smoke ? quick : full,
                         .files = files,
                         .seconds = 20};
    int rc = process_start(s, &o, f);
    free(mod);
    return rc;
}

static long log_size(const process *s) {
    struct stat st;
    return stat(s->log, &st) == 0 ? (long)st.st_size : 0;
}

typedef struct case_result {
    double ended_ms, ping_ms, quiet_ms;
} case_result;

/* One of the list: "name what the log has to say". */
static int run_one(process *s, const char *name, const char *expected, case_result *r, fault *f) {
    char path[200], answer[512];
    fault pings = {0};
    bystanders *others = calloc(1, sizeof *others);
    int port = process_port(s, "http");
    if (!others) return E_MEMORY;
    others->connections = OTHERS;
    int rc = bystanders_start(others, port, f);
    if (rc < 0) {
        free(others);
        return rc;
    }
    for (int i = 0; i < 20; i++) usleep(5000); /* they all ping by now */
    long from = log_size(s);
    int64_t begin = clock_mono_us();
    snprintf(path, sizeof path, "/hostile/%s", name);
    rc = page_get(port, path, answer, sizeof answer, f);
    r->ended_ms = (double)(clock_mono_us() - begin) / 1000;
    usleep(50000);
    int waited = bystanders_stop(others, rc == 0 ? f : &pings);
    if (rc == 0) rc = waited;
    r->ping_ms = others->result.longest_us / 1000;
    free(others);
    if (rc == 0 && strncmp(answer, "HTTP/1.1 500", 12) != 0)
        rc = fault_set(f, E_PROTOCOL, "%s was answered with %.40s", name, answer);
    if (rc == 0 && process_wait_log(s, from, expected, 10) < 0)
        rc = fault_set(f, E_PROTOCOL, "%s: the log does not say '%s'", name, expected);
    return rc;
}

static int run_all(bench *b, process *s, fault *f) {
    char list[8192];
    bystanders *quiet = calloc(1, sizeof *quiet);
    int rc = quiet ? page_get(process_port(s, "http"), "/hostile", list, sizeof list, f) : E_MEMORY;
    if (rc == 0) {
        quiet->connections = OTHERS;
        rc = bystanders_alone(quiet, process_port(s, "http"), b->smoke ? 0.1 : 1, f);
    }
    char *at = rc == 0 ? strstr(list, "\r\n\r\n") : NULL;
    if (rc == 0 && !at) rc = fault_set(f, E_PROTOCOL, "the list of misbehaving scripts does not come");
    if (rc == 0 && !b->smoke)
        bench_print(b,
                    "| misbehaving scripts, beside %d sessions that ping (longest ping without: %.1f ms) | "
                    "ended after | others' longest ping | what the log says |\n",
                    OTHERS, quiet->result.longest_us / 1000);
    for (char *line = at ? strtok(at + 4, "\n") : NULL; rc == 0 && line; line = strtok(NULL, "\n")) {
        char *expected = strchr(line, ' ');
        case_result r = {0};
        if (!expected) continue;
        *expected++ = 0;
        rc = run_one(s, line, expected, &r, f);
        if (rc == 0 && !b->smoke)
            bench_print(b, "| %s | %.0f ms | %.0f ms | … %s … |\n", line, r.ended_ms, r.ping_ms, expected);
    }
    free(quiet);
    return rc;
}

void bench_hostile(bench *b) {
    fault f = {0};
    process s = {0};
    int rc = start(b, &s, &f);
    if (rc == 0) rc = run_all(b, &s, &f);
    bench_tell(b, "hostile", rc, &f);
    process_remove(&s, rc < 0);
}
