/* migrate.c: reads the folder, compares it with what the database says was applied, applies the rest.
 *
 * Everything is compared before anything is written, so a refused start leaves the database as it was. The files run
 * under the same authorizer as scripts (they may not end the transaction they run in). */
#include "store/migrate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/inside.h"

typedef struct migration {
    char *name, *text;
    char sha256[65];
} migration;

typedef struct plan {
    migration files[MIGRATION_MAX + 1]; /* by number; 0 is unused */
    int newest, applied;
} plan;

/* The number of NNN_name.sql, or 0 for another name. */
static int file_number(const char *name) {
    size_t n = strlen(name);
    if (n < 9 || strcmp(name + n - 4, ".sql") != 0 || name[3] != '_') return 0;
    for (size_t i = 0; i < 3; i++)
        if (!isdigit((unsigned char)name[i])) return 0;
    for (size_t i = 4; i < n - 4; i++)
        if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_') return 0;
    return (name[0] - '0') * 100 + (name[1] - '0') * 10 + name[2] - '0';
}

static int read_text(const char *folder, migration *m, fault *f) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, m->name) < 0) return fault_set(f, E_MEMORY, "out of memory");
    FILE *file = fopen(path, "rbe");
    int code = 0;
    if (!file || !(m->text = malloc(MIGRATION_MAX_BYTES + 1))) {
        code = fault_set(f, E_MIGRATION, "migration %s cannot be read: %s", path, strerror(errno));
        goto out;
    }
    size_t n = fread(m->text, 1, MIGRATION_MAX_BYTES + 1, file);
    if (ferror(file) || n > MIGRATION_MAX_BYTES || memchr(m->text, 0, n)) {
        code = fault_set(f, E_MIGRATION, "migration %s: %s", path,
                         ferror(file)              ? strerror(errno)
                         : n > MIGRATION_MAX_BYTES ? "larger than 1 MiB"
                                                   : "not a text file");
        goto out;
    }
    m->text[n] = 0;
    unsigned char digest[32];
    if (!EVP_Digest(m->text, n, digest, NULL, EVP_sha256(), NULL)) {
        code = fault_set(f, E_SYSTEM, "SHA-256 is not available");
        goto out;
    }
    for (size_t i = 0; i < 32; i++) snprintf(m->sha256 + 2 * i, 3, "%02x", digest[i]);
out:
    if (file) fclose(file);
    free(path);
    return code;
}

static int read_folder(plan *p, const char *folder, fault *f) {
    DIR *d = opendir(folder);
    if (!d) return fault_set(f, E_MIGRATION, "migrations folder %s cannot be read: %s", folder, strerror(errno));
    int code = 0;
    for (struct dirent *e; code == 0 && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 4 || strcmp(e->d_name + n - 4, ".sql") != 0) continue;
        int number = file_number(e->d_name);
        if (number == 0)
            code = fault_set(f, E_MIGRATION, "migration %s/%s: files are named NNN_name.sql, from 001 on", folder,
                             e->d_name);
        else if (p->files[number].name)
            code = fault_set(f, E_MIGRATION, "migrations %s and %s in %s have the same number", p->files[number].name,
                             e->d_name, folder);
        else if (!(p->files[number].name = strdup(e->d_name)))
            code = fault_set(f, E_MEMORY, "out of memory");
        else if (number > p->newest)
            p->newest = number;
    }
    closedir(d);
    for (int i = 1; code == 0 && i <= p->newest; i++) {
        if (!p->files[i].name)
            code = fault_set(f, E_MIGRATION, "migration %03d is missing in %s (there is %s)", i, folder,
                             p->files[p->newest].name);
        else
            code = read_text(folder, &p->files[i], f);
    }
    return code;
}

static int compare_row(plan *p, sqlite3_stmt *st, const char *path, fault *f) {
    int number = sqlite3_column_int(st, 0);
    const char *name = (const char *)sqlite3_column_text(st, 1), *sha256 = (const char *)sqlite3_column_text(st, 2);
    if (!name || !sha256 || number != ++p->applied)
        return fault_set(f, E_MIGRATION, "database %s: its table of migrations is damaged at number %d", path,
                         p->applied);
    if (number > p->newest)
        return fault_set(f, E_MIGRATION,
                         "database %s is newer than this program: it holds migration %s, the newest known here is %03d",
                         path, name, p->newest);
    if (strcmp(name, p->files[number].name) != 0)
        return fault_set(f, E_MIGRATION, "migration %03d: database %s was made with %s, the folder has %s", number,
                         path, name, p->files[number].name);
    if (strcmp(sha256, p->files[number].sha256) != 0)
        return fault_set(
            f, E_MIGRATION,
            "migration %s was changed after it had been applied to %s: restore the file, write a new one instead", name,
            path);
    return 0;
}

