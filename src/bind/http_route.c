/* http_route.c: see http_route.h. A few dozen paths: they are looked through one by one, cheapest test first. */
#include "bind/http_route.h"

#include <stdlib.h>
#include <string.h>

const char *const http_method_names[METHOD_COUNT] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"};

int http_method_of(const char *name) {
    for (int i = 0; i < METHOD_COUNT; i++)
        if (strcmp(name, http_method_names[i]) == 0) return i;
    return -1;
}

static int hex(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t http_decode(bytes in, bool plus, char *to) {
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        int high, low;
        if (in.p[i] == '%' && i + 2 < in.n && (high = hex(in.p[i + 1])) >= 0 && (low = hex(in.p[i + 2])) >= 0) {
            to[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            to[n++] = plus && in.p[i] == '+' ? ' ' : (char)in.p[i];
        }
    }
    return n;
}

/* Splits at slashes, without the leading ones and a last one. Number of segments, or -1 when there are too many. */
static int split(bytes path, bytes *segments) {
    int count = 0;
    while (path.n && path.p[0] == '/') path.p++, path.n--;
    if (path.n && path.p[path.n - 1] == '/') path.n--;
    if (!path.n) return 0;
    for (;;) {
        const uint8_t *slash = memchr(path.p, '/', path.n);
        size_t n = slash ? (size_t)(slash - path.p) : path.n;
        if (count == HTTP_SEGMENTS) return -1;
        segments[count++] = (bytes){path.p, n};
        if (!slash) return count;
        path.p += n + 1, path.n -= n + 1;
    }
}

static void path_free(http_path *p) {
    for (int i = 0; i < p->count; i++) free(p->segments[i].text);
    free(p->text);
    free(p);
}

/* "{name}" or "{name...}" → "name" */
static bool takes_rest(bytes s) { return s.n >= 5 && memcmp(s.p + s.n - 4, "...}", 4) == 0; }
static bytes parameter_name(bytes s) { return (bytes){s.p + 1, s.n - (takes_rest(s) ? 5 : 2)}; }

static int check_segment(const http_path *p, int at, bytes s, fault *f) {
    bool braces = memchr(s.p, '{', s.n) || memchr(s.p, '}', s.n);
    if (!s.n) return fault_set(f, E_ARGUMENT, "'%s' has an empty part", p->text);
    if (!braces) return 0;
    if (s.n < 3 || s.p[0] != '{' || s.p[s.n - 1] != '}' || memchr(s.p + 1, '{', s.n - 1) || memchr(s.p, '}', s.n - 1))
        return fault_set(f, E_ARGUMENT, "'%s': a parameter is a whole part of the path, like /{name}/", p->text);
    bytes name = parameter_name(s);
    if (!name.n) return fault_set(f, E_ARGUMENT, "'%s': a parameter needs a name", p->text);
    for (int i = 0; i < at; i++)
        if (p->segments[i].parameter && p->segments[i].n == name.n && !memcmp(p->segments[i].text, name.p, name.n))
            return fault_set(f, E_ARGUMENT, "'%s' has two parameters of one name", p->text);
    return 0;
}

static int fill(http_path *p, fault *f) {
    bytes parts[HTTP_SEGMENTS];
    bytes all = {(const uint8_t *)p->text, strlen(p->text)};
    if (!all.n || all.p[0] != '/') return fault_set(f, E_ARGUMENT, "'%s' must begin with /", p->text);
    int count = split(all, parts);
    if (count < 0) return fault_set(f, E_ARGUMENT, "'%s' has more than %d parts", p->text, HTTP_SEGMENTS);
    for (int i = 0; i < count; i++) {
        int rc = check_segment(p, i, parts[i], f);
        if (rc < 0) return rc;
        http_segment *s = &p->segments[p->count];
        s->parameter = parts[i].p[0] == '{';
        s->rest = s->parameter && takes_rest(parts[i]);
        if (s->rest && i + 1 < count)
            return fault_set(f, E_ARGUMENT, "'%s': what takes the rest of the path comes last", p->text);
        bytes text = s->parameter ? parameter_name(parts[i]) : parts[i];
        s->text = strndup((const char *)text.p, text.n);
        s->n = text.n;
        p->count++;
        if (!s->text) return fault_set(f, E_MEMORY, "out of memory");
    }
    return 0;
}

/* Do the two paths match the same requests? *named: their parameters have the same names as well. */
static bool same(const http_path *a, const http_path *b, bool *named) {
    *named = true;
    if (a->count != b->count) return false;
    for (int i = 0; i < a->count; i++) {
        const http_segment *s = &a->segments[i], *o = &b->segments[i];
        bool text = s->n == o->n && memcmp(s->text, o->text, s->n) == 0;
        if (s->parameter != o->parameter || s->rest != o->rest || (!s->parameter && !text)) return false;
        *named = *named && text;
    }
    return true;
}

http_path *http_routes_add(http_routes *r, const char *text, fault *f) {
    http_path *p = calloc(1, sizeof *p);
    if (p) p->text = strdup(text);
    if (!p || !p->text) {
        free(p);
        fault_set(f, E_MEMORY, "out of memory");
        return NULL;
    }
    if (fill(p, f) < 0) goto fail;
    for (size_t i = 0; i < r->count; i++) {
        bool named;
        if (!same(r->paths[i], p, &named)) continue;
        if (!named) {
            fault_set(f, E_EXISTS, "'%s' and '%s' match the same requests: give the parameters the same names", text,
                      r->paths[i]->text);
            goto fail;
        }
        path_free(p);
        return r->paths[i];
    }
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 32;
        http_path **more = realloc(r->paths, room * sizeof *more);
        if (!more) {
            fault_set(f, E_MEMORY, "out of memory");
            goto fail;
        }
        r->paths = more;
        r->room = room;
    }
    return r->paths[r->count++] = p;
fail:
    path_free(p);
    return NULL;
}

