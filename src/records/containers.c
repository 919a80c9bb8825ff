/* containers.c: lists and maps. One allocation each; entries are cells of 8 bytes whatever their type, so that a list
 * may change its element's width without a move and a map is an array of (key, value).
 *
 * Refs: each container remembers how many records of the kind it points to had been removed when it was last looked
 * through. While that number stands, nothing in it can be stale, and looking costs one comparison. */
#include "records/containers.h"

#include <string.h>

#include "records/internal.h"
#include "records/memory.h"

typedef struct container {
    uint32_t count, cap; /* entries */
    uint64_t removals;   /* of the kind pointed to, when last looked through */
    uint8_t cells[];     /* lists: 8 bytes an entry; maps: key and value, 16 bytes an entry */
} container;

typedef struct place {
    record_kind *kind;
    const record_field *field;
    uint32_t slot, width;
    void *cell; /* in the row: where the pointer to the container is */
    container *c;
} place;

static uint32_t width_of(const record_field *f) { return f->type == RECORD_MAP ? 16 : 8; }
static uint8_t *entry_at(const place *p, uint32_t at) { return p->c->cells + (size_t)at * p->width; }
static uint8_t *value_at(const place *p, uint32_t at) { return entry_at(p, at) + (p->width - 8); }

static container *load(const void *cell) {
    container *c;
    memcpy(&c, cell, sizeof c);
    return c;
}

static void save(place *p, container *c) {
    memcpy(p->cell, &c, sizeof c);
    p->c = c;
}

static void clear_entry(const record_field *f, uint8_t *entry) {
    if (f->type == RECORD_MAP) cell_clear(&f->key_cell, entry);
    cell_clear(&f->cell, entry + (width_of(f) - 8));
}

void container_free(const record_field *f, void *cell) {
    container *c = load(cell);
    if (!c) return;
    for (uint32_t i = 0; i < c->count; i++) clear_entry(f, c->cells + (size_t)i * width_of(f));
    memory_drop(c);
    memset(cell, 0, sizeof c);
}

/* The indexed key's index number, or -1. */
static int32_t index_of_key(const place *p, bytes key) {
    const record_field *f = p->field;
    for (int i = 0; i < f->indexed_count; i++) {
        if (strlen(f->indexed[i]) == key.n && !memcmp(f->indexed[i], key.p, key.n)) return f->first_index + i;
    }
    return -1;
}

static void take_out(place *p, uint32_t at) {
    if (p->field->indexed_count) {
        int32_t index = index_of_key(p, cell_load(&p->field->key_cell, entry_at(p, at)).text);
        if (index >= 0) row_reindex(p->kind, p->slot, (uint32_t)index, NULL);
    }
    clear_entry(p->field, entry_at(p, at));
    p->c->count--;
    memmove(entry_at(p, at), entry_at(p, at + 1), (size_t)(p->c->count - at) * p->width);
    if (!p->c->count) {
        memory_drop(p->c);
        save(p, NULL);
    }
}

/* Takes out refs to records that are gone. */
static void look_through(place *p) {
    if (!p->c || p->field->cell.type != RECORD_REF) return;
    const record_kind *target = records_kind_at(p->kind->all, p->field->cell.ref_kind);
    if (!target || p->c->removals == target->removals) return;
    p->c->removals = target->removals;
    for (uint32_t i = 0; p->c && i < p->c->count;) {
        value v = cell_load(&p->field->cell, value_at(p, i));
        if (v.kind == VALUE_REF && slab_get(&target->rows, v.ref.at))
            i++;
        else
            take_out(p, i);
    }
}

static int find_place(records *all, record_ref ref, uint32_t field, enum record_type type, place *p) {
    record_kind *k = records_kind_at(all, ref.kind);
    uint8_t *row = k ? slab_get(&k->rows, ref.at) : NULL;
    if (!row) return E_STALE;
    if (field >= k->layout.count || k->layout.fields[field].type != type) return E_TYPE;
    const record_field *f = &k->layout.fields[field];
    *p = (place){k, f, ref.at.slot, width_of(f), row + f->offset, load(row + f->offset)};
    look_through(p);
    return 0;
}

static int make_room(place *p, fault *why) {
    if (p->c && p->c->count >= p->field->count_max) {
        return fault_set(why, E_LIMIT, "%s: %u entries are the most it holds (its max)",
                         words_of(p->kind, p->field).text, p->field->count_max);
    }
    if (p->c && p->c->count < p->c->cap) return 0;
    uint32_t cap = p->c ? p->c->cap * 2 : p->field->count_max < 4 ? p->field->count_max : 4;
    container *c = memory_resize(p->c, sizeof *c + (size_t)cap * p->width);
    if (!c) return fault_set(why, E_MEMORY, "%s: out of memory", words_of(p->kind, p->field).text);
    if (!p->c) {
        const record_kind *target = records_kind_at(p->kind->all, p->field->cell.ref_kind);
        c->count = 0;
        c->removals = target ? target->removals : 0;
    }
    c->cap = cap;
    save(p, c);
    return 0;
}

