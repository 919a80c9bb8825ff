/* tdf_codec.h: bodies to Lua tables and back, by schema. The hot path of every request.
 *
 *     tdf_codec_push(L, request_schema, body, &f)      a table on the stack: { user_id = 7, key = "Base" }
 *     tdf_codec_encode(L, -1, response_schema, &out, &f)  its bytes, sorted and checked
 *
 * What scripts see: int, time → integer; bool → boolean; float → number; string, blob → string; group → table; list →
 * sequence; map → table; object type and id → {component, type[, id]}; union → { member_name = value } (its number
 * where it has no name), false when unset; list of unions → sequence of such tables; variable → { id = n, value = table
 * } or { id = n, body = bytes } where the content is not declared, false when absent.
 *
 * A decoded table holds only the fields that were there. Reading another declared one gives its default (0, "", false,
 * a shared empty table that cannot be written to, nil for unions and variables); reading an undeclared one raises.
 * Encoding looks at the table's own fields: nil = left out, unless the field is declared `always`.
 *
 * Names and metatables live in the Lua state the schemas were declared in: one schema_set, one state. The set must
 * outlive the state. */
#ifndef BIND_TDF_CODEC_H
#define BIND_TDF_CODEC_H

#include <lua.h>

#include "codec/schema.h"

/* Prepares a compiled struct for this state: interns its names, makes its metatables; the structs inside it as well.
 * Does nothing the second time. Raises when out of memory. Structs declared by scripts are bound already. */
void tdf_codec_bind(lua_State *L, const schema_struct *s);

/* Decodes a body and pushes one table; on errors returns the code (reference 01 §6.4, E_MEMORY, E_ARGUMENT for an
 * unbound struct) and pushes nothing. May raise memory errors, so call it protected; it holds nothing that could leak
 * then. Unknown fields are skipped; of several fields with one tag the first of the declared type counts. */
int tdf_codec_push(lua_State *L, const schema_struct *s, bytes body, fault *f);

/* Appends the encoding of the table at `index` to out, in the order of reference 01 §4. Never raises and runs no
 * script. On errors out->n is what it was; the fault names the field: "PingResponse.server_time: expected an integer,
 * got a string". Errors: E_TYPE, E_NOT_FOUND (an undeclared key), E_LIMIT (out of range, or out past its max),
 * E_DUPLICATE_KEY, E_EMBEDDED_NUL, E_BAD_UNION, E_MEMORY, E_ARGUMENT (unbound). */
int tdf_codec_encode(lua_State *L, int index, const schema_struct *s, buf *out, fault *f);

/* ── for bind/tdf*.c ─────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct tdf_binding { /* one struct in one state */
    const void **keys;       /* interned names (lua_topointer) by hash of their address; NULL = free */
    uint16_t *fields;        /* field index beside each key */
    uint32_t mask;
} tdf_binding;

typedef struct tdf_context { /* one a Lua state */
    tdf_binding **bindings;  /* by schema_struct.id; NULL = not bound */
    uint32_t capacity;
    const void *zero[4]; /* the shared default tables of object types [2] and ids [3], as lua_topointer */
    buf entries, sorted; /* scratch of the map encoder */
} tdf_context;

static inline uint32_t tdf_key_hash(const void *key) { return (uint32_t)((uintptr_t)key >> 4) * 2654435761u >> 8; }

/* The context, NULL before the first bind; pushes the table slot → name or metatable when `push` is set. */
tdf_context *tdf_context_of(lua_State *L, bool push);

#endif
