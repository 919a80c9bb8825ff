/* certificate.h: the two certificates of a server, made at first start and kept in files.
 *
 * The game's: a 1024-bit RSA key in a certificate that the unpatched game accepts because of how it reads signature
 * algorithms (reference 05 §A.4). No other program should be shown it. Everyone else's: an ordinary self-signed P-256
 * certificate for TLS, to be replaced by the operator's own by putting it under the same names.
 *
 *     certificate c = {0};
 *     if (certificate_ensure_game(data_dir, CERTIFICATE_GAME_HOST, &c, &f) < 0) …
 *     config.key = c.key;  config.certificate = buf_bytes(&c.der);
 *     certificate_free(&c);
 *
 * Files, all PEM, in the folder given:      ssl3-key.pem  ssl3-certificate.pem      tls-key.pem  tls-certificate.pem
 * Files that are there are used whatever `host` says: remove the certificate to have it made anew for another host.
 * A key file is 0600 from its first byte, and each file appears whole or not at all. A key without a certificate (a
 * power cut between the two) gets a new certificate; a certificate without its key is an error, for it may be the
 * operator's. */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/bytes.h"
#include "base/fault.h"

struct evp_pkey_st;

#define CERTIFICATE_GAME_HOST                                                                                          \
    "gosredirector.ea.com" /* the name the game asks for, so the name the certificate must carry */
#define CERTIFICATE_GAME_KEY  "ssl3-key.pem"
#define CERTIFICATE_GAME_CERT "ssl3-certificate.pem"
#define CERTIFICATE_TLS_KEY   "tls-key.pem"
#define CERTIFICATE_TLS_CERT  "tls-certificate.pem" /* the operator's may hold a chain, own certificate first */

typedef struct certificate {
    struct evp_pkey_st *key; /* private key, owned */
    buf der;                 /* the (first) certificate */
} certificate;

/* Loads the pair from dir, or makes and saves it. Into an empty *c. E_IO with the path and the system's reason;
 * E_CONFIG for a file that is not what its name says or a certificate for another key; E_SYSTEM when libcrypto fails.
 * *c stays empty on error. */
int certificate_ensure_game(const char *dir, const char *host, certificate *c, fault *f);

/* host: the public name or address of this server, or NULL. localhost and the loopback addresses are always named too.
 */
int certificate_ensure_tls(const char *dir, const char *host, certificate *c, fault *f);

/* Loads a key and a certificate, PEM, that belong together. */
int certificate_load(const char *key_path, const char *cert_path, certificate *c, fault *f);

/* Only the certificate, DER, appended to der. The game's is for an RSA key of 1024 bits (proven) or 2048 and a host of
 * at most 31 characters; the signature in it is 128 random bytes. TLS: any key, signed with itself. */
int certificate_build_game(struct evp_pkey_st *key, const char *host, buf *der, fault *f);
int certificate_build_tls(struct evp_pkey_st *key, const char *host, buf *der, fault *f);

void certificate_free(certificate *c); /* empty and usable again */

#endif
