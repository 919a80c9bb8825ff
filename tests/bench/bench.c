/* bench.c: mu_bench, the program behind `./mu bench`.
 *
 *     mu_bench --program build/release/murelay --checkout . [--smoke] [--seconds 1] [--rounds 4] [--connections 64]
 *              [--idle 15000] [--sessions 2000] [--out build/bench.md] [scenario …]
 *
 * It starts our server in a folder of its own, the bare loop and raw SQLite as children or in its own thread, and
 * prints one table. Without a scenario it runs all. With --smoke it sends a few hundred requests each and only tells
 * whether all replies were right: that is what `./mu test` runs; nothing there depends on time. */
#include "bench/bench.h"
#include "bench/base.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const char config[] = "return { listeners = {\n"
                             "  { name = \"http\", address = \"127.0.0.1\", port = 0, protocols = { \"ssl3\", \"tls\", "
                             "\"http\", \"blaze\" }, prefer = "
                             "\"tls\" },\n"
                             "  { name = \"game\", address = \"127.0.0.1\", port = 0, protocols = { \"blaze\" } },\n"
                             "  { name = \"metrics\", address = \"127.0.0.1\", port = 0, metrics = true },\n"
                             "  { name = \"tunnel\", address = \"127.0.0.1\", port = 0, tunnel = true },\n"
                             "} }\n";

static const char *const sets[] = {
    "scripts.auto_reload=false",   "limits.silence_seconds=0",        "limits.accounts_per_hour=0",
    "limits.login_failures=0",     "limits.account_login_failures=0", "limits.address_login_failures=0",
    "limits.logins_per_minute=0",  "limits.connections_per_minute=0", "limits.associations_per_minute=0",
    "limits.changes_per_minute=0", "tunnel.datagrams_per_second=0",   NULL};

/* Scenarios beside the table of replies, in the order they run. */
static const struct {
    const char *name;
    void (*run)(bench *b);
} others[] = {{"mixed", bench_mixed},
              {"login", bench_login},
              {"create", bench_create},
              {"reload", bench_reload},
              {"generations", bench_generations},
              {"reload15k", bench_crowd},
              {"hostile", bench_hostile},
              {"slow", bench_slow},
              {"content", bench_content},
              {"games", bench_games},
              {"matchmaking", bench_matchmaking},
              {"tunnel", bench_tunnel},
              {"loginidle", bench_loginidle},
              {"idle", bench_idle}};
#define OTHERS (int)(sizeof others / sizeof others[0])

int bench_port(const bench *b) { return process_port(&b->server, "http"); }

void bench_print(bench *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
    if (!b->report) return;
    va_start(args, format);
    vfprintf(b->report, format, args);
    va_end(args);
    fflush(b->report);
}

int bench_start_server(bench *b, fault *f) {
    if (b->server.folder[0]) return process_again(&b->server, f);
    buf base = {0};
    base_text(&base, 0);
    if (base.failed) return E_MEMORY;
    const process_file files[] = {{BENCH_BASE, (const char *)base.p}, {NULL, NULL}};
    process_options o = {
        .program = b->program, .checkout = b->checkout, .config = config, .sets = sets, .files = files, .seconds = 20};
    int rc = process_start(&b->server, &o, f);
    buf_free(&base);
    return rc;
}

int bench_accounts(bench *b, unsigned count, fault *f) {
    if (count <= b->account_count) return 0;
    wire_account *grown = realloc(b->accounts, count * sizeof *grown);
    if (!grown) return E_MEMORY;
    b->accounts = grown;
    fprintf(stderr, "bench: making %u accounts\n", count - b->account_count);
    for (; b->account_count < count; b->account_count++) {
        char email[64];
        snprintf(email, sizeof email, "player%u@bench.test", b->account_count);
        int rc = wire_make_account(bench_port(b), email, &b->accounts[b->account_count], f);
        if (rc < 0) return rc;
    }
    return 0;
}

