/* console_caller.h: who is at the other end of the console's socket, and what is being done for him.
 *
 * A caller is one connection. It asks one thing at a time; what it asks is a job: one task of the generation that is
 * current then, under all limits of scripts. A job outlives its caller for the moment that cancelling takes, so it
 * names him by handle; so does the `caller` that scripts hold.
 *
 *     console_caller *c = console_caller_find(job->caller);   // NULL: he has left */
#ifndef BIND_CONSOLE_CALLER_H
#define BIND_CONSOLE_CALLER_H

#include "bind/console_parse.h"
#include "bind/console_set.h"
#include "codec/console.h"
#include "net/local.h"

struct console_job;

typedef struct console_caller {
    handle self;
    stream *stream;
    local_peer who;
    uint32_t number; /* 1, 2, … in order of coming */
    bool greeted;
    uint8_t flags;  /* CONSOLE_JSON, CONSOLE_COLOUR */
    uint16_t width; /* of the terminal; 0: none */
    struct console_job *job;
    uint32_t jobs; /* begun so far: a script that keeps its `caller` speaks only while its own command runs */
    const generation *environment_of; /* what `>` assigned, in the registry of that generation */
    int environment_ref;
    bool environment_lost; /* a reload took it away */
} console_caller;

struct server *console_server(void);           /* of console_start */
int64_t console_started_us(void);              /* monotonic; 0 where no console was opened */
console_caller *console_caller_find(handle h); /* NULL when it has gone */
void console_each_caller(void (*tell)(void *ctx, console_caller *c), void *ctx);
void console_forget_environments(const generation *g); /* the generation is left: what `>` assigned goes with it */

/* To the caller. */
void console_send_text(console_caller *c, enum console_frame_type type, const char *text, size_t n);
void console_send_line(console_caller *c, enum console_frame_type type, const char *text, size_t n); /* + newline */
void console_send_exit(console_caller *c, int code, int flags);

/* console_job.c: begins what a RUN or COMPLETE asks; the answer goes to the caller by itself. */
void console_job_run(console_caller *c, bytes line);
void console_job_complete(console_caller *c, bytes line);
void console_job_cancel(console_caller *c); /* Ctrl-C; fine when nothing runs */
void console_job_leave(console_caller *c);  /* he has gone: what runs for him ends */

/* console_audit.c: puts on record that a command which changes something was ended before it was done. */
void console_audit_ended(struct engine *e, const char *who, const console_call *call, const char *outcome);

/* console_caller.c: pushes the `caller` of scripts. */
void console_push_caller(lua_State *L, handle h);

#endif
