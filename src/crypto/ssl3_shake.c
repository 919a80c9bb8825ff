/* ssl3_shake.c: the handshake, as far as both roles do it alike, and the life of a connection.
 *
 * Handshake messages are joined from records (a peer may pack several into one record or spread one over several),
 * hashed into the transcript and handed to the role's own file. Everything only the handshake needs lives in one block
 * that is wiped and freed when it is over. */
#include "crypto/ssl3_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

int ssl3_shake_hash(ssl3 *s, bytes message) {
    return EVP_DigestUpdate(s->shake->md5, message.p, message.n) &&
                   EVP_DigestUpdate(s->shake->sha1, message.p, message.n)
               ? 0
               : E_SYSTEM;
}

int ssl3_shake_send(ssl3 *s, bytes message, buf *out) {
    int r = ssl3_shake_hash(s, message);
    return r < 0 ? r : ssl3_send(s, RECORD_HANDSHAKE, message, out);
}

int ssl3_shake_keys(ssl3 *s, const uint8_t secret[MASTER_SIZE]) {
    ssl3_shake *h = s->shake;
    int r = ssl3_derive((bytes){secret, MASTER_SIZE}, h->client_random, h->server_random, h->master, MASTER_SIZE);
    if (r < 0) return r;
    return ssl3_derive((bytes){h->master, MASTER_SIZE}, h->server_random, h->client_random, h->keys,
                       2 * ssl3_mac_size(s->suite) + 32);
}

/* Protects one direction from now on, with the keys of the side that writes it. */
static void side_start(const ssl3 *s, ssl3_side *side, enum ssl3_role writer) {
    size_t mac = ssl3_mac_size(s->suite), who = writer == SSL3_CLIENT ? 0 : 1;
    memcpy(side->secret, s->shake->keys + who * mac, mac);
    rc4_init(&side->cipher, s->shake->keys + 2 * mac + who * 16, 16);
    side->sequence = 0;
    side->on = true;
}

static const char *sender_of(enum ssl3_role role) { return role == SSL3_CLIENT ? "CLNT" : "SRVR"; }
static enum ssl3_role peer_role(const ssl3 *s) { return s->config->role == SSL3_CLIENT ? SSL3_SERVER : SSL3_CLIENT; }

int ssl3_shake_send_finished(ssl3 *s, buf *out) {
    uint8_t message[40] = {FINISHED, 0, 0, 36};
    int r = ssl3_finished(s->shake->md5, s->shake->sha1, sender_of(s->config->role), s->shake->master, message + 4);
    if (r < 0) return r;
    r = ssl3_send(s, RECORD_CCS, (bytes){(uint8_t[]){1}, 1}, out);
    if (r < 0) return r;
    side_start(s, &s->writing, s->config->role);
    return ssl3_shake_send(s, (bytes){message, sizeof message}, out);
}

int ssl3_shake_change_cipher(ssl3 *s, bytes fragment, buf *out, fault *f) {
    if (s->step != WAIT_CCS || s->shake->joined.n)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "change_cipher_spec out of place");
    if (fragment.n != 1 || fragment.p[0] != 1)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_BAD_RECORD, f, "malformed change_cipher_spec");
    side_start(s, &s->reading, peer_role(s));
    s->step = WAIT_FINISHED;
    return 0;
}

static int receive_finished(ssl3 *s, bytes message, bool last, buf *out, fault *f) {
    uint8_t expected[36];
    if (message.p[0] != FINISHED || message.n != 40 || !last)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f,
                         "message %d of %zu bytes where Finished was due", message.p[0], message.n);
    int r = ssl3_finished(s->shake->md5, s->shake->sha1, sender_of(peer_role(s)), s->shake->master, expected);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "libcrypto cannot hash");
    if (CRYPTO_memcmp(expected, message.p + 4, sizeof expected) != 0)
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_HANDSHAKE, f, "the peer's Finished is wrong");
    r = ssl3_shake_hash(s, message);
    if (r == 0 && s->config->role == SSL3_SERVER) r = ssl3_shake_send_finished(s, out);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "no room to finish the handshake");
    s->step = STEP_OPEN;
    s->idle = 0;
    return 0;
}

static int receive_message(ssl3 *s, bytes message, bool last, buf *out, fault *f) {
    if (s->step == WAIT_FINISHED) return receive_finished(s, message, last, out, f);
    if (s->step == WAIT_CCS)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "message %d where change_cipher_spec was due",
                         message.p[0]);
    return s->config->role == SSL3_SERVER ? ssl3_server_message(s, message, out, f)
                                          : ssl3_client_message(s, message, out, f);
}

