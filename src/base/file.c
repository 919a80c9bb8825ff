/* file.c: see file.h. A new file grows under a name of its own and takes its real one when it is complete and on
 * disk. link() never replaces, rename() always does. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int file_write_all(int fd, const void *p, size_t n) {
    for (const uint8_t *at = p; n;) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return -1;
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int file_sync_folder(const char *path) {
    char *folder = strdup(path);
    if (!folder) return -1;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int e = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0) close(fd);
    free(folder);
    return e;
}

int file_write(const char *path, const void *p, size_t n, bool replace, fault *f) {
    static atomic_uint writes; /* two threads may write the same file at once: each has a name of its own */
    char *part = NULL;
    int code = 0;
    if (asprintf(&part, "%s.%ld.%u.part", path, (long)getpid(), atomic_fetch_add(&writes, 1)) < 0)
        return fault_set(f, E_MEMORY, "out of memory");
    unlink(part); /* of a write that was interrupted */
    int fd = open(part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_all(fd, p, n) < 0 || fsync(fd) < 0 ||
        (replace ? rename(part, path) : link(part, path)) < 0 || file_sync_folder(path) < 0)
        code = fault_set(f, errno == EEXIST ? E_EXISTS : E_IO, "%s cannot be written: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(part);
    }
    free(part);
    return code;
}
