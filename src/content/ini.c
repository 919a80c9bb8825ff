/* ini.c: see ini.h. Reading and writing are each other's inverse; the unit test says so for every value type. */
#include "content/ini.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "content/lines.h"

static const char marks[] = " !.+-"; /* by value type; the blank stands for none */

typedef struct reader {
    coalesced *c;
    const char *name;
    lines at;
    coalesced_node *file, *section;
    buf text;
    fault *f;
} reader;

#define FAIL(r, ...) fail((r)->f, (r)->name, (r)->at.number, __VA_ARGS__)

static int __attribute__((format(printf, 4, 5)))
fail(fault *f, const char *name, unsigned line, const char *format, ...) {
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fault_set(f, E_PROTOCOL, "%s:%u: %s", name, line, text);
}

static int too_large(reader *r) {
    return fault_set(r->f, E_LIMIT, "%s:%u: the configuration is larger than %zu MiB", r->name, r->at.number,
                     COALESCED_MEMORY >> 20);
}

static int open_file(reader *r, bytes path) {
    if (path.n == 0)
        return FAIL(r, "expected a path of the game after @file, like ..\\..\\biogame\\config\\biogame.ini");
    if (path.n > COALESCED_NAME_MAX) return FAIL(r, "the path is longer than %u bytes", COALESCED_NAME_MAX);
    r->section = NULL;
    r->file = coalesced_child(r->c, &r->c->root, path, true);
    return r->file ? 0 : too_large(r);
}

static int open_own_file(reader *r) {
    char path[COALESCED_NAME_MAX];
    const char *slash = strrchr(r->name, '/');
    int n = snprintf(path, sizeof path, "%s%s", INI_FOLDER, slash ? slash + 1 : r->name);
    return open_file(r, (bytes){(const uint8_t *)path, (size_t)n});
}

static int open_section(reader *r, bytes line) {
    if (line.n < 3 || line.p[line.n - 1] != ']') return FAIL(r, "expected ']' at the end of the section's name");
    if (line.n - 2 > COALESCED_NAME_MAX) return FAIL(r, "the name is longer than %u bytes", COALESCED_NAME_MAX);
    if (!r->file && open_own_file(r) < 0) return r->f->code;
    r->section = coalesced_child(r->c, r->file, (bytes){line.p + 1, line.n - 2}, true);
    return r->section ? 0 : too_large(r);
}

/* The property's name and its text. */
static int split(reader *r, bytes line, unsigned type, bytes *name, bytes *text) {
    const uint8_t *sign = memchr(line.p, '=', line.n);
    *name = line, *text = (bytes){0};
    if (type == COALESCED_RESET) {
        if (sign) return FAIL(r, "expected only a name after '!'");
    } else {
        if (!sign) return FAIL(r, "expected name=value, [section], !name or ; comment");
        *name = (bytes){line.p, (size_t)(sign - line.p)};
        *text = (bytes){sign + 1, line.n - name->n - 1};
        if (name->n && name->p[name->n - 1] == ':') {
            name->n--;
            buf_clear(&r->text);
            if (!lines_unescape(*text, &r->text))
                return FAIL(r, "after ':=' expected \\n, \\r, \\t or \\\\ behind a backslash");
            *text = buf_bytes(&r->text);
        }
    }
    *name = lines_trim(*name);
    if (name->n == 0) return FAIL(r, "expected a name before '='");
    if (name->n > COALESCED_NAME_MAX) return FAIL(r, "the name is longer than %u bytes", COALESCED_NAME_MAX);
    return 0;
}

static int read_value(reader *r, bytes line) {
    const char *mark = line.p[0] ? strchr(marks + 1, line.p[0]) : NULL;
    unsigned type = mark ? (unsigned)(mark - marks) : COALESCED_NEW;
    bytes name, text;
    if (!r->section) return FAIL(r, "expected [section] before the first value");
    if (mark) line.p++, line.n--;
    int code = split(r, line, type, &name, &text);
    if (code < 0) return code;
    if (text.n && memchr(text.p, 0, text.n)) return FAIL(r, "there is a NUL in the value");
    coalesced_node *property = coalesced_child(r->c, r->section, name, true);
    if (!property) return too_large(r);
    if (property->origin != r->name) coalesced_clear(property);
    property->origin = r->name;
    property->line = r->at.number;
    code = coalesced_add(r->c, property, type, text, r->f);
    return code < 0 ? too_large(r) : 0;
}

