/* pattern.h: Lua's patterns, compiled, matched without recursion, and interruptible.
 *
 * Lua's own matcher can run for minutes in one call ("a-a-a-a-a-a-b" on a long subject) where no hook sees it. This one
 * does the same work in steps and lets the caller look at the alarm every few thousand of them.
 *
 *     pattern p;  if (!pattern_compile(&p, text, n, nodes, room, sets)) … p.error …
 *     const char *end = pattern_match(&p, &subject, at);   // NULL: no match that begins at `at`
 *
 * A pattern has no choice and no repeated group, so its items are a straight list: at any moment the path taken runs
 * through all items before the present one, each item has at most one open decision, and captures need no undoing.
 *
 * Difference from Lua's: a malformed pattern is an error even when the subject would not lead to the malformed part. */
#ifndef SCRIPT_PATTERN_H
#define SCRIPT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_CAPTURES 32

typedef struct pattern_node {
    uint8_t kind, repeat;  /* enum in pattern.c; 0 or one of * + - ? */
    uint8_t a, b;          /* a byte, the two of %b, the number of a capture */
    uint32_t set;          /* which set */
    const char *low, *now; /* while matching: its open decision */
} pattern_node;

typedef struct pattern_set {
    uint32_t bits[8];
} pattern_set;

typedef struct pattern {
    pattern_node *nodes;
    pattern_set *sets;
    size_t count, set_count, captures;
    const char *error; /* why it is malformed */
} pattern;

typedef struct pattern_subject {
    const char *start, *end;
    struct {
        const char *at;
        ptrdiff_t length; /* PATTERN_POSITION: a position capture */
    } captures[PATTERN_CAPTURES];
    void (*poll)(void *ctx); /* called every few thousand steps; may not return */
    void *ctx;
    unsigned steps;
} pattern_subject;

#define PATTERN_POSITION (-2)

/* nodes and sets must have room for n of each. `n` bytes of text without the anchor. */
bool pattern_compile(pattern *p, const char *text, size_t n, pattern_node *nodes, pattern_set *sets);
const char *pattern_match(const pattern *p, pattern_subject *s, const char *at);
/* The first place ≥ at where a match could begin, or NULL: a quick look at the first item. */
const char *pattern_candidate(const pattern *p, const pattern_subject *s, const char *at);
bool pattern_is_plain(const char *text, size_t n); /* no byte of it is special */

#endif
