/* certificate.c: makes and keeps the server's certificates.
 *
 * The game's certificate claims to be issued by a CA compiled into the game. The game takes the hash size from the
 * outer signature algorithm, and for an algorithm it knows but does not expect there (rsaEncryption) that size is 0: it
 * then compares no byte of the signature. So the certificate is put together from a template, no CA key and no MD5
 * signature needed; what must be exact are the issuer's name, the two algorithm identifiers and a signature of 128
 * bytes (reference 05 §A.4).
 *
 * DER is written back to front in meaning: inner parts first, then wrapped by tag and length. */
#include "crypto/certificate.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

/* --- the game's certificate ---------------------------------------------------------------------------------- */

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_TIME = 0x17,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};

static void der_put(buf *to, int tag, bytes content) {
    buf_u8(to, (uint8_t)tag);
    if (content.n < 0x80)
        buf_u8(to, (uint8_t)content.n);
    else if (content.n < 0x100)
        buf_u8(to, 0x81), buf_u8(to, (uint8_t)content.n);
    else
        buf_u8(to, 0x82), buf_u16(to, (uint16_t)content.n);
    buf_put(to, content.p, content.n);
}

/* Wraps everything written to `inner` and empties it. */
static void der_wrap(buf *to, int tag, buf *inner) {
    if (inner->failed) to->failed = true;
    der_put(to, tag, buf_bytes(inner));
    buf_free(inner);
}

/* 1.2.840.113549.1.1.<last>: 1 rsaEncryption, 4 md5WithRSAEncryption */
static void der_algorithm(buf *to, uint8_t last) {
    buf_put(to, (uint8_t[]){0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0x00},
            15);
}

enum name_part { NAME_CN = 3, NAME_C = 6, NAME_L = 7, NAME_ST = 8, NAME_O = 10, NAME_OU = 11 };

static void der_name_part(buf *to, enum name_part part, const char *text) {
    buf pair = {0}, sequence = {0};
    der_put(&pair, 0x06, (bytes){(uint8_t[]){0x55, 0x04, (uint8_t)part}, 3});
    der_put(&pair, part == NAME_C ? DER_PRINTABLE : DER_UTF8, (bytes){(const uint8_t *)text, strlen(text)});
    der_wrap(&sequence, DER_SEQUENCE, &pair);
    der_wrap(to, DER_SET, &sequence);
}

static void der_issuer(buf *to) {
    buf name = {0};
    der_name_part(&name, NAME_OU, "Online Technology Group");
    der_name_part(&name, NAME_O, "Electronic Arts, Inc.");
    der_name_part(&name, NAME_L, "Redwood City");
    der_name_part(&name, NAME_ST, "California");
    der_name_part(&name, NAME_C, "US");
    der_name_part(&name, NAME_CN, "OTG3 Certificate Authority");
    der_wrap(to, DER_SEQUENCE, &name);
}

static void der_subject(buf *to, const char *host) {
    buf name = {0};
    der_name_part(&name, NAME_CN, host);
    der_name_part(&name, NAME_OU, "Global Online Studio");
    der_name_part(&name, NAME_O, "Electronic Arts, Inc.");
    der_name_part(&name, NAME_ST, "California");
    der_name_part(&name, NAME_C, "US");
    der_wrap(to, DER_SEQUENCE, &name);
}

static void der_validity(buf *to) { /* the game reads the dates and never looks at a clock */
    buf times = {0};
    der_put(&times, DER_TIME, (bytes){(const uint8_t *)"120101000000Z", 13});
    der_put(&times, DER_TIME, (bytes){(const uint8_t *)"491231235959Z", 13});
    der_wrap(to, DER_SEQUENCE, &times);
}

static void der_unsigned(buf *to, const BIGNUM *value) {
    uint8_t p[1 + 512] = {0};
    int n = BN_num_bytes(value);
    if (n > 512) {
        to->failed = true;
        return;
    }
    BN_bn2bin(value, p + 1);
    size_t from = n && !(p[1] & 0x80) ? 1 : 0; /* a leading 0 where the number would look negative */
    der_put(to, DER_INTEGER, (bytes){p + from, (size_t)n + 1 - from});
}

