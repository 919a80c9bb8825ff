/* content_files.c: mu.content: what is written into the data folder's assets on command, and looks at single pictures.
 * Each is a chore for a worker thread; nothing that a person put there is ever written over. */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind/asset_list.h"
#include "bind/content.h"
#include "bind/server.h"
#include "codec/chunk.h"
#include "codec/dds.h"
#include "content/image.h"
#include "content/ini.h"
#include "content/interchange.h"
#include "content/talk.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/task.h"

typedef struct chore {
    struct engine *engine;
    task_token token;
    int (*run)(struct chore *c, const asset_list *assets);
    const engine_options *options;
    char name[256], text[64];
    dds_image image;
    size_t bytes;
    buf lines; /* of the report, each with its end */
    int code;
    fault f;
} chore;

static void report(chore *c, const char *what, const char *path) {
    buf_put(&c->lines, what, strlen(what));
    buf_put(&c->lines, path, strlen(path));
    buf_u8(&c->lines, '\n');
}

static int own_path(chore *c, char path[ASSET_PATH_MAX], const char *folder, const char *name, const char *ending) {
    int n = snprintf(path, ASSET_PATH_MAX, "%s/assets/%s/%s%s", c->options->data_dir, folder, name, ending);
    return n < ASSET_PATH_MAX ? 0 : fault_set(&c->f, E_LIMIT, "the path of %s is too long", name);
}

static int write_new(chore *c, const char *path, const buf *text) {
    if (access(path, F_OK) == 0) {
        report(c, "kept, it is there already: ", path);
        return 0;
    }
    int code = content_write_file(path, buf_bytes(text), &c->f);
    if (code == 0) report(c, "written: ", path);
    return code;
}

