/* Bodies as trees, with the invariants of reference 01 §6.5: decode, encode, decode gives the same value; what the
 * encoder wrote is written the same again; skipping agrees with decoding; sorting and printing take any tree. */
#include <stdlib.h>
#include <string.h>

#include "codec/tdf_print.h"

#define MUST(x)                                                                                                        \
    if (!(x)) abort()

static int skip_all(bytes body, fault *f) {
    tdf_reader r;
    uint32_t tag;
    unsigned type;
    int rc;
    tdf_reader_init(&r, body, f);
    while ((rc = tdf_next_field(&r, TDF_BODY, &tag, &type)) > 0)
        if ((rc = tdf_skip(&r, type)) < 0) return rc;
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    arena a, b;
    arena_init(&a, TDF_TREE_LIMIT(size));
    tdf_node *first, *second;
    fault f = {0}, skipped = {0};
    int rc = tdf_tree_decode((bytes){data, size}, &a, &first, &f);
    MUST(rc != E_MEMORY); /* the limit of the arena is enough for any body */
    MUST(skip_all((bytes){data, size}, &skipped) == rc && !strcmp(f.text, skipped.text));
    if (rc < 0) {
        MUST(f.code == rc && f.text[0]);
        arena_free(&a);
        return 0;
    }
    buf once = {0}, twice = {0}, text = {.max = 1 << 20};
    MUST(tdf_tree_encode(first, &once, &f) == 0);
    MUST(once.n <= 2 * size + 16); /* a second terminator for each variable that lacked it, a 00 after a bare unset */
    arena_init(&b, TDF_TREE_LIMIT(once.n));
    MUST(tdf_tree_decode(buf_bytes(&once), &b, &second, &f) == 0);
    MUST(tdf_tree_same(first, second));
    MUST(tdf_tree_encode(second, &twice, &f) == 0);
    MUST(once.n == twice.n && (once.n == 0 || !memcmp(once.p, twice.p, once.n)));
    tdf_print(&text, first, NULL, size & 1 ? TDF_PRINT_ONE_LINE : 0);
    if (tdf_tree_sort(&first, &f) == 0) {
        buf_clear(&twice);
        MUST(tdf_tree_encode(first, &twice, &f) == 0 && twice.n == once.n);
    }
    buf_free(&once);
    buf_free(&twice);
    buf_free(&text);
    arena_free(&a);
    arena_free(&b);
    return 0;
}
