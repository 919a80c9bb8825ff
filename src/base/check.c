/* check.c: what happens when an invariant of our own does not hold. */
#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>

void check_abort(const char *expression, const char *file, int line) {
    log_error("check", "fatal: %s:%d: %s does not hold", file, line, expression);
    abort();
}

bool check_failed(const char *expression, const char *file, int line) {
    log_error("check", "unexpected: %s:%d: %s does not hold", file, line, expression);
    return false;
}
