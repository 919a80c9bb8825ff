/* suggest.c: edit distance over three rows, words up to SUGGEST_MAX bytes. */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SUGGEST_MAX 64

static bool same(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

/* Letters to insert, drop or change, or neighbours to swap, on the way from one word to the other. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m) {
    size_t rows[3][SUGGEST_MAX + 1] = {{0}};
    for (size_t j = 0; j <= m; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t least = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            if (above[j] + 1 < least) least = above[j] + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if (swapped && higher[j - 2] + 1 < least) least = higher[j - 2] + 1;
            row[j] = least;
        }
    }
    return rows[n % 3][m];
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
    if (s->best)
        snprintf(out, room, "; did you mean '%s'?", s->best);
    else if (room)
        out[0] = 0;
    return out;
}
