/* asset_file.c: see asset_file.h.
 *
 * The idea: one listing and the bodies read so far belong to the process and to the loop thread. A look-up that finds
 * a fresh listing and a body answers at once. Every other one waits in a queue; one job at a time takes a batch of
 * waiters to a worker thread, lists the folders if that is due, reads what is asked for and not yet held, and comes
 * back. While a job is out nobody changes the listing, so the worker may read it. */
#include "bind/asset_file.h"

#include <ctype.h>
#include <lauxlib.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/asset_list.h"
#include "bind/server.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/task.h"

#define FILE_TYPE "asset file"
#define FRESH_US  2000000 /* a listing is good for so long */
#define BATCH     16      /* waiters of one job: bounds what is read at once */

/* One file of the listing; `name` and `base` point into the asset's name, which is compared without case. */
typedef struct held {
    const asset *of;
    const char *base; /* the last part of its name */
    asset_file file;  /* body NULL: not read yet */
    uint64_t used;    /* of the newest answer; loop thread */
} held;

typedef struct listing {
    asset_list assets;
    held *files; /* by name without case */
    size_t count;
} listing;

typedef struct waiter {
    char name[ASSET_PATH_MAX];
    struct engine *engine;
    task_token token;
    asset_file file; /* what a job found; body NULL: nothing */
    bool busy;       /* it is there but could not be read */
    struct waiter *next;
} waiter;

typedef struct job {
    waiter *waiters;
    listing fresh; /* when `list` */
    bool list;
    fault f;
} job;

static struct {
    server *server;
    listing now;
    int64_t listed_us; /* 0 = never */
    size_t bytes;      /* of all bodies in `now` */
    uint64_t uses;
    waiter *first, *last;
    job *out;
} all;

/* -- types -------------------------------------------------------------------------------------------------------- */

static const char *type_of(const char *name) {
    static const char *const types[][2] = {
        {".dds", "image/vnd-ms.dds"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".svg", "image/svg+xml"},
        {".webp", "image/webp"},
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript"},
        {".mjs", "text/javascript"},
        {".map", "application/json"},
        {".ico", "image/x-icon"},
        {".woff", "font/woff"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot, types[i][0]) == 0) return types[i][1];
    return "application/octet-stream";
}

/* -- the listing -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const held *x = a, *y = b;
    int order = strcasecmp(x->of->name, y->of->name);
    return order ? order : strcmp(x->of->name, y->of->name);
}

static int name_is(const void *name, const void *of) { return strcasecmp(name, ((const held *)of)->of->name); }

/* The whole name first, then, in the same top folder, its last part (reference 03 §2.9). NULL when there is none. */
static held *find(const listing *l, const char *name) {
    held *h = l->count ? bsearch(name, l->files, l->count, sizeof *h, name_is) : NULL;
    if (h) return h;
    const char *base = strrchr(name, '/');
    size_t top = strcspn(name, "/") + 1;
    if (!base || !base[1]) return NULL;
    for (size_t i = 0; i < l->count; i++)
        if (strncasecmp(l->files[i].of->name, name, top) == 0 && strcasecmp(l->files[i].base, base + 1) == 0)
            return &l->files[i];
    return NULL;
}

static void listing_free(listing *l) {
    for (size_t i = 0; i < l->count; i++) shared_drop(l->files[i].file.body);
    free(l->files);
    asset_list_free(&l->assets);
    *l = (listing){0};
}

static bool same_content(const asset *a, const asset *b) {
    return strcmp(a->path, b->path) == 0 && a->size == b->size && a->modified == b->modified &&
           a->changed == b->changed;
}

/* Worker: reads the folders; a body of `old` whose file is the same goes over, held by both. */
static int listing_read(listing *l, const listing *old, const engine_options *o, fault *f) {
    char own[ASSET_PATH_MAX];
    int code = 0;
    if (o->data_dir && snprintf(own, sizeof own, "%s/assets", o->data_dir) < (int)sizeof own)
        code = asset_list_read(&l->assets, own, f);
    if (code == 0 && o->asset_dir) code = asset_list_read(&l->assets, o->asset_dir, f);
    if (code < 0) return code;
    l->files = calloc(l->assets.count ? l->assets.count : 1, sizeof *l->files);
    if (!l->files) return fault_set(f, E_MEMORY, "no memory for the list of assets");
    for (; l->count < l->assets.count; l->count++) {
        held *h = &l->files[l->count];
        h->of = &l->assets.items[l->count];
        const char *slash = strrchr(h->of->name, '/');
        h->base = slash ? slash + 1 : h->of->name;
    }
    qsort(l->files, l->count, sizeof *l->files, by_name);
    for (size_t i = 0; i < l->count; i++) {
        held *h = &l->files[i];
        const held *was = old->count ? bsearch(h, old->files, old->count, sizeof *h, by_name) : NULL;
        if (was && same_content(was->of, h->of)) {
            h->file = was->file;
            if (h->file.body) shared_hold(h->file.body);
        } else if (h->of->size > ASSET_FILE_MAX) {
            log_warn("asset", "%s is larger than %zu bytes and is not served", h->of->path, ASSET_FILE_MAX);
        }
    }
    return 0;
}

