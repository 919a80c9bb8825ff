/* content_build.c: see content_build.h.
 *
 * Everything here runs on a worker thread and touches nothing but its arguments, so a build may take as long as it
 * likes. What each product is made from has a fingerprint (paths, sizes and times of its files; the changes of the
 * scripts): the same fingerprint as in the last set means the same product, taken over as it is. */
#include "bind/content_build.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/asset_list.h"
#include "codec/chunk.h"
#include "content/ini.h"
#include "content/interchange.h"
#include "content/talk.h"

const char *const content_names[CONTENT_PRODUCTS] = {"bini",   "tlk.en", "tlk.de", "tlk.es", "tlk.fr",
                                                     "tlk.it", "tlk.ja", "tlk.pl", "tlk.ru"};

typedef struct builder {
    const content_inputs *in;
    asset_list assets;
    content_set *last, *now;
    unsigned slot; /* the product being built */
    content_product *p;
    fault *f;
} builder;

/* ── sets ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void product_drop(content_product *p) {
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    shared_drop(p->text);
    coalesced_free(&p->bini);
    tlk_free(&p->talk);
    arena_free(&p->names);
    change_list_drop(p->changes);
    free(p);
}

static void messages_free(content_message *m) {
    for (content_message *next; m; m = next) {
        next = m->next;
        free(m->text);
        free(m);
    }
}

void content_set_drop(content_set *s) {
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    for (unsigned i = 0; i < CONTENT_PRODUCTS; i++) product_drop(s->products[i]);
    for (unsigned i = 0; i <= CONTENT_PRODUCTS; i++) messages_free(s->messages[i]);
    free(s);
}

const content_product *content_find(const content_set *s, const char *name) {
    for (unsigned i = 0; s && i < CONTENT_PRODUCTS; i++)
        if (strcmp(content_names[i], name) == 0) return s->products[i];
    return NULL;
}

static void append_message(content_set *s, unsigned slot, bool bad, const char *text) {
    content_message *m = calloc(1, sizeof *m), **end = &s->messages[slot];
    if (m) m->text = strdup(text);
    if (!m || !m->text) {
        free(m);
        return;
    }
    m->bad = bad;
    while (*end) end = &(*end)->next;
    *end = m;
}

void content_say(content_set *s, unsigned slot, bool bad, const char *format, ...) {
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (bad)
        log_error("content", "%s", text);
    else
        log_warn("content", "%s", text);
    append_message(s, slot, bad, text);
}

/* ── sources ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

uint64_t content_mark(uint64_t seed, const void *p, size_t n) {
    const uint8_t *b = p;
    seed ^= n * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < n; i++) seed = (seed ^ b[i]) * 0x100000001b3u;
    return seed ^ seed >> 31;
}

static uint64_t mark_text(uint64_t seed, bytes s) { return content_mark(seed, s.p, s.n); }

uint64_t content_mark_asset(uint64_t seed, const asset *a) {
    seed = content_mark(seed, a->path, strlen(a->path));
    seed = content_mark(seed, &a->size, sizeof a->size);
    seed = content_mark(seed, &a->modified, sizeof a->modified);
    return content_mark(seed, &a->changed, sizeof a->changed);
}

static uint64_t mark_pairs(uint64_t seed, const change_pair *p) {
    for (; p; p = p->next) seed = content_mark(mark_text(mark_text(seed, p->key), p->value), &p->plain, 1);
    return seed;
}

static uint64_t mark_changes(uint64_t seed, const change_list *l) {
    for (const change *c = l ? l->first : NULL; c; c = c->next) {
        seed = content_mark(seed, &c->op, sizeof c->op);
        seed = mark_text(mark_text(mark_text(seed, c->file), c->section), c->property);
        seed = content_mark(content_mark(seed, c->origin, strlen(c->origin)), &c->line, sizeof c->line);
        seed = mark_pairs(seed, c->values);
        for (const change_step *s = c->steps; s; s = s->next) seed = mark_pairs(mark_text(seed, s->key), s->where);
    }
    return seed;
}

int content_read_source(const asset *a, buf *out, fault *f) {
    if (a->size > CONTENT_SOURCE_MAX)
        return fault_set(f, E_LIMIT, "%s is larger than %zu MiB", a->name, CONTENT_SOURCE_MAX >> 20);
    buf_clear(out);
    if (!buf_reserve(out, a->size + 1)) return fault_set(f, E_MEMORY, "out of memory for %s", a->name);
    int code = asset_read(a, out->p, f);
    if (code == 0) out->n = a->size;
    return code;
}

static bool is_below(const char *name, const char *folder, const char *ending) {
    size_t n = strlen(name), m = strlen(ending), l = strlen(folder);
    return n > m + l && strncmp(name, folder, l) == 0 && strcmp(name + n - m, ending) == 0;
}

static bool is_bini_text(const asset *a) { return is_below(a->name, "game/bini/", ".ini"); }

/* ── the live configuration ──────────────────────────────────────────────────────────────────────────────────────── */

