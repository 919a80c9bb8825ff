/* change.h: what scripts change in the game's live configuration, in the order in which they said it.
 *
 * A list is made while scripts load and is the same ever after; whoever builds holds it, on any thread.
 *
 *     change_list *l = change_list_new();
 *     change *c = change_add(l, CHANGE_SET, file, section, property);    then its texts, steps and where it was said
 *     …
 *     change_apply(l, &coalesced, note, ctx, &f);
 *     change_list_drop(l); */
#ifndef CONTENT_CHANGE_H
#define CONTENT_CHANGE_H

#include <stdatomic.h>

#include "codec/coalesced.h"

#define CHANGES_MAX   20000u
#define CHANGE_MEMORY ((size_t)8 << 20)
#define CHANGE_STEPS  8

#define CHANGE_LIST(X)                                                                                                 \
    X(SET, "set")       /* the one value of a property */                                                              \
    X(LIST, "list")     /* all values of a list: drop what the game has, then these */                                 \
    X(ADD, "add")       /* one more value */                                                                           \
    X(REMOVE, "remove") /* without the value of exactly this text */                                                   \
    X(RESET, "reset")   /* no value at all */                                                                          \
    X(KEEP, "keep")     /* as the game itself has it: the live configuration says nothing about it */                  \
    X(EDIT, "edit")     /* some keys inside some values */

enum change_op {
#define X(op, name) CHANGE_##op,
    CHANGE_LIST(X)
#undef X
        CHANGE_OPS
};

typedef struct change_pair {
    bytes key, value;
    bool plain; /* a text of Lua: takes the form of what it replaces */
    struct change_pair *next;
} change_pair;

typedef struct change_step { /* on the way to what is edited: into a key, or only those where … */
    bytes key;
    change_pair *where;
    struct change_step *next;
} change_step;

typedef struct change {
    enum change_op op;
    bytes file, section, property;
    const char *origin; /* "scripts/balance/weapons.lua" */
    unsigned line;
    change_pair *values; /* texts without keys; for EDIT what to set */
    change_step *steps;
    struct change *next;
} change;

typedef struct change_list {
    atomic_uint refs;
    arena memory;
    change *first, *last;
    unsigned count;
} change_list;

change_list *change_list_new(void); /* count 1; NULL when out of memory */
change_list *change_list_hold(change_list *l);
void change_list_drop(change_list *l); /* NULL is fine */

/* NULL when there is no room. Everything a change points to belongs to l->memory. */
change *change_add(change_list *l, enum change_op op, bytes file, bytes section, bytes property);
int change_op_parse(const char *name); /* or -1 */
const char *change_op_name(enum change_op op);

/* Merges all of them into c. note: something was said that changes nothing, in a sentence without its place. E_LIMIT,
 * E_PROTOCOL (a value that cannot be edited), both with "file:line: …". c must not outlive l. */
int change_apply(const change_list *l, coalesced *c, void (*note)(void *ctx, const change *c, const char *text),
                 void *ctx, fault *f);

#endif
