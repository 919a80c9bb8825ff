/* process.c: starts and stops murelay for tests (process.h). What it printed goes to a file and not through a pipe: a
 * test that never reads cannot block the server, and a killed server leaves everything it said. */
#include "tools/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static const char default_config[] =
    "return { listeners = {\n"
    "  { name = \"http\", address = \"127.0.0.1\", port = 0, protocols = { \"ssl3\", \"tls\", \"http\", \"blaze\" },\n"
    "    prefer = \"tls\" },\n"
    "  { name = \"redirector\", address = \"127.0.0.1\", port = 0, protocols = { \"ssl3\", \"tls\", \"http\", "
    "\"blaze\" },\n"
    "    prefer = \"ssl3\" },\n"
    "  { name = \"game\", address = \"127.0.0.1\", port = 0, protocols = { \"blaze\" } },\n"
    "  { name = \"telemetry\", address = \"127.0.0.1\", port = 0, telemetry = true },\n"
    "} }\n";

#define WHOLE_LOOKS 1000 /* milliseconds that half an entry is waited for */

static void pause_ms(int ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL); }

/* ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int make_folders(char *path) { /* every folder of a file's path */
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        int rc = mkdir(path, 0700);
        *p = '/';
        if (rc < 0 && errno != EEXIST) return E_IO;
    }
    return 0;
}

int process_write(process *s, const char *path, const char *text, fault *f) {
    return process_write_bytes(s, path, text, strlen(text), f);
}

int process_write_bytes(process *s, const char *path, const void *bytes, size_t n, fault *f) {
    char full[1024], whole[300];
    if (strstr(path, "..")) return fault_set(f, E_ARGUMENT, "%s: a test's file stays in its folder", path);
    if (snprintf(full, sizeof full, "%s/%s", s->folder, path) >= (int)sizeof full) return E_LIMIT;
    if (make_folders(full) < 0) return fault_set(f, E_IO, "%s: %s", full, strerror(errno));
    snprintf(whole, sizeof whole, "%s/being-written", s->folder); /* nobody reads half a file */
    FILE *out = fopen(whole, "w");
    if (!out) return fault_set(f, E_IO, "%s: %s", whole, strerror(errno));
    bool good = fwrite(bytes, 1, n, out) == n;
    if (fclose(out) != 0 || !good || rename(whole, full) < 0) return fault_set(f, E_IO, "%s: cannot write", full);
    return 0;
}

static void remove_tree(const char *path) {
    struct stat st;
    if (lstat(path, &st) < 0) return;
    if (S_ISDIR(st.st_mode)) {
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));) {
            char full[1024];
            if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
            if (snprintf(full, sizeof full, "%s/%s", path, e->d_name) < (int)sizeof full) remove_tree(full);
        }
        if (d) closedir(d);
        rmdir(path);
    } else {
        unlink(path);
    }
}

static char *log_now(const process *s, long from) {
    char *text = calloc(1, 1);
    FILE *in = fopen(s->log, "rb");
    if (!in) return text;
    fseek(in, 0, SEEK_END);
    long end = ftell(in);
    if (end > from) {
        char *grown = realloc(text, (size_t)(end - from) + 1);
        if (grown) {
            text = grown;
            fseek(in, from, SEEK_SET);
            text[fread(text, 1, (size_t)(end - from), in)] = 0;
        }
    }
    fclose(in);
    return text;
}

/* A long entry may be seen half written: the system copies it a page at a time. Every entry ends with a line. */
char *process_log(const process *s, long from) {
    char *text = log_now(s, from);
    for (int looks = 0; *text && text[strlen(text) - 1] != '\n' && looks < WHOLE_LOOKS; looks++) {
        free(text);
        pause_ms(1);
        text = log_now(s, from);
    }
    return text;
}

static long log_size(const process *s) {
    struct stat st;
    return stat(s->log, &st) == 0 ? (long)st.st_size : 0;
}

/* ── starting ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A door's line contains "door <name> <address>:<port>"; what stands before and after is the server's own affair. */
static void read_doors(process *s, char *text) {
    s->door_count = 0;
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *at = strstr(line, "door ");
        process_door d;
        char where[128];
        if (!at || s->door_count == PROCESS_DOORS || sscanf(at, "door %31s %127s", d.name, where) != 2) continue;
        char *colon = strrchr(where, ':');
        if (!colon || (d.port = atoi(colon + 1)) <= 0) continue;
        *colon = 0;
        snprintf(d.address, sizeof d.address, "%s", where);
        s->doors[s->door_count++] = d;
    }
}

