/* ssl3_server.c: the server's side of the handshake (reference 05 §A.9, §A.11).
 *
 * A ClientHello is read liberally (any version from 3.0 up, unknown suites, extensions behind it) and answered
 * strictly: version 3.0, no session, one of the two RC4 suites the client named, one certificate, each message in a
 * record of its own. */
#include "crypto/ssl3_parts.h"

#include <string.h>

#include <openssl/crypto.h>

/* The suite we want most among those in the list, whose entries are `step` bytes apart and end with the 16-bit code; 0
 * if none. */
static int choose_suite(const ssl3_config *config, bytes list, size_t step) {
    static const uint16_t usual[] = {SSL3_RC4_SHA, SSL3_RC4_MD5, 0};
    for (const uint16_t *want = config->suites[0] ? config->suites : usual; *want; want++) {
        if (*want != SSL3_RC4_SHA && *want != SSL3_RC4_MD5) continue;
        for (size_t i = 0; i + step <= list.n; i += step)
            if ((step == 2 || list.p[i] == 0) && load_u16(list.p + i + step - 2) == *want) return *want;
    }
    return 0;
}

static int send_flight(ssl3 *s, buf *out) {
    uint8_t hello[42] = {SERVER_HELLO, 0, 0, 38, 3, 0};
    memcpy(hello + 6, s->shake->server_random, 32);
    save_u16(hello + 39, s->suite); /* after an empty session id; the last byte is null compression */
    int r = ssl3_shake_send(s, (bytes){hello, sizeof hello}, out);
    if (r < 0) return r;

    bytes der = s->config->certificate;
    buf certificate = {0};
    buf_u8(&certificate, CERTIFICATE);
    buf_u24(&certificate, (uint32_t)der.n + 6);
    buf_u24(&certificate, (uint32_t)der.n + 3);
    buf_u24(&certificate, (uint32_t)der.n);
    buf_put(&certificate, der.p, der.n);
    r = certificate.failed ? E_MEMORY : ssl3_shake_send(s, buf_bytes(&certificate), out);
    buf_free(&certificate);
    if (r < 0) return r;
    return ssl3_shake_send(s, (bytes){(uint8_t[]){SERVER_HELLO_DONE, 0, 0, 0}, 4}, out);
}

/* The answer to a hello of either form, whose random and version are already noted. `transcript` is what gets hashed.
 */
static int answer_hello(ssl3 *s, bytes transcript, int suite, buf *out, fault *f) {
    if (!suite)
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_HANDSHAKE, f,
                         "the client offers none of our cipher suites");
    s->suite = (uint16_t)suite;
    int r = ssl3_shake_hash(s, transcript);
    if (r == 0) r = ssl3_random(s, s->shake->server_random, 32);
    if (r == 0) r = send_flight(s, out);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "the answer to ClientHello could not be made");
    s->step = WAIT_CLIENT_KEY;
    return 0;
}

static int receive_hello(ssl3 *s, bytes message, buf *out, fault *f) {
    const uint8_t *p = message.p + 4, *end = message.p + message.n;
    if (end - p < 35 || p[34] > 32 || end - p < 35 + p[34] + 2) goto malformed;
    unsigned version = load_u16(p);
    if (version < VERSION_SSL3)
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_HANDSHAKE, f,
                         "the client's version %04x is older than SSLv3", version);
    s->shake->client_version = (uint16_t)version;
    memcpy(s->shake->client_random, p + 2, 32);
    p += 35 + p[34];
    bytes suites = {p + 2, load_u16(p)};
    if (suites.n < 2 || suites.n % 2 || (size_t)(end - suites.p) < suites.n + 1) goto malformed;
    p = suites.p + suites.n;
    if (p[0] < 1 || end - p < 1 + p[0]) goto malformed;
    if (!memchr(p + 1, 0, p[0]))
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_HANDSHAKE, f, "the client insists on compression");
    return answer_hello(s, message, choose_suite(s->config, suites, 2), out, f);
malformed:
    return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "malformed ClientHello");
}

int ssl3_server_hello_v2(ssl3 *s, bytes m, buf *out, fault *f) {
    unsigned version = load_u16(m.p + 1); /* the record layer saw to 9 bytes */
    size_t suites = load_u16(m.p + 3), session = load_u16(m.p + 5), challenge = load_u16(m.p + 7);
    if (version < VERSION_SSL3 || version >> 8 != 3)
        return ssl3_fail(s, out, ALERT_NONE, E_HANDSHAKE, f, "the peer speaks SSLv2 only");
    if (suites < 3 || suites % 3 || session > 32 || challenge < 16 || challenge > 32 ||
        9 + suites + session + challenge != m.n)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "malformed SSLv2-compatible ClientHello");
    s->shake->client_version = (uint16_t)version;
    memset(s->shake->client_random, 0, 32);
    memcpy(s->shake->client_random + 32 - challenge, m.p + m.n - challenge, challenge);
    return answer_hello(s, m, choose_suite(s->config, (bytes){m.p + 9, suites}, 3), out, f);
}

static int receive_key(ssl3 *s, bytes message, buf *out, fault *f) {
    size_t n = message.n - 4, modulus = (size_t)EVP_PKEY_get_size(s->config->key);
    const uint8_t *block = message.p + 4;
    if (n == modulus + 2 && load_u16(block) == modulus) block += 2, n -= 2; /* TLS habit: a length in front */
    if (n != modulus)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "ClientKeyExchange of %zu bytes, not %zu", n,
                         modulus);
    uint8_t secret[MASTER_SIZE];
    int r = ssl3_open_secret(s, block, n, secret);
    if (r == 0) r = ssl3_shake_hash(s, message);
    if (r == 0) r = ssl3_shake_keys(s, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "libcrypto cannot derive the keys");
    s->step = WAIT_CCS;
    return 0;
}

int ssl3_server_message(ssl3 *s, bytes message, buf *out, fault *f) {
    if (s->step == WAIT_CLIENT_HELLO && message.p[0] == CLIENT_HELLO) return receive_hello(s, message, out, f);
    if (s->step == WAIT_CLIENT_KEY && message.p[0] == CLIENT_KEY_EXCHANGE) return receive_key(s, message, out, f);
    return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "handshake message %d where %s was due",
                     message.p[0], s->step == WAIT_CLIENT_HELLO ? "ClientHello" : "ClientKeyExchange");
}
