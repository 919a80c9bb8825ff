/* suggest.h: "did you mean …?" for a word that nobody knows.
 *
 *     suggestion s = suggest_begin("sever_time");
 *     for (…) suggest_offer(&s, field->name);
 *     if (s.best) …"; did you mean '%s'?"
 *
 * Nearest by edit distance without regard to case; nothing is suggested when more than a third of the word differs. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

typedef struct suggestion {
    const char *word; /* what was asked for; borrowed */
    const char *best; /* nearest so far, or NULL; borrowed from the offers */
    size_t distance;  /* edits from word to best */
} suggestion;

suggestion suggest_begin(const char *word);
void suggest_offer(suggestion *s, const char *candidate);

/* "; did you mean 'x'?" or "" into `out`; returns out. For appending to a sentence. */
const char *suggest_text(const suggestion *s, char *out, size_t room);

#endif
