/* record.h: records in Lua: mu.record, the kinds it returns, and the handles scripts hold.
 *
 * A handle is a userdata of (kind, slot, generation of the slot): it never points into a record, and using one whose
 * record is gone raises "session 17 has disconnected" (kind session) or "player 3 is gone". Within one generation two
 * handles of the same record are the same object, so == works and a handle can be a table key.
 *
 *     record_push(L, ref);                                      // in a task's push function
 *     record_ref r = record_check(L, 1, blaze_session_kind());  // in a method's C function
 *
 * Records belong to the process (server_of(L)->records); a generation keeps only names and numbers, and asks again by
 * name when the layout has changed, so handlers of an old generation go on through a swap. Methods written in C:
 * script_declare with the name "session:notify". Timers: bind/timer.h. */
#ifndef BIND_RECORD_H
#define BIND_RECORD_H

#include <lua.h>

#include "records/records.h"
#include "script/module.h"

extern const script_module module_record;

/* Pushes the handle of a record; nil for the ref of nothing. A gone record's handle is pushed as well: reading it
 * raises. May raise (memory). */
void record_push(lua_State *L, record_ref ref);

/* The same for a ref of something, where the state (a generation's slot SLOT_RECORD) is at hand: once a request. */
struct record_state;
void record_push_in(lua_State *L, struct record_state *s, record_ref ref);

/* The record at `index`: raises when it is none, is of another kind than `kind` (NULL = any), or is gone. */
record_ref record_check(lua_State *L, int index, const record_kind *kind);

/* The same without a raise, gone or not: false when it is no record's handle. */
bool record_test(lua_State *L, int index, record_ref *ref);

/* Sets fields from the table at `fields`, as r.field = v would, one by one; raises at the first that is wrong. */
void record_assign(lua_State *L, record_ref ref, int fields);

/* Between Lua and C values. Text is borrowed from the Lua string; a table or function becomes VALUE_OTHER. A ref to a
 * gone record is pushed as nil. */
value record_value(lua_State *L, int index);
void record_push_value(lua_State *L, const records *all, const value *v);

#endif
