/* metric.h: mu.metric: counters and gauges that scripts declare. See metric.c; the numbers are in metric_values.h. */
#ifndef BIND_METRIC_H
#define BIND_METRIC_H

#include "script/module.h"

extern const script_module module_metric;

#endif
