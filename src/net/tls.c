/* tls.c: certificates and settings of modern TLS: contexts that connections are made from. */
#include "crypto/certificate.h"
#include "net/tls_private.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct tls_identity {
    atomic_uint refs;
    SSL_CTX *context;
};

static const char *reason(void) {
    unsigned long e = ERR_peek_error(); /* the first: what follows is only on whose behalf */
    const char *text = !e ? NULL : ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(e);
    ERR_clear_error();
    return text ? text : "unknown reason";
}

static SSL_CTX *new_context(const SSL_METHOD *method, fault *f) {
    SSL_CTX *c = SSL_CTX_new(method);
    if (!c) {
        fault_set(f, E_SYSTEM, "TLS cannot start: %s", reason());
        return NULL;
    }
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_num_tickets(c, 0);
    SSL_CTX_set_read_ahead(c, 0);
    return c;
}

static tls_identity *new_identity(fault *f) {
    SSL_CTX *c = new_context(TLS_server_method(), f);
    if (!c) return NULL;
    tls_identity *id = calloc(1, sizeof *id);
    if (!id) {
        SSL_CTX_free(c);
        fault_set(f, E_MEMORY, "out of memory for a TLS identity");
        return NULL;
    }
    atomic_init(&id->refs, 1);
    id->context = c;
    return id;
}

tls_identity *tls_identity_load(const char *certificate_file, const char *key_file, fault *f) {
    tls_identity *id = new_identity(f);
    if (!id) return NULL;
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(id->context, key_file, SSL_FILETYPE_PEM) != 1)
        fault_set(f, E_CONFIG, "TLS key %s cannot be used: %s", key_file, reason());
    else if (SSL_CTX_use_certificate_chain_file(id->context, certificate_file) != 1)
        fault_set(f, E_CONFIG, "TLS certificate %s cannot be used: %s", certificate_file, reason());
    else if (SSL_CTX_check_private_key(id->context) != 1)
        fault_set(f, E_CONFIG, "TLS key %s does not belong to certificate %s", key_file, certificate_file);
    else
        return id;
    tls_identity_drop(id);
    return NULL;
}

tls_identity *tls_identity_self_signed(const char *name, fault *f) {
    tls_identity *id = new_identity(f);
    if (!id) return NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    buf der = {0};
    X509 *x = NULL;
    if (key && certificate_build_tls(key, name, &der, f) == 0) {
        const unsigned char *p = der.p;
        x = d2i_X509(NULL, &p, (long)der.n);
    }
    buf_free(&der);
    bool fine = x && SSL_CTX_use_certificate(id->context, x) == 1 && SSL_CTX_use_PrivateKey(id->context, key) == 1;
    X509_free(x);
    EVP_PKEY_free(key);
    if (fine) return id;
    fault_set(f, E_SYSTEM, "a TLS certificate could not be made: %s", reason());
    tls_identity_drop(id);
    return NULL;
}

tls_identity *tls_identity_hold(tls_identity *id) {
    atomic_fetch_add(&id->refs, 1);
    return id;
}

void tls_identity_replace(tls_identity *id, tls_identity *from) {
    SSL_CTX *old = id->context;
    id->context = from->context;
    from->context = old;
    tls_identity_drop(from);
}

void tls_identity_drop(tls_identity *id) {
    if (!id || atomic_fetch_sub(&id->refs, 1) != 1) return;
    SSL_CTX_free(id->context);
    free(id);
}

SSL_CTX *tls_identity_context(tls_identity *id) { return id->context; }

SSL_CTX *tls_client_context(bool verify, fault *f) {
    SSL_CTX *c = new_context(TLS_client_method(), f);
    if (c && verify) SSL_CTX_set_default_verify_paths(c);
    return c;
}
