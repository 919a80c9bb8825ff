/* metric_values.c: see metric_values.h. A family's samples are found by a hash of their label values; they never move
 * and never leave, so the table is plain open addressing. */
#include "bind/metric_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log.h"

#define TABLE      1024 /* a power of two, over METRIC_SAMPLES_MAX by half */
#define VALUES_MAX (METRIC_LABELS_MAX * (METRIC_VALUE_MAX + 1))

typedef struct sample {
    double amount;
    size_t n;
    char values[]; /* each ended by 0 */
} sample;

struct metric_family {
    metric_declared about;
    bool declared;
    unsigned version, used;
    uint16_t *table;  /* place in samples + 1; allocated with the first label */
    sample **samples; /* in order of first use */
    unsigned room;
};

static metric_family *families[METRIC_FAMILIES_MAX];

_Static_assert(TABLE >= METRIC_SAMPLES_MAX * 2, "the table of samples has free places");

/* -- families ----------------------------------------------------------------------------------------------------- */

static void clear(metric_family *f) {
    for (unsigned i = 0; i < f->used; i++) free(f->samples[i]);
    free(f->samples), free(f->table);
    *f = (metric_family){.about = f->about, .version = f->version + 1};
}

metric_family *metric_values_find(const char *name) {
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        if (families[i] && strcmp(families[i]->about.name, name) == 0) return families[i];
    }
    return NULL;
}

const metric_declared *metric_values_about(const metric_family *f) { return &f->about; }
unsigned metric_values_version(const metric_family *f) { return f->version; }

static bool alike(const metric_declared *a, const metric_declared *b) {
    if (a->type != b->type || a->labels != b->labels) return false;
    for (unsigned i = 0; i < a->labels; i++) {
        if (strcmp(a->label[i], b->label[i]) != 0) return false;
    }
    return true;
}

/* A place for a new family: a free one, or one that nobody declares any more. */
static metric_family *new_family(void) {
    metric_family **place = NULL;
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX && !place; i++) {
        if (!families[i]) place = &families[i];
    }
    if (place) return *place = calloc(1, sizeof **place);
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        if (families[i]->declared) continue;
        clear(families[i]);
        return families[i];
    }
    return NULL;
}

unsigned metric_values_declare(const metric_declared *const *list, unsigned count) {
    unsigned missing = 0;
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        if (families[i]) families[i]->declared = false;
    }
    for (unsigned i = 0; i < count; i++) { /* first those that are there: none of them gives its place away */
        metric_family *f = metric_values_find(list[i]->name);
        if (!f) continue;
        if (!alike(&f->about, list[i])) clear(f);
        f->about = *list[i];
        f->declared = true;
    }
    for (unsigned i = 0; i < count; i++) {
        if (metric_values_find(list[i]->name)) continue;
        metric_family *f = new_family();
        if (!f) {
            missing++;
            continue;
        }
        f->about = *list[i];
        f->declared = true;
    }
    if (missing) log_error("metrics", "no memory for %u of the scripts' metrics: they stay empty", missing);
    return missing;
}

/* -- samples ------------------------------------------------------------------------------------------------------ */

/* Bytes of one printable UTF-8 character at p, 0 = it is none. */
static size_t character(const unsigned char *p) {
    size_t n = *p < 0x80                 ? 1
               : *p >= 0xC2 && *p < 0xE0 ? 2
               : *p >= 0xE0 && *p < 0xF0 ? 3
               : *p >= 0xF0 && *p < 0xF5 ? 4
                                         : 0;
    if (n == 1) return *p >= 0x20 && *p != 0x7F;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    if (n == 3 && ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F))) return 0;
    if (n == 4 && ((*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))) return 0;
    return n;
}

static size_t copy_value(char *out, const char *value) {
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)value; *p;) {
        size_t size = character(p);
        if (n + (size ? size : 1) > METRIC_VALUE_MAX) break;
        if (size)
            memcpy(out + n, p, size);
        else
            out[n] = '?';
        n += size ? size : 1, p += size ? size : 1;
    }
    out[n] = 0;
    return n + 1;
}

static size_t join(const metric_family *f, const char *const *values, char out[VALUES_MAX]) {
    size_t n = 0;
    for (unsigned i = 0; i < f->about.labels; i++) n += copy_value(out + n, values[i]);
    return n;
}

static unsigned hash(const char *p, size_t n) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 16777619u;
    return h ^ h >> 15;
}

