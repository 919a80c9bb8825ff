/* tls.h: what a server shows in modern TLS (1.2 and 1.3): a certificate chain and its key, held by count.
 *
 *     tls_identity *id = tls_identity_load("fullchain.pem", "key.pem", &f);
 *     listener_config c = {.protocols = PROTOCOL_TLS | PROTOCOL_HTTP, .tls = id, …};  … tls_identity_drop(id); */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/fault.h"

typedef struct tls_identity tls_identity;

/* PEM files: the certificate with its chain, and the key. NULL and a sentence that names the file in *f. */
tls_identity *tls_identity_load(const char *certificate_file, const char *key_file, fault *f);
/* A fresh P-256 key and a certificate for `name` signed by itself, good for ten years: tests and first steps. */
tls_identity *tls_identity_self_signed(const char *name, fault *f);
tls_identity *tls_identity_hold(tls_identity *id);
/* From now on new connections of `id` are shown what `from` shows, those there keep what they have; takes over the
 * caller's `from`. Loop thread. */
void tls_identity_replace(tls_identity *id, tls_identity *from);
void tls_identity_drop(tls_identity *id); /* NULL is fine */

#endif
