/* blaze_tables.h: what one generation's scripts declared of the Blaze protocol: names, routes, guards, notifications.
 *
 * Made while the scripts load (blaze_declare.c), read by everything that handles frames, frozen from the moment the
 * generation has been proved, freed with it. Facts: reference 01 §2, 02 §1.
 *
 *     blaze_route *r = blaze_route_at(blaze_tables_of(g), 9, 2);     r->name is "Util.ping" */
#ifndef BIND_BLAZE_TABLES_H
#define BIND_BLAZE_TABLES_H

#include <lua.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "bind/blaze_names.h"
#include "codec/schema.h"
#include "script/generation.h"

#define BLAZE_GUARDS_MAX    8
#define BLAZE_BUCKETS       512 /* a power of two */
#define BLAZE_TABLES_MEMORY ((size_t)4 << 20)

typedef struct blaze_guard {
    const char *name;
    int function_ref; /* function(session, request, value) */
} blaze_guard;

/* One command that scripts answer. */
typedef struct blaze_route {
    uint16_t component, command;
    uint8_t guard_count;
    const char *name;                                /* "Util.ping" */
    const schema_struct *request, *response, *error; /* NULL = no body of that kind */
    int handle_ref;                                  /* function(session, request) */
    const blaze_guard *guards[BLAZE_GUARDS_MAX];     /* in the order in which the guards were declared */
    int guard_refs[BLAZE_GUARDS_MAX];                /* the value this route gave to each */
    struct route_stats *stats;                       /* route_stats.h; NULL until the first request */
    struct blaze_kept_list *kept;                    /* bodies to use again (blaze_kept.c); NULL until the first */
    struct blaze_route *next;                        /* same bucket */
} blaze_route;

typedef struct blaze_notification {
    uint16_t component, id;
    const char *name; /* "UserSessions.UserAdded" */
    const schema_struct *body;
    struct blaze_notification *next; /* all of the generation */
} blaze_notification;

typedef struct blaze_failure {
    uint16_t code, component; /* component BLAZE_GLOBAL: the same everywhere */
    const char *name;         /* valid as long as the failure's table */
} blaze_failure;

typedef struct blaze_tables {
    arena memory;
    blaze_names *names;
    blaze_guard guards[BLAZE_GUARDS_MAX];
    size_t guard_count;
    blaze_route *routes[BLAZE_BUCKETS];
    blaze_notification *notifications;
    int entry_ref; /* the function that runs a call (blaze_call.c) */
    bool trace;    /* setting log.packets */
    bool frozen;   /* proved: no more declarations */
} blaze_tables;

blaze_tables *blaze_tables_of(const generation *g);

blaze_route *blaze_route_at(const blaze_tables *t, uint16_t component, uint16_t command); /* NULL when none */
blaze_route *blaze_route_find(const blaze_tables *t, const char *name); /* "Util.ping"; NULL when none */
blaze_notification *blaze_notification_at(const blaze_tables *t, uint16_t component, uint16_t id);

/* Objects on the stack of a script; the check functions raise the usual argument error. */
blaze_route *blaze_check_route(lua_State *L, int index);
const blaze_notification *blaze_check_notification(lua_State *L, int index);
bool blaze_failure_test(lua_State *L, int index, blaze_failure *out); /* leaves the stack as it was */

void blaze_declare_open(lua_State *L); /* installs mu.protocol, mu.component, mu.guard, mu.fail */

#endif
