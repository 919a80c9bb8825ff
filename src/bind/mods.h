/* mods.h: mods: folders of scripts that change what the others do, switched on by name in config.lua.
 *
 *     -- mods/loud_ping/mod.lua                               -- config.lua:  mods = { "loud_ping" }
 *     return mu.mod {
 *       name = "loud_ping", version = "1.0", requires = { "server 0.1" }, text = "every ping is in the log",
 *       setup = function(mod)
 *         mod.override("util.ping", function(super, session, request)
 *           mu.log.info("ping")
 *           return super(session, request)
 *         end)
 *       end,
 *     }
 *
 * What can be overridden: scripts/README.md. Each generation begins with none, so switching on and off and the order
 * in the list always mean what they say. */
#ifndef BIND_MODS_H
#define BIND_MODS_H

#include "base/suggest.h"
#include "script/module.h"

extern const script_module module_mods;

/* One way of naming what a mod may override. Building thread; all are asked in turn (mods_target.c). */
typedef struct mods_target {
    /* Is `name` one of this kind? Then its function is pushed (and *place tells `put` where it is). */
    bool (*find)(lua_State *L, const char *name, void **place);
    void (*put)(lua_State *L, const char *name, void *place); /* pops the function that replaces it */
    void (*offer)(lua_State *L, suggestion *s);               /* names that there are; may be NULL */
} mods_target;

extern const mods_target *const mods_targets[]; /* ends with NULL */

#endif
