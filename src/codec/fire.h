/* fire.h: the frame around every Blaze message (reference 01 §2).
 *
 * A frame is a header of 12 to 22 bytes and a body. This file reads and writes the header; the body is TDF (tdf.h) and
 * of no interest here. Reading is stateless: call it on what has arrived, wait for more while it says E_INCOMPLETE.
 *
 *     fire_header h;
 *     int n = fire_parse(in, 1 << 20, &h, &f);
 *     if (n == E_INCOMPLETE) wait;  else if (n < 0) close;  else if (in.n - n < h.body_length) wait;
 *     else handle(&h, (bytes){in.p + n, h.body_length});
 *
 * After any error but E_INCOMPLETE nothing that follows on the stream can be trusted: close it. */
#ifndef CODEC_FIRE_H
#define CODEC_FIRE_H

#include "base/bytes.h"
#include "base/fault.h"

enum fire_type { FIRE_REQUEST = 0, FIRE_RESPONSE = 1, FIRE_NOTIFY = 2, FIRE_ERROR = 3 };

enum fire_option { /* the nibble of 01 §2.3 */
                   FIRE_JUMBO_FRAME = 1,
                   FIRE_HAS_CONTEXT = 2,
                   FIRE_IMMEDIATE = 4,
                   FIRE_JUMBO_CONTEXT = 8 /* with FIRE_HAS_CONTEXT only: the context has 64 bits */
};

#define FIRE_HEADER_MIN 12u
#define FIRE_HEADER_MAX 22u
#define FIRE_NUMBER_MAX 0xfffffu

typedef struct fire_header {
    uint16_t component;
    uint16_t command; /* or the notification id */
    uint16_t error;   /* 0 unless type is FIRE_ERROR */
    uint8_t type;     /* enum fire_type */
    uint8_t user;     /* local user of a console, 0–15; 0 on PC */
    uint8_t options;  /* enum fire_option as read; for writing only IMMEDIATE and JUMBO_CONTEXT count */
    bool has_context;
    uint32_t number;        /* message number, 20 bits */
    uint32_t body_length;   /* bytes */
    uint32_t header_length; /* bytes, set by reading and writing */
    uint64_t context;       /* 0 unless has_context */
} fire_header;

/* Reads the header at the start of `in`. Returns its length in bytes, E_INCOMPLETE while bytes of the header are
 * missing, E_BAD_FRAME_TYPE, or E_FRAME_TOO_LARGE as soon as the length is known to be above max_body: nothing needs
 * to be buffered for such a frame (01 §2.7). The body need not be there yet. *out is undefined on errors. */
int fire_parse(bytes in, uint32_t max_body, fire_header *out, fault *f);

/* Writes a header for h->body_length bytes of body and returns its length. JUMBO_FRAME follows from the body length;
 * the width of the context from its value and from FIRE_JUMBO_CONTEXT, so that a reply repeats the request's width. */
size_t fire_write_header(uint8_t out[FIRE_HEADER_MAX], const fire_header *h);

/* The header of the answer to `request`: component, command, number, user and context repeated, body length 0 for the
 * caller to fill in. `type` is FIRE_RESPONSE or FIRE_ERROR; `error` is 0 for a response. */
fire_header fire_reply_to(const fire_header *request, enum fire_type type, uint16_t error);

/* "request", "response", "notify", "error"; "unknown" for other numbers. */
const char *fire_type_name(unsigned type);

#endif
