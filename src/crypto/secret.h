/* secret.h: files that hold a key: made once, mode 0600, never half written.
 *
 *     secret *key;  fault f;
 *     if (secret_open(&key, "data/secret.bin", &f) < 0) die(f.text);   // made on the first start
 *
 * A file that is there and cannot be read, or is too short, ends the start with a sentence: making a new key would
 * silently log out everybody. Reference 04 §1.3.1. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define SECRET_BYTES 64

typedef struct secret {
    uint8_t key[SECRET_BYTES];
} secret;

/* *out: the first SECRET_BYTES of the file, which is made of random bytes when it does not exist. A file that others
 * may read is tightened to 0600, with a line in the log. E_CONFIG, E_IO, E_SYSTEM, E_MEMORY. */
int secret_open(secret **out, const char *path, fault *f);
void secret_free(secret *s); /* wipes; NULL is fine */

/* Writes a new file of mode 0600, complete and on disk or not there at all. E_EXISTS when there is one. */
int secret_write(const char *path, const void *p, size_t n, fault *f);

/* n bytes from the kernel. 0 or E_SYSTEM. */
int secret_random(void *p, size_t n);

#endif
