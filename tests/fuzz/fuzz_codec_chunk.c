/* Containers and base64 of any bytes; what they hold survives being put in again. And images: a header that is taken
 * for good says how long the file is. */
#include <stdlib.h>
#include <string.h>

#include "codec/chunk.h"
#include "codec/dds.h"

static void same(const buf *a, const buf *b) {
    if (a->n != b->n || (a->n && memcmp(a->p, b->p, a->n) != 0)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, size};
    buf plain = {0}, packed = {0}, again = {0}, text = {0}, back = {0}, given = {0};
    dds_image image;
    if (nibc_unpack(in, &plain, NULL) == 0) {
        if (nibc_pack(buf_bytes(&plain), &packed, NULL) < 0) abort();
        if (nibc_unpack(buf_bytes(&packed), &again, NULL) < 0) abort();
        same(&plain, &again);
    }
    if (chunk_bytes(in, &back, NULL) == 0 && chunk_text(buf_bytes(&back), &text, NULL) < 0) abort();
    buf_clear(&text), buf_clear(&back);
    buf_put(&given, data, size);
    if (chunk_text(in, &text, NULL) < 0 || chunk_bytes(buf_bytes(&text), &back, NULL) < 0) abort();
    same(&back, &given);
    if (dds_read(in, &image, NULL) == 0 && size != DDS_HEADER + dds_data_size(&image)) abort();
    buf_free(&plain), buf_free(&packed), buf_free(&again), buf_free(&text), buf_free(&back), buf_free(&given);
    return 0;
}
