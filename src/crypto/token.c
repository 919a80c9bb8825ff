/* token.c: message, dot, signature.
 *
 * HMAC-SHA256 (RFC 2104) is put together here from two hashes of libcrypto, because the key is exactly one block of the
 * hash and HMAC() looks its algorithms up by name at each call, which is most of its 1.2 µs. */
#include "crypto/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/base64.h"

#define SIGNATURE       32
#define SESSION_MESSAGE 12
#define UUID            16

static EVP_MD *sha256; /* looked up once */

static void look_up(void) { sha256 = EVP_MD_fetch(NULL, "SHA256", NULL); }

/* The hash of the key, each byte of it changed by `pad`, and what follows. */
static bool half(EVP_MD_CTX *c, const secret *key, uint8_t pad, const uint8_t *p, size_t n, uint8_t out[SIGNATURE]) {
    uint8_t block[SECRET_BYTES];
    for (size_t i = 0; i < sizeof block; i++) block[i] = key->key[i] ^ pad;
    bool good = EVP_DigestInit_ex2(c, sha256, NULL) && EVP_DigestUpdate(c, block, sizeof block) &&
                EVP_DigestUpdate(c, p, n) && EVP_DigestFinal_ex(c, out, NULL);
    OPENSSL_cleanse(block, sizeof block);
    return good;
}

static int hmac(const secret *key, const uint8_t *p, size_t n, uint8_t out[SIGNATURE]) {
    _Static_assert(SECRET_BYTES == 64, "a block of SHA-256");
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look_up);
    EVP_MD_CTX *c = sha256 ? EVP_MD_CTX_new() : NULL;
    bool good = c && half(c, key, 0x36, p, n, out) && half(c, key, 0x5c, out, SIGNATURE, out);
    EVP_MD_CTX_free(c);
    return good ? 0 : E_SYSTEM;
}

/* What is signed: the scope and a zero byte, where there is one, then the message. The two kinds of message have
 * lengths of their own, and a zero byte ends the scope: no two of these texts are equal. */
static int sign(const secret *key, const char *scope, const uint8_t *message, size_t n, uint8_t out[SIGNATURE]) {
    uint8_t all[TOKEN_SCOPE_MAX + 1 + UUID];
    size_t length = strlen(scope), used = length ? length + 1 : 0;
    if (length > TOKEN_SCOPE_MAX) return E_ARGUMENT;
    memcpy(all, scope, used);
    memcpy(all + used, message, n);
    return hmac(key, all, used + n, out);
}

static int seal(const secret *key, const char *scope, const uint8_t *message, size_t n, char *out) {
    uint8_t signature[SIGNATURE];
    int rc = sign(key, scope, message, n, signature);
    if (rc < 0) return rc;
    base64_encode(message, n, BASE64_URL, out);
    out += BASE64_LENGTH(n);
    *out++ = '.';
    base64_encode(signature, SIGNATURE, BASE64_URL, out);
    return 0;
}

/* The message of a text of exactly that shape, when its signature is right. */
static int unseal(const secret *key, const char *scope, const char *text, size_t n, uint8_t *message, size_t size) {
    uint8_t given[SIGNATURE], right[SIGNATURE];
    size_t dot = BASE64_LENGTH(size);
    if (n != dot + 1 + BASE64_LENGTH(SIGNATURE) || text[dot] != '.') return E_ARGUMENT;
    if (base64_decode(text, dot, BASE64_URL, message, size) != (ssize_t)size) return E_ARGUMENT;
    if (base64_decode(text + dot + 1, n - dot - 1, BASE64_URL, given, SIGNATURE) != SIGNATURE) return E_ARGUMENT;
    if (sign(key, scope, message, size, right) < 0) return E_ARGUMENT;
    return CRYPTO_memcmp(given, right, SIGNATURE) == 0 ? 0 : E_ARGUMENT;
}

int token_issue(const secret *key, const char *scope, const token_claim *claim, char out[TOKEN_SESSION_CHARS + 1]) {
    uint8_t message[SESSION_MESSAGE];
    if (claim->expires > TOKEN_EXPIRES_MAX) return E_ARGUMENT;
    save_u32(message, claim->player);
    save_u32(message + 4, (uint32_t)claim->generation << 16 | (uint32_t)(claim->expires >> 32));
    save_u32(message + 8, (uint32_t)claim->expires);
    return seal(key, scope, message, sizeof message, out);
}

int token_read(const secret *key, const char *scope, const char *text, size_t n, uint64_t now, token_claim *claim) {
    uint8_t message[SESSION_MESSAGE];
    if (unseal(key, scope, text, n, message, sizeof message) < 0) return E_ARGUMENT;
    uint64_t rest = load_u64(message + 4);
    *claim = (token_claim){load_u32(message), (uint16_t)(rest >> 48), rest & TOKEN_EXPIRES_MAX};
    return claim->expires > now ? 0 : E_TIMEOUT;
}

int token_associate_bytes(const secret *key, const uint8_t uuid[16], char out[TOKEN_ASSOCIATION_CHARS + 1]) {
    return seal(key, "", uuid, UUID, out);
}

int token_associate(const secret *key, char out[TOKEN_ASSOCIATION_CHARS + 1]) {
    uint8_t uuid[UUID];
    if (secret_random(uuid, sizeof uuid) < 0) return E_SYSTEM;
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* version 4 … */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* … of RFC 4122 */
    return token_associate_bytes(key, uuid, out);
}

int token_read_association(const secret *key, const char *text, size_t n, char uuid[TOKEN_UUID_CHARS + 1]) {
    uint8_t b[UUID];
    if (unseal(key, "", text, n, b, sizeof b) < 0) return E_ARGUMENT;
    snprintf(uuid, TOKEN_UUID_CHARS + 1, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

bool token_equal(const void *a, size_t a_length, const void *b, size_t b_length) {
    return a_length == b_length && CRYPTO_memcmp(a, b, a_length) == 0;
}
