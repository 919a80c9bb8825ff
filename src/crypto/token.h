/* token.h: signed texts that a client keeps for us.
 *
 * session       who the player is, which of his logins, and until when: 12 bytes (id u32, generation u16, expiry u48 in
 *               Unix seconds) and HMAC-SHA256 of them, both base64url: 60 characters. Of generation 0 it is the layout
 *               of Pocket Relay, whose tokens stay good with its secret.bin. A scope goes into the signature before the
 *               12 bytes: a token of one scope is none of another.
 * association   a random UUID that ties a player's connections together; never expires: 66 characters.
 *
 *     char text[TOKEN_SESSION_CHARS + 1];
 *     token_issue(key, "", &(token_claim){.player = 7, .expires = now + 30 * 86400}, text);
 *     switch (token_read(key, "", text, strlen(text), now, &claim)) { case 0: …; case E_TIMEOUT: …; default: … }
 *
 * The signature is compared in constant time and before anything it signs is believed. Reference 04 §1.3.1, §1.3.3,
 * §15.3; 03 §11 no. 13, 14. */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include <stdbool.h>

#include "crypto/secret.h"

#define TOKEN_SESSION_CHARS     60
#define TOKEN_ASSOCIATION_CHARS 66
#define TOKEN_UUID_CHARS        36
#define TOKEN_SCOPE_MAX         32 /* bytes of a scope's name; "" is that of logins */
#define TOKEN_EXPIRES_MAX       0xffffffffffffull

typedef struct {
    uint32_t player;
    uint16_t generation; /* of the account's logins: a number that rises when earlier ones are to be void */
    uint64_t expires;    /* Unix seconds, at most TOKEN_EXPIRES_MAX */
} token_claim;

/* 0, E_ARGUMENT: expires or the scope's name is too long, E_SYSTEM. */
int token_issue(const secret *key, const char *scope, const token_claim *claim, char out[TOKEN_SESSION_CHARS + 1]);

/* 0, E_ARGUMENT: not a token of this key and scope, E_TIMEOUT: it was one (claim is filled). */
int token_read(const secret *key, const char *scope, const char *text, size_t n, uint64_t now, token_claim *claim);

int token_associate(const secret *key, char out[TOKEN_ASSOCIATION_CHARS + 1]); /* a new one */

/* uuid: its text, lower case with hyphens. 0 or E_ARGUMENT. */
int token_read_association(const secret *key, const char *text, size_t n, char uuid[TOKEN_UUID_CHARS + 1]);

/* The same with given bytes, for vectors. */
int token_associate_bytes(const secret *key, const uint8_t uuid[16], char out[TOKEN_ASSOCIATION_CHARS + 1]);

/* Equal in content; the time depends on the lengths only. */
bool token_equal(const void *a, size_t a_length, const void *b, size_t b_length);

#endif
