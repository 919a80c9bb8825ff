/* interchange.c: a reader for this one shape: keys in any order, unknown ones passed over, depth bounded. The shape is
 * small, so the reader is; it keeps what it found of an object until the object ends. */
#include "content/interchange.h"

#include <string.h>

#define DEPTH_MAX 32

typedef struct parser {
    coalesced *c;
    bytes text;
    size_t at;
    buf word, type; /* scratch: the last string; a value's type */
    fault *f;
} parser;

static int fail(parser *p, const char *expected) {
    unsigned line = 1;
    for (size_t i = 0; i < p->at && i < p->text.n; i++) line += p->text.p[i] == '\n';
    return fault_set(p->f, E_PROTOCOL, "line %u: expected %s", line, expected);
}

static int peek(parser *p) {
    while (p->at < p->text.n && p->text.p[p->at] && strchr(" \t\r\n", p->text.p[p->at])) p->at++;
    return p->at < p->text.n ? p->text.p[p->at] : -1;
}

static bool take(parser *p, int c) {
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

static int hex4(parser *p, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        int c = p->at < p->text.n ? p->text.p[p->at] : 0, v = c >= '0' && c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
        if (v < 0 || v > 15 || (v > 9 && ((c | 32) < 'a' || (c | 32) > 'f'))) return fail(p, "four hexadecimal digits");
        *out = *out << 4 | (uint32_t)v;
    }
    return 0;
}

static void put_point(buf *b, uint32_t v) {
    if (v < 0x80) {
        buf_u8(b, (uint8_t)v);
    } else if (v < 0x800) {
        buf_u8(b, (uint8_t)(0xc0 | v >> 6)), buf_u8(b, (uint8_t)(0x80 | (v & 63)));
    } else if (v < 0x10000) {
        buf_u8(b, (uint8_t)(0xe0 | v >> 12)), buf_u8(b, (uint8_t)(0x80 | (v >> 6 & 63)));
        buf_u8(b, (uint8_t)(0x80 | (v & 63)));
    } else {
        buf_u8(b, (uint8_t)(0xf0 | v >> 18)), buf_u8(b, (uint8_t)(0x80 | (v >> 12 & 63)));
        buf_u8(b, (uint8_t)(0x80 | (v >> 6 & 63))), buf_u8(b, (uint8_t)(0x80 | (v & 63)));
    }
}

static int read_escape(parser *p, buf *out) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    int c = p->at < p->text.n ? p->text.p[p->at++] : 0;
    const char *at = c ? strchr(letters, c) : NULL;
    if (at) return buf_u8(out, (uint8_t)meant[at - letters]), 0;
    uint32_t v, low;
    if (c != 'u') return fail(p, "an escape of JSON");
    int code = hex4(p, &v);
    if (code < 0) return code;
    if (v == 0) return fail(p, "a text without NUL");
    if (v >= 0xd800 && v < 0xdc00 && p->at + 1 < p->text.n && p->text.p[p->at] == '\\' && p->text.p[p->at + 1] == 'u') {
        p->at += 2;
        if ((code = hex4(p, &low)) < 0) return code;
        if (low < 0xdc00 || low > 0xdfff) return fail(p, "the second half of a pair");
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
    }
    put_point(out, v);
    return 0;
}

static int read_string(parser *p, buf *out) {
    buf_clear(out);
    if (!take(p, '"')) return fail(p, "a text in quotes");
    while (p->at < p->text.n && p->text.p[p->at] != '"') {
        uint8_t c = p->text.p[p->at++];
        if (c < 32) return fail(p, "no control character in a text");
        int code = c == '\\' ? read_escape(p, out) : (buf_u8(out, c), 0);
        if (code < 0) return code;
    }
    if (p->at == p->text.n) return fail(p, "the end of a text");
    p->at++;
    return out->failed ? fault_set(p->f, E_MEMORY, "out of memory for a text") : 0;
}

/* Any value, passed over. */
static int skip(parser *p, int depth) {
    if (depth == DEPTH_MAX) return fail(p, "less depth");
    int open = peek(p), close = open == '{' ? '}' : ']';
    if (open == '"') return read_string(p, &p->word);
    if (open != '{' && open != '[') { /* a number or a word */
        size_t start = p->at;
        while (p->at < p->text.n && p->text.p[p->at] && !strchr(",]} \t\r\n", p->text.p[p->at])) p->at++;
        return p->at > start ? 0 : fail(p, "a value");
    }
    p->at++;
    if (take(p, close)) return 0;
    do {
        int code = 0;
        if (open == '{') {
            code = read_string(p, &p->word);
            if (code == 0 && !take(p, ':')) code = fail(p, "':'");
        }
        if (code == 0) code = skip(p, depth + 1);
        if (code < 0) return code;
    } while (take(p, ','));
    return take(p, close) ? 0 : fail(p, "',' or an end");
}

static bool is(const buf *b, const char *word) { return b->n == strlen(word) && memcmp(b->p, word, b->n) == 0; }

/* Calls one(p, parent) for every item of a list. */
static int read_list(parser *p, coalesced_node *parent, int level, int (*one)(parser *, coalesced_node *, int)) {
    if (!take(p, '[')) return fail(p, "'['");
    if (take(p, ']')) return 0;
    do {
        int code = one(p, parent, level);
        if (code < 0) return code;
    } while (take(p, ','));
    return take(p, ']') ? 0 : fail(p, "',' or ']'");
}

