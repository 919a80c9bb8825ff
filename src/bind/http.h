/* http.h: mu.http and mu.upgrade: HTTP endpoints declared in Lua.
 *
 *     http.c          declarations and the routing table of a generation
 *     http_route.c    which endpoint a path means                       (pure, no Lua)
 *     http_request.c  one request: a task, its answer
 *     asset_file.c    files as answers: mu.asset.find (which part of one is sent: net/http_file.c)
 *
 * Facts: reference 03 §1.1–1.3, 1.8. */
#ifndef BIND_HTTP_H
#define BIND_HTTP_H

#include "net/http.h"
#include "script/module.h"

struct server;

extern const script_module module_http;

/* Serves HTTP on this stream by the endpoints of whichever generation is current when a request comes. */
void http_door_accept(struct server *s, stream *connection);

/* What mu.upgrade(protocol, fields) leads to: takes over the stream after the 101; `fields` is the stack index of the
 * table, 0 for none. May raise; then the stream is closed. Set once per protocol, before the first request. */
typedef void (*http_upgrade_accept)(stream *s, lua_State *L, int fields);
void http_set_upgrade(const char *protocol, http_upgrade_accept accept);

#endif
