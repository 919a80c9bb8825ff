/* migrate.c: a generation's declarations against the live kinds, and the change itself.
 *
 * One kind changes at once or not at all: new pages are filled beside the old ones, everything that can fail is done,
 * and then they change places. Slots and their generations stay, so every handle stays good. Texts, lists and maps move
 * by pointer. Indexes are built anew; walks that stand meanwhile end with E_STALE (record_kind.version).
 *
 * What a migration cannot undo any more when memory ends half-way through several kinds is harmless: each kind is
 * whole, in its old or its new shape, and readers ask by name and version. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "records/containers.h"
#include "records/internal.h"
#include "records/memory.h"

typedef struct migration {
    record_kind *kind;
    const layout *old, *fresh;
    record_convert convert;
    void *context;
    uint32_t failed;
} migration;

static const record_decl *decl_named(const record_decl *decls, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(decls[i].name, name)) return &decls[i];
    }
    return NULL;
}

typedef struct ref_names {
    const records *all;
    const record_decl *decls;
    uint32_t count;
    const char *unknown; /* the last name that nobody declares */
} ref_names;

static uint32_t find_ref(void *context, const char *name) {
    ref_names *n = context;
    record_kind *k = records_kind(n->all, name);
    if (!decl_named(n->decls, n->count, name) && !(k && k->builtin)) n->unknown = name;
    return k ? k->id : 0;
}

/* The layout a kind would get: the builtin fields, then the declared ones. */
static int future_layout(const records *all, const record_kind *live, const char *name, const record_decl *decl,
                         ref_names *names, layout *l, fault *f) {
    record_decl whole = {.fields = NULL};
    snprintf(whole.name, sizeof whole.name, "%s", name);
    int code = 0;
    for (uint32_t i = 0; live && i < live->builtin_count && code == 0; i++)
        code = record_declare_field(&whole, &live->layout.fields[i], f);
    for (uint32_t i = 0; decl && i < decl->count && code == 0; i++)
        code = record_declare_field(&whole, &decl->fields[i], f);
    names->unknown = NULL;
    if (code == 0) code = layout_build(l, name, whole.fields, whole.count, find_ref, names, f);
    record_decl_free(&whole);
    if (code == 0 && names->unknown) {
        code = fault_set(f, E_NOT_FOUND, "%s: a ref to '%s', but no such kind of record is declared", name,
                         names->unknown);
        layout_free(l);
    }
    return code;
}

enum layout_change records_plan(const records *all, const record_decl *decls, uint32_t count, fault *f) {
    enum layout_change most = LAYOUT_SAME;
    ref_names names = {all, decls, count, NULL};
    for (uint32_t i = 0; i < count; i++) {
        const record_kind *k = records_kind(all, decls[i].name);
        layout fresh;
        if (!record_name_good(decls[i].name)) {
            fault_set(f, E_ARGUMENT, "'%.60s' is no name for a kind of record", decls[i].name);
            return LAYOUT_REFUSED;
        }
        if (decl_named(decls, count, decls[i].name) != &decls[i]) {
            fault_set(f, E_EXISTS, "%s: this kind of record is declared twice", decls[i].name);
            return LAYOUT_REFUSED;
        }
        if (future_layout(all, k, decls[i].name, &decls[i], &names, &fresh, f) < 0) return LAYOUT_REFUSED;
        enum layout_change change = k ? layout_compare(k->name, &k->layout, &fresh, f) : LAYOUT_MIGRATE;
        layout_free(&fresh);
        if (change == LAYOUT_REFUSED) return change;
        if (change == LAYOUT_MIGRATE) most = LAYOUT_MIGRATE;
    }
    for (uint32_t i = 0; i < all->count; i++) {
        const record_kind *k = all->kinds[i];
        if (!decl_named(decls, count, k->name) && k->layout.count > k->builtin_count) most = LAYOUT_MIGRATE;
    }
    return most;
}

