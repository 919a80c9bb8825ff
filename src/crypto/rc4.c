/* rc4.c: see rc4.h. The state is a permutation of the 256 byte values; the key schedule shuffles it, and each byte of
 * key stream swaps two places and reads a third. */
#include "crypto/rc4.h"

static void swap(uint8_t *a, uint8_t *b) {
    uint8_t t = *a;
    *a = *b;
    *b = t;
}

void rc4_init(rc4 *c, const uint8_t *key, size_t n) {
    for (unsigned i = 0; i < 256; i++) c->s[i] = (uint8_t)i;
    uint8_t j = 0;
    for (unsigned i = 0; i < 256; i++) {
        j = (uint8_t)(j + c->s[i] + key[i % n]);
        swap(&c->s[i], &c->s[j]);
    }
    c->i = c->j = 0;
}

void rc4_crypt(rc4 *c, uint8_t *out, const uint8_t *in, size_t n) {
    uint8_t i = c->i, j = c->j;
    for (size_t k = 0; k < n; k++) {
        i = (uint8_t)(i + 1);
        j = (uint8_t)(j + c->s[i]);
        swap(&c->s[i], &c->s[j]);
        out[k] = (uint8_t)(in[k] ^ c->s[(uint8_t)(c->s[i] + c->s[j])]);
    }
    c->i = i;
    c->j = j;
}
