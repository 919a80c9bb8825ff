/* lock.c: flock: held by the open file, so it ends with the process and needs no cleaning up after a crash. */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int held(int fd, const char *path, fault *f) {
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    int pid = n > 0 ? atoi(text) : 0;
    close(fd);
    if (pid > 0) return fault_set(f, E_BUSY, "process %d", pid);
    return fault_set(f, E_BUSY, "another process (it holds %s)", path);
}

int lock_file(const char *path, fault *f) {
    char text[32];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fault_set(f, E_IO, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) return held(fd, path, f);
        fault_set(f, E_IO, "%s cannot be locked: %s", path, strerror(errno));
        close(fd);
        return E_IO;
    }
    int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) { /* only a nicety: who has it */
        fault_set(f, E_IO, "%s cannot be written: %s", path, strerror(errno));
        close(fd);
        return E_IO;
    }
    return fd;
}

void lock_release(int lock) {
    if (lock > 0) close(lock);
}
