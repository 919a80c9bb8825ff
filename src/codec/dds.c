/* dds.c: headers both ways, and images of one colour a block. Compressing a picture: dds_pack.c. */
#include "codec/dds.h"

#include <string.h>

#include "codec/dds_block.h"
#include "codec/little.h"

const char *dds_format_name(enum dds_format format) {
    static const char *const names[] = {"DXT1", "DXT5", "A8R8G8B8"};
    return (unsigned)format < 3 ? names[format] : "unknown";
}

size_t dds_data_size(const dds_image *i) {
    size_t pixels = (size_t)i->width * i->height;
    return i->format == DDS_DXT1 ? pixels / 2 : i->format == DDS_DXT5 ? pixels : pixels * 4;
}

static bool good_side(uint32_t n) { return n >= 4 && n <= DDS_SIDE_MAX && n % 4 == 0; }

int dds_head(const dds_image *i, buf *out, fault *f) {
    if (!good_side(i->width) || !good_side(i->height))
        return fault_set(f, E_ARGUMENT, "%u × %u pixels: both must be multiples of 4 up to %u", i->width, i->height,
                         DDS_SIDE_MAX);
    uint8_t head[DDS_HEADER] = "DDS ";
    bool plain = i->format == DDS_ARGB;
    little_save_u32(head + 4, 124);
    little_save_u32(head + 8, plain ? 0x100f : i->linear_size ? 0x81007 : 0x1007);
    little_save_u32(head + 12, i->height);
    little_save_u32(head + 16, i->width);
    if (plain || i->linear_size) little_save_u32(head + 20, plain ? i->width * 4 : (uint32_t)dds_data_size(i));
    memcpy(head + 32, i->note, DDS_NOTE);
    little_save_u32(head + 76, 32);
    little_save_u32(head + 80, plain ? 0x41 : 4);
    if (plain) {
        const uint32_t masks[] = {32, 0xff0000, 0xff00, 0xff, 0xff000000};
        for (unsigned k = 0; k < 5; k++) little_save_u32(head + 88 + 4 * k, masks[k]);
    } else {
        memcpy(head + 84, dds_format_name(i->format), 4);
    }
    little_save_u32(head + 108, 0x1000);
    buf_put(out, head, sizeof head);
    return out->failed ? fault_set(f, E_MEMORY, "out of memory for an image") : 0;
}

static void put_pixels(buf *out, const dds_image *i, dds_colour (*colour)(void *, uint32_t, uint32_t), void *ctx) {
    for (uint32_t y = 0; y < i->height; y++)
        for (uint32_t x = 0; x < i->width; x++) {
            dds_colour c = colour(ctx, x / 4, y / 4);
            buf_put(out, (uint8_t[]){c.b, c.g, c.r, c.a}, 4);
        }
}

int dds_fill(const dds_image *i, dds_colour (*colour)(void *ctx, uint32_t x, uint32_t y), void *ctx, buf *out,
             fault *f) {
    int code = dds_head(i, out, f);
    if (code < 0) return code;
    if (i->format == DDS_ARGB) {
        put_pixels(out, i, colour, ctx);
    } else {
        for (uint32_t y = 0; y < i->height / 4; y++)
            for (uint32_t x = 0; x < i->width / 4; x++) {
                dds_colour c = colour(ctx, x, y);
                if (i->format == DDS_DXT5) buf_put(out, (uint8_t[]){c.a, c.a, 0, 0, 0, 0, 0, 0}, 8);
                uint16_t v = dds_565(c);
                little_put_u16(out, v);
                little_put_u16(out, v);
                little_put_u32(out, 0);
            }
    }
    return out->failed ? fault_set(f, E_MEMORY, "out of memory for an image") : 0;
}

static int read_format(const uint8_t *p, enum dds_format *format) {
    uint32_t flags = little_u32(p + 80);
    if (flags & 4) {
        if (memcmp(p + 84, "DXT1", 4) == 0) return *format = DDS_DXT1, 0;
        if (memcmp(p + 84, "DXT5", 4) == 0) return *format = DDS_DXT5, 0;
    } else if (flags == 0x41 && little_u32(p + 88) == 32) {
        return *format = DDS_ARGB, 0;
    }
    return E_PROTOCOL;
}

int dds_read(bytes in, dds_image *i, fault *f) {
    *i = (dds_image){0};
    if (in.n < DDS_HEADER || memcmp(in.p, "DDS ", 4) != 0 || little_u32(in.p + 4) != 124)
        return fault_set(f, E_PROTOCOL, "it is no DDS image");
    i->height = little_u32(in.p + 12);
    i->width = little_u32(in.p + 16);
    i->linear_size = little_u32(in.p + 8) & 0x80000;
    memcpy(i->note, in.p + 32, DDS_NOTE);
    if (!good_side(i->width) || !good_side(i->height))
        return fault_set(f, E_PROTOCOL, "it has %u × %u pixels; both must be multiples of 4 up to %u", i->width,
                         i->height, DDS_SIDE_MAX);
    if (read_format(in.p, &i->format) < 0)
        return fault_set(f, E_PROTOCOL, "it is compressed in another way than DXT5 (BC3); export it as that");
    if (little_u32(in.p + 28) > 1)
        return fault_set(f, E_PROTOCOL, "it has %u mip maps; export it without", little_u32(in.p + 28));
    if (in.n != DDS_HEADER + dds_data_size(i))
        return fault_set(f, E_PROTOCOL, "%u × %u pixels in %s need %zu bytes; it has %zu", i->width, i->height,
                         dds_format_name(i->format), DDS_HEADER + dds_data_size(i), in.n);
    return 0;
}