static const asset *bini_base(const builder *b) {
    const asset *a = asset_find(&b->assets, "game/bini.bin");
    return a ? a : asset_find(&b->assets, "game/bini.json");
}

/* Every property that has no writer yet is the base's. */
static void name_writer(coalesced_node *n, const char *name) {
    for (coalesced_node *child = n->first; child; child = child->next) {
        name_writer(child, name);
        if (child->values && !child->origin) child->origin = name;
    }
}

static int read_base(builder *b, const asset *a, buf *scratch) {
    buf plain = {0};
    fault why;
    int code = content_read_source(a, scratch, &why);
    bytes file = buf_bytes(scratch);
    if (code == 0 && nibc_is(file)) {
        code = nibc_unpack(file, &plain, &why);
        file = buf_bytes(&plain);
    }
    bool json = strcmp(a->name, "game/bini.json") == 0;
    if (code == 0) code = json ? interchange_read(&b->p->bini, file, &why) : coalesced_read(&b->p->bini, file, &why);
    buf_free(&plain);
    if (code < 0) return fault_set(b->f, code, "%s: %s", a->name, why.text);
    name_writer(&b->p->bini.root, arena_text(&b->p->names, a->name, strlen(a->name)));
    return 0;
}

static int read_text(builder *b, const asset *a, buf *scratch) {
    char *name = arena_text(&b->p->names, a->name, strlen(a->name));
    if (!name) return fault_set(b->f, E_MEMORY, "out of memory");
    int code = content_read_source(a, scratch, b->f);
    return code < 0 ? code : ini_read(&b->p->bini, name, buf_bytes(scratch), b->f);
}

static void note_change(void *ctx, const change *c, const char *text) {
    const builder *b = ctx;
    bool none = !b->p->bini.root.first && !bini_base(b);
    content_say(b->now, b->slot, false, "%s:%u: %.*s: %s%s", c->origin, c->line, (int)c->property.n,
                (const char *)c->property.p, text, none ? " (there is no base: put the game's into assets/game/)" : "");
}

/* What was written is read again and must be written the same: nothing else is ever served. */
static int check_bini(const buf *file, fault *f) {
    coalesced again;
    buf twice = {0};
    coalesced_init(&again);
    int code = coalesced_read(&again, buf_bytes(file), f);
    if (code == 0) code = coalesced_write(&again, &twice, f);
    if (code == 0 && (twice.n != file->n || memcmp(twice.p, file->p, file->n) != 0))
        code = fault_set(f, E_PROTOCOL, "the built configuration does not read back as it was written");
    coalesced_free(&again);
    buf_free(&twice);
    return code;
}

static uint32_t count_values(const coalesced_node *n) {
    uint32_t sum = n->values ? n->count : 0;
    for (const coalesced_node *child = n->first; child; child = child->next) sum += count_values(child);
    return sum;
}

static int finish(builder *b, bytes packed, const buf *file) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    buf text = {0};
    int code = chunk_text(packed, &text, b->f);
    if (code == 0 && EVP_Digest(file->p, file->n, sum, NULL, EVP_sha256(), NULL) != 1)
        code = fault_set(b->f, E_SYSTEM, "SHA-256 is not available");
    if (code == 0 && !(b->p->text = shared_new(text.p, text.n))) code = fault_set(b->f, E_MEMORY, "out of memory");
    for (int i = 0; code == 0 && i < 8; i++) snprintf(b->p->hash + 2 * i, 3, "%02x", sum[i]);
    b->p->file_bytes = file->n;
    b->p->packed_bytes = packed.n;
    buf_free(&text);
    return code;
}

