/* records.c: kinds, and the life and fields of records. Walks: walk.c. Layout changes: migrate.c. Lists, maps:
 * containers.c.
 *
 * A row is a slab slot: cells, the places in the indexes, a serial number (which of two records is the older). All that
 * can fail is done before anything is visible: a record either exists with its key and all its indexes, or not at all.
 */
#include "records/records.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "records/containers.h"
#include "records/internal.h"
#include "records/memory.h"

records *records_new(fault *f) {
    records *all = memory_zeroed(sizeof *all);
    if (!all) fault_set(f, E_MEMORY, "records: out of memory");
    return all;
}

void records_free(records *all) {
    if (!all) return;
    for (uint32_t i = 0; i < all->count; i++) {
        record_kind *k = all->kinds[i];
        for (uint32_t s = 0; s < k->rows.slots; s++) {
            if (slab_at(&k->rows, s).generation) row_release(&k->layout, row_at(&k->rows, s));
        }
        kind_free_indexes(k->indexes, k->layout.index_count);
        ids_free(&k->keys);
        slab_free(&k->rows);
        layout_free(&k->layout);
        memory_drop(k);
    }
    memory_drop(all);
}

record_kind *records_kind(const records *all, const char *name) {
    for (uint32_t i = 0; i < all->count; i++) {
        if (!strcmp(all->kinds[i]->name, name)) return all->kinds[i];
    }
    return NULL;
}

record_kind *records_kind_at(const records *all, uint32_t id) {
    return id - 1 < all->count ? all->kinds[id - 1] : NULL;
}

uint32_t records_kinds(const records *all) { return all->count; }

const char *records_kind_name(const void *all, uint32_t kind) {
    record_kind *k = records_kind_at(all, kind);
    return k ? k->name : "record";
}

void records_limit(record_kind *kind, uint32_t limit) { kind->limit = limit; }

int32_t record_field_named(const record_kind *kind, const char *name) { return layout_field(&kind->layout, name); }

int kind_new(records *all, const char *name, record_kind **kind, fault *f) {
    if (!record_name_good(name)) return fault_set(f, E_ARGUMENT, "'%.60s' is no name for a kind of record", name);
    if (all->count == RECORD_KINDS_MAX) return fault_set(f, E_LIMIT, "more than %d kinds of record", RECORD_KINDS_MAX);
    record_kind *k = memory_zeroed(sizeof *k);
    if (!k) return fault_set(f, E_MEMORY, "%s: out of memory", name);
    snprintf(k->name, sizeof k->name, "%s", name);
    k->all = all;
    k->limit = RECORD_RECORDS_MAX;
    k->version = 1;
    int code = layout_build(&k->layout, name, NULL, 0, NULL, NULL, f);
    if (code < 0) {
        memory_drop(k);
        return code;
    }
    slab_init(&k->rows, k->layout.row_size);
    all->kinds[all->count++] = k;
    k->id = all->count;
    *kind = k;
    return 0;
}

static uint32_t ref_by_name(void *all, const char *name) {
    record_kind *k = records_kind(all, name);
    return k ? k->id : 0;
}

record_kind *records_kind_builtin(records *all, const char *name, const record_field *fields, uint32_t count,
                                  fault *f) {
    if (records_kind(all, name)) {
        fault_set(f, E_EXISTS, "%s: this kind of record is there already", name);
        return NULL;
    }
    record_decl decl = {.fields = NULL};
    snprintf(decl.name, sizeof decl.name, "%s", name);
    record_kind *k = NULL;
    layout made = {.key = -1};
    record_index *indexes = NULL;
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        record_field field = fields[i];
        field.flags |= FIELD_BUILTIN;
        code = record_declare_field(&decl, &field, f);
    }
    if (code == 0) code = kind_new(all, name, &k, f); /* first, because its fields may point to its own kind */
    if (code == 0) code = layout_build(&made, name, decl.fields, decl.count, ref_by_name, all, f);
    if (code == 0) code = kind_make_indexes(k, &made, &indexes, f);
    record_decl_free(&decl);
    if (code < 0) {
        layout_free(&made);
        if (!k) return NULL;
        all->count--; /* it was the last */
        layout_free(&k->layout);
        memory_drop(k);
        return NULL;
    }
    layout_free(&k->layout);
    k->layout = made;
    k->indexes = indexes;
    slab_init(&k->rows, made.row_size);
    k->builtin = k->declared = true;
    k->builtin_count = count;
    return k;
}