/* Fills one cell of the new row. Pointers of unchanged fields are copied; the old row keeps them until the commit. */
static int move_cell(migration *m, const uint8_t *old_row, uint8_t *row, uint32_t field) {
    const record_field *f = &m->fresh->fields[field];
    int32_t was = layout_field(m->old, f->name);
    const record_field *old = was < 0 ? NULL : &m->old->fields[was];
    enum field_move move = layout_move(old, f);
    if (move == MOVE_AS_IS && old->type == f->type) {
        memcpy(row + f->offset, old_row + old->offset, cell_size(f->type));
        return 0;
    }
    if (f->type >= RECORD_LIST) return 0; /* a new one: empty */
    value v = field_default(f);
    if (move == MOVE_AS_IS) v = cell_load(&old->cell, old_row + old->offset);
    if (move == MOVE_CONVERT) {
        value fresh = value_nil(), had = cell_load(&old->cell, old_row + old->offset);
        fault why = {0};
        int code = m->convert ? m->convert(m->context, m->kind->name, f->name, had, &fresh) : E_NOT_FOUND;
        if (code == 0)
            code = cell_check(&f->cell, &fresh, words_of(m->kind, f).text, records_kind_name, m->kind->all, &why);
        if (code == 0)
            v = fresh;
        else
            m->failed++;
        if (why.code) log_warn("records", "convert: %s; the default is taken", why.text);
    }
    return cell_store(&f->cell, row + f->offset, &v);
}

/* Does this field's pointer live on in the new row? */
static bool moves_on(const migration *m, const record_field *old) {
    int32_t is = layout_field(m->fresh, old->name);
    return is >= 0 && layout_move(old, &m->fresh->fields[is]) == MOVE_AS_IS;
}

/* Releases what is in the old rows and did not move (commit), or in the new rows and was made for them (undo). */
static void release_rest(const migration *m, const layout *l, const layout *other, uint8_t *row, bool commit) {
    for (uint32_t i = 0; i < l->count; i++) {
        const record_field *f = &l->fields[i];
        int32_t twin = layout_field(other, f->name);
        bool shared_pointer = commit ? moves_on(m, f) : twin >= 0 && layout_move(&other->fields[twin], f) == MOVE_AS_IS;
        if (shared_pointer) continue;
        if (f->type >= RECORD_LIST)
            container_free(f, row + f->offset);
        else
            cell_clear(&f->cell, row + f->offset);
    }
}

static void free_pages(uint8_t **pages, uint32_t count) {
    for (uint32_t i = 0; pages && i < count; i++) memory_drop(pages[i]);
    memory_drop(pages);
}

static int fill_pages(migration *m, uint8_t **pages, uint32_t count) {
    record_kind *k = m->kind;
    for (uint32_t i = 0; i < count; i++) {
        pages[i] = memory_zeroed((size_t)SLAB_PAGE * m->fresh->row_size);
        if (!pages[i]) return E_MEMORY;
    }
    for (uint32_t s = 0; s < k->rows.slots; s++) {
        if (!slab_at(&k->rows, s).generation) continue;
        const uint8_t *old_row = row_at(&k->rows, s);
        uint8_t *row = pages[s / SLAB_PAGE] + s % SLAB_PAGE * m->fresh->row_size;
        memcpy(row + m->fresh->serial_offset, old_row + m->old->serial_offset, 4);
        for (uint32_t i = 0; i < m->fresh->count; i++) {
            if (move_cell(m, old_row, row, i) < 0) return E_MEMORY;
        }
    }
    return 0;
}

static void swap_in(record_kind *k, layout *l, uint8_t ***pages, record_index **indexes) {
    layout old = k->layout;
    k->layout = *l;
    *l = old;
    uint8_t **old_pages = k->rows.pages;
    k->rows.pages = *pages;
    *pages = old_pages;
    k->rows.size = k->layout.row_size;
    record_index *old_indexes = k->indexes;
    k->indexes = *indexes;
    *indexes = old_indexes;
}

