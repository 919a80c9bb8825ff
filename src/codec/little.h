/* little.h: numbers in the byte order of the game's own files. Everything on the wire is big-endian (base/bytes.h). */
#ifndef CODEC_LITTLE_H
#define CODEC_LITTLE_H

#include "base/bytes.h"

static inline uint16_t little_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t little_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void little_save_u16(uint8_t *p, uint16_t v) { p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8); }
static inline void little_save_u32(uint8_t *p, uint32_t v) {
    little_save_u16(p, (uint16_t)v), little_save_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void little_put_u16(buf *b, uint16_t v) { buf_put(b, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2); }
static inline void little_put_u32(buf *b, uint32_t v) {
    little_put_u16(b, (uint16_t)v);
    little_put_u16(b, (uint16_t)(v >> 16));
}

#endif
