/* store_upkeep.c: mu.store's backup, check, vacuum and counts, for the console and for scheduled scripts.
 *
 * A backup goes to <data>/backups under a plain name; scripts name no paths. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bind/store_parts.h"
#include "script/declare.h"

/* Letters, digits, '-', '_' and '.', not first; so never another folder. */
static bool plain_name(const char *name, size_t n) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return n > 0 && n <= 100 && name[0] != '.' && strspn(name, allowed) == n;
}

static int push_backup(lua_State *L, void *job) {
    if (store_job_code(job) != E_EXISTS) return store_push_true(L, job);
    lua_pushnil(L);
    lua_pushliteral(L, "exists");
    return 2;
}

/* Makes <data>/backups and writes the whole path; NULL or what is wrong (static). */
static const char *backup_path(const server *sv, const char *name, size_t n, char *out, size_t room) {
    if (!sv->data_dir) return "this program has no data folder";
    if (!plain_name(name, n)) return "a name has 1 to 100 letters, digits, '-', '_' and '.', not first";
    if (snprintf(out, room, "%s/backups", sv->data_dir) >= (int)room) return "the path is too long";
    if (mkdir(out, 0700) < 0 && errno != EEXIST) return "the folder backups cannot be made";
    if (snprintf(out, room, "%s/backups/%s", sv->data_dir, name) >= (int)room) return "the path is too long";
    return NULL;
}

static int backup(lua_State *L) {
    static const char what[] = "mu.store.backup";
    char path[4096];
    size_t n;
    const char *name = lua_tolstring(L, 1, &n);
    store *s = store_of(L, what);
    const char *wrong = backup_path(server_of(L), name, n, path, sizeof path);
    if (wrong) return luaL_error(L, "%s: %s", what, wrong);
    task_token t = task_suspend_for(L, what, 0);
    store_job *j = store_job_new();
    fault f;
    if (j) store_note(L, j, t, push_backup);
    if (store_backup(s, path, j, store_woken, NULL, &f) < 0) return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int upkeep(lua_State *L, const char *what, int (*ask)(store *, store_job *, store_done, void *, fault *)) {
    store *s = store_of(L, what);
    task_token t = task_suspend_for(L, what, 0);
    store_job *j = store_job_new();
    fault f;
    if (j) store_note(L, j, t, store_push_true);
    if (ask(s, j, store_woken, NULL, &f) < 0) return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int check(lua_State *L) { return upkeep(L, "mu.store.check", store_check); }

static int vacuum(lua_State *L) { return upkeep(L, "mu.store.vacuum", store_vacuum); }

static int counts(lua_State *L) {
    store_counts c;
    store_count(store_of(L, "mu.store.counts"), &c);
    const struct {
        const char *name;
        uint64_t value;
    } all[] = {{"batches", c.batches},
               {"groups", c.groups},
               {"failed", c.failed},
               {"reads", c.reads},
               {"read_groups", c.read_groups},
               {"transactions", c.transactions},
               {"transactions_expired", c.transactions_expired},
               {"posts", c.posts},
               {"waiting", c.waiting},
               {"waiting_bytes", c.waiting_bytes}};
    lua_createtable(L, 0, sizeof all / sizeof *all);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        lua_pushinteger(L, (lua_Integer)all[i].value);
        lua_setfield(L, -2, all[i].name);
    }
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.store.backup",
     .params = "name: string",
     .returns = "boolean?, string?",
     .text = "Copies the whole database, while it is used, to backups/<name> in the data folder. nil, \"exists\" when "
             "there is "
             "a file of that name: it is never replaced.",
     .errors = "a name with a slash, a full disk",
     .example = "mu.store.backup \"before-event.db\"",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = backup},
    {.name = "mu.store.check",
     .params = "",
     .returns = "boolean",
     .text = "SQLite's quick_check of the whole file; saves and reads go on meanwhile.",
     .errors = "the database is damaged: the first complaints",
     .example = "mu.store.check()",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = check},
    {.name = "mu.store.vacuum",
     .params = "",
     .returns = "boolean",
     .text = "Rebuilds the file without its holes. Saves wait meanwhile.",
     .errors = "a full disk",
     .example = "mu.store.vacuum()",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = vacuum},
    {.name = "mu.store.counts",
     .params = "",
     .returns = "table",
     .text = "Counters since the start: batches committed, the groups (commits) they took, reads, what waits now.",
     .errors = "",
     .example = "mu.store.counts().batches >= 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = counts},
};

int store_open_upkeep(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}
