/* token.h: signed texts that a client keeps for us.
 *
 * session       who the player is and until when: 12 bytes (id u32, expiry u64 Unix seconds) and HMAC-SHA256 of them,
 *               both base64url: 60 characters. Layout of Pocket Relay: its tokens stay good with its secret.bin.
 * association   a random UUID that ties a player's connections together; never expires: 66 characters.
 *
 *     char text[TOKEN_SESSION_CHARS + 1];
 *     token_issue(key, player_id, now + 30 * 86400, text);
 *     switch (token_read(key, text, strlen(text), now, &id, &expires)) { case 0: …; case E_TIMEOUT: …; default: … }
 *
 * The signature is compared in constant time and before anything it signs is believed. Reference 04 §1.3.1, §1.3.3. */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include <stdbool.h>

#include "crypto/secret.h"

#define TOKEN_SESSION_CHARS     60
#define TOKEN_ASSOCIATION_CHARS 66
#define TOKEN_UUID_CHARS        36

int token_issue(const secret *key, uint32_t player, uint64_t expires, char out[TOKEN_SESSION_CHARS + 1]);

/* 0, E_ARGUMENT: not a token of this key, E_TIMEOUT: it was one (player and expires are filled). */
int token_read(const secret *key, const char *text, size_t n, uint64_t now, uint32_t *player, uint64_t *expires);

int token_associate(const secret *key, char out[TOKEN_ASSOCIATION_CHARS + 1]); /* a new one */

/* uuid: its text, lower case with hyphens. 0 or E_ARGUMENT. */
int token_read_association(const secret *key, const char *text, size_t n, char uuid[TOKEN_UUID_CHARS + 1]);

/* The same with given bytes, for vectors. */
int token_associate_bytes(const secret *key, const uint8_t uuid[16], char out[TOKEN_ASSOCIATION_CHARS + 1]);

/* Equal in content; the time depends on the lengths only. */
bool token_equal(const void *a, size_t a_length, const void *b, size_t b_length);

#endif
