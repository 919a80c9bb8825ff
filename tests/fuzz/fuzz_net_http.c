/* First bytes and HTTP messages from anybody: sniffing must not change its mind, and a message must be read the same
 * whether it arrives whole or byte by byte. */
#include <stdlib.h>
#include <string.h>

#include "net/http_head.h"
#include "net/sniff.h"

#define MUST(x)                                                                                                        \
    do {                                                                                                               \
        if (!(x)) abort();                                                                                             \
    } while (0)

static void sniff(bytes in, unsigned allowed, bool prefer_ssl3) {
    int decided = SNIFF_MORE;
    for (size_t n = 0; n <= in.n && n <= 64; n++) {
        int kind = sniff_first((bytes){in.p, n}, allowed, prefer_ssl3);
        MUST(decided == SNIFF_MORE || kind == decided);
        decided = kind;
    }
}

/* What came of reading a message: an HTTP status, 0 for incomplete, 1 for complete, and the body's sum. */
typedef struct outcome {
    int result;
    size_t consumed, body, headers;
    uint32_t sum;
} outcome;

static outcome read_message(llhttp_type_t type, bytes in, size_t step) {
    http_scan scan = {0};
    outcome o = {0};
    int head = 0;
    for (size_t n = step; !head && in.n; n += step) {
        size_t have = n < in.n ? n : in.n;
        head = http_scan_head(&scan, (bytes){in.p, have}, 4096, 20);
        if (have == in.n) break;
    }
    o.result = head;
    if (head <= 0) return o;
    MUST((size_t)head <= in.n && (size_t)head <= 4096);
    http_message *m = http_message_new(type, (bytes){in.p, (size_t)head}, &scan, 32);
    MUST(m);
    m->max_body = 1000;
    o.consumed = (size_t)head;
    o.result = http_message_head(m);
    for (size_t i = 0; o.result >= 0 && i < m->header_count; i++) {
        const http_header *h = &m->headers[i];
        MUST(http_is_token(h->name) && http_is_value(h->value));
        MUST(h->name.p[h->name.n] == 0 && h->value.p[h->value.n] == 0);
        o.headers += h->name.n + h->value.n;
    }
    while (o.result >= 0 && !m->complete && o.consumed < in.n) {
        size_t n = in.n - o.consumed < step ? in.n - o.consumed : step;
        o.result = http_message_body(m, (bytes){in.p + o.consumed, n});
        if (o.result >= 0) o.consumed += (size_t)o.result;
    }
    MUST(m->body.n <= m->max_body);
    if (o.result >= 0)
        o.result = m->complete, o.body = m->body.n;
    else
        o.consumed = 0; /* where an error is seen depends on the pieces */
    for (size_t i = 0; o.result == 1 && i < m->body.n; i++) o.sum = o.sum * 31 + m->body.p[i];
    http_message_free(m, 32);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n < 1) return 0;
    bytes in = {p + 1, n - 1};
    llhttp_type_t type = p[0] & 0x20 ? HTTP_RESPONSE : HTTP_REQUEST;
    sniff(in, p[0] & 15, p[0] & 16);
    outcome whole = read_message(type, in, in.n ? in.n : 1), pieces = read_message(type, in, 1);
    MUST(whole.result == pieces.result && whole.consumed == pieces.consumed && whole.body == pieces.body);
    MUST(whole.sum == pieces.sum && whole.headers == pieces.headers);
    return 0;
}
