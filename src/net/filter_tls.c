/* filter_tls.c: modern TLS as a filter of a stream, by OpenSSL.
 *
 * The idea: OpenSSL reads from and writes to a BIO of our own that points at the caller's buffers for the length of one
 * call, so that there is no memory BIO to hold bytes, and at rest a connection keeps no record buffers
 * (SSL_MODE_RELEASE_BUFFERS). No session tickets, no cache, no renegotiation: what is not kept cannot grow. */
#include "net/tls_private.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

typedef struct tls_filter {
    filter base;
    SSL *ssl;
    bytes in; /* during feed: what is left of the wire bytes */
    buf *out; /* during any call: where wire bytes go */
    bool goodbye, dead;
} tls_filter;

static int bio_read(BIO *b, char *to, int room) {
    tls_filter *f = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (!f->in.n) {
        BIO_set_retry_read(b);
        return -1;
    }
    size_t n = f->in.n < (size_t)room ? f->in.n : (size_t)room;
    memcpy(to, f->in.p, n);
    f->in.p += n, f->in.n -= n;
    return (int)n;
}

static int bio_write(BIO *b, const char *p, int n) {
    tls_filter *f = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (!f->out) return -1;
    buf_put(f->out, p, (size_t)n);
    return f->out->failed ? -1 : n;
}

static long bio_control(BIO *b, int command, long number, void *pointer) { return command == BIO_CTRL_FLUSH; }

static int bio_create(BIO *b) {
    BIO_set_init(b, 1);
    return 1;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    if (!method) return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
}

static int failed(tls_filter *f, int code, const char *doing, fault *why) {
    char text[200] = "the peer broke off";
    unsigned long e = ERR_get_error();
    if (e) ERR_error_string_n(e, text, sizeof text);
    const char *reason = e && ERR_reason_error_string(e) ? ERR_reason_error_string(e) : text;
    long verify = SSL_get_verify_result(f->ssl);
    ERR_clear_error();
    f->dead = true;
    if (verify != X509_V_OK && SSL_get_verify_mode(f->ssl) != SSL_VERIFY_NONE)
        return fault_set(why, code, "TLS: certificate refused: %s", X509_verify_cert_error_string(verify));
    return fault_set(why, code, "TLS: %s failed: %s", doing, reason);
}

/* 1 done, 0 more input needed, negative failed. */
static int shake(tls_filter *f, fault *why) {
    if (SSL_is_init_finished(f->ssl)) return 1;
    ERR_clear_error();
    int rc = SSL_do_handshake(f->ssl);
    if (rc == 1) return 1;
    int e = SSL_get_error(f->ssl, rc);
    return e == SSL_ERROR_WANT_READ ? 0 : failed(f, E_HANDSHAKE, "handshake", why);
}

static int feed(filter *base, bytes in, buf *plain, buf *out, fault *why) {
    tls_filter *f = (tls_filter *)base;
    if (f->dead) return fault_set(why, E_CLOSED, "TLS: the connection had failed");
    f->in = in, f->out = out;
    int rc = shake(f, why);
    while (rc == 1) {
        if (!buf_reserve(plain, SSL3_RT_MAX_PLAIN_LENGTH)) {
            rc = fault_set(why, E_MEMORY, "out of memory while decrypting");
            break;
        }
        ERR_clear_error();
        int n = SSL_read(f->ssl, plain->p + plain->n, (int)(plain->cap - plain->n));
        if (n > 0) {
            plain->n += (size_t)n;
            continue;
        }
        int e = SSL_get_error(f->ssl, n);
        if (e == SSL_ERROR_ZERO_RETURN) f->goodbye = true;
        if (e == SSL_ERROR_ZERO_RETURN || e == SSL_ERROR_WANT_READ)
            rc = 0;
        else
            rc = failed(f, E_BAD_RECORD, "reading", why);
    }
    f->in = (bytes){0}, f->out = NULL;
    return rc < 0 ? rc : 0;
}

static int put(filter *base, bytes plain, buf *out, fault *why) {
    tls_filter *f = (tls_filter *)base;
    int rc = 0;
    f->out = out;
    while (plain.n && rc == 0) {
        size_t n = plain.n < (1 << 20) ? plain.n : (1 << 20);
        ERR_clear_error();
        int wrote = SSL_write(f->ssl, plain.p, (int)n);
        if (wrote <= 0)
            rc = failed(f, E_IO, "writing", why);
        else
            plain.p += wrote, plain.n -= (size_t)wrote;
    }
    f->out = NULL;
    return rc;
}

static void say_close(filter *base, buf *out) {
    tls_filter *f = (tls_filter *)base;
    if (f->dead || !SSL_is_init_finished(f->ssl)) return;
    f->out = out;
    ERR_clear_error();
    SSL_shutdown(f->ssl);
    ERR_clear_error();
    f->out = NULL;
}

/* Many peers close without a goodbye; what they said before is whole records all the same. */
static int peer_end(filter *base, fault *why) {
    tls_filter *f = (tls_filter *)base;
    if (SSL_is_init_finished(f->ssl)) return 0;
    return fault_set(why, E_HANDSHAKE, "TLS: the peer left during the handshake");
}

static bool is_open(const filter *f) { return SSL_is_init_finished(((const tls_filter *)f)->ssl); }
static bool is_ended(const filter *f) { return ((const tls_filter *)f)->goodbye; }

static void done(filter *base) {
    tls_filter *f = (tls_filter *)base;
    SSL_free(f->ssl);
    free(f);
}

static const filter_kind_ops ops = {"tls", feed, put, say_close, peer_end, is_open, is_ended, done};

static tls_filter *make(SSL_CTX *context, fault *why) {
    pthread_once(&method_once, make_method);
    tls_filter *f = calloc(1, sizeof *f);
    BIO *b = method ? BIO_new(method) : NULL;
    if (!f || !b || !(f->ssl = SSL_new(context))) {
        BIO_free(b);
        free(f);
        fault_set(why, E_MEMORY, "out of memory for a TLS connection");
        return NULL;
    }
    f->base.ops = &ops;
    BIO_set_data(b, f);
    SSL_set_bio(f->ssl, b, b);
    return f;
}

filter *filter_tls_server(struct tls_identity *identity, fault *why) {
    tls_filter *f = make(tls_identity_context(identity), why);
    if (!f) return NULL;
    SSL_set_accept_state(f->ssl);
    return &f->base;
}

filter *filter_tls_client(const char *server_name, bool verify, buf *out, fault *why) {
    SSL_CTX *context = tls_client_context(verify, why);
    if (!context) return NULL;
    tls_filter *f = make(context, why);
    SSL_CTX_free(context);
    if (!f) return NULL;
    unsigned char address[16];
    bool is_address = inet_pton(AF_INET, server_name, address) == 1 || inet_pton(AF_INET6, server_name, address) == 1;
    if (!is_address) SSL_set_tlsext_host_name(f->ssl, server_name);
    if (verify) {
        SSL_set_verify(f->ssl, SSL_VERIFY_PEER, NULL);
        if (is_address)
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(f->ssl), server_name);
        else
            SSL_set1_host(f->ssl, server_name);
    }
    SSL_set_connect_state(f->ssl);
    f->out = out;
    int rc = shake(f, why);
    f->out = NULL;
    if (rc < 0) {
        done(&f->base);
        return NULL;
    }
    return &f->base;
}
