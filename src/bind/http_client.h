/* http_client.h: mu.http_client: HTTP requests that scripts make. Nothing here is for other C code. */
#ifndef BIND_HTTP_CLIENT_H
#define BIND_HTTP_CLIENT_H

#include "script/module.h"

extern const script_module module_http_client;

#endif
