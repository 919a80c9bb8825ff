/* sniff.h: what a peer speaks, by the first bytes it sends. Pure; reference 05 A.9 and A.11.
 *
 *     sniff_first((bytes){"GET / HT", 8}, PROTOCOL_HTTP | PROTOCOL_BLAZE, false) == PROTOCOL_HTTP
 *
 * SSLv3 and TLS are told apart by the version in the hello, which may be split into records of one byte each. A raw
 * frame is what is nothing else: its first two bytes are a length, so a frame that begins like a hello or like a
 * method would have to be one of thousands of bytes for a component that does not exist. */
#ifndef NET_SNIFF_H
#define NET_SNIFF_H

#include "base/bytes.h"
#include "net/listener.h"

enum {
    SNIFF_MORE = 0,     /* cannot tell yet */
    SNIFF_REFUSED = -1, /* a protocol that is not allowed, or nothing at all */
};

#define SNIFF_MAX 1024 /* whoever is not recognised by then is refused */

/* PROTOCOL_…, SNIFF_MORE or SNIFF_REFUSED. Never decides differently for more of the same bytes. */
int sniff_first(bytes in, unsigned allowed, bool prefer_ssl3);

#endif
