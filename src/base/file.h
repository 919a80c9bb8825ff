/* file.h: files that are whole or not there, whatever happens to the machine.
 *
 *     if (file_write("data/config.set.lua", text, n, true, &f) < 0) …       // the old file, or the new one, never a
 * half
 *
 * Blocking: for the start, and for worker threads. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

int file_write_all(int fd, const void *p, size_t n); /* 0, or -1 with errno */
int file_sync_folder(const char *path);              /* of the folder that `path` lies in; 0, or -1 with errno */

/* All of an ordinary file of at most `max` bytes, a NUL behind them; free() it. NULL with errno: EFBIG where it is
 * larger, EISDIR, ENXIO for what is neither file nor folder (a pipe of that name is not waited for). */
char *file_read(const char *path, size_t max, size_t *size);

/* Makes the file at `path` of n bytes, readable for its owner only, on disk when it returns. One that is there is
 * replaced, or it is E_EXISTS: of two programs that start together the first one wins. 0, E_MEMORY, E_EXISTS or E_IO.
 */
int file_write(const char *path, const void *p, size_t n, bool replace, fault *f);

#endif