/* ── extracting ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static int write_texts(chore *c, const coalesced *base) {
    buf text = {0};
    int code = ini_check(base, &c->f);
    for (const coalesced_node *n = base->root.first; code == 0 && n; n = n->next) {
        char name[128], path[ASSET_PATH_MAX];
        ini_name(n->name, name, sizeof name);
        buf_clear(&text);
        code = ini_write(n, &text, &c->f);
        if (code == 0) code = own_path(c, path, "game/bini", name, strstr(name, ".ini") ? "" : ".ini");
        if (code == 0) code = write_new(c, path, &text);
    }
    buf_free(&text);
    return code;
}

static int extract_bini(chore *c, const asset *a) {
    buf file = {0}, plain = {0};
    coalesced base;
    fault why;
    coalesced_init(&base);
    int code = content_read_source(a, &file, &why);
    bytes in = buf_bytes(&file);
    if (code == 0 && nibc_is(in)) {
        code = nibc_unpack(in, &plain, &why);
        in = buf_bytes(&plain);
    }
    bool json = strcmp(a->name, "game/bini.json") == 0;
    if (code == 0) code = json ? interchange_read(&base, in, &why) : coalesced_read(&base, in, &why);
    if (code < 0)
        fault_set(&c->f, code, "%s: %s", a->name, why.text);
    else
        code = write_texts(c, &base);
    coalesced_free(&base);
    buf_free(&file), buf_free(&plain);
    return code;
}

static int extract_talk(chore *c, const asset *a, const char *language) {
    char path[ASSET_PATH_MAX];
    buf file = {0}, text = {0};
    tlk t;
    fault why;
    tlk_init(&t);
    int code = content_read_source(a, &file, &why);
    if (code == 0) code = tlk_read(&t, buf_bytes(&file), &why);
    if (code == 0) code = talk_write(&t, &text, &why);
    if (code < 0) fault_set(&c->f, code, "%s: %s", a->name, why.text);
    if (code == 0) code = own_path(c, path, "tlk", language, ".txt");
    if (code == 0) code = write_new(c, path, &text);
    tlk_free(&t);
    buf_free(&file), buf_free(&text);
    return code;
}

static int run_extract(chore *c, const asset_list *assets) {
    const asset *a = asset_find(assets, "game/bini.bin");
    if (!a) a = asset_find(assets, "game/bini.json");
    bool any = a != NULL;
    int code = a ? extract_bini(c, a) : 0;
    for (int i = 0; code == 0 && talk_languages[i]; i++) {
        char name[64];
        snprintf(name, sizeof name, "game/tlk/%s.tlk", talk_languages[i]);
        const asset *t = asset_find(assets, name);
        if (!t) continue;
        any = true;
        code = extract_talk(c, t, talk_languages[i]);
    }
    if (code == 0 && !any)
        code = fault_set(&c->f, E_NOT_FOUND,
                         "there is nothing to extract: put the game's files as assets/game/bini.bin (or bini.json) and "
                         "assets/game/tlk/<language>.tlk into the data folder");
    return code;
}

/* ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int run_picture(chore *c, const asset_list *assets) {
    char name[300];
    uint8_t head[DDS_HEADER] = {0};
    snprintf(name, sizeof name, "content/%s", c->name);
    const asset *a = asset_find(assets, name);
    if (!a) return fault_set(&c->f, E_NOT_FOUND, "there is no assets/%s", name);
    FILE *file = fopen(a->path, "rbe");
    if (!file) return fault_set(&c->f, E_IO, "%s cannot be read: %s", name, strerror(errno));
    size_t n = fread(head, 1, sizeof head, file);
    fclose(file);
    fault why;
    c->bytes = a->size;
    int code = n < sizeof head ? fault_set(&why, E_PROTOCOL, "it is no DDS image")
                               : dds_read((bytes){head, a->size}, &c->image, &why);
    if (code == 0 && a->size > DDS_FILE_MAX)
        code = fault_set(&why, E_LIMIT, "its %zu bytes are more than the 1 MiB that the game takes", (size_t)a->size);
    return code < 0 ? fault_set(&c->f, code, "assets/%s: %s", name, why.text) : 0;
}

static int run_placeholder(chore *c, const asset_list *assets) {
    char path[ASSET_PATH_MAX];
    buf out = {0};
    int code = own_path(c, path, "content", c->name, "");
    if (code == 0) code = dds_text(&c->image, c->text, &out, &c->f);
    if (code == 0) code = write_new(c, path, &out);
    buf_free(&out);
    return code;
}

/* ── Lua ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void work(void *ctx) {
    chore *c = ctx;
    asset_list assets = {0};
    char own[ASSET_PATH_MAX];
    snprintf(own, sizeof own, "%s/assets", c->options->data_dir);
    c->code = asset_list_read(&assets, own, &c->f);
    if (c->code == 0 && c->options->asset_dir) c->code = asset_list_read(&assets, c->options->asset_dir, &c->f);
    if (c->code == 0) c->code = c->run(c, &assets);
    asset_list_free(&assets);
}

static void chore_free(void *ctx) {
    chore *c = ctx;
    buf_free(&c->lines);
    free(c);
}

static int push_chore(lua_State *L, void *ctx) {
    const chore *c = ctx;
    if (c->code < 0) {
        lua_pushnil(L);
        lua_pushstring(L, c->f.text);
        return 2;
    }
    if (c->run != run_picture) {
        lua_pushlstring(L, c->lines.n ? (const char *)c->lines.p : "", c->lines.n);
        return 1;
    }
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, c->image.width);
    lua_setfield(L, -2, "width");
    lua_pushinteger(L, c->image.height);
    lua_setfield(L, -2, "height");
    lua_pushinteger(L, (lua_Integer)c->bytes);
    lua_setfield(L, -2, "bytes");
    lua_pushstring(L, dds_format_name(c->image.format));
    lua_setfield(L, -2, "format");
    return 1;
}

static void done(void *ctx) {
    chore *c = ctx;
    task_wake(c->engine, c->token, push_chore, c, chore_free);
}

/* A name below content/: letters, digits, "._-" and "/", no way up. */
static bool fit_name(const char *name, size_t n) {
    if (n == 0 || n >= sizeof((chore *)0)->name || strlen(name) != n || name[0] == '/' || name[n - 1] == '/')
        return false;
    for (const char *p = name; *p; p++) {
        bool start = p == name || p[-1] == '/';
        bool good =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("._-/", *p);
        if (!good || (start && (*p == '.' || *p == '/'))) return false;
    }
    return true;
}

