/* store.c: mu.store: SQL from Lua.
 *
 * A call packs its SQL and values into one job, hands it to the store and waits; the outcome is made into tables inside
 * the coroutine. Two expected answers are not errors: `nil, "constraint"` (a unique name is taken, a parent is missing)
 * and `nil, "busy"` (too much waits already); everything else that goes wrong is raised with the store's sentence.
 *
 * NULL is written mu.null inside a batch (a nil would be a hole in the list); the other calls take nil as well. Strings
 * are bound as TEXT, mu.store.blob(s) as BLOB, booleans as 0 and 1. */
#include <string.h>

#include "base/check.h"
#include "bind/store_parts.h"
#include "script/declare.h"
#include "script/module.h"

#define BLOB "mu.blob"

store *store_of(lua_State *L, const char *what) {
    const server *sv = server_of(L);
    if (!sv || !sv->store) luaL_error(L, "%s: this program has no database", what);
    return sv->store;
}

/* ---- Lua → job ---- */

const char *store_add_value(lua_State *L, int index, store_job *j) {
    size_t n;
    switch (lua_type(L, index)) {
    case LUA_TNIL: store_job_null(j); return NULL;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index)) break;
        store_job_null(j);
        return NULL;
    case LUA_TBOOLEAN: store_job_integer(j, lua_toboolean(L, index)); return NULL;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            store_job_integer(j, lua_tointeger(L, index));
        else
            store_job_number(j, lua_tonumber(L, index));
        return NULL;
    case LUA_TSTRING: {
        const char *s = lua_tolstring(L, index, &n);
        store_job_text(j, s, n);
        return NULL;
    }
    case LUA_TUSERDATA: {
        if (!luaL_testudata(L, index, BLOB)) break;
        lua_getiuservalue(L, index, 1);
        const char *s = lua_tolstring(L, -1, &n);
        store_job_blob(j, s, n);
        lua_pop(L, 1);
        return NULL;
    }
    default: break;
    }
    return "a value must be a string, number, boolean, mu.null or mu.store.blob(…)";
}

const char *store_add_call(lua_State *L, int first, store_job *j) {
    size_t n;
    const char *sql = lua_tolstring(L, first, &n), *wrong = NULL;
    store_job_sql(j, sql, n);
    for (int i = first + 1, top = lua_gettop(L); !wrong && i <= top; i++) wrong = store_add_value(L, i, j);
    return wrong;
}

/* One { sql, values … } at the top of the stack. */
static const char *add_statement(lua_State *L, store_job *j) {
    if (!lua_istable(L, -1)) return "each statement must be a table { sql, values … }";
    int t = lua_gettop(L);
    const char *wrong = NULL;
    size_t length;
    if (lua_rawgeti(L, t, 1) != LUA_TSTRING)
        wrong = "each statement must begin with its SQL, a string";
    else {
        const char *sql = lua_tolstring(L, -1, &length);
        store_job_sql(j, sql, length);
    }
    lua_Integer n = (lua_Integer)lua_rawlen(L, t);
    for (lua_Integer i = 2; !wrong && i <= n; i++) {
        lua_rawgeti(L, t, i);
        wrong = lua_isnil(L, -1) ? "a nil among the values: write mu.null for NULL" : store_add_value(L, -1, j);
        lua_pop(L, 1);
    }
    lua_settop(L, t);
    return wrong;
}

static const char *add_statements(lua_State *L, int list, store_job *j) {
    lua_Integer n = (lua_Integer)lua_rawlen(L, list);
    const char *wrong = n ? NULL : "the batch is empty";
    for (lua_Integer i = 1; !wrong && i <= n; i++) {
        lua_rawgeti(L, list, i);
        wrong = add_statement(L, j);
        lua_pop(L, 1);
    }
    return wrong;
}

/* ---- waiting ---- */

void store_note(lua_State *L, store_job *j, task_token t, int (*push)(lua_State *L, void *job)) {
    _Static_assert(sizeof(waiter) <= STORE_JOB_ROOM, "a waiter fits into its job");
    server *sv = server_of(L);
    if (!sv->engine) sv->engine = generation_of(L)->engine;
    *(waiter *)store_job_room(j) = (waiter){sv, t, push, 0};
}

static void release(void *job) { store_job_free(job); }

