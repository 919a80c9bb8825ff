/* blaze_notify.h: session:notify, session:close, session:trust, session:watch, mu.notify. Nothing here is for other C
 * code. */
#ifndef BIND_BLAZE_NOTIFY_H
#define BIND_BLAZE_NOTIFY_H

#include <lua.h>

void blaze_notify_open(lua_State *L);

#endif
