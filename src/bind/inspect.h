/* inspect.h: a look into the running server, for the operator: mu.inspect.
 *
 *     inspect.c         the functions of mu.inspect; the settings inspect.*
 *     inspect_rings.c   the last slow handlers and failures; a refused input as text (always kept, bounded)
 *     inspect_watch.c   log lines, packets and errors as they come (costs only while somebody watches)
 *     inspect_stall.c   says so when the loop stands still
 *
 * Everything here is for eyes: nothing of it decides anything. What is shown holds no credentials. */
#ifndef BIND_INSPECT_H
#define BIND_INSPECT_H

#include "base/bytes.h"
#include "base/malformed.h"
#include "bind/server.h"
#include "script/module.h"
#include "script/observe.h"

extern const script_module module_inspect;

/* After the last generation has been left and before the loop is freed. */
void inspect_stop(void);

/* ---- rings (loop thread) ---- */

#define SLOW_ENTRIES    128
#define FAILURE_ENTRIES 32

typedef struct slow_entry {
    uint64_t number; /* 1, 2, … since the start */
    int64_t at_us;   /* unix time of its end */
    int64_t us, longest_us;
    uint32_t generation;
    int code;
    char what[96], who[80], waited[64], where[128]; /* as in slow_task */
} slow_entry;

/* Failures of one place follow each other as one entry that counts. */
typedef struct failure_entry {
    uint64_t number, count;
    int64_t first_us, last_us;
    uint32_t generation;
    char what[96], who[80], text[512], trace[1536];
} failure_entry;

void inspect_note_slow(const slow_task *t, const char *who);
bool inspect_slow(unsigned back, slow_entry *out); /* back 0 = the newest */
void inspect_note_failure(const char *what, const char *who, uint32_t generation, const char *text, const char *trace);
bool inspect_failure(unsigned back, failure_entry *out);

/* A refused input for people: who, where, why, and the bytes with the place that broke behind a '>'. Any thread. */
void inspect_malformed_text(const malformed *m, buf *out);

/* ---- streams ---- */

int inspect_watch_open(generation *g, lua_State *L); /* mu.inspect.watch */
void inspect_watch_start(server *s);                 /* each time a generation is entered */
void inspect_watch_stop(void);

/* ---- the loop ---- */

/* Watches from now on; limit_us 0 ends it. Called again, the new limit holds. */
void inspect_stall_start(server *s, int64_t limit_us);

#define LOAD_SECONDS 60

typedef struct loop_load {
    int64_t us;      /* the time looked at: LOAD_SECONDS, or since the start */
    int64_t busy_us; /* of it the loop's thread ran: processor time */
    int64_t turn_us; /* the longest turn in it, until a second ago */
} loop_load;

/* False when the loop is not watched (inspect.stall_ms = 0) or has only begun. Loop thread. */
bool inspect_load(loop_load *out);

#endif
