/* image.c: libpng reads, codec/dds_pack.c writes. The note in the header ("MURELAY" and the SHA-256 of the PNG) tells a
 * picture of our making from one that the operator put there, and whether it is made from the PNG as it is now. */
#include "content/image.h"

#include <openssl/evp.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

static const char maker[8] = "MURELAY";

static bool make_note(bytes png, uint8_t note[DDS_NOTE]) {
    memset(note, 0, DDS_NOTE);
    memcpy(note, maker, sizeof maker);
    return EVP_Digest(png.p, png.n, note + sizeof maker, NULL, EVP_sha256(), NULL) == 1;
}

bool image_is_ours(const dds_image *i) { return memcmp(i->note, maker, sizeof maker) == 0; }

bool image_is_of(const dds_image *i, bytes png) {
    uint8_t note[DDS_NOTE];
    return make_note(png, note) && memcmp(i->note, note, DDS_NOTE) == 0;
}

static int check_size(const png_image *p, fault *f) {
    dds_image i = {.width = p->width, .height = p->height, .format = DDS_DXT5};
    if (p->width < 4 || p->height < 4 || p->width % 4 || p->height % 4 || p->width > DDS_SIDE_MAX ||
        p->height > DDS_SIDE_MAX)
        return fault_set(f, E_PROTOCOL,
                         "it has %u × %u pixels; both must be multiples of 4 (banners 512 × 128, packs "
                         "1024 × 512, messages 512 × 644)",
                         p->width, p->height);
    if (DDS_HEADER + dds_data_size(&i) > DDS_FILE_MAX)
        return fault_set(f, E_PROTOCOL, "%u × %u pixels become more than the 1 MiB that the game takes", p->width,
                         p->height);
    return 0;
}

int image_pack(bytes png, buf *out, fault *f) {
    png_image p = {.version = PNG_IMAGE_VERSION};
    uint8_t *rgba = NULL;
    if (png.n > IMAGE_PNG_MAX) return fault_set(f, E_LIMIT, "%zu bytes are too many for a picture", png.n);
    if (!png_image_begin_read_from_memory(&p, png.p, png.n)) return fault_set(f, E_PROTOCOL, "no PNG: %s", p.message);
    p.format = PNG_FORMAT_RGBA;
    int code = check_size(&p, f);
    if (code == 0 && !(rgba = malloc(PNG_IMAGE_SIZE(p)))) code = fault_set(f, E_MEMORY, "out of memory for a picture");
    if (code == 0 && !png_image_finish_read(&p, NULL, rgba, 0, NULL))
        code = fault_set(f, E_PROTOCOL, "a damaged PNG: %s", p.message);
    if (code == 0) {
        dds_image i = {.width = p.width, .height = p.height, .format = DDS_DXT5, .linear_size = true};
        code = make_note(png, i.note) ? dds_pack(&i, rgba, out, f) : fault_set(f, E_SYSTEM, "SHA-256 is not available");
    }
    png_image_free(&p);
    free(rgba);
    return code;
}
