/* blaze_kept.c: mu.kept: encoded bodies under a key, least recently used first out.
 *
 * The key is a table of plain values; it is turned into one string (each value with its place and its type, so that
 * two different keys never meet). Bodies are Lua userdata that hold one count of a `shared`; a table of the registry,
 * one a route, keeps them alive under numbers, and a small hash table of ours finds them by the string, so that a key
 * that is known makes nothing in Lua. Nothing here knows what a body means. */
#include "bind/blaze_kept.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bind/blaze_call.h"
#include "bind/tdf_codec.h"
#include "script/declare.h"

#define TYPE_KEPT    "blaze.kept"
#define KEPT_KEY_MAX 4096 /* bytes of one key */
#define KEPT_BUCKETS 256  /* a power of two */

static const char kept_mark; /* its address tells our userdata from others */

typedef struct kept {
    const void *mark;
    shared *body;
    int64_t expires_us;                /* monotonic; 0 = with the generation */
    struct kept *newer, *older, *next; /* next: of the same bucket */
    struct blaze_kept_list *list;      /* NULL once forgotten */
    uint64_t hash;
    int ref; /* its number in the route's table */
    size_t key_length;
    char key[];
} kept;

struct blaze_kept_list {
    int table_ref; /* number → userdata */
    kept *newest, *oldest;
    kept *buckets[KEPT_BUCKETS];
    size_t count, bytes;
};

static void unlink_kept(kept *k) {
    struct blaze_kept_list *l = k->list;
    if (!l) return;
    kept **at = &l->buckets[k->hash & (KEPT_BUCKETS - 1)];
    while (*at != k) at = &(*at)->next;
    *at = k->next;
    *(k->newer ? &k->newer->older : &l->newest) = k->older;
    *(k->older ? &k->older->newer : &l->oldest) = k->newer;
    l->count--;
    l->bytes -= k->body->n;
    k->list = NULL;
    k->newer = k->older = k->next = NULL;
}

static void link_newest(struct blaze_kept_list *l, kept *k) {
    kept **bucket = &l->buckets[k->hash & (KEPT_BUCKETS - 1)];
    k->list = l;
    k->next = *bucket;
    *bucket = k;
    k->newer = NULL;
    k->older = l->newest;
    *(l->newest ? &l->newest->newer : &l->oldest) = k;
    l->newest = k;
    l->count++;
    l->bytes += k->body->n;
}

static uint64_t hash_of(bytes key) {
    uint64_t h = key.n * 0x9e3779b97f4a7c15u, word;
    for (; key.n >= 8; key.p += 8, key.n -= 8) {
        memcpy(&word, key.p, 8);
        h = (h ^ word) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    for (word = 0; key.n; key.n--) word = word << 8 | *key.p++;
    h = (h ^ word) * 0x9fb21c651e98df25u;
    return h ^ h >> 29;
}

static kept *find(const struct blaze_kept_list *l, bytes key, uint64_t hash) {
    kept *k = l->buckets[hash & (KEPT_BUCKETS - 1)];
    while (k && (k->hash != hash || k->key_length != key.n || memcmp(k->key, key.p, key.n))) k = k->next;
    return k;
}

/* Takes k out of its list and of the table at `table`, which lets go of it. */
static void forget(lua_State *L, int table, kept *k) {
    unlink_kept(k);
    luaL_unref(L, table, k->ref);
}

static int kept_gc(lua_State *L) {
    kept *k = lua_touserdata(L, 1);
    unlink_kept(k);
    shared_drop(k->body);
    k->body = NULL;
    return 0;
}

static int kept_text(lua_State *L) {
    const kept *k = luaL_checkudata(L, 1, TYPE_KEPT);
    lua_pushfstring(L, "kept body of %d bytes", (int)k->body->n);
    return 1;
}

shared *blaze_kept_test(lua_State *L, int index) {
    const kept *k = lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index) : NULL;
    return k && lua_rawlen(L, index) >= sizeof *k && k->mark == &kept_mark ? k->body : NULL;
}

/* ---- the key ---- */

typedef struct key_text {
    size_t n;
    bool full;
    uint8_t p[KEPT_KEY_MAX];
} key_text;

static inline void put(key_text *k, const void *p, size_t n) {
    if (n > KEPT_KEY_MAX - k->n) {
        k->full = true;
        return;
    }
    memcpy(k->p + k->n, p, n);
    k->n += n;
}

static inline void put_type(key_text *k, int type, int part) {
    const uint8_t both[2] = {(uint8_t)type, (uint8_t)part};
    put(k, both, sizeof both);
}

static void key_value(lua_State *L, int index, key_text *out) {
    size_t n;
    const char *string;
    lua_Integer whole;
    lua_Number number;
    int type = lua_type(L, index);
    switch (type) {
    case LUA_TSTRING:
        string = lua_tolstring(L, index, &n);
        put_type(out, type, 0);
        put(out, &n, sizeof n);
        put(out, string, n);
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            put_type(out, type, 1);
            whole = lua_tointeger(L, index);
            put(out, &whole, sizeof whole);
        } else {
            put_type(out, type, 2);
            number = lua_tonumber(L, index);
            put(out, &number, sizeof number);
        }
        break;
    case LUA_TBOOLEAN: put_type(out, type, lua_toboolean(L, index)); break;
    default: luaL_error(L, "mu.kept: a key holds strings, numbers and booleans, not a %s", luaL_typename(L, index));
    }
}

/* The string form of the key table at `index`, good until the next call. Places are part of it: { nil, "x" } is not
 * { "x" }. */
