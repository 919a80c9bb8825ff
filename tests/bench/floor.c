/* floor.c: raw SQLite (floor.h). One prepared statement, one connection, WAL and synchronous=FULL as the store has
 * them. */
#include "bench/floor.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

/* scripts/services/players.lua, word for word and line for line (floor_statement_is_in). */
static const char *const save_lines[] = {
    "INSERT OR IGNORE INTO player_settings (player_id, key, value, updated)",
    "VALUES (CASE WHEN (EXISTS (SELECT 1 FROM player_settings WHERE player_id = ?1 AND key = ?2)",
    "OR (SELECT count(*) FROM player_settings WHERE player_id = ?1) < ?5)",
    "THEN ?1 END, ?2, ?3, ?4)",
    "ON CONFLICT (player_id, key) DO UPDATE",
    "SET updated = CASE WHEN value = excluded.value THEN updated ELSE excluded.updated END,",
    "versions = versions + (value <> excluded.value), value = excluded.value",
};
#define LINES (sizeof save_lines / sizeof save_lines[0])

bool floor_statement_is_in(const char *script) {
    FILE *in = fopen(script, "rb");
    if (!in) return false;
    char *text = calloc(1, 1 << 20);
    if (text) text[fread(text, 1, (1 << 20) - 1, in)] = 0;
    fclose(in);
    bool all = text != NULL;
    for (size_t i = 0; all && i < LINES; i++) all = strstr(text, save_lines[i]) != NULL;
    free(text);
    return all;
}

static int sql(sqlite3 *db, const char *text, fault *f) {
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : fault_set(f, E_SQL, "raw SQLite: %s: %s", text, sqlite3_errmsg(db));
}

int floor_prepare(const char *database, const char *copy, fault *f) {
    sqlite3 *from = NULL, *to = NULL;
    int rc = E_SQL;
    unlink(copy);
    if (sqlite3_open_v2(database, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_open(copy, &to) == SQLITE_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        if (backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE) rc = 0;
        if (backup) sqlite3_backup_finish(backup);
    }
    if (rc < 0) fault_set(f, rc, "raw SQLite: cannot copy %s: %s", database, sqlite3_errmsg(to ? to : from));
    sqlite3_close(from), sqlite3_close(to);
    return rc;
}

static int group_of(sqlite3 *db, sqlite3_stmt *save, char *value, unsigned players, unsigned group, uint64_t *serial,
                    fault *f) {
    int rc = sql(db, "BEGIN IMMEDIATE", f);
    for (unsigned i = 0; rc == 0 && i < group; i++) {
        char digits[9];
        snprintf(digits, sizeof digits, "%08u", (unsigned)(*serial % 100000000u));
        memcpy(value, digits, 8);
        sqlite3_bind_int64(save, 1, (sqlite3_int64)(1 + (*serial)++ % players));
        sqlite3_bind_text(save, 2, "class1", -1, SQLITE_STATIC);
        sqlite3_bind_text(save, 3, value, -1, SQLITE_STATIC);
        sqlite3_bind_int64(save, 4, clock_unix_us() / 1000000);
        sqlite3_bind_int(save, 5, 200);
        if (sqlite3_step(save) != SQLITE_DONE) rc = fault_set(f, E_SQL, "raw SQLite: %s", sqlite3_errmsg(db));
        sqlite3_reset(save);
    }
    return rc < 0 ? rc : sql(db, "COMMIT", f);
}

int floor_save(const char *copy, const char *value, unsigned players, unsigned group, double seconds, floor_result *out,
               fault *f) {
    char text[1024] = "", *mine = strdup(value);
    sqlite3 *db = NULL;
    sqlite3_stmt *save = NULL;
    uint64_t serial = 0;
    struct rusage before, after;
    int rc = mine ? 0 : E_MEMORY;
    for (size_t i = 0; i < LINES; i++) {
        strcat(text, save_lines[i]);
        strcat(text, "\n");
    }
    if (rc == 0 && sqlite3_open(copy, &db) != SQLITE_OK) rc = fault_set(f, E_SQL, "raw SQLite: cannot open %s", copy);
    if (rc == 0) rc = sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", f);
    if (rc == 0 && sqlite3_prepare_v2(db, text, -1, &save, NULL) != SQLITE_OK)
        rc = fault_set(f, E_SQL, "raw SQLite: %s", sqlite3_errmsg(db));
    int64_t begin = clock_mono_us(), until = begin + (int64_t)(seconds * 1e6);
    getrusage(RUSAGE_THREAD, &before);
    while (rc == 0 && clock_mono_us() < until) {
        rc = group_of(db, save, mine, players, group, &serial, f);
        out->saves += group;
    }
    getrusage(RUSAGE_THREAD, &after);
    out->seconds += (double)(clock_mono_us() - begin) / 1e6;
    out->user_us += (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1e6 +
                    (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec);
    out->system_us += (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1e6 +
                      (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec);
    sqlite3_finalize(save);
    sqlite3_close(db);
    free(mine);
    return rc;
}
