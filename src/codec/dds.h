/* dds.h: the pictures of the menu (reference 06 §10.2, 10.3): one image, no mip maps, DXT5 as a rule.
 *
 *     dds_image i = {.width = 512, .height = 128, .format = DDS_DXT5, .linear_size = true};
 *     dds_pack(&i, rgba, &out, &f);             a picture: four bytes a pixel, from the top left
 *     dds_fill(&i, colour_of, ctx, &out, &f);   one colour for each block of 4 × 4 pixels
 *     dds_text(&i, "Reserves", &out, &f);       a placeholder that says what it stands for
 *     dds_read(file, &i, &f);                   is it one that the game shows?
 */
#ifndef CODEC_DDS_H
#define CODEC_DDS_H

#include "base/bytes.h"
#include "base/fault.h"

#define DDS_HEADER   128u
#define DDS_NOTE     44u      /* bytes of the header for whoever wrote the file */
#define DDS_FILE_MAX 1048576u /* what the game takes (IMG_MNGR_MAX_BYTES) */
#define DDS_SIDE_MAX 4096u

enum dds_format { DDS_DXT1, DDS_DXT5, DDS_ARGB };

typedef struct dds_image {
    uint32_t width, height; /* multiples of 4 */
    enum dds_format format;
    bool linear_size; /* write the size of the data into the header */
    uint8_t note[DDS_NOTE];
} dds_image;

typedef struct dds_colour {
    uint8_t r, g, b, a;
} dds_colour;

const char *dds_format_name(enum dds_format format);
size_t dds_data_size(const dds_image *i); /* bytes behind the header */

/* Appends the header alone. E_ARGUMENT for a size that is no multiple of 4 or too large. */
int dds_head(const dds_image *i, buf *out, fault *f);

/* Appends a file. As above, and E_MEMORY. dds_pack is for DXT1 (without alpha) and DXT5. */
int dds_fill(const dds_image *i, dds_colour (*colour)(void *ctx, uint32_t x, uint32_t y), void *ctx, buf *out,
             fault *f);
int dds_pack(const dds_image *i, const uint8_t *rgba, buf *out, fault *f);

/* Up to a few words in letters of blocks, on a ground whose colour comes from the text. */
int dds_text(const dds_image *i, const char *text, buf *out, fault *f);

/* Reads the header and compares it with the length. E_PROTOCOL and what is wrong with it. */
int dds_read(bytes in, dds_image *i, fault *f);

#endif
