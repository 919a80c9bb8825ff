/* lines.h: the lines of a text file that people edit, one after another, with their numbers. */
#ifndef CONTENT_LINES_H
#define CONTENT_LINES_H

#include <string.h>

#include "base/bytes.h"

typedef struct lines {
    bytes rest;
    unsigned number; /* of the line that lines_next gave last, from 1 */
} lines;

/* Takes the next line off, without its end (LF or CR LF). false at the end. A byte order mark at the start goes. */
static inline bool lines_next(lines *l, bytes *line) {
    if (l->number == 0 && l->rest.n >= 3 && memcmp(l->rest.p, "\xef\xbb\xbf", 3) == 0) l->rest.p += 3, l->rest.n -= 3;
    if (l->rest.n == 0) return false;
    const uint8_t *end = memchr(l->rest.p, '\n', l->rest.n);
    size_t n = end ? (size_t)(end - l->rest.p) : l->rest.n;
    *line = (bytes){l->rest.p, n};
    l->rest.p += n + (end ? 1 : 0), l->rest.n -= n + (end ? 1 : 0);
    if (line->n && line->p[line->n - 1] == '\r') line->n--;
    l->number++;
    return true;
}

static inline bool lines_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static inline bytes lines_trim(bytes s) {
    while (s.n && lines_blank(s.p[0])) s.p++, s.n--;
    while (s.n && lines_blank(s.p[s.n - 1])) s.n--;
    return s;
}

/* The letter behind a backslash for a character that a line cannot hold, or 0; and the other way. */
static inline uint8_t lines_letter(uint8_t c) {
    return c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\\' ? '\\' : 0;
}
static inline uint8_t lines_meant(uint8_t letter) {
    return letter == 'n' ? '\n' : letter == 'r' ? '\r' : letter == 't' ? '\t' : letter == '\\' ? '\\' : 0;
}

static inline void lines_escape(bytes s, buf *out) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t letter = lines_letter(s.p[i]);
        if (letter) buf_u8(out, '\\');
        buf_u8(out, letter ? letter : s.p[i]);
    }
}

/* false when something else follows a backslash. */
static inline bool lines_unescape(bytes s, buf *out) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '\\') {
            c = i + 1 < s.n ? lines_meant(s.p[++i]) : 0;
            if (!c) return false;
        }
        buf_u8(out, c);
    }
    return true;
}

#endif
