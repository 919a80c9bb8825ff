/* certificate_files.c: keys and certificates on disk.
 *
 * A file appears whole or not at all: it is written under another name in the same folder, with its final mode from
 * the start, synced and renamed; then the folder is synced. */
#include "crypto/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/log.h"

#define PEM_FILE_MAX (256 * 1024)

/* --- save ---------------------------------------------------------------------------------------------------- */

static int io_fault(fault *f, const char *what, const char *path) {
    return fault_set(f, E_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

static int write_whole(int fd, bytes data) {
    while (data.n) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        data.p += n;
        data.n -= (size_t)n;
    }
    return fsync(fd);
}

static int save_file(const char *dir, const char *name, bytes data, mode_t mode, fault *f) {
    char path[PATH_MAX], temporary[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        snprintf(temporary, sizeof temporary, "%s/.%s.%ld.new", dir, name, (long)getpid()) >= (int)sizeof temporary)
        return fault_set(f, E_ARGUMENT, "the path of folder %s is too long", dir);
    unlink(temporary); /* left over by a process of the same number that was killed */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) return io_fault(f, "create", temporary);
    int r = write_whole(fd, data);
    if (r < 0) io_fault(f, "write", temporary);
    close(fd);
    if (r == 0 && (r = rename(temporary, path)) < 0) io_fault(f, "rename to", path);
    if (r < 0) {
        unlink(temporary);
        return E_IO;
    }
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(folder) < 0) r = io_fault(f, "sync", dir);
    if (folder >= 0) close(folder);
    return r;
}

/* Runs `write` on a memory BIO and saves what it wrote. */
static int save_bio(const char *dir, const char *name, BIO *bio, bool written, mode_t mode, fault *f) {
    char *p = NULL;
    long n = bio ? BIO_get_mem_data(bio, &p) : 0;
    if (!written || n <= 0) return fault_set(f, E_SYSTEM, "libcrypto cannot write %s", name);
    return save_file(dir, name, (bytes){(const uint8_t *)p, (size_t)n}, mode, f);
}

static int save_key(const char *dir, const char *name, EVP_PKEY *key, fault *f) {
    BIO *bio = BIO_new(BIO_s_secmem());
    bool ok = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    int r = save_bio(dir, name, bio, ok, 0600, f);
    BIO_free(bio);
    return r;
}

static int save_certificate(const char *dir, const char *name, bytes der, fault *f) {
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio && PEM_write_bio(bio, "CERTIFICATE", "", der.p, (long)der.n) > 0;
    int r = save_bio(dir, name, bio, ok, 0644, f);
    BIO_free(bio);
    return r;
}

/* --- load ---------------------------------------------------------------------------------------------------- */

static int refuse_password(char *to, int size, int writing, void *context) { return -1; }

/* A memory BIO with a file's contents. *bio stays NULL when there is no such file: E_NOT_FOUND. */
static int read_file(const char *path, bool secret, BIO **bio, fault *f) {
    struct stat st;
    *bio = NULL;
    FILE *file = fopen(path, "rbe");
    if (!file && errno == ENOENT) return fault_set(f, E_NOT_FOUND, "there is no file %s", path);
    if (!file) return io_fault(f, "open", path);
    int r = 0;
    size_t n = 0;
    char *text = NULL;
    if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > PEM_FILE_MAX) {
        r = fault_set(f, E_CONFIG, "%s is not a PEM file of reasonable size", path);
        goto out;
    }
    if (secret && st.st_mode & 077) log_warn("crypto", "%s can be read by others: chmod 600 it", path);
    text = malloc(PEM_FILE_MAX);
    if (!text) {
        r = fault_set(f, E_MEMORY, "out of memory");
        goto out;
    }
    n = fread(text, 1, PEM_FILE_MAX, file);
    *bio = BIO_new(BIO_s_mem());
    if (ferror(file))
        r = io_fault(f, "read", path);
    else if (!*bio || (n && BIO_write(*bio, text, (int)n) != (int)n))
        r = fault_set(f, E_MEMORY, "out of memory");
out:
    if (text) OPENSSL_cleanse(text, n);
    free(text);
    fclose(file);
    return r;
}

