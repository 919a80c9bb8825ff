/* The console's frames from anybody: every length is kept, what is read is written back the same. */
#include <stdlib.h>
#include <string.h>

#include "codec/console.h"

#define MUST(x)                                                                                                        \
    if (!(x)) abort()

static void read_list(bytes body) {
    fault f = {0};
    uint32_t from;
    bytes rest, one;
    if (console_list_read(body, &from, &rest, &f) < 0) return;
    int code;
    for (size_t left = rest.n; (code = console_list_next(&rest, &one, &f)) > 0; left = rest.n) {
        MUST(rest.n < left && one.n <= left);
        for (size_t i = 0; i < one.n; i++) MUST(one.p[i] == *(one.p + i)); /* every byte can be read */
    }
    MUST(code == 0 || code == E_TRUNCATED);
}

static void read_body(const console_frame *frame) {
    fault f = {0};
    console_hello hello;
    uint8_t code, flags;
    uint16_t width;
    if (console_hello_read(frame->body, &hello, &f) == 0)
        MUST(hello.width <= CONSOLE_WIDTH_MAX && hello.version.n + 4 == frame->body.n);
    if (console_width_read(frame->body, &width, &f) == 0) MUST(width <= CONSOLE_WIDTH_MAX);
    (void)console_exit_read(frame->body, &code, &flags, &f);
    read_list(frame->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, size};
    for (;;) {
        console_frame frame, again;
        fault f = {0};
        buf b = {0};
        long n = console_frame_next(in, 5000, &frame, &f);
        if (n <= 0) {
            MUST(n == 0 || (n == f.code && f.text[0] && (n == E_BAD_FRAME_TYPE || n == E_FRAME_TOO_LARGE)));
            return 0;
        }
        MUST((size_t)n == frame.body.n + CONSOLE_HEADER && (size_t)n <= in.n);
        read_body(&frame);
        console_frame_put(&b, frame.type, frame.body);
        MUST(console_frame_next(buf_bytes(&b), 5000, &again, &f) == n && again.type == frame.type);
        MUST(again.body.n == frame.body.n && memcmp(b.p, in.p, (size_t)n) == 0);
        buf_free(&b);
        in.p += n, in.n -= (size_t)n;
    }
}
