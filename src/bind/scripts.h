/* scripts.h: mu.scripts in Lua, and the one place where a reload is asked for, whoever asks.
 *
 *     local ok, report = mu.scripts.reload()          mu.scripts.reload { check = true }      mu.scripts.rollback()
 *
 * A signal, the console and a saved file all come here, wait in one queue, and are told in the log in the same words.
 * What reloads by itself when a file is saved: scripts_watch.h. */
#ifndef BIND_SCRIPTS_H
#define BIND_SCRIPTS_H

#include "script/engine.h"
#include "script/module.h"

struct server;

extern const script_module module_scripts;

/* Queues a build and tells the log how it went. `why` says who asked for it: "SIGHUP". done may be NULL; else
 * it is called exactly once, here already where the queue is full or the server stops. */
void scripts_change(struct server *s, enum engine_how how, const char *why, engine_built done, void *ctx);

#endif
