/* blaze_call.h: one request on its way through a script.
 *
 * The session fills in what the frame said and starts it; decode, guards, handler and encode run inside one task, so
 * that whatever goes wrong in them is a named fault of this request and of nothing else. */
#ifndef BIND_BLAZE_CALL_H
#define BIND_BLAZE_CALL_H

#include "bind/blaze_tables.h"
#include "records/records.h"
#include "script/task.h"

typedef struct blaze_call blaze_call;
struct blaze_call {
    blaze_route *route;          /* the task keeps its generation */
    record_ref session;          /* the session record */
    handle task;                 /* set when the task begins */
    bytes body;                  /* of the request; must stay until `entered` */
    bool entered;                /* the body has been decoded and is no longer needed */
    int stage;                   /* guards that have run */
    int bad_body;                /* E_ code: the body could not be decoded, the handler did not run */
    uint16_t error;              /* of the answer; 0 = success */
    struct route_sample *sample; /* NULL as a rule: not timed */
    shared *kept;                /* the answer's body by reference, one count for `done`; NULL: see blaze_call_answer */
    /* Once. why NULL: the answer stands in error, kept and blaze_call_answer (or bad_body says why there is none). The
     * call is over and may be used again. */
    void (*done)(blaze_call *c, const fault *why);
};

/* Starts c (route, session, body, done set; the rest zero) in generation g. It may be over when this returns. */
void blaze_call_start(engine *e, generation *g, blaze_call *c);

/* The encoded answer of the call whose `done` is running; good until that returns. */
bytes blaze_call_answer(void);

/* The route that the running task answers; NULL where no request is being handled. For mu.kept. */
blaze_route *blaze_route_running(lua_State *L);

void blaze_call_open(lua_State *L); /* makes the entry function of this generation */

#endif
