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
#include <sys/stat.h>
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

char *file_read(const char *path, size_t max, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name would be waited for */
    FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");
    if (!file) {
        if (fd >= 0) close(fd);
        return NULL;
    }
    struct stat st;
    char *text = NULL;
    if (fstat(fd, &st) != 0) goto out;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
        goto out;
    }
    if ((uint64_t)st.st_size > max) {
        errno = EFBIG;
        goto out;
    }
    text = malloc((size_t)st.st_size + 1);
    if (!text) goto out;
    *size = fread(text, 1, (size_t)st.st_size, file);
    text[*size] = 0;
out:
    fclose(file);
    return text;
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
