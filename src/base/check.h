/* check.h: two tiers of assertion.
 *
 * require(x)  must hold or the process cannot go on: prints where and aborts. For broken invariants of our own.
 * expect(x)   should hold; where it does not, one log line is written and the expression is false, so that the caller
 *             can take the safe way out: `if (!expect(n < max)) return E_LIMIT;`
 * Neither is for input from outside: that is checked and answered with a fault. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdbool.h>

_Noreturn void check_abort(const char *expression, const char *file, int line);
bool check_failed(const char *expression, const char *file, int line); /* logs, returns false */

#define require(x) ((x) ? (void)0 : check_abort(#x, __FILE__, __LINE__))
#define expect(x)  ((x) ? true : check_failed(#x, __FILE__, __LINE__))

#endif
