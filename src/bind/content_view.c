/* content_view.c: mu.content: what was built, for those who send it and those who ask about it. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/content.h"
#include "bind/json.h"
#include "codec/chunk.h"
#include "script/declare.h"
#include "script/task.h"

/* ── maps ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put_entry(void *ctx, const char *key, bytes value) {
    lua_State *L = ctx;
    lua_pushlstring(L, (const char *)value.p, value.n);
    lua_setfield(L, -2, key);
}

static int l_map(lua_State *L) {
    const content_product *p = content_find(content_served(), lua_tostring(L, 1));
    if (!p || !p->text) return 0;
    bytes text = {p->text->p, p->text->n};
    luaL_checkstack(L, 4, "content");
    lua_createtable(L, 0, (int)chunk_count(text.n, CHUNK_SIZE) + 2);
    chunk_each(text, CHUNK_SIZE, put_entry, L);
    return 1;
}

/* ── decoding ────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct decoder { /* in a userdata, so that nothing leaks when Lua raises */
    buf text, packed, plain;
    coalesced bini;
    tlk talk;
} decoder;

static int decoder_gc(lua_State *L) {
    decoder *d = lua_touserdata(L, 1);
    buf_free(&d->text), buf_free(&d->packed), buf_free(&d->plain);
    coalesced_free(&d->bini);
    tlk_free(&d->talk);
    return 0;
}

static decoder *decoder_new(lua_State *L) {
    decoder *d = lua_newuserdatauv(L, sizeof *d, 0);
    *d = (decoder){0};
    coalesced_init(&d->bini);
    tlk_init(&d->talk);
    if (luaL_newmetatable(L, "content decoder")) {
        lua_pushcfunction(L, decoder_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return d;
}

/* The chunks of the map at 1, joined. */
static int join(lua_State *L, decoder *d, fault *f) {
    for (unsigned i = 0; i < NIBC_PLAIN_MAX / CHUNK_SIZE; i++) {
        char key[CHUNK_KEY_MAX];
        size_t n;
        snprintf(key, sizeof key, "CHUNK_%u", i);
        lua_pushstring(L, key);
        if (lua_rawget(L, 1) != LUA_TSTRING) {
            lua_pop(L, 1);
            return 0;
        }
        const char *piece = lua_tolstring(L, -1, &n);
        buf_put(&d->text, piece, n);
        lua_pop(L, 1);
    }
    return fault_set(f, E_LIMIT, "the map has too many chunks");
}

static void push_values(lua_State *L, const coalesced_node *property) {
    lua_createtable(L, (int)property->count, 0);
    lua_Integer i = 0;
    for (const coalesced_value *v = property->values; v; v = v->next) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, coalesced_type_name(v->type));
        lua_setfield(L, -2, "type");
        if (v->type != COALESCED_RESET) {
            lua_pushlstring(L, (const char *)v->text.p, v->text.n);
            lua_setfield(L, -2, "text");
        }
        lua_rawseti(L, -2, ++i);
    }
}

static void push_level(lua_State *L, const coalesced_node *parent, int level) {
    luaL_checkstack(L, 6, "content");
    lua_createtable(L, 0, (int)parent->count);
    for (const coalesced_node *n = parent->first; n; n = n->next) {
        task_poll(L);
        lua_pushlstring(L, (const char *)n->name.p, n->name.n);
        if (level < 2)
            push_level(L, n, level + 1);
        else
            push_values(L, n);
        lua_rawset(L, -3);
    }
}

static void push_talk(lua_State *L, const tlk *t) {
    lua_createtable(L, 0, 2);
    for (int female = 0; female < 2; female++) {
        lua_newtable(L);
        for (uint32_t i = 0; i < t->count; i++) {
            if (t->entries[i].female != female) continue;
            lua_pushlstring(L, (const char *)t->entries[i].text.p, t->entries[i].text.n);
            lua_rawseti(L, -2, t->entries[i].id);
        }
        lua_setfield(L, -2, female ? "female" : "common");
    }
}

static int l_decode(lua_State *L) {
    decoder *d = decoder_new(L);
    fault f;
    int code = join(L, d, &f);
    if (code == 0) code = chunk_bytes(buf_bytes(&d->text), &d->packed, &f);
    bytes file = buf_bytes(&d->packed);
    bool bini = nibc_is(file);
    if (code == 0 && bini) {
        code = nibc_unpack(file, &d->plain, &f);
        file = buf_bytes(&d->plain);
    }
    if (code == 0) code = bini ? coalesced_read(&d->bini, file, &f) : tlk_read(&d->talk, file, &f);
    if (code < 0) {
        lua_pushnil(L);
        lua_pushstring(L, f.text);
        return 2;
    }
    if (bini)
        push_level(L, &d->bini.root, 0);
    else
        push_talk(L, &d->talk);
    return 1;
}

/* ── status and why ──────────────────────────────────────────────────────────────────────────────────────────────── */

static void set_integer(lua_State *L, const char *key, lua_Integer v) {
    lua_pushinteger(L, v);
    lua_setfield(L, -2, key);
}

