/* settings.h: what the files of the settings share, and the list of all settings for the console and the manual.
 *
 * settings.c: declarations, config files, the result; settings_check.c: one value against its declaration;
 * settings_list.c: the list, and settings that cannot change while the server runs; settings_line.c: lines of keys. */
#ifndef SCRIPT_SETTINGS_H
#define SCRIPT_SETTINGS_H

#include "script/state.h"

/* Where a value comes from. */
typedef struct settings_place {
    generation *generation;
    const source *file; /* NULL: --set */
    /* Where set, mistakes go here and not into the generation. */
    void (*tell)(void *ctx, const char *path, const char *sentence);
    void *ctx;
} settings_place;

__attribute__((format(printf, 3, 4))) void settings_complain(const settings_place *p, const char *path,
                                                             const char *format, ...);
bool settings_has_type(lua_State *L, int value, const char *type);
/* Does the value at `value` fit the declaration (a table) at `declaration`? Complains about all that does not. */
bool settings_check(lua_State *L, int declaration, int value, const char *path, const settings_place *p);

/* The tables path → declaration, path → value as set, path → "config.lua:12" of this generation; made when missing. */
void settings_push_declared(lua_State *L);
void settings_push_values(lua_State *L);
void settings_push_places(lua_State *L);

/* Does `value` fit the setting named `path`? Tells each mistake; an unknown path is one. 0 or E_CONFIG. */
int settings_try(lua_State *L, const char *path, int value, const settings_place *p);

/* Settings with live = false keep the value that they had when the server started: replaces what differs in the table
 * of values at `values`, with a line in the log. */
void settings_hold(lua_State *L, int declared, int values);

/* Pushes a list of all settings of the generation, by path: { path, type, text, default, value, live, waits (differs
 * from what the next start will bring), set (where: "config.lua:12", nil = by default), min, max, values, secret }. */
int settings_push_list(lua_State *L);

#endif
