/* tdf_tree.c: bodies as trees: decode, encode, sort, compare.
 *
 * Nodes of one level are a linked list in wire order; a map is the list of its keys, each pointing at its value.
 * Sorting relinks the lists and allocates nothing. All recursion follows the nesting of containers, which the reader
 * bounds on the way in and `depth` bounds for trees that a tool built by hand. */
#include "codec/tdf_tree.h"

#include <string.h>

/* ── decode ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct tree_reader {
    tdf_reader r;
    arena *a;
} tree_reader;

_Static_assert(sizeof(tdf_node) <= 64, "TDF_TREE_LIMIT counts 64 bytes for each byte of a body");

static int read_value(tree_reader *t, tdf_node *n, bool element);

static tdf_node *new_node(tree_reader *t, uint32_t tag, unsigned type) {
    tdf_node *n = arena_new(t->a, sizeof *n);
    if (!n) {
        tdf_fail(&t->r, E_MEMORY, "out of memory for a decoded body");
        return NULL;
    }
    n->tag = tag;
    n->type = (uint8_t)type;
    return n;
}

static int read_fields(tree_reader *t, enum tdf_scope scope, tdf_node **first) {
    uint32_t tag;
    unsigned type;
    int rc;
    while ((rc = tdf_next_field(&t->r, scope, &tag, &type)) > 0) {
        tdf_node *n = new_node(t, tag, type);
        if (!n) return E_MEMORY;
        if ((rc = read_value(t, n, false)) < 0) return rc;
        *first = n;
        first = &n->next;
    }
    return rc;
}

static int read_items(tree_reader *t, tdf_node *list) {
    tdf_node **first = &list->first;
    unsigned key = TDF_INT, type;
    uint32_t count;
    bool map = list->type == TDF_MAP;
    int rc = map ? tdf_read_map(&t->r, &key, &type, &count) : tdf_read_list(&t->r, &type, &count);
    if (rc < 0) return rc;
    list->key_type = (uint8_t)key;
    list->item_type = (uint8_t)type;
    for (uint32_t i = 0; i < count; i++) {
        if ((rc = tdf_element(&t->r, i)) < 0) return rc;
        tdf_node *n = new_node(t, 0, map ? key : type), *value = NULL;
        if (!n) return E_MEMORY;
        if ((rc = read_value(t, n, true)) < 0) return rc;
        if (map) {
            if (!(value = n->value = new_node(t, 0, type))) return E_MEMORY;
            if ((rc = read_value(t, value, true)) < 0) return rc;
        }
        *first = n;
        first = &n->next;
    }
    return 0;
}

static int read_union(tree_reader *t, tdf_node *n) {
    unsigned member, type;
    uint32_t tag;
    int rc = tdf_read_union(&t->r, &member, &tag, &type);
    if (rc < 0) return rc;
    n->member = (uint8_t)member;
    if (rc == 0) return 0;
    if (!(n->first = new_node(t, tag, type))) return E_MEMORY;
    return read_value(t, n->first, false);
}

static int read_variable(tree_reader *t, tdf_node *n) {
    uint32_t tag;
    int rc = tdf_read_variable(&t->r, &n->number, &tag);
    if (rc <= 0) return rc;
    if (!(n->first = new_node(t, tag, TDF_GROUP))) return E_MEMORY;
    rc = read_value(t, n->first, false);
    if (rc == 0) tdf_end_variable(&t->r);
    return rc;
}

static int read_container(tree_reader *t, tdf_node *n, bool element) {
    unsigned member = 0;
    int rc = 1;
    switch (n->type) {
    case TDF_GROUP:
        if (element) rc = tdf_read_prefix(&t->r, &member);
        n->member = (uint8_t)member;
        return rc <= 0 ? rc : read_fields(t, TDF_IN_GROUP, &n->first);
    case TDF_UNION: return read_union(t, n);
    case TDF_VAR: return read_variable(t, n);
    default: return read_items(t, n);
    }
}

static int read_value(tree_reader *t, tdf_node *n, bool element) {
    switch (n->type) {
    case TDF_INT: return tdf_read_int(&t->r, &n->number);
    case TDF_STR: return tdf_read_str(&t->r, &n->data);
    case TDF_BLOB: return tdf_read_blob(&t->r, &n->data);
    case TDF_OTYPE: return tdf_read_numbers(&t->r, n->numbers, 2);
    case TDF_OID: return tdf_read_numbers(&t->r, n->numbers, 3);
    case TDF_FLOAT: return tdf_read_float_bits(&t->r, &n->bits);
    default: break;
    }
    int rc = tdf_enter(&t->r);
    if (rc == 0) rc = read_container(t, n, element);
    if (rc == 0) tdf_leave(&t->r);
    return rc;
}

int tdf_tree_decode(bytes body, arena *a, tdf_node **fields, fault *f) {
    tree_reader t = {.a = a};
    tdf_reader_init(&t.r, body, f);
    *fields = NULL;
    int rc = read_fields(&t, TDF_BODY, fields);
    if (rc < 0) *fields = NULL;
    return rc;
}

/* ── encode ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct tree_writer {
    buf *out;
    fault *f;
    unsigned depth;
} tree_writer;

static int write_value(tree_writer *w, const tdf_node *n, bool element);

static int write_fields(tree_writer *w, const tdf_node *n) {
    int rc = 0;
    for (; n && rc == 0; n = n->next) {
        tdf_put_header(w->out, n->tag, n->type);
        rc = write_value(w, n, false);
    }
    return rc;
}

static int write_items(tree_writer *w, const tdf_node *n) {
    bool map = n->type == TDF_MAP;
    char tag[5];
    int64_t count = 0;
    for (const tdf_node *i = n->first; i; i = i->next, count++) {
        const tdf_node *item = map ? i->value : i;
        if (!item || item->type != n->item_type || (map && i->type != n->key_type))
            return fault_set(w->f, E_TYPE, "element %lld of %s is not of the declared type", (long long)count,
                             tdf_tag_text(n->tag, tag));
    }
    if (map && n->key_type != TDF_INT && n->key_type != TDF_STR)
        return fault_set(w->f, E_BAD_KEY_TYPE, "map keys are int or str, not %s", tdf_type_name(n->key_type));
    if (map) buf_u8(w->out, n->key_type);
    buf_u8(w->out, n->item_type);
    tdf_put_int(w->out, count);
    int rc = 0;
    for (const tdf_node *i = n->first; i && rc == 0; i = i->next) {
        rc = write_value(w, i, true);
        if (map && rc == 0) rc = write_value(w, i->value, true);
    }
    return rc;
}

static int write_group(tree_writer *w, const tdf_node *n, bool element) {
    if (element && n->member) {
        if (n->member > TDF_MEMBER_MAX && n->member != TDF_UNSET)
            return fault_set(w->f, E_BAD_UNION, "a member number of %u", n->member);
        buf_u8(w->out, n->member);
    }
    int rc = element && n->member == TDF_UNSET ? 0 : write_fields(w, n->first);
    buf_u8(w->out, 0);
    return rc;
}

static int write_container(tree_writer *w, const tdf_node *n, bool element) {
    int rc;
    switch (n->type) {
    case TDF_GROUP: return write_group(w, n, element);
    case TDF_UNION:
        if (n->member == TDF_UNSET || !n->first) {
            buf_u8(w->out, TDF_UNSET);
            return 0;
        }
        if (n->member > TDF_MEMBER_MAX) return fault_set(w->f, E_BAD_UNION, "a member number of %u", n->member);
        buf_u8(w->out, n->member);
        tdf_put_header(w->out, n->first->tag, n->first->type);
        return write_value(w, n->first, false);
    case TDF_VAR:
        buf_u8(w->out, n->first ? 1 : 0);
        if (!n->first) return 0;
        if (n->first->type != TDF_GROUP) return fault_set(w->f, E_BAD_VARIABLE, "a variable holds a group");
        tdf_put_int(w->out, n->number);
        tdf_put_header(w->out, n->first->tag, TDF_GROUP);
        rc = write_value(w, n->first, false);
        buf_u8(w->out, 0);
        return rc;
    default: return write_items(w, n);
    }
}

static int write_value(tree_writer *w, const tdf_node *n, bool element) {
    switch (n->type) {
    case TDF_INT: tdf_put_int(w->out, n->number); return 0;
    case TDF_STR: tdf_put_str(w->out, n->data); return 0;
    case TDF_BLOB: tdf_put_blob(w->out, n->data); return 0;
    case TDF_FLOAT: tdf_put_float_bits(w->out, n->bits); return 0;
    case TDF_OTYPE:
    case TDF_OID:
        for (int i = 0; i < (n->type == TDF_OID ? 3 : 2); i++) tdf_put_int(w->out, n->numbers[i]);
        return 0;
    default: break;
    }
    if (n->type >= TDF_TYPES) return fault_set(w->f, E_UNKNOWN_TYPE, "a node of the unknown type %u", n->type);
    if (++w->depth > TDF_MAX_DEPTH) return fault_set(w->f, E_TOO_DEEP, "more than 32 nested containers");
    int rc = write_container(w, n, element);
    w->depth--;
    return rc;
}

int tdf_tree_encode(const tdf_node *fields, buf *out, fault *f) {
    tree_writer w = {.out = out, .f = f};
    int rc = write_fields(&w, fields);
    if (rc < 0 || !out->failed) return rc;
    if (out->max) return fault_set(f, E_LIMIT, "the body is longer than %zu bytes", out->max);
    return fault_set(f, E_MEMORY, "out of memory for a body");
}

/* ── sort ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_tag(const tdf_node *a, const tdf_node *b) { return a->tag < b->tag ? -1 : a->tag > b->tag; }

static int by_key(const tdf_node *a, const tdf_node *b) {
    if (a->type == TDF_INT) return a->number < b->number ? -1 : a->number > b->number;
    return tdf_key_compare(a->data, b->data);
}

/* Merge sort of a linked list, stable; recursion as deep as the logarithm of its length. */
static tdf_node *sort_list(tdf_node *list, int (*compare)(const tdf_node *, const tdf_node *)) {
    if (!list || !list->next) return list;
    tdf_node *slow = list, *fast = list->next;
    while (fast && (fast = fast->next)) slow = slow->next, fast = fast->next;
    tdf_node *right = sort_list(slow->next, compare), *result = NULL, **end = &result;
    slow->next = NULL;
    tdf_node *left = sort_list(list, compare);
    while (left && right) {
        tdf_node **from = compare(left, right) <= 0 ? &left : &right;
        *end = *from;
        *from = (*from)->next;
        end = &(*end)->next;
    }
    *end = left ? left : right;
    return result;
}

