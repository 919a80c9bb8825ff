/* change.c: see change.h. A property that is changed is written anew from its values, so the base stays readable until
 * the end and one list can be applied to any base. */
#include "content/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "content/ini.h"
#include "content/literal.h"

static const char *const names[] = {
#define X(op, name) name,
    CHANGE_LIST(X)
#undef X
};

change_list *change_list_new(void) {
    change_list *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    atomic_init(&l->refs, 1);
    arena_init(&l->memory, CHANGE_MEMORY);
    return l;
}

change_list *change_list_hold(change_list *l) {
    if (l) atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    return l;
}

void change_list_drop(change_list *l) {
    if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1) return;
    arena_free(&l->memory);
    free(l);
}

change *change_add(change_list *l, enum change_op op, bytes file, bytes section, bytes property) {
    change *c = l->count < CHANGES_MAX ? arena_new(&l->memory, sizeof *c) : NULL;
    if (!c) return NULL;
    *c = (change){.op = op, .file = file, .section = section, .property = property};
    *(l->last ? &l->last->next : &l->first) = c;
    l->last = c;
    l->count++;
    return c;
}

int change_op_parse(const char *name) {
    for (int op = 0; op < CHANGE_OPS; op++)
        if (strcmp(name, names[op]) == 0) return op;
    return -1;
}

const char *change_op_name(enum change_op op) { return names[op]; }

/* ── applying ────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct apply {
    coalesced *c;
    const change *now;
    coalesced_node *property;
    void (*note)(void *ctx, const change *c, const char *text);
    void *ctx;
    fault *f;
} apply;

static int fail(apply *a, int code, const char *why) {
    return fault_set(a->f, code, "%s:%u: %s", a->now->origin, a->now->line, why);
}

static int add(apply *a, unsigned type, bytes text) {
    if (coalesced_add(a->c, a->property, type, text, NULL) == 0) return 0;
    return fail(a, E_LIMIT, "the configuration becomes too large");
}

static bool same(bytes x, bytes y) { return x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0); }

static bool has(const coalesced_node *property, bytes text) {
    for (const coalesced_value *v = property->values; v; v = v->next)
        if (v->type != COALESCED_RESET && v->type != COALESCED_REMOVE && same(v->text, text)) return true;
    return false;
}

static int apply_add(apply *a) {
    int code = 0;
    for (const change_pair *p = a->now->values; code == 0 && p; p = p->next)
        if (!has(a->property, p->value)) code = add(a, COALESCED_UNIQUE, p->value);
    return code;
}

static int apply_list(apply *a) {
    coalesced_clear(a->property);
    int code = add(a, COALESCED_RESET, (bytes){0});
    return code < 0 ? code : apply_add(a);
}

/* What the live configuration itself adds goes; what only the game has is named for removal. */
static int apply_remove(apply *a) {
    int code = 0;
    for (const change_pair *p = a->now->values; code == 0 && p; p = p->next) {
        coalesced_value *v = a->property->values;
        bool found = has(a->property, p->value);
        coalesced_clear(a->property);
        for (coalesced_value *next; code == 0 && v; v = next) {
            next = v->next;
            bool mine = v->type != COALESCED_RESET && v->type != COALESCED_REMOVE && same(v->text, p->value);
            if (!mine) code = add(a, v->type, v->text);
        }
        if (code == 0 && !found) code = add(a, COALESCED_REMOVE, p->value);
    }
    return code;
}

static bool matches(const literal *l, const change_pair *where) {
    for (; where; where = where->next) {
        const literal *item = literal_get(l, where->key);
        if (!item || !literal_is(item, where->value)) return false;
    }
    return true;
}

/* Follows the steps from here and sets what is at their end; returns how many places that were, or a code. */
static int edit(apply *a, literal *l, const change_step *step) {
    if (!step) {
        if (l->word.p) return fail(a, E_PROTOCOL, "a key can be set only in a value with brackets");
        for (const change_pair *p = a->now->values; p; p = p->next)
            if (literal_put(&a->c->memory, l, p->key, p->value, p->plain) < 0)
                return fail(a, E_LIMIT, "the configuration becomes too large");
        return 1;
    }
    if (step->key.p) {
        literal *item = literal_get(l, step->key);
        return item ? edit(a, item, step->next) : 0;
    }
    if (l->first && l->first->key.p) return matches(l, step->where) ? edit(a, l, step->next) : 0;
    int sum = 0;
    for (literal *item = l->first; item; item = item->next) { /* a list of values with brackets */
        int n = matches(item, step->where) ? edit(a, item, step->next) : 0;
        if (n < 0) return n;
        sum += n;
    }
    return sum;
}

