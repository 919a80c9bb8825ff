/* ctl.c: server:ctl of the plays: one command of the console, as an operator's script runs it: `murelay ctl LINE` on
 * the server's data folder.
 *
 *     local said = server:ctl("players show alice")       { code = 0, out = "…", err = "" }
 *     local seen = server:ctl("watch packets", 0.5)       ends it with SIGINT after half a second
 *     local seen = server:ctl("watch packets", "enough")  ends it once the file `enough` is in the server's folder:
 *                                                         server:write("enough", "")
 *     local json = server:ctl("--json players list")      as JSON
 *     local all  = server:ctl("-", nil, "status\nhelp\n")  the lines that it reads
 *
 * The program is another process, waited for on a worker thread; what it prints goes through files. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "plays/runner.h"
#include "script/task.h"

#define LONGEST_SECONDS 60.0 /* a command that is not to be ended */

typedef struct ctl_job {
    task_token token;
    char program[512], checkout[512], data[512], in[512], out[512], err[512];
    char *line, *input; /* input: what it reads, or NULL */
    bool json;
    double seconds;   /* end it after so long; 0 = it ends by itself */
    char enough[512]; /* or once there is this file; "" = no such file */
    int code;
} ctl_job;

static void run_child(const ctl_job *j) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int in = open(j->input ? j->in : "/dev/null", O_RDONLY), out = open(j->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(j->err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0 || err < 0 || chdir(j->checkout) < 0) _exit(126);
    dup2(in, 0), dup2(out, 1), dup2(err, 2);
    close_range(3, ~0u, 0);
    signal(SIGPIPE, SIG_DFL);
    if (j->json) execl(j->program, j->program, "ctl", "--data", j->data, "--json", j->line, (char *)NULL);
    execl(j->program, j->program, "ctl", "--data", j->data, j->line, (char *)NULL);
    _exit(127);
}

static void write_input(const ctl_job *j) {
    FILE *f = j->input ? fopen(j->in, "w") : NULL;
    if (!f) return;
    fputs(j->input, f);
    fclose(f);
}

static void job_run(void *ctx) {
    ctl_job *j = ctx;
    int64_t began = clock_mono_us();
    double slow = getenv("MU_PLAY_SLOW") ? atof(getenv("MU_PLAY_SLOW")) : 1;
    double limit = j->seconds > 0 ? j->seconds : LONGEST_SECONDS * (slow > 1 ? slow : 1);
    int raw = 0, ended = 0;
    write_input(j);
    pid_t pid = fork();
    if (pid == 0) run_child(j);
    j->code = -1;
    if (pid < 0) return;
    while (waitpid(pid, &raw, WNOHANG) == 0) {
        double passed = (double)(clock_mono_us() - began) / 1e6;
        if ((passed > limit || (j->enough[0] && access(j->enough, F_OK) == 0)) && !ended++) kill(pid, SIGINT);
        if (passed > limit + 5) kill(pid, SIGKILL);
        usleep(2000);
    }
    j->code = WIFEXITED(raw) ? WEXITSTATUS(raw) : 256 + WTERMSIG(raw);
}

static void push_file(lua_State *L, const char *path) {
    luaL_Buffer b;
    FILE *f = fopen(path, "r");
    luaL_buffinit(L, &b);
    for (size_t n = 1; f && n;) {
        char piece[4096];
        n = fread(piece, 1, sizeof piece, f);
        luaL_addlstring(&b, piece, n);
    }
    if (f) fclose(f);
    luaL_pushresult(&b);
}

static int job_push(lua_State *L, void *ctx) {
    const ctl_job *j = ctx;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, j->code), lua_setfield(L, -2, "code");
    push_file(L, j->out), lua_setfield(L, -2, "out");
    push_file(L, j->err), lua_setfield(L, -2, "err");
    return 1;
}

static void job_free(void *ctx) {
    ctl_job *j = ctx;
    unlink(j->in), unlink(j->out), unlink(j->err);
    free(j->line), free(j->input);
    free(j);
}

static void job_done(void *ctx) {
    ctl_job *j = ctx;
    task_wake(the_runner.self.engine, j->token, job_push, j, job_free);
}

int server_ctl(lua_State *L, const process *of) {
    static unsigned number;
    const char *line = luaL_checkstring(L, 2);
    bool file = lua_type(L, 3) == LUA_TSTRING;
    double seconds = file ? 0 : luaL_optnumber(L, 3, 0);
    const char *data = "data";
    for (char *const *w = of->argv; w[0] && w[1]; w++)
        if (strcmp(w[0], "--data") == 0) data = w[1];
    ctl_job *j = calloc(1, sizeof *j);
    bool json = strncmp(line, "--json ", 7) == 0;
    if (!j || !(j->line = strdup(line + (json ? 7 : 0)))) {
        free(j);
        return luaL_error(L, "out of memory");
    }
    j->seconds = seconds;
    if (file) snprintf(j->enough, sizeof j->enough, "%s/%s", of->folder, lua_tostring(L, 3));
    j->json = json;
    if (lua_isstring(L, 4)) j->input = strdup(lua_tostring(L, 4));
    snprintf(j->program, sizeof j->program, "%s", of->argv[0]);
    snprintf(j->checkout, sizeof j->checkout, "%s", of->checkout);
    snprintf(j->data, sizeof j->data, "%s", data);
    snprintf(j->in, sizeof j->in, "%s/ctl-%u.in", of->folder, ++number);
    snprintf(j->out, sizeof j->out, "%s/ctl-%u.out", of->folder, number);
    snprintf(j->err, sizeof j->err, "%s/ctl-%u.err", of->folder, number);
    j->token = task_suspend_for(L, "server:ctl", 0);
    if (loop_work(the_runner.self.loop, job_run, job_done, j) < 0) {
        task_suspend_cancel(L, j->token);
        job_free(j);
        return luaL_error(L, "server:ctl: no worker thread is to be had");
    }
    return task_yield(L, j->token);
}
