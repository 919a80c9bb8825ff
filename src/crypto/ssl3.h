/* ssl3.h: SSL 3.0 as the game speaks it, as a pure state machine: bytes in, bytes out.
 *
 * No sockets, no loop, no clock: whoever owns the socket feeds what arrived, sends what was put into `out`, and keeps
 * the handshake timer. Both RC4 suites, plain RSA key exchange, server and client; nothing of SSLv3 that the game
 * cannot do (sessions, client certificates, renegotiation). Reference 05 part A: server A.11, client A.12, the shapes
 * that the game survives A.3, alerts A.8.
 *
 *     static ssl3_config config = {.role = SSL3_SERVER};              // one a listener
 *     config.key = c.key;  config.certificate = buf_bytes(&c.der);    // certificate.h
 *     ssl3 *s;
 *     if (ssl3_new(&s, &config, &out, &f) < 0) …
 *     int r = ssl3_feed(s, (bytes){p, n}, &plain, &out, &f);          // takes all of p[0…n)
 *     send(out);  if (r < 0) close the socket after it;  use(plain);
 *     ssl3_write(s, reply, &out, &f);  send(out);
 *     ssl3_close(s, &out);  send(out);  ssl3_free(s);
 *
 * `plain` and `out` belong to the caller and are only appended to, so that one scratch buffer serves all connections of
 * a thread; a connection at rest keeps about 1 kB (measured: ssl3_memory). One thread at a time may use an ssl3;
 * different ones are independent. */
#ifndef CRYPTO_SSL3_H
#define CRYPTO_SSL3_H

#include "base/bytes.h"
#include "base/fault.h"

struct evp_pkey_st;

enum ssl3_role { SSL3_SERVER, SSL3_CLIENT };
enum ssl3_suite { SSL3_RC4_SHA = 0x0005, SSL3_RC4_MD5 = 0x0004 };

#define SSL3_FRAGMENT_MAX 16384 /* plaintext bytes of one record, both ways */

/* Set up once, borrowed by every ssl3 made from it: it must stay unchanged and outlive them all. */
typedef struct ssl3_config {
    enum ssl3_role role;
    struct evp_pkey_st *key; /* server: the RSA private key, 512 to 4096 bits */
    bytes certificate;       /* server: the certificate for it, DER */

    /* In order of preference, ended by 0; all 0 means RC4_SHA, RC4_MD5. A server chooses among the two RC4 suites only;
     * a client may name others in its hello but gives up when one of those is chosen. */
    uint16_t suites[5];

    /* Client: 0 to go on with this server certificate (DER). NULL accepts every certificate. */
    int (*verify)(void *context, bytes certificate);

    /* Fills p with n random bytes, 0 or negative. NULL: libcrypto's generator. For tests. */
    int (*random)(void *context, uint8_t *p, size_t n);
    void *context; /* for verify and random */
} ssl3_config;

enum ssl3_state {
    SSL3_HANDSHAKE, /* no application data yet */
    SSL3_OPEN,
    SSL3_CLOSED, /* the peer said close_notify, or we did and it answered: end of file */
    SSL3_FAILED  /* a call returned an error that ends the connection */
};

typedef struct ssl3 ssl3;

/* A new connection. A client puts its hello into out. E_MEMORY, E_ARGUMENT (no usable key), E_SYSTEM. */
int ssl3_new(ssl3 **s, const ssl3_config *config, buf *out, fault *f);

/* Takes bytes from the network: all of them, every time. Appends decrypted application data to plain and what must be
 * sent to out. Negative: the connection is over; out may end with an alert: flush it, then close. Nothing in out: close
 * silently. E_HANDSHAKE no agreement or a peer that is not SSLv3, E_BAD_RECORD malformed, E_PROTOCOL out of place,
 * E_BAD_MAC, E_ALERT the peer gave up (the sentence names its reason), E_MEMORY, E_LIMIT when plain or out may not
 * grow. Every later call returns the same. What was appended to plain before the error is genuine. Bytes after the
 * peer's close_notify are ignored. */
int ssl3_feed(ssl3 *s, bytes in, buf *plain, buf *out, fault *f);

/* Encrypts application data into out, in records of at most SSL3_FRAGMENT_MAX. E_BUSY before the handshake is done and
 * E_CLOSED after close: nothing happened. E_MEMORY, E_LIMIT: nothing was appended, but out is marked failed. Room
 * needed: n + 25 an (begun) 16384. */
int ssl3_write(ssl3 *s, bytes data, buf *out, fault *f);

/* Says close_notify, once, and only where the game survives it: never before the handshake is done. What still arrives
 * is decrypted. */
void ssl3_close(ssl3 *s, buf *out);

/* The peer closed its socket. 0 where that is the normal end: the game never says close_notify (A.3, 9).
 * E_HANDSHAKE during the handshake; E_TRUNCATED in the middle of a record. */
int ssl3_end(const ssl3 *s, fault *f);

enum ssl3_state ssl3_get_state(const ssl3 *s);
int ssl3_get_suite(const ssl3 *s);      /* enum ssl3_suite, or 0 before the hello */
const char *ssl3_suite_name(int suite); /* "RC4-SHA", "RC4-MD5", "none" */
size_t ssl3_memory(const ssl3 *s);      /* bytes held for this connection now, libcrypto's context estimated */
void ssl3_free(ssl3 *s);                /* wipes the keys; NULL is fine */

#endif
