/* ssl3_record.c: the record layer, and with it the way of every byte in and out.
 *
 * Coming in, bytes are cut into records; a whole record is read where it lies, only a cut-off one is kept (`tail`). A
 * protected record is decrypted straight behind the caller's plaintext, and only becomes part of it when its MAC is
 * right and it is application data. Limits are applied as soon as a header is there, before anything is kept for it.
 *
 * Going out, only shapes leave that the game's reader survives (A.3): version 3.0, never an empty fragment, never
 * a warning other than close_notify and that one only after the handshake. */
#include "crypto/ssl3_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* --- out ----------------------------------------------------------------------------------------------------- */

/* Why there was no room for `more` bytes. */
static int buffer_error(const buf *b, size_t more) { return b->max && b->n + more > b->max ? E_LIMIT : E_MEMORY; }

int ssl3_send(ssl3 *s, int type, bytes fragment, buf *out) {
    ssl3_side *w = &s->writing;
    size_t mac = w->on ? ssl3_mac_size(s->suite) : 0;
    if (!buf_reserve(out, HEADER_SIZE + fragment.n + mac)) return buffer_error(out, HEADER_SIZE + fragment.n + mac);
    uint8_t *p = out->p + out->n;
    p[0] = (uint8_t)type;
    save_u16(p + 1, VERSION_SSL3);
    save_u16(p + 3, (uint16_t)(fragment.n + mac));
    p += HEADER_SIZE;
    if (w->on) {
        uint8_t sum[MAC_MAX];
        int r = ssl3_record_mac(s->digest, s->suite, w->secret, w->sequence++, type, fragment, sum);
        if (r < 0) return r;
        rc4_crypt(&w->cipher, p, fragment.p, fragment.n);
        rc4_crypt(&w->cipher, p + fragment.n, sum, mac);
    } else {
        memcpy(p, fragment.p, fragment.n);
    }
    out->n += HEADER_SIZE + fragment.n + mac;
    return 0;
}

int ssl3_send_alert(ssl3 *s, int level, int alert, buf *out) {
    return ssl3_send(s, RECORD_ALERT, (bytes){(uint8_t[]){(uint8_t)level, (uint8_t)alert}, 2}, out);
}

int ssl3_fail(ssl3 *s, buf *out, int alert, int code, fault *f, const char *format, ...) {
    if (alert != ALERT_NONE) (void)ssl3_send_alert(s, 2, alert, out); /* without room for it, the close must do */
    s->error = code;
    char text[sizeof f->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fault_set(f, code, "%s", text);
}

int ssl3_write(ssl3 *s, bytes data, buf *out, fault *f) {
    if (s->error) return fault_set(f, s->error, "this SSLv3 connection has failed before");
    if (s->step < STEP_OPEN) return fault_set(f, E_BUSY, "the SSLv3 handshake is not done");
    if (s->step == STEP_CLOSED || s->close_sent) return fault_set(f, E_CLOSED, "this SSLv3 connection is closed");
    if (data.n == 0) return 0; /* an empty record would confuse the game's reader */
    size_t records = (data.n + SSL3_FRAGMENT_MAX - 1) / SSL3_FRAGMENT_MAX;
    size_t room = data.n + records * (HEADER_SIZE + MAC_MAX);
    if (!buf_reserve(out, room)) return fault_set(f, buffer_error(out, room), "no room to encrypt %zu bytes", data.n);
    while (data.n) {
        size_t n = data.n < SSL3_FRAGMENT_MAX ? data.n : SSL3_FRAGMENT_MAX;
        int r = ssl3_send(s, RECORD_DATA, (bytes){data.p, n}, out);
        if (r < 0) return ssl3_fail(s, out, ALERT_NONE, r, f, "encrypting failed");
        data.p += n;
        data.n -= n;
    }
    return 0;
}

void ssl3_close(ssl3 *s, buf *out) {
    if (s->error || s->step < STEP_OPEN || s->close_sent) return;
    s->close_sent = true;
    (void)ssl3_send_alert(s, 1, ALERT_CLOSE_NOTIFY, out);
}

/* --- in ------------------------------------------------------------------------------------------------------ */

static bool is_v2_hello(const ssl3 *s, const uint8_t *p) {
    return !s->seen_record && s->config->role == SSL3_SERVER && (p[0] & 0x80);
}

/* How long the record is that begins at `in`; more than in.n while it is incomplete. Negative when it cannot be one. */
static int record_size(ssl3 *s, bytes in, buf *out, fault *f) {
    if (in.n == 0) return HEADER_SIZE;
    if (is_v2_hello(s, in.p)) {
        if (in.n < 3) return 3;
        int n = load_u16(in.p) & 0x7fff;
        if (in.p[2] != CLIENT_HELLO || n < 9 || n > SSLV2_HELLO_MAX)
            return ssl3_fail(s, out, ALERT_NONE, E_HANDSHAKE, f, "the peer does not speak SSLv3 (first byte %02x)",
                             in.p[0]);
        return 2 + n;
    }
    if (in.p[0] < RECORD_CCS || in.p[0] > RECORD_DATA) {
        if (!s->seen_record)
            return ssl3_fail(s, out, ALERT_NONE, E_HANDSHAKE, f, "the peer does not speak SSLv3 (first byte %02x)",
                             in.p[0]);
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_BAD_RECORD, f, "record of unknown type %u", in.p[0]);
    }
    if (in.n < HEADER_SIZE) return HEADER_SIZE;
    unsigned version = load_u16(in.p + 1), n = load_u16(in.p + 3);
    if (!s->seen_record && (version < 0x0300 || version > 0x0304))
        return ssl3_fail(s, out, ALERT_NONE, E_HANDSHAKE, f, "the peer does not speak SSLv3 (record version %04x)",
                         version);
    if (s->seen_record && version != VERSION_SSL3)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "record of version %04x", version);
    if (n > SSL3_FRAGMENT_MAX + (s->reading.on ? ssl3_mac_size(s->suite) : 0))
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "record of %u bytes is too long", n);
    return (int)(HEADER_SIZE + n);
}

