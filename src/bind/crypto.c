/* crypto.c: mu.crypto and mu.token.
 *
 * Hashing a password takes tens of milliseconds, so it waits for the pool; everything else answers at once. Texts that
 * players sent can be anything: one that is too long, or a pool that is full, is an answer (`nil, reason`), not an
 * error. */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bind/server.h"
#include "crypto/base64.h"
#include "crypto/password.h"
#include "crypto/token.h"
#include "script/declare.h"
#include "script/module.h"
#include "script/task.h"
#include <lauxlib.h>

#define RANDOM_MAX 65536
#define TOKEN_MAX  1024

static password_pool *pool_of(lua_State *L, const char *what) {
    const server *sv = server_of(L);
    if (!sv || !sv->passwords) luaL_error(L, "%s: this program hashes no passwords", what);
    return sv->passwords;
}

static const secret *secret_of(lua_State *L, const char *what) {
    const server *sv = server_of(L);
    if (!sv || !sv->secret) luaL_error(L, "%s: this program has no secret to sign with", what);
    return sv->secret;
}

/* ---- passwords ---- */

typedef struct hashing {
    server *server;
    task_token token;
    int code;
    bool verify, outdated;
    char hash[PASSWORD_HASH_MAX];
} hashing;

static int push_nil(lua_State *L, const char *why) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static int push_hashing(lua_State *L, void *ctx) {
    const hashing *h = ctx;
    if (h->code == 0 && !h->verify) {
        lua_pushstring(L, h->hash);
        return 1;
    }
    if (h->code == 0 || (h->verify && (h->code == E_NOT_FOUND || h->code == E_ARGUMENT))) {
        lua_pushboolean(L, h->code == 0);
        lua_pushboolean(L, h->outdated);
        return 2;
    }
    return luaL_error(L, "a password could not be hashed: %s", fault_name(h->code));
}

static void hashed(void *ctx, int code, const char *hash, bool outdated) {
    hashing *h = ctx;
    h->code = code;
    h->outdated = outdated;
    if (hash) strcpy(h->hash, hash); /* shorter than PASSWORD_HASH_MAX by its contract */
    if (h->server->engine)
        task_wake(h->server->engine, h->token, push_hashing, h, free);
    else
        free(h);
}

static int start_hashing(lua_State *L, const char *what, const char *hash) {
    password_pool *pool = pool_of(L, what);
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    task_token t = task_suspend(L, what);
    hashing *h = calloc(1, sizeof *h);
    fault f = {.code = E_MEMORY, .text = "out of memory"};
    int e = E_MEMORY;
    if (h) {
        server *sv = server_of(L);
        if (!sv->engine) sv->engine = generation_of(L)->engine;
        *h = (hashing){.server = sv, .token = t, .verify = hash != NULL};
        e = hash ? password_pool_verify(pool, text, n, hash, hashed, h, &f)
                 : password_pool_hash(pool, text, n, hashed, h, &f);
    }
    if (e == 0) return task_yield(L, t);
    free(h);
    task_suspend_cancel(L, t);
    if (e == E_BUSY) return push_nil(L, "busy");
    if (e == E_LIMIT && !hash) return push_nil(L, "too_long");
    return luaL_error(L, "%s: %s", what, f.text);
}

static int hash_password(lua_State *L) { return start_hashing(L, "mu.crypto.password_hash", NULL); }

static int verify_password(lua_State *L) {
    size_t text, hash;
    lua_tolstring(L, 1, &text);
    const char *h = lua_tolstring(L, 2, &hash);
    if (text > PASSWORD_TEXT_MAX || hash >= PASSWORD_HASH_MAX || strlen(h) != hash) { /* none of ours */
        lua_pushboolean(L, 0);
        lua_pushboolean(L, 0);
        return 2;
    }
    return start_hashing(L, "mu.crypto.password_verify", h);
}

/* ---- bytes ---- */

static int random_bytes(lua_State *L) {
    lua_Integer n = lua_tointeger(L, 1);
    luaL_argcheck(L, n >= 1 && n <= RANDOM_MAX, 1, "must be 1 … 65536");
    luaL_Buffer b;
    char *p = luaL_buffinitsize(L, &b, (size_t)n);
    if (secret_random(p, (size_t)n) < 0) return luaL_error(L, "mu.crypto.random: the system gives no random bytes");
    luaL_pushresultsize(&b, (size_t)n);
    return 1;
}

