/* blaze_names.h: the protocol's own names and the numbers they stand for.
 *
 * The tables are Lua data (scripts/protocol/components.lua and errors.lua, reference 01 §8 and §9) handed over once a
 * generation by `mu.protocol { components = …, errors = … }`. Everything else that needs a name for a number, or a
 * number for a name, asks here: declarations, the packet log, the client of our own, error sentences.
 *
 *     blaze_names *n = blaze_names_new();
 *     blaze_names_read(L, index_of_table, n, &f);
 *     const blaze_component *c = blaze_component_named(n, "Util");   blaze_name_find(&c->commands, "ping")->number == 2
 */
#ifndef BIND_BLAZE_NAMES_H
#define BIND_BLAZE_NAMES_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

typedef struct blaze_name {
    const char *name;
    uint16_t number;
    uint16_t component; /* of an error: its component's id, or BLAZE_GLOBAL */
} blaze_name;

typedef struct blaze_name_list {
    blaze_name *by_name; /* sorted by name */
    size_t count;
} blaze_name_list;

typedef struct blaze_component {
    const char *name;
    uint16_t id;
    blaze_name_list commands, notifications;
} blaze_component;

typedef struct blaze_names blaze_names;

#define BLAZE_GLOBAL 0 /* no component has the id 0: errors that mean the same everywhere */

blaze_names *blaze_names_new(void); /* NULL when out of memory */
void blaze_names_free(blaze_names *n);

/* Reads the table at `index`; may be called again to add to what is there (a mod's own names). 0, or E_ARGUMENT /
 * E_EXISTS / E_MEMORY with a sentence that names the entry at fault. */
int blaze_names_read(lua_State *L, int index, blaze_names *n, fault *f);

const blaze_component *blaze_component_named(const blaze_names *n, const char *name);
const blaze_component *blaze_component_numbered(const blaze_names *n, uint16_t id);
const blaze_component *blaze_component_at(const blaze_names *n, size_t i); /* in order of name; NULL past the end */

const blaze_name *blaze_name_find(const blaze_name_list *list, const char *name);
const char *blaze_name_of(const blaze_name_list *list, uint16_t number); /* NULL when unknown */

const blaze_name *blaze_error_named(const blaze_names *n, const char *name);
const blaze_name_list *blaze_names_errors(const blaze_names *n); /* all, by name */
/* The name of an error as seen in a frame of `component`: its own first, then Global; NULL when there is none. */
const char *blaze_error_name(const blaze_names *n, uint16_t component, uint16_t code);

/* Writes "Util.ping", or the numbers where a name is missing, to `out` and returns it. */
const char *blaze_message_name(const blaze_names *n, uint16_t component, uint16_t command, int notification, char *out,
                               size_t room);

#endif
