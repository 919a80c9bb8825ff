/* dds_block.h: colours of 16 bits, as blocks hold them; for dds*.c. */
#ifndef CODEC_DDS_BLOCK_H
#define CODEC_DDS_BLOCK_H

#include "codec/dds.h"

static inline uint16_t dds_565(dds_colour c) { return (uint16_t)((c.r >> 3) << 11 | (c.g >> 2) << 5 | c.b >> 3); }

#endif
