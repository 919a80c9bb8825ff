/* rc4.h: the RC4 stream cipher, for SSLv3 towards the game and for nothing else.
 *
 * It is written here because libcrypto's copy sits in a provider that is not installed everywhere. Plain key schedule,
 * no first bytes dropped (reference 05 §A.5).
 *
 *     rc4 c;  rc4_init(&c, key, 16);  rc4_crypt(&c, out, in, n);      // the same call encrypts and decrypts */
#ifndef CRYPTO_RC4_H
#define CRYPTO_RC4_H

#include <stddef.h>
#include <stdint.h>

typedef struct rc4 {
    uint8_t s[256];
    uint8_t i, j;
} rc4;

void rc4_init(rc4 *c, const uint8_t *key, size_t n);               /* 1 ≤ n ≤ 256 bytes of key */
void rc4_crypt(rc4 *c, uint8_t *out, const uint8_t *in, size_t n); /* out may be in */

#endif
