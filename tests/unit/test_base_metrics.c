/* The OpenMetrics writer: form, escapes, histograms. That a parser of others reads it:
 * tests/peers/test_server_metrics.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/metrics.h"

static void a_page_has_the_form(void **state) {
    static const char wanted[] = "# TYPE a_bytes gauge\n"
                                 "# UNIT a_bytes bytes\n"
                                 "# HELP a_bytes say \\\"so\\\"\\nand \\\\\n"
                                 "a_bytes 7\n"
                                 "a_bytes{x=\"\\\"1\\\"\\n\\\\\",y=\"2\"} -9223372036854775808\n"
                                 "# TYPE s summary\n"
                                 "# HELP s time\n"
                                 "s_sum -1.500000000\n"
                                 "# TYPE h_seconds histogram\n"
                                 "# UNIT h_seconds seconds\n"
                                 "# HELP h_seconds how long\n"
                                 "h_seconds_bucket{le=\"0.00001\",k=\"v\"} 1\n"
                                 "h_seconds_bucket{le=\"2.0\",k=\"v\"} 3\n"
                                 "h_seconds_bucket{le=\"+Inf\",k=\"v\"} 6\n"
                                 "h_seconds_count{k=\"v\"} 6\n"
                                 "h_seconds_sum{k=\"v\"} 12.000000034\n"
                                 "# EOF\n";
    metrics_page p = {0};
    metrics_family(&p, "a_bytes", METRIC_GAUGE, "bytes", "say \"so\"\nand \\");
    metrics_integer(&p, "", 7, NULL);
    metrics_integer(&p, "", INT64_MIN, "x", "\"1\"\n\\", "y", "2", NULL);
    metrics_family(&p, "s", METRIC_SUMMARY, NULL, "time");
    metrics_seconds(&p, "_sum", -1500000000, NULL);
    metrics_family(&p, "h_seconds", METRIC_HISTOGRAM, "seconds", "how long");
    metrics_histogram(&p, (const int64_t[]){10000, 2000000000}, (const uint64_t[]){1, 2, 3}, 2, 12000000034, "k", "v");
    metrics_end(&p);
    assert_false(p.text.failed);
    assert_int_equal(p.text.n, sizeof wanted - 1);
    assert_memory_equal(p.text.p, wanted, p.text.n);
    metrics_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_has_the_form)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
