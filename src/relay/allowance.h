/* allowance.h: how often one address may do something. A table of fixed size: strangers can fill no memory.
 *
 *     allowance *a = allowance_new(20, 128);                      20 a second, 128 at once
 *     if (!allowance_take(a, relay_address_key(&from), now)) drop;
 *
 * Where more addresses come than there are places, the one with most left makes room: it has lost least by it. */
#ifndef RELAY_ALLOWANCE_H
#define RELAY_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct allowance allowance;

allowance *allowance_new(double per_second, double at_once); /* NULL when out of memory */
void allowance_free(allowance *a);
bool allowance_take(allowance *a, uint64_t key, int64_t now_us);

#endif