static int join_all(record_kind *k) {
    for (uint32_t s = 0; s < k->rows.slots; s++) {
        if (slab_at(&k->rows, s).generation && row_join_indexes(k, s) < 0) return E_MEMORY;
    }
    return 0;
}

static void move_counters(record_kind *k, const layout *old) {
    int64_t before[RECORD_FIELDS_MAX];
    memcpy(before, k->counters, sizeof before);
    for (uint32_t i = 0; i < k->layout.count; i++) {
        int32_t was = layout_field(old, k->layout.fields[i].name);
        k->counters[i] = was < 0 ? 0 : before[was];
    }
}

/* Takes ownership of *fresh. */
static int migrate(record_kind *k, layout *fresh, record_convert convert, void *context, fault *f) {
    uint32_t page_count = k->rows.slots / SLAB_PAGE;
    layout old = k->layout, next = *fresh; /* stable copies for the migration to look at */
    migration m = {k, &old, &next, convert, context, 0};
    record_index *indexes = NULL;
    uint8_t **pages = memory_zeroed((page_count + 1) * sizeof *pages);
    int code = pages ? kind_make_indexes(k, fresh, &indexes, f) : E_MEMORY;
    if (code == 0) code = fill_pages(&m, pages, page_count);
    bool commit = false;
    if (code == 0) {
        swap_in(k, fresh, &pages, &indexes);
        code = join_all(k);
        commit = code == 0;
        if (!commit) swap_in(k, fresh, &pages, &indexes);
    }
    /* Now `pages`, `indexes` and *fresh are the losers: the old ones after a commit, the new ones else. */
    const layout *loser = commit ? &old : &next;
    for (uint32_t s = 0; pages && s < k->rows.slots; s++) {
        uint8_t *page = pages[s / SLAB_PAGE];
        if (!page || !slab_at(&k->rows, s).generation) continue;
        release_rest(&m, loser, commit ? &next : &old, page + s % SLAB_PAGE * loser->row_size, commit);
    }
    kind_free_indexes(indexes, loser->index_count);
    free_pages(pages, page_count);
    if (commit) {
        move_counters(k, &old);
        if (k->layout.key < 0) ids_free(&k->keys);
        k->version++;
        if (m.failed)
            log_warn("records", "%s: %u values could not be converted and took the default", k->name, m.failed);
    }
    layout_free(fresh);
    return commit ? 0 : fault_set(f, code, "%s: out of memory while its layout changed; it keeps the old one", k->name);
}

static int apply_one(records *all, record_kind *k, const record_decl *decl, ref_names *names, record_convert convert,
                     void *context, fault *f) {
    layout fresh;
    int code = future_layout(all, k, k->name, decl, names, &fresh, f);
    if (code < 0) return code;
    enum layout_change change = layout_compare(k->name, &k->layout, &fresh, f);
    if (change == LAYOUT_MIGRATE) return migrate(k, &fresh, convert, context, f);
    layout_free(&fresh);
    return change == LAYOUT_SAME ? 0 : E_TYPE;
}

int records_apply(records *all, const record_decl *decls, uint32_t count, record_convert convert, void *context,
                  fault *f) {
    ref_names names = {all, decls, count, NULL};
    int code = 0;
    for (uint32_t i = 0; i < count; i++) {
        record_kind *k = records_kind(all, decls[i].name);
        if (!k && (code = kind_new(all, decls[i].name, &k, f)) < 0) return code;
        k->declared = true;
    }
    for (uint32_t i = 0; i < all->count; i++) {
        record_kind *k = all->kinds[i];
        const record_decl *decl = decl_named(decls, count, k->name);
        if (!decl && !k->builtin) {
            kind_clear(k);
            k->declared = false;
        }
        int one = apply_one(all, k, decl, &names, convert, context, f);
        if (one < 0 && code == 0) code = one;
    }
    return code;
}