/* Decrypts payload behind the caller's plaintext and checks its MAC. *fragment is then the part before the MAC. */
static int unprotect(ssl3 *s, int type, bytes payload, buf *plain, buf *out, bytes *fragment, fault *f) {
    ssl3_side *r = &s->reading;
    size_t mac = ssl3_mac_size(s->suite);
    if (payload.n < mac)
        return ssl3_fail(s, out, ALERT_BAD_RECORD_MAC, E_BAD_MAC, f, "record of %zu bytes is shorter than its MAC",
                         payload.n);
    if (!buf_reserve(plain, payload.n))
        return ssl3_fail(s, out, ALERT_NONE, buffer_error(plain, payload.n), f, "no room for %zu bytes of plaintext",
                         payload.n);
    uint8_t *p = plain->p + plain->n, sum[MAC_MAX];
    rc4_crypt(&r->cipher, p, payload.p, payload.n);
    *fragment = (bytes){p, payload.n - mac};
    int e = ssl3_record_mac(s->digest, s->suite, r->secret, r->sequence++, type, *fragment, sum);
    if (e < 0) return ssl3_fail(s, out, ALERT_NONE, e, f, "libcrypto cannot hash");
    if (CRYPTO_memcmp(sum, p + fragment->n, mac) != 0) {
        OPENSSL_cleanse(p, payload.n);
        return ssl3_fail(s, out, ALERT_BAD_RECORD_MAC, E_BAD_MAC, f, "record with a wrong MAC");
    }
    return 0;
}

static const char *alert_name(int alert) {
    switch (alert) {
    case 0: return "close_notify";
    case 10: return "unexpected_message";
    case 20: return "bad_record_mac";
    case 30: return "decompression_failure";
    case 40: return "handshake_failure";
    case 41: return "no_certificate";
    case 42: return "bad_certificate: it does not like our certificate";
    case 43: return "unsupported_certificate: it does not like our certificate";
    case 44: return "certificate_revoked: it does not like our certificate";
    case 45: return "certificate_expired: it does not like our certificate";
    case 46: return "certificate_unknown: it does not like our certificate";
    case 47: return "illegal_parameter";
    default: return "a code SSLv3 does not have";
    }
}

static int receive_alerts(ssl3 *s, bytes body, buf *out, fault *f) {
    if (body.n == 0 || body.n % 2)
        return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "alert record of %zu bytes", body.n);
    for (size_t i = 0; i < body.n; i += 2) {
        int level = body.p[i], alert = body.p[i + 1];
        if (level != 1 && level != 2)
            return ssl3_fail(s, out, ALERT_ILLEGAL_PARAMETER, E_BAD_RECORD, f, "alert of level %d", level);
        if (level == 2)
            return ssl3_fail(s, out, ALERT_NONE, E_ALERT, f, "the peer gave up: %s (%d)", alert_name(alert), alert);
        if (alert != ALERT_CLOSE_NOTIFY) continue;
        if (s->step < STEP_OPEN)
            return ssl3_fail(s, out, ALERT_NONE, E_HANDSHAKE, f, "the peer closed during the handshake");
        ssl3_close(s, out);
        s->step = STEP_CLOSED;
        return 0;
    }
    if (++s->idle > IDLE_MAX)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "more than %d records in a row say nothing",
                         IDLE_MAX);
    return 0;
}

