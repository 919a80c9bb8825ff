/* PNG pictures that operators drop into a folder: libpng reads them, and either there is a sentence, or a picture that
 * the game shows, made of exactly these bytes. */
#include <stdlib.h>

#include "base/check.h"
#include "content/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    buf out = {0};
    fault f = {0};
    dds_image image;
    if (image_pack((bytes){data, size}, &out, &f) < 0) {
        require(f.text[0]);
    } else {
        require(out.n <= DDS_FILE_MAX && dds_read(buf_bytes(&out), &image, &f) == 0);
        require(image_is_ours(&image) && image_is_of(&image, (bytes){data, size}));
    }
    buf_free(&out);
    return 0;
}
