/* chunk.h: how coalesced files and talk tables travel inside a configuration map (reference 06 §3.2, 3.3).
 *
 * A coalesced file is first put into a "NIBC" container (zlib, level 6); a talk table is not. Then either becomes
 * base64 in pieces of 255 characters: CHUNK_0, CHUNK_1, … with CHUNK_SIZE and DATA_SIZE beside them.
 *
 *     nibc_pack(coalesced, &packed, &f);
 *     chunk_text(buf_bytes(&packed), &text);
 *     chunk_each(buf_bytes(&text), CHUNK_SIZE, put, map);       in the order of the wire
 *
 * And back: chunk_bytes, nibc_unpack. */
#ifndef CODEC_CHUNK_H
#define CODEC_CHUNK_H

#include "base/bytes.h"
#include "base/fault.h"

#define CHUNK_SIZE     255u
#define CHUNK_KEY_MAX  24u
#define NIBC_PLAIN_MAX ((size_t)64 << 20) /* bytes a container may unpack to */

int nibc_pack(bytes in, buf *out, fault *f);   /* appends; E_MEMORY, E_LIMIT */
int nibc_unpack(bytes in, buf *out, fault *f); /* appends; E_PROTOCOL, E_LIMIT, E_MEMORY */
bool nibc_is(bytes in);

int chunk_text(bytes in, buf *out, fault *f);    /* base64 with padding, in one piece; E_MEMORY */
int chunk_bytes(bytes text, buf *out, fault *f); /* and back, the pieces joined; E_PROTOCOL, E_MEMORY */

static inline uint32_t chunk_count(size_t characters, uint32_t size) {
    return (uint32_t)((characters + size - 1) / size);
}

/* Calls put for every entry of the map, keys ascending as the game sorts them. Keys and values are good until it
 * returns. */
void chunk_each(bytes text, uint32_t size, void (*put)(void *ctx, const char *key, bytes value), void *ctx);

#endif
