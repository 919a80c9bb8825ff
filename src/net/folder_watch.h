/* folder_watch.h: tells when a file is saved: in folders, with all below them, and single files.
 *
 *     folder_watch *w = folder_watch_new(l, saved, ctx, &f);
 *     folder_watch_folder(w, "/srv/mu/scripts", &f);   folder_watch_file(w, "/srv/mu/config.lua", &f);
 *     … saved(ctx, "/srv/mu/scripts/components/util.lua") …
 *     folder_watch_free(w);
 *
 * Folders are watched by the system's notices (inotify and its like): a save in place, a file written beside and
 * renamed over it, new, moved and removed files and folders all tell. A file, and a folder that is not there yet, are
 * looked at once a second: the folder around a config file may be one that a database writes to all day.
 *
 * `saved` may come several times for one save, and before the last byte is written: wait a little before reading. Names
 * that begin with a dot are passed over. Loop thread. */
#ifndef NET_FOLDER_WATCH_H
#define NET_FOLDER_WATCH_H

#include "base/fault.h"
#include "net/loop.h"

typedef struct folder_watch folder_watch;
typedef void (*folder_saved)(void *ctx, const char *path);

folder_watch *folder_watch_new(loop *l, folder_saved saved, void *ctx, fault *f);
/* 0, or E_SYSTEM / E_LIMIT / E_MEMORY when not all of it can be watched. A folder that is missing is fine. */
int folder_watch_folder(folder_watch *w, const char *path, fault *f);
int folder_watch_file(folder_watch *w, const char *path, fault *f);
void folder_watch_free(folder_watch *w); /* NULL is fine; before the loop goes; nothing is told any more */

#endif
