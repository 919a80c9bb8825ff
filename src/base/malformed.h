/* malformed.h: the last inputs that a decoder refused: what came, by which door, at which byte it broke.
 *
 * For whoever asks "what does that client send?" when its connection has long gone. A ring of MALFORMED_ENTRIES, one a
 * process, filled by every room that decodes bytes of strangers; the newest pushes out the oldest. Nothing is printed
 * here. The bytes kept are a window around the place that broke, at most MALFORMED_BYTES.
 *
 *     malformed m = {.decoder = "frame", .code = f.code, .offset = 0, .size = in.n};
 *     snprintf(m.text, sizeof m.text, "%s", f.text);
 *     malformed_add(&m, (bytes){in.p, 16});
 *
 * Credentials: whoever adds hands over bytes that may be shown (codec/tdf_mask.h hides them in a body). Any thread. */
#ifndef BASE_MALFORMED_H
#define BASE_MALFORMED_H

#include "base/bytes.h"

#define MALFORMED_ENTRIES 64
#define MALFORMED_BYTES   192

typedef struct malformed {
    uint64_t number;                            /* 1, 2, … since the start; set by malformed_add */
    int64_t at_us;                              /* unix time; set by malformed_add */
    const char *decoder;                        /* static: "frame", "body", "http", "ssl3", "tls", "telemetry" */
    int code;                                   /* E_… */
    int64_t offset;                             /* byte of the input at which it broke; -1 = not known */
    size_t size;                                /* bytes of the whole input */
    size_t from, kept;                          /* which of them are in `data`; set by malformed_add */
    char peer[64], door[32], who[80], what[96]; /* "" = not known; who: "session 17 from …", what: "Util.ping" */
    char text[256];                             /* the decoder's sentence: its path through the input stands in it */
    uint8_t data[MALFORMED_BYTES];
} malformed;

/* Copies m and what of `input` lies around m->offset. */
void malformed_add(const malformed *m, bytes input);

/* The entry `back` places before the newest (0 = the newest) into *out; false when there are not so many. */
bool malformed_get(unsigned back, malformed *out);

/* fn(ctx) after each malformed_add, on the thread that added; NULL ends it. */
void malformed_on_add(void (*fn)(void *ctx), void *ctx);

#endif
