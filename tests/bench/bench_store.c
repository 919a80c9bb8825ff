/* bench_store.c: what a save costs through the store, beside a bare SQLite loop in the same run.
 *
 * Both do the same: the same table with the same rows, the same statement, values of 1 kB that differ each time (SQLite
 * does not write a page whose bytes stay the same), the same fsync, groups of the same size, in turns of a second each.
 * The store side keeps 64 batches in flight from one thread and waits for each to be acknowledged; the bare side is one
 * thread that does nothing else. CPU is that of the whole process, threads and kernel included.
 *
 *     bench_store [folder [seconds [players]]]        the folder must be on the disk that is to be measured */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#define IN_FLIGHT 64
#define VALUE     1000
#define KEYS      6

static const char save_sql[] =
    "INSERT INTO player_settings (player_id, key, value, updated) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (player_id, key) DO UPDATE SET value = excluded.value, updated = excluded.updated";
static const char load_sql[] = "SELECT key, value FROM player_settings WHERE player_id = ?1";

typedef struct tally {
    uint64_t count, groups;
    int64_t wall_us, cpu_us;
} tally;

static unsigned players = 1000;
static char value[VALUE + 1];
static uint64_t serial, random_state = 88172645463325252u;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static int64_t cpu_us(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void die(const char *what, const char *why) {
    fprintf(stderr, "bench_store: %s: %s\n", what, why);
    exit(1);
}

static const char *next_value(void) {
    int n = sprintf(value, "20;4;%016llx", (unsigned long long)++serial);
    value[n] = ';';
    return value;
}

/* ---- the store's side ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    void (*fn)(void *);
    void *arg;
} mail = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL};

static void post(void *ctx, void (*fn)(void *), void *arg) {
    pthread_mutex_lock(&mail.lock);
    mail.fn = fn;
    mail.arg = arg;
    pthread_cond_signal(&mail.wake);
    pthread_mutex_unlock(&mail.lock);
}

static void turn(void) {
    pthread_mutex_lock(&mail.lock);
    while (!mail.fn) pthread_cond_wait(&mail.wake, &mail.lock);
    void (*fn)(void *) = mail.fn;
    mail.fn = NULL;
    pthread_mutex_unlock(&mail.lock);
    fn(mail.arg);
}

static unsigned in_flight;

static void done(void *ctx, store_job *j) {
    if (store_job_code(j) < 0) die("store", store_job_error(j));
    tally *t = ctx;
    t->count++;
    in_flight--;
    store_job_free(j);
}

static void save(store *s, tally *t) {
    static const char *const keys[KEYS] = {"class1", "class2", "class3", "class4", "class5", "class6"};
    store_job *j = store_job_new();
    store_job_sql(j, save_sql, sizeof save_sql - 1);
    store_job_integer(j, (int64_t)(1 + next_random() % players));
    store_job_text(j, keys[next_random() % KEYS], 6);
    store_job_text(j, next_value(), VALUE);
    store_job_integer(j, (int64_t)serial);
    fault f;
    if (store_batch(s, j, done, t, &f) < 0) die("store", f.text);
    in_flight++;
}

static void load(store *s, tally *t) {
    store_job *j = store_job_new();
    store_job_sql(j, load_sql, sizeof load_sql - 1);
    store_job_integer(j, (int64_t)(1 + next_random() % players));
    fault f;
    if (store_read(s, j, done, t, &f) < 0) die("store", f.text);
    in_flight++;
}

static void store_turns(store *s, void (*work)(store *, tally *), unsigned most, double seconds, tally *t) {
    store_counts before, after;
    store_count(s, &before);
    int64_t wall = clock_mono_us(), cpu = cpu_us(), until = wall + (int64_t)(seconds * 1e6);
    while (clock_mono_us() < until) {
        while (in_flight < most) work(s, t);
        turn();
    }
    while (in_flight) turn();
    t->wall_us += clock_mono_us() - wall;
    t->cpu_us += cpu_us() - cpu;
    store_count(s, &after);
    t->groups += after.groups - before.groups + after.read_groups - before.read_groups;
}

/* ---- the bare side ---- */

static sqlite3 *open_bare(const char *path) {
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; PRAGMA foreign_keys=ON;"
                     "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_mode=WAL",
                     NULL, NULL, NULL) != SQLITE_OK)
        die("bare", sqlite3_errmsg(db));
    return db;
}

