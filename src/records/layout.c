/* layout.c: checking declarations, placing fields, comparing two layouts.
 *
 * Places: cells of 8 bytes first, then the places in the indexes, then 4, 2, 1: nothing needs padding but the row's
 * end. Nothing here touches a record. */
#include "records/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records/memory.h"

bool record_name_good(const char *name) {
    size_t n = strlen(name);
    if (!n || n > RECORD_NAME_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9')) return false;
    }
    return true;
}

static bool is_text(uint8_t type) { return type == RECORD_STRING || type == RECORD_BLOB; }
static bool is_scalar(uint8_t type) { return type > RECORD_NONE && type < RECORD_LIST; }
static bool can_index(uint8_t type) { return is_scalar(type) && type != RECORD_NUMBER && type != RECORD_BLOB; }

static int check_default(const char *kind, const record_field *f, fault *why) {
    int64_t low, high;
    if (!type_is_integer(f->type)) return 0;
    type_range(f->type, &low, &high);
    if (f->default_integer >= low && f->default_integer <= high) return 0;
    return fault_set(why, E_LIMIT, "%s.%s: the default %lld does not fit %s", kind, f->name,
                     (long long)f->default_integer, record_type_name(f->type));
}

static int check_container(const char *kind, const record_field *f, fault *why) {
    if (!is_scalar(f->element))
        return fault_set(why, E_ARGUMENT, "%s.%s: a list or map holds single values only", kind, f->name);
    if (f->count_max < 1 || f->count_max > RECORD_COUNT_MAX) {
        return fault_set(why, E_LIMIT, "%s.%s: needs a max of 1 to %d entries", kind, f->name, RECORD_COUNT_MAX);
    }
    if (f->flags & (FIELD_KEY | FIELD_INDEX | FIELD_AUTO)) {
        return fault_set(why, E_ARGUMENT, "%s.%s: a list or map can be neither key, index nor auto", kind, f->name);
    }
    if (f->type == RECORD_MAP && f->key_type != RECORD_STRING && f->key_type != RECORD_I64) {
        return fault_set(why, E_ARGUMENT, "%s.%s: keys of a map are strings or integers", kind, f->name);
    }
    if (f->indexed_count && (f->key_type != RECORD_STRING || !can_index(f->element))) {
        return fault_set(why, E_ARGUMENT, "%s.%s: only string keys with plain values can be indexed", kind, f->name);
    }
    return 0;
}

static int check_field(const char *kind, const record_field *f, fault *why) {
    if (!record_name_good(f->name)) {
        return fault_set(why, E_ARGUMENT, "%s: '%.60s' is no name for a field (letters, digits, _; at most %d)", kind,
                         f->name, RECORD_NAME_MAX);
    }
    if (f->max > RECORD_TEXT_MAX) {
        return fault_set(why, E_LIMIT, "%s.%s: max %u is above %d", kind, f->name, f->max, RECORD_TEXT_MAX);
    }
    bool container = f->type == RECORD_LIST || f->type == RECORD_MAP;
    if ((container ? f->element : f->type) == RECORD_REF && !record_name_good(f->ref_name)) {
        return fault_set(why, E_ARGUMENT, "%s.%s: a ref needs the name of a kind", kind, f->name);
    }
    if (container) return check_container(kind, f, why);
    if (!is_scalar(f->type)) return fault_set(why, E_ARGUMENT, "%s.%s: has no type", kind, f->name);
    if ((f->flags & FIELD_KEY) && !type_is_integer(f->type) && f->type != RECORD_STRING) {
        return fault_set(why, E_ARGUMENT, "%s.%s: a key is an integer or a string", kind, f->name);
    }
    if ((f->flags & FIELD_INDEX) && !can_index(f->type)) {
        return fault_set(why, E_ARGUMENT, "%s.%s: a %s cannot be indexed", kind, f->name, record_type_name(f->type));
    }
    if ((f->flags & FIELD_AUTO) && !type_is_integer(f->type)) {
        return fault_set(why, E_ARGUMENT, "%s.%s: only an integer can be auto", kind, f->name);
    }
    return check_default(kind, f, why);
}

