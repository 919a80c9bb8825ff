/* pattern.c: compiles and matches Lua's patterns. See pattern.h. */
#include "script/pattern.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

enum { BYTE, ANY, SET, OPEN, PLACE, CLOSE, AGAIN, BALANCE, FRONTIER, END };

#define POLL_STEPS 4096u

/* ---- compiling ---- */

static void set_add(pattern_set *s, unsigned c) { s->bits[c >> 5] |= 1u << (c & 31); }
static bool set_has(const pattern_set *s, unsigned char c) { return s->bits[c >> 5] >> (c & 31) & 1; }

static bool in_class(int c, int letter) {
    switch (letter) {
    case 'a': return isalpha(c);
    case 'c': return iscntrl(c);
    case 'd': return isdigit(c);
    case 'g': return isgraph(c);
    case 'l': return islower(c);
    case 'p': return ispunct(c);
    case 's': return isspace(c);
    case 'u': return isupper(c);
    case 'w': return isalnum(c);
    case 'x': return isxdigit(c);
    case 'z': return c == 0;
    default: return false;
    }
}

static bool is_class(unsigned char c) { return c && strchr("acdglpsuwxz", tolower(c)); }

/* Every class as a set, made once: patterns are compiled at each use. */
static pattern_set classes[26];
static pthread_once_t classes_once = PTHREAD_ONCE_INIT;

static void make_classes(void) {
    for (int letter = 'a'; letter <= 'z'; letter++)
        for (int i = 0; i < 256; i++)
            if (in_class(i, letter)) set_add(&classes[letter - 'a'], (unsigned)i);
}

/* Adds %c to the set; a capital is the complement. */
static void add_escape(pattern_set *s, unsigned char c) {
    if (!is_class(c)) {
        set_add(s, c);
        return;
    }
    pthread_once(&classes_once, make_classes);
    uint32_t flip = isupper(c) ? UINT32_MAX : 0;
    const pattern_set *of = &classes[tolower(c) - 'a'];
    for (int i = 0; i < 8; i++) s->bits[i] |= of->bits[i] ^ flip;
}

/* One past the ']' of the set that begins at t[i] == '[', or 0. The first byte inside is never the end. */
static size_t set_end(const char *t, size_t n, size_t i) {
    i++;
    if (i < n && t[i] == '^') i++;
    do {
        if (i >= n) return 0;
        if (t[i++] == '%' && i < n) i++;
    } while (i >= n || t[i] != ']');
    return i + 1;
}

static void read_set(pattern_set *s, const unsigned char *t, const unsigned char *last) {
    bool complement = *++t == '^';
    memset(s, 0, sizeof *s);
    if (complement) t++;
    for (; t < last; t++) {
        if (*t == '%' && t + 1 < last + 1) {
            add_escape(s, *++t);
        } else if (t[1] == '-' && t + 2 < last) {
            for (unsigned c = t[0]; c <= t[2]; c++) set_add(s, c);
            t += 2;
        } else {
            set_add(s, *t);
        }
    }
    for (int i = 0; complement && i < 8; i++) s->bits[i] = ~s->bits[i];
}

typedef struct compiler {
    pattern *p;
    const char *text;
    size_t n, i;
    size_t open[PATTERN_CAPTURES], depth;
    bool closed[PATTERN_CAPTURES], position[PATTERN_CAPTURES];
} compiler;

static bool fail(compiler *c, const char *why) {
    c->p->error = why;
    return false;
}

static pattern_node *put(compiler *c, int kind) {
    pattern_node *node = &c->p->nodes[c->p->count++];
    *node = (pattern_node){.kind = (uint8_t)kind};
    return node;
}

/* A set at text[i]; leaves i behind it. */
static bool put_set(compiler *c, int kind) {
    size_t end = set_end(c->text, c->n, c->i);
    if (!end) return fail(c, "malformed pattern (missing ']')");
    pattern_node *node = put(c, kind);
    node->set = (uint32_t)c->p->set_count++;
    read_set(&c->p->sets[node->set], (const unsigned char *)c->text + c->i, (const unsigned char *)c->text + end - 1);
    c->i = end;
    return true;
}

