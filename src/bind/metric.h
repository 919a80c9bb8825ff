/* metric.h: mu.metric: counters and gauges that scripts declare. See metric.c; the numbers are in metric_values.h. */
#ifndef BIND_METRIC_H
#define BIND_METRIC_H

#include "bind/metric_values.h"
#include "script/module.h"

extern const script_module module_metric;

/* The metrics that a generation's scripts declare, in order; NULL past the end. */
const metric_declared *metric_declared_at(const generation *g, unsigned i);

#endif