/* -- the job ------------------------------------------------------------------------------------------------------ */

static bool name_content(asset_file *f) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    if (EVP_Digest(f->body->p, f->body->n, sum, NULL, EVP_sha256(), NULL) != 1) return false;
    f->etag[0] = '"';
    for (int i = 0; i < 16; i++) snprintf(f->etag + 1 + 2 * i, 3, "%02x", sum[i]);
    strcpy(f->etag + 33, "\"");
    return true;
}

/* Worker: one file. false and a line in the log when it cannot be read. */
static bool read_file(const asset *a, asset_file *to) {
    fault f;
    asset_file got = {.body = shared_new(NULL, a->size), .type = type_of(a->name), .modified = a->modified};
    if (!got.body) return false;
    if (asset_read(a, got.body->p, &f) < 0) {
        log_warn("asset", "%s", f.text);
    } else if (name_content(&got)) {
        *to = got;
        return true;
    }
    shared_drop(got.body);
    return false;
}

static void work(void *ctx) {
    job *j = ctx;
    const listing *l = &all.now;
    if (j->list) {
        if (listing_read(&j->fresh, &all.now, engine_get_options(all.server->engine), &j->f) < 0) return;
        l = &j->fresh;
    }
    for (waiter *w = j->waiters; w; w = w->next) {
        const held *h = find(l, w->name);
        if (!h || h->of->size > ASSET_FILE_MAX) continue;
        if (h->file.body) w->file = h->file;
        for (waiter *o = j->waiters; o != w && !w->file.body; o = o->next) /* just read for another one? */
            if (o->file.body && find(l, o->name) == h) w->file = o->file;
        if (w->file.body)
            shared_hold(w->file.body);
        else
            w->busy = !read_file(h->of, &w->file);
    }
}

/* Room for n bytes more: the bodies that were asked for longest ago go. */
static void make_room(size_t n) {
    while (all.bytes + n > ASSET_HELD_MAX) {
        held *oldest = NULL;
        for (size_t i = 0; i < all.now.count; i++) {
            held *h = &all.now.files[i];
            if (h->file.body && (!oldest || h->used < oldest->used)) oldest = h;
        }
        if (!oldest) return;
        all.bytes -= oldest->file.body->n;
        shared_drop(oldest->file.body);
        oldest->file.body = NULL;
    }
}

static void keep(const char *name, const asset_file *f) {
    held *h = find(&all.now, name);
    if (!h) return;
    h->used = ++all.uses;
    if (h->file.body) return;
    make_room(f->body->n);
    h->file = *f;
    shared_hold(f->body);
    all.bytes += f->body->n;
}

static void take_listing(listing *fresh) {
    for (size_t i = 0; i < fresh->count; i++) {
        const held *was =
            all.now.count ? bsearch(&fresh->files[i], all.now.files, all.now.count, sizeof(held), by_name) : NULL;
        if (was) fresh->files[i].used = was->used;
    }
    listing_free(&all.now);
    all.now = *fresh;
    all.bytes = 0;
    for (size_t i = 0; i < all.now.count; i++)
        if (all.now.files[i].file.body) all.bytes += all.now.files[i].file.body->n;
    all.listed_us = clock_mono_us();
}

/* -- Lua ---------------------------------------------------------------------------------------------------------- */

asset_file *asset_file_test(lua_State *L, int index) { return luaL_testudata(L, index, FILE_TYPE); }

void asset_file_spent(asset_file *f) {
    shared_drop(f->body);
    f->body = NULL;
}

static void push_file(lua_State *L, const asset_file *f) {
    asset_file *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (asset_file){0};
    luaL_setmetatable(L, FILE_TYPE);
    *box = *f;
    shared_hold(box->body);
}

