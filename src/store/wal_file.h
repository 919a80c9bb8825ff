/* wal_file.h: the write-ahead log, written in few large pieces instead of two small ones a page.
 *
 *     sqlite3_open_v2(path, &db, flags, wal_file_vfs());      for a connection that writes
 *
 * What SQLite writes to the log one behind the other is gathered and reaches the file when SQLite syncs it, reads from
 * it or asks for its size, or writes elsewhere. Nothing is acknowledged before that sync, and no other connection looks
 * at bytes of the log before it: so nobody sees a difference, but a commit of 60 pages is 4 system calls, not 120.
 * Works on whatever VFS is the default at the first call. */
#ifndef STORE_WAL_FILE_H
#define STORE_WAL_FILE_H

#define WAL_FILE_BYTES 0x1ffffu /* gathered at most, 15 pages of 8 KiB: SQLite's VFS takes no more at once */

const char *wal_file_vfs(void); /* its name, registered; NULL (the default VFS) when that failed. Any thread */

#endif