static int build_bini(builder *b) {
    const asset *base = bini_base(b);
    buf scratch = {0}, file = {0}, packed = {0};
    bool any = base || (b->in->changes && b->in->changes->count);
    int code = base ? read_base(b, base, &scratch) : 0;
    for (size_t i = 0; code == 0 && i < b->assets.count; i++)
        if (is_bini_text(&b->assets.items[i])) {
            any = true;
            code = read_text(b, &b->assets.items[i], &scratch);
        }
    if (code == 0) code = change_apply(b->in->changes, &b->p->bini, note_change, b, b->f);
    if (code == 0 && any) {
        b->p->entries = count_values(&b->p->bini.root);
        code = coalesced_write(&b->p->bini, &file, b->f);
        if (code == 0) code = check_bini(&file, b->f);
        if (code == 0) code = nibc_pack(buf_bytes(&file), &packed, b->f);
        if (code == 0) code = finish(b, buf_bytes(&packed), &file);
    }
    buf_free(&scratch), buf_free(&file), buf_free(&packed);
    return code;
}

static uint64_t mark_bini(const builder *b) {
    const asset *base = bini_base(b);
    uint64_t mark = base ? content_mark_asset(1, base) : 1;
    for (size_t i = 0; i < b->assets.count; i++)
        if (is_bini_text(&b->assets.items[i])) mark = content_mark_asset(mark, &b->assets.items[i]);
    return mark_changes(mark, b->in->changes);
}