static int sort_value(tdf_node *n, unsigned depth, fault *f);

static int sort_fields(tdf_node **first, unsigned depth, fault *f) {
    char tag[5];
    *first = sort_list(*first, by_tag);
    for (tdf_node *n = *first; n; n = n->next) {
        if (n->next && n->next->tag == n->tag)
            return fault_set(f, E_DUPLICATE_TAG, "the field %s is there twice", tdf_tag_text(n->tag, tag));
        int rc = sort_value(n, depth, f);
        if (rc < 0) return rc;
    }
    return 0;
}

static int sort_items(tdf_node *list, unsigned depth, fault *f) {
    bool map = list->type == TDF_MAP;
    if (map) list->first = sort_list(list->first, by_key);
    for (tdf_node *n = list->first; n; n = n->next) {
        if (map && n->next && by_key(n, n->next) == 0) {
            if (n->type == TDF_INT)
                return fault_set(f, E_DUPLICATE_KEY, "the map key %lld is there twice", (long long)n->number);
            return fault_set(f, E_DUPLICATE_KEY, "the map keys \"%.*s\" and \"%.*s\" are the same to the game",
                             n->data.n > 64 ? 64 : (int)n->data.n, (const char *)n->data.p,
                             n->next->data.n > 64 ? 64 : (int)n->next->data.n, (const char *)n->next->data.p);
        }
        int rc = sort_value(n, depth, f);
        if (rc == 0 && map && n->value) rc = sort_value(n->value, depth, f);
        if (rc < 0) return rc;
    }
    return 0;
}