bool store_wake(store_job *j) {
    const waiter *w = store_job_room(j);
    if (w->server->engine) return task_wake(w->server->engine, w->token, w->push, j, release);
    store_job_free(j); /* a store that outlives its engine finishes for nobody */
    return false;
}

void store_woken(void *ctx, store_job *j) { store_wake(j); }

int store_refused(lua_State *L, task_token t, const char *what, const fault *f) {
    task_suspend_cancel(L, t);
    if (f->code != E_BUSY) return luaL_error(L, "%s: %s", what, f->text);
    lua_pushnil(L);
    lua_pushliteral(L, "busy");
    return 2;
}

static int wrong_values(lua_State *L, task_token t, const char *what, const char *wrong, store_job *j) {
    store_job_free(j);
    task_suspend_cancel(L, t);
    return luaL_error(L, "%s: %s", what, wrong);
}

/* ---- job → Lua ---- */

/* 0 when all is well; else pushes nil, "constraint" or raises. */
static int push_failure(lua_State *L, const store_job *j) {
    int code = store_job_code(j);
    if (code == 0) return 0;
    if (code != E_CONSTRAINT) return luaL_error(L, "store: %s", store_job_error(j));
    lua_pushnil(L);
    lua_pushliteral(L, "constraint");
    lua_pushstring(L, store_job_error(j));
    return 3;
}

static void push_change_at(lua_State *L, const store_job *j, size_t i) {
    const store_change *c = store_job_change(j, i);
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, c ? c->changes : 0);
    lua_setfield(L, -2, "changes");
    lua_pushinteger(L, c ? c->last_id : 0);
    lua_setfield(L, -2, "last_id");
}