static bytes key_of(lua_State *L, int index) {
    static key_text key; /* loop thread only: mu.kept needs a request in hand */
    key.n = 0, key.full = false;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        key_value(L, -2, &key);
        key_value(L, -1, &key);
    }
    if (key.full) luaL_error(L, "mu.kept: the key is longer than %d bytes", KEPT_KEY_MAX);
    return (bytes){key.p, key.n};
}

/* ---- keeping ---- */

static struct blaze_kept_list *list_of(lua_State *L, blaze_route *r) {
    if (r->kept) return r->kept;
    blaze_tables *t = blaze_tables_of(generation_of(L));
    struct blaze_kept_list *l = arena_new(&t->memory, sizeof *l);
    if (!l) luaL_error(L, "no memory for kept bodies");
    lua_newtable(L);
    l->table_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return r->kept = l;
}

/* The table of bodies is at 4, the key at 3; on top are the built body and, perhaps, seconds. */
static int keep_built(lua_State *L, int status, lua_KContext context) {
    blaze_route *r = (blaze_route *)context;
    static buf body; /* loop thread only; stays allocated, survives a Lua error */
    fault f;
    lua_Number seconds = lua_tonumber(L, -1);
    if (!r->response) return luaL_error(L, "%s: mu.kept needs a response schema on the route", r->name);
    if (!lua_istable(L, -2)) return luaL_error(L, "%s: the function given to mu.kept must return a table", r->name);
    buf_clear(&body);
    if (tdf_codec_encode(L, lua_gettop(L) - 1, r->response, &body, &f) < 0) return luaL_error(L, "%s", f.text);

    size_t key_length;
    const char *key = lua_tolstring(L, 3, &key_length);
    kept *k = lua_newuserdatauv(L, sizeof *k + key_length, 0);
    *k = (kept){.mark = &kept_mark, .key_length = key_length};
    memcpy(k->key, key, key_length);
    k->body = shared_new(body.p, body.n);
    if (body.cap > ((size_t)1 << 20)) buf_free(&body);
    if (!k->body) return luaL_error(L, "no memory to keep a body of %s", r->name);
    luaL_setmetatable(L, TYPE_KEPT);
    if (seconds > 0) k->expires_us = clock_mono_us() + (int64_t)(seconds * 1e6);

    struct blaze_kept_list *l = list_of(L, r);
    int mine = lua_gettop(L);
    bytes wanted = {(const uint8_t *)k->key, key_length};
    k->hash = hash_of(wanted);
    kept *earlier = find(l, wanted, k->hash);
    if (earlier) forget(L, 4, earlier); /* built twice at a time: the newest stays */
    lua_pushvalue(L, mine);
    k->ref = luaL_ref(L, 4);
    link_newest(l, k);
    while (l->oldest != k && (l->count > BLAZE_KEPT_BODIES || l->bytes > BLAZE_KEPT_BYTES)) forget(L, 4, l->oldest);
    lua_settop(L, mine);
    return 1;
}

static int l_kept(lua_State *L) {
    blaze_route *r = blaze_route_running(L);
    if (!r) return luaL_error(L, "mu.kept works while a request is being answered, not here");
    struct blaze_kept_list *l = list_of(L, r);
    int given = lua_gettop(L) - 2; /* for build */
    bytes key = key_of(L, 1);
    kept *k = find(l, key, hash_of(key));
    if (k && (!k->expires_us || k->expires_us > clock_mono_us())) {
        if (l->newest != k) {
            unlink_kept(k);
            link_newest(l, k);
        }
        lua_rawgeti(L, LUA_REGISTRYINDEX, l->table_ref);
        lua_rawgeti(L, -1, k->ref);
        return 1;
    }
    lua_pushlstring(L, (const char *)key.p, key.n);
    lua_rawgeti(L, LUA_REGISTRYINDEX, l->table_ref);
    lua_rotate(L, 3, 2);
    if (k) forget(L, 4, k);
    lua_pushvalue(L, 2);
    lua_insert(L, 5);
    lua_callk(L, given, 2, (lua_KContext)r, keep_built);
    return keep_built(L, LUA_OK, (lua_KContext)r);
}

static int l_stale(lua_State *L) {
    blaze_route *r = blaze_check_route(L, 1);
    if (!r->kept) return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->kept->table_ref);
    int table = lua_gettop(L);
    while (r->kept->oldest) forget(L, table, r->kept->oldest);
    return 0;
}

static const script_function functions[] = {
    {.name = "mu.kept",
     .params = "key: table, build: function, ...: any",
     .returns = "kept",
     .text = "A response body that is built once and used again: for the same route and key the bytes that `build` led "
             "to are sent again. The key names everything the answer depends on (strings, numbers, booleans). `build` "
             "is given what stands behind it; it returns the body and, if it likes, for how many seconds it is good. A "
             "reload ends all kept bodies.",
     .errors = "outside a request; a key with other values; a body that the response schema refuses",
     .example = "mu.kept({ request.name }, function() return { answer = \"built once\" } end)",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_kept},
    {.name = "mu.stale",
     .params = "route: userdata",
     .text = "Forgets the kept bodies of a route (the value that its declaration gave).",
     .example = "mu.stale(route)",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_stale},
};

void blaze_kept_open(lua_State *L) {
    luaL_newmetatable(L, TYPE_KEPT);
    lua_pushcfunction(L, kept_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, kept_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    script_declare(L, functions, sizeof functions / sizeof *functions);
}
