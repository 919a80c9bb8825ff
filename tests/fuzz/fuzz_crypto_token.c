/* fuzz_crypto_token.c: texts that players and old databases hand us: tokens, base64, password hashes.
 *
 * What is accepted must be what we would write ourselves: a token read is issued again and must be the same text, a
 * decoded base64 encodes back to the same letters. Hashes are only parsed here: computing one costs what it says. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/base64.h"
#include "crypto/password.h"
#include "crypto/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static secret key;
    for (int i = 0; i < SECRET_BYTES; i++) key.key[i] = (uint8_t)i;
    const char *text = (const char *)data;
    token_claim claim;
    char session[TOKEN_SESSION_CHARS + 1], id[TOKEN_UUID_CHARS + 1];
    static const char *const scopes[] = {"", "galaxy at war"};
    for (int i = 0; i < 2; i++) {
        if (token_read(&key, scopes[i], text, size, 1, &claim) < 0) continue;
        require(size == TOKEN_SESSION_CHARS && token_issue(&key, scopes[i], &claim, session) == 0);
        require(memcmp(session, text, size) == 0);
    }
    if (token_read_association(&key, text, size, id) == 0)
        require(size == TOKEN_ASSOCIATION_CHARS && strlen(id) == TOKEN_UUID_CHARS);

    uint8_t *bytes = malloc(size + 1);
    char *again = malloc(BASE64_TEXT(size));
    for (enum base64_alphabet a = BASE64_STANDARD; bytes && again && a <= BASE64_URL; a++) {
        ssize_t n = base64_decode(text, size, a, bytes, size);
        if (n < 0) continue;
        base64_encode(bytes, (size_t)n, a, again);
        require(strlen(again) == size && memcmp(again, text, size) == 0);
    }
    free(bytes);
    free(again);

    char *hash = malloc(size + 1);
    if (hash) {
        memcpy(hash, data, size);
        hash[size] = 0;
        password_outdated(NULL, hash);
    }
    free(hash);
    return 0;
}
