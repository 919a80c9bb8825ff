/* metrics.h: writes a page of numbers in the OpenMetrics text format 1.0.
 *
 *     metrics_page p = {0};
 *     metrics_family(&p, "murelay_requests", METRIC_COUNTER, NULL, "requests answered");
 *     metrics_integer(&p, "_total", 17, "route", "Util.ping", NULL);
 *     metrics_end(&p);  … buf_bytes(&p.text) …  metrics_free(&p);
 *
 * A family is declared once, its samples follow at once; a unit is the last word of the family's name. Failure to grow
 * is sticky in p.text.failed. The caller keeps the rules that a writer cannot see: a counter's sample ends in _total,
 * an info's in _info, a summary's are _count and _sum. Pure. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/bytes.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_SUMMARY, METRIC_HISTOGRAM };

typedef struct metrics_page {
    buf text;
    char family[96];
} metrics_page;

void metrics_family(metrics_page *p, const char *name, enum metric_type type, const char *unit, const char *help);

/* One sample of the newest family: suffix "" or "_total" …, then pairs of label name and value, then NULL. */
void metrics_integer(metrics_page *p, const char *suffix, int64_t value, ...) __attribute__((sentinel));
void metrics_seconds(metrics_page *p, const char *suffix, int64_t nanoseconds, ...) __attribute__((sentinel));

/* The same with the labels as arrays; a whole number is written without a fraction. */
void metrics_number(metrics_page *p, const char *suffix, double value, const char *const *labels,
                    const char *const *values, unsigned count);

/* A whole histogram of seconds: counts[i] of what took at most upper_ns[i] and longer than the one before; one more
 * count than bounds for what took longer than all. One pair of label and value, or NULL, NULL. */
void metrics_histogram(metrics_page *p, const int64_t *upper_ns, const uint64_t *counts, size_t bounds, int64_t sum_ns,
                       const char *label, const char *value);

void metrics_end(metrics_page *p);
void metrics_free(metrics_page *p);

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

#endif
