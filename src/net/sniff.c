/* sniff.c: see sniff.h. Each kind has a recogniser that says yes, no, or "not yet"; the first yes wins, any "not yet"
 * waits. All of it looks at the bytes from the start every time: a few bytes, a few times. */
#include "net/sniff.h"

enum answer { NO, NOT_YET, YES };

/* A handshake record whose first message is a ClientHello; *version is the hello's own. The payload bytes wanted (type,
 * three of length, two of version) may each lie in a record of their own. */
static enum answer sniff_hello(bytes in, unsigned *version) {
    uint8_t head[6];
    size_t have = 0, at = 0;
    while (have < sizeof head) {
        uint8_t record[5];
        for (size_t i = 0; i < sizeof record; i++) {
            if (at + i >= in.n) return NOT_YET;
            record[i] = in.p[at + i];
            if (i == 0 && record[0] != 22) return NO;
            if (i == 1 && record[1] != 3) return NO;
            if (i == 2 && record[2] > 4) return NO;
        }
        size_t left = load_u16(record + 3);
        if (left == 0 || left > 16384 + 2048) return NO;
        at += sizeof record;
        for (; left && have < sizeof head; left--) {
            if (at >= in.n) return NOT_YET;
            head[have++] = in.p[at++];
            if (head[0] != 1) return NO;
            if (have == 5 && head[4] != 3) return NO;
        }
    }
    *version = load_u16(head + 4);
    return YES;
}

/* The SSLv2-compatible hello: high bit, 15 bits of length, type 1, version 3.x. */
static enum answer sniff_v2_hello(bytes in, unsigned *version) {
    if (in.n > 0 && !(in.p[0] & 0x80)) return NO;
    if (in.n > 2 && in.p[2] != 1) return NO;
    if (in.n > 3 && in.p[3] != 3) return NO;
    if (in.n < 5) return NOT_YET;
    *version = load_u16(in.p + 3);
    return YES;
}

/* A request line: a word of letters (any, so that a bad one gets its 4xx) and a blank; empty lines may come before. */
static enum answer sniff_http(bytes in) {
    size_t at = 0, letters = 0;
    while (at + 1 < in.n && at < 4 && in.p[at] == '\r' && in.p[at + 1] == '\n') at += 2;
    if (at < in.n && in.p[at] == '\r') return at + 1 < in.n ? NO : NOT_YET;
    for (; at < in.n; at++, letters++) {
        uint8_t c = in.p[at];
        if (c == ' ') return letters >= 3 ? YES : NO;
        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !(c == '-' && letters)) return NO;
        if (letters >= 4) return YES;
    }
    return NOT_YET;
}

static int encrypted(unsigned version, unsigned allowed, bool prefer_ssl3) {
    bool offers_tls = version > 0x0300;
    bool ssl3 = allowed & PROTOCOL_SSL3, tls = allowed & PROTOCOL_TLS;
    if (ssl3 && (!offers_tls || prefer_ssl3 || !tls)) return PROTOCOL_SSL3;
    return tls && offers_tls ? PROTOCOL_TLS : SNIFF_REFUSED;
}

int sniff_first(bytes in, unsigned allowed, bool prefer_ssl3) {
    if (!in.n) return SNIFF_MORE;
    unsigned version = 0;
    enum answer hello = sniff_hello(in, &version);
    if (hello == YES) return encrypted(version, allowed, prefer_ssl3);
    enum answer v2 = sniff_v2_hello(in, &version);
    if (v2 == YES) return allowed & PROTOCOL_SSL3 ? PROTOCOL_SSL3 : SNIFF_REFUSED;
    enum answer http = sniff_http(in);
    if (http == YES) return allowed & PROTOCOL_HTTP ? PROTOCOL_HTTP : SNIFF_REFUSED;
    if (hello == NOT_YET || v2 == NOT_YET || http == NOT_YET) return in.n < SNIFF_MAX ? SNIFF_MORE : SNIFF_REFUSED;
    if (allowed & PROTOCOL_BLAZE) return PROTOCOL_BLAZE;
    return allowed & PROTOCOL_HTTP ? PROTOCOL_HTTP : SNIFF_REFUSED; /* not HTTP at all: its parser says 400 */
}
