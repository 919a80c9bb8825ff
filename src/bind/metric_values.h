/* metric_values.h: the numbers that scripts keep: declared by mu.metric, held in C, shown on /metrics.
 *
 * A family is a name, a type, up to METRIC_LABELS_MAX labels, and one number for each combination of label values it
 * has met. Families belong to the process: a generation says which ones it declares, and one that is declared again as
 * it was keeps its numbers; another type or other labels begin anew. One that nobody declares any more is not shown,
 * but kept until its place is needed, so that a rollback finds its numbers. Reference: OpenMetrics 1.0.
 *
 *     metric_values_declare(declarations, count);                     // at the swap
 *     metric_family *f = metric_values_find("limits_refused");
 *     metric_values_add(f, (const char *const[]){"login"}, 1);
 *
 * A family meets at most METRIC_SAMPLES_MAX combinations; what comes after counts on a last one whose labels all read
 * "other". A label's value is cut at METRIC_VALUE_MAX bytes, and what is no printable UTF-8 in it becomes '?'.
 * Loop thread only. */
#ifndef BIND_METRIC_VALUES_H
#define BIND_METRIC_VALUES_H

#include "base/metrics.h"

#define METRIC_NAME_MAX     56  /* bytes, without "murelay_" */
#define METRIC_TEXT_MAX     200 /* bytes */
#define METRIC_LABELS_MAX   4
#define METRIC_LABEL_MAX    24 /* bytes of a label's name */
#define METRIC_VALUE_MAX    64 /* bytes of a label's value */
#define METRIC_SAMPLES_MAX  500
#define METRIC_FAMILIES_MAX 128

typedef struct metric_declared {
    char name[METRIC_NAME_MAX + 1], text[METRIC_TEXT_MAX + 1];
    enum metric_type type; /* METRIC_COUNTER or METRIC_GAUGE */
    unsigned labels;
    char label[METRIC_LABELS_MAX][METRIC_LABEL_MAX + 1];
} metric_declared;

typedef struct metric_family metric_family;

/* From now on exactly these are declared; at most METRIC_FAMILIES_MAX. Returns how many got no memory (they are logged
 * and stay without numbers). */
unsigned metric_values_declare(const metric_declared *const *list, unsigned count);

metric_family *metric_values_find(const char *name); /* a family, declared or kept; NULL = none */
const metric_declared *metric_values_about(const metric_family *f);

/* Changes whenever the family's numbers begin anew, which may be as another family: who keeps a pointer compares. */
unsigned metric_values_version(const metric_family *f);

/* values: one text for each label. E_MEMORY when there is no memory for a new combination. A counter never goes down:
 * the caller sees to it. */
int metric_values_add(metric_family *f, const char *const *values, double amount);
int metric_values_set(metric_family *f, const char *const *values, double amount);
bool metric_values_get(const metric_family *f, const char *const *values, double *amount); /* false: never met */

/* Each combination met: its label values, one after another, each ended by 0. */
void metric_values_each(const metric_family *f, void (*tell)(void *ctx, const char *values, double amount), void *ctx);

void metric_values_write(metrics_page *p); /* all declared families */
void metric_values_free(void);             /* everything: for tests and the end of the process */

#endif