static int edit_value(apply *a, coalesced_value *v, buf *out) {
    fault why;
    literal *l = literal_parse(&a->c->memory, v->text, &why);
    if (!l) return 0; /* whatever it is, it has no keys */
    int n = edit(a, l, a->now->steps);
    if (n <= 0) return n;
    buf_clear(out);
    literal_print(l, out);
    char *text = out->failed ? NULL : arena_text(&a->c->memory, (const char *)out->p, out->n);
    if (!text) return fail(a, E_LIMIT, "the configuration becomes too large");
    v->text = (bytes){(const uint8_t *)text, out->n};
    return n;
}

static int apply_edit(apply *a) {
    buf out = {0};
    int sum = 0, n = 0;
    for (coalesced_value *v = a->property ? a->property->values : NULL; n >= 0 && v; v = v->next)
        if (v->type != COALESCED_RESET && v->type != COALESCED_REMOVE && (n = edit_value(a, v, &out)) > 0) sum += n;
    buf_free(&out);
    if (n < 0) return n;
    if (sum == 0 && a->note) a->note(a->ctx, a->now, "nothing to edit: no value of the base is like that");
    return sum;
}

static int apply_op(apply *a) {
    switch (a->now->op) {
    case CHANGE_SET:
        coalesced_clear(a->property);
        return add(a, COALESCED_NEW, a->now->values ? a->now->values->value : (bytes){0});
    case CHANGE_LIST: return apply_list(a);
    case CHANGE_ADD: return apply_add(a);
    case CHANGE_REMOVE: return apply_remove(a);
    case CHANGE_RESET: coalesced_clear(a->property); return add(a, COALESCED_RESET, (bytes){0});
    case CHANGE_KEEP: coalesced_clear(a->property); return 0;
    default: return E_ARGUMENT;
    }
}

/* A property that the base does not have where it has one that differs in one letter: likely a slip of the pen. Slots
 * ("mpmapnames[3]") always have neighbours. */
static void doubt(apply *a, bytes file) {
    const bytes path[] = {file, a->now->section};
    coalesced_node *section = &a->c->root;
    for (int i = 0; section && i < 2; i++) section = coalesced_child(a->c, section, path[i], false);
    if (!a->note || !section || memchr(a->now->property.p, '[', a->now->property.n) ||
        coalesced_child(a->c, section, a->now->property, false))
        return;
    suggestion near = suggest_begin((const char *)a->now->property.p);
    for (const coalesced_node *n = section->first; n; n = n->next) suggest_offer(&near, (const char *)n->name.p);
    if (!near.best || near.distance > 1) return;
    char text[160];
    snprintf(text, sizeof text, "the base has no such property here; did you mean '%.80s'?", near.best);
    a->note(a->ctx, a->now, text);
}

static coalesced_node *find(apply *a, bytes file, bool make) {
    const bytes path[] = {file, a->now->section, a->now->property};
    coalesced_node *n = &a->c->root;
    for (int i = 0; n && i < 3; i++) n = coalesced_child(a->c, n, path[i], make);
    return n;
}

static int apply_one(apply *a) {
    char own[COALESCED_NAME_MAX];
    bytes file = a->now->file;
    if (!memchr(file.p, '\\', file.n)) { /* a short name */
        int n = snprintf(own, sizeof own, "%s%.*s.ini", INI_FOLDER, (int)file.n, (const char *)file.p);
        if (n >= (int)sizeof own) return fail(a, E_LIMIT, "the name of the file is too long");
        file = (bytes){(const uint8_t *)own, (size_t)n};
    }
    bool edits = a->now->op == CHANGE_EDIT;
    if (!edits) doubt(a, file);
    a->property = find(a, file, !edits);
    if (!a->property && !edits) return fail(a, E_LIMIT, "the configuration becomes too large");
    int code = edits ? apply_edit(a) : apply_op(a);
    if (code < 0) return code;
    if (a->property && (!edits || code > 0)) a->property->origin = a->now->origin, a->property->line = a->now->line;
    return 0;
}

int change_apply(const change_list *l, coalesced *c, void (*note)(void *ctx, const change *c, const char *text),
                 void *ctx, fault *f) {
    apply a = {.c = c, .note = note, .ctx = ctx, .f = f};
    int code = 0;
    for (a.now = l ? l->first : NULL; code == 0 && a.now; a.now = a.now->next) code = apply_one(&a);
    return code;
}
