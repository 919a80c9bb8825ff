/* backup.c: an online copy of a database.
 *
 * The source holds one read transaction from the first page to the last, so the copy is one moment of the database and
 * never starts over because somebody saves meanwhile. It grows under a name of its own and takes the asked name only
 * when it is complete and on disk; a file of that name is never replaced. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/inside.h"

#define STEP_PAGES 512

static int copy_pages(sqlite3 *from, sqlite3 *into, const atomic_bool *stop, fault *f) {
    sqlite3_backup *b = sqlite3_backup_init(into, "main", from, "main");
    if (!b) return fault_set(f, E_IO, "backup: %s", sqlite3_errmsg(into));
    int e;
    do e = sqlite3_backup_step(b, STEP_PAGES);
    while (e == SQLITE_OK && !(stop && atomic_load(stop)));
    sqlite3_backup_finish(b);
    if (e == SQLITE_DONE) return 0;
    if (e == SQLITE_OK) return fault_set(f, E_CLOSED, "backup: the store was closed before it was complete");
    return fault_set(f, connection_code(e) == E_SQL ? E_IO : connection_code(e), "backup: %s", sqlite3_errstr(e));
}

static int copy_into(sqlite3 *from, const char *part, const atomic_bool *stop, fault *f) {
    sqlite3 *into = NULL;
    int code = 0;
    int e = sqlite3_open_v2(part, &into, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (e == SQLITE_OK) e = sqlite3_exec(into, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
    if (e == SQLITE_OK) e = sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (e != SQLITE_OK)
        code = fault_set(f, E_IO, "backup: %s", sqlite3_errstr(e));
    else
        code = copy_pages(from, into, stop, f);
    if (!sqlite3_get_autocommit(from)) sqlite3_exec(from, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(into);
    return code;
}

int backup_copy(sqlite3 *from, const char *to, const atomic_bool *stop, fault *f) {
    char *part = NULL;
    int code = 0, fd = -1;
    if (access(to, F_OK) == 0) return fault_set(f, E_EXISTS, "backup: %s exists", to);
    if (asprintf(&part, "%s.part", to) < 0) return fault_set(f, E_MEMORY, "out of memory");
    unlink(part); /* of a copy that was interrupted */
    fd = open(part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        code = fault_set(f, E_IO, "backup: %s cannot be written: %s", part, strerror(errno));
        goto out;
    }
    if ((code = copy_into(from, part, stop, f)) < 0) goto out;
    if (fsync(fd) < 0 || link(part, to) < 0 || unlink(part) < 0 || file_sync_folder(to) < 0)
        code = fault_set(f, errno == EEXIST ? E_EXISTS : E_IO, "backup: %s cannot be written: %s", to, strerror(errno));
out:
    if (code < 0 && fd >= 0) unlink(part);
    if (fd >= 0) close(fd);
    free(part);
    return code;
}
