/* telemetry.c: messages, lines, the disguise of TLM3, events. Every step takes something off the front of a view, so
 * work and results are bounded by the length of the message. */
#include "codec/telemetry.h"

#include <string.h>

int telemetry_parse(bytes in, fault *f) {
    if (in.n < TELEMETRY_HEADER) return fault_set(f, E_INCOMPLETE, "%zu bytes of a telemetry header of 12", in.n);
    uint32_t length = load_u32(in.p + 8);
    if (length > TELEMETRY_MAX)
        return fault_set(f, E_FRAME_TOO_LARGE, "a telemetry message of %u bytes; the limit is %u", length,
                         TELEMETRY_MAX);
    if (length < TELEMETRY_HEADER)
        return fault_set(f, E_PROTOCOL, "a telemetry message of %u bytes, less than its header", length);
    return (int)length;
}

/* Takes what stands before the first `end` off *from; all of it where there is none. */
static bytes take(bytes *from, int end) {
    const uint8_t *p = from->n ? memchr(from->p, end, from->n) : NULL;
    bytes piece = {from->p, p ? (size_t)(p - from->p) : from->n};
    size_t gone = piece.n + (p ? 1 : 0);
    if (gone) from->p += gone, from->n -= gone;
    return piece;
}

static bool split(bytes pair, bytes *key, bytes *value) {
    const uint8_t *p = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
    if (!p) return false;
    *key = (bytes){pair.p, (size_t)(p - pair.p)};
    *value = (bytes){p + 1, pair.n - key->n - 1};
    return true;
}

bool telemetry_next_line(bytes *lines, bytes *key, bytes *value) {
    while (lines->n && *lines->p) {
        bytes line = take(lines, '\n');
        const uint8_t *nul = line.n ? memchr(line.p, 0, line.n) : NULL;
        if (nul) {
            line.n = (size_t)(nul - line.p);
            lines->n = 0;
        }
        if (split(line, key, value)) return true;
    }
    return false;
}

bool telemetry_is(bytes key, const char *name) { return key.n == strlen(name) && !memcmp(key.p, name, key.n); }

int telemetry_reveal(bytes value, buf *out) {
    static const char key[] = "The truth is back in style.";
    const uint8_t *dash = value.n ? memchr(value.p, '-', value.n) : NULL;
    if (!dash) return E_PROTOCOL;
    const uint8_t *p = dash + 1;
    size_t n = value.n - (size_t)(p - value.p);
    if (!buf_reserve(out, n)) return E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (p[i] ^ (uint8_t)key[i % (sizeof key - 1)]) & 0x7f;
        if (c == 0) break;
        out->p[out->n++] = c;
    }
    return 0;
}

static bool read_hex(bytes digits, uint32_t *out) {
    if (digits.n != 8) return false;
    *out = 0;
    for (size_t i = 0; i < 8; i++) {
        unsigned c = digits.p[i], v = c - '0';
        if (v > 9) v = (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 16;
        if (v > 15) return false;
        *out = *out << 4 | v;
    }
    return true;
}

int telemetry_next_event(bytes *text, telemetry_event *out) {
    if (text->n == 0) return 0;
    bytes event = take(text, ',');
    bytes time = take(&event, '/'), middle = take(&event, '/');
    out->module = take(&event, '/');
    out->group = take(&event, '/');
    out->name = take(&event, '/');
    out->attributes = event; /* may be empty, and may have slashes */
    bool good = read_hex(time, &out->time) && middle.n == 10 && !memcmp(middle.p, "-;", 2) &&
                read_hex((bytes){middle.p + 2, 8}, &out->sequence) && out->name.n > 0;
    return good ? 1 : E_PROTOCOL;
}

bool telemetry_next_attribute(bytes *attributes, bytes *key, bytes *value) {
    while (attributes->n)
        if (split(take(attributes, '&'), key, value)) return true;
    return false;
}
