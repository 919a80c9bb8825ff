/* datagrams.h: many datagrams in and out with few system calls: recvmmsg and sendmmsg on Linux, one call a datagram
 * elsewhere. Nothing else in this room knows the difference.
 *
 *     datagrams_in *in = datagrams_in_new();  datagrams_out *out = datagrams_out_new();
 *     int n = datagrams_receive(in, fd);
 *     for (int i = 0; i < n; i++) datagrams_add(out, &in->from[i], in->data[i], in->length[i]);
 *     datagrams_send(out, fd);
 *
 * What is added for sending is referred to, not copied: it must stay until datagrams_send. Sockets do not block. */
#ifndef RELAY_DATAGRAMS_H
#define RELAY_DATAGRAMS_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "relay/address.h"

#define DATAGRAMS     64   /* of one batch */
#define DATAGRAM_ROOM 2048 /* bytes; the game sends 1254 at most (reference 04 §8.4). A longer one is cut off */

typedef struct datagrams_in {
    relay_address from[DATAGRAMS];
    uint8_t *data[DATAGRAMS];
    size_t length[DATAGRAMS];
    bool cut[DATAGRAMS]; /* it was longer than there was room for */
    struct datagrams_in_system *system;
} datagrams_in;

typedef struct datagrams_out {
    int count;
    struct datagrams_out_system *system;
} datagrams_out;

datagrams_in *datagrams_in_new(void); /* NULL when out of memory */
void datagrams_in_free(datagrams_in *in);
int datagrams_receive(datagrams_in *in, int fd); /* how many were there: 0 … DATAGRAMS */

datagrams_out *datagrams_out_new(void);
void datagrams_out_free(datagrams_out *out);
bool datagrams_add(datagrams_out *out, const relay_address *to, const uint8_t *p, size_t n); /* false: it is full */
/* Empties it. Returns how many left; the rest found no room in the socket, or nobody could be sent them. */
int datagrams_send(datagrams_out *out, int fd);

/* A UDP socket of that literal address ("" and "::" = both families); port 0 = any free one. A descriptor > 0, or a
 * fault code and the sentence. */
int datagrams_bind(const char *address, uint16_t port, fault *f);
uint16_t datagrams_port(int fd);

#endif
