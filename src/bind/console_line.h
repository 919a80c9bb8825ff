/* console_line.h: a line of the console cut into words, as a person quotes them.
 *
 *     players rename "Jane Doe" 'it''s'    → players · rename · Jane Doe · its
 *
 * Blanks part words. "…" takes \" and \\ as the character behind the backslash; '…' takes everything as it stands; both
 * may stand inside a word. Outside quotes a backslash is a character like others (it is common in none of our words).
 * Each word knows where it stands in the line, for completion, for what takes the rest of a line, and for leaving a
 * secret out of a log. Pure; the line need not end in a zero byte. */
#ifndef BIND_CONSOLE_LINE_H
#define BIND_CONSOLE_LINE_H

#include "base/arena.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_LINE_MAX   65536 /* bytes of a line */
#define CONSOLE_PIECES_MAX 256   /* words of a line */

typedef struct console_piece {
    const char *text;  /* without quotes, zero at its end */
    uint32_t from, to; /* bytes of the line, quotes included */
    bool quoted;       /* it begins with a quote: "--limit" in quotes is no option */
} console_piece;

typedef struct console_line {
    const char *line;
    size_t n;
    console_piece *pieces;
    unsigned count;
    bool open; /* the last quote has no end: console_line_split fails then, console_line_begin does not */
} console_line;

/* 0; E_ARGUMENT with a sentence (control characters, an open quote, too long, too many words); E_MEMORY. */
int console_line_split(const char *line, size_t n, arena *memory, console_line *out, fault *f);

/* The same for a line that is still being written: an open quote is fine. */
int console_line_begin(const char *line, size_t n, arena *memory, console_line *out, fault *f);

#endif
