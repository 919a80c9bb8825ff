/* floor.h: raw SQLite doing what a settings save does: the same statement on the same tables, in groups of one
 * transaction each, with the same durability. The store cannot be cheaper than this. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

typedef struct floor_result {
    uint64_t saves;
    double seconds;
    double user_us, system_us; /* CPU time of the thread */
} floor_result;

/* Copies the server's database (which may be open) to `copy`, ready for floor_save. */
int floor_prepare(const char *database, const char *copy, fault *f);
/* Saves `value` for `players` players, `group` saves a transaction, for that long. Adds to *out. */
int floor_save(const char *copy, const char *value, unsigned players, unsigned group, double seconds, floor_result *out,
               fault *f);
/* Whether every line of the statement stands in that script; otherwise it measures something else. */
bool floor_statement_is_in(const char *script);

#endif
