/* Datagrams in batches, by the system's own way; test_relay_one.c runs the same by the portable one. */
#include "relay_datagrams.h"