/* A new container that got no entry after all goes again. */
static void give_up_room(place *p) {
    if (!p->c || p->c->count) return;
    memory_drop(p->c);
    save(p, NULL);
}

static int check(const place *p, const cell_type *t, value *v, fault *why) {
    int code = field_check(p->kind, p->field, t, v, why);
    if (code < 0) return code;
    if (v->kind == VALUE_REF && !record_alive(p->kind->all, v->ref)) {
        return fault_set(why, E_STALE, "%s: that %s is gone", words_of(p->kind, p->field).text,
                         records_kind_name(p->kind->all, v->ref.kind));
    }
    return 0;
}

int record_list_count(records *all, record_ref ref, uint32_t field) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    return code < 0 ? code : p.c ? (int)p.c->count : 0;
}

int record_list_get(records *all, record_ref ref, uint32_t field, uint32_t at, value *v) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    if (code < 0) return code;
    if (!p.c || at >= p.c->count) return E_NOT_FOUND;
    *v = cell_load(&p.field->cell, value_at(&p, at));
    return 0;
}

int record_list_add(records *all, record_ref ref, uint32_t field, value v, fault *why) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    if (code < 0) return code;
    if (v.kind == VALUE_NIL) v = (value){.kind = VALUE_OTHER, .text = {(const uint8_t *)"nil", 3}};
    if ((code = check(&p, &p.field->cell, &v, why)) < 0 || (code = make_room(&p, why)) < 0) return code;
    uint8_t *cell = value_at(&p, p.c->count);
    memset(cell, 0, 8);
    if (cell_store(&p.field->cell, cell, &v) < 0) {
        give_up_room(&p);
        return fault_set(why, E_MEMORY, "%s: out of memory", words_of(p.kind, p.field).text);
    }
    p.c->count++;
    return 0;
}

int record_list_set(records *all, record_ref ref, uint32_t field, uint32_t at, value v, fault *why) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    if (code < 0) return code;
    if (!p.c || at >= p.c->count) {
        return fault_set(why, E_NOT_FOUND, "%s: it has no entry %u", words_of(p.kind, p.field).text, at + 1);
    }
    if (v.kind == VALUE_NIL) v = (value){.kind = VALUE_OTHER, .text = {(const uint8_t *)"nil", 3}};
    if ((code = check(&p, &p.field->cell, &v, why)) < 0) return code;
    code = cell_store(&p.field->cell, value_at(&p, at), &v);
    return code < 0 ? fault_set(why, code, "%s: out of memory", words_of(p.kind, p.field).text) : 0;
}

int record_list_find(records *all, record_ref ref, uint32_t field, value v, fault *why) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    if (code < 0) return code;
    code = field_check(p.kind, p.field, &p.field->cell, &v, why);
    if (code == E_TYPE) return code;
    for (uint32_t i = 0; code == 0 && p.c && i < p.c->count; i++) {
        if (cell_equal(&p.field->cell, value_at(&p, i), &v)) return (int)i;
    }
    return E_NOT_FOUND;
}

int record_list_remove(records *all, record_ref ref, uint32_t field, uint32_t at) {
    place p;
    int code = find_place(all, ref, field, RECORD_LIST, &p);
    if (code < 0) return code;
    if (!p.c || at >= p.c->count) return E_NOT_FOUND;
    take_out(&p, at);
    return 0;
}

static int clear(records *all, record_ref ref, uint32_t field, enum record_type type) {
    place p;
    int code = find_place(all, ref, field, type, &p);
    if (code < 0) return code;
    while (p.c) take_out(&p, p.c->count - 1);
    return 0;
}

int record_list_clear(records *all, record_ref ref, uint32_t field) { return clear(all, ref, field, RECORD_LIST); }
int record_map_clear(records *all, record_ref ref, uint32_t field) { return clear(all, ref, field, RECORD_MAP); }

static int order(const cell_type *t, const uint8_t *entry, const value *key) {
    value have = cell_load(t, entry);
    if (have.kind == VALUE_TEXT) return bytes_order(have.text, key->text);
    return (have.integer > key->integer) - (have.integer < key->integer);
}

