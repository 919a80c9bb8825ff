/* metrics.c: see metrics.h. */
#include "base/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void put(metrics_page *p, const char *text) { buf_put(&p->text, text, strlen(text)); }

/* Escapes as OpenMetrics wants it in help texts and label values. */
static void put_escaped(metrics_page *p, const char *text) {
    for (; *text; text++) {
        if (*text == '\n') {
            put(p, "\\n");
            continue;
        }
        if (*text == '\\' || *text == '"') put(p, "\\");
        buf_put(&p->text, text, 1);
    }
}

static void put_line(metrics_page *p, const char *what, const char *value, bool escaped) {
    put(p, "# ");
    put(p, what);
    put(p, " ");
    put(p, p->family);
    put(p, " ");
    if (escaped)
        put_escaped(p, value);
    else
        put(p, value);
    put(p, "\n");
}

void metrics_family(metrics_page *p, const char *name, enum metric_type type, const char *unit, const char *help) {
    static const char *const types[] = {"counter", "gauge", "info", "summary", "histogram"};
    snprintf(p->family, sizeof p->family, "%s", name);
    put_line(p, "TYPE", types[type], false);
    if (unit) put_line(p, "UNIT", unit, false);
    put_line(p, "HELP", help, true);
}

static void put_pair(metrics_page *p, const char *before, const char *label, const char *value) {
    put(p, before);
    put(p, label);
    put(p, "=\"");
    put_escaped(p, value);
    put(p, "\"");
}

static void put_sample(metrics_page *p, const char *suffix, const char *number, va_list labels) {
    put(p, p->family);
    put(p, suffix);
    const char *before = "{";
    for (const char *label; (label = va_arg(labels, const char *)); before = ",")
        put_pair(p, before, label, va_arg(labels, const char *));
    put(p, *before == ',' ? "} " : " ");
    put(p, number);
    put(p, "\n");
}

static const char *seconds_text(int64_t nanoseconds, char text[32]) {
    const char *sign = nanoseconds < 0 ? "-" : "";
    uint64_t n = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
    snprintf(text, 32, "%s%" PRIu64 ".%09" PRIu64, sign, n / 1000000000, n % 1000000000);
    return text;
}

void metrics_integer(metrics_page *p, const char *suffix, int64_t value, ...) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    va_list labels;
    va_start(labels, value);
    put_sample(p, suffix, text, labels);
    va_end(labels);
}

void metrics_seconds(metrics_page *p, const char *suffix, int64_t nanoseconds, ...) {
    char text[32];
    va_list labels;
    va_start(labels, nanoseconds);
    put_sample(p, suffix, seconds_text(nanoseconds, text), labels);
    va_end(labels);
}

void metrics_number(metrics_page *p, const char *suffix, double value, const char *const *labels,
                    const char *const *values, unsigned count) {
    char text[40];
    bool whole = value > -9007199254740992.0 && value < 9007199254740992.0 && value == (double)(int64_t)value;
    if (whole)
        snprintf(text, sizeof text, "%" PRId64, (int64_t)value);
    else
        snprintf(text, sizeof text, "%.17g", value);
    put(p, p->family);
    put(p, suffix);
    for (unsigned i = 0; i < count; i++) put_pair(p, i ? "," : "{", labels[i], values[i]);
    put(p, count ? "} " : " ");
    put(p, text);
    put(p, "\n");
}

/* "0.005", "1.0": bounds are compared as texts between scrapes. */
static const char *bound_text(int64_t nanoseconds, char text[32]) {
    seconds_text(nanoseconds, text);
    size_t n = strlen(text);
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.') text[--n] = 0;
    return text;
}

void metrics_histogram(metrics_page *p, const int64_t *upper_ns, const uint64_t *counts, size_t bounds, int64_t sum_ns,
                       const char *label, const char *value) {
    uint64_t total = 0;
    char text[32];
    for (size_t i = 0; i <= bounds; i++) {
        total += counts[i];
        const char *le = i < bounds ? bound_text(upper_ns[i], text) : "+Inf";
        metrics_integer(p, "_bucket", (int64_t)total, "le", le, label, value, NULL);
    }
    metrics_integer(p, "_count", (int64_t)total, label, value, NULL);
    metrics_seconds(p, "_sum", sum_ns, label, value, NULL);
}

void metrics_end(metrics_page *p) { put(p, "# EOF\n"); }

void metrics_free(metrics_page *p) { buf_free(&p->text); }
