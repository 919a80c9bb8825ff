/* content.c: what others feel while the server builds the live configuration anew: pings beside builds, each from a
 * base of real size that has just changed, each with a reload of the scripts (a SIGHUP is what makes the server look).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "bench/base.h"
#include "bench/bench.h"
#include "bench/bystanders.h"

#define BUILDS 20u

static int build_again(bench *b, unsigned edition, double *ms, fault *f) {
    struct stat log;
    buf text = {0};
    base_text(&text, edition);
    int rc = text.failed ? E_MEMORY : stat(b->server.log, &log) < 0 ? E_IO : 0;
    if (rc == 0) rc = process_write(&b->server, "data/" BENCH_BASE, (const char *)text.p, f);
    int64_t begin = clock_mono_us();
    if (rc == 0) rc = process_signal(&b->server, SIGHUP);
    if (rc == 0) rc = process_wait_log(&b->server, (long)log.st_size, "content: bini built", 30);
    if (rc == 0) rc = process_wait_log(&b->server, (long)log.st_size, "is running", 30);
    *ms += (double)(clock_mono_us() - begin) / 1000;
    buf_free(&text);
    return rc;
}

void bench_content(bench *b) {
    fault f = {0};
    bystanders *s = calloc(2, sizeof *s);
    unsigned builds = b->smoke ? 2 : BUILDS;
    double ms = 0;
    int rc = s ? bystanders_alone(&s[0], bench_port(b), b->smoke ? 0.1 : 2, &f) : E_MEMORY;
    if (rc == 0) rc = bystanders_start(&s[1], bench_port(b), &f);
    if (rc == 0) {
        for (unsigned i = 1; rc == 0 && i <= builds; i++) rc = build_again(b, i, &ms, &f);
        int others = bystanders_stop(&s[1], &f);
        if (rc == 0) rc = others;
    }
    if (rc == 0 && !b->smoke) {
        char quiet[64], busy[64];
        bystanders_text(&s[0].result, quiet, sizeof quiet), bystanders_text(&s[1].result, busy, sizeof busy);
        bench_print(
            b,
            "| live configuration built %u times from a changed base of %u values, each with a reload | %.0f ms each; "
            "others' longest ping %s; nothing going on: %s | 5 ms on a ping | 31 ms a request |\n",
            builds, 3538u, ms / builds, busy, quiet);
    }
    bench_tell(b, "content", rc, &f);
    free(s);
}
