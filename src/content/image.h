/* image.h: pictures that people paint (PNG) into pictures that the game shows (DDS). */
#ifndef CONTENT_IMAGE_H
#define CONTENT_IMAGE_H

#include "codec/dds.h"

#define IMAGE_PNG_MAX ((size_t)16 << 20) /* bytes of a PNG file */

/* Appends the DDS of a PNG to out, with a note in its header that says by whom and from which bytes it was made.
 * E_PROTOCOL: no PNG, a damaged one, or of a size that the game does not take; E_LIMIT, E_MEMORY. */
int image_pack(bytes png, buf *out, fault *f);

/* Was this DDS made by image_pack? `of`: and from this PNG? */
bool image_is_ours(const dds_image *i);
bool image_is_of(const dds_image *i, bytes png);

#endif
