/* base64.h: the two alphabets of RFC 4648, without padding.
 *
 *     char text[BASE64_TEXT(32)];  base64_encode(digest, 32, BASE64_URL, text);
 *
 * Decoding is strict: no other character, no impossible length, no stray bits in the last character, so that one run of
 * bytes has exactly one text. */
#ifndef CRYPTO_BASE64_H
#define CRYPTO_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

#define BASE64_LENGTH(n) (((n)*4 + 2) / 3)      /* characters of n bytes */
#define BASE64_TEXT(n)   (BASE64_LENGTH(n) + 1) /* room for them with the final NUL */

void base64_encode(const void *p, size_t n, enum base64_alphabet alphabet, char *out); /* NUL-terminated */

/* Bytes written to out (at most room), or -1: not base64, or it does not fit. */
ssize_t base64_decode(const char *text, size_t n, enum base64_alphabet alphabet, uint8_t *out, size_t room);

#endif