static int read_value(parser *p, coalesced_node *property, int level) {
    buf text = {0};
    bool has_text = false;
    unsigned type = COALESCED_TYPES;
    int code = take(p, '{') ? 0 : fail(p, "'{'");
    while (code == 0 && !take(p, '}')) {
        code = read_string(p, &p->word);
        if (code == 0 && !take(p, ':')) code = fail(p, "':'");
        if (code < 0) break;
        if (is(&p->word, "ty")) {
            code = read_string(p, &p->type);
            for (type = 0; type < COALESCED_TYPES && !is(&p->type, coalesced_type_name(type));) type++;
            if (code == 0 && type == COALESCED_TYPES) code = fail(p, "New, RemoveProperty, Add, AddUnique or Remove");
        } else if (is(&p->word, "text") && peek(p) == '"') {
            code = read_string(p, &text);
            has_text = true;
        } else {
            code = skip(p, 0);
        }
        if (code == 0 && !take(p, ',') && peek(p) != '}') code = fail(p, "',' or '}'");
    }
    if (code == 0 && type == COALESCED_TYPES) code = fail(p, "a value with \"ty\"");
    if (code == 0) code = coalesced_add(p->c, property, type, has_text ? buf_bytes(&text) : (bytes){0}, p->f);
    buf_free(&text);
    return code;
}

/* A file, a section or a property. Its name may stand behind its content, so the content's place is remembered. */
static int read_node(parser *p, coalesced_node *parent, int level) {
    static const char *const lists[] = {"sections", "properties", "values"};
    buf name = {0};
    size_t content = 0;
    int code = take(p, '{') ? 0 : fail(p, "'{'");
    while (code == 0 && !take(p, '}')) {
        code = read_string(p, &p->word);
        if (code == 0 && !take(p, ':')) code = fail(p, "':'");
        if (code < 0) break;
        if (is(&p->word, level == 0 ? "path" : "name")) {
            code = read_string(p, &name);
        } else {
            if (is(&p->word, lists[level])) content = p->at;
            code = skip(p, level);
        }
        if (code == 0 && !take(p, ',') && peek(p) != '}') code = fail(p, "',' or '}'");
    }
    if (code == 0 && name.n == 0) code = fail(p, level == 0 ? "a file with \"path\"" : "something with \"name\"");
    if (code == 0 && content) {
        size_t end = p->at;
        coalesced_node *n = coalesced_child(p->c, parent, buf_bytes(&name), true);
        p->at = content;
        code = n ? read_list(p, n, level + 1, level < 2 ? read_node : read_value)
                 : fault_set(p->f, E_LIMIT, "the configuration is larger than %zu MiB", COALESCED_MEMORY >> 20);
        if (code == 0) p->at = end;
    }
    buf_free(&name);
    return code;
}

int interchange_read(coalesced *c, bytes text, fault *f) {
    fault own;
    parser p = {.c = c, .text = text, .f = f ? f : &own};
    bool found = false;
    int code = take(&p, '{') ? 0 : fail(&p, "'{'");
    while (code == 0 && !take(&p, '}')) {
        code = read_string(&p, &p.word);
        if (code == 0 && !take(&p, ':')) code = fail(&p, "':'");
        if (code == 0 && is(&p.word, "files")) {
            found = true;
            code = read_list(&p, &c->root, 0, read_node);
        } else if (code == 0) {
            code = skip(&p, 0);
        }
        if (code == 0 && !take(&p, ',') && peek(&p) != '}') code = fail(&p, "',' or '}'");
    }
    if (code == 0 && !found) code = fail(&p, "\"files\" in it");
    buf_free(&p.word);
    buf_free(&p.type);
    return code;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put(buf *out, const char *s) { buf_put(out, s, strlen(s)); }

static void put_string(buf *out, bytes s) {
    static const char digits[] = "0123456789abcdef";
    buf_u8(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '"' || c == '\\') {
            buf_u8(out, '\\'), buf_u8(out, c);
        } else if (c < 32) {
            put(out, "\\u00");
            buf_u8(out, (uint8_t)digits[c >> 4]), buf_u8(out, (uint8_t)digits[c & 15]);
        } else {
            buf_u8(out, c);
        }
    }
    buf_u8(out, '"');
}

static void write_values(const coalesced_node *property, buf *out) {
    for (const coalesced_value *v = property->values; v; v = v->next) {
        put(out, v == property->values ? "\n        { \"ty\": \"" : ",\n        { \"ty\": \"");
        put(out, coalesced_type_name(v->type));
        put(out, "\", \"text\": ");
        if (v->type == COALESCED_RESET)
            put(out, "null");
        else
            put_string(out, v->text);
        put(out, " }");
    }
}

static void write_level(const coalesced_node *parent, int level, buf *out) {
    static const char *const heads[] = {"{ \"path\": ", "{ \"name\": ", "{ \"name\": "};
    static const char *const lists[] = {", \"sections\": [", ", \"properties\": [", ", \"values\": ["};
    for (const coalesced_node *n = parent->first; n; n = n->next) {
        put(out, n == parent->first ? "\n" : ",\n");
        for (int i = 0; i <= level; i++) put(out, "  ");
        put(out, heads[level]);
        put_string(out, n->name);
        put(out, lists[level]);
        if (level < 2)
            write_level(n, level + 1, out);
        else
            write_values(n, out);
        put(out, "] }");
    }
}

int interchange_write(const coalesced *c, buf *out, fault *f) {
    put(out, "{ \"version\": 1, \"files\": [");
    write_level(&c->root, 0, out);
    put(out, "\n] }\n");
    return out->failed ? fault_set(f, E_MEMORY, "out of memory for a text") : 0;
}
