/* huffman_units.h: UTF-8, as everything here is, and UTF-16 units, as the game's files count; for huffman*.c. */
#ifndef CODEC_HUFFMAN_UNITS_H
#define CODEC_HUFFMAN_UNITS_H

#include "base/bytes.h"
#include "base/fault.h"

/* Appends the units (uint16_t, host order) of a UTF-8 text. E_PROTOCOL: no UTF-8; E_EMBEDDED_NUL; E_MEMORY. */
int huffman_units_of(bytes text, buf *out);

/* Appends one unit as UTF-8. *high: 0 before the first, else kept between calls; a pair becomes one code point. */
void huffman_put_unit(buf *out, uint16_t unit, uint16_t *high);

#endif
