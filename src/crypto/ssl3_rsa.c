/* ssl3_rsa.c: the pre-master secret under RSA.
 *
 * The server's half is where SSLv3 servers have leaked for twenty years: whoever can tell a well-formed RSA block from
 * a malformed one can decrypt recorded sessions, question by question. So opening a block cannot fail: libcrypto's TLS
 * padding mode answers every malformed block with random bytes in constant time, the one case it reports (a number not
 * below the modulus) gets random bytes from us, and the connection ends at the MAC of the client's Finished like with
 * any wrong key.
 *
 * The client's half builds its PKCS#1 block itself, because then a test can say what the padding is and compare whole
 * flights. */
#include "crypto/ssl3_parts.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

int ssl3_open_secret(const ssl3 *s, const uint8_t *block, size_t n, uint8_t secret[MASTER_SIZE]) {
    uint8_t opened[512];
    size_t size = sizeof opened;
    int r =
        ssl3_random(s, secret, MASTER_SIZE); /* drawn every time, used when the block is no number below the modulus */
    if (r < 0) return r;
    ERR_set_mark(); /* what fails here must not look like somebody else's TLS error */
    r = E_SYSTEM;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(ssl3_library(), s->config->key, NULL);
    unsigned int version = s->shake->client_version;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &version),
                           OSSL_PARAM_construct_end()};
    if (!c || EVP_PKEY_decrypt_init(c) <= 0 || EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_WITH_TLS_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_params(c, params) <= 0)
        goto out;
    if (EVP_PKEY_decrypt(c, opened, &size, block, n) > 0 && size == MASTER_SIZE) memcpy(secret, opened, MASTER_SIZE);
    r = 0;
out:
    OPENSSL_cleanse(opened, sizeof opened);
    EVP_PKEY_CTX_free(c);
    ERR_pop_to_mark();
    return r;
}

/* Fills p with n random bytes none of which is 0. */
static int random_nonzero(const ssl3 *s, uint8_t *p, size_t n) {
    int r = ssl3_random(s, p, n), tries = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        while (p[i] == 0 && r == 0) {
            if (++tries > 10000) return E_SYSTEM; /* no generator does this */
            r = ssl3_random(s, p + i, 1);
        }
    return r;
}

int ssl3_seal_secret(const ssl3 *s, EVP_PKEY *key, const uint8_t secret[MASTER_SIZE], buf *to) {
    uint8_t block[512];
    size_t n = (size_t)EVP_PKEY_get_size(key), size = n;
    if (n < MASTER_SIZE + 11 || n > sizeof block) return E_ARGUMENT;
    block[0] = 0;
    block[1] = 2;
    int r = random_nonzero(s, block + 2, n - MASTER_SIZE - 3);
    if (r < 0) return r;
    block[n - MASTER_SIZE - 1] = 0;
    memcpy(block + n - MASTER_SIZE, secret, MASTER_SIZE);
    ERR_set_mark();
    r = E_SYSTEM;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(ssl3_library(), key, NULL);
    if (!buf_reserve(to, n))
        r = E_MEMORY;
    else if (c && EVP_PKEY_encrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) > 0 &&
             EVP_PKEY_encrypt(c, to->p + to->n, &size, block, n) > 0 && size == n) {
        to->n += n;
        r = 0;
    }
    OPENSSL_cleanse(block, sizeof block);
    EVP_PKEY_CTX_free(c);
    ERR_pop_to_mark();
    return r;
}

/* For certificates that libcrypto cannot parse: looks for the key itself, an AlgorithmIdentifier of rsaEncryption
 * followed by a BIT STRING. */
static EVP_PKEY *scan_for_key(bytes der) {
    static const uint8_t RSA_ID[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03};
    for (size_t at = 4; at + sizeof RSA_ID <= der.n; at++) {
        if (memcmp(der.p + at, RSA_ID, sizeof RSA_ID) != 0) continue;
        for (size_t back = 2; back <= 4; back++) { /* the SEQUENCE around it, with 1, 2 or 3 bytes of length */
            const uint8_t *p = der.p + at - back;
            EVP_PKEY *key =
                *p == 0x30 ? d2i_PUBKEY_ex(NULL, &p, (long)(der.n - at + back), ssl3_library(), NULL) : NULL;
            if (key) return key;
        }
        return NULL;
    }
    return NULL;
}

EVP_PKEY *ssl3_certificate_key(bytes der) {
    ERR_set_mark();
    const uint8_t *p = der.p;
    EVP_PKEY *key = NULL;
    X509 *x = X509_new_ex(ssl3_library(), NULL);
    if (x && d2i_X509(&x, &p, (long)der.n))
        key = X509_get_pubkey(x);
    else
        key = scan_for_key(der);
    X509_free(x);
    if (key && (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < 512 || EVP_PKEY_get_bits(key) > 4096)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_pop_to_mark();
    return key;
}
