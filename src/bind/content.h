/* content.h: mu.content: the game's live configuration, its texts and the menu's pictures, built from sources. */
#ifndef BIND_CONTENT_H
#define BIND_CONTENT_H

#include "bind/content_build.h"
#include "script/module.h"

extern const script_module module_content;

void content_close(void); /* at the end of the process, once the loop is gone */

/* For content_*.c: the set that is served, NULL before the first build. Loop thread; good until the next turn. */
const content_set *content_served(void);
change_list *content_changes(generation *g); /* what this generation's scripts change */
void content_open_changes(lua_State *L);     /* mu.content.change, .scripts */
void content_open_view(lua_State *L);        /* mu.content.map, .status, .why, .decode … */
void content_open_files(lua_State *L);       /* mu.content.extract, .picture, .placeholder */

#endif
