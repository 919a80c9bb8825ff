/* Files of time zones: whatever is accepted has an offset of at most a day and a bit at any moment, and answers the
 * same twice. The first bytes of the input are the moment that is asked for. */
#include <stdlib.h>

#include "base/check.h"
#include "codec/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    zone *z;
    fault f = {0};
    zone_rule rule;
    if (size < 8) return 0;
    int64_t unix = (int64_t)load_u64(data);
    bytes file = {data + 8, size - 8};
    if (zone_rule_read(file, &rule) == 0) require(abs(zone_rule_offset(&rule, unix >> 13)) <= 26 * 3600);
    if (zone_read(file, &z, &f) < 0) {
        require(!z && f.text[0]);
        return 0;
    }
    const int64_t moments[] = {unix, 0, 1774746000, INT64_MIN, INT64_MAX, unix >> 24};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int32_t offset = zone_offset(z, moments[i]);
        require(abs(offset) <= 26 * 3600 && offset == zone_offset(z, moments[i]));
    }
    zone_free(z);
    return 0;
}
