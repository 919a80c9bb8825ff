/* store_transaction.c: mu.store.transaction: the exclusive kind.
 *
 * The script sees one call with a function; behind it stand a begin that waits for the writer, a handle `tx` whose
 * statements run one by one while nobody else writes, and a commit. The handle is closed by Lua itself on whatever way
 * the function is left (a return, an error, a kill), and an unfinished one is rolled back there; should even that not
 * happen, the store's limit of 100 ms ends it.
 *
 * Everybody's saves stand behind it, so while a task holds a transaction it may wait for nothing else: the engine
 * refuses that (task_wait_only), another call of mu.store included, which would wait for itself. */
#include "bind/store_parts.h"
#include "script/declare.h"

#define TRANSACTION "mu.transaction"
#define WHAT        "mu.store.transaction"
#define METHODS     "transaction" /* what the names of everything begin with that may be waited for inside */

typedef struct transaction {
    uint64_t number;
    server *server;
    engine *engine;
    handle task;
    bool open;
} transaction;

static transaction *open_one(lua_State *L, const char *what) {
    transaction *x = luaL_checkudata(L, 1, TRANSACTION);
    if (!x->open) luaL_error(L, "%s: this transaction is over", what);
    return x;
}

/* ---- begin and end ---- */

/* The handle exists before anything waits, so that it is closed whatever happens to the wait. */
static int new_handle(lua_State *L) {
    store_of(L, WHAT);
    transaction *x = lua_newuserdatauv(L, sizeof *x, 0);
    *x = (transaction){
        .server = server_of(L), .engine = generation_of(L)->engine, .task = task_current(L), .open = true};
    luaL_setmetatable(L, TRANSACTION);
    task_wait_only(x->engine, x->task, METHODS, WHAT);
    return 1;
}

static void end_handle(transaction *x) {
    x->open = false;
    task_wait_only(x->engine, x->task, NULL, NULL);
}

static void drop(void *ctx, store_job *j) { store_job_free(j); }

static void roll_back_unheard(store *s, uint64_t number) {
    if (s && number) store_transaction_rollback(s, number, store_job_new(), drop, NULL, NULL);
}

/* When the task was killed meanwhile, nobody else shall have to wait for the limit. */
static void begun(void *ctx, store_job *j) {
    const waiter w = *(const waiter *)store_job_room(j);
    bool open = store_job_code(j) == 0;
    if (!store_wake(j) && open) roll_back_unheard(w.server->store, w.transaction);
}

static int begin(lua_State *L) {
    transaction *x = open_one(L, WHAT);
    task_token t = task_suspend(L, METHODS ".begin");
    store_job *j = store_job_new();
    fault f;
    if (j) store_note(L, j, t, store_push_true);
    uint64_t number;
    if (store_transaction_begin(x->server->store, &number, j, begun, NULL, &f) < 0)
        return store_refused(L, t, WHAT, &f);
    x->number = ((waiter *)store_job_room(j))->transaction = number;
    return task_yield(L, t);
}