/* ── talk tables ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *language_of(const builder *b) { return content_names[b->slot] + 4; }

static const asset *talk_source(const builder *b, const char *format) {
    char name[64];
    snprintf(name, sizeof name, format, language_of(b));
    return asset_find(&b->assets, name);
}

static int read_talk(builder *b, const asset *base, const asset *own, buf *scratch) {
    fault why;
    int code = 0;
    if (base) {
        code = content_read_source(base, scratch, &why);
        if (code == 0) code = tlk_read(&b->p->talk, buf_bytes(scratch), &why);
        if (code < 0) return fault_set(b->f, code, "%s: %s", base->name, why.text);
        const char *name = arena_text(&b->p->names, base->name, strlen(base->name));
        for (uint32_t i = 0; i < b->p->talk.count; i++) b->p->talk.entries[i].origin = name;
    }
    if (own) {
        char *name = arena_text(&b->p->names, own->name, strlen(own->name));
        if (!name) return fault_set(b->f, E_MEMORY, "out of memory");
        code = content_read_source(own, scratch, b->f);
        if (code == 0) code = talk_read(&b->p->talk, name, buf_bytes(scratch), b->f);
    }
    return code < 0 ? code : talk_complete(&b->p->talk, language_of(b), b->f);
}

static int check_talk(const buf *file, fault *f) {
    tlk again;
    buf twice = {0};
    tlk_init(&again);
    int code = tlk_read(&again, buf_bytes(file), f);
    if (code == 0) code = tlk_write(&again, &twice, f);
    if (code == 0 && (twice.n != file->n || memcmp(twice.p, file->p, file->n) != 0))
        code = fault_set(f, E_PROTOCOL, "the built talk table does not read back as it was written");
    tlk_free(&again);
    buf_free(&twice);
    return code;
}

static int build_talk(builder *b) {
    const asset *base = talk_source(b, "game/tlk/%s.tlk"), *own = talk_source(b, "tlk/%s.txt");
    if (!base && !own) return 0;
    buf scratch = {0}, file = {0};
    int code = read_talk(b, base, own, &scratch);
    if (code == 0) code = tlk_write(&b->p->talk, &file, b->f);
    if (code == 0) code = check_talk(&file, b->f);
    if (code == 0) code = finish(b, buf_bytes(&file), &file);
    b->p->entries = b->p->talk.count;
    buf_free(&scratch), buf_free(&file);
    return code;
}

static uint64_t mark_talk(const builder *b) {
    const asset *base = talk_source(b, "game/tlk/%s.tlk"), *own = talk_source(b, "tlk/%s.txt");
    uint64_t mark = base ? content_mark_asset(2, base) : 2;
    return own ? content_mark_asset(mark, own) : mark;
}

/* ── a build ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static content_product *product_new(const char *name, change_list *changes) {
    content_product *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    atomic_init(&p->refs, 1);
    p->name = name;
    p->changes = change_list_hold(changes);
    coalesced_init(&p->bini);
    tlk_init(&p->talk);
    arena_init(&p->names, 0);
    return p;
}

static void take_over(builder *b) {
    content_product *p = b->last ? b->last->products[b->slot] : NULL;
    if (p) atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    b->now->products[b->slot] = p;
}

static void build_product(builder *b) {
    fault why = {0};
    int64_t since = clock_mono_us();
    b->f = &why;
    b->p = product_new(content_names[b->slot], b->slot == 0 ? b->in->changes : NULL);
    int code = !b->p ? fault_set(&why, E_MEMORY, "out of memory") : b->slot == 0 ? build_bini(b) : build_talk(b);
    if (code < 0) {
        bool kept = b->last && b->last->products[b->slot] && b->last->products[b->slot]->text;
        content_say(b->now, b->slot, true, "%s is not built: %s (%s)", content_names[b->slot], why.text,
                    kept ? "the last good one stays" : "games get none");
        product_drop(b->p);
        take_over(b);
        return;
    }
    b->p->took_us = clock_mono_us() - since;
    b->p->built_unix = (int64_t)time(NULL);
    b->now->products[b->slot] = b->p;
    b->now->rebuilt++;
    if (b->p->text)
        log_info("content", "%s built: %u entries, %zu bytes, packed %zu, %s, %lld ms", b->p->name, b->p->entries,
                 b->p->file_bytes, b->p->packed_bytes, b->p->hash, (long long)(b->p->took_us / 1000));
}

static void carry_messages(builder *b, unsigned slot) {
    for (const content_message *m = b->last ? b->last->messages[slot] : NULL; m; m = m->next)
        append_message(b->now, slot, m->bad, m->text);
}

static int list_sources(builder *b, fault *f) {
    char own[ASSET_PATH_MAX];
    int code = 0;
    if (b->in->data_dir && snprintf(own, sizeof own, "%s/assets", b->in->data_dir) < (int)sizeof own)
        code = asset_list_read(&b->assets, own, f);
    if (code == 0 && b->in->asset_dir) code = asset_list_read(&b->assets, b->in->asset_dir, f);
    return code;
}

content_set *content_build(const content_inputs *in, content_set *last, fault *f) {
    builder b = {.in = in, .last = last, .now = calloc(1, sizeof *b.now)};
    int code = b.now ? list_sources(&b, f) : fault_set(f, E_MEMORY, "out of memory");
    if (code < 0) {
        asset_list_free(&b.assets);
        free(b.now);
        return NULL;
    }
    atomic_init(&b.now->refs, 1);
    for (b.slot = 0; b.slot < CONTENT_PRODUCTS; b.slot++) {
        uint64_t mark = b.slot == 0 ? mark_bini(&b) : mark_talk(&b);
        b.now->tried[b.slot] = mark;
        if (last && last->tried[b.slot] == mark) {
            take_over(&b);
            carry_messages(&b, b.slot);
        } else {
            build_product(&b);
        }
        if (b.slot == 0 ? bini_base(&b) != NULL : talk_source(&b, "game/tlk/%s.tlk") != NULL) b.now->has_base = true;
    }
    for (size_t i = 0; i < b.assets.count; i++)
        if (is_bini_text(&b.assets.items[i])) b.now->has_base = true;
    content_build_images(b.now, &b.assets, in->data_dir, last ? last->pictures : 0);
    if (last && last->pictures == b.now->pictures) carry_messages(&b, CONTENT_PRODUCTS);
    asset_list_free(&b.assets);
    return b.now;
}
