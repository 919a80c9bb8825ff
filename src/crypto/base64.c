/* base64.c: RFC 4648 §4 and §5 without padding. Not constant in time: for what is public or compared by its HMAC. */
#include "crypto/base64.h"

static const char alphabets[2][65] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

void base64_encode(const void *p, size_t n, enum base64_alphabet alphabet, char *out) {
    const uint8_t *from = p;
    const char *letters = alphabets[alphabet];
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | from[i];
        for (held += 8; held >= 6; held -= 6) *out++ = letters[bits >> (held - 6) & 63];
    }
    if (held) *out++ = letters[bits << (6 - held) & 63];
    *out = 0;
}

static int letter_value(char c, enum base64_alphabet alphabet) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == alphabets[alphabet][62]) return 62;
    return c == alphabets[alphabet][63] ? 63 : -1;
}

ssize_t base64_decode(const char *text, size_t n, enum base64_alphabet alphabet, uint8_t *out, size_t room) {
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    if (n % 4 == 1) return -1;
    for (size_t i = 0; i < n; i++) {
        int v = letter_value(text[i], alphabet);
        if (v < 0) return -1;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        if (written == room) return -1;
        out[written++] = (uint8_t)(bits >> held);
        bits &= (1u << held) - 1;
    }
    return bits ? -1 : (ssize_t)written;
}
