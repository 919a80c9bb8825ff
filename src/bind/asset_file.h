/* asset_file.h: mu.asset.find: files of the assets folders as they are, to be answered over HTTP.
 *
 *     mu.http.get("/content/{name...}", { handle = function(request)
 *       return { file = mu.asset.find("content", request.params.name) }
 *     end })
 *
 * The folders are listed anew when the listing is a few seconds old, so a file that is dropped in is there without a
 * reload; a name is in the listing or it does not exist. Listing and reading happen on a worker thread; what was read
 * stays in memory, up to ASSET_HELD_MAX in all. Reference 03 §2.9, 06 §10.1. */
#ifndef BIND_ASSET_FILE_H
#define BIND_ASSET_FILE_H

#include "base/bytes.h"
#include <lua.h>

#define ASSET_FILE_MAX ((size_t)3 << 20)  /* larger ones are not served; the game takes 1 MiB */
#define ASSET_HELD_MAX ((size_t)32 << 20) /* of all files kept in memory */

typedef struct asset_file {
    shared *body;
    const char *type; /* content type, static */
    int64_t modified; /* unix seconds */
    char etag[35];    /* of the content, quoted */
} asset_file;

/* A result of mu.asset.find, or NULL. It answers once: asset_file_spent lets go of the body, which the collector, that
 * sees a small thing, would keep for long; afterwards body is NULL. */
asset_file *asset_file_test(lua_State *L, int index);
void asset_file_spent(asset_file *f);
int asset_file_open(lua_State *L); /* declares it; for asset.c */
void asset_files_close(void);      /* the end of the server: after the loop is freed */

#endif
