/* A configuration file of any bytes: what can be read can be written, and what was written says the same. */
#include <stdlib.h>
#include <string.h>

#include "codec/coalesced.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    coalesced first, second;
    buf once = {0}, twice = {0};
    coalesced_init(&first);
    coalesced_init(&second);
    if (coalesced_read(&first, (bytes){data, size}, NULL) == 0) {
        int code = coalesced_write(&first, &once, NULL);
        if (code < 0 && code != E_LIMIT) abort();
        if (code == 0) {
            if (coalesced_read(&second, buf_bytes(&once), NULL) < 0) abort();
            if (coalesced_write(&second, &twice, NULL) < 0) abort();
            if (once.n != twice.n || memcmp(once.p, twice.p, once.n) != 0) abort();
        }
    }
    coalesced_free(&first);
    coalesced_free(&second);
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