/* SubjectPublicKeyInfo. The BIT STRING begins with its count of unused bits, 0. */
static int der_public_key(buf *to, EVP_PKEY *key) {
    BIGNUM *n = NULL, *e = NULL;
    buf numbers = {0}, bits = {0}, info = {0};
    int r = E_SYSTEM;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e)) {
        der_unsigned(&numbers, n);
        der_unsigned(&numbers, e);
        buf_u8(&bits, 0);
        der_wrap(&bits, DER_SEQUENCE, &numbers);
        der_algorithm(&info, 1);
        der_wrap(&info, DER_BITS, &bits);
        der_wrap(to, DER_SEQUENCE, &info);
        r = to->failed ? E_MEMORY : 0;
    }
    BN_free(n);
    BN_free(e);
    return r;
}

int certificate_build_game(EVP_PKEY *key, const char *host, buf *der, fault *f) {
    size_t length = strlen(host);
    if (length == 0 || length > 31)
        return fault_set(f, E_ARGUMENT, "the game compares at most 31 characters of a host name: '%s' does not fit",
                         host);
    uint8_t signature[129];
    if (RAND_bytes(signature, sizeof signature) != 1) return fault_set(f, E_SYSTEM, "no random numbers");
    signature[0] = 0;     /* unused bits */
    signature[1] &= 0x7f; /* below the modulus of the CA, so that the game calculates with an ordinary number */
    buf body = {0}, all = {0};
    buf_put(&body, (uint8_t[]){DER_INTEGER, 1, 1}, 3); /* serial; no version: X.509 v1 */
    der_algorithm(&body, 4);                           /* must be one the game knows … */
    der_issuer(&body);
    der_validity(&body);
    der_subject(&body, host);
    int r = der_public_key(&body, key);
    if (r == 0) {
        der_wrap(&all, DER_SEQUENCE, &body);
        der_algorithm(&all, 1); /* … and this one has no hash */
        der_put(&all, DER_BITS, (bytes){signature, sizeof signature});
        der_wrap(der, DER_SEQUENCE, &all);
        if (der->failed) r = E_MEMORY;
    }
    buf_free(&body);
    buf_free(&all);
    return r < 0 ? fault_set(f, r, "the game's certificate could not be put together") : 0;
}

/* --- everyone else's ----------------------------------------------------------------------------------------- */

static bool add_extension(X509 *x, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

static bool is_address(const char *host) {
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ASN1_OCTET_STRING_free(address);
    return address != NULL;
}

static bool plain_host(const char *host) { /* nothing that means something to the extension parser */
    return *host && strlen(host) <= 253 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*_") == strlen(host);
}

static bool fill_tls(X509 *x, EVP_PKEY *key, const char *host) {
    char names[400] = "DNS:localhost,IP:127.0.0.1,IP:::1";
    if (host && strcmp(host, "localhost") != 0 && strcmp(host, "127.0.0.1") != 0 && strcmp(host, "::1") != 0) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, ",%s:%s", is_address(host) ? "IP" : "DNS", host);
    }
    const char *common = host && strlen(host) <= 64 ? host : "murelay";
    const char *usage = /* an RSA key may also be asked to open a secret */
        EVP_PKEY_is_a(key, "RSA") ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
    BIGNUM *serial = BN_new();
    X509_NAME *name = X509_get_subject_name(x);
    bool ok = serial && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) && X509_set_version(x, X509_VERSION_3) &&
              X509_gmtime_adj(X509_getm_notBefore(x), -86400) &&
              X509_time_adj_ex(X509_getm_notAfter(x), 10 * 365, 0, NULL) &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) &&
              X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) &&
              add_extension(x, NID_basic_constraints, "critical,CA:FALSE") && add_extension(x, NID_key_usage, usage) &&
              add_extension(x, NID_ext_key_usage, "serverAuth") && add_extension(x, NID_subject_alt_name, names) &&
              add_extension(x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()) > 0;
    BN_free(serial);
    return ok;
}

static int take_der(X509 *x, buf *der) {
    uint8_t *p = NULL;
    int n = i2d_X509(x, &p);
    if (n <= 0) return E_SYSTEM;
    buf_put(der, p, (size_t)n);
    OPENSSL_free(p);
    return der->failed ? E_MEMORY : 0;
}

int certificate_build_tls(EVP_PKEY *key, const char *host, buf *der, fault *f) {
    if (host && !plain_host(host)) return fault_set(f, E_CONFIG, "'%s' is not a host name or address", host);
    X509 *x = X509_new();
    int r = x && fill_tls(x, key, host) ? take_der(x, der) : E_SYSTEM;
    X509_free(x);
    ERR_clear_error();
    return r < 0 ? fault_set(f, r, "the TLS certificate could not be made") : 0;
}

void certificate_free(certificate *c) {
    EVP_PKEY_free(c->key);
    c->key = NULL;
    buf_free(&c->der);
}
