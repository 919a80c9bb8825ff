/* link.h: the client's connection to the server: blocking, one request at a time.
 *
 *     console_link *l = link_open("data/console.sock", &hello, &f);
 *     int code = link_run(l, "players list", &flags, &f);        // prints what comes; the command's exit code
 *
 * Ctrl-C during a request asks the server to cancel it and goes on waiting for its end; a second one gives up. */
#ifndef CONSOLE_LINK_H
#define CONSOLE_LINK_H

#include <stdbool.h>

#include "codec/console.h"

typedef struct console_link console_link;

#define LINK_CANDIDATES 1000

typedef struct link_candidates {
    uint32_t from; /* byte of the line where the word begins */
    unsigned count;
    char *texts[LINK_CANDIDATES]; /* owned; link_candidates_free */
} link_candidates;

/* NULL with a sentence that says what to do. `greeting` of the server is kept: link_greeting. */
console_link *link_open(const char *path, const console_hello *hello, fault *f);
void link_close(console_link *l);
const char *link_greeting(const console_link *l);

/* Runs a line; prints its output. The exit code (≥ 0) and the flags of EXIT; or E_CLOSED, E_IO, E_PROTOCOL: the
 * connection is of no more use. */
int link_run(console_link *l, const char *line, uint8_t *flags, fault *f);
int link_complete(console_link *l, const char *line, size_t n, link_candidates *out, fault *f);
void link_candidates_free(link_candidates *c);
int link_set_width(console_link *l, uint16_t width, fault *f);

extern bool link_colour; /* errors in red */

#endif
