/* event.h: events: something happened, and whoever asked to hear of it does.
 *
 *     local match_finished = mu.event "match_finished" { params = "game: record, result: table", text = "…" }
 *     mu.on("match_finished", function(game, result) … end)          -- in any file, before or after the declaration
 *     match_finished(game, result)                                   -- in any handler; goes on at once
 *
 * An event of the server itself is declared by a module's open and raised by engine_event (engine.h): one task runs its
 * handlers one after another. One of the scripts gets a task for each handler, in the generation that raised it, so
 * that a handler that waits, fails or is ended touches neither the one who raised it nor the other handlers.
 *
 * A declaration is data: scripts_event_at gives it to help and manual. */
#ifndef SCRIPT_EVENT_H
#define SCRIPT_EVENT_H

#include "script/generation.h"

typedef struct script_event {
    const char *name, *params, *text;
    const char *file; /* where a script declared it; "" = the server itself */
    int line;
    unsigned handlers; /* how many scripts listen; known once the generation is built */
} script_event;

/* Makes `name` an event that scripts may give to mu.on. In a module's open; all texts static. */
void script_event_declare(generation *g, const char *name, const char *params, const char *text);

/* In order of declaration; NULL past the end. */
const script_event *script_event_at(const generation *g, unsigned i);

#endif
