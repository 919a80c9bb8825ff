/* Pictures that operators drop into a folder: what is accepted has exactly the bytes that its header states, and its
 * header written again is read as the same. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "codec/dds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    dds_image image, again;
    fault f = {0};
    if (dds_read((bytes){data, size}, &image, &f) < 0) {
        require(f.text[0]);
        return 0;
    }
    require(size == DDS_HEADER + dds_data_size(&image));
    buf out = {0};
    require(dds_head(&image, &out, &f) == 0);
    buf_put(&out, data + DDS_HEADER, size - DDS_HEADER);
    require(dds_read(buf_bytes(&out), &again, &f) == 0);
    require(again.width == image.width && again.height == image.height && again.format == image.format);
    require(image.format == DDS_ARGB || again.linear_size == image.linear_size);
    require(memcmp(again.note, image.note, DDS_NOTE) == 0);
    buf_free(&out);
    return 0;
}
