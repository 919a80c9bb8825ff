/* literal.c: a small recursive reader, and a printer that leaves out the blanks. */
#include "content/literal.h"

#include <string.h>
#include <strings.h>

typedef struct parser {
    arena *memory;
    bytes text;
    size_t at;
    fault *f;
} parser;

static void skip(parser *p) {
    while (p->at < p->text.n && (p->text.p[p->at] == ' ' || p->text.p[p->at] == '\t')) p->at++;
}

static int peek(const parser *p) { return p->at < p->text.n ? p->text.p[p->at] : -1; }

static literal *fail(parser *p, const char *what) {
    fault_set(p->f, E_PROTOCOL, "%s at character %zu of '%.*s'", what, p->at + 1, p->text.n < 80 ? (int)p->text.n : 80,
              (const char *)p->text.p);
    return NULL;
}

static bool word_ends(int c) { return c < 0 || c == '(' || c == ')' || c == ',' || c == '='; }

/* A quoted text or a run of other characters, without blanks at its end. */
static bool take_word(parser *p, bytes *out) {
    size_t start = p->at;
    if (peek(p) == '"') {
        const uint8_t *end = memchr(p->text.p + p->at + 1, '"', p->text.n - p->at - 1);
        if (!end) return fail(p, "a text without its second quote"), false;
        p->at = (size_t)(end - p->text.p) + 1;
    } else {
        while (!word_ends(peek(p))) p->at++;
    }
    *out = (bytes){p->text.p + start, p->at - start};
    while (out->n && (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\t')) out->n--;
    return true;
}

static literal *parse_value(parser *p, int depth);

static literal *parse_item(parser *p, int depth) {
    bytes key;
    size_t start = p->at;
    if (peek(p) != '(' && peek(p) != '"') {
        if (!take_word(p, &key)) return NULL;
        if (peek(p) == '=') {
            p->at++;
            skip(p);
            literal *l = parse_value(p, depth);
            if (l) l->key = key;
            return l;
        }
        p->at = start;
    }
    return parse_value(p, depth);
}

static literal *parse_value(parser *p, int depth) {
    literal *l = arena_new(p->memory, sizeof *l);
    if (!l) return fault_set(p->f, E_MEMORY, "out of memory for a value"), NULL;
    if (peek(p) != '(') return take_word(p, &l->word) ? l : NULL;
    if (depth == LITERAL_DEPTH) return fail(p, "brackets too deep");
    p->at++;
    for (skip(p); peek(p) != ')'; skip(p)) {
        if (peek(p) < 0) return fail(p, "a ')' is missing");
        literal *item = parse_item(p, depth + 1);
        if (!item) return NULL;
        skip(p);
        if (peek(p) == ',')
            p->at++;
        else if (peek(p) != ')')
            return fail(p, "expected ',' or ')'");
        if (!item->key.p && item->word.p && item->word.n == 0) continue; /* two commas: nothing between them */
        *(l->last ? &l->last->next : &l->first) = item;
        l->last = item;
    }
    p->at++;
    return l;
}

literal *literal_parse(arena *memory, bytes text, fault *f) {
    parser p = {.memory = memory, .text = text, .f = f};
    skip(&p);
    if (peek(&p) != '(') { /* a lone word: all of it */
        literal *l = arena_new(memory, sizeof *l);
        if (l) l->word = text;
        if (l && !l->word.p) l->word.p = (const uint8_t *)"";
        return l;
    }
    literal *l = parse_value(&p, 0);
    if (l) l->tail = (bytes){text.p + p.at, text.n - p.at};
    return l;
}

void literal_print(const literal *l, buf *out) {
    if (l->word.p) {
        buf_put(out, l->word.p, l->word.n);
        return;
    }
    buf_u8(out, '(');
    for (const literal *item = l->first; item; item = item->next) {
        if (item != l->first) buf_u8(out, ',');
        if (item->key.p) {
            buf_put(out, item->key.p, item->key.n);
            buf_u8(out, '=');
        }
        literal_print(item, out);
    }
    buf_u8(out, ')');
    buf_put(out, l->tail.p, l->tail.n);
}

static bool same(bytes a, bytes b) { return a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0; }

literal *literal_get(const literal *l, bytes key) {
    for (literal *item = l->first; item; item = item->next)
        if (item->key.p && same(item->key, key)) return item;
    return NULL;
}

static bool quoted(bytes word) { return word.n >= 2 && word.p[0] == '"' && word.p[word.n - 1] == '"'; }

static bytes bare(bytes word) { return quoted(word) ? (bytes){word.p + 1, word.n - 2} : word; }

bool literal_is(const literal *l, bytes word) { return l->word.p && same(bare(l->word), bare(word)); }

int literal_put(arena *memory, literal *l, bytes key, bytes value, bool plain) {
    literal *item = literal_get(l, key);
    bool quote = plain && (!item || (item->word.p && quoted(item->word)));
    if (!item) {
        item = arena_new(memory, sizeof *item);
        if (!item) return E_MEMORY;
        item->key = key;
        *(l->last ? &l->last->next : &l->first) = item;
        l->last = item;
    }
    item->first = item->last = NULL;
    item->word = value;
    if (!quote) return 0;
    char *text = arena_new(memory, value.n + 3);
    if (!text) return E_MEMORY;
    text[0] = '"';
    memcpy(text + 1, value.p, value.n);
    text[value.n + 1] = '"';
    item->word = (bytes){(const uint8_t *)text, value.n + 2};
    return 0;
}
