/* serve.h: one server, from first start to clean end. */
#ifndef SERVE_H
#define SERVE_H

typedef struct serve_options {
    const char *home;        /* shipped config.lua, scripts/, assets/ */
    const char *data;        /* made when missing */
    const char *config;      /* NULL = home/config.lua */
    const char *const *sets; /* "key=value", ends with NULL */
} serve_options;

/* Runs until a signal ends it. Returns the exit code: 0 clean, 1 when it could not start (said on standard error). */
int serve(const serve_options *o);

#endif