int kind_make_indexes(record_kind *kind, const layout *l, record_index **made, fault *f) {
    *made = NULL;
    if (!l->index_count) return 0;
    *made = memory_get(l->index_count * sizeof **made);
    if (!*made) return fault_set(f, E_MEMORY, "%s: out of memory", kind->name);
    for (uint32_t i = 0; i < l->index_count; i++) {
        index_init(&(*made)[i], &kind->rows, l->places_offset + i * (uint32_t)sizeof(index_place));
    }
    return 0;
}

void kind_free_indexes(record_index *indexes, uint32_t count) {
    for (uint32_t i = 0; indexes && i < count; i++) index_free(&indexes[i]);
    memory_drop(indexes);
}

field_words words_of(const record_kind *kind, const record_field *f) {
    field_words w;
    snprintf(w.text, sizeof w.text, "%s.%s", kind->name, f->name);
    return w;
}

int field_check(const record_kind *kind, const record_field *f, const cell_type *t, value *v, fault *why) {
    if (cell_fits(t, v)) return 0;
    return cell_check(t, v, words_of(kind, f).text, records_kind_name, kind->all, why);
}

uint32_t key_hash(const value *v) {
    return v->kind == VALUE_TEXT ? ids_hash_bytes(v->text.p, v->text.n, 0) : ids_hash_integer((uint64_t)v->integer);
}

static uint32_t find_key(record_kind *k, const value *v) {
    const record_field *f = &k->layout.fields[k->layout.key];
    uint32_t hash = key_hash(v), at = 0, slot;
    while ((slot = ids_next(&k->keys, hash, &at)) != IDS_NONE) {
        if (cell_equal(&f->cell, row_at(&k->rows, slot) + f->offset, v)) return slot;
    }
    return IDS_NONE;
}

int record_find(record_kind *k, value key, record_ref *ref) {
    if (k->layout.key < 0) return E_NOT_FOUND;
    const record_field *f = &k->layout.fields[k->layout.key];
    if (cell_check(&f->cell, &key, "", records_kind_name, k->all, NULL) < 0) return E_NOT_FOUND;
    uint32_t slot = find_key(k, &key);
    if (slot == IDS_NONE) return E_NOT_FOUND;
    *ref = (record_ref){k->id, slab_at(&k->rows, slot)};
    return 0;
}

void row_release(const layout *l, uint8_t *row) {
    for (uint32_t i = 0; i < l->count; i++) {
        const record_field *f = &l->fields[i];
        if (f->type >= RECORD_LIST)
            container_free(f, row + f->offset);
        else
            cell_clear(&f->cell, row + f->offset);
    }
}

int row_reindex(record_kind *k, uint32_t slot, uint32_t index, const value *fresh) {
    index_place *place = row_place(k, row_at(&k->rows, slot), index), old = *place, now = {0, 0};
    if (fresh) {
        /* While the row stands in two postings, its place is the new one: only that posting can be made tight by this.
         */
        int code = index_add(&k->indexes[index], fresh, slot, &now);
        if (code < 0) return code;
        old = *place;
    }
    *place = now;
    index_remove(&k->indexes[index], old);
    return 0;
}

static int join_one(void *context, uint32_t index, const value *v) {
    struct {
        record_kind *kind;
        uint32_t slot;
    } *at = context;
    return row_reindex(at->kind, at->slot, index, v);
}

int row_join_indexes(record_kind *k, uint32_t slot) {
    uint8_t *row = row_at(&k->rows, slot);
    int code = 0;
    for (uint32_t i = 0; i < k->layout.count && code == 0; i++) {
        const record_field *f = &k->layout.fields[i];
        if (f->first_index < 0) continue;
        struct {
            record_kind *kind;
            uint32_t slot;
        } at = {k, slot};
        if (f->type == RECORD_MAP) {
            code = container_indexed_values(f, row + f->offset, join_one, &at);
            continue;
        }
        value v = cell_load(&f->cell, row + f->offset);
        code = row_reindex(k, slot, (uint32_t)f->first_index, &v);
    }
    if (code < 0) row_leave_indexes(k, slot);
    return code;
}

void row_leave_indexes(record_kind *k, uint32_t slot) {
    uint8_t *row = row_at(&k->rows, slot);
    for (uint32_t i = 0; i < k->layout.index_count; i++) {
        index_place *place = row_place(k, row, i);
        index_remove(&k->indexes[i], *place);
        *place = (index_place){0, 0};
    }
}

