/* server.h: what one running server consists of, for the bind files.
 *
 * Made by main.c (or a test) before the engine, handed to it as engine_options.server, found again from any Lua state:
 *
 *     store_batch(server_of(L)->store, …);
 *
 * Members a program does not need stay NULL; a function that needs one says so in a sentence. All of them are owned by
 * whoever made the server and outlive the engine. */
#ifndef BIND_SERVER_H
#define BIND_SERVER_H

#include "bind/slots.h"
#include "script/generation.h"

struct loop;
struct records;
struct store;
struct password_pool;
struct secret;
struct ssl3_config;
struct tls_identity;
struct relay;

typedef struct server {
    struct loop *loop;
    struct engine *engine;
    struct records *records;
    struct timers *timers;
    struct store *store;
    struct password_pool *passwords;
    struct secret *secret;          /* the signing key of tokens */
    const struct ssl3_config *ssl3; /* what SSLv3 doors show */
    struct tls_identity *tls;       /* what TLS doors show */
    struct relay *relay;            /* game datagrams: bind/relay.h makes it */
    const char *data_dir;
    bool client; /* a program of ours that connects: declares everything, listens nowhere */
} server;

static inline server *server_of(lua_State *L) { return engine_server(generation_of(L)->engine); }

#endif