static void read_repeat(compiler *c) {
    if (c->i < c->n && strchr("*+-?", c->text[c->i]) && c->text[c->i]) {
        c->p->nodes[c->p->count - 1].repeat = (uint8_t)c->text[c->i++];
    }
}

static bool put_open(compiler *c) {
    if (c->p->captures >= PATTERN_CAPTURES) return fail(c, "too many captures");
    size_t which = c->p->captures++;
    bool place = c->i + 1 < c->n && c->text[c->i + 1] == ')';
    put(c, place ? PLACE : OPEN)->a = (uint8_t)which;
    c->i += place ? 2 : 1;
    if (place)
        c->closed[which] = c->position[which] = true;
    else
        c->open[c->depth++] = which;
    return true;
}

static bool put_close(compiler *c) {
    if (!c->depth) return fail(c, "invalid pattern capture");
    size_t which = c->open[--c->depth];
    c->closed[which] = true;
    put(c, CLOSE)->a = (uint8_t)which;
    c->i++;
    return true;
}

/* %x at text[i]. */
static bool put_escape(compiler *c) {
    if (c->i + 1 >= c->n) return fail(c, "malformed pattern (ends with '%')");
    unsigned char x = (unsigned char)c->text[c->i + 1];
    if (x == 'b') {
        if (c->i + 3 >= c->n) return fail(c, "malformed pattern (missing arguments to '%b')");
        pattern_node *node = put(c, BALANCE);
        node->a = (uint8_t)c->text[c->i + 2], node->b = (uint8_t)c->text[c->i + 3];
        c->i += 4;
        return true;
    }
    if (x == 'f') {
        c->i += 2;
        if (c->i >= c->n || c->text[c->i] != '[') return fail(c, "missing '[' after '%f' in pattern");
        return put_set(c, FRONTIER);
    }
    if (isdigit(x)) {
        size_t which = (size_t)(x - '1');
        if (x == '0' || which >= c->p->captures || !c->closed[which])
            return fail(c, "invalid capture index in pattern");
        put(c, AGAIN)->a = (uint8_t)which;
        c->i += 2;
        return true;
    }
    if (is_class(x)) {
        pattern_node *node = put(c, SET);
        node->set = (uint32_t)c->p->set_count++;
        memset(&c->p->sets[node->set], 0, sizeof *c->p->sets);
        add_escape(&c->p->sets[node->set], x);
    } else {
        put(c, BYTE)->a = x;
    }
    c->i += 2;
    read_repeat(c);
    return true;
}

static bool put_item(compiler *c) {
    switch (c->text[c->i]) {
    case '(': return put_open(c);
    case ')': return put_close(c);
    case '%': return put_escape(c);
    case '[':
        if (!put_set(c, SET)) return false;
        break;
    case '.':
        put(c, ANY);
        c->i++;
        break;
    case '$':
        if (c->i + 1 == c->n) {
            put(c, END);
            c->i++;
            return true;
        }
        /* fall through */
    default: put(c, BYTE)->a = (uint8_t)c->text[c->i]; c->i++;
    }
    read_repeat(c);
    return true;
}

bool pattern_compile(pattern *p, const char *text, size_t n, pattern_node *nodes, pattern_set *sets) {
    compiler c = {.p = p, .text = text, .n = n};
    *p = (pattern){.nodes = nodes, .sets = sets};
    while (c.i < n) {
        if (!put_item(&c)) return false;
    }
    if (c.depth) return fail(&c, "unfinished capture");
    return true;
}

bool pattern_is_plain(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (text[i] && strchr("^$*+?.([%-", text[i])) return false;
    }
    return true;
}

/* ---- matching ---- */

static bool fits(const pattern *p, const pattern_node *node, char c) {
    switch (node->kind) {
    case BYTE: return node->a == (uint8_t)c;
    case ANY: return true;
    default: return set_has(&p->sets[node->set], (unsigned char)c);
    }
}

static void count_steps(pattern_subject *s, size_t n) {
    s->steps += (unsigned)(n < POLL_STEPS ? n : POLL_STEPS);
    if (s->steps < POLL_STEPS) return;
    s->steps = 0;
    if (s->poll) s->poll(s->ctx);
}