value field_default(const record_field *f) {
    switch ((enum record_type)f->type) {
    case RECORD_STRING:
    case RECORD_BLOB: return value_text((bytes){f->default_text, f->default_text_n});
    case RECORD_NUMBER: return value_number(f->default_number);
    case RECORD_BOOL: return value_boolean(f->default_integer != 0);
    case RECORD_REF: return value_nil();
    default: return value_integer(f->default_integer);
    }
}

/* The next number of an `auto` field; of a key, the next that is free. */
static int count_up(record_kind *k, uint32_t field, value *v, fault *why) {
    const record_field *f = &k->layout.fields[field];
    int64_t low, high;
    type_range(f->type, &low, &high);
    for (uint64_t tries = 0; tries <= k->rows.used; tries++) {
        int64_t last = k->counters[field];
        *v = value_integer(last >= 1 && last < high ? last + 1 : 1);
        k->counters[field] = v->integer;
        if ((int32_t)field != k->layout.key || find_key(k, v) == IDS_NONE) return 0;
    }
    return fault_set(why, E_LIMIT, "%s.%s: all numbers are in use", k->name, f->name);
}

static int fill_row(record_kind *k, uint8_t *row, const record_init *init, uint32_t count, fault *why) {
    bool given[RECORD_FIELDS_MAX] = {false};
    for (uint32_t i = 0; i < count; i++) {
        if (init[i].field >= k->layout.count)
            return fault_set(why, E_NOT_FOUND, "%s: no field of that number", k->name);
        const record_field *f = &k->layout.fields[init[i].field];
        value v = init[i].v;
        if (f->type >= RECORD_LIST)
            return fault_set(why, E_TYPE, "%s.%s: a %s is filled after creation", k->name, f->name,
                             record_type_name(f->type));
        int code = field_check(k, f, &f->cell, &v, why);
        if (code < 0) return code;
        given[init[i].field] = true;
        if (cell_store(&f->cell, row + f->offset, &v) < 0)
            return fault_set(why, E_MEMORY, "%s: out of memory", k->name);
    }
    for (uint32_t i = 0; i < k->layout.count; i++) {
        const record_field *f = &k->layout.fields[i];
        if (given[i] || f->type >= RECORD_LIST) continue;
        value v = field_default(f);
        int code = f->flags & FIELD_AUTO ? count_up(k, i, &v, why) : 0;
        if (code == 0 && (int32_t)i == k->layout.key && !(f->flags & FIELD_AUTO)) {
            return fault_set(why, E_ARGUMENT, "%s: a new one needs its key '%s'", k->name, f->name);
        }
        if (code == 0) code = cell_store(&f->cell, row + f->offset, &v);
        if (code < 0) return why->code ? code : fault_set(why, code, "%s: out of memory", k->name);
    }
    return 0;
}

static int join_keys(record_kind *k, uint32_t slot, fault *why) {
    if (k->layout.key < 0) return 0;
    const record_field *f = &k->layout.fields[k->layout.key];
    value v = cell_load(&f->cell, row_at(&k->rows, slot) + f->offset);
    if (find_key(k, &v) != IDS_NONE) {
        if (v.kind == VALUE_INTEGER) {
            return fault_set(why, E_EXISTS, "there is a %s with %s %lld already", k->name, f->name,
                             (long long)v.integer);
        }
        return fault_set(why, E_EXISTS, "there is a %s with %s '%.*s' already", k->name, f->name,
                         (int)(v.text.n < 100 ? v.text.n : 100), (const char *)v.text.p);
    }
    if (ids_add(&k->keys, key_hash(&v), slot) < 0) return fault_set(why, E_MEMORY, "%s: out of memory", k->name);
    return 0;
}

static void leave_keys(record_kind *k, uint32_t slot) {
    if (k->layout.key < 0) return;
    const record_field *f = &k->layout.fields[k->layout.key];
    value v = cell_load(&f->cell, row_at(&k->rows, slot) + f->offset);
    ids_remove(&k->keys, key_hash(&v), slot);
}

int record_create(record_kind *k, const record_init *init, uint32_t count, record_ref *ref, fault *why) {
    fault own;
    if (!why) why = &own;
    why->code = 0;
    if (k->rows.used >= k->limit)
        return fault_set(why, E_LIMIT, "%s: %u records are the most there may be", k->name, k->limit);
    handle at = slab_add(&k->rows);
    uint8_t *row = slab_get(&k->rows, at);
    if (!row) return fault_set(why, E_MEMORY, "%s: out of memory", k->name);
    int code = fill_row(k, row, init, count, why);
    if (code < 0) goto drop_row;
    code = join_keys(k, at.slot, why);
    if (code < 0) goto drop_row;
    code = row_join_indexes(k, at.slot);
    if (code < 0) {
        fault_set(why, code, "%s: out of memory", k->name);
        goto drop_key;
    }
    uint32_t serial = k->next_serial++;
    memcpy(row + k->layout.serial_offset, &serial, sizeof serial);
    *ref = (record_ref){k->id, at};
    return 0;

drop_key:
    leave_keys(k, at.slot);
drop_row:
    row_release(&k->layout, row);
    slab_remove(&k->rows, at);
    return code;
}

