/* tdf.h: mu.tdf, how scripts declare messages.
 *
 *     local t = mu.tdf
 *     local Address = t.struct { ip = t.u32 "IP", port = t.u16 "PORT" }
 *     return { Setup = t.struct { hosts = t.list("HOST", Address), password = t.string("PASS", { secret = true }) } }
 *
 * Types     t.int t.i8 t.i16 t.i32 t.i64 t.u8 t.u16 t.u32 t.u64 t.bool t.time t.string t.blob t.float t.object_type
 *           t.object_id t.enum{ NAME = number, … } t.group(struct) t.list(type) t.map(key, type) t.variants{…}
 *           t.union_list(variants) t.variable([struct]); a struct and variants are types themselves
 * Fields    a type called with a tag: t.int "STIM"; or the tag first: t.list("CAP", t.int), t.union("ADDR", Variants)
 * Options   a last table: secret = true (never printed), default = value (of an absent field), always = true (written
 *           with its default when a script leaves it out)
 * Variants  the members of a union: { name = { number, type }, … } or { [number] = { name = type }, [number] = type }
 *
 * Everything a constructor returns is an opaque value; what it stands for lives in the schema_set. */
#ifndef BIND_TDF_H
#define BIND_TDF_H

#include <lua.h>

#include "codec/schema.h"

/* Pushes the table mu.tdf whose constructors add to `set`. The set must outlive the state. May raise (memory). */
void bind_tdf_open(lua_State *L, schema_set *set);

/* The struct that the value at `index` declares, or NULL when it is something else. Never raises. */
const schema_struct *bind_tdf_struct(lua_State *L, int index);

/* Gives every nameless struct and union in the table at `index` (what a schema module returned) the name of its key.
 * May raise (memory). From scripts: t.named(table), which returns the table. */
void bind_tdf_name(lua_State *L, int index);

#endif
