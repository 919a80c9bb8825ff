/* store_parts.h: what the files behind mu.store share. Not for others.
 *
 * A waiting call keeps who waits in the room of its job, so a save allocates nothing beside the job itself. */
#ifndef BIND_STORE_PARTS_H
#define BIND_STORE_PARTS_H

#include <lauxlib.h>
#include <lua.h>

#include "bind/server.h"
#include "bind/slots.h"
#include "script/task.h"
#include "store/store.h"

typedef struct waiter {
    server *server;
    task_token token;
    int (*push)(lua_State *L, void *job);
    uint64_t transaction; /* of a begin */
} waiter;

/* The open store; raises a sentence when this program has none. */
store *store_of(lua_State *L, const char *what);

/* Appends the value at index to the job. NULL, or what is wrong with it (static text); never raises. */
const char *store_add_value(lua_State *L, int index, store_job *j);

/* sql at index `first`, its values behind it up to the top. The same. */
const char *store_add_call(lua_State *L, int first, store_job *j);

/* Notes who waits; the job's done is store_woken. */
void store_note(lua_State *L, store_job *j, task_token t, int (*push)(lua_State *L, void *job));
void store_woken(void *ctx, store_job *j);
bool store_wake(store_job *j); /* the same; false when nobody waits any more */

/* The operation could not start: ends the suspension and raises "what: text", or returns `nil, "busy"` for E_BUSY. */
int store_refused(lua_State *L, task_token t, const char *what, const fault *f);

/* Pushers of a finished job; they raise the store's sentence, and return `nil, "constraint"` for a violation. */
int store_push_changes(lua_State *L, void *job); /* array of { changes =, last_id = } */
int store_push_change(lua_State *L, void *job);  /* that of the last statement alone */
int store_push_rows(lua_State *L, void *job);
int store_push_row(lua_State *L, void *job);
int store_push_true(lua_State *L, void *job);

int store_open_transactions(generation *g, lua_State *L);
int store_open_upkeep(generation *g, lua_State *L);

#endif