int ini_read(coalesced *c, const char *name, bytes text, fault *f) {
    fault own;
    reader r = {.c = c, .name = name, .at = {.rest = text}, .f = f ? f : &own};
    int code = 0;
    for (bytes line; code == 0 && lines_next(&r.at, &line);) {
        bytes start = line;
        while (start.n && lines_blank(start.p[0])) start.p++, start.n--;
        if (start.n == 0 || start.p[0] == ';') continue;
        if (start.p[0] == '[')
            code = open_section(&r, lines_trim(start));
        else if (start.n >= 5 && memcmp(start.p, "@file", 5) == 0)
            code = open_file(&r, lines_trim((bytes){start.p + 5, start.n - 5}));
        else
            code = read_value(&r, start);
    }
    buf_free(&r.text);
    return code;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool fit_name(bytes name, const char *first) {
    if (name.n == 0 || lines_blank(name.p[0]) || lines_blank(name.p[name.n - 1])) return false;
    if (name.p[name.n - 1] == ':' || (name.p[0] && strchr(first, name.p[0]))) return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < 32) return false;
    return true;
}

static void put_text(buf *out, const char *s) { buf_put(out, s, strlen(s)); }
static void put_bytes(buf *out, bytes s) { buf_put(out, s.p, s.n); }

static bool needs_escape(bytes text) {
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n' || text.p[i] == '\r') return true;
    return false;
}

static int put_property(const coalesced_node *property, buf *out, fault *f) {
    if (!fit_name(property->name, "!.+-;[@") || memchr(property->name.p, '=', property->name.n))
        return fault_set(f, E_PROTOCOL, "the property '%.60s' has a name that cannot be written as text",
                         (const char *)property->name.p);
    for (const coalesced_value *v = property->values; v; v = v->next) {
        if (v->type != COALESCED_NEW) buf_u8(out, (uint8_t)marks[v->type]);
        put_bytes(out, property->name);
        if (v->type != COALESCED_RESET) {
            bool escape = needs_escape(v->text);
            put_text(out, escape ? ":=" : "=");
            if (escape)
                lines_escape(v->text, out);
            else
                put_bytes(out, v->text);
        }
        buf_u8(out, '\n');
    }
    return 0;
}

int ini_write(const coalesced_node *file, buf *out, fault *f) {
    if (!fit_name(file->name, ""))
        return fault_set(f, E_PROTOCOL, "the file '%.60s' has a name that cannot be written as text",
                         (const char *)file->name.p);
    put_text(out, "@file ");
    put_bytes(out, file->name);
    buf_u8(out, '\n');
    int code = 0;
    for (const coalesced_node *s = file->first; code == 0 && s; s = s->next) {
        if (!fit_name(s->name, ""))
            return fault_set(f, E_PROTOCOL, "the section '%.60s' has a name that cannot be written as text",
                             (const char *)s->name.p);
        put_text(out, "\n[");
        put_bytes(out, s->name);
        put_text(out, "]\n");
        for (const coalesced_node *p = s->first; code == 0 && p; p = p->next) code = put_property(p, out, f);
    }
    return code == 0 && out->failed ? fault_set(f, E_MEMORY, "out of memory for a text") : code;
}

int ini_check(const coalesced *c, fault *f) {
    coalesced again;
    buf text = {0}, first = {0}, second = {0};
    coalesced_init(&again);
    int code = coalesced_write(c, &first, f);
    for (const coalesced_node *n = c->root.first; code == 0 && n; n = n->next) {
        buf_clear(&text);
        code = ini_write(n, &text, f);
        if (code == 0) code = ini_read(&again, "text", buf_bytes(&text), f);
    }
    if (code == 0) code = coalesced_write(&again, &second, f);
    if (code == 0 && (first.n != second.n || memcmp(first.p, second.p, first.n) != 0))
        code = fault_set(f, E_PROTOCOL, "the configuration cannot be written as text without loss");
    coalesced_free(&again);
    buf_free(&text), buf_free(&first), buf_free(&second);
    return code;
}

void ini_name(bytes path, char *out, size_t room) {
    size_t start = path.n, n = 0;
    while (start && path.p[start - 1] != '\\' && path.p[start - 1] != '/') start--;
    for (size_t i = start; i < path.n && n + 1 < room; i++) {
        uint8_t c = path.p[i];
        bool good =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("._-", c));
        out[n++] = good ? (char)c : '_';
    }
    out[n] = 0;
    if (n && out[0] == '.') out[0] = '_';
}
