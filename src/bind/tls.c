/* tls.c: the operator's certificate; see tls.h.
 *
 * The idea: every listener holds one tls_identity, the server's, and what it shows is replaced in place; connections
 * that are open keep theirs. Whoever has read a pair remembers the stamp (times, sizes) it had before, so that a pair
 * that changes while it is being read is read again at the next look, and a bad one is complained about once. */
#include "bind/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "bind/server.h"
#include "crypto/certificate.h"
#include "net/loop.h"
#include "net/tls.h"

#define PATH_ROOM 1024

typedef struct stamp {
    struct timespec changed;
    off_t size;
    ino_t file;
} stamp;

/* A pair of files and, once read, what is in them. */
typedef struct pair {
    char certificate[PATH_ROOM], key[PATH_ROOM];
    stamp stamps[2];
    tls_identity *identity; /* NULL: it cannot be used, f says why */
    fault f;
    bool changed; /* of a look */
} pair;

/* The pair that doors show, or tried last. One a process, like the doors. Loop thread; the paths change in enter only,
 * so that check may read them. */
static struct {
    server *server;
    pair pair; /* identity unused: it lives in server->tls */
    loop_timer timer;
    bool looking;
} live;

static void take_stamps(const pair *p, stamp *to) {
    const char *paths[] = {p->certificate, p->key};
    for (int i = 0; i < 2; i++) {
        struct stat st;
        to[i] = (stamp){0};
        if (stat(paths[i], &st) == 0) to[i] = (stamp){.changed = st.st_ctim, .size = st.st_size, .file = st.st_ino};
    }
}

static bool same_stamps(const stamp *a, const stamp *b) {
    for (int i = 0; i < 2; i++)
        if (a[i].changed.tv_sec != b[i].changed.tv_sec || a[i].changed.tv_nsec != b[i].changed.tv_nsec ||
            a[i].size != b[i].size || a[i].file != b[i].file)
            return false;
    return true;
}

static bool same_files(const pair *a, const pair *b) {
    return strcmp(a->certificate, b->certificate) == 0 && strcmp(a->key, b->key) == 0;
}

static void pair_read(pair *p) {
    take_stamps(p, p->stamps);
    p->identity = tls_identity_load(p->certificate, p->key, &p->f);
}

static void complain(const pair *p) { log_error("tls", "%s; the certificate read before stays in use", p->f.text); }

/* -- looking now and then ----------------------------------------------------------------------------------------- */

static void look(void *ctx) {
    pair *p = ctx;
    stamp now[2];
    take_stamps(p, now);
    p->changed = !same_stamps(now, p->stamps);
    if (p->changed) pair_read(p);
}

static void looked(void *ctx) {
    pair *p = ctx;
    live.looking = false;
    bool ours = p->changed && same_files(p, &live.pair); /* else a reload was faster */
    if (ours) memcpy(live.pair.stamps, p->stamps, sizeof p->stamps);
    if (ours && p->identity) {
        log_info("tls", "the certificate has changed: %s is shown from now on", p->certificate);
        tls_identity_replace(live.server->tls, p->identity);
        p->identity = NULL;
    } else if (ours) {
        complain(p);
    }
    tls_identity_drop(p->identity);
    free(p);
}

static void on_time(void *ctx) {
    pair *p = live.looking ? NULL : malloc(sizeof *p);
    if (!p) return;
    *p = live.pair;
    p->identity = NULL;
    live.looking = loop_work(live.server->loop, look, looked, p) == 0;
    if (!live.looking) free(p);
}

/* -- a generation's life ------------------------------------------------------------------------------------------ */

typedef struct declared {
    pair pair;
    int64_t look_us;
} declared;

static int tls_open(generation *g, lua_State *L) {
    declared *d = calloc(1, sizeof *d);
    if (!d) return E_MEMORY;
    g->slots[SLOT_TLS] = d;
    return 0;
}

/* mu.config.tls.<key> onto the stack; nil where the settings do not have it. */
static void push_setting(lua_State *L, const char *key) {
    const char *const path[] = {"config", "tls", key};
    lua_getglobal(L, "mu");
    for (int i = 0; i < 3 && lua_istable(L, -1); i++) {
        lua_getfield(L, -1, path[i]);
        lua_remove(L, -2);
    }
    if (lua_istable(L, -1)) lua_pushnil(L);
}

/* The file a setting names, seen from the data folder; "" is the one that was made at the first start. */
static bool take_path(lua_State *L, const char *data, const char *key, const char *standard, char *to) {
    int top = lua_gettop(L);
    push_setting(L, key);
    const char *set = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    const char *name = *set ? set : standard;
    int n = name[0] == '/' ? snprintf(to, PATH_ROOM, "%s", name) : snprintf(to, PATH_ROOM, "%s/%s", data, name);
    lua_settop(L, top);
    return n < PATH_ROOM;
}

/* A certificate that is set without a key holds the key as well. Its text is anchored in the settings. */
static const char *key_standard(lua_State *L) {
    push_setting(L, "certificate");
    const char *set = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    lua_pop(L, 1);
    return *set ? set : CERTIFICATE_TLS_KEY;
}

static int tls_check(generation *g) {
    declared *d = g->slots[SLOT_TLS];
    const server *s = engine_server(g->engine);
    if (!s || !s->loop || s->client || !s->tls || !s->data_dir) return 0;
    pair *p = &d->pair;
    push_setting(g->L, "check_seconds");
    d->look_us = (int64_t)lua_tointeger(g->L, -1) * 1000000;
    lua_pop(g->L, 1);
    if (!take_path(g->L, s->data_dir, "certificate", CERTIFICATE_TLS_CERT, p->certificate) ||
        !take_path(g->L, s->data_dir, "key", key_standard(g->L), p->key)) {
        generation_error(g, NULL, 0, "tls.certificate or tls.key is too long a path");
        return E_CONFIG;
    }
    pair_read(p);
    if (p->identity) return 0;
    if (live.server && same_files(p, &live.pair)) {
        complain(p);
        return 0;
    }
    generation_error(g, NULL, 0, "%s", p->f.text);
    return p->f.code;
}

static void tls_enter(generation *g) {
    declared *d = g->slots[SLOT_TLS];
    server *s = engine_server(g->engine);
    if (!d->pair.certificate[0]) return; /* no TLS here */
    if (d->pair.identity) tls_identity_replace(s->tls, d->pair.identity);
    d->pair.identity = NULL;
    live.server = s;
    live.pair = d->pair;
    if (d->look_us > 0)
        loop_timer_start(s->loop, &live.timer, d->look_us, d->look_us, on_time, NULL);
    else
        loop_timer_stop(&live.timer);
}

static void tls_close(generation *g) {
    declared *d = g->slots[SLOT_TLS];
    if (!d) return;
    tls_identity_drop(d->pair.identity);
    free(d);
}

const script_module module_tls = {
    .name = "tls", .open = tls_open, .check = tls_check, .enter = tls_enter, .close = tls_close};
