/* wal_file.c: a layer between SQLite and the log that gathers neighbouring writes (wal_file.h).
 *
 * SQLite writes a page of the log as two pieces, 24 bytes and the page: under load that was half of the system calls of
 * a save. All that is not the log, and every other kind of call, goes straight to the VFS below.
 *
 * A write that fails is told late: to the call that needed it, the sync of a commit as a rule. The bytes stay and are
 * tried again before anything else touches the file, so what SQLite was once told to be written is written, or the
 * call at hand fails. Where SQLite takes such a transaction back, it writes the next one over the same place later. */
#include "store/wal_file.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct wal_file {
    sqlite3_file base; /* what SQLite sees */
    sqlite3_file *below;
    unsigned char *bytes; /* WAL_FILE_BYTES, made at the first write; NULL: without memory nothing is gathered */
    sqlite3_int64 start;  /* where in the file they belong */
    int count;
} wal_file;

static sqlite3_vfs *system_vfs; /* the one below */
static sqlite3_vfs ours;
static bool registered;

static sqlite3_file *below(sqlite3_file *f) { return ((wal_file *)f)->below; }

/* Writes what was gathered. */
static int flush(wal_file *w) {
    if (!w->count) return SQLITE_OK;
    int e = w->below->pMethods->xWrite(w->below, w->bytes, w->count, w->start);
    if (e == SQLITE_OK) w->count = 0;
    return e;
}

static int wal_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    wal_file *w = (wal_file *)f;
    if (w->count && (at != w->start + w->count || n > (int)WAL_FILE_BYTES - w->count)) {
        int e = flush(w);
        if (e != SQLITE_OK) return e;
    }
    if (!w->bytes) w->bytes = malloc(WAL_FILE_BYTES);
    if (!w->bytes || n > (int)WAL_FILE_BYTES) return w->below->pMethods->xWrite(w->below, p, n, at);
    if (!w->count) w->start = at;
    memcpy(w->bytes + w->count, p, (size_t)n);
    w->count += n;
    return SQLITE_OK;
}

static int wal_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
    int e = flush((wal_file *)f);
    return e == SQLITE_OK ? below(f)->pMethods->xRead(below(f), p, n, at) : e;
}

static int wal_truncate(sqlite3_file *f, sqlite3_int64 size) {
    wal_file *w = (wal_file *)f;
    int e = flush(w);
    return e == SQLITE_OK ? w->below->pMethods->xTruncate(w->below, size) : e;
}

static int wal_sync(sqlite3_file *f, int flags) {
    int e = flush((wal_file *)f);
    return e == SQLITE_OK ? below(f)->pMethods->xSync(below(f), flags) : e;
}

static int wal_size(sqlite3_file *f, sqlite3_int64 *size) {
    int e = flush((wal_file *)f);
    return e == SQLITE_OK ? below(f)->pMethods->xFileSize(below(f), size) : e;
}

static int wal_close(sqlite3_file *f) {
    wal_file *w = (wal_file *)f;
    int written = flush(w), closed = w->below->pMethods->xClose(w->below);
    free(w->bytes);
    w->bytes = NULL;
    return written != SQLITE_OK ? written : closed;
}

static int wal_lock(sqlite3_file *f, int level) { return below(f)->pMethods->xLock(below(f), level); }
static int wal_unlock(sqlite3_file *f, int level) { return below(f)->pMethods->xUnlock(below(f), level); }
static int wal_locked(sqlite3_file *f, int *out) { return below(f)->pMethods->xCheckReservedLock(below(f), out); }
static int wal_control(sqlite3_file *f, int op, void *arg) {
    return below(f)->pMethods->xFileControl(below(f), op, arg);
}
static int wal_sector(sqlite3_file *f) { return below(f)->pMethods->xSectorSize(below(f)); }
static int wal_device(sqlite3_file *f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); }

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* shared memory and mapped pages are matters of the database's own file */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_locked,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_device,
};

static int open_file(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
    if (!(flags & SQLITE_OPEN_WAL)) return system_vfs->xOpen(system_vfs, name, f, flags, out);
    wal_file *w = (wal_file *)f;
    memset(w, 0, sizeof *w);
    w->below = (sqlite3_file *)(w + 1);
    int e = system_vfs->xOpen(system_vfs, name, w->below, flags, out);
    if (w->below->pMethods && e == SQLITE_OK) w->base.pMethods = &methods;
    return e;
}

static void set_up(void) {
    system_vfs = sqlite3_vfs_find(NULL);
    if (!system_vfs) return;
    ours = *system_vfs;
    ours.zName = "murelay";
    ours.pNext = NULL;
    ours.szOsFile = (int)sizeof(wal_file) + system_vfs->szOsFile;
    ours.xOpen = open_file;
    registered = sqlite3_vfs_register(&ours, 0) == SQLITE_OK;
}

const char *wal_file_vfs(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    return registered ? ours.zName : NULL;
}
