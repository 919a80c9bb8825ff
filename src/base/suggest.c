/* suggest.c: edit distance over one row, words up to SUGGEST_MAX bytes. */
#include "base/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SUGGEST_MAX 64

static size_t edit_distance(const char *a, size_t n, const char *b, size_t m) {
    size_t row[SUGGEST_MAX + 1];
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j];
            size_t same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]) ? 0 : 1;
            size_t least = diagonal + same;
            if (above + 1 < least) least = above + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            diagonal = above;
            row[j] = least;
        }
    }
    return row[m];
}

suggestion suggest_begin(const char *word) { return (suggestion){.word = word, .distance = SIZE_MAX}; }

void suggest_offer(suggestion *s, const char *candidate) {
    size_t n = strlen(s->word), m = strlen(candidate);
    if (n > SUGGEST_MAX || m > SUGGEST_MAX) return;
    size_t d = edit_distance(s->word, n, candidate, m);
    if (d < s->distance && d <= (n > m ? n : m) / 3 + 1 && d < n) {
        s->distance = d;
        s->best = candidate;
    }
}

const char *suggest_text(const suggestion *s, char *out, size_t room) {
    if (s->best) snprintf(out, room, "; did you mean '%s'?", s->best);
    else if (room) out[0] = 0;
    return out;
}