void http_routes_free(http_routes *r) {
    for (size_t i = 0; i < r->count; i++) path_free(r->paths[i]);
    free(r->paths);
    *r = (http_routes){0};
}

static bool equals(const http_segment *s, bytes part) {
    if (s->n == part.n && memcmp(s->text, part.p, part.n) == 0) return true;
    if (part.n < s->n + 2 || part.n > 3 * s->n || !memchr(part.p, '%', part.n)) return false;
    char plain[1024];
    if (part.n > sizeof plain) return false;
    return http_decode(part, false, plain) == s->n && memcmp(s->text, plain, s->n) == 0;
}

static bool rests(const http_path *p) { return p->count && p->segments[p->count - 1].rest; }

static bool fits(const http_path *p, const bytes *parts, int count) {
    if (rests(p) ? p->count > count : p->count != count) return false;
    for (int i = 0; i < p->count; i++)
        if (p->segments[i].parameter ? !parts[i].n : !equals(&p->segments[i], parts[i])) return false;
    return true;
}

/* Fixed text earlier wins, then one part each over the rest. */
static bool better(const http_path *a, const http_path *b) {
    if (!b) return true;
    for (int i = 0; i < a->count && i < b->count; i++) {
        if (a->segments[i].parameter != b->segments[i].parameter) return !a->segments[i].parameter;
        if (a->segments[i].rest != b->segments[i].rest) return !a->segments[i].rest;
    }
    return false;
}

bool http_routes_find(const http_routes *r, bytes path, http_match *match) {
    bytes parts[HTTP_SEGMENTS];
    int count = split(path, parts);
    *match = (http_match){0};
    if (count < 0 || !path.n || path.p[0] != '/') return false;
    for (size_t i = 0; i < r->count; i++)
        if (fits(r->paths[i], parts, count) && better(r->paths[i], match->path)) match->path = r->paths[i];
    if (!match->path) return false;
    for (int i = 0; i < match->path->count; i++)
        if (match->path->segments[i].parameter) match->values[i] = parts[i];
    if (rests(match->path)) { /* from its first part to the end of the last one */
        bytes *rest = &match->values[match->path->count - 1];
        rest->n = (size_t)(parts[count - 1].p + parts[count - 1].n - rest->p);
    }
    return true;
}
