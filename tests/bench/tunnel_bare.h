/* tunnel_bare.h: the floor of the relay: a loop of recvmmsg and sendmmsg that sends each datagram on to the address
 * that belongs to where it came from, and knows nothing else. */
#ifndef BENCH_TUNNEL_BARE_H
#define BENCH_TUNNEL_BARE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

/* As a child process: what comes from ports[2i] goes to ports[2i + 1] of 127.0.0.1, and the other way round. */
pid_t tunnel_bare_start(const uint16_t *ports, unsigned count, int *port, fault *f);

#endif
