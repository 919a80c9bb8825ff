/* ssl3_help.h: what the SSLv3 tests and the fuzz target share: the fixed test key, a generator that is none,
 * hexadecimal, and `raw`, a client without manners: it does each step of a handshake when told to, in any order, with
 * any bytes. */
#ifndef TESTS_SSL3_HELP_H
#define TESTS_SSL3_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "crypto/certificate.h"
#include "crypto/ssl3_parts.h"

#define HELP __attribute__((unused)) static

/* The key of vectors/ssl3.json. For tests only: it is public. */
static const char *const help_key_parts[][2] = {
    {"n", "c65e8b0ebf749253bf1a3ac428e607e8cc4cb55425906eef4d5b64b39dcf0116768bac6996eb9fe400a99194435ac05d"
          "8b9a6a94ff05ef6b0277dce570fe4f2f8a1a4845f014f244693a14a08609e336cbd8ded0b45c8b08c5d556961ed9c8e7"
          "a9a5e823db2fe17dfde885fa34e955ddd24d087e1eec684c44726d637621d11f"},
    {"e", "010001"},
    {"d", "1559ebc1c49db97a46217e9dca8127ecc8c0a0ebd3b73e1987cc0484c8c1952e63c818e0ac9be3f3d89667d2fb84f31b"
          "9e811a63bb275a63bc3a468e73a10bc8b3892faa539d73dc86117edeac4dd8f1731eecdd8c5a1a96e6f1e05dc29e74f4"
          "d4c366bdf537961007b3688c5457378a92e6e1bd028ab30905701dc958c4ba01"},
    {"rsa-factor1", "f096fd2ec3c80add6c9f16bd06fdaa8db38250eaa6fb0f915ff700d4f63a7e46858ca62c3f8258898e53bb6b7db0fcde"
                    "0fbcb11c0f1a94273e7a1591125dea81"},
    {"rsa-factor2", "d31341177d4f9bc59099f1090d380422d077a7115710a9cf753a5292f5ce69cb1aa789c665fba90ce7a75d0a130dd17e"
                    "8bdb26af0fe71c5ff18872c503a9ab9f"},
    {"rsa-exponent1", "10e03670325174d9a545df7d70e118368a51e8c51ce35d6b30150e5ce1cca690e1cb44d8b3b7bbe82230a363ddd42d58"
                      "9238052057bae08b8429621be3f2ec81"},
    {"rsa-exponent2", "10340f30256f820ec58dfbc1ed20dab86d7671fdd3c834b0f757d5d4f047bb395b3f774522b911fe2a9e5f771185630a"
                      "aae3d4f16570216e801530724d58ae13"},
    {"rsa-coefficient1",
     "a246115974eadc6610392548b3c4a91c364e8bc36db5e52282f127e065cef60c2251d694acc57cdd62a9c5675c4f0e27"
     "7096efb5ce30ffbaeb8be87bd12a37ee"}};

HELP EVP_PKEY *help_key(void) {
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[8] = {NULL};
    for (size_t i = 0; i < 8; i++) {
        BN_hex2bn(&numbers[i], help_key_parts[i][1]);
        OSSL_PARAM_BLD_push_BN(build, help_key_parts[i][0], numbers[i]);
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    require(EVP_PKEY_fromdata_init(c) > 0 && EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params) > 0);
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    for (size_t i = 0; i < 8; i++) BN_free(numbers[i]);
    return key;
}

/* Gives out `script` first and then a plain count; never two equal stretches. */
typedef struct help_random {
    bytes script;
    uint32_t count;
} help_random;

HELP int help_random_fill(void *context, uint8_t *p, size_t n) {
    help_random *r = context;
    for (size_t i = 0; i < n; i++) {
        if (r->script.n)
            p[i] = *r->script.p++, r->script.n--;
        else
            p[i] = (uint8_t)((r->count++ * 2654435761u) >> 24);
    }
    return 0;
}

HELP buf help_hex(const char *text) {
    buf b = {0};
    for (size_t i = 0; text[i] && text[i + 1]; i += 2) {
        unsigned v = 0;
        require(sscanf(text + i, "%2x", &v) == 1);
        buf_u8(&b, (uint8_t)v);
    }
    return b;
}

