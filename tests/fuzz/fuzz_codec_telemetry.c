/* Telemetry messages from header to attributes: no read outside, and never more found than bytes came in. */
#include <stdlib.h>

#include "codec/telemetry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int n = telemetry_parse((bytes){data, size}, NULL);
    if (n < 0 || (size_t)n > size) return 0;
    bytes lines = {data + TELEMETRY_HEADER, (size_t)n - TELEMETRY_HEADER}, key, value;
    size_t found = 0;
    while (telemetry_next_line(&lines, &key, &value)) {
        buf text = {0};
        if (telemetry_reveal(value, &text) == 0) {
            bytes events = buf_bytes(&text);
            telemetry_event e;
            for (int rc; (rc = telemetry_next_event(&events, &e)) != 0; found++)
                while (rc > 0 && telemetry_next_attribute(&e.attributes, &key, &value)) found++;
        }
        buf_free(&text);
        found++;
    }
    if (found > size) abort();
    return 0;
}
