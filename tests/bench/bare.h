/* bare.h: the floor: a loop in C that answers the same frames with the same bytes and knows nothing.
 *
 * It is told once what a request is answered with (frames captured from the real server) and repeats that with the
 * request's message number, all replies of one read in one write. It takes the upgrade door's HTTP head as well. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/fault.h"

/* Starts it as a child process that answers every frame with `answer`; *port gets the loopback port it listens on. */
pid_t bare_start(bytes answer, int *port, fault *f);
void bare_stop(pid_t pid);

/* A listening socket on a free loopback port, which *port gets, for a bare loop; or E_SYSTEM. */
int bare_listen(int *port, fault *f);

#endif
