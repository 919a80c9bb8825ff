/* asset_list.h: what lies in the assets folders, looked up once, so that no path is ever made from a name that came
 * from outside: a name is in the list or it does not exist.
 *
 *     asset_list list = {0};
 *     if (asset_list_read(&list, "data/assets", &f) == 0) code = asset_list_read(&list, "assets", &f);
 *     const asset *a = asset_find(&list, "legal/terms.en.html");        // NULL: there is none
 *
 * Names are paths below the folder, with "/", of letters, digits, ".", "_" and "-"; hidden files, links and everything
 * that is neither a file nor a folder are left out. */
#ifndef BIND_ASSET_LIST_H
#define BIND_ASSET_LIST_H

#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

#define ASSETS_MAX      8192
#define ASSET_DEPTH_MAX 8
#define ASSET_PATH_MAX  512

typedef struct asset {
    char *name; /* "legal/terms.en.html" */
    char *path; /* where it is */
    uint64_t size;
    int64_t modified; /* unix seconds */
    int64_t changed;  /* nanoseconds, of the inode: another content has another one */
} asset;

typedef struct asset_list {
    asset *items; /* ascending by name once read */
    size_t count, room;
} asset_list;

/* Adds what lies below `folder`; a name that is in the list already stays as it is, so the folder read first wins. A
 * folder that does not exist is an empty one. 0, E_IO, E_LIMIT or E_MEMORY; the list then holds what was read so far.
 */
int asset_list_read(asset_list *list, const char *folder, fault *f);
const asset *asset_find(const asset_list *list, const char *name);
void asset_list_free(asset_list *list);

/* Reads the whole file into `to`, which has room for a->size bytes. 0, or E_IO when the file is another one by now. */
int asset_read(const asset *a, void *to, fault *f);

#endif