/* ── its time (plays/clock.c) ────────────────────────────────────────────────────────────────────────────────────── */

static int64_t *open_clock(const process *s) { /* shared with the process; to be unmapped */
    char path[300];
    snprintf(path, sizeof path, "%s/clock", s->folder);
    int fd = s->clock[0] ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return NULL;
    void *page = ftruncate(fd, sizeof(int64_t)) == 0
                     ? mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                     : MAP_FAILED;
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

int process_passes(process *s, double seconds) {
    int64_t *ahead = open_clock(s);
    if (!ahead) return E_SYSTEM;
    __atomic_fetch_add(ahead, (int64_t)(seconds * 1e9), __ATOMIC_SEQ_CST);
    munmap(ahead, sizeof *ahead);
    return 0;
}

/* The environment of a process that has a clock: ours, with the library before everything else. */
typedef struct environment {
    char clock[320], preload[1100], asan[1100];
    const char *all[512];
} environment;

static void make_environment(const process *s, environment *e) {
    const char *preload = getenv("LD_PRELOAD"), *asan = getenv("ASAN_OPTIONS");
    size_t n = 0;
    snprintf(e->clock, sizeof e->clock, "MU_CLOCK=%s/clock", s->folder);
    snprintf(e->preload, sizeof e->preload, "LD_PRELOAD=%s%s%s", preload ? preload : "", preload ? ":" : "", s->clock);
    /* It comes before the sanitizer's own library, too. */
    snprintf(e->asan, sizeof e->asan, "ASAN_OPTIONS=%s%sverify_asan_link_order=0", asan ? asan : "", asan ? ":" : "");
    if (s->clock[0]) e->all[n++] = e->clock, e->all[n++] = e->preload, e->all[n++] = e->asan;
    for (char **one = environ; *one && n < sizeof e->all / sizeof *e->all - 1; one++) {
        bool ours = !strncmp(*one, "LD_PRELOAD=", 11) || !strncmp(*one, "ASAN_OPTIONS=", 13);
        if (!ours || !s->clock[0]) e->all[n++] = *one;
    }
    e->all[n] = NULL;
}

static int spawn(process *s, fault *f) {
    environment e;
    make_environment(s, &e); /* not between fork and exec: other threads run */
    s->log_from = log_size(s);
    pid_t pid = fork();
    if (pid < 0) return fault_set(f, E_SYSTEM, "cannot fork: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves no server behind */
        int out = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600), in = open("/dev/null", O_RDONLY);
        if (out < 0 || in < 0 || chdir(s->checkout) < 0) _exit(126);
        dup2(in, 0), dup2(out, 1), dup2(out, 2);
        close_range(3, ~0u, 0);
        if (s->max_memory) { setrlimit(RLIMIT_AS, &(struct rlimit){s->max_memory, s->max_memory}); }
        signal(SIGPIPE, SIG_DFL);
        execve(s->argv[0], s->argv, (char *const *)(uintptr_t)e.all);
        fprintf(stderr, "cannot run %s: %s\n", s->argv[0], strerror(errno));
        _exit(127);
    }
    s->pid = pid;
    return 0;
}

static int wait_ready(process *s, fault *f) {
    int64_t until = clock_mono_us() + (int64_t)(s->seconds * 1e6);
    for (;; pause_ms(2)) {
        bool ended = !process_running(s);
        char *text = process_log(s, s->log_from);
        bool ready = strstr(text, " ready") != NULL;
        if (ready) read_doors(s, text);
        if (!ready && (ended || clock_mono_us() > until)) {
            size_t n = strlen(text);
            fault_set(f, ended ? E_CLOSED : E_TIMEOUT, "the server %s before it was ready: …%s",
                      ended ? "ended" : "took too long", n > 400 ? text + n - 400 : text);
            free(text);
            return ended ? E_CLOSED : E_TIMEOUT;
        }
        free(text);
        if (ready) return 0;
    }
}

