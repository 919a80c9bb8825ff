/* process.h: the server under test: a real murelay process in a folder of its own, for the plays and for the bench.
 *
 * The folder holds config.lua, data/ (with data/scripts, which wins over the checkout's) and the log of everything it
 * printed. Starting waits until it says that it is ready and reads the doors it opened; it may be killed, signalled and
 * started again on the same folder. Calls block (a start by at most `process_options.seconds`): not for a loop thread.
 *
 *     process s;  if (process_start(&s, &(process_options){.program = path, .config = text}, &f) < 0) …;
 *     int port = process_port(&s, "http");  process_signal(&s, SIGKILL);  process_wait(&s, 5, &status);
 * process_remove(&s);
 */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/fault.h"

#define PROCESS_DOORS 16

typedef struct process_file {
    const char *path; /* inside the data folder, e.g. "scripts/configs/me3_msg.lua"; no ".." */
    const char *text;
} process_file;

typedef struct process_options {
    const char *program;           /* path of murelay */
    const char *checkout;          /* working directory of the process: where scripts/ lies */
    const char *config;            /* text of config.lua; NULL = doors "http" and "game" on ephemeral loopback ports */
    const char *data;              /* data folder to use; NULL = data/ in the server's folder */
    const char *const *sets;       /* "key=value" for --set, ended by NULL; may be NULL */
    const process_file *files;     /* written to data/ before the start, ended by a NULL path; may be NULL */
    double seconds;                /* to wait for readiness; 0 = 60 */
    unsigned long long max_memory; /* RLIMIT_AS in bytes; 0 = none */
    const char *clock;             /* plays/clock.c as a library: process_passes works; NULL = the system's time */
} process_options;

typedef struct process_door {
    char name[32], address[128];
    int port;
} process_door;

typedef struct process {
    pid_t pid;        /* 0 when not running */
    char folder[256]; /* made below $TMPDIR or /tmp */
    char log[300];    /* its output, all starts */
    long log_from;    /* where the output of the last start begins */
    process_door doors[PROCESS_DOORS];
    int door_count;
    char **argv; /* owned: for the next start */
    char checkout[512];
    double seconds;
    unsigned long long max_memory;
    char clock[512]; /* the library; "" = none */
} process;

int process_start(process *s, const process_options *options, fault *f); /* makes the folder, starts, waits */
int process_again(process *s, fault *f);                                 /* starts again after it ended; same words */
int process_port(const process *s, const char *door);                    /* 0 when there is no such door */
int process_signal(process *s, int signum);                              /* E_STALE when it has ended */
/* Waits for its end. 0 with *status = exit code, or 256 + signal number; E_TIMEOUT when it still runs. */
int process_wait(process *s, double seconds, int *status);
bool process_running(process *s);
int process_passes(process *s, double seconds); /* so much time is over for it at once; E_SYSTEM without a clock */
char *process_log(const process *s, long from); /* what it printed from that byte on; free() it; "" when nothing */
/* Waits until a line that contains `text` was printed after byte `from`. 0 or E_TIMEOUT. */
int process_wait_log(const process *s, long from, const char *text, double seconds);
int process_write(process *s, const char *path, const char *text,
                  fault *f); /* in its folder, e.g. "config.lua" or "data/scripts/…" */
int process_write_bytes(process *s, const char *path, const void *bytes, size_t n, fault *f);
void process_remove(process *s, bool keep_folder); /* kills what still runs, removes the folder, frees */

#endif
