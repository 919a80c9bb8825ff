/* timer.h: mu.timer in Lua, and what drives the timers.
 *
 *     local expire = mu.timer "tokens.expire" { handle = function(owner, …) … end }
 *     expire:start(30, player, "why")   expire:left(player)   expire:stop(player)
 *
 * A running timer is data in records/timers.h: deadline, name, owner, plain arguments. When it is due, the function
 * that the current generation declares under that name runs as a task, so a timer survives every reload; where nobody
 * declares the name any more it is dropped with a line in the log. It dies with its owner.
 *
 * The host calls timers_join once, and timers_pump when the deadline of timers_next() has come; timer_drive does both
 * with a timer of the loop. Tests with a clock of their own call timers_pump themselves. */
#ifndef BIND_TIMER_H
#define BIND_TIMER_H

#include "records/timers.h"
#include "script/module.h"

struct server;

extern const script_module module_timer;

/* Timers die with their owners from now on. Once, before the first record. 0 or E_LIMIT. */
int timers_join(timers *t, records *all);

/* Starts a task for each timer that is due at engine_now(e), at most 1,000 at once; true when more are due. Loop
 * thread. */
bool timers_pump(engine *e, timers *t);

/* timers_join, and a timer of server->loop that calls timers_pump when it is time. server->loop, engine, timers and
 * records must be there. timer_drive_stop before the loop goes. One server a process. */
int timer_drive(struct server *s, fault *f);
void timer_drive_stop(void);

#endif
