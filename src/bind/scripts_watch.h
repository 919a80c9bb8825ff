/* scripts_watch.h: reloads by itself when a script or a config file is saved (setting scripts.auto_reload).
 *
 * scripts_watch_start once, when the doors are open; scripts_watch_stop before the loop goes. */
#ifndef BIND_SCRIPTS_WATCH_H
#define BIND_SCRIPTS_WATCH_H

#include "script/engine.h"

struct server;

void scripts_watch_start(struct server *s);
void scripts_watch_stop(void);
int scripts_watch_read(generation *g);          /* its setting; a module's check */
void scripts_watch_follow(const generation *g); /* it is entered: its setting applies from now on */
bool scripts_watched(void);                     /* is it on, and does it work? */

#endif