static int begin(lua_State *L, const char *what, const chore *wish) {
    server *s = server_of(L);
    const engine_options *o = engine_get_options(generation_of(L)->engine);
    if (!s || !s->loop || !o->data_dir) return luaL_error(L, "%s: this program has no data folder", what);
    task_token token = task_suspend(L, what);
    chore *c = malloc(sizeof *c);
    if (c) {
        *c = *wish;
        c->engine = generation_of(L)->engine;
        c->options = o;
        c->token = token;
        if (loop_work(s->loop, work, done, c) == 0) return task_yield(L, token);
        free(c);
    }
    task_suspend_cancel(L, token);
    lua_pushnil(L);
    lua_pushliteral(L, "busy");
    return 2;
}

static int l_extract(lua_State *L) { return begin(L, "mu.content.extract", &(chore){.run = run_extract}); }

static int l_picture(lua_State *L) {
    size_t n;
    const char *name = lua_tolstring(L, 1, &n);
    chore wish = {.run = run_picture};
    if (!fit_name(name, n)) {
        lua_pushnil(L);
        lua_pushliteral(L, "that is no name of a picture");
        return 2;
    }
    memcpy(wish.name, name, n);
    return begin(L, "mu.content.picture", &wish);
}

static int l_placeholder(lua_State *L) {
    size_t n;
    const char *name = lua_tolstring(L, 1, &n), *text = lua_tostring(L, 2);
    lua_Integer width = lua_tointeger(L, 3), height = lua_tointeger(L, 4);
    chore wish = {.run = run_placeholder, .image = {.format = DDS_DXT5}};
    luaL_argcheck(L, fit_name(name, n) && n > 4 && strcmp(name + n - 4, ".dds") == 0, 1, "must be a name with .dds");
    luaL_argcheck(L, width >= 4 && width <= 1024, 3, "must be 4 … 1024");
    luaL_argcheck(L, height >= 4 && height <= 1024, 4, "must be 4 … 1024");
    wish.image.width = (uint32_t)width, wish.image.height = (uint32_t)height;
    memcpy(wish.name, name, n);
    snprintf(wish.text, sizeof wish.text, "%s", text);
    return begin(L, "mu.content.placeholder", &wish);
}

static const script_function functions[] = {
    {.name = "mu.content.extract",
     .params = "",
     .returns = "string?, string?",
     .text = "Writes the game's own files of assets/game/ as texts into the data folder: game/bini/*.ini and "
             "tlk/<language>.txt. Files that are there stay. What was done, a line each; or nil and a sentence.",
     .errors = "a program without a data folder",
     .example = "local name, why = mu.content.extract()",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_extract},
    {.name = "mu.content.picture",
     .params = "name: string",
     .returns = "table?, string?",
     .text =
         "Looks at a picture of assets/content/: { width, height, format, bytes }, or nil and why the game would not "
         "show it.",
     .errors = "a program without a data folder",
     .example = "local picture, why = mu.content.picture \"promo_welcome.dds\"",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_picture},
    {.name = "mu.content.placeholder",
     .params = "name: string, text: string, width: integer, height: integer",
     .returns = "string?, string?",
     .text = "Makes a picture that shows only a text, as content/<name> of the data folder, unless there is one.",
     .errors = "a name without .dds; sizes that are no multiple of 4",
     .example = "local done, why = mu.content.placeholder(\"Example.dds\", \"Arsenal\", 64, 32)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_placeholder},
};

void content_open_files(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
