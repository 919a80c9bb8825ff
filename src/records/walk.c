/* walk.c: finding records by equality. A walk is a value: what it has seen, what was there when it began (see index.h).
 */
#include <stdio.h>
#include <string.h>

#include "records/internal.h"

void record_indexed_names(const record_kind *k, char *out, size_t size) {
    const layout *l = &k->layout;
    size_t at = 0;
    if (size) out[0] = 0;
    if (l->key >= 0) at += (size_t)snprintf(out, size, "%s", l->fields[l->key].name);
    for (uint32_t i = 0; i < l->index_count && at < size; i++) {
        const record_field *f = &l->fields[l->indexes[i].field];
        const char *name = l->indexes[i].map_key < 0 ? f->name : f->indexed[l->indexes[i].map_key];
        at += (size_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "", name);
    }
    if (!at) snprintf(out, size, "none");
}

/* One condition: looks its value up. 1 = goes on, 0 = no record can meet it. */
static int look_up(record_walk *w, const record_condition *c, fault *why) {
    record_kind *k = w->kind;
    const layout *l = &k->layout;
    value v = c->v;
    if (l->key >= 0 && !strcmp(c->name, l->fields[l->key].name)) {
        const record_field *f = &l->fields[l->key];
        int code = field_check(k, f, &f->cell, &v, why);
        record_ref ref;
        if (code == E_TYPE) return code;
        if (code < 0 || record_find(k, v, &ref) < 0) return 0;
        if (w->how == WALK_ONE && !handle_same(w->only, ref.at)) return 0;
        w->how = WALK_ONE;
        w->only = ref.at;
        return 1;
    }
    int32_t index = layout_index_named(l, c->name);
    if (index < 0) {
        char names[300];
        record_indexed_names(k, names, sizeof names);
        return fault_set(why, E_NOT_FOUND,
                         "%s: '%.60s' is not indexed (indexed: %s); declare it with index = true, or look "
                         "through %s.all()",
                         k->name, c->name, names, k->name);
    }
    const record_field *f = &l->fields[l->indexes[index].field];
    int code = field_check(k, f, &f->cell, &v, why);
    if (code == E_TYPE) return code;
    handle found = code < 0 ? (handle){0, 0} : index_find(&k->indexes[index], &v);
    if (!found.generation) return 0; /* a value out of range, or one that no record has */
    w->also[w->count].index = (uint32_t)index;
    w->also[w->count++].posting = found;
    return 1;
}

int record_walk_begin(record_kind *k, const record_condition *where, uint32_t count, record_walk *w, fault *why) {
    *w = (record_walk){.kind = k, .version = k->version, .how = WALK_END};
    if (count > RECORD_WHERE_MAX)
        return fault_set(why, E_LIMIT, "%s: more than %d conditions", k->name, RECORD_WHERE_MAX);
    bool none = false;
    for (uint32_t i = 0; i < count; i++) {
        int code = look_up(w, &where[i], why);
        if (code < 0) return code;
        none = none || code == 0; /* the other conditions are still checked for mistakes */
    }
    if (none) {
        w->how = WALK_END;
    } else if (w->how == WALK_ONE) {
        /* the one with this key, if it meets the rest */
    } else if (!w->count) {
        w->how = WALK_ALL;
        w->until = k->rows.slots;
        w->serial = k->next_serial;
    } else {
        uint32_t best = 0;
        for (uint32_t i = 1; i < w->count; i++) {
            const record_index *x = k->indexes;
            if (index_live(&x[w->also[i].index], w->also[i].posting) <
                index_live(&x[w->also[best].index], w->also[best].posting))
                best = i;
        }
        w->how = WALK_INDEX;
        w->index = w->also[best].index;
        index_begin(&k->indexes[w->index], w->also[best].posting, &w->at);
        w->also[best] = w->also[--w->count];
    }
    return 0;
}

/* Does the row meet the conditions that are not walked? Its place in an index names the value by number. A posting that
 * is gone has lost all its rows: what met the condition all the time would have kept it. */
static bool meets(const record_walk *w, uint32_t slot) {
    const record_kind *k = w->kind;
    for (uint32_t i = 0; i < w->count; i++) {
        if (!index_live(&k->indexes[w->also[i].index], w->also[i].posting)) return false;
        const index_place *place = row_place(k, row_at(&k->rows, slot), w->also[i].index);
        if (place->posting != w->also[i].posting.slot + 1) return false;
    }
    return true;
}

int record_walk_next(record_walk *w, record_ref *ref) {
    record_kind *k = w->kind;
    uint32_t slot;
    if (w->how == WALK_END) return 0;
    if (w->version != k->version) return E_STALE;
    if (w->how == WALK_ONE) {
        w->how = WALK_END;
        if (!slab_get(&k->rows, w->only) || !meets(w, w->only.slot)) return 0;
        *ref = (record_ref){k->id, w->only};
        return 1;
    }
    while (w->how == WALK_INDEX && index_next(&k->indexes[w->index], &w->at, &slot)) {
        if (!meets(w, slot)) continue;
        *ref = (record_ref){k->id, slab_at(&k->rows, slot)};
        return 1;
    }
    while (w->how == WALK_ALL && w->slot < w->until) {
        slot = w->slot++;
        handle at = slab_at(&k->rows, slot);
        if (!at.generation) continue;
        uint32_t serial;
        memcpy(&serial, row_at(&k->rows, slot) + k->layout.serial_offset, sizeof serial);
        if ((int32_t)(serial - w->serial) >= 0) continue; /* younger than the walk */
        *ref = (record_ref){k->id, at};
        return 1;
    }
    w->how = WALK_END;
    return 0;
}

uint32_t record_walk_most(const record_walk *w) {
    if (w->how == WALK_ALL) return w->kind->rows.used;
    if (w->how == WALK_INDEX) return index_live(&w->kind->indexes[w->index], w->at.posting);
    return w->how == WALK_ONE;
}

uint64_t records_steps(const record_kind *k) {
    uint64_t steps = k->keys.steps;
    for (uint32_t i = 0; i < k->layout.index_count; i++) steps += k->indexes[i].steps + k->indexes[i].values.steps;
    return steps;
}