static void push_product(lua_State *L, const content_product *p) {
    lua_createtable(L, 0, 7);
    lua_pushstring(L, p->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, p->hash);
    lua_setfield(L, -2, "hash");
    set_integer(L, "entries", p->entries);
    set_integer(L, "bytes", (lua_Integer)p->file_bytes);
    set_integer(L, "packed", (lua_Integer)p->packed_bytes);
    set_integer(L, "built", p->built_unix);
    set_integer(L, "took_us", p->took_us);
}

static int l_status(lua_State *L) {
    const content_set *s = content_served();
    if (!s) return 0;
    lua_createtable(L, 0, 4);
    lua_newtable(L);
    lua_Integer n = 0;
    for (unsigned i = 0; i < CONTENT_PRODUCTS; i++) {
        if (!s->products[i] || !s->products[i]->text) continue;
        push_product(L, s->products[i]);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "products");
    lua_newtable(L);
    n = 0;
    for (unsigned i = 0; i <= CONTENT_PRODUCTS; i++)
        for (const content_message *m = s->messages[i]; m; m = m->next) {
            lua_createtable(L, 0, 2);
            lua_pushboolean(L, m->bad);
            lua_setfield(L, -2, "bad");
            lua_pushstring(L, m->text);
            lua_setfield(L, -2, "text");
            lua_rawseti(L, -2, ++n);
        }
    lua_setfield(L, -2, "messages");
    set_integer(L, "rebuilt", s->rebuilt);
    set_integer(L, "images", s->images_made);
    return 1;
}

static void push_property(lua_State *L, const coalesced_node *p) {
    const bytes names[] = {p->parent->parent->name, p->parent->name, p->name};
    static const char *const keys[] = {"file", "section", "property"};
    lua_createtable(L, 0, 6);
    for (int i = 0; i < 3; i++) {
        lua_pushlstring(L, (const char *)names[i].p, names[i].n);
        lua_setfield(L, -2, keys[i]);
    }
    lua_pushstring(L, p->origin ? p->origin : "unknown");
    lua_setfield(L, -2, "origin");
    set_integer(L, "line", p->line);
    push_values(L, p);
    lua_setfield(L, -2, "values");
}

static bool ends_with(bytes name, const char *end, size_t n) {
    return name.n >= n && memcmp(name.p + name.n - n, end, n) == 0;
}

#define WHY_MAX 200

static int l_why(lua_State *L) {
    size_t n;
    const char *section = lua_tolstring(L, 1, &n), *property = luaL_optstring(L, 2, NULL);
    const content_product *p = content_find(content_served(), "bini");
    lua_Integer count = 0;
    lua_newtable(L);
    for (const coalesced_node *f = p && p->text ? p->bini.root.first : NULL; f; f = f->next)
        for (const coalesced_node *s = f->first; s; s = s->next)
            for (const coalesced_node *k = ends_with(s->name, section, n) ? s->first : NULL; k; k = k->next) {
                if (count == WHY_MAX || (property && strcmp((const char *)k->name.p, property) != 0)) continue;
                push_property(L, k);
                lua_rawseti(L, -2, ++count);
            }
    return 1;
}

static int l_talk(lua_State *L) {
    const content_product *p = content_find(content_served(), lua_tostring(L, 1));
    lua_Integer id = lua_tointeger(L, 2);
    const tlk_entry *e = p && id >= 0 && id <= UINT32_MAX ? tlk_find(&p->talk, false, (uint32_t)id) : NULL;
    if (!e) return 0;
    lua_pushlstring(L, (const char *)e->text.p, e->text.n);
    lua_pushstring(L, e->origin ? e->origin : "unknown");
    lua_pushinteger(L, e->line);
    return 3;
}

static const script_function functions[] = {
    {.name = "mu.content.map",
     .params = "name: string",
     .returns = "table?",
     .text = "The built content as the map of chunks that games download; nil when there are no sources.",
     .example = "local map = mu.content.map \"bini\"",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_map},
    {.name = "mu.content.decode",
     .params = "map: table",
     .returns = "table?, string?",
     .text = "What a map of chunks says: file → section → property → list of { type, text }, or, for a talk table, "
             "{ common, female } of number → text. nil and a sentence when it is damaged.",
     .example = "mu.content.decode {} == nil",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_decode},
    {.name = "mu.content.status",
     .params = "",
     .returns = "table?",
     .text = "The last build: products { name, hash, entries, bytes, packed, built, took_us }, messages { bad, text }, "
             "how many were rebuilt and images made; nil before the first.",
     .example = "local status = mu.content.status()",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_status},
    {.name = "mu.content.why",
     .params = "section: string, property?: string",
     .returns = "table",
     .text = "Who wrote the properties of the sections whose name ends so, last: list of { file, section, property, "
             "origin, line, values }; at most 200.",
     .example = "mu.content.why(\"sfxgame.sfxscoremanager\", \"mapbonuses\")",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_why},
    {.name = "mu.content.talk",
     .params = "name: string, id: integer",
     .returns = "string?, string?, integer?",
     .text = "The text of a number in a talk table (\"tlk.en\"), who wrote it, and in which line.",
     .example = "local text = mu.content.talk(\"tlk.en\", 900000)",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_talk},
};

void content_open_view(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
