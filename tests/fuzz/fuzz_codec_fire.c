/* Frame headers: what is accepted is written back as a header with the same meaning, and no length gets past the limit.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/fire.h"

#define MUST(x)                                                                                                        \
    if (!(x)) abort()

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, size};
    for (int frames = 0; frames < 1000; frames++) {
        fire_header h, again;
        fault f = {0};
        uint8_t out[FIRE_HEADER_MAX];
        int n = fire_parse(in, 70000, &h, &f);
        if (n < 0) {
            MUST(f.code == n && f.text[0]);
            MUST(n == E_INCOMPLETE || n == E_BAD_FRAME_TYPE || n == E_FRAME_TOO_LARGE);
            break;
        }
        MUST((size_t)n <= in.n && (uint32_t)n == h.header_length && h.body_length <= 70000);
        size_t m = fire_write_header(out, &h);
        MUST(fire_parse((bytes){out, m}, 70000, &again, NULL) == (int)m);
        MUST(h.component == again.component && h.command == again.command && h.error == again.error);
        MUST(h.type == again.type && h.user == again.user && h.number == again.number && h.context == again.context);
        MUST(h.has_context == again.has_context && h.body_length == again.body_length);
        if (in.n - (size_t)n < h.body_length) break;
        in = (bytes){in.p + n + h.body_length, in.n - (size_t)n - h.body_length};
    }
    return 0;
}
