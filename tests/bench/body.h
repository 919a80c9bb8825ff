/* body.h: writing request bodies by hand: fields in the order of their tags, and the frame around them.
 *
 *     buf x = {0};  put_text(&x, "KEY", "class1"), put_int(&x, "UID", 0);  put_frame(out, 9, 0xb, &x); */
#ifndef BENCH_BODY_H
#define BENCH_BODY_H

#include <string.h>

#include "codec/fire.h"
#include "codec/tdf.h"

static inline void put_tag(buf *b, const char *tag, unsigned type) {
    tdf_put_header(b, tdf_tag_pack(tag, strlen(tag)), type);
}

static inline void put_string(buf *b, const char *text) { /* an element of a list or map */
    tdf_put_str(b, (bytes){(const uint8_t *)text, strlen(text)});
}

static inline void put_text(buf *b, const char *tag, const char *text) {
    put_tag(b, tag, TDF_STR);
    put_string(b, text);
}

static inline void put_int(buf *b, const char *tag, int64_t value) {
    put_tag(b, tag, TDF_INT);
    tdf_put_int(b, value);
}

static inline void put_blob(buf *b, const char *tag) { /* an empty one */
    put_tag(b, tag, TDF_BLOB);
    tdf_put_int(b, 0);
}

static inline void put_object_id(buf *b, const char *tag) { /* of nothing */
    put_tag(b, tag, TDF_OID);
    for (int i = 0; i < 3; i++) tdf_put_int(b, 0);
}

static inline void open_group(buf *b, const char *tag) { put_tag(b, tag, TDF_GROUP); }
static inline void close_group(buf *b) { buf_u8(b, 0); }

static inline void open_list(buf *b, const char *tag, unsigned type, unsigned count) {
    put_tag(b, tag, TDF_LIST);
    buf_u8(b, (uint8_t)type);
    tdf_put_int(b, count);
}

static inline void open_map(buf *b, const char *tag, unsigned key, unsigned type, unsigned count) {
    put_tag(b, tag, TDF_MAP);
    buf_u8(b, (uint8_t)key), buf_u8(b, (uint8_t)type);
    tdf_put_int(b, count);
}

/* Appends the frame of a finished body, message number 0, and releases the body. */
static inline void put_frame(buf *b, uint16_t component, uint16_t command, buf *body) {
    uint8_t head[FIRE_HEADER_MAX];
    fire_header h = {.component = component, .command = command, .type = FIRE_REQUEST};
    h.body_length = (uint32_t)body->n;
    buf_put(b, head, fire_write_header(head, &h));
    buf_put(b, body->p, body->n);
    buf_free(body);
}

#endif