HELP bool help_same(bytes a, bytes b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
HELP bytes help_text(const char *text) { return (bytes){(const uint8_t *)text, strlen(text)}; }

/* Feeds in pieces of `chunk` bytes (0: all at once), each in memory of its own size, for the sanitizers. */
HELP int help_feed(ssl3 *s, bytes in, size_t chunk, buf *plain, buf *out, fault *f) {
    int r = 0;
    while (in.n && r == 0) {
        size_t n = chunk && chunk < in.n ? chunk : in.n;
        uint8_t *copy = malloc(n);
        memcpy(copy, in.p, n);
        r = ssl3_feed(s, (bytes){copy, n}, plain, out, f);
        free(copy);
        in.p += n;
        in.n -= n;
    }
    return r;
}

/* --- a client without manners -------------------------------------------------------------------------------- */

typedef struct raw {
    EVP_MD_CTX *md5, *sha1, *scratch;
    uint8_t client_random[32], server_random[32], master[48], keys[80];
    int suite;
    rc4 writing, reading;
    uint64_t sent, received;
    bool sealed; /* records go out protected */
} raw;

HELP raw *raw_new(void) {
    raw *r = calloc(1, sizeof *r);
    r->md5 = EVP_MD_CTX_new(), r->sha1 = EVP_MD_CTX_new(), r->scratch = EVP_MD_CTX_new();
    EVP_DigestInit_ex2(r->md5, ssl3_md5(), NULL);
    EVP_DigestInit_ex2(r->sha1, ssl3_sha1(), NULL);
    return r;
}

HELP void raw_free(raw *r) {
    EVP_MD_CTX_free(r->md5), EVP_MD_CTX_free(r->sha1), EVP_MD_CTX_free(r->scratch);
    free(r);
}

HELP void raw_hash(raw *r, bytes message) {
    EVP_DigestUpdate(r->md5, message.p, message.n);
    EVP_DigestUpdate(r->sha1, message.p, message.n);
}

HELP void raw_record(raw *r, int type, bytes fragment, buf *to) {
    size_t mac = r->sealed ? ssl3_mac_size(r->suite) : 0;
    uint8_t sum[MAC_MAX];
    buf_u8(to, (uint8_t)type), buf_u16(to, VERSION_SSL3), buf_u16(to, (uint16_t)(fragment.n + mac));
    size_t at = to->n;
    buf_put(to, fragment.p, fragment.n);
    if (!r->sealed) return;
    ssl3_record_mac(r->scratch, r->suite, r->keys, r->sent++, type, fragment, sum);
    buf_put(to, sum, mac);
    rc4_crypt(&r->writing, to->p + at, to->p + at, fragment.n + mac);
}

HELP void raw_message(raw *r, int type, bytes body, buf *to) {
    buf m = {0};
    buf_u8(&m, (uint8_t)type), buf_u24(&m, (uint32_t)body.n), buf_put(&m, body.p, body.n);
    raw_hash(r, buf_bytes(&m));
    raw_record(r, RECORD_HANDSHAKE, buf_bytes(&m), to);
    buf_free(&m);
}

/* A ClientHello as the game sends it. Byte 6 of a hello body on is its random. */
HELP void raw_hello(raw *r, buf *to) {
    buf b = {0};
    for (size_t i = 0; i < 32; i++) r->client_random[i] = (uint8_t)(i + 1);
    buf_u16(&b, 0x0300), buf_put(&b, r->client_random, 32), buf_u8(&b, 0);
    buf_u16(&b, 8), buf_u16(&b, 5), buf_u16(&b, 4), buf_u16(&b, 0x2f), buf_u16(&b, 0x35), buf_u16(&b, 0x0100);
    raw_message(r, CLIENT_HELLO, buf_bytes(&b), to);
    buf_free(&b);
}

/* Reads the server's three messages: hashes them, notes random and suite. False when they are anything else. */
HELP bool raw_flight(raw *r, bytes in) {
    static const uint8_t types[] = {SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE};
    for (size_t i = 0; i < 3; i++) {
        if (in.n < 9 || in.p[0] != 22 || load_u16(in.p + 1) != 0x0300) return false;
        size_t n = load_u16(in.p + 3);
        if (in.n < 5 + n || in.p[5] != types[i] || load_u24(in.p + 6) + 4 != n) return false;
        if (i == 0) {
            if (n != 42 || load_u16(in.p + 9) != 0x0300 || in.p[43] != 0 || in.p[46] != 0) return false;
            memcpy(r->server_random, in.p + 11, 32);
            r->suite = load_u16(in.p + 44);
        }
        raw_hash(r, (bytes){in.p + 5, n});
        in.p += 5 + n, in.n -= 5 + n;
    }
    return in.n == 0;
}

HELP void raw_derive(raw *r, bytes secret) {
    size_t mac = ssl3_mac_size(r->suite);
    ssl3_derive(secret, r->client_random, r->server_random, r->master, 48);
    ssl3_derive((bytes){r->master, 48}, r->server_random, r->client_random, r->keys, 2 * mac + 32);
    rc4_init(&r->writing, r->keys + 2 * mac, 16);
    rc4_init(&r->reading, r->keys + 2 * mac + 16, 16);
}

/* The pre-master secret `secret` in a PKCS#1 block for the test key: 128 bytes. */
HELP buf raw_block(EVP_PKEY *key, bytes secret) {
    uint8_t block[128], out[128];
    size_t n = sizeof out;
    memset(block, 0x77, sizeof block);
    block[0] = 0, block[1] = 2, block[127 - secret.n] = 0;
    memcpy(block + 128 - secret.n, secret.p, secret.n);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    require(EVP_PKEY_encrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) > 0 &&
            EVP_PKEY_encrypt(c, out, &n, block, sizeof block) > 0 && n == sizeof out);
    EVP_PKEY_CTX_free(c);
    buf b = {0};
    buf_put(&b, out, n);
    return b;
}

HELP void raw_change_cipher(raw *r, buf *to) {
    raw_record(r, RECORD_CCS, (bytes){(uint8_t[]){1}, 1}, to);
    r->sealed = true;
}

HELP void raw_finished(raw *r, buf *to) {
    uint8_t body[36];
    ssl3_finished(r->md5, r->sha1, "CLNT", r->master, body);
    raw_message(r, FINISHED, (bytes){body, 36}, to);
}

/* Opens one of the server's protected records in place: its fragment, or nothing when it is not right. *in moves behind
 * it. */
HELP bytes raw_open(raw *r, bytes *in) {
    size_t mac = ssl3_mac_size(r->suite), n = in->n >= 5 ? load_u16(in->p + 3) : 0;
    uint8_t sum[MAC_MAX], *p = (uint8_t *)in->p + 5;
    if (in->n < 5 + n || n < mac) return (bytes){0};
    rc4_crypt(&r->reading, p, p, n);
    ssl3_record_mac(r->scratch, r->suite, r->keys + mac, r->received++, in->p[0], (bytes){p, n - mac}, sum);
    in->p += 5 + n, in->n -= 5 + n;
    return memcmp(sum, p + n - mac, mac) == 0 ? (bytes){p, n - mac} : (bytes){0};
}

#endif