bool record_alive(const records *all, record_ref ref) {
    record_kind *k = records_kind_at(all, ref.kind);
    return k && slab_get(&k->rows, ref.at);
}

int records_on_remove(records *all, record_removed fn, void *context) {
    if (all->removed_count == sizeof all->removed / sizeof *all->removed) return E_LIMIT;
    all->removed[all->removed_count].fn = fn;
    all->removed[all->removed_count++].context = context;
    return 0;
}

int record_remove(records *all, record_ref ref) {
    record_kind *k = records_kind_at(all, ref.kind);
    if (!k || !slab_get(&k->rows, ref.at)) return E_STALE;
    for (uint32_t i = 0; i < all->removed_count; i++) all->removed[i].fn(all->removed[i].context, ref);
    uint8_t *row = slab_get(&k->rows, ref.at);
    if (!expect(row)) return E_STALE;
    row_leave_indexes(k, ref.at.slot);
    leave_keys(k, ref.at.slot);
    row_release(&k->layout, row);
    slab_remove(&k->rows, ref.at);
    k->removals++;
    return 0;
}

void kind_clear(record_kind *kind) {
    for (uint32_t s = 0; s < kind->rows.slots; s++) {
        handle at = slab_at(&kind->rows, s);
        if (at.generation) record_remove(kind->all, (record_ref){kind->id, at});
    }
}

value record_get(const records *all, record_ref ref, uint32_t field) {
    record_kind *k = records_kind_at(all, ref.kind);
    const uint8_t *row = k ? slab_get(&k->rows, ref.at) : NULL;
    if (!row || field >= k->layout.count) return value_nil();
    const record_field *f = &k->layout.fields[field];
    if (f->type >= RECORD_LIST) return value_nil();
    value v = cell_load(&f->cell, row + f->offset);
    return v.kind == VALUE_REF && !record_alive(all, v.ref) ? value_nil() : v;
}

int record_set(records *all, record_ref ref, uint32_t field, value v, fault *why) {
    record_kind *k = records_kind_at(all, ref.kind);
    uint8_t *row = k ? slab_get(&k->rows, ref.at) : NULL;
    if (!row) return fault_set(why, E_STALE, "%s: this record is gone", records_kind_name(all, ref.kind));
    if (field >= k->layout.count) return fault_set(why, E_NOT_FOUND, "%s: no field of that number", k->name);
    const record_field *f = &k->layout.fields[field];
    if (f->type >= RECORD_LIST) {
        return fault_set(why, E_TYPE, "%s.%s: a %s is changed entry by entry", k->name, f->name,
                         record_type_name(f->type));
    }
    if (f->flags & FIELD_KEY)
        return fault_set(why, E_TYPE, "%s.%s: the key of a record does not change", k->name, f->name);
    int code = field_check(k, f, &f->cell, &v, why);
    if (code < 0) return code;
    if (f->first_index < 0) {
        code = cell_store(&f->cell, row + f->offset, &v);
        return code < 0 ? fault_set(why, code, "%s: out of memory", k->name) : 0;
    }
    if (cell_equal(&f->cell, row + f->offset, &v)) return 0;
    value old = cell_load(&f->cell, row + f->offset);
    counted_text *keep = NULL;
    if (old.kind == VALUE_TEXT && f->type == RECORD_STRING)
        memcpy(&keep, row + f->offset, sizeof keep), text_hold(keep);
    code = cell_store(&f->cell, row + f->offset, &v);
    if (code == 0 && (code = row_reindex(k, ref.at.slot, (uint32_t)f->first_index, &v)) < 0) {
        cell_clear(&f->cell, row + f->offset); /* back to the old value, without allocating */
        if (f->type == RECORD_STRING)
            memcpy(row + f->offset, &keep, sizeof keep), text_hold(keep);
        else
            cell_store(&f->cell, row + f->offset, &old);
    }
    text_drop(keep);
    return code < 0 ? fault_set(why, code, "%s: out of memory", k->name) : 0;
}
