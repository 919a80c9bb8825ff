/* A talk table of any bytes: what can be read can be written, and what was written says the same. */
#include <stdlib.h>
#include <string.h>

#include "codec/tlk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tlk first, second;
    buf once = {0}, twice = {0};
    tlk_init(&first);
    tlk_init(&second);
    if (tlk_read(&first, (bytes){data, size}, NULL) == 0) {
        int code = tlk_write(&first, &once, NULL);
        if (code < 0 && code != E_LIMIT) abort();
        if (code == 0) {
            if (tlk_read(&second, buf_bytes(&once), NULL) < 0) abort();
            if (tlk_write(&second, &twice, NULL) < 0) abort();
            if (once.n != twice.n || memcmp(once.p, twice.p, once.n) != 0) abort();
        }
    }
    tlk_free(&first);
    tlk_free(&second);
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
