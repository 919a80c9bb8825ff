/* literal.h: the values of the game's configuration, read as what they are: (PackName="bronze",CreditCost=5000) and
 * lists of such, so that one number in one of them can be changed (reference 06 §9).
 *
 *     literal *l = literal_parse(&memory, text, &f);
 *     literal *cost = literal_get(l, "creditcost");      names without regard to case
 *     literal_put(…, l, "CreditCost", new, false);
 *     literal_print(l, &out);
 *
 * A word is anything that is no bracket: 5, TRUE, Rarity_Common, "a text". What stands behind the last bracket (a
 * comment) is kept. */
#ifndef CONTENT_LITERAL_H
#define CONTENT_LITERAL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

#define LITERAL_DEPTH 16

typedef struct literal {
    bytes key;  /* in its parent: "CreditCost", "Text[0]"; .p NULL = it has none */
    bytes word; /* .p NULL: a bracket with `first`… in it */
    bytes tail; /* behind the whole value */
    struct literal *first, *last, *next;
} literal;

/* A view of text, which must live as long. NULL with E_PROTOCOL or E_MEMORY. */
literal *literal_parse(arena *memory, bytes text, fault *f);
void literal_print(const literal *l, buf *out);

literal *literal_get(const literal *l, bytes key);

/* Is it this word? Quotes and letter case do not matter. */
bool literal_is(const literal *l, bytes word);

/* Sets a key. A `plain` value takes the form of what it replaces: quoted, or bare; a new one is quoted. Else the value
 * is a literal and stays as it is. The bytes must live as long. E_MEMORY. */
int literal_put(arena *memory, literal *l, bytes key, bytes value, bool plain);

#endif
