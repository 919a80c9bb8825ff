/* tls_private.h: OpenSSL's view of net/tls.h, for filter_tls.c and tls.c only. */
#ifndef NET_TLS_PRIVATE_H
#define NET_TLS_PRIVATE_H

#include <arpa/inet.h>
#include <openssl/ssl.h>

#include "net/private.h"
#include "net/tls.h"

SSL_CTX *tls_identity_context(tls_identity *id);
SSL_CTX *tls_client_context(bool verify, fault *f); /* a counted reference; reading the authorities takes a while */

#endif
