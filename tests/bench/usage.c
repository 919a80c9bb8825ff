/* usage.c: /proc and strace (usage.h). */
#include "bench/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static double thread_us(pid_t pid) {
    char path[300];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned long long ns = 0;
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid, e->d_name);
        FILE *in = fopen(path, "r");
        if (!in) continue;
        if (fscanf(in, "%llu", &ns) == 1) sum += (double)ns / 1000.0;
        fclose(in);
    }
    if (d) closedir(d);
    return sum;
}

void usage_read(pid_t pid, usage *out) {
    char path[64], line[1024];
    memset(out, 0, sizeof *out);
    out->total_us = thread_us(pid);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "r");
    if (in && fgets(line, sizeof line, in)) {
        unsigned long user = 0, kernel = 0;
        char *rest = strrchr(line, ')'); /* the name before it may hold anything */
        if (rest && sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) == 2) {
            double tick_us = 1e6 / (double)sysconf(_SC_CLK_TCK);
            out->user_us = (double)user * tick_us, out->system_us = (double)kernel * tick_us;
        }
    }
    if (in) fclose(in);
}

double usage_memory_kb(pid_t pid) {
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "Pss: %lf kB", &kb) == 1) break;
    if (in) fclose(in);
    return kb;
}

static bool traced(pid_t pid) {
    char path[64], line[256];
    int by = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "TracerPid: %d", &by) == 1) break;
    if (in) fclose(in);
    return by != 0;
}

int tracer_start(tracer *t, pid_t pid, const char *folder) {
    char target[32];
    snprintf(t->path, sizeof t->path, "%s/strace", folder);
    snprintf(target, sizeof target, "%d", (int)pid);
    unlink(t->path);
    t->pid = fork();
    if (t->pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1), dup2(null, 2);
        execlp("strace", "strace", "-f", "-c", "-U", "calls,name", "-o", t->path, "-p", target, (char *)NULL);
        _exit(127);
    }
    if (t->pid < 0) return -1;
    for (int64_t until = clock_mono_us() + 3000000; clock_mono_us() < until;) {
        if (traced(pid)) return 0;
        if (waitpid(t->pid, NULL, WNOHANG) == t->pid) break;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    t->pid = 0;
    return -1;
}

double tracer_stop(tracer *t, char *top, size_t size) {
    char line[256];
    double total = 0, counts[64];
    char names[64][48];
    int n = 0;
    top[0] = 0;
    if (t->pid <= 0) return -1;
    kill(t->pid, SIGINT);
    waitpid(t->pid, NULL, 0);
    t->pid = 0;
    FILE *in = fopen(t->path, "r");
    while (in && n < 64 && fgets(line, sizeof line, in))
        if (sscanf(line, "%lf %47s", &counts[n], names[n]) == 2) {
            if (!strcmp(names[n], "total"))
                total = counts[n];
            else
                n++;
        }
    if (in) fclose(in);
    for (int shown = 0; shown < 4; shown++) { /* the four commonest */
        int best = -1;
        for (int i = 0; i < n; i++)
            if (counts[i] >= 0.01 * total && (best < 0 || counts[i] > counts[best])) best = i;
        if (best < 0) break;
        size_t at = strlen(top);
        snprintf(top + at, size - at, "%s%s %.0f%%", at ? ", " : "", names[best], 100 * counts[best] / total);
        counts[best] = -1;
    }
    return total;
}
