/* sources.c: reads the script files once, so that what is compiled, what is hashed and what is run are the same text,
 * whatever an editor does to the files meanwhile. */
#include "script/state.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/evp.h>

#define DEPTH_MAX 16

static char *join(const char *a, const char *b) {
    size_t n = strlen(a) + strlen(b) + 2;
    char *s = malloc(n);
    if (s) snprintf(s, n, "%s/%s", a, b);
    return s;
}

static bool put(source_set *s, source it) {
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        source *list = realloc(s->list, room * sizeof *list);
        if (!list) return false;
        s->list = list, s->room = room;
    }
    s->list[s->count++] = it;
    s->bytes += it.size;
    return true;
}

/* A file that is there but cannot be had is reported and kept as such, so that who requires it hears the reason. */
static const source *add(source_set *s, const char *path, const char *name, const char *key, generation *g,
                         bool needed) {
    size_t size = 0;
    char wrong[600] = "", *text = file_read(path, SOURCE_MAX, &size);
    if (!text && !needed && (errno == ENOENT || errno == ENOTDIR)) return NULL;
    if (!text && errno == EFBIG)
        snprintf(wrong, sizeof wrong, "%s: larger than %u bytes", name, SOURCE_MAX);
    else if (!text)
        snprintf(wrong, sizeof wrong, "%s: %s", name, strerror(errno));
    else if (s->bytes + size > SOURCES_MAX)
        snprintf(wrong, sizeof wrong, "%s: all scripts together are larger than %u bytes", name, SOURCES_MAX);
    if (*wrong) {
        generation_error(g, NULL, 0, "%s", wrong);
        free(text);
        text = NULL, size = 0;
    }
    source it = {.name = strdup(name),
                 .path = strdup(path),
                 .key = strdup(key),
                 .text = text,
                 .wrong = *wrong ? strdup(wrong) : NULL,
                 .size = size};
    if (!it.name || !it.path || !it.key || !put(s, it)) {
        free(it.name), free(it.path), free(it.key), free(it.text), free(it.wrong);
        generation_error(g, name, 0, "out of memory");
        return NULL;
    }
    return &s->list[s->count - 1];
}

static const source *find(const source_set *s, const char *key, bool config) {
    for (size_t i = 0; i < s->count; i++) {
        const source *it = &s->list[i];
        if (it->config == config && it->key && strcmp(it->key, key) == 0) return it;
    }
    return NULL;
}

static bool is_script(const char *name) {
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".lua") == 0;
}

/* Reads the folder `key` ("" = the root itself) of one root. Files of an earlier root are there already and stay. */
static void read_folder(source_set *s, const script_root *root, const char *key, int depth, generation *g) {
    char *path = key[0] ? join(root->path, key) : strdup(root->path);
    struct dirent **names = NULL;
    int count = path && depth < DEPTH_MAX ? scandir(path, &names, NULL, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        struct stat st;
        char *at = NULL, *child = NULL, *shown = NULL;
        if (name[0] == '.') goto next;
        if ((depth == 0 || (depth == 2 && strncmp(key, "mods/", 5) == 0)) && strcmp(name, "tests") == 0) goto next;
        at = join(path, name);
        child = key[0] ? join(key, name) : strdup(name);
        shown = child ? join(root->label, child) : NULL;
        if (!at || !child || !shown || stat(at, &st) != 0) goto next;
        if (S_ISDIR(st.st_mode))
            read_folder(s, root, child, depth + 1, g);
        else if (is_script(name) && !find(s, child, false))
            add(s, at, shown, child, g, true);
    next:
        free(at), free(child), free(shown), free(names[i]);
    }
    free(names), free(path);
}

int sources_read(source_set *s, const script_root *roots, generation *g) {
    for (; !s->sealed && roots && roots->path; roots++) read_folder(s, roots, "", 0, g);
    return 0;
}

const source *sources_find(source_set *s, const script_root *roots, const char *key, generation *g) {
    const source *found = find(s, key, false);
    for (; !found && !s->sealed && roots && roots->path; roots++) {
        char *path = join(roots->path, key), *shown = join(roots->label, key);
        if (path && shown) found = add(s, path, shown, key, g, false);
        free(path), free(shown);
    }
    return found;
}

const source *sources_file(source_set *s, const char *path, const char *name, generation *g) {
    const source *found = find(s, path, true);
    if (found || s->sealed) return found;
    if (!add(s, path, name, path, g, false)) return NULL;
    s->list[s->count - 1].config = true;
    return &s->list[s->count - 1];
}

void sources_check(const source_set *s, size_t one, size_t all, generation *g) {
    for (size_t i = 0; i < s->count; i++) {
        const source *it = &s->list[i];
        if (it->size > one)
            generation_error(g, NULL, 0, "%s: larger than %zu KiB (limits.source_kib)", it->name, one >> 10);
    }
    if (s->bytes > all)
        generation_error(g, NULL, 0, "all scripts together are larger than %zu MiB (limits.sources_mib)", all >> 20);
}

void source_keep_code(source *it, const void *from, size_t size) {
    source_code *code = malloc(sizeof *code + size);
    if (!code) return; /* it is compiled once more the next time */
    atomic_init(&code->users, 1);
    code->size = size;
    memcpy(code->bytes, from, size);
    it->code = code;
}

void sources_share(source_set *s, const source_set *other) {
    for (size_t i = 0; other && i < s->count; i++) {
        source *it = &s->list[i];
        if (it->code || it->config || !it->text) continue;
        for (size_t k = 0; k < other->count; k++) { /* nearly always at the same place */
            const source *old = &other->list[(i + k) % other->count];
            if (!old->code || old->size != it->size || strcmp(old->name, it->name) != 0) continue;
            if (memcmp(old->text, it->text, it->size) != 0) break;
            atomic_fetch_add(&old->code->users, 1);
            it->code = old->code;
            break;
        }
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const source *)a)->name, ((const source *)b)->name);
}

void sources_hash(source_set *s, char hash[17]) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    unsigned n = 0;
    qsort(s->list, s->count, sizeof *s->list, by_name);
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
        for (size_t i = 0; i < s->count; i++) {
            EVP_DigestUpdate(ctx, s->list[i].name, strlen(s->list[i].name) + 1);
            EVP_DigestUpdate(ctx, &s->list[i].size, sizeof s->list[i].size);
            EVP_DigestUpdate(ctx, s->list[i].text, s->list[i].size);
        }
        EVP_DigestFinal_ex(ctx, digest, &n);
    }
    EVP_MD_CTX_free(ctx);
    for (int i = 0; i < 8; i++) snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

void sources_free(source_set *s) {
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].name), free(s->list[i].path), free(s->list[i].key);
        free(s->list[i].text), free(s->list[i].wrong);
        source_code *code = s->list[i].code;
        if (code && atomic_fetch_sub(&code->users, 1) == 1) free(code);
    }
    free(s->list);
    *s = (source_set){0};
}

const char *generation_source(const generation *g, size_t i) {
    const source_set *s = g->own->sources;
    return s && i < s->count ? s->list[i].key : NULL;
}
