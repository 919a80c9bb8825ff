/* ssl3_hash.c: everything of SSLv3 that is MD5 and SHA-1.
 *
 * SSLv3 is older than HMAC and has three hash constructions of its own: a derivation chain that salts with "A", "BB",
 * "CCC", … (A.5), a record MAC with two pads of a length that depends on the hash (A.6), and Finished hashes in which
 * the transcript comes first (A.7).
 *
 * The handles of libcrypto are fetched once for the process, in a library context of our own: a system openssl.cnf that
 * forbids MD5 must not take the game's login away. */
#include "crypto/ssl3_parts.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;
static EVP_MD *md5, *sha1;

static void load(void) {
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    if (!ctx || !OSSL_PROVIDER_load(ctx, "default")) {
        OSSL_LIB_CTX_free(ctx);
        return;
    }
    md5 = EVP_MD_fetch(ctx, "MD5", NULL);
    sha1 = EVP_MD_fetch(ctx, "SHA1", NULL);
    if (md5 && sha1) library = ctx;
}

OSSL_LIB_CTX *ssl3_library(void) {
    pthread_once(&once, load);
    return library;
}

const EVP_MD *ssl3_md5(void) { return ssl3_library() ? md5 : NULL; }
const EVP_MD *ssl3_sha1(void) { return ssl3_library() ? sha1 : NULL; }
const EVP_MD *ssl3_suite_hash(int suite) { return suite == SSL3_RC4_MD5 ? ssl3_md5() : ssl3_sha1(); }
size_t ssl3_mac_size(int suite) { return suite == SSL3_RC4_MD5 ? 16 : 20; }

static const uint8_t PAD_1[48] = {0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36,
                                  0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36,
                                  0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36,
                                  0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36, 0x36};
static const uint8_t PAD_2[48] = {0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c,
                                  0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c,
                                  0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c,
                                  0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c};

static size_t pad_size(size_t hash_size) { return hash_size == 16 ? 48 : 40; }

/* out = hash of the n parts one after the other. */
static int hash_parts(EVP_MD_CTX *c, const EVP_MD *md, const bytes *parts, size_t n, uint8_t *out) {
    if (!md || !EVP_DigestInit_ex2(c, md, NULL)) return E_SYSTEM;
    for (size_t i = 0; i < n; i++)
        if (parts[i].n && !EVP_DigestUpdate(c, parts[i].p, parts[i].n)) return E_SYSTEM;
    return EVP_DigestFinal_ex(c, out, NULL) ? 0 : E_SYSTEM;
}

int ssl3_derive(bytes secret, const uint8_t *r1, const uint8_t *r2, uint8_t *out, size_t n) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c) return E_MEMORY;
    int r = 0;
    uint8_t inner[20], block[16], salt[9];
    for (size_t i = 0; i * 16 < n && r == 0; i++) {
        if (i >= sizeof salt) {
            r = E_ARGUMENT;
            break;
        }
        memset(salt, 'A' + (int)i, i + 1);
        r = hash_parts(c, ssl3_sha1(), (bytes[]){{salt, i + 1}, secret, {r1, 32}, {r2, 32}}, 4, inner);
        if (r == 0) r = hash_parts(c, ssl3_md5(), (bytes[]){secret, {inner, sizeof inner}}, 2, block);
        if (r == 0) memcpy(out + i * 16, block, n - i * 16 < 16 ? n - i * 16 : 16);
    }
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(block, sizeof block);
    EVP_MD_CTX_free(c);
    return r;
}

int ssl3_record_mac(EVP_MD_CTX *with, int suite, const uint8_t *secret, uint64_t sequence, int type, bytes fragment,
                    uint8_t mac[MAC_MAX]) {
    const EVP_MD *md = ssl3_suite_hash(suite);
    size_t size = ssl3_mac_size(suite), pad = pad_size(size);
    uint8_t head[11], inner[MAC_MAX];
    save_u32(head, (uint32_t)(sequence >> 32));
    save_u32(head + 4, (uint32_t)sequence);
    head[8] = (uint8_t)type;
    save_u16(head + 9, (uint16_t)fragment.n);
    int r = hash_parts(with, md, (bytes[]){{secret, size}, {PAD_1, pad}, {head, sizeof head}, fragment}, 4, inner);
    if (r < 0) return r;
    return hash_parts(with, md, (bytes[]){{secret, size}, {PAD_2, pad}, {inner, size}}, 3, mac);
}

/* One of the two halves of Finished. */
static int finished_half(const EVP_MD_CTX *transcript, const EVP_MD *md, const char *sender, const uint8_t *master,
                         uint8_t *out) {
    size_t size = md == ssl3_md5() ? 16 : 20, pad = pad_size(size);
    uint8_t inner[20];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c) return E_MEMORY;
    int r = E_SYSTEM;
    if (EVP_MD_CTX_copy_ex(c, transcript) && EVP_DigestUpdate(c, sender, 4) &&
        EVP_DigestUpdate(c, master, MASTER_SIZE) && EVP_DigestUpdate(c, PAD_1, pad) &&
        EVP_DigestFinal_ex(c, inner, NULL))
        r = hash_parts(c, md, (bytes[]){{master, MASTER_SIZE}, {PAD_2, pad}, {inner, size}}, 3, out);
    EVP_MD_CTX_free(c);
    return r;
}

int ssl3_finished(const EVP_MD_CTX *md5_transcript, const EVP_MD_CTX *sha1_transcript, const char *sender,
                  const uint8_t *master, uint8_t body[36]) {
    int r = finished_half(md5_transcript, ssl3_md5(), sender, master, body);
    return r < 0 ? r : finished_half(sha1_transcript, ssl3_sha1(), sender, master, body + 16);
}

int ssl3_random(const ssl3 *s, uint8_t *p, size_t n) {
    if (s->config->random) return s->config->random(s->config->context, p, n);
    return RAND_bytes(p, (int)n) == 1 ? 0 : E_SYSTEM;
}
