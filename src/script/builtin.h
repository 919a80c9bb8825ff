/* builtin.h: what a Lua state is made of before any script runs: the sandboxed library, and the engine's own functions.
 *
 * Each …_open installs its part, in a protected call, while a generation is being built (build.c: step_open). Not for
 * other rooms. */
#ifndef SCRIPT_BUILTIN_H
#define SCRIPT_BUILTIN_H

#include "script/generation.h"

/* ---- the library: sandbox.c, bounded.c, pattern.c, protect.c, coroutine.c ---- */

void sandbox_open(lua_State *L);                   /* globals; in a protected call */
void sandbox_seal(lua_State *L);                   /* after the modules' open: everything global becomes read-only */
bool sandbox_is_frozen(lua_State *L, int index);   /* a table made read-only by script_freeze */
void sandbox_real(lua_State *L, int index);        /* pushes the table behind a frozen one, or the value itself */
const char *sandbox_name(lua_State *L, int index); /* "table.sort" for a known C function, or NULL */
int sandbox_require(lua_State *L);                 /* build.c */
void bounded_open(lua_State *L);                   /* functions of string and table that have to be bounded */
void pattern_open(lua_State *L);                   /* string.find, match, gmatch, gsub */
void protect_open(lua_State *L);
void coroutine_open(lua_State *L);

/* ---- the engine's own: core.c, event.c, self_check.c, settings.c, exclusive.c ---- */

struct generation_state;

void core_open(lua_State *L);
void core_enter(generation *g); /* starts what was spawned while loading */
void events_open(lua_State *L);
int events_check(lua_State *L); /* after main.lua: joins handlers and declarations; a step */
void events_free(struct generation_state *own);
void checks_open(lua_State *L);
unsigned checks_count(generation *g);
int check_run(lua_State *L);        /* runs the self-check whose number (a pointer to it) is at 1; a step */
int settings_declare(lua_State *L); /* the C function mu.settings */
int exclusive_call(lua_State *L);   /* mu.exclusive */

#endif