static void heading(bench *b) {
    struct utsname u;
    char day[32];
    time_t now = time(NULL);
    uname(&u);
    strftime(day, sizeof day, "%Y-%m-%d %H:%M UTC", gmtime(&now));
    bench_print(b, "# Mu Relay %s, measured %s\n\n%s %s, %ld processors.\n\n", MU_VERSION, day, u.sysname, u.release,
                sysconf(_SC_NPROCESSORS_ONLN));
}

static bool asked_for(const char *name, char **names, int count) {
    if (count == 0) return true;
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

static bool is_other(const char *name) {
    for (int i = 0; i < OTHERS; i++)
        if (!strcmp(name, others[i].name)) return true;
    return false;
}

static int usage_error(const char *word) {
    fprintf(stderr,
            "mu_bench: what is %s? Scenarios: ping preauth data msg ent bini (config = these four) save loadall silent "
            "mixed login create reload generations reload15k hostile slow content games matchmaking tunnel loginidle "
            "idle\n",
            word);
    return 2;
}

static const char *option(char **argv, int argc, int *i, const char *name) {
    if (strcmp(argv[*i], name) != 0 || *i + 1 >= argc) return NULL;
    return argv[++*i];
}

static void run(bench *b, char **names, int count) {
    bool requests = count == 0, other = false;
    for (int i = 0; i < count; i++) requests |= bench_is_request(names[i]);
    for (int i = 0; i < OTHERS; i++) other |= asked_for(others[i].name, names, count);
    if (requests) bench_requests(b, names, count);
    if (other && !b->smoke)
        bench_print(b, "\n| under load, and held | ours | to beat | best existing |\n|---|---|---|---|\n");
    for (int i = 0; i < OTHERS; i++)
        if (asked_for(others[i].name, names, count)) others[i].run(b);
}

int main(int argc, char **argv) {
    bench b = {.program = "build/release/murelay",
               .checkout = ".",
               .connections = 64,
               .rounds = 4,
               .idle = 15000,
               .sessions = 2000,
               .seconds = 1};
    char *names[64];
    int count = 0;
    fault f = {0};
    for (int i = 1; i < argc; i++) {
        const char *v;
        if (!strcmp(argv[i], "--smoke"))
            b.smoke = true, b.rounds = 1, b.connections = 8, b.idle = 50, b.sessions = 8;
        else if ((v = option(argv, argc, &i, "--program")))
            b.program = v;
        else if ((v = option(argv, argc, &i, "--checkout")))
            b.checkout = v;
        else if ((v = option(argv, argc, &i, "--out")))
            b.out = v;
        else if ((v = option(argv, argc, &i, "--seconds")))
            b.seconds = atof(v);
        else if ((v = option(argv, argc, &i, "--rounds")))
            b.rounds = (unsigned)atoi(v);
        else if ((v = option(argv, argc, &i, "--connections")))
            b.connections = (unsigned)atoi(v);
        else if ((v = option(argv, argc, &i, "--idle")))
            b.idle = (unsigned)atoi(v);
        else if ((v = option(argv, argc, &i, "--sessions")))
            b.sessions = (unsigned)atoi(v);
        else if (count < 64 && (bench_is_request(argv[i]) || is_other(argv[i])))
            names[count++] = argv[i];
        else
            return usage_error(argv[i]);
    }
    struct rlimit files = {65536, 65536};
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) { /* not root: as many as there may be */
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (b.out && !(b.report = fopen(b.out, "w"))) perror(b.out);
    if (!b.smoke) heading(&b);
    if (bench_start_server(&b, &f) < 0) {
        printf("case start: failed %s\n", f.text);
        b.failed++;
    } else
        run(&b, names, count);
    if (b.failed) fprintf(stderr, "bench: %d scenarios failed; the server's log is in %s\n", b.failed, b.server.log);
    process_remove(&b.server, b.failed > 0);
    free(b.accounts);
    if (b.report) fclose(b.report);
    return b.failed ? 1 : 0;
}
