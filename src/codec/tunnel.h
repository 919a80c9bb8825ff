/* tunnel.h: how game datagrams travel between a player's machine and us (reference 04 §8.2 and §8.3, 05 B.11 and B.12).
 *
 * Two wires, both in both directions:
 *
 *   UDP    one message a datagram: version u8, tunnel id u32, type u8, body
 *   HTTP   after an upgrade, a stream of frames: index u8, length u16, payload
 *
 *     tunnel_message m;
 *     if (tunnel_parse(datagram, &m) == 0 && m.type == TUNNEL_FORWARD) deliver(m.index, m.body);
 *
 *     tunnel_frame f;  int n;
 *     while ((n = tunnel_frame_parse(in, &f)) > 0) deliver(f.index, f.payload), in.p += n, in.n -= (size_t)n;
 *
 * The index of what a client sends names whom it is for, the index of what it gets names who sent it. Everything is a
 * view into the caller's bytes. Pure. */
#ifndef CODEC_TUNNEL_H
#define CODEC_TUNNEL_H

#include "base/bytes.h"

#define TUNNEL_VERSION   1u
#define TUNNEL_NO_ID     0xffffffffu /* the sender has not been given one yet */
#define TUNNEL_HEADER    6u          /* bytes of a message before its body */
#define TUNNEL_FORWARDED 9u          /* bytes of a forward message before its payload */
#define TUNNEL_TOKEN_MAX 4096u

enum tunnel_type {
    TUNNEL_INITIATE,   /* client: here is my association token */
    TUNNEL_INITIATED,  /* server: this is your tunnel's id */
    TUNNEL_FORWARD,    /* both: a game datagram */
    TUNNEL_KEEP_ALIVE, /* server asks, client answers */
    TUNNEL_TYPES_
};

typedef struct tunnel_message {
    uint32_t id;
    enum tunnel_type type;
    uint8_t index; /* of a forward */
    bytes body;    /* initiate: the token; forward: the payload */
} tunnel_message;

/* 0; E_TRUNCATED: shorter than it says; E_PROTOCOL: another version, or a type nobody knows; E_LIMIT: a token past
 * TUNNEL_TOKEN_MAX. Bytes after the message are ignored, as every shipped client does. */
int tunnel_parse(bytes datagram, tunnel_message *out);

/* Each writes a whole message and returns its length; `to` has room for TUNNEL_HEADER + 4 bytes. */
size_t tunnel_write_initiated(uint8_t *to, uint32_t id);
size_t tunnel_write_keep_alive(uint8_t *to, uint32_t id);
/* What no client can decode: it drops its tunnel and asks for a new one after a second (05 B.12). */
size_t tunnel_write_nudge(uint8_t *to, uint32_t id);
/* The TUNNEL_FORWARDED bytes in front of `length` bytes of payload. */
void tunnel_write_forward(uint8_t *to, uint32_t id, uint8_t index, uint16_t length);

#define TUNNEL_FRAME_HEADER   3u
#define TUNNEL_FRAME_NOBODY   255u /* index of a keep-alive */
#define TUNNEL_KEEP_ALIVE_LEN 5u

typedef struct tunnel_frame {
    uint8_t index;
    bytes payload;
} tunnel_frame;

/* The frame at the start of `in`: its whole length, or E_INCOMPLETE. It needs no more than the frame itself: shipped
 * clients answer a keep-alive with three bytes. */
int tunnel_frame_parse(bytes in, tunnel_frame *out);

void tunnel_frame_header(uint8_t to[TUNNEL_FRAME_HEADER], uint8_t index, uint16_t length);
/* A keep-alive for shipped clients: they look at nothing before five bytes are there, so it has a payload of two. */
void tunnel_frame_keep_alive(uint8_t to[TUNNEL_KEEP_ALIVE_LEN]);

#endif
