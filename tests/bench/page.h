/* page.h: one figure of the server's own page of metrics, asked for over its door "metrics".
 *
 *     double dropped;  page_figure(port, "murelay_net_slow_peers_total", &dropped, &f); */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stddef.h>

#include "base/fault.h"

/* `sample` is what stands before the blank of its line, labels included. Blocks up to 10 s. 0 or an E_ code. */
int page_figure(int port, const char *sample, double *out, fault *f);

/* Any page of a door "http": head and body as they came, with a zero at the end, cut at `size`. Blocks up to 30 s. */
int page_get(int port, const char *path, char *out, size_t size, fault *f);

#endif