/* The first entry whose key is not below `key`; *same tells whether it is that key. */
static uint32_t search(const place *p, const value *key, bool *same) {
    uint32_t low = 0, high = p->c ? p->c->count : 0;
    *same = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int o = order(&p->field->key_cell, entry_at(p, middle), key);
        if (o == 0) *same = true;
        if (o < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int record_map_get(records *all, record_ref ref, uint32_t field, value key, value *v, fault *why) {
    place p;
    bool same;
    *v = value_nil();
    int code = find_place(all, ref, field, RECORD_MAP, &p);
    if (code < 0) return code;
    code = check(&p, &p.field->key_cell, &key, why);
    if (code < 0) return code == E_LIMIT ? 0 : code;
    uint32_t at = search(&p, &key, &same);
    if (same) *v = cell_load(&p.field->cell, value_at(&p, at));
    return 0;
}

/* A value is stored before its index knows it; where the index has no memory the old one comes back. */
static int store_value(place *p, uint32_t at, const value *key, const value *v) {
    uint8_t kept[8], *cell = value_at(p, at);
    if (cell_equal(&p->field->cell, cell, v)) {
        int32_t same = p->field->indexed_count ? index_of_key(p, key->text) : -1;
        if (same < 0 || row_place(p->kind, row_at(&p->kind->rows, p->slot), (uint32_t)same)->posting) return 0;
    }
    memcpy(kept, cell, 8);
    memset(cell, 0, 8);
    int code = cell_store(&p->field->cell, cell, v);
    int32_t index = p->field->indexed_count ? index_of_key(p, key->text) : -1;
    if (code == 0 && index >= 0) code = row_reindex(p->kind, p->slot, (uint32_t)index, v);
    if (code == 0) {
        cell_clear(&p->field->cell, kept);
    } else {
        cell_clear(&p->field->cell, cell);
        memcpy(cell, kept, 8);
    }
    return code;
}

static int insert_key(place *p, uint32_t at, const value *key, fault *why) {
    int code = make_room(p, why);
    if (code < 0) return code;
    uint8_t cell[8] = {0};
    if (cell_store(&p->field->key_cell, cell, key) < 0) {
        give_up_room(p);
        return fault_set(why, E_MEMORY, "%s: out of memory", words_of(p->kind, p->field).text);
    }
    memmove(entry_at(p, at + 1), entry_at(p, at), (size_t)(p->c->count - at) * p->width);
    memcpy(entry_at(p, at), cell, 8);
    memset(value_at(p, at), 0, 8);
    p->c->count++;
    return 0;
}

int record_map_set(records *all, record_ref ref, uint32_t field, value key, value v, fault *why) {
    place p;
    bool same;
    int code = find_place(all, ref, field, RECORD_MAP, &p);
    if (code < 0 || (code = check(&p, &p.field->key_cell, &key, why)) < 0) return code;
    uint32_t at = search(&p, &key, &same);
    if (v.kind == VALUE_NIL) {
        if (same) take_out(&p, at);
        return 0;
    }
    if ((code = check(&p, &p.field->cell, &v, why)) < 0) return code;
    if (!same && (code = insert_key(&p, at, &key, why)) < 0) return code;
    code = store_value(&p, at, &key, &v);
    if (code < 0 && !same) take_out(&p, at);
    return code < 0 ? fault_set(why, code, "%s: out of memory", words_of(p.kind, p.field).text) : 0;
}

int record_map_next(records *all, record_ref ref, uint32_t field, const value *after, value *key, value *v) {
    place p;
    bool same = false;
    int code = find_place(all, ref, field, RECORD_MAP, &p);
    if (code < 0) return code;
    value from = after ? *after : value_nil();
    if (after && (code = check(&p, &p.field->key_cell, &from, NULL)) < 0) return code;
    uint32_t at = after ? search(&p, &from, &same) + same : 0;
    if (!p.c || at >= p.c->count) return 0;
    *key = cell_load(&p.field->key_cell, entry_at(&p, at));
    *v = cell_load(&p.field->cell, value_at(&p, at));
    return 1;
}

int record_map_get_at(records *all, record_ref ref, uint32_t field, uint32_t at, value *key, value *v) {
    place p;
    int code = find_place(all, ref, field, RECORD_MAP, &p);
    if (code < 0 || !p.c || at >= p.c->count) return code < 0 ? code : 0;
    *key = cell_load(&p.field->key_cell, entry_at(&p, at));
    *v = cell_load(&p.field->cell, value_at(&p, at));
    return 1;
}

int record_map_count(records *all, record_ref ref, uint32_t field) {
    place p;
    int code = find_place(all, ref, field, RECORD_MAP, &p);
    return code < 0 ? code : p.c ? (int)p.c->count : 0;
}

int container_indexed_values(const record_field *f, const void *cell, container_indexed fn, void *context) {
    const container *c = load(cell);
    int code = 0;
    for (uint32_t i = 0; c && i < c->count && code == 0; i++) {
        const uint8_t *entry = c->cells + (size_t)i * 16;
        bytes key = cell_load(&f->key_cell, entry).text;
        for (int k = 0; k < f->indexed_count && code == 0; k++) {
            if (strlen(f->indexed[k]) != key.n || memcmp(f->indexed[k], key.p, key.n) != 0) continue;
            value v = cell_load(&f->cell, entry + 8);
            code = fn(context, (uint32_t)(f->first_index + k), &v);
        }
    }
    return code;
}