int ssl3_shake_feed(ssl3 *s, bytes fragment, buf *out, fault *f) {
    if (fragment.n == 0) return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_BAD_RECORD, f, "empty handshake record");
    buf *j = &s->shake->joined;
    buf_put(j, fragment.p, fragment.n);
    if (j->failed) return ssl3_fail(s, out, ALERT_NONE, E_MEMORY, f, "out of memory for a handshake message");
    size_t at = 0;
    int r = 0;
    while (r == 0 && j->n - at >= 4 && s->step < STEP_OPEN) {
        size_t n = load_u24(j->p + at + 1);
        if (n > MESSAGE_MAX)
            return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "handshake message of %zu bytes", n);
        if (j->n - at < 4 + n) break;
        r = receive_message(s, (bytes){j->p + at, 4 + n}, j->n - at == 4 + n, out, f);
        at += 4 + n;
    }
    if (r == 0) buf_drop(j, at);
    return r;
}

/* --- life ---------------------------------------------------------------------------------------------------- */

static EVP_MD_CTX *transcript_new(const EVP_MD *md) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (c && md && EVP_DigestInit_ex2(c, md, NULL)) return c;
    EVP_MD_CTX_free(c);
    return NULL;
}

int ssl3_shake_new(ssl3 *s, buf *out, fault *f) {
    ssl3_shake *h = s->shake = calloc(1, sizeof *h);
    if (!h) return fault_set(f, E_MEMORY, "out of memory for an SSLv3 handshake");
    h->md5 = transcript_new(ssl3_md5());
    h->sha1 = transcript_new(ssl3_sha1());
    if (!h->md5 || !h->sha1) return fault_set(f, E_SYSTEM, "libcrypto offers no MD5 or no SHA-1");
    s->step = s->config->role == SSL3_SERVER ? WAIT_CLIENT_HELLO : WAIT_SERVER_HELLO;
    if (s->config->role == SSL3_SERVER) return 0;
    int r = ssl3_client_start(s, out);
    return r < 0 ? fault_set(f, r, "the SSLv3 hello could not be made") : 0;
}

void ssl3_shake_drop(ssl3 *s) {
    ssl3_shake *h = s->shake;
    if (!h) return;
    EVP_MD_CTX_free(h->md5);
    EVP_MD_CTX_free(h->sha1);
    EVP_PKEY_free(h->peer);
    buf_free(&h->joined);
    OPENSSL_cleanse(h, sizeof *h);
    free(h);
    s->shake = NULL;
}

int ssl3_new(ssl3 **to, const ssl3_config *config, buf *out, fault *f) {
    *to = NULL;
    if (config->role == SSL3_SERVER) {
        int bits = config->key && EVP_PKEY_is_a(config->key, "RSA") ? EVP_PKEY_get_bits(config->key) : 0;
        if (bits < 512 || bits > 4096 || config->certificate.n == 0 || config->certificate.n > MESSAGE_MAX - 64)
            return fault_set(f, E_ARGUMENT, "an SSLv3 server needs an RSA key of 512 to 4096 bits and a certificate");
    }
    ssl3 *s = calloc(1, sizeof *s);
    if (!s) return fault_set(f, E_MEMORY, "out of memory for an SSLv3 connection");
    s->config = config;
    s->digest = EVP_MD_CTX_new();
    int r = s->digest ? ssl3_shake_new(s, out, f) : fault_set(f, E_MEMORY, "out of memory for an SSLv3 connection");
    if (r < 0)
        ssl3_free(s);
    else
        *to = s;
    return r;
}

enum ssl3_state ssl3_get_state(const ssl3 *s) {
    if (s->error) return SSL3_FAILED;
    if (s->step == STEP_CLOSED) return SSL3_CLOSED;
    return s->step == STEP_OPEN ? SSL3_OPEN : SSL3_HANDSHAKE;
}

int ssl3_get_suite(const ssl3 *s) { return s->suite; }

const char *ssl3_suite_name(int suite) {
    return suite == SSL3_RC4_SHA ? "RC4-SHA" : suite == SSL3_RC4_MD5 ? "RC4-MD5" : "none";
}

/* What libcrypto holds in one digest context: its handle and the provider's state, seen with malloc_usable_size. */
#define DIGEST_CONTEXT 200

size_t ssl3_memory(const ssl3 *s) {
    size_t n = sizeof *s + DIGEST_CONTEXT + s->tail.cap;
    if (s->shake) n += sizeof *s->shake + s->shake->joined.cap + 2 * DIGEST_CONTEXT;
    return n;
}

void ssl3_free(ssl3 *s) {
    if (!s) return;
    ssl3_shake_drop(s);
    buf_free(&s->tail);
    EVP_MD_CTX_free(s->digest);
    OPENSSL_cleanse(s, sizeof *s);
    free(s);
}