static void bare_turns(sqlite3 *db, sqlite3_stmt *st, unsigned group, double seconds, tally *t) {
    sqlite3_stmt *begin, *commit;
    sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL);
    sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL);
    int64_t wall = clock_mono_us(), cpu = cpu_us(), until = wall + (int64_t)(seconds * 1e6);
    char key[] = "class1";
    while (clock_mono_us() < until) {
        sqlite3_step(begin);
        sqlite3_reset(begin);
        for (unsigned i = 0; i < group; i++) {
            sqlite3_bind_int64(st, 1, (sqlite3_int64)(1 + next_random() % players));
            key[5] = (char)('1' + next_random() % KEYS);
            sqlite3_bind_text(st, 2, key, 6, SQLITE_STATIC);
            sqlite3_bind_text(st, 3, next_value(), VALUE, SQLITE_STATIC);
            sqlite3_bind_int64(st, 4, (sqlite3_int64)serial);
            if (sqlite3_step(st) != SQLITE_DONE) die("bare", sqlite3_errmsg(db));
            sqlite3_reset(st);
        }
        if (sqlite3_step(commit) != SQLITE_DONE) die("bare", sqlite3_errmsg(db));
        sqlite3_reset(commit);
        t->count += group;
        t->groups++;
    }
    t->wall_us += clock_mono_us() - wall;
    t->cpu_us += cpu_us() - cpu;
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
}

static void fill(sqlite3 *db) {
    char text[512];
    snprintf(text, sizeof text,
             "BEGIN; WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < %u) INSERT INTO players "
             "(id, email, name, created) SELECT x, x || '@example.org', 'player ' || x, 0 FROM c;"
             "WITH RECURSIVE k(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM k WHERE x < %d) INSERT INTO player_settings "
             "SELECT id, 'class' || x, '20;4;' || hex(zeroblob(400)), 0 FROM players, k; COMMIT",
             players, KEYS);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) die("fill", sqlite3_errmsg(db));
}

static store *open_store(const char *path) {
    store *s;
    fault f;
    store_options o = {.path = path, .migrations = BENCH_MIGRATIONS, .post = post};
    if (store_open(&s, &o, &f) < 0) die("store", f.text);
    return s;
}

static double each(int64_t us, uint64_t n) { return n ? (double)us / (double)n : 0; }

static void line(const char *what, const tally *t) {
    printf("%-34s %9.0f/s  %7.2f us CPU  groups of %5.1f\n", what, (double)t->count * 1e6 / (double)t->wall_us,
           each(t->cpu_us, t->count), t->groups ? (double)t->count / (double)t->groups : 0);
}

int main(int count, char **words) {
    char folder[512], ours[600], bare[600], command[1300];
    double seconds = count > 2 ? atof(words[2]) : 1;
    if (count > 3) players = (unsigned)atoi(words[3]);
    log_set_level(LOG_WARN);
    memset(value, 'x', VALUE);
    snprintf(folder, sizeof folder, "%s/bench-store-XXXXXX", count > 1 ? words[1] : ".");
    if (!mkdtemp(folder)) die(folder, "cannot be made");
    snprintf(ours, sizeof ours, "%s/ours.db", folder);
    snprintf(bare, sizeof bare, "%s/bare.db", folder);
    store *s = open_store(ours);
    store_close(s), store_free(s);
    sqlite3 *db = open_bare(ours);
    fill(db);
    sqlite3_close(db);
    snprintf(command, sizeof command, "cp %s %s", ours, bare);
    if (system(command) != 0) die(command, "failed");
    s = open_store(ours);
    db = open_bare(bare);
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(db, save_sql, -1, &st, NULL) != SQLITE_OK) die("bare", sqlite3_errmsg(db));
    tally warm = {0}, many = {0}, floor_many = {0}, one = {0}, floor_one = {0}, loads = {0}, loads_one = {0};
    store_turns(s, save, IN_FLIGHT, 0.2, &warm);
    for (int round = 0; round < 5; round++) {
        store_turns(s, save, IN_FLIGHT, seconds, &many);
        bare_turns(db, st, (unsigned)(each((int64_t)many.count, many.groups) + 0.5), seconds, &floor_many);
        store_turns(s, save, 1, seconds / 4, &one);
        bare_turns(db, st, 1, seconds / 4, &floor_one);
        store_turns(s, load, IN_FLIGHT, seconds / 4, &loads);
        store_turns(s, load, 1, seconds / 4, &loads_one);
    }
    printf("saves of 1 kB, %u players of %d keys, fsync at each commit\n", players, KEYS);
    line("store, 64 in flight", &many);
    line("bare SQLite, same groups", &floor_many);
    printf("%-34s %9.2f    %+7.2f us CPU\n", "ratio, difference",
           each((int64_t)many.count, (uint64_t)many.wall_us) /
               each((int64_t)floor_many.count, (uint64_t)floor_many.wall_us),
           each(many.cpu_us, many.count) - each(floor_many.cpu_us, floor_many.count));
    line("store, alone", &one);
    line("bare SQLite, groups of one", &floor_one);
    line("load all (6 keys), 64 in flight", &loads);
    line("load all, alone", &loads_one);
    sqlite3_finalize(st);
    sqlite3_close(db);
    store_close(s), store_free(s);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? 0 : 1;
}
