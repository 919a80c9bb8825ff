/* password.c: the hash formats.
 *
 * libargon2 computes; the string is parsed here, because its bounds must be checked before 4 GiB are asked for, and the
 * tag is compared in constant time. Working memory comes straight from the kernel and goes straight back, so that a
 * quiet server holds none of it, and is kept out of core dumps.
 */
#include "crypto/password.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crypto/base64.h"
#include "crypto/secret.h"

#define SALT 16
#define TAG  32

/* What a stored hash may ask of us: 256 MiB and some seconds at the worst. */
#define MEMORY_MAX_KIB (256u << 10)
#define PASSES_MAX     32u
#define LANES_MAX      16u
#define SALT_MIN       8
#define SALT_MAX       64
#define TAG_MIN        16
#define TAG_MAX        64
#define PBKDF2_MAX     22 /* as a power of two */

typedef struct phc {
    uint32_t version, memory_kib, passes, lanes;
    uint8_t salt[SALT_MAX], tag[TAG_MAX];
    size_t salt_length, tag_length;
} phc;

static password_cost cost_of(const password_cost *c) {
    return (password_cost){c && c->memory_kib ? c->memory_kib : 19456, c && c->passes ? c->passes : 2,
                           c && c->lanes ? c->lanes : 1};
}

static int take_pages(uint8_t **memory, size_t n) {
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return ARGON2_MEMORY_ALLOCATION_ERROR;
    madvise(p, n, MADV_HUGEPAGE);
    madvise(p, n, MADV_DONTDUMP);
    *memory = p;
    return ARGON2_OK;
}

static void give_pages(uint8_t *memory, size_t n) { munmap(memory, n); }

