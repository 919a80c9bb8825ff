/* console_line.c: cuts a line into words. See console_line.h. */
#include "bind/console_line.h"

#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* The word at *at, unquoted into `to` (which has room for what is left of the line). Leaves *at behind it. */
static size_t read_piece(const console_line *l, size_t *at, char *to, console_piece *p, bool *open) {
    size_t n = 0, i = *at;
    char quote = 0;
    p->from = (uint32_t)i;
    for (; i < l->n && (quote || !blank(l->line[i])); i++) {
        char c = l->line[i];
        if (!quote && (c == '"' || c == '\'')) {
            quote = c;
            p->quoted = p->quoted || i == p->from;
        } else if (quote && c == quote) {
            quote = 0;
        } else if (quote == '"' && c == '\\' && i + 1 < l->n && (l->line[i + 1] == '"' || l->line[i + 1] == '\\')) {
            to[n++] = l->line[++i];
        } else {
            to[n++] = c;
        }
    }
    p->to = (uint32_t)i;
    *open = quote != 0;
    *at = i;
    return n;
}

static int check(const char *line, size_t n, fault *f) {
    if (n > CONSOLE_LINE_MAX) return fault_set(f, E_ARGUMENT, "the line is longer than %d bytes", CONSOLE_LINE_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 && line[i] != '\t' && line[i] != '\n')
            return fault_set(f, E_ARGUMENT, "there is a control character in the line, at byte %zu", i + 1);
    return 0;
}

int console_line_begin(const char *line, size_t n, arena *memory, console_line *out, fault *f) {
    *out = (console_line){.line = line, .n = n};
    int code = check(line, n, f);
    if (code < 0) return code;
    char *text = arena_new(memory, n + CONSOLE_PIECES_MAX + 1);
    out->pieces = arena_new(memory, CONSOLE_PIECES_MAX * sizeof *out->pieces);
    if (!text || !out->pieces) return fault_set(f, E_MEMORY, "no memory for this line");
    for (size_t at = 0;;) {
        while (at < n && blank(line[at])) at++;
        if (at == n) return 0;
        if (out->count == CONSOLE_PIECES_MAX)
            return fault_set(f, E_ARGUMENT, "the line has more than %d words", CONSOLE_PIECES_MAX);
        console_piece *p = &out->pieces[out->count++];
        p->text = text;
        text += read_piece(out, &at, text, p, &out->open);
        *text++ = 0;
    }
}

int console_line_split(const char *line, size_t n, arena *memory, console_line *out, fault *f) {
    int code = console_line_begin(line, n, memory, out, f);
    if (code < 0 || !out->open) return code;
    const console_piece *last = &out->pieces[out->count - 1];
    return fault_set(f, E_ARGUMENT, "a quote is not closed, in: %.60s", line + last->from);
}
