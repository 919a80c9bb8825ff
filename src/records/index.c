/* index.c: postings, their tightening, and the walk that owns nothing (see index.h). */
#include "records/index.h"

#include <string.h>

#include "records/memory.h"

#define HOLE UINT32_MAX

index_place *index_place_of(const slab *rows, uint32_t slot, uint32_t place_offset) {
    return (index_place *)(void *)(rows->pages[slot / SLAB_PAGE] + slot % SLAB_PAGE * rows->size + place_offset);
}

void index_init(record_index *x, slab *rows, uint32_t place_offset) {
    *x = (record_index){.rows = rows, .place_offset = place_offset};
    slab_init(&x->postings, sizeof(posting));
}

static index_entry *entries_of(posting *p) { return p->cap > 1 ? p->many : &p->one; }

static void posting_free(posting *p) {
    if (p->cap > 1) memory_drop(p->many);
    if (p->kind == VALUE_TEXT) text_drop(p->text);
}

void index_free(record_index *x) {
    for (uint32_t i = 0; i < x->postings.slots; i++) {
        posting *p = slab_get(&x->postings, slab_at(&x->postings, i));
        if (p) posting_free(p);
    }
    slab_free(&x->postings);
    ids_free(&x->values);
}

static uint32_t hash_of(const value *v) {
    switch (v->kind) {
    case VALUE_TEXT: return ids_hash_bytes(v->text.p, v->text.n, 0);
    case VALUE_REF: return ids_hash_integer((uint64_t)v->ref.at.generation << 32 | v->ref.at.slot);
    case VALUE_BOOLEAN: return ids_hash_integer(v->boolean);
    case VALUE_INTEGER: return ids_hash_integer((uint64_t)v->integer);
    default: return 0; /* nil: the refs to nothing */
    }
}

static bool holds(const posting *p, const value *v) {
    if (p->kind != v->kind) return false;
    switch (v->kind) {
    case VALUE_TEXT: return bytes_order(text_bytes(p->text), v->text) == 0;
    case VALUE_REF: return handle_same(p->ref.at, v->ref.at);
    case VALUE_BOOLEAN: return p->integer == v->boolean;
    case VALUE_INTEGER: return p->integer == v->integer;
    default: return true;
    }
}

static handle find(record_index *x, const value *v, uint32_t hash) {
    uint32_t at = 0, id;
    while ((id = ids_next(&x->values, hash, &at)) != IDS_NONE) {
        handle h = slab_at(&x->postings, id);
        x->steps++;
        if (holds(slab_get(&x->postings, h), v)) return h;
    }
    return (handle){0, 0};
}

handle index_find(record_index *x, const value *v) { return find(x, v, hash_of(v)); }

uint32_t index_live(const record_index *x, handle h) {
    const posting *p = slab_get(&x->postings, h);
    return p ? p->live : 0;
}

static handle new_posting(record_index *x, const value *v, uint32_t hash) {
    handle none = {0, 0}, h = slab_add(&x->postings);
    posting *p = slab_get(&x->postings, h);
    if (!p) return none;
    p->hash = hash;
    p->cap = 1;
    p->kind = v->kind;
    bool failed = false;
    if (v->kind == VALUE_TEXT) p->text = text_new(v->text, &failed);
    if (v->kind == VALUE_REF) p->ref = v->ref;
    if (v->kind == VALUE_BOOLEAN) p->integer = v->boolean;
    if (v->kind == VALUE_INTEGER) p->integer = v->integer;
    if (failed || ids_add(&x->values, hash, h.slot) < 0) {
        posting_free(p);
        slab_remove(&x->postings, h);
        return none;
    }
    return h;
}