static int end(lua_State *L, const char *what,
               int (*ask)(store *, uint64_t, store_job *, store_done, void *, fault *)) {
    transaction *x = luaL_checkudata(L, 1, TRANSACTION);
    if (!x->open) { /* the script has rolled it back itself */
        lua_pushboolean(L, 1);
        return 1;
    }
    task_token t = task_suspend(L, what);
    end_handle(x);
    store_job *j = store_job_new();
    fault f;
    if (j) store_note(L, j, t, store_push_true);
    if (ask(x->server->store, x->number, j, store_woken, NULL, &f) < 0) return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int commit(lua_State *L) { return end(L, METHODS ".commit", store_transaction_commit); }

static int roll_back(lua_State *L) { return end(L, METHODS ":rollback", store_transaction_rollback); }

/* __close: runs on every way out; may not wait. */
static int close_handle(lua_State *L) {
    transaction *x = luaL_checkudata(L, 1, TRANSACTION);
    if (!x->open) return 0;
    end_handle(x);
    roll_back_unheard(x->server->store, x->number);
    return 0;
}

static int describe(lua_State *L) {
    const transaction *x = luaL_checkudata(L, 1, TRANSACTION);
    lua_pushfstring(L, "transaction %I%s", (LUAI_UACINT)x->number, x->open ? "" : " (over)");
    return 1;
}

/* ---- statements ---- */

static int run(lua_State *L, const char *what, int (*push)(lua_State *, void *), bool first_row) {
    transaction *x = open_one(L, what);
    luaL_checkstack(L, 8, "values");
    task_token t = task_suspend(L, what);
    store_job *j = store_job_new();
    const char *wrong = j ? store_add_call(L, 2, j) : "out of memory";
    if (wrong) {
        store_job_free(j);
        task_suspend_cancel(L, t);
        return luaL_error(L, "%s: %s", what, wrong);
    }
    if (first_row) store_job_first_row(j);
    store_note(L, j, t, push);
    fault f;
    if (store_transaction_execute(x->server->store, x->number, j, store_woken, NULL, &f) < 0)
        return store_refused(L, t, what, &f);
    return task_yield(L, t);
}

static int execute(lua_State *L) { return run(L, METHODS ":execute", store_push_change, false); }

static int read_rows(lua_State *L) { return run(L, METHODS ":read", store_push_rows, false); }

static int read_row(lua_State *L) { return run(L, METHODS ":row", store_push_row, true); }

/* ---- the call that scripts see ---- */

static const char source[] = "local new, begin, commit = ...\n"
                             "local function finish(tx, ...)\n"
                             "  local done, why, text = commit(tx)\n"
                             "  if not done then return done, why, text end\n"
                             "  return ...\n"
                             "end\n"
                             "return function(fn)\n"
                             "  local tx <close> = new()\n"
                             "  local open, why = begin(tx)\n"
                             "  if not open then return open, why end\n"
                             "  return finish(tx, fn(tx))\n"
                             "end\n";

static const char whole; /* its address: the compiled function in the registry */

static int finished(lua_State *L, int status, lua_KContext base) { return lua_gettop(L) - (int)base; }

static int transact(lua_State *L) {
    lua_settop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &whole);
    lua_insert(L, 1);
    lua_callk(L, 1, LUA_MULTRET, 0, finished);
    return finished(L, LUA_OK, 0);
}

static const script_function functions[] = {
    {.name = WHAT,
     .params = "fn: function",
     .returns = "any",
     .text = "Runs fn(tx) while nobody else writes, commits, and returns what fn returned. An error in fn, "
             "tx:rollback() and "
             "the limit of 100 ms undo everything. fn may wait for tx:execute, tx:read, tx:row and nothing else. Use "
             "mu.store.batch where it will do: everybody's saves wait meanwhile.",
     .errors = "as mu.store.batch; the limit",
     .example = "mu.store.transaction(function(tx) tx:execute(\"DELETE FROM meta WHERE key = ?1\", \"motd\") end)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = transact},
    {.name = "transaction:execute",
     .params = "sql: string, ...: any",
     .returns = "table?, string?, string?",
     .text = "Runs one statement: { changes =, last_id = }, or nil, \"constraint\", sentence; the transaction goes on.",
     .errors = "wrong SQL, the limit",
     .example = "mu.store.transaction(function(tx) tx:execute(\"DELETE FROM meta WHERE key = ?1\", \"motd\") end)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = execute},
    {.name = "transaction:read",
     .params = "sql: string, ...: any",
     .returns = "table[]",
     .text = "The rows of a query, as this transaction sees them.",
     .errors = "wrong SQL, the limit",
     .example = "#mu.store.transaction(function(tx) return tx:read \"SELECT 1 AS one UNION SELECT 2\" end) == 2",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = read_rows},
    {.name = "transaction:row",
     .params = "sql: string, ...: any",
     .returns = "table?",
     .text = "The first row of a query, as this transaction sees it.",
     .errors = "wrong SQL, the limit",
     .example = "mu.store.transaction(function(tx) return tx:row(\"SELECT 1 AS one\").one end) == 1",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = read_row},
    {.name = "transaction:rollback",
     .params = "",
     .returns = "boolean",
     .text = "Undoes everything; fn goes on and its results are returned.",
     .errors = "",
     .example = "mu.store.transaction(function(tx) tx:rollback() end)",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = roll_back},
};

static const script_function hidden[] = {
    {.name = WHAT, .params = "", .call = new_handle},
    {.name = METHODS ".begin", .params = "tx: userdata", .flags = SCRIPT_SUSPENDS, .call = begin},
    {.name = METHODS ".commit", .params = "tx: userdata", .flags = SCRIPT_SUSPENDS, .call = commit},
};

int store_open_transactions(generation *g, lua_State *L) {
    int e = script_declare(L, functions, sizeof functions / sizeof *functions);
    if (e < 0) return e;
    luaL_newmetatable(L, TRANSACTION);
    script_methods(L, "transaction");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, close_handle);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, describe);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    if (luaL_loadbufferx(L, source, sizeof source - 1, "=" WHAT, "t") != LUA_OK) return lua_error(L);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) script_push_function(L, &hidden[i]);
    lua_call(L, (int)(sizeof hidden / sizeof *hidden), 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &whole);
    return 0;
}
