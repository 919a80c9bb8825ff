/* ssl3_parts.h: what the ssl3 files share with each other and with their tests. Nobody else includes it.
 *
 *   ssl3_hash.c    libcrypto handles; key derivation, record MAC, Finished hashes     (A.5, A.6, A.7, A.10)
 *   ssl3_rsa.c     the pre-master secret under RSA, both ends                         (A.2, A.10)
 *   ssl3_record.c  records: boundaries, protection, alerts; ssl3_feed and ssl3_write  (A.3, A.6, A.8)
 *   ssl3_shake.c   the handshake: joiner, what both roles do alike                    (A.11, 4, 8–10)
 *   ssl3_server.c  ClientHello, ClientKeyExchange                                     (A.9, A.11)
 *   ssl3_client.c  ServerHello … ServerHelloDone                                      (A.12) */
#ifndef CRYPTO_SSL3_PARTS_H
#define CRYPTO_SSL3_PARTS_H

#include <openssl/evp.h>

#include "crypto/rc4.h"
#include "crypto/ssl3.h"

enum record_type { RECORD_CCS = 20, RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA };

enum message_type {
    HELLO_REQUEST = 0,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    CERTIFICATE = 11,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    CLIENT_KEY_EXCHANGE = 16,
    FINISHED = 20
};

enum alert {
    ALERT_NONE = -1, /* close without a word */
    ALERT_CLOSE_NOTIFY = 0,
    ALERT_UNEXPECTED_MESSAGE = 10,
    ALERT_BAD_RECORD_MAC = 20,
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_NO_CERTIFICATE = 41,
    ALERT_BAD_CERTIFICATE = 42,
    ALERT_ILLEGAL_PARAMETER = 47
};

enum ssl3_step { /* what is awaited */
                 WAIT_CLIENT_HELLO,
                 WAIT_CLIENT_KEY,
                 WAIT_SERVER_HELLO,
                 WAIT_CERTIFICATE,
                 WAIT_HELLO_DONE,
                 WAIT_CCS,
                 WAIT_FINISHED,
                 STEP_OPEN,
                 STEP_CLOSED
};

#define VERSION_SSL3    0x0300
#define MASTER_SIZE     48
#define MAC_MAX         20
#define HEADER_SIZE     5
#define MESSAGE_MAX     16384 /* body of one handshake message */
#define SSLV2_HELLO_MAX 512
#define IDLE_MAX        32 /* records in a row that carry nothing: warnings, empty fragments */

typedef struct ssl3_side { /* one direction's record protection */
    uint64_t sequence;
    rc4 cipher;
    uint8_t secret[MAC_MAX];
    bool on;
} ssl3_side;

typedef struct ssl3_shake { /* lives during the handshake only */
    EVP_MD_CTX *md5, *sha1; /* transcript */
    EVP_PKEY *peer;         /* client: the server's public key */
    buf joined;             /* handshake bytes that are not yet a whole message */
    uint16_t client_version;
    bool certificate_requested;
    uint8_t client_random[32], server_random[32];
    uint8_t master[MASTER_SIZE];
    uint8_t keys[2 * MAC_MAX + 2 * 16]; /* key block: client MAC, server MAC, client key, server key */
} ssl3_shake;

struct ssl3 {
    const ssl3_config *config;
    ssl3_shake *shake;
    EVP_MD_CTX *digest; /* scratch for record MACs */
    buf tail;           /* the beginning of a record that is not complete */
    int error;
    uint16_t suite;
    uint8_t step, idle;
    bool seen_record, close_sent;
    ssl3_side reading, writing;
};

/* --- ssl3_hash.c --------------------------------------------------------------------------------------------- */

OSSL_LIB_CTX *
ssl3_library(void); /* our own, with the default provider: no openssl.cnf can take MD5 away. NULL: failed */
const EVP_MD *ssl3_md5(void);
const EVP_MD *ssl3_sha1(void);
const EVP_MD *ssl3_suite_hash(int suite);
size_t ssl3_mac_size(int suite); /* 20 or 16 */

/* out[0…n) of the derivation chain over secret, r1, r2 (32 bytes each). n ≤ 144. E_SYSTEM when libcrypto fails. */
int ssl3_derive(bytes secret, const uint8_t *r1, const uint8_t *r2, uint8_t *out, size_t n);

/* mac[0…size) of one record. `with` is scratch. */
int ssl3_record_mac(EVP_MD_CTX *with, int suite, const uint8_t *secret, uint64_t sequence, int type, bytes fragment,
                    uint8_t mac[MAC_MAX]);

/* The 36-byte Finished body for `sender` ("CLNT" or "SRVR") over a transcript, whose contexts stay as they are. */
int ssl3_finished(const EVP_MD_CTX *md5, const EVP_MD_CTX *sha1, const char *sender, const uint8_t *master,
                  uint8_t body[36]);

int ssl3_random(const ssl3 *s, uint8_t *p, size_t n);

/* --- ssl3_rsa.c ---------------------------------------------------------------------------------------------- */

/* Always fills the secret: with what the client sent, or, when the block is anything but right, with random bytes, in
 * the same way and time (A.10). Negative only for failures of our own machine. n is the modulus length. */
int ssl3_open_secret(const ssl3 *s, const uint8_t *block, size_t n, uint8_t secret[MASTER_SIZE]);
int ssl3_seal_secret(const ssl3 *s, EVP_PKEY *key, const uint8_t secret[MASTER_SIZE], buf *to);
EVP_PKEY *ssl3_certificate_key(bytes der); /* the RSA public key in a certificate, or NULL */

/* --- ssl3_record.c ------------------------------------------------------------------------------------------- */

/* Marks the connection failed, sends `alert` unless ALERT_NONE, returns code. */
int ssl3_fail(ssl3 *s, buf *out, int alert, int code, fault *f, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
int ssl3_send(ssl3 *s, int type, bytes fragment, buf *out); /* one record, 1 ≤ fragment.n ≤ SSL3_FRAGMENT_MAX */
int ssl3_send_alert(ssl3 *s, int level, int alert, buf *out);

/* --- ssl3_shake.c -------------------------------------------------------------------------------------------- */

int ssl3_shake_new(ssl3 *s, buf *out, fault *f);
void ssl3_shake_drop(ssl3 *s); /* wipes and frees; NULL afterwards */
int ssl3_shake_feed(ssl3 *s, bytes fragment, buf *out, fault *f);
int ssl3_shake_change_cipher(ssl3 *s, bytes fragment, buf *out, fault *f);
int ssl3_shake_hash(ssl3 *s, bytes message);                     /* appends to the transcript */
int ssl3_shake_send(ssl3 *s, bytes message, buf *out);           /* hashes and sends one message in one record */
int ssl3_shake_keys(ssl3 *s, const uint8_t secret[MASTER_SIZE]); /* derives master and key block */
int ssl3_shake_send_finished(ssl3 *s, buf *out);                 /* ChangeCipherSpec and Finished */

/* --- ssl3_server.c, ssl3_client.c: one whole message, header included ---------------------------------------- */

int ssl3_server_message(ssl3 *s, bytes message, buf *out, fault *f);
int ssl3_server_hello_v2(ssl3 *s, bytes message, buf *out, fault *f); /* from the message type on (A.9) */
int ssl3_client_message(ssl3 *s, bytes message, buf *out, fault *f);
int ssl3_client_start(ssl3 *s, buf *out);

#endif
