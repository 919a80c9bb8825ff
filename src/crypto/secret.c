/* secret.c: key files.
 *
 * A new one never replaces what is there, so two programs that start together agree on the one that came first. */
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static int from_kernel(void *p, size_t n) {
    for (uint8_t *to = p; n;) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return E_SYSTEM;
        to += got;
        n -= (size_t)got;
    }
    return 0;
}

/* Session keys and ids take a few bytes each: fetched together, each byte given once and wiped. A thread has its own; a
 * child process starts with none. */
#define POOL_BYTES 512u
#define SMALL      64u

static _Thread_local struct {
    uint8_t bytes[POOL_BYTES];
    size_t left; /* at the end */
} pool;

static void forget_pool(void) { OPENSSL_cleanse(&pool, sizeof pool); }

static void guard_forks(void) { pthread_atfork(NULL, NULL, forget_pool); }

int secret_random(void *p, size_t n) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (n > SMALL) return from_kernel(p, n);
    pthread_once(&once, guard_forks);
    if (pool.left < n) {
        int e = from_kernel(pool.bytes, sizeof pool.bytes);
        if (e < 0) return e;
        pool.left = sizeof pool.bytes;
    }
    uint8_t *from = pool.bytes + sizeof pool.bytes - pool.left;
    memcpy(p, from, n);
    OPENSSL_cleanse(from, n);
    pool.left -= n;
    return 0;
}

int secret_write(const char *path, const void *p, size_t n, fault *f) { return file_write(path, p, n, false, f); }

/* 0, E_NOT_FOUND, or why it cannot be used. */
static int read_key(secret *s, const char *path, fault *f) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return E_NOT_FOUND;
    if (fd < 0) return fault_set(f, E_CONFIG, "the secret %s cannot be read: %s", path, strerror(errno));
    size_t n = 0;
    ssize_t got = 0;
    while (n < SECRET_BYTES && ((got = read(fd, s->key + n, SECRET_BYTES - n)) > 0 || (got < 0 && errno == EINTR)))
        if (got > 0) n += (size_t)got;
    int code = 0;
    struct stat st;
    if (got < 0)
        code = fault_set(f, E_CONFIG, "the secret %s cannot be read: %s", path, strerror(errno));
    else if (n < SECRET_BYTES)
        code = fault_set(
            f, E_CONFIG,
            "the secret %s is too short: %zu bytes instead of %d; restore it, or remove it and everybody logs in anew",
            path, n, SECRET_BYTES);
    else if (fstat(fd, &st) == 0 && (st.st_mode & 077)) {
        if (fchmod(fd, 0600) == 0)
            log_warn("secret", "%s could be read by others; it is 0600 now", path);
        else
            log_warn("secret", "%s can be read by others and its mode cannot be changed: %s", path, strerror(errno));
    }
    close(fd);
    return code;
}

int secret_open(secret **out, const char *path, fault *f) {
    *out = NULL;
    secret *s = calloc(1, sizeof *s);
    if (!s) return fault_set(f, E_MEMORY, "out of memory");
    int code = read_key(s, path, f);
    if (code == E_NOT_FOUND) {
        code = secret_random(s->key, sizeof s->key);
        if (code < 0)
            fault_set(f, code, "the system gives no random bytes: %s", strerror(errno));
        else
            code = secret_write(path, s->key, sizeof s->key, f);
        if (code == E_EXISTS) code = read_key(s, path, f); /* somebody was faster: theirs counts */
    }
    if (code < 0) {
        secret_free(s);
        return code;
    }
    *out = s;
    return 0;
}

void secret_free(secret *s) {
    if (!s) return;
    OPENSSL_cleanse(s, sizeof *s);
    free(s);
}
