/* blaze_kept.h: encoded bodies that may be used again (design section 8).
 *
 *     return mu.kept({ request.id, session.language }, function() return { config = render(…) } end)
 *
 * Remembered per route and generation under a key that names everything the answer depends on; least recently used
 * bodies go first. What is kept is bytes: they leave by reference, never copied. */
#ifndef BIND_BLAZE_KEPT_H
#define BIND_BLAZE_KEPT_H

#include "bind/blaze_tables.h"

#define BLAZE_KEPT_BODIES 512                /* of one route */
#define BLAZE_KEPT_BYTES  ((size_t)32 << 20) /* of one route */

shared *blaze_kept_test(lua_State *L, int index); /* the body behind a kept object (no count taken), or NULL */
void blaze_kept_open(lua_State *L);               /* installs mu.kept, mu.stale */

#endif
