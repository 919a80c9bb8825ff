/* migrate.h: brings a database up to date with the numbered files of a folder.
 *
 * Files are named NNN_name.sql (001, 002, … without a gap; three digits, lower-case letters, digits and underscores),
 * are applied in order, forward only, each in a transaction of its own, and are recorded with the SHA-256 of their
 * text in the table `migrations`. Refused by name, before anything is written (E_MIGRATION):
 *   a gap or a number used twice · an applied file that changed or is gone · a database newer than the folder.
 * Before a database that already holds migrations gets a new one, the file is copied beside it
 * (`murelay.db.before-003-20260301T120000Z`). */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <sqlite3.h>

#include "base/fault.h"

#define MIGRATION_MAX       999
#define MIGRATION_MAX_BYTES (1u << 20) /* of one file */

/* path names the database file of db (for the backup and for sentences). Number of migrations applied now, or E_…. */
int migrate_run(sqlite3 *db, const char *path, const char *folder, fault *f);

#endif
