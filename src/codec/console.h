/* console.h: the frames between the console's client and the server, over the local socket.
 *
 *     u24 length of the body | u8 type | body                                     (big-endian, as everywhere here)
 *
 * The client says HELLO and is answered HELLO; then RUN and COMPLETE, one at a time: each RUN ends with one EXIT, each
 * COMPLETE with one LIST. Between come TEXT and ERROR, as much as the command says. CANCEL ends the running command
 * (which still ends with EXIT); WIDTH tells that the terminal has changed. A frame that cannot be read ends the
 * connection.
 *
 *     buf b = {0};  console_frame_put(&b, CONSOLE_RUN, BYTES("players list"));
 *     long n = console_frame_next(in, CONSOLE_BODY_MAX, &frame, &f);             n bytes are the first frame, 0: wait
 *
 * Pure, shared by both sides; our own protocol, of no reference. */
#ifndef CODEC_CONSOLE_H
#define CODEC_CONSOLE_H

#include "base/bytes.h"
#include "base/fault.h"

#define CONSOLE_PROTOCOL   1
#define CONSOLE_HEADER     4
#define CONSOLE_BODY_MAX   (128u << 10) /* bytes of a body, both ways: longer texts come in pieces */
#define CONSOLE_WIDTH_MAX  1000
#define CONSOLE_LIST_BYTES 64000 /* of the candidates of one LIST */

enum console_frame_type {
    CONSOLE_HELLO = 'H',    /* both: u8 protocol, u8 flags, u16 width (0: none), the program's version */
    CONSOLE_RUN = 'R',      /* client: a line */
    CONSOLE_COMPLETE = 'C', /* client: the line up to the cursor */
    CONSOLE_CANCEL = 'K',   /* client: nothing */
    CONSOLE_WIDTH = 'W',    /* client: u16 width */
    CONSOLE_TEXT = 'T',     /* server: for standard output */
    CONSOLE_ERROR = 'E',    /* server: for standard error */
    CONSOLE_EXIT = 'X',     /* server: u8 exit code, u8 flags */
    CONSOLE_LIST = 'L', /* server: u32 byte of the line where the word begins, then each candidate: u16 n, n bytes */
};

enum { CONSOLE_JSON = 1, CONSOLE_COLOUR = 2 };    /* flags of the client's HELLO */
enum { CONSOLE_HAS_SECRET = 1, CONSOLE_BYE = 2 }; /* flags of EXIT: not for a history; the server says no more */

typedef struct console_frame {
    uint8_t type;
    bytes body;
} console_frame;

typedef struct console_hello {
    uint8_t protocol, flags;
    uint16_t width;
    bytes version;
} console_hello;

/* The first frame of `in`: bytes it takes; 0 when more is needed; E_FRAME_TOO_LARGE or E_BAD_FRAME_TYPE with a
 * sentence.
 */
long console_frame_next(bytes in, size_t max, console_frame *out, fault *f);
void console_frame_put(buf *b, enum console_frame_type type, bytes body);

/* Text of any length as so many frames as it takes. */
void console_text_put(buf *b, enum console_frame_type type, bytes text);

void console_hello_put(buf *b, const console_hello *h);
int console_hello_read(bytes body, console_hello *h, fault *f);
void console_exit_put(buf *b, uint8_t code, uint8_t flags);
int console_exit_read(bytes body, uint8_t *code, uint8_t *flags, fault *f);
void console_width_put(buf *b, uint16_t width);
int console_width_read(bytes body, uint16_t *width, fault *f); /* brought into 0 … CONSOLE_WIDTH_MAX */

/* A LIST: the writer collects the body, candidates past CONSOLE_LIST_BYTES are left out; the reader gives them one by
 * one. */
void console_list_begin(buf *body, uint32_t from);
void console_list_add(buf *body, bytes candidate);
int console_list_read(bytes body, uint32_t *from, bytes *rest, fault *f);
int console_list_next(bytes *rest, bytes *candidate, fault *f); /* 1, 0 at the end, or negative */

#endif
