/* Tunnel messages and frames: bodies lie inside the datagram, frames cover the stream without a gap. */
#include <stdlib.h>

#include "codec/tunnel.h"

static void inside(bytes part, bytes whole) {
    if (part.n && (part.p < whole.p || part.n > whole.n || (size_t)(part.p - whole.p) > whole.n - part.n)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, size};
    tunnel_message m;
    tunnel_frame f;
    if (tunnel_parse(in, &m) == 0) inside(m.body, in);
    for (int n; (n = tunnel_frame_parse(in, &f)) > 0; in.p += n, in.n -= (size_t)n) {
        inside(f.payload, in);
        if ((size_t)n != TUNNEL_FRAME_HEADER + f.payload.n) abort();
    }
    return 0;
}
