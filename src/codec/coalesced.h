/* coalesced.h: the game's live configuration, "BINI" once unpacked: INI files, in them sections, in them properties,
 * each a list of values that the game merges over its own (reference 06 §2).
 *
 *     coalesced c;
 *     coalesced_init(&c);
 *     if (coalesced_read(&c, file, &f) == 0) {
 *         coalesced_node *n = coalesced_child(&c, coalesced_child(&c, coalesced_child(&c, &c.root, path, true), …
 *         coalesced_add(&c, n, COALESCED_UNIQUE, text, &f);
 *         coalesced_write(&c, &out, &f);
 *     }
 *     coalesced_free(&c);
 *
 * The writer is canonical (§2.9): the same content gives the same bytes, whatever it was read from. */
#ifndef CODEC_COALESCED_H
#define CODEC_COALESCED_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

#define COALESCED_MEMORY   ((size_t)64 << 20) /* of one decoded file */
#define COALESCED_NAME_MAX 1024u              /* bytes of a name */
#define COALESCED_NAMES    65535u             /* different names of one file, and the empty one */

enum coalesced_type {                   /* what a value does to the property as the game has it */
                      COALESCED_NEW,    /* sets it */
                      COALESCED_RESET,  /* drops all that it has; no text */
                      COALESCED_ADD,    /* appends */
                      COALESCED_UNIQUE, /* appends where no equal one is */
                      COALESCED_REMOVE, /* drops the one of exactly this text */
                      COALESCED_TYPES
};

typedef struct coalesced_value {
    uint8_t type;
    bytes text;
    struct coalesced_value *next;
} coalesced_value;

typedef struct coalesced_node { /* the root, a file, a section or a property */
    bytes name;                 /* lower case */
    struct coalesced_node *parent, *first, *last, *next;
    uint32_t count;                       /* of children, or of values */
    coalesced_value *values, *last_value; /* a property's */
    const char *origin;                   /* who wrote it last; for whoever merges. Borrowed */
    unsigned line;                        /* there; 0 = none */
} coalesced_node;

typedef struct coalesced {
    arena memory;
    coalesced_node root;
    coalesced_node **buckets; /* every node by (parent, name) */
    uint32_t bucket_count, node_count;
} coalesced;

void coalesced_init(coalesced *c);
void coalesced_free(coalesced *c); /* also after a failed reading */

/* The child of this name (letter case does not matter), made when it is missing and `make` is set; else NULL, which
 * also means out of memory then. */
coalesced_node *coalesced_child(coalesced *c, coalesced_node *parent, bytes name, bool make);

/* Appends a value to a property; the text is copied. E_LIMIT past COALESCED_MEMORY. */
int coalesced_add(coalesced *c, coalesced_node *property, unsigned type, bytes text, fault *f);
void coalesced_clear(coalesced_node *property); /* no values */

/* Reads a file into an empty `c`. Errors: E_PROTOCOL and a sentence (§2.10), E_LIMIT, E_MEMORY. */
int coalesced_read(coalesced *c, bytes in, fault *f);

/* Appends the file to out. A property without values is left out, with what is empty for that. E_LIMIT, E_PROTOCOL (a
 * text is no UTF-8), E_MEMORY. */
int coalesced_write(const coalesced *c, buf *out, fault *f);

uint32_t coalesced_hash(bytes name);            /* §2.3 */
const char *coalesced_type_name(unsigned type); /* "New" … */

#endif