/* Closes the holes. Numbers stay as they are, so walks find their place again by number. */
static void tighten(record_index *x, posting *p) {
    index_entry *e = entries_of(p);
    uint32_t to = 0;
    for (uint32_t i = p->head; i < p->used; i++) {
        if (e[i].slot == HOLE) continue;
        e[to] = e[i];
        index_place_of(x->rows, e[to].slot, x->place_offset)->at = to;
        to++;
    }
    x->steps += p->used - p->head;
    p->head = 0;
    p->used = to;
    p->epoch++;
}

static void shrink(posting *p) {
    uint32_t cap = p->cap / 4;
    if (p->cap < 64 || p->used > cap / 2) return;
    index_entry *less = memory_resize(p->many, cap * sizeof *less);
    if (!less) return;
    p->many = less;
    p->cap = cap;
}

static int make_room(record_index *x, posting *p) {
    if (p->used < p->cap) return 0;
    if (p->live <= p->used / 2) {
        tighten(x, p);
        return 0;
    }
    uint32_t cap = p->cap == 1 ? 4 : p->cap * 2;
    index_entry *more = cap < UINT32_MAX / 16 ? memory_resize(p->cap > 1 ? p->many : NULL, cap * sizeof *more) : NULL;
    if (!more) return E_MEMORY;
    if (p->cap == 1) more[0] = p->one;
    p->many = more;
    p->cap = cap;
    return 0;
}

/* After 2^32 additions to one value the numbers start again; a walk that stands over this moment may end early. */
static void renumber(record_index *x, posting *p) {
    tighten(x, p);
    index_entry *e = entries_of(p);
    for (uint32_t i = 0; i < p->used; i++) e[i].number = i;
    p->next_number = p->used;
}

int index_add(record_index *x, const value *v, uint32_t slot, index_place *place) {
    uint32_t hash = hash_of(v);
    handle h = find(x, v, hash);
    if (!h.generation) h = new_posting(x, v, hash);
    posting *p = slab_get(&x->postings, h);
    if (!p || make_room(x, p) < 0) return E_MEMORY; /* a new posting has room for one: nothing to undo */
    if (p->next_number == UINT32_MAX) renumber(x, p);
    *place = (index_place){h.slot + 1, p->used};
    entries_of(p)[p->used++] = (index_entry){slot, p->next_number++};
    p->live++;
    return 0;
}

void index_remove(record_index *x, index_place place) {
    if (!place.posting) return;
    handle h = slab_at(&x->postings, place.posting - 1);
    posting *p = slab_get(&x->postings, h);
    if (!p) return;
    index_entry *e = entries_of(p);
    e[place.at].slot = HOLE;
    if (--p->live == 0) {
        ids_remove(&x->values, p->hash, h.slot);
        posting_free(p);
        slab_remove(&x->postings, h);
        return;
    }
    while (p->head < p->used && e[p->head].slot == HOLE) p->head++, x->steps++;
    if (p->used > 16 && p->live < p->used / 4) {
        tighten(x, p);
        shrink(p);
    }
}

void index_begin(const record_index *x, handle h, index_walk *w) {
    const posting *p = slab_get(&x->postings, h);
    *w = (index_walk){.posting = h};
    if (p) *w = (index_walk){h, p->head, p->epoch, 0, p->next_number};
}

bool index_next(record_index *x, index_walk *w, uint32_t *slot) {
    posting *p = slab_get(&x->postings, w->posting);
    if (!p) return false;
    index_entry *e = entries_of(p);
    if (w->epoch != p->epoch) { /* made tight since: find the first entry not yet seen */
        uint32_t low = 0, high = p->used;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (e[middle].number < w->seen)
                low = middle + 1;
            else
                high = middle;
            x->steps++;
        }
        w->at = low;
        w->epoch = p->epoch;
    }
    if (w->at < p->head) w->at = p->head;
    for (; w->at < p->used && e[w->at].number < w->limit; w->at++) {
        x->steps++;
        if (e[w->at].slot == HOLE) continue;
        *slot = e[w->at].slot;
        w->seen = e[w->at].number + 1;
        w->at++;
        return true;
    }
    return false;
}