static int random_token(lua_State *L) {
    lua_Integer n = lua_tointeger(L, 1);
    uint8_t bytes[TOKEN_MAX];
    char text[BASE64_TEXT(TOKEN_MAX)];
    luaL_argcheck(L, n >= 1 && n <= TOKEN_MAX, 1, "must be 1 … 1024");
    if (secret_random(bytes, (size_t)n) < 0) return luaL_error(L, "mu.crypto.token: the system gives no random bytes");
    base64_encode(bytes, (size_t)n, BASE64_URL, text);
    lua_pushstring(L, text);
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(text, sizeof text);
    return 1;
}

static int push_hex(lua_State *L, const uint8_t *p, size_t n) {
    static const char digits[] = "0123456789abcdef";
    luaL_Buffer b;
    char *to = luaL_buffinitsize(L, &b, n * 2);
    for (size_t i = 0; i < n; i++) *to++ = digits[p[i] >> 4], *to++ = digits[p[i] & 15];
    luaL_pushresultsize(&b, n * 2);
    return 1;
}

static int hex(lua_State *L) {
    size_t n;
    const char *s = lua_tolstring(L, 1, &n);
    return push_hex(L, (const uint8_t *)s, n);
}

static int sha256(lua_State *L) {
    size_t n;
    const char *s = lua_tolstring(L, 1, &n);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)s, n, digest);
    return push_hex(L, digest, sizeof digest);
}

static int equal(lua_State *L) {
    size_t n, m;
    const char *a = lua_tolstring(L, 1, &n), *b = lua_tolstring(L, 2, &m);
    lua_pushboolean(L, token_equal(a, n, b, m));
    return 1;
}

/* ---- tokens ---- */

static int issue(lua_State *L) {
    lua_Integer player = lua_tointeger(L, 1), expires = lua_tointeger(L, 2), which = luaL_optinteger(L, 3, 0);
    const char *scope = luaL_optstring(L, 4, "");
    luaL_argcheck(L, player >= 0 && player <= UINT32_MAX, 1, "must be 0 … 4294967295");
    luaL_argcheck(L, expires >= 0 && expires <= (lua_Integer)TOKEN_EXPIRES_MAX, 2, "must be 0 … 281474976710655");
    luaL_argcheck(L, which >= 0 && which <= UINT16_MAX, 3, "must be 0 … 65535");
    luaL_argcheck(L, strlen(scope) <= TOKEN_SCOPE_MAX, 4, "has at most 32 bytes");
    char text[TOKEN_SESSION_CHARS + 1];
    const token_claim claim = {(uint32_t)player, (uint16_t)which, (uint64_t)expires};
    if (token_issue(secret_of(L, "mu.token.issue"), scope, &claim, text) < 0)
        return luaL_error(L, "mu.token.issue: HMAC-SHA256 failed");
    lua_pushstring(L, text);
    return 1;
}

static int read_token(lua_State *L) {
    size_t n;
    const char *text = lua_tolstring(L, 1, &n), *scope = luaL_optstring(L, 3, "");
    uint64_t now = (uint64_t)(lua_isnoneornil(L, 2) ? clock_unix_us() / 1000000 : lua_tointeger(L, 2));
    token_claim claim;
    int e = token_read(secret_of(L, "mu.token.read"), scope, text, n, now, &claim);
    if (e == E_TIMEOUT) return push_nil(L, "expired");
    if (e < 0) return push_nil(L, "invalid");
    lua_pushinteger(L, claim.player);
    lua_pushinteger(L, (lua_Integer)claim.expires);
    lua_pushinteger(L, claim.generation);
    return 3;
}

static int associate(lua_State *L) {
    char text[TOKEN_ASSOCIATION_CHARS + 1];
    if (token_associate(secret_of(L, "mu.token.association"), text) < 0)
        return luaL_error(L, "mu.token.association: the system gives no random bytes");
    lua_pushstring(L, text);
    return 1;
}

