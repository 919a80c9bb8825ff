/* tunnel.c: the two wires of a tunnel. Every length comes from the network, so each is compared with what is there
 * before it is used. */
#include "codec/tunnel.h"

#include "base/fault.h"

/* A length u16 at `at`, then that many bytes. */
static int take_body(bytes datagram, size_t at, bytes *out) {
    if (datagram.n < at + 2) return E_TRUNCATED;
    size_t length = load_u16(datagram.p + at);
    if (datagram.n - at - 2 < length) return E_TRUNCATED;
    *out = (bytes){datagram.p + at + 2, length};
    return 0;
}

int tunnel_parse(bytes datagram, tunnel_message *out) {
    if (datagram.n < TUNNEL_HEADER) return E_TRUNCATED;
    uint8_t type = datagram.p[5];
    if (datagram.p[0] != TUNNEL_VERSION || type >= TUNNEL_TYPES_) return E_PROTOCOL;
    *out = (tunnel_message){.id = load_u32(datagram.p + 1), .type = (enum tunnel_type)type};
    switch (out->type) {
    case TUNNEL_INITIATE: {
        int code = take_body(datagram, TUNNEL_HEADER, &out->body);
        return code == 0 && out->body.n > TUNNEL_TOKEN_MAX ? E_LIMIT : code;
    }
    case TUNNEL_INITIATED: return datagram.n < TUNNEL_HEADER + 4 ? E_TRUNCATED : 0;
    case TUNNEL_FORWARD:
        if (datagram.n < TUNNEL_FORWARDED) return E_TRUNCATED;
        out->index = datagram.p[TUNNEL_HEADER];
        return take_body(datagram, TUNNEL_HEADER + 1, &out->body);
    default: return 0;
    }
}

static size_t write_header(uint8_t *to, uint32_t id, uint8_t type) {
    to[0] = TUNNEL_VERSION;
    save_u32(to + 1, id);
    to[5] = type;
    return TUNNEL_HEADER;
}

size_t tunnel_write_initiated(uint8_t *to, uint32_t id) {
    size_t n = write_header(to, id, TUNNEL_INITIATED);
    save_u32(to + n, id);
    return n + 4;
}

size_t tunnel_write_keep_alive(uint8_t *to, uint32_t id) { return write_header(to, id, TUNNEL_KEEP_ALIVE); }

size_t tunnel_write_nudge(uint8_t *to, uint32_t id) { return write_header(to, id, 0xff); }

void tunnel_write_forward(uint8_t *to, uint32_t id, uint8_t index, uint16_t length) {
    size_t n = write_header(to, id, TUNNEL_FORWARD);
    to[n] = index;
    save_u16(to + n + 1, length);
}

int tunnel_frame_parse(bytes in, tunnel_frame *out) {
    if (in.n < TUNNEL_FRAME_HEADER) return E_INCOMPLETE;
    size_t length = load_u16(in.p + 1);
    if (in.n - TUNNEL_FRAME_HEADER < length) return E_INCOMPLETE;
    *out = (tunnel_frame){in.p[0], {in.p + TUNNEL_FRAME_HEADER, length}};
    return (int)(TUNNEL_FRAME_HEADER + length);
}

void tunnel_frame_header(uint8_t to[TUNNEL_FRAME_HEADER], uint8_t index, uint16_t length) {
    to[0] = index;
    save_u16(to + 1, length);
}

void tunnel_frame_keep_alive(uint8_t to[TUNNEL_KEEP_ALIVE_LEN]) {
    tunnel_frame_header(to, TUNNEL_FRAME_NOBODY, 2);
    save_u16(to + TUNNEL_FRAME_HEADER, 0);
}
