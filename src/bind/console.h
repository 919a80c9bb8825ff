/* console.h: the operator's console as a module of the script engine: what scripts declare of it.
 *
 *     mu.section "players" { text = "accounts and who is online" }
 *     mu.word "player" { text = "a player's name or id", find = function(text) … end, complete = function(prefix) … end
 * } mu.command "players show" { text = "one account", params = "player: player", options = "limit?: integer, offline?:
 * boolean", example = "players show alice", handle = function(caller, player, options) … end,
 *     }
 *
 * Parts: console_set.h (what is declared), console_line.h (words of a line), console_parse.h (a line against the
 * declarations), console_caller.h (who asks, and the task that answers). The other side of the socket is
 * src/console/. Design section 7. */
#ifndef BIND_CONSOLE_H
#define BIND_CONSOLE_H

#include "script/module.h"

extern const script_module module_console;

struct server;

/* Opens <data>/console.sock. Who may open that file is the administrator. 0, or a negative code and a sentence: a
 * server without a console serves players all the same. */
int console_start(struct server *s, fault *f);
void console_stop(void); /* no new connections; those there are told that the server ends */

#endif