static int argon2id(const phc *h, const char *text, size_t n, uint8_t *tag) {
    argon2_context c = {
        .out = tag,
        .outlen = (uint32_t)h->tag_length,
        .pwd = (uint8_t *)(uintptr_t)text,
        .pwdlen = (uint32_t)n,
        .salt = (uint8_t *)(uintptr_t)h->salt,
        .saltlen = (uint32_t)h->salt_length,
        .t_cost = h->passes,
        .m_cost = h->memory_kib,
        .lanes = h->lanes,
        .threads = 1, /* the pool's threads are all there are */
        .version = h->version,
        .allocate_cbk = take_pages,
        .free_cbk = give_pages,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    int e = argon2id_ctx(&c);
    if (e == ARGON2_OK) return 0;
    return e == ARGON2_MEMORY_ALLOCATION_ERROR ? E_MEMORY : E_ARGUMENT;
}

static bool in_bounds(const phc *h) {
    return (h->version == ARGON2_VERSION_10 || h->version == ARGON2_VERSION_13) && h->lanes >= 1 &&
           h->lanes <= LANES_MAX && h->memory_kib >= 8 * h->lanes && h->memory_kib <= MEMORY_MAX_KIB &&
           h->passes >= 1 && h->passes <= PASSES_MAX;
}

/* "name=number" with the given end; no sign, no leading zero, at most nine digits. Moves *p past the end. */
static bool take_number(const char **p, const char *name, char end, uint32_t *out) {
    size_t n = strlen(name);
    if (strncmp(*p, name, n) != 0) return false;
    const char *q = *p + n;
    uint32_t v = 0;
    int digits = 0;
    for (; *q >= '0' && *q <= '9' && digits < 9; q++, digits++) v = v * 10 + (uint32_t)(*q - '0');
    if (digits == 0 || (digits > 1 && (*p)[n] == '0') || *q != end) return false;
    *out = v;
    *p = q + 1;
    return true;
}

static bool parse(const char *text, phc *h) {
    static const char head[] = "$argon2id$";
    *h = (phc){.version = ARGON2_VERSION_10}; /* what a string without v= means */
    if (strnlen(text, PASSWORD_HASH_MAX) >= PASSWORD_HASH_MAX || strncmp(text, head, sizeof head - 1) != 0)
        return false;
    const char *p = text + sizeof head - 1;
    if (p[0] == 'v' && !take_number(&p, "v=", '$', &h->version)) return false;
    if (!take_number(&p, "m=", ',', &h->memory_kib) || !take_number(&p, "t=", ',', &h->passes) ||
        !take_number(&p, "p=", '$', &h->lanes))
        return false;
    const char *dollar = strchr(p, '$');
    if (!dollar) return false;
    ssize_t salt = base64_decode(p, (size_t)(dollar - p), BASE64_STANDARD, h->salt, SALT_MAX);
    ssize_t tag = base64_decode(dollar + 1, strlen(dollar + 1), BASE64_STANDARD, h->tag, TAG_MAX);
    h->salt_length = salt < 0 ? 0 : (size_t)salt;
    h->tag_length = tag < 0 ? 0 : (size_t)tag;
    return h->salt_length >= SALT_MIN && h->tag_length >= TAG_MIN && in_bounds(h);
}

int password_hash(const password_cost *cost, const char *text, size_t n, const uint8_t *salt,
                  char out[PASSWORD_HASH_MAX]) {
    password_cost c = cost_of(cost);
    phc h = {ARGON2_VERSION_13, c.memory_kib, c.passes, c.lanes, {0}, {0}, SALT, TAG};
    if (n > PASSWORD_TEXT_MAX) return E_LIMIT;
    if (!in_bounds(&h)) return E_ARGUMENT;
    if (salt)
        memcpy(h.salt, salt, SALT);
    else if (secret_random(h.salt, SALT) < 0)
        return E_SYSTEM;
    int e = argon2id(&h, text, n, h.tag);
    if (e < 0) return e;
    char salt_text[BASE64_TEXT(SALT)], tag_text[BASE64_TEXT(TAG)];
    base64_encode(h.salt, SALT, BASE64_STANDARD, salt_text);
    base64_encode(h.tag, TAG, BASE64_STANDARD, tag_text);
    snprintf(out, PASSWORD_HASH_MAX, "$argon2id$v=%u$m=%u,t=%u,p=%u$%s$%s", h.version, h.memory_kib, h.passes, h.lanes,
             salt_text, tag_text);
    return 0;
}

/* `$31$cost$` and base64url of 16 bytes of salt and 16 of PBKDF2-HMAC-SHA512 with 2^cost rounds. */
static int verify_pbkdf2(const char *text, size_t n, const char *hash) {
    const char *p = hash + 4;
    uint32_t cost;
    uint8_t both[32], right[16];
    if (!take_number(&p, "", '$', &cost) || cost > PBKDF2_MAX) return E_ARGUMENT;
    if (base64_decode(p, strlen(p), BASE64_URL, both, sizeof both) != sizeof both) return E_ARGUMENT;
    if (!PKCS5_PBKDF2_HMAC(text, (int)n, both, 16, 1 << cost, EVP_sha512(), sizeof right, right)) return E_MEMORY;
    return CRYPTO_memcmp(both + 16, right, sizeof right) == 0 ? 0 : E_NOT_FOUND;
}

int password_verify(const char *text, size_t n, const char *hash) {
    if (n > PASSWORD_TEXT_MAX) return E_NOT_FOUND; /* none of these was ever hashed */
    if (strncmp(hash, "$31$", 4) == 0) return verify_pbkdf2(text, n, hash);
    phc h;
    uint8_t tag[TAG_MAX];
    if (!parse(hash, &h)) return E_ARGUMENT;
    int e = argon2id(&h, text, n, tag);
    if (e < 0) return e;
    return CRYPTO_memcmp(tag, h.tag, h.tag_length) == 0 ? 0 : E_NOT_FOUND;
}

bool password_outdated(const password_cost *cost, const char *hash) {
    password_cost c = cost_of(cost);
    phc h;
    return !parse(hash, &h) || h.version != ARGON2_VERSION_13 || h.memory_kib != c.memory_kib || h.passes != c.passes ||
           h.lanes != c.lanes || h.salt_length != SALT || h.tag_length != TAG;
}