int store_push_changes(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    size_t n = store_job_count(job);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        push_change_at(L, job, i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

int store_push_change(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    push_change_at(L, job, store_job_count(job) - 1);
    return 1;
}

static void push_value(lua_State *L, const store_value *v) {
    switch (v->type) {
    case STORE_NULL: lua_pushnil(L); return;
    case STORE_INTEGER: lua_pushinteger(L, v->integer); return;
    case STORE_NUMBER: lua_pushnumber(L, v->number); return;
    case STORE_TEXT:
    case STORE_BLOB: lua_pushlstring(L, v->text.n ? (const char *)v->text.p : "", v->text.n); return;
    }
}

#define COLUMNS_MAX 64

/* The names, on the stack, first at `base`. */
static int push_names(lua_State *L, const store_job *j) {
    size_t n = store_job_columns(j);
    if (n > COLUMNS_MAX) return luaL_error(L, "store: an answer of %d columns (at most %d)", (int)n, COLUMNS_MAX);
    luaL_checkstack(L, (int)n + 8, "columns");
    int base = lua_gettop(L) + 1;
    for (size_t i = 0; i < n; i++) {
        bytes name = store_job_column(j, i);
        lua_pushlstring(L, (const char *)name.p, name.n);
    }
    return base;
}

static bool push_next_row(lua_State *L, const store_job *j, int names, store_cursor *c) {
    store_value v[COLUMNS_MAX];
    if (!store_job_next(j, c, v)) return false;
    int n = (int)store_job_columns(j);
    lua_createtable(L, 0, n);
    for (int i = 0; i < n; i++) {
        if (v[i].type == STORE_NULL) continue;
        lua_pushvalue(L, names + i);
        push_value(L, &v[i]);
        lua_rawset(L, -3);
    }
    return true;
}

int store_push_rows(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    int names = push_names(L, job);
    store_cursor c = {0};
    size_t n = store_job_rows(job);
    lua_createtable(L, n < INT32_MAX ? (int)n : 0, 0);
    for (lua_Integer i = 1; push_next_row(L, job, names, &c); i++) lua_rawseti(L, -2, i);
    return 1;
}

int store_push_row(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    int names = push_names(L, job);
    store_cursor c = {0};
    if (!push_next_row(L, job, names, &c)) lua_pushnil(L);
    return 1;
}

/* First column → second column of each row. */
static int push_map(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    if (store_job_columns(job) != 2) return luaL_error(L, "mu.store.map: the answer must have two columns");
    store_cursor c = {0};
    store_value v[2];
    lua_createtable(L, 0, (int)store_job_rows(job));
    while (store_job_next(job, &c, v)) {
        if (v[0].type == STORE_NULL || (v[0].type == STORE_NUMBER && v[0].number != v[0].number)) continue;
        push_value(L, &v[0]);
        push_value(L, &v[1]);
        lua_rawset(L, -3);
    }
    return 1;
}

int store_push_true(lua_State *L, void *job) {
    int failed = push_failure(L, job);
    if (failed) return failed;
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- the functions ---- */

static int batch(lua_State *L) {
    static const char what[] = "mu.store.batch";
    store *s = store_of(L, what);
    luaL_checkstack(L, 8, "values");
    task_token t = task_suspend(L, what);
    store_job *j = store_job_new();
    if (!j) return wrong_values(L, t, what, "out of memory", j);
    const char *wrong = add_statements(L, 1, j);
    if (wrong) return wrong_values(L, t, what, wrong, j);
    store_note(L, j, t, store_push_changes);
    fault f;
    if (store_batch(s, j, store_woken, NULL, &f) < 0) return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int ask(lua_State *L, const char *what, int (*push)(lua_State *, void *), bool first_row) {
    store *s = store_of(L, what);
    luaL_checkstack(L, 8, "values");
    task_token t = task_suspend(L, what);
    store_job *j = store_job_new();
    if (!j) return wrong_values(L, t, what, "out of memory", j);
    const char *wrong = store_add_call(L, 1, j);
    if (wrong) return wrong_values(L, t, what, wrong, j);
    if (first_row) store_job_first_row(j);
    store_note(L, j, t, push);
    fault f;
    if (store_read(s, j, store_woken, NULL, &f) < 0) return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int read_rows(lua_State *L) { return ask(L, "mu.store.read", store_push_rows, false); }

static int read_row(lua_State *L) { return ask(L, "mu.store.row", store_push_row, true); }

static int read_map(lua_State *L) { return ask(L, "mu.store.map", push_map, false); }

static int blob(lua_State *L) {
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, BLOB);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.store.batch",
     .params = "statements: table",
     .returns = "table[]?, string?, string?",
     .text =
         "Runs all statements or none and returns after they are on disk: one { changes =, last_id = } a statement. "
         "nil, \"constraint\", sentence when a constraint forbids it; nil, \"busy\" when too much waits. Write mu.null "
         "for NULL.",
     .errors = "wrong SQL, a full disk, a value that SQL has no type for",
     .example = "mu.store.batch { { \"INSERT INTO meta (key, value) VALUES (?1, ?2)\", \"motd\", \"hello\" } }",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = batch},
    {.name = "mu.store.read",
     .params = "sql: string, ...: any",
     .returns = "table[]?, string?",
     .text = "The rows of a query, each a table by column name. It sees every batch that was acknowledged before.",
     .errors = "wrong SQL, more rows or bytes than the limits allow",
     .example = "for _, row in ipairs(mu.store.read(\"SELECT id, name FROM players WHERE role >= ?1\", 1)) do end",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = read_rows},
    {.name = "mu.store.row",
     .params = "sql: string, ...: any",
     .returns = "table?, string?",
     .text = "The first row of a query, or nil when there is none.",
     .errors = "as mu.store.read",
     .example = "local player = mu.store.row(\"SELECT * FROM players WHERE email = ?1\", \"someone@example.org\")",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = read_row},
    {.name = "mu.store.map",
     .params = "sql: string, ...: any",
     .returns = "table?, string?",
     .text = "A query of two columns as one table, first column → second: the quick way to a player's settings.",
     .errors = "as mu.store.read; not two columns",
     .example = "local all = mu.store.map(\"SELECT key, value FROM player_settings WHERE player_id = ?1\", 1)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = read_map},
    {.name = "mu.store.blob",
     .params = "bytes: string",
     .returns = "userdata",
     .text = "Marks a string as bytes: it is bound as BLOB instead of TEXT.",
     .errors = "",
     .example = "mu.store.blob(mu.crypto.random(16))",
     .since = "0.1",
     .call = blob},
};

static int open_module(generation *g, lua_State *L) {
    luaL_newmetatable(L, BLOB);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    int e = script_declare(L, functions, sizeof functions / sizeof *functions);
    if (e == 0) e = store_open_transactions(g, L);
    if (e == 0) e = store_open_upkeep(g, L);
    if (e < 0) return e;
    if (lua_getglobal(L, "mu") == LUA_TTABLE) { /* the same value that JSON has for null */
        lua_pushlightuserdata(L, NULL);
        lua_setfield(L, -2, "null");
    }
    lua_pop(L, 1);
    return 0;
}

const script_module module_store = {.name = "store", .open = open_module};