static int compare(plan *p, sqlite3 *db, const char *path, fault *f) {
    sqlite3_stmt *st = NULL;
    int code = 0;
    int e = sqlite3_prepare_v2(db, "SELECT number, name, sha256 FROM migrations ORDER BY number", -1, &st, NULL);
    while (e == SQLITE_OK && code == 0 && (e = sqlite3_step(st)) == SQLITE_ROW) {
        code = compare_row(p, st, path, f);
        e = SQLITE_OK;
    }
    if (code == 0 && e != SQLITE_DONE) code = fault_set(f, E_IO, "database %s: %s", path, sqlite3_errmsg(db));
    sqlite3_finalize(st);
    return code;
}

static int save_before(sqlite3 *db, const char *path, int number, fault *f) {
    char *to = NULL, stamp[32];
    time_t now = (time_t)(clock_unix_us() / 1000000);
    struct tm t;
    gmtime_r(&now, &t);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &t);
    int code = E_EXISTS;
    for (int again = 0; code == E_EXISTS && again < 100; again++) { /* starts that failed within one second */
        free(to);
        int n = again ? asprintf(&to, "%s.before-%03d-%s-%d", path, number, stamp, again)
                      : asprintf(&to, "%s.before-%03d-%s", path, number, stamp);
        if (n < 0) return fault_set(f, E_MEMORY, "out of memory");
        code = backup_copy(db, to, NULL, f);
    }
    if (code == 0) log_info("store", "database copied to %s before migration %03d", to, number);
    free(to);
    return code;
}

static int record(sqlite3 *db, int number, const migration *m) {
    sqlite3_stmt *st = NULL;
    int e = sqlite3_prepare_v2(db, "INSERT INTO migrations (number, name, sha256, applied) VALUES (?1, ?2, ?3, ?4)", -1,
                               &st, NULL);
    if (e != SQLITE_OK) return e;
    sqlite3_bind_int(st, 1, number);
    sqlite3_bind_text(st, 2, m->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 3, m->sha256, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 4, clock_unix_us() / 1000000);
    e = sqlite3_step(st);
    sqlite3_finalize(st);
    return e == SQLITE_DONE ? SQLITE_OK : e;
}

static int deny_transactions(void *ctx, int action, const char *a, const char *b, const char *schema,
                             const char *trigger) {
    return action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT || action == SQLITE_ATTACH ? SQLITE_DENY
                                                                                                 : SQLITE_OK;
}

static int apply(sqlite3 *db, int number, const migration *m, fault *f) {
    int e = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (e == SQLITE_OK) {
        sqlite3_set_authorizer(db, deny_transactions, NULL);
        e = sqlite3_exec(db, m->text, NULL, NULL, NULL);
        sqlite3_set_authorizer(db, NULL, NULL);
    }
    if (e == SQLITE_OK) e = record(db, number, m);
    if (e == SQLITE_OK) e = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (e == SQLITE_OK) {
        log_info("store", "migration %s applied", m->name);
        return 0;
    }
    fault_set(f, E_MIGRATION, "migration %s failed and was rolled back: %s", m->name, sqlite3_errmsg(db));
    if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return E_MIGRATION;
}

int migrate_run(sqlite3 *db, const char *path, const char *folder, fault *f) {
    plan *p = calloc(1, sizeof *p);
    if (!p) return fault_set(f, E_MEMORY, "out of memory");
    int code = read_folder(p, folder, f);
    if (code < 0) goto out;
    static const char table[] = "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                                " sha256 TEXT NOT NULL, applied INTEGER NOT NULL) STRICT";
    if (sqlite3_exec(db, table, NULL, NULL, NULL) != SQLITE_OK) {
        code = fault_set(f, connection_code(sqlite3_errcode(db)), "database %s: %s", path, sqlite3_errmsg(db));
        goto out;
    }
    if ((code = compare(p, db, path, f)) < 0) goto out;
    int first = p->applied + 1;
    if (p->applied > 0 && first <= p->newest) code = save_before(db, path, first, f);
    for (int i = first; code == 0 && i <= p->newest; i++) code = apply(db, i, &p->files[i], f);
    if (code == 0) code = p->newest - first + 1;
out:
    for (int i = 1; i <= MIGRATION_MAX; i++) free(p->files[i].name), free(p->files[i].text);
    free(p);
    return code;
}