static int drop_file(lua_State *L) {
    asset_file_spent(lua_touserdata(L, 1));
    return 0;
}

static int push_found(lua_State *L, void *ctx) {
    const waiter *w = ctx;
    if (w->file.body) {
        push_file(L, &w->file);
        return 1;
    }
    lua_pushnil(L);
    if (!w->busy) return 1;
    lua_pushliteral(L, "busy");
    return 2;
}

static void waiter_free(void *ctx) {
    waiter *w = ctx;
    shared_drop(w->file.body);
    free(w);
}

static void start(void);

static void done(void *ctx) {
    job *j = ctx;
    all.out = NULL;
    if (j->f.code < 0) log_error("asset", "%s", j->f.text);
    if (j->list && j->f.code == 0)
        take_listing(&j->fresh);
    else
        listing_free(&j->fresh);
    while (j->waiters) {
        waiter *w = j->waiters;
        j->waiters = w->next;
        if (w->file.body) keep(w->name, &w->file);
        if (j->f.code < 0) w->busy = true;
        task_wake(w->engine, w->token, push_found, w, waiter_free);
    }
    free(j);
    start();
}

static bool is_fresh(void) { return all.listed_us && clock_mono_us() - all.listed_us < FRESH_US; }

/* Sends the next batch of waiters off, when none is out. */
static void start(void) {
    if (all.out || !all.first) return;
    job *j = calloc(1, sizeof *j);
    waiter **end = j ? &j->waiters : NULL;
    for (int i = 0; j && i < BATCH && all.first; i++) {
        *end = all.first;
        all.first = all.first->next;
        end = &(*end)->next;
        *end = NULL;
    }
    if (!j) { /* nobody may wait for ever */
        waiter *w = all.first;
        all.first = NULL;
        for (waiter *next; w; w = next) {
            next = w->next;
            w->busy = true;
            task_wake(w->engine, w->token, push_found, w, waiter_free);
        }
        return;
    }
    j->list = !is_fresh();
    all.out = j;
    if (loop_work(all.server->loop, work, done, j) == 0) return;
    fault_set(&j->f, E_BUSY, "no worker for the assets");
    done(j);
}

static int l_find(lua_State *L) {
    size_t folder_length, length;
    const char *folder = lua_tolstring(L, 1, &folder_length), *name = lua_tolstring(L, 2, &length);
    char whole[ASSET_PATH_MAX];
    bool fits = !memchr(folder, 0, folder_length) && !memchr(name, 0, length) &&
                snprintf(whole, sizeof whole, "%s/%s", folder, name) < (int)sizeof whole;
    if (!fits) return 0;
    all.server = server_of(L);
    if (is_fresh()) {
        held *h = find(&all.now, whole);
        if (!h || h->of->size > ASSET_FILE_MAX) return 0;
        if (h->file.body) {
            h->used = ++all.uses;
            push_file(L, &h->file);
            return 1;
        }
    }
    task_token token = task_suspend(L, "mu.asset.find");
    waiter *w = calloc(1, sizeof *w);
    if (!w) {
        task_suspend_cancel(L, token);
        return luaL_error(L, "mu.asset.find: out of memory");
    }
    strcpy(w->name, whole);
    w->engine = all.server->engine;
    w->token = token;
    if (all.first)
        all.last->next = w;
    else
        all.first = w;
    all.last = w;
    start(); /* w may be gone afterwards */
    return task_yield(L, token);
}

static const script_function functions[] = {
    {.name = "mu.asset.find",
     .params = "folder: string, name: string",
     .returns = "userdata?, string?",
     .text =
         "A file below a folder of assets/ (one of the data folder's assets/ wins), for { file = … } as the answer "
         "of an endpoint; letter case does not matter, and where the whole name is unknown its last part is enough. "
         "It answers once. nil when there is none, nil and \"busy\" when it cannot be read just now.",
     .example = "mu.asset.find(\"content\", \"nothing.dds\") == nil",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_find},
};

int asset_file_open(lua_State *L) {
    luaL_newmetatable(L, FILE_TYPE);
    lua_pushcfunction(L, drop_file);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, FILE_TYPE);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

void asset_files_close(void) {
    for (waiter *w = all.first, *next; w; w = next) {
        next = w->next;
        waiter_free(w);
    }
    listing_free(&all.now);
    memset(&all, 0, sizeof all);
}
