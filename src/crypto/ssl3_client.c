/* ssl3_client.c: the client's side of the handshake (reference 05 §A.12): for our tests and for talking to servers of
 * the game's own kind. It takes what real servers send (session ids, bytes behind the hello, a certificate request) and
 * leaves the judgement of the certificate to the configuration. */
#include "crypto/ssl3_parts.h"

#include <string.h>

#include <openssl/crypto.h>

static const uint16_t *offered(const ssl3 *s) {
    static const uint16_t usual[] = {SSL3_RC4_SHA, SSL3_RC4_MD5, 0};
    return s->config->suites[0] ? s->config->suites : usual;
}

int ssl3_client_start(ssl3 *s, buf *out) {
    uint8_t hello[64] = {CLIENT_HELLO, 0, 0, 0, 3, 0};
    int r = ssl3_random(s, s->shake->client_random, 32);
    if (r < 0) return r;
    memcpy(hello + 6, s->shake->client_random, 32); /* and an empty session id at 38 */
    size_t n = 41, limit = sizeof s->config->suites / sizeof s->config->suites[0];
    for (size_t i = 0; i < limit && offered(s)[i]; i++, n += 2) save_u16(hello + n, offered(s)[i]);
    save_u16(hello + 39, (uint16_t)(n - 41));
    hello[n++] = 1; /* one compression method: null */
    hello[n++] = 0;
    hello[3] = (uint8_t)(n - 4);
    s->shake->client_version = VERSION_SSL3;
    return ssl3_shake_send(s, (bytes){hello, n}, out);
}

static int receive_hello(ssl3 *s, bytes message, buf *out, fault *f) {
    const uint8_t *p = message.p + 4;
    size_t n = message.n - 4;
    if (n < 35 || p[34] > 32 || n < 35u + p[34] + 3u)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "malformed ServerHello");
    if (load_u16(p) != VERSION_SSL3)
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_HANDSHAKE, f, "the server chose version %04x", load_u16(p));
    memcpy(s->shake->server_random, p + 2, 32);
    p += 35 + p[34];
    unsigned suite = load_u16(p);
    bool known = false;
    for (const uint16_t *o = offered(s); *o; o++) known |= *o == suite;
    if (!known || (suite != SSL3_RC4_SHA && suite != SSL3_RC4_MD5) || p[2] != 0)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_HANDSHAKE, f, "the server chose suite %04x, compression %u",
                         suite, p[2]);
    s->suite = (uint16_t)suite;
    s->step = WAIT_CERTIFICATE;
    return 0;
}

static int receive_certificate(ssl3 *s, bytes message, buf *out, fault *f) {
    const uint8_t *p = message.p + 4;
    size_t n = message.n - 4;
    if (n < 6 || load_u24(p) != n - 3 || load_u24(p + 3) > n - 6)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "malformed Certificate message");
    bytes der = {p + 6, load_u24(p + 3)};
    s->shake->peer = ssl3_certificate_key(der);
    if (!s->shake->peer)
        return ssl3_fail(s, out, ALERT_BAD_CERTIFICATE, E_HANDSHAKE, f, "no RSA key in the server's certificate");
    if (s->config->verify && s->config->verify(s->config->context, der) < 0)
        return ssl3_fail(s, out, ALERT_BAD_CERTIFICATE, E_HANDSHAKE, f, "the server's certificate was refused");
    s->step = WAIT_HELLO_DONE;
    return 0;
}

static int send_key(ssl3 *s, buf *out) {
    uint8_t secret[MASTER_SIZE] = {3, 0};
    buf message = {0};
    int r = ssl3_random(s, secret + 2, MASTER_SIZE - 2);
    buf_u8(&message, CLIENT_KEY_EXCHANGE);
    buf_u24(&message, (uint32_t)EVP_PKEY_get_size(s->shake->peer));
    if (r == 0) r = ssl3_seal_secret(s, s->shake->peer, secret, &message);
    if (r == 0 && message.failed) r = E_MEMORY;
    if (r == 0) r = ssl3_shake_send(s, buf_bytes(&message), out);
    if (r == 0) r = ssl3_shake_keys(s, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    buf_free(&message);
    return r;
}

static int receive_hello_done(ssl3 *s, bytes message, buf *out, fault *f) {
    if (message.n != 4) return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "malformed ServerHelloDone");
    int r = s->shake->certificate_requested ? ssl3_send_alert(s, 1, ALERT_NO_CERTIFICATE, out) : 0;
    if (r == 0) r = send_key(s, out);
    if (r == 0) r = ssl3_shake_send_finished(s, out);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "the key exchange could not be made");
    s->step = WAIT_CCS;
    return 0;
}

int ssl3_client_message(ssl3 *s, bytes message, buf *out, fault *f) {
    int type = message.p[0];
    if (type == HELLO_REQUEST && message.n == 4 && ++s->idle <= IDLE_MAX) return 0; /* we are at it; never hashed */
    int r = ssl3_shake_hash(s, message);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "libcrypto cannot hash");
    if (s->step == WAIT_SERVER_HELLO && type == SERVER_HELLO) return receive_hello(s, message, out, f);
    if (s->step == WAIT_CERTIFICATE && type == CERTIFICATE) return receive_certificate(s, message, out, f);
    if (s->step == WAIT_HELLO_DONE && type == CERTIFICATE_REQUEST && !s->shake->certificate_requested) {
        s->shake->certificate_requested = true;
        return 0;
    }
    if (s->step == WAIT_HELLO_DONE && type == SERVER_HELLO_DONE) return receive_hello_done(s, message, out, f);
    return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "handshake message %d out of place", type);
}
