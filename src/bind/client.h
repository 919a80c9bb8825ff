/* client.h: mu.client, a Blaze client for scripts. Nothing here is for other C code. */
#ifndef BIND_CLIENT_H
#define BIND_CLIENT_H

#include "script/module.h"

extern const script_module module_client;

#endif