/* The sample of these values, or NULL; *place is then where its number goes. */
static sample *find(const metric_family *f, const char *values, size_t n, unsigned *place) {
    unsigned at = hash(values, n) & (TABLE - 1);
    for (; f->table && f->table[at]; at = (at + 1) & (TABLE - 1)) {
        sample *s = f->samples[f->table[at] - 1];
        if (s->n == n && memcmp(s->values, values, n) == 0) return s;
    }
    *place = at;
    return NULL;
}

static sample *make(metric_family *f, const char *values, size_t n, unsigned place) {
    if (!f->table && !(f->table = calloc(TABLE, sizeof *f->table))) return NULL;
    if (f->used == f->room) {
        unsigned room = f->room ? f->room * 2 : 4;
        sample **more = realloc(f->samples, room * sizeof *more);
        if (!more) return NULL;
        f->samples = more, f->room = room;
    }
    sample *s = malloc(sizeof *s + n);
    if (!s) return NULL;
    s->amount = 0, s->n = n;
    memcpy(s->values, values, n);
    f->samples[f->used++] = s;
    f->table[place] = (uint16_t)f->used;
    return s;
}

static sample *sample_of(metric_family *f, const char *const *given) {
    static const char *const others[METRIC_LABELS_MAX] = {"other", "other", "other", "other"};
    char values[VALUES_MAX];
    size_t n = join(f, given, values);
    unsigned place;
    sample *s = find(f, values, n, &place);
    if (s) return s;
    if (f->used >= METRIC_SAMPLES_MAX - 1) {
        n = join(f, others, values);
        if ((s = find(f, values, n, &place))) return s;
        if (f->used >= METRIC_SAMPLES_MAX) return NULL;
        log_warn("metrics", "%s has met %d combinations of labels; further ones count as \"other\"", f->about.name,
                 (int)f->used);
    }
    return make(f, values, n, place);
}

int metric_values_add(metric_family *f, const char *const *values, double amount) {
    sample *s = sample_of(f, values);
    if (!s) return E_MEMORY;
    s->amount += amount;
    return 0;
}

int metric_values_set(metric_family *f, const char *const *values, double amount) {
    sample *s = sample_of(f, values);
    if (!s) return E_MEMORY;
    s->amount = amount;
    return 0;
}

bool metric_values_get(const metric_family *f, const char *const *values, double *amount) {
    char text[VALUES_MAX];
    unsigned place;
    const sample *s = find(f, text, join(f, values, text), &place);
    if (s) *amount = s->amount;
    return s != NULL;
}

void metric_values_each(const metric_family *f, void (*tell)(void *ctx, const char *values, double amount), void *ctx) {
    for (unsigned i = 0; i < f->used; i++) tell(ctx, f->samples[i]->values, f->samples[i]->amount);
}

/* -- the page ----------------------------------------------------------------------------------------------------- */

static const char *unit_of(const char *name) {
    static const char *const units[] = {"seconds", "bytes"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t size = strlen(units[i]);
        if (n > size && name[n - size - 1] == '_' && strcmp(name + n - size, units[i]) == 0) return units[i];
    }
    return NULL;
}

static void write_family(metrics_page *p, const metric_family *f) {
    char name[METRIC_NAME_MAX + 16];
    const char *suffix = f->about.type == METRIC_COUNTER ? "_total" : "";
    snprintf(name, sizeof name, "murelay_%s", f->about.name);
    metrics_family(p, name, f->about.type, unit_of(name), f->about.text);
    if (f->about.labels == 0 && f->used == 0) metrics_number(p, suffix, 0, NULL, NULL, 0);
    for (unsigned i = 0; i < f->used; i++) {
        const char *labels[METRIC_LABELS_MAX], *values[METRIC_LABELS_MAX], *at = f->samples[i]->values;
        for (unsigned k = 0; k < f->about.labels; k++, at += strlen(at) + 1)
            labels[k] = f->about.label[k], values[k] = at;
        metrics_number(p, suffix, f->samples[i]->amount, labels, values, f->about.labels);
    }
}

void metric_values_write(metrics_page *p) {
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        if (families[i] && families[i]->declared) write_family(p, families[i]);
    }
}

void metric_values_free(void) {
    for (unsigned i = 0; i < METRIC_FAMILIES_MAX; i++) {
        if (!families[i]) continue;
        clear(families[i]);
        free(families[i]);
        families[i] = NULL;
    }
}