int record_declare_field(record_decl *d, const record_field *f, fault *why) {
    int code = check_field(d->name, f, why);
    if (code < 0) return code;
    for (uint32_t i = 0; i < d->count; i++) {
        if (!strcmp(d->fields[i].name, f->name))
            return fault_set(why, E_EXISTS, "%s.%s is declared twice", d->name, f->name);
    }
    if (d->count == RECORD_FIELDS_MAX)
        return fault_set(why, E_LIMIT, "%s: more than %d fields", d->name, RECORD_FIELDS_MAX);
    record_field *more = memory_resize(d->fields, (d->count + 1) * sizeof *more);
    if (!more) return fault_set(why, E_MEMORY, "%s: out of memory", d->name);
    d->fields = more;
    d->fields[d->count++] = *f;
    return 0;
}

void record_decl_free(record_decl *d) {
    memory_drop(d->fields);
    d->fields = NULL;
    d->count = 0;
}

static uint32_t usual_max(uint8_t type, uint32_t max) {
    return max ? max : type == RECORD_BLOB ? RECORD_BLOB_MAX : RECORD_STRING_MAX;
}

static void fill_cells(record_field *f, ref_finder find, void *context) {
    bool container = f->type == RECORD_LIST || f->type == RECORD_MAP;
    f->cell = (cell_type){.type = container ? f->element : f->type};
    if (is_text(f->cell.type)) f->cell.max = usual_max(f->cell.type, f->max);
    if (f->cell.type == RECORD_REF && find) f->cell.ref_kind = find(context, f->ref_name);
    if (f->type == RECORD_MAP) f->key_cell = (cell_type){.type = f->key_type, .max = usual_max(f->key_type, 0)};
    f->first_index = -1;
}

static int add_index(layout *l, const char *kind, uint32_t field, int map_key, fault *f) {
    if (l->index_count == RECORD_INDEXES_MAX) {
        return fault_set(f, E_LIMIT, "%s: more than %d indexes", kind, RECORD_INDEXES_MAX);
    }
    const record_field *r = &l->fields[field];
    const char *name = map_key < 0 ? r->name : r->indexed[map_key];
    bool taken = layout_index_named(l, name) >= 0 || (map_key >= 0 && layout_field(l, name) >= 0);
    if (taken) return fault_set(f, E_EXISTS, "%s: two things to look for are named '%s'", kind, name);
    if (l->fields[field].first_index < 0) l->fields[field].first_index = (int16_t)l->index_count;
    l->indexes[l->index_count++] = (layout_index){(uint16_t)field, (int16_t)map_key};
    return 0;
}

static int find_indexes(layout *l, const char *kind, fault *f) {
    int code = 0;
    for (uint32_t i = 0; i < l->count && code == 0; i++) {
        const record_field *r = &l->fields[i];
        if (r->flags & FIELD_KEY) {
            if (l->key >= 0)
                return fault_set(f, E_ARGUMENT, "%s: two keys, '%s' and '%s'", kind, l->fields[l->key].name, r->name);
            l->key = (int32_t)i;
        } else if (r->flags & FIELD_INDEX)
            code = add_index(l, kind, i, -1, f);
        for (int k = 0; k < r->indexed_count && code == 0; k++) code = add_index(l, kind, i, k, f);
    }
    return code;
}

static void place_fields(layout *l) {
    uint32_t at = 0;
    for (uint32_t size = 8; size; size /= 2) {
        for (uint32_t i = 0; i < l->count; i++) {
            if (cell_size(l->fields[i].type) != size) continue;
            l->fields[i].offset = at;
            at += size;
        }
        if (size == 8) {
            l->places_offset = at;
            l->serial_offset = at + l->index_count * (uint32_t)sizeof(index_place);
            at = l->serial_offset + 4;
        }
    }
    l->row_size = (at + 7) / 8 * 8;
}

int layout_build(layout *l, const char *kind, const record_field *fields, uint32_t count, ref_finder find,
                 void *context, fault *f) {
    *l = (layout){.key = -1, .count = count, .fields = memory_get((count ? count : 1) * sizeof *fields)};
    if (!l->fields) return fault_set(f, E_MEMORY, "%s: out of memory", kind);
    if (count) memcpy(l->fields, fields, count * sizeof *fields);
    for (uint32_t i = 0; i < count; i++) fill_cells(&l->fields[i], find, context);
    int code = find_indexes(l, kind, f);
    if (code < 0) {
        layout_free(l);
        return code;
    }
    place_fields(l);
    return 0;
}

void layout_free(layout *l) {
    memory_drop(l->fields);
    *l = (layout){.key = -1};
}