static int make_words(process *s, const process_options *o) {
    size_t sets = 0;
    while (o->sets && o->sets[sets]) sets++;
    s->argv = calloc(9 + 2 * sets, sizeof *s->argv);
    if (!s->argv) return E_MEMORY;
    char path[512];
    size_t n = 0;
    s->argv[n++] = strdup(o->program);
    s->argv[n++] = strdup("serve");
    s->argv[n++] = strdup("--config");
    snprintf(path, sizeof path, "%s/config.lua", s->folder);
    s->argv[n++] = strdup(path);
    s->argv[n++] = strdup("--data");
    snprintf(path, sizeof path, "%s/data", s->folder);
    s->argv[n++] = strdup(o->data ? o->data : path);
    for (size_t i = 0; i < sets; i++) {
        s->argv[n++] = strdup("--set");
        s->argv[n++] = strdup(o->sets[i]);
    }
    return 0;
}

int process_start(process *s, const process_options *o, fault *f) {
    memset(s, 0, sizeof *s);
    const char *base = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%s/murelay-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(s->folder)) {
        int rc = fault_set(f, E_IO, "%s: %s", s->folder, strerror(errno));
        s->folder[0] = 0;
        return rc;
    }
    snprintf(s->log, sizeof s->log, "%s/log", s->folder);
    snprintf(s->checkout, sizeof s->checkout, "%s", o->checkout ? o->checkout : ".");
    s->seconds = o->seconds > 0 ? o->seconds : 60;
    s->max_memory = o->max_memory;
    if (o->clock) snprintf(s->clock, sizeof s->clock, "%s", o->clock);
    int64_t *clock = open_clock(s);
    if (clock) munmap(clock, sizeof *clock);
    int rc = make_words(s, o);
    if (rc == 0) rc = process_write(s, "config.lua", o->config ? o->config : default_config, f);
    for (const process_file *file = o->files; rc == 0 && file && file->path; file++) {
        char path[512];
        snprintf(path, sizeof path, "data/%s", file->path);
        rc = process_write(s, path, file->text, f);
    }
    return rc < 0 ? rc : process_again(s, f);
}

int process_again(process *s, fault *f) {
    if (process_running(s)) return fault_set(f, E_EXISTS, "the server still runs");
    int rc = spawn(s, f);
    return rc < 0 ? rc : wait_ready(s, f);
}

int process_port(const process *s, const char *door) {
    for (int i = 0; i < s->door_count; i++)
        if (!strcmp(s->doors[i].name, door)) return s->doors[i].port;
    return 0;
}

/* ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

bool process_running(process *s) {
    siginfo_t info = {0};
    if (s->pid == 0) return false;
    if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return false;
    return info.si_pid == 0;
}

int process_signal(process *s, int signum) {
    if (!process_running(s)) return E_STALE;
    return kill(s->pid, signum) == 0 ? 0 : E_SYSTEM;
}

/* Not one that a play sends: a fault, whatever else the play sees of it. */
static bool is_a_crash(int signum) {
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (crashes[i] == signum) return true;
    return false;
}

int process_wait(process *s, double seconds, int *status) {
    if (s->pid == 0) return E_STALE;
    int64_t until = clock_mono_us() + (int64_t)(seconds * 1e6);
    for (;; pause_ms(2)) {
        int raw;
        pid_t got = waitpid(s->pid, &raw, WNOHANG);
        if (got == s->pid) {
            *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 256 + WTERMSIG(raw);
            if (WIFSIGNALED(raw) && is_a_crash(WTERMSIG(raw)))
                fprintf(stderr, "the server was ended by signal %d: %s\n", WTERMSIG(raw), strsignal(WTERMSIG(raw)));
            s->pid = 0;
            return 0;
        }
        if (got < 0 && errno != EINTR) return E_SYSTEM;
        if (clock_mono_us() > until) return E_TIMEOUT;
    }
}

int process_wait_log(const process *s, long from, const char *text, double seconds) {
    int64_t until = clock_mono_us() + (int64_t)(seconds * 1e6);
    for (;; pause_ms(2)) {
        char *log = process_log(s, from);
        bool found = strstr(log, text) != NULL;
        free(log);
        if (found) return 0;
        if (clock_mono_us() > until) return E_TIMEOUT;
    }
}

void process_remove(process *s, bool keep_folder) {
    int status;
    if (s->pid) {
        kill(s->pid, SIGKILL);
        process_wait(s, 10, &status);
    }
    if (s->folder[0] && !keep_folder) remove_tree(s->folder);
    for (char **word = s->argv; word && *word; word++) free(*word);
    free(s->argv);
    memset(s, 0, sizeof *s);
}
