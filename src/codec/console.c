/* console.c: the console's frames. See console.h. */
#include "codec/console.h"

#include <string.h>

static bool known(uint8_t type) { return type && strchr("HRCKWTEXL", type) != NULL; }

long console_frame_next(bytes in, size_t max, console_frame *out, fault *f) {
    if (in.n < CONSOLE_HEADER) return 0;
    size_t n = load_u24(in.p);
    if (!known(in.p[3])) return fault_set(f, E_BAD_FRAME_TYPE, "a console frame of the unknown type %u", in.p[3]);
    if (n > max) return fault_set(f, E_FRAME_TOO_LARGE, "a console frame of %zu bytes; the limit is %zu", n, max);
    if (in.n - CONSOLE_HEADER < n) return 0;
    *out = (console_frame){in.p[3], {in.p + CONSOLE_HEADER, n}};
    return (long)(n + CONSOLE_HEADER);
}

void console_frame_put(buf *b, enum console_frame_type type, bytes body) {
    if (body.n > CONSOLE_BODY_MAX) {
        b->failed = true;
        return;
    }
    buf_u24(b, (uint32_t)body.n);
    buf_u8(b, (uint8_t)type);
    buf_put(b, body.p, body.n);
}

/* Not in the middle of a UTF-8 character: a client that prints pieces as they come shows no half ones. */
static size_t piece_of(bytes text) {
    size_t n = CONSOLE_BODY_MAX;
    if (text.n <= n) return text.n;
    for (int back = 0; back < 4 && (text.p[n] & 0xc0) == 0x80; back++) n--;
    return n;
}

void console_text_put(buf *b, enum console_frame_type type, bytes text) {
    while (text.n) {
        size_t n = piece_of(text);
        console_frame_put(b, type, (bytes){text.p, n});
        text.p += n, text.n -= n;
    }
}

void console_hello_put(buf *b, const console_hello *h) {
    size_t n = h->version.n < 200 ? h->version.n : 200;
    buf_u24(b, (uint32_t)(4 + n));
    buf_u8(b, CONSOLE_HELLO);
    buf_u8(b, h->protocol);
    buf_u8(b, h->flags);
    buf_u16(b, h->width);
    buf_put(b, h->version.p, n);
}

static uint16_t sane(uint16_t width) { return width > CONSOLE_WIDTH_MAX ? CONSOLE_WIDTH_MAX : width; }

static int too_short(fault *f, const char *what) {
    return fault_set(f, E_TRUNCATED, "a console frame is cut short: %s", what);
}

int console_hello_read(bytes body, console_hello *h, fault *f) {
    if (body.n < 4) return too_short(f, "hello");
    *h = (console_hello){body.p[0], body.p[1], sane(load_u16(body.p + 2)), {body.p + 4, body.n - 4}};
    return 0;
}

void console_exit_put(buf *b, uint8_t code, uint8_t flags) {
    uint8_t body[2] = {code, flags};
    console_frame_put(b, CONSOLE_EXIT, (bytes){body, 2});
}

int console_exit_read(bytes body, uint8_t *code, uint8_t *flags, fault *f) {
    if (body.n < 2) return too_short(f, "exit");
    *code = body.p[0], *flags = body.p[1];
    return 0;
}

void console_width_put(buf *b, uint16_t width) {
    uint8_t body[2];
    save_u16(body, width);
    console_frame_put(b, CONSOLE_WIDTH, (bytes){body, 2});
}

int console_width_read(bytes body, uint16_t *width, fault *f) {
    if (body.n < 2) return too_short(f, "width");
    *width = sane(load_u16(body.p));
    return 0;
}

void console_list_begin(buf *body, uint32_t from) { buf_u32(body, from); }

void console_list_add(buf *body, bytes candidate) {
    if (body->n + 2 + candidate.n > CONSOLE_LIST_BYTES || candidate.n > 0xffff) return;
    buf_u16(body, (uint16_t)candidate.n);
    buf_put(body, candidate.p, candidate.n);
}

int console_list_read(bytes body, uint32_t *from, bytes *rest, fault *f) {
    if (body.n < 4) return too_short(f, "list");
    *from = load_u32(body.p);
    *rest = (bytes){body.p + 4, body.n - 4};
    return 0;
}

int console_list_next(bytes *rest, bytes *candidate, fault *f) {
    if (!rest->n) return 0;
    size_t n = rest->n >= 2 ? load_u16(rest->p) : 0;
    if (rest->n < 2 || rest->n - 2 < n) return too_short(f, "list");
    *candidate = (bytes){rest->p + 2, n};
    rest->p += 2 + n, rest->n -= 2 + n;
    return 1;
}
