/* Any bytes, hidden as a refused body is (codec/tdf_mask.h): nothing but stars is added, and where the schema is not
 * known no text of a body that can be read is left. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "codec/tdf_mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static schema_set *set;
    static const schema_struct *open;
    if (!set) {
        set = schema_set_new();
        schema_struct *s = schema_struct_new(set, "Open");
        schema_add(s, "NUM", "number", schema_scalar(set, SCHEMA_INT), 0, NULL);
        schema_compile(s, NULL);
        open = s;
    }
    bytes body = {data, size};
    uint8_t *out = malloc(size + 1);
    if (!out) return 0;
    for (int i = 0; i < 2; i++) {
        tdf_mask(body, i ? open : NULL, out);
        for (size_t k = 0; k < size; k++) require(out[k] == data[k] || out[k] == '*');
    }
    tdf_mask(body, NULL, out);
    tdf_reader r;
    uint32_t tag;
    unsigned type;
    tdf_reader_init(&r, body, NULL);
    while (tdf_next_field(&r, TDF_BODY, &tag, &type) > 0) {
        bytes text;
        if (type != TDF_STR) {
            if (tdf_skip(&r, type) < 0) break;
            continue;
        }
        if (tdf_read_str(&r, &text) < 0) break;
        for (size_t k = 0; k < text.n; k++) require(out[(size_t)(text.p - data) + k] == '*');
    }
    free(out);
    return 0;
}