static int load_key(const char *path, EVP_PKEY **key, fault *f) {
    BIO *bio;
    int r = read_file(path, true, &bio, f);
    if (r == 0 && !(*key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, NULL)))
        r = fault_set(f, E_CONFIG, "%s holds no private key in PEM without a password", path);
    BIO_free(bio);
    ERR_clear_error();
    return r;
}

/* The first certificate of a file, which must be for this key. Kept as it is in the file: the game's has no valid
 * signature. */
static int load_certificate(const char *path, EVP_PKEY *key, buf *der, fault *f) {
    BIO *bio;
    char *name = NULL;
    unsigned char *data = NULL;
    long n = 0;
    X509 *x = NULL;
    int r = read_file(path, false, &bio, f);
    if (r < 0) goto out;
    const unsigned char *p = NULL;
    if (PEM_bytes_read_bio(&data, &n, &name, PEM_STRING_X509, bio, NULL, NULL)) p = data;
    if (!p || !(x = d2i_X509(NULL, &p, n))) {
        r = fault_set(f, E_CONFIG, "%s holds no certificate in PEM", path);
    } else if (EVP_PKEY_eq(X509_get0_pubkey(x), key) != 1) {
        r = fault_set(f, E_CONFIG, "the certificate in %s is not for the key beside it", path);
    } else {
        buf_put(der, data, (size_t)n);
        if (der->failed) r = fault_set(f, E_MEMORY, "out of memory");
    }
out:
    X509_free(x);
    OPENSSL_free(name);
    OPENSSL_free(data);
    BIO_free(bio);
    ERR_clear_error();
    return r;
}

int certificate_load(const char *key_path, const char *cert_path, certificate *c, fault *f) {
    int r = load_key(key_path, &c->key, f);
    if (r == 0) r = load_certificate(cert_path, c->key, &c->der, f);
    if (r < 0) certificate_free(c);
    return r;
}

/* --- ensure -------------------------------------------------------------------------------------------------- */

struct pair {
    const char *key, *cert; /* file names */
    EVP_PKEY *(*make)(void);
    int (*build)(EVP_PKEY *key, const char *host, buf *der, fault *f);
};

static EVP_PKEY *make_game_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024); }
static EVP_PKEY *make_tls_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

static int ensure(const char *dir, const char *host, const struct pair *pair, certificate *c, fault *f) {
    char key_path[PATH_MAX], cert_path[PATH_MAX];
    if (snprintf(key_path, sizeof key_path, "%s/%s", dir, pair->key) >= (int)sizeof key_path ||
        snprintf(cert_path, sizeof cert_path, "%s/%s", dir, pair->cert) >= (int)sizeof cert_path)
        return fault_set(f, E_ARGUMENT, "the path of folder %s is too long", dir);
    int r = load_key(key_path, &c->key, f);
    if (r == E_NOT_FOUND) {
        if (access(cert_path, F_OK) == 0)
            return fault_set(f, E_CONFIG, "%s has lost its key %s: bring the key back or move the certificate away",
                             cert_path, pair->key);
        c->key = pair->make();
        r = c->key ? save_key(dir, pair->key, c->key, f)
                   : fault_set(f, E_SYSTEM, "libcrypto cannot make %s", pair->key);
    }
    if (r == 0) r = load_certificate(cert_path, c->key, &c->der, f);
    if (r == E_NOT_FOUND) {
        r = pair->build(c->key, host, &c->der, f);
        if (r == 0) r = save_certificate(dir, pair->cert, buf_bytes(&c->der), f);
    }
    if (r < 0)
        certificate_free(c);
    else if (f)
        *f = (fault){0}; /* of the file that was not there */
    return r;
}

int certificate_ensure_game(const char *dir, const char *host, certificate *c, fault *f) {
    static const struct pair game = {CERTIFICATE_GAME_KEY, CERTIFICATE_GAME_CERT, make_game_key,
                                     certificate_build_game};
    return ensure(dir, host, &game, c, f);
}

int certificate_ensure_tls(const char *dir, const char *host, certificate *c, fault *f) {
    static const struct pair tls = {CERTIFICATE_TLS_KEY, CERTIFICATE_TLS_CERT, make_tls_key, certificate_build_tls};
    return ensure(dir, host, &tls, c, f);
}