static int receive_data(ssl3 *s, bytes fragment, buf *plain, buf *out, fault *f) {
    if (s->step != STEP_OPEN)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "application data during the handshake");
    if (fragment.n == 0) {
        if (++s->idle > IDLE_MAX)
            return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f,
                             "more than %d records in a row say nothing", IDLE_MAX);
        return 0;
    }
    s->idle = 0;
    plain->n += fragment.n; /* it lies there already */
    return 0;
}

/* A handshake message on an open connection: the game cannot renegotiate and neither can we. */
static int receive_late_handshake(ssl3 *s, bytes fragment, buf *out, fault *f) {
    int type = fragment.n ? fragment.p[0] : -1;
    if (s->config->role == SSL3_CLIENT && type == HELLO_REQUEST && fragment.n == 4 && ++s->idle <= IDLE_MAX) return 0;
    if (s->config->role == SSL3_SERVER && type == CLIENT_HELLO)
        return ssl3_fail(s, out, ALERT_HANDSHAKE_FAILURE, E_PROTOCOL, f, "the peer asks for a second handshake");
    return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "handshake message %d after the handshake", type);
}

static int receive_record(ssl3 *s, bytes record, buf *plain, buf *out, fault *f) {
    if (is_v2_hello(s, record.p)) {
        s->seen_record = true;
        return ssl3_server_hello_v2(s, (bytes){record.p + 2, record.n - 2}, out, f);
    }
    int type = record.p[0], r = 0;
    bytes fragment = {record.p + HEADER_SIZE, record.n - HEADER_SIZE};
    s->seen_record = true;
    if (!s->reading.on && fragment.n == 0)
        return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_BAD_RECORD, f, "empty record during the handshake");
    if (s->reading.on) r = unprotect(s, type, fragment, plain, out, &fragment, f);
    if (r < 0) return r;
    switch (type) {
    case RECORD_DATA: return receive_data(s, fragment, plain, out, f);
    case RECORD_ALERT:
        if (s->shake && s->shake->joined.n) break;
        return receive_alerts(s, fragment, out, f);
    case RECORD_CCS: return ssl3_shake_change_cipher(s, fragment, out, f);
    default: return s->shake ? ssl3_shake_feed(s, fragment, out, f) : receive_late_handshake(s, fragment, out, f);
    }
    return ssl3_fail(s, out, ALERT_UNEXPECTED_MESSAGE, E_PROTOCOL, f, "an alert inside a handshake message");
}

/* Moves bytes from *in to the tail until that holds one whole record. 1: it does; 0: more is needed. */
static int fill_tail(ssl3 *s, bytes *in, buf *out, fault *f) {
    for (;;) {
        int size = record_size(s, buf_bytes(&s->tail), out, f);
        if (size < 0) return size;
        if (s->tail.n >= (size_t)size) return 1;
        if (in->n == 0) return 0;
        size_t n = (size_t)size - s->tail.n;
        if (n > in->n) n = in->n;
        buf_put(&s->tail, in->p, n);
        if (s->tail.failed) return ssl3_fail(s, out, ALERT_NONE, E_MEMORY, f, "out of memory for a record");
        in->p += n;
        in->n -= n;
    }
}

int ssl3_feed(ssl3 *s, bytes in, buf *plain, buf *out, fault *f) {
    if (s->error) return fault_set(f, s->error, "this SSLv3 connection has failed before");
    while (in.n && s->step != STEP_CLOSED) {
        int size = s->tail.n ? 0 : record_size(s, in, out, f), r = size;
        if (size > 0 && (size_t)size <= in.n) { /* read it where it lies */
            r = receive_record(s, (bytes){in.p, (size_t)size}, plain, out, f);
            in.p += size;
            in.n -= (size_t)size;
        } else if (size >= 0) {
            r = fill_tail(s, &in, out, f);
            if (r > 0) {
                r = receive_record(s, buf_bytes(&s->tail), plain, out, f);
                buf_free(&s->tail); /* a connection at rest keeps no buffer */
            }
        }
        if (s->error || s->step >= STEP_OPEN) ssl3_shake_drop(s);
        if (r < 0) return r;
    }
    return 0;
}

int ssl3_end(const ssl3 *s, fault *f) {
    if (s->error) return fault_set(f, s->error, "this SSLv3 connection has failed before");
    if (s->step < STEP_OPEN) return fault_set(f, E_HANDSHAKE, "the peer closed during the handshake");
    if (s->tail.n && s->step == STEP_OPEN)
        return fault_set(f, E_TRUNCATED, "the peer closed in the middle of a record");
    return 0;
}