static int sort_value(tdf_node *n, unsigned depth, fault *f) {
    if (n->type == TDF_STR && tdf_has_nul(n->data)) return fault_set(f, E_EMBEDDED_NUL, "a string with a NUL inside");
    if (n->type < TDF_GROUP || n->type > TDF_VAR) return 0;
    if (++depth > TDF_MAX_DEPTH) return fault_set(f, E_TOO_DEEP, "more than 32 nested containers");
    switch (n->type) {
    case TDF_GROUP: return sort_fields(&n->first, depth, f);
    case TDF_UNION:
    case TDF_VAR: return n->first ? sort_value(n->first, depth, f) : 0;
    default: return sort_items(n, depth, f);
    }
}

int tdf_tree_sort(tdf_node **fields, fault *f) { return sort_fields(fields, 0, f); }

/* ── compare, find ───────────────────────────────────────────────────────────────────────────────────────────────── */

static bool same_node(const tdf_node *a, const tdf_node *b) {
    if (a->tag != b->tag || a->type != b->type) return false;
    switch (a->type) {
    case TDF_INT: return a->number == b->number;
    case TDF_STR:
    case TDF_BLOB: return a->data.n == b->data.n && (a->data.n == 0 || memcmp(a->data.p, b->data.p, a->data.n) == 0);
    case TDF_OTYPE: return memcmp(a->numbers, b->numbers, 2 * sizeof(int64_t)) == 0;
    case TDF_OID: return memcmp(a->numbers, b->numbers, 3 * sizeof(int64_t)) == 0;
    case TDF_FLOAT: return a->bits == b->bits;
    case TDF_VAR:
        if (a->first && a->number != b->number) return false;
        break;
    default: break;
    }
    return a->member == b->member && a->key_type == b->key_type && a->item_type == b->item_type &&
           tdf_tree_same(a->first, b->first);
}

bool tdf_tree_same(const tdf_node *a, const tdf_node *b) {
    for (; a && b; a = a->next, b = b->next) {
        if (!same_node(a, b)) return false;
        if (!a->value != !b->value || (a->value && !same_node(a->value, b->value))) return false;
    }
    return !a && !b;
}

const tdf_node *tdf_tree_find(const tdf_node *fields, uint32_t tag, unsigned type) {
    for (; fields; fields = fields->next)
        if (fields->tag == tag && fields->type == type) return fields;
    return NULL;
}
