/* password.h: hashing passwords, here and now or on threads of their own.
 *
 * We write Argon2id as a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`, and read every Argon2id string within
 * bounds, by the parameters that it names, and the PBKDF2 form `$31$cost$…` of an older emulator. A hash takes tens of
 * milliseconds and 19 MiB, so a server asks the pool: a few threads that run only when nobody else wants the processor,
 * with a bounded queue, and one that helps out when the machine leaves them no time.
 *
 *     password_pool *p = password_pool_new(&(password_options){.post = post, .post_ctx = loop}, &f);
 *     password_pool_hash(p, text, n, hashed, ctx, &f);
 *     void hashed(void *ctx, int code, const char *hash, bool outdated) { … }
 *
 * Reference 04 §6.4. The text is wiped when it has been used. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define PASSWORD_TEXT_MAX 256 /* bytes of a password */
#define PASSWORD_HASH_MAX 256 /* bytes of a hash with its NUL */

typedef struct password_cost {
    uint32_t memory_kib, passes, lanes; /* 0 = 19456, 2, 1 */
} password_cost;

/* ---- here and now ---- */

/* Writes a PHC string. salt: 16 bytes, NULL = random. 0, E_LIMIT (text too long), E_ARGUMENT (cost), E_MEMORY,
 * E_SYSTEM. */
int password_hash(const password_cost *cost, const char *text, size_t n, const uint8_t *salt,
                  char out[PASSWORD_HASH_MAX]);

/* 0: the text is right. E_NOT_FOUND: it is not. E_ARGUMENT: `hash` is no form we know, or out of bounds. */
int password_verify(const char *text, size_t n, const char *hash);

/* The hash is not what password_hash would write today: to be renewed at the next login. */
bool password_outdated(const password_cost *cost, const char *hash);

/* ---- on threads of their own ---- */

typedef struct password_pool password_pool;

/* On the owner's thread, once. Of a hash: code and the string (NULL on failure, good during the call). Of a verify:
 * code as password_verify says; outdated: right, but to be renewed. E_CLOSED: the pool ended first. */
typedef void (*password_done)(void *ctx, int code, const char *hash, bool outdated);

typedef struct password_options {
    password_cost cost;
    unsigned threads;    /* 0 = processors − 1, at least 1 */
    size_t max_waiting;  /* 0 = 256; E_BUSY past it */
    int64_t patience_us; /* without progress, then the helper steps in; 0 = 250,000 */
    void (*post)(void *ctx, void (*fn)(void *), void *arg); /* runs fn(arg) on the owner's thread, as in store.h */
    void *post_ctx;
} password_options;

password_pool *password_pool_new(const password_options *o, fault *f); /* NULL with a fault */

/* Copies what it needs. 0, E_BUSY, E_LIMIT, E_CLOSED, E_MEMORY: refused, done is not called. */
int password_pool_hash(password_pool *p, const char *text, size_t n, password_done done, void *ctx, fault *f);
int password_pool_verify(password_pool *p, const char *text, size_t n, const char *hash, password_done done, void *ctx,
                         fault *f);

size_t password_pool_waiting(const password_pool *p); /* accepted and not yet delivered; owner's thread */

/* Ends the threads (a hash in hand is finished), delivers what is done, E_CLOSED for the rest. */
void password_pool_close(password_pool *p);

/* After close, and when `post` can run nothing of ours any more. NULL is fine. */
void password_pool_free(password_pool *p);

#endif
