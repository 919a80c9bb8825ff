/* generation.h: one complete build of the scripts: a Lua state and what the modules keep beside it.
 *
 * Built on a worker thread, entered on the loop thread, never changed afterwards, freed on a worker thread when the
 * last task in it has ended. While `loading` is true only the building thread touches it.
 *
 *     generation *g = generation_of(L);   my_set *set = g->slots[SLOT_MINE];
 *     generation_error(g, "scripts/components/util.lua", 12, "no command named '%s'", name); */
#ifndef SCRIPT_GENERATION_H
#define SCRIPT_GENERATION_H

#include "script/engine.h"

#define SCRIPT_SLOTS 32

struct schema_set;

struct generation {
    uint32_t number; /* 1, 2, … in order of building */
    char hash[17];   /* 16 hex digits of the SHA-256 of every source read */
    bool loading;    /* being built: nothing may suspend */
    lua_State *L;    /* main thread: registry access only; handlers run on pooled coroutines */
    engine *engine;
    struct schema_set *schemas;   /* for the codec's bind files; they own it */
    void *slots[SCRIPT_SLOTS];    /* one a module: module.h */
    struct generation_state *own; /* the engine's own part */
};

/* The generation of any lua_State or coroutine of it. */
static inline generation *generation_of(lua_State *L) { return *(generation **)lua_getextraspace(L); }

/* Keeps a generation alive beyond the tasks in it, e.g. for a function reference held outside. Loop thread. */
void generation_hold(generation *g);
void generation_drop(generation *g);

/* Adds one load error; all of them are reported. file may be NULL (then no place is printed), line 0 = unknown.
 * Building thread only (open, load-time functions, check). */
void generation_error(generation *g, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with the place of the Lua code that called the running C function. */
void generation_error_here(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Place of the nearest Lua code above the running C function: "scripts/a.lua" into file, returns the line or 0. */
int generation_where(lua_State *L, char *file, size_t size);

/* Lines of the file that is being required at which the entries of the table behind the first `word` begin ("messages":
 * of `promo.messages { {…}, {…} }`). Returns how many there are, at most `most` into lines; 0 when there is no such
 * table or nothing is being required. file: as in generation_where. Building thread. */
int generation_entry_lines(lua_State *L, const char *word, char *file, size_t size, int *lines, int most);
/* The path below its root ("balance/weapons.lua") of source file i, in no order; NULL past the end. While it is built;
 * files of mods are not among them. */
const char *generation_source(const generation *g, size_t i);

/* The same about a setting: with the config file and line that set it, where one did. Building thread only. */
void generation_setting_error(generation *g, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Pushes the value of a module that has been required ("services.players"), or returns false and pushes nothing. */
bool script_loaded(lua_State *L, const char *module);

/* The files it is built from; i from 0; false past the end. */
bool generation_file_at(const generation *g, size_t i, script_file *out);

/* Keeps the value on top of the stack (popped) in the registry and returns its number, for task_call.function_ref and
 * the like; may raise (memory). Freed with the generation, or by luaL_unref(L, LUA_REGISTRYINDEX, ref). */
int generation_ref(lua_State *L);

/* Makes the table at index read-only for scripts, with all tables in it; `name` (static or copied) is used in the error
 * "… cannot be changed". Its pairs, ipairs, # and indexing go on working; C code may still lua_rawset into it. */
void script_freeze(lua_State *L, int index, const char *name);
/* Pushes the table behind a read-only one, for C code that walks it with lua_next; anything else as it is. */
void sandbox_real(lua_State *L, int index);

/* "did you mean": the nearest of `names` to `word`, or NULL when none is near. */
const char *script_nearest(const char *word, const char *const *names, size_t count);

#endif