/* The end of the longest run of what fits. */
static const char *run_end(const pattern *p, const pattern_node *node, pattern_subject *s, const char *at,
                           const char *most) {
    const char *from = at;
    if (node->kind == ANY) return most;
    while (at < most && fits(p, node, *at)) {
        at++;
        if ((size_t)(at - from) == POLL_STEPS) count_steps(s, POLL_STEPS), from = at;
    }
    count_steps(s, (size_t)(at - from) / 4);
    return at;
}

static const char *balance(const pattern_node *node, pattern_subject *s, const char *at) {
    size_t depth = 1;
    if (at >= s->end || (uint8_t)*at != node->a) return NULL;
    while (++at < s->end) {
        if ((uint8_t)*at == node->b) {
            if (--depth == 0) return at + 1;
        } else if ((uint8_t)*at == node->a) {
            depth++;
        }
        count_steps(s, 1);
    }
    return NULL;
}

static const char *again(const pattern_node *node, const pattern_subject *s, const char *at) {
    ptrdiff_t length = s->captures[node->a].length;
    if (length == PATTERN_POSITION || s->end - at < length) return NULL;
    return memcmp(s->captures[node->a].at, at, (size_t)length) == 0 ? at + length : NULL;
}

/* One item that is not repeated; the place behind it, or NULL. */
static const char *single(const pattern *p, const pattern_node *node, pattern_subject *s, const char *at) {
    switch (node->kind) {
    case OPEN: s->captures[node->a].at = at; return at;
    case PLACE:
        s->captures[node->a].at = at;
        s->captures[node->a].length = PATTERN_POSITION;
        return at;
    case CLOSE: s->captures[node->a].length = at - s->captures[node->a].at; return at;
    case AGAIN: return again(node, s, at);
    case BALANCE: return balance(node, s, at);
    case FRONTIER: {
        unsigned char before = at == s->start ? 0 : (unsigned char)at[-1], here = at == s->end ? 0 : (unsigned char)*at;
        return !set_has(&p->sets[node->set], before) && set_has(&p->sets[node->set], here) ? at : NULL;
    }
    case END: return at == s->end ? at : NULL;
    default: return at < s->end && fits(p, node, *at) ? at + 1 : NULL;
    }
}

/* Goes back to the nearest item that can still decide otherwise: its number and the new place, or false. */
static bool back(const pattern *p, const pattern_subject *s, size_t *i, const char **at) {
    while ((*i)-- > 0) {
        pattern_node *node = &p->nodes[*i];
        if (!node->repeat || !node->now) continue;
        if (node->repeat == '-') {
            if (node->now < s->end && fits(p, node, *node->now)) {
                *at = ++node->now;
                return true;
            }
        } else if (node->now > node->low) {
            *at = --node->now;
            return true;
        }
        node->now = NULL;
    }
    return false;
}

const char *pattern_match(const pattern *p, pattern_subject *s, const char *at) {
    size_t i = 0;
    while (i < p->count) {
        pattern_node *node = &p->nodes[i];
        count_steps(s, 1);
        if (!node->repeat) {
            at = single(p, node, s, at);
        } else if (node->repeat == '-') {
            node->now = at;
        } else {
            const char *most = node->repeat == '?' && s->end - at > 1 ? at + 1 : s->end;
            const char *end = run_end(p, node, s, at, most);
            node->low = node->repeat == '+' ? at + 1 : at;
            node->now = end;
            at = end < node->low ? NULL : end;
        }
        if (!at) {
            if (node->repeat) node->now = NULL;
            if (!back(p, s, &i, &at)) return NULL;
        }
        i++;
    }
    return at;
}

const char *pattern_candidate(const pattern *p, const pattern_subject *s, const char *at) {
    const pattern_node *first = p->nodes;
    if (p->count == 0 || first->kind != BYTE || (first->repeat && first->repeat != '+')) return at;
    if (at >= s->end) return NULL;
    return memchr(at, first->a, (size_t)(s->end - at));
}
