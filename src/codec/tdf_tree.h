/* tdf_tree.h: any TDF body as a tree, without a schema and without loss (reference 01 §6.1).
 *
 * For logs, proxies, tests and tools: the order of fields, duplicates, tags, types, 64-bit numbers, raw string bytes,
 * element types of empty lists and active-member bytes all survive, so that a canonical body encodes again to the same
 * bytes. Handlers do not use this: they get a Lua table decoded by a schema (bind/tdf_codec.h).
 *
 *     arena a;  arena_init(&a, TDF_TREE_LIMIT(body.n));
 *     tdf_node *fields;
 *     if (tdf_tree_decode(body, &a, &fields, &f) == 0) tdf_print(&out, fields, NULL, TDF_PRINT_LINES);
 *     arena_free(&a); */
#ifndef CODEC_TDF_TREE_H
#define CODEC_TDF_TREE_H

#include "base/arena.h"
#include "codec/tdf.h"

typedef struct tdf_node tdf_node;
struct tdf_node {
    tdf_node *next;  /* the following field, element or key */
    tdf_node *first; /* group: fields; list: elements; map: keys; union: the member's field; variable: its group */
    tdf_node *value; /* on a map key: what belongs to it */
    union {
        int64_t number;     /* int; variable: its class id */
        int64_t numbers[3]; /* otype (2), oid (3) */
        uint32_t bits;      /* float, as IEEE-754 bits */
        bytes data;         /* str without NUL, blob; borrowed from the decoded body */
    };
    uint32_t tag;      /* 0 on elements, keys and map values */
    uint8_t type;      /* enum tdf_type */
    uint8_t key_type;  /* map */
    uint8_t item_type; /* list, map */
    uint8_t member;    /* union: active member or TDF_UNSET; group element: prefix, 0 = none, TDF_UNSET = unset */
};

/* Memory a decode may need at most: every byte of a body can become one node. For arena_init. */
#define TDF_TREE_LIMIT(length) (((size_t)(length) + 16) * 64)

/* Decodes a whole body. *fields = the first field, NULL for an empty body; nodes live in `a`, strings in `body`.
 * Errors: those of 01 §6.4, E_MEMORY. Depth and number of values are limited as in tdf.h. */
int tdf_tree_decode(bytes body, arena *a, tdf_node **fields, fault *f);

/* Appends the fields as they stand: order, duplicates and embedded NULs are kept. Errors: E_TYPE (an element of another
 * type than its list), E_BAD_KEY_TYPE, E_BAD_UNION, E_TOO_DEEP, E_LIMIT (out went past its max), E_MEMORY. */
int tdf_tree_encode(const tdf_node *fields, buf *out, fault *f);

/* Brings a tree into the order of 01 §4, in place: fields by tag, map entries by key, at every level; *fields is the
 * new first one. Refuses what an encoder must not write: E_DUPLICATE_TAG, E_DUPLICATE_KEY (after folding),
 * E_EMBEDDED_NUL, E_TOO_DEEP. */
int tdf_tree_sort(tdf_node **fields, fault *f);

/* Whether two trees hold the same values in the same order. */
bool tdf_tree_same(const tdf_node *a, const tdf_node *b);

/* The first sibling with this tag and type, or NULL (01 §6.3: present with another type counts as missing). */
const tdf_node *tdf_tree_find(const tdf_node *fields, uint32_t tag, unsigned type);

#endif
