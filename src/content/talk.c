/* talk.c: see talk.h. */
#include "content/talk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "content/lines.h"

const char *const talk_languages[] = {"en", "de", "es", "fr", "it", "ja", "pl", "ru", NULL};

const char *talk_locale(const char *language) {
    static const char *const locales[] = {"en-us", "de-de", "es-es", "fr-fr", "it-it", "ja-jp", "pl-pl", "ru-ru"};
    for (size_t i = 0; talk_languages[i]; i++)
        if (strcmp(talk_languages[i], language) == 0) return locales[i];
    return NULL;
}

typedef struct reader {
    tlk *t;
    const char *name;
    lines at;
    uint64_t above[2]; /* every id of this text is below; of the common table, of the female one */
    fault *f;
} reader;

static int __attribute__((format(printf, 3, 4))) fail(reader *r, int code, const char *format, ...) {
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fault_set(r->f, code, "%s:%u: %s", r->name, r->at.number, text);
}

static bool take_number(bytes *s, uint32_t *out) {
    uint64_t v = 0;
    size_t n = 0;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && v <= UINT32_MAX; n++) v = v * 10 + (s->p[n] - '0');
    if (n == 0 || v > UINT32_MAX) return false;
    *out = (uint32_t)v;
    s->p += n, s->n -= n;
    return true;
}

static int read_line(reader *r, bytes line, buf *text) {
    uint32_t id;
    bool female = line.n > 6 && memcmp(line.p, "female", 6) == 0;
    if (female) line = lines_trim((bytes){line.p + 6, line.n - 6});
    if (!take_number(&line, &id)) return fail(r, E_PROTOCOL, "expected the number of a text, like 900000 = Hello");
    while (line.n && lines_blank(line.p[0])) line.p++, line.n--;
    if (line.n == 0 || line.p[0] != '=') return fail(r, E_PROTOCOL, "expected '=' after the number %u", id);
    line.p++, line.n--;
    if (line.n && line.p[0] == ' ') line.p++, line.n--;
    buf_clear(text);
    if (!lines_unescape(line, text)) return fail(r, E_PROTOCOL, "expected \\n, \\r, \\t or \\\\ behind a backslash");
    if (text->n && memchr(text->p, 0, text->n)) return fail(r, E_PROTOCOL, "there is a NUL in the text");
    bool looks = id < r->above[female];
    for (uint32_t i = r->t->count; looks && i-- > 0 && r->t->entries[i].origin == r->name;)
        if (r->t->entries[i].id == id && r->t->entries[i].female == female)
            return fail(r, E_DUPLICATE_KEY, "the text %u is in line %u already", id, r->t->entries[i].line);
    if (!looks) r->above[female] = (uint64_t)id + 1;
    fault why;
    if (tlk_put(r->t, female, id, buf_bytes(text), r->name, r->at.number, &why) == 0) return 0;
    return fail(r, why.code, "%s", why.text);
}

int talk_read(tlk *t, const char *name, bytes text, fault *f) {
    reader r = {.t = t, .name = name, .at = {.rest = text}, .f = f};
    buf scratch = {0};
    int code = 0;
    for (bytes line; code == 0 && lines_next(&r.at, &line);) {
        while (line.n && lines_blank(line.p[0])) line.p++, line.n--;
        if (line.n && line.p[0] != ';') code = read_line(&r, line, &scratch);
    }
    buf_free(&scratch);
    return code;
}

int talk_write(const tlk *t, buf *out, fault *f) {
    for (uint32_t i = 0; i < t->count; i++) {
        char head[48];
        int n = snprintf(head, sizeof head, "%s%u = ", t->entries[i].female ? "female " : "", t->entries[i].id);
        buf_put(out, head, (size_t)n);
        lines_escape(t->entries[i].text, out);
        buf_u8(out, '\n');
    }
    return out->failed ? fault_set(f, E_MEMORY, "out of memory for a text") : 0;
}

static int complete(tlk *t, bool female, uint32_t id, const char *text, fault *f) {
    return tlk_put(t, female, id, (bytes){(const uint8_t *)text, strlen(text)}, "murelay", 0, f);
}

int talk_complete(tlk *t, const char *language, fault *f) {
    const char *locale = talk_locale(language);
    int code = tlk_settle(t, NULL);
    if (code == 0 && !tlk_find(t, false, TLK_ID_GENDER)) code = complete(t, false, TLK_ID_GENDER, "Male", f);
    if (code == 0) code = tlk_settle(t, NULL);
    if (code == 0 && !tlk_find(t, false, TLK_ID_FILE)) code = complete(t, false, TLK_ID_FILE, "DLC_LiveTlk", f);
    if (code == 0) code = tlk_settle(t, NULL);
    if (code == 0 && !tlk_find(t, false, TLK_ID_LOCALE))
        code = complete(t, false, TLK_ID_LOCALE, locale ? locale : "en-us", f);
    if (code == 0) code = tlk_settle(t, NULL);
    if (code == 0 && !tlk_find(t, true, TLK_ID_GENDER)) code = complete(t, true, TLK_ID_GENDER, "Female", f);
    return code < 0 ? code : tlk_settle(t, NULL);
}