static int read_association(lua_State *L) {
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    char id[TOKEN_UUID_CHARS + 1];
    if (token_read_association(secret_of(L, "mu.token.read_association"), text, n, id) < 0)
        lua_pushnil(L);
    else
        lua_pushstring(L, id);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.crypto.password_hash",
     .params = "text: string",
     .returns = "string?, string?",
     .text = "The Argon2id hash of a password, made on the hashing threads. nil, \"busy\" when too many wait; nil, "
             "\"too_long\" past 256 "
             "bytes.",
     .errors = "out of memory",
     .example = "local hash, why = mu.crypto.password_hash(\"correct horse\")",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = hash_password},
    {.name = "mu.crypto.password_verify",
     .params = "text: string, hash: string",
     .returns = "boolean?, any",
     .text = "Is it the password of that hash? The second result is true when it is and the hash should be renewed. A "
             "hash of "
             "no known form is false. nil, \"busy\" when too many wait.",
     .errors = "out of memory",
     .example = "local hash = mu.crypto.password_hash \"correct horse\"  return mu.crypto.password_verify(\"correct "
                "horse\", hash)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = verify_password},
    {.name = "mu.crypto.random",
     .params = "count: integer",
     .returns = "string",
     .text = "count random bytes from the system.",
     .errors = "count outside 1 … 65536",
     .example = "#mu.crypto.random(16) == 16",
     .since = "0.1",
     .call = random_bytes},
    {.name = "mu.crypto.token",
     .params = "count: integer",
     .returns = "string",
     .text = "count random bytes as base64url text without padding: nobody guesses it.",
     .errors = "count outside 1 … 1024",
     .example = "#mu.crypto.token(16) == 22",
     .since = "0.1",
     .call = random_token},
    {.name = "mu.crypto.hex",
     .params = "bytes: string",
     .returns = "string",
     .text = "Two lower-case hexadecimal digits a byte.",
     .errors = "",
     .example = "mu.crypto.hex(\"\\1\\255\") == \"01ff\"",
     .since = "0.1",
     .call = hex},
    {.name = "mu.crypto.sha256",
     .params = "bytes: string",
     .returns = "string",
     .text = "The SHA-256 of some bytes as 64 hexadecimal digits: a name for their content, no way to keep a password.",
     .errors = "",
     .example = "mu.crypto.sha256(\"\"):sub(1, 8) == \"e3b0c442\"",
     .since = "0.1",
     .call = sha256},
    {.name = "mu.crypto.equal",
     .params = "a: string, b: string",
     .returns = "boolean",
     .text = "Compares two secrets in a time that does not tell where they differ.",
     .errors = "",
     .example = "mu.crypto.equal(\"a\", \"a\") == true",
     .since = "0.1",
     .call = equal},
    {.name = "mu.token.issue",
     .params = "player_id: integer, expires: integer, generation?: integer, scope?: string",
     .returns = "string",
     .text =
         "A signed token of 60 characters for a player, good until the given Unix second. generation: a number of 16 "
         "bits that comes back with it, else 0. scope: what it is good for, up to 32 bytes; whoever reads it names "
         "the same one.",
     .errors = "a number out of range",
     .example = "#mu.token.issue(1, 1700000000) == 60",
     .since = "0.1",
     .call = issue},
    {.name = "mu.token.read",
     .params = "text: string, now?: integer, scope?: string",
     .returns = "integer?, any, integer?",
     .text = "Player id, expiry and generation of a token of ours; nil, \"invalid\" or nil, \"expired\". now: Unix "
             "seconds, else the clock. One that was issued for another scope is invalid.",
     .errors = "",
     .example = "local id, expires = mu.token.read(mu.token.issue(7, 4000000000))",
     .since = "0.1",
     .call = read_token},
    {.name = "mu.token.association",
     .params = "",
     .returns = "string",
     .text = "A new association token of 66 characters: it ties the connections of one machine together.",
     .errors = "",
     .example = "#mu.token.association() == 66",
     .since = "0.1",
     .call = associate},
    {.name = "mu.token.read_association",
     .params = "text: string",
     .returns = "string?",
     .text = "The id inside an association token of ours, as UUID text; nil for anything else.",
     .errors = "",
     .example = "mu.token.read_association(\"x\") == nil",
     .since = "0.1",
     .call = read_association},
};

static int crypto_open(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_crypto = {.name = "crypto", .open = crypto_open};