int32_t layout_field(const layout *l, const char *name) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (!strcmp(l->fields[i].name, name)) return (int32_t)i;
    }
    return -1;
}

int32_t layout_index_named(const layout *l, const char *name) {
    for (uint32_t i = 0; i < l->index_count; i++) {
        const record_field *f = &l->fields[l->indexes[i].field];
        const char *has = l->indexes[i].map_key < 0 ? f->name : f->indexed[l->indexes[i].map_key];
        if (!strcmp(has, name)) return (int32_t)i;
    }
    return -1;
}

static bool range_inside(uint8_t inner, uint8_t outer) {
    int64_t low, high, outer_low, outer_high;
    type_range(inner, &low, &high);
    type_range(outer, &outer_low, &outer_high);
    return low >= outer_low && high <= outer_high;
}

static bool same_element(const record_field *a, const record_field *b) {
    return a->element == b->element && a->key_type == b->key_type && !strcmp(a->ref_name, b->ref_name);
}

enum field_move layout_move(const record_field *old, const record_field *fresh) {
    if (!old) return MOVE_DEFAULT;
    if (old->type == fresh->type && same_element(old, fresh)) return MOVE_AS_IS;
    /* A wider integer takes every old value: cell_load and cell_store do it, no script needed. */
    if (type_is_integer(old->type) && type_is_integer(fresh->type) && range_inside(old->type, fresh->type))
        return MOVE_AS_IS;
    return MOVE_CONVERT;
}

static int check_move(const char *kind, const record_field *old, const record_field *fresh, fault *f) {
    if (layout_move(old, fresh) != MOVE_CONVERT) return 0;
    const char *was = record_type_name(old->type), *is = record_type_name(fresh->type);
    if (old->type >= RECORD_LIST || fresh->type >= RECORD_LIST) {
        return fault_set(f, E_TYPE,
                         "%s.%s changed from %s to %s: what a list or map holds cannot be converted while the "
                         "server runs; give the new one another name, or restart",
                         kind, fresh->name, was, is);
    }
    if ((old->flags | fresh->flags) & FIELD_KEY) {
        return fault_set(f, E_TYPE, "%s.%s is the key and changed from %s to %s: restart for that", kind, fresh->name,
                         was, is);
    }
    if (fresh->flags & FIELD_CONVERT) return 0;
    return fault_set(f, E_TYPE,
                     "%s.%s changed from %s to %s: add convert = function(old) … end to its type, or restart", kind,
                     fresh->name, was, is);
}

static bool same_field(const record_field *a, const record_field *b) {
    const uint8_t live_flags = (uint8_t)~FIELD_CONVERT;
    return !strcmp(a->name, b->name) && a->type == b->type && same_element(a, b) && a->max == b->max &&
           a->count_max == b->count_max && (a->flags & live_flags) == (b->flags & live_flags) &&
           a->default_integer == b->default_integer && a->default_number == b->default_number &&
           a->default_text_n == b->default_text_n && !memcmp(a->default_text, b->default_text, a->default_text_n) &&
           a->cell.ref_kind == b->cell.ref_kind && a->indexed_count == b->indexed_count &&
           !memcmp(a->indexed, b->indexed, sizeof a->indexed);
}

enum layout_change layout_compare(const char *kind, const layout *live, const layout *fresh, fault *f) {
    const char *live_key = live->key < 0 ? NULL : live->fields[live->key].name;
    const char *fresh_key = fresh->key < 0 ? NULL : fresh->fields[fresh->key].name;
    if (fresh_key && live->count && (!live_key || strcmp(live_key, fresh_key) != 0)) {
        fault_set(f, E_TYPE, "%s: the key changed from '%s' to '%s': restart for that", kind,
                  live_key ? live_key : "none", fresh_key);
        return LAYOUT_REFUSED;
    }
    bool same = live->count == fresh->count;
    for (uint32_t i = 0; i < fresh->count; i++) {
        int32_t was = layout_field(live, fresh->fields[i].name);
        if (was >= 0 && check_move(kind, &live->fields[was], &fresh->fields[i], f) < 0) return LAYOUT_REFUSED;
        same = same && was == (int32_t)i && same_field(&live->fields[was], &fresh->fields[i]);
    }
    return same ? LAYOUT_SAME : LAYOUT_MIGRATE;
}
