/* tdf_mask.h: a body's bytes as they may be shown when it could not be decoded: credentials are starred out.
 *
 *     tdf_mask(body, request_schema, copy);     copy[i] is body.p[i], or '*' where nobody may read it
 *
 * Where the schema declares a secret anywhere (or there is no schema) every text, blob and container is starred, and so
 * is all that follows the byte that broke: what remains are tags, types, lengths and numbers, which is what a broken
 * body is about. Otherwise only texts below the tags that carry credentials in this protocol are. */
#ifndef CODEC_TDF_MASK_H
#define CODEC_TDF_MASK_H

#include "codec/schema.h"

void tdf_mask(bytes body, const schema_struct *schema, uint8_t *out); /* out: body.n bytes. Never fails */

#endif
