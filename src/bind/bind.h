/* bind.h: everything that C gives to scripts, in one list: one module a Lua table. */
#ifndef BIND_BIND_H
#define BIND_BIND_H

#include "bind/server.h"
#include "script/module.h"

/* In the order in which they open and enter; ends with NULL. */
extern const script_module *const bind_modules[];

/* Joins what lives as long as the process: timers to the loop, connections to sessions. After engine_new, before
 * engine_load; s is complete by then. At the end: timer_drive_stop before the loop goes, blaze_sessions_stop after. */
int bind_join(server *s, fault *f);

/* The loop of `s` (s->loop, s->engine) as the engine sees it. One server a process. */
engine_host bind_host(server *s);

#endif
