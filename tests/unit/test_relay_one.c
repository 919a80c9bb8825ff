/* The portable way to send and receive datagrams, one call each: compiled here, in place of the room's own file. */
#define MU_ONE_BY_ONE
#include "../../src/relay/datagrams.c"

#include "relay_datagrams.h"
