/* mu.store, mu.crypto and mu.token as scripts see them: the real engine, the real store, the real hashing threads. */
#include "script_host.h"

#include <time.h>

#include "base/clock.h"
#include "bind/server.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "store/store.h"

extern const script_module module_store, module_crypto;

/* transaction.hold(): a wait that its name allows inside a transaction. */
static task_token held;

static int hold(lua_State *L) {
    held = task_suspend(L, "transaction.hold");
    return task_yield(L, held);
}

static const script_function hold_function = {.name = "transaction.hold", .flags = SCRIPT_SUSPENDS, .call = hold};

static int hold_open(generation *g, lua_State *L) { return script_declare(L, &hold_function, 1); }

static const script_module module_hold = {.name = "hold", .open = hold_open};
static const script_module *const modules[] = {&module_test, &module_hold, &module_store, &module_crypto, NULL};

/* ---- what the threads post ---- */

typedef struct mail {
    struct mail *next;
    void (*fn)(void *);
    void *arg;
} mail;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    mail *first, **last;
} box = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &box.first};

static void post(void *ctx, void (*fn)(void *), void *arg) {
    mail *m = malloc(sizeof *m);
    *m = (mail){NULL, fn, arg};
    pthread_mutex_lock(&box.lock);
    *box.last = m;
    box.last = &m->next;
    pthread_cond_signal(&box.wake);
    pthread_mutex_unlock(&box.lock);
}

/* Takes everything; run: false throws it away. */
static void fetch(bool wait, bool run) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += 60; /* a machine may stand still for seconds */
    pthread_mutex_lock(&box.lock);
    int late = 0;
    while (wait && !box.first && !late) late = pthread_cond_timedwait(&box.wake, &box.lock, &t);
    mail *m = box.first;
    box.first = NULL;
    box.last = &box.first;
    pthread_mutex_unlock(&box.lock);
    if (late) fail_msg("nothing was posted");
    for (mail *next; m; m = next) {
        next = m->next;
        if (run) m->fn(m->arg);
        free(m);
    }
}

/* ---- a server around the world ---- */

static struct world w;
static server sv;
static char data_dir[96];

#define NO_LIMIT ((int64_t)600000000) /* µs: past everybody's patience */

static void open_all(const char *body, store_options *o) {
    char path[128], *text;
    memset(&sv, 0, sizeof sv);
    world_open(&w);
    snprintf(data_dir, sizeof data_dir, "%s/data", w.root);
    mkdir(data_dir, 0700);
    snprintf(path, sizeof path, "%s/test.db", data_dir);
    fault f = {0};
    store_options options = o ? *o : (store_options){0};
    if (!options.transaction_us) options.transaction_us = NO_LIMIT;
    options.path = path;
    options.migrations = TEST_DIR "/../scripts/migrations";
    options.post = post;
    if (store_open(&sv.store, &options, &f) < 0) fail_msg("%s", f.text);
    sv.passwords = password_pool_new(&(password_options){.cost = {64, 1, 1}, .max_waiting = 3, .post = post}, &f);
    sv.secret = calloc(1, sizeof *sv.secret);
    for (int i = 0; i < SECRET_BYTES; i++) sv.secret->key[i] = (uint8_t)i;
    sv.data_dir = data_dir;
    w.options.modules = modules;
    w.options.server = &sv;
    if (asprintf(&text,
                 "mu.handler('it', function()\n%s\nend)\nmu.handler('other', function() return mu.store.batch { "
                 "{ 'INSERT INTO meta (key, value) VALUES (?, ?)', 'other', '1' } }[1].changes end)\n",
                 body) < 0)
        abort();
    world_write(&w, "scripts/main.lua", text);
    free(text);
    world_start(&w);
}

static void wait_for(struct outcome *o) {
    world_run(&w);
    while (!o->calls) {
        fetch(true, true);
        world_run(&w);
    }
}

static void close_all(void) {
    if (w.engine) world_close(&w);
    sv.engine = NULL;
    password_pool_close(sv.passwords);
    store_close(sv.store);
    fetch(false, false);
    password_pool_free(sv.passwords);
    store_free(sv.store);
    secret_free(sv.secret);
}

/* Runs the body as a handler; its results as text. */
static const char *run(const char *body) {
    static struct outcome o;
    open_all(body, NULL);
    world_call(&w, "it", &o);
    wait_for(&o);
    if (o.code) fail_msg("%s", o.text);
    close_all();
    return o.result;
}

/* The same for one that must fail: its error. */
static const char *refused(const char *body) {
    static struct outcome o;
    open_all(body, NULL);
    world_call(&w, "it", &o);
    wait_for(&o);
    if (!o.code) fail_msg("no error, but: %s", o.result);
    close_all();
    return o.text;
}

#define PUT "{ 'INSERT INTO meta (key, value) VALUES (?1, ?2)', "

/* ---- mu.store ---- */

static void a_batch_is_saved_and_read_back(void **state) {
    assert_string_equal(run("local done = mu.store.batch { " PUT "'a', 'one' }, " PUT "'b', 'two' },"
                            "  { \"UPDATE meta SET value = value || '!'\" } }\n"
                            "local rows = mu.store.read('SELECT key, value FROM meta ORDER BY key DESC')\n"
                            "return #done, done[1].changes, done[3].changes, #rows, rows[1].key, rows[2].value"),
                        "3 1 2 2 b one!");
    assert_string_equal(
        run("local done = mu.store.batch { { 'INSERT INTO players (email, name, created) VALUES (?, ?, ?)', "
            "'a@b', 'A', 5 } }\nlocal row = mu.store.row('SELECT * FROM players WHERE id = ?', done[1].last_id)\n"
            "return done[1].last_id, row.name, row.created, row.password, mu.store.row('SELECT 1 WHERE 0')"),
        "1 A 5 nil nil");
    assert_string_equal(run("mu.store.batch { " PUT "'a', '1' }, " PUT "'b', '2' } }\n"
                            "local map = mu.store.map 'SELECT key, value FROM meta'\nreturn map.a, map.b, map.c"),
                        "1 2 nil");
}

static void every_kind_of_value_goes_through(void **state) {
    assert_string_equal(
        run("local r = mu.store.row('SELECT ?1 a, ?2 b, ?3 c, ?4 d, typeof(?5) e, typeof(?6) f, typeof(?7) g, ?8 h',"
            " 7, 2.5, 'x\\0y', true, mu.store.blob('b'), nil, mu.null, false)\n"
            "return r.a, math.type(r.b), #r.c, r.d, r.e, r.f, r.g, r.h"),
        "7 float 3 1 blob null null 0");
    assert_string_equal(
        run("mu.store.batch { { 'INSERT INTO players (email, name, password, created) VALUES (?, ?, ?, ?)', "
            "'a', 'b', mu.null, 1 } }\nreturn mu.store.row('SELECT password IS NULL p FROM players').p"),
        "1");
    assert_string_equal(run("return tostring(mu.null) ~= nil, mu.store.row('SELECT 9007199254740993 n').n"),
                        "true 9007199254740993");
}

static void a_constraint_is_an_answer(void **state) {
    const char *r = run("mu.store.batch { " PUT "'a', '1' } }\n"
                        "local done, why, text = mu.store.batch { " PUT "'b', '1' }, " PUT "'a', '2' } }\n"
                        "return done, why, mu.store.row('SELECT count(*) n FROM meta').n, text");
    assert_memory_equal(r, "nil constraint 1 UNIQUE constraint failed: meta.key (statement 2", 62);
}

static void a_mistake_is_a_sentence_with_its_place(void **state) {
    assert_contains(refused("mu.store.batch { { 'INSERT INTO nowhere VALUES (1)' } }"), "no such table: nowhere");
    assert_contains(refused("\nmu.store.batch {}"), "main.lua:3: mu.store.batch: the batch is empty");
    assert_contains(refused("mu.store.batch { 'SELECT 1' }"), "each statement must be a table");
    assert_contains(refused("mu.store.batch { { 1 } }"), "begin with its SQL");
    assert_contains(refused("mu.store.batch { " PUT "'a', nil, 'b' } }"), "write mu.null");
    assert_contains(refused("mu.store.batch { " PUT "'a', {} } }"), "a value must be a string");
    assert_contains(refused("mu.store.read('SELECT ?', print)"), "a value must be a string");
    assert_contains(refused("mu.store.read('SELECT ?', 1, 2)"), "takes 1 values, got 2");
    assert_contains(refused("mu.store.read(1)"), "mu.store.read: argument 'sql' must be a string, got a number");
    assert_contains(refused("mu.store.map('SELECT 1')"), "two columns");
    assert_contains(refused("table.sort({2, 1}, function(a, b) mu.store.row('SELECT 1') return a < b end)"),
                    "cannot wait inside");
}

static void it_cannot_be_called_while_scripts_load(void **state) {
    fault f = {0};
    open_all("", NULL);
    world_write(&w, "scripts/main.lua", "mu.store.batch { { 'SELECT 1' } }");
    assert_false(world_reload(&w));
    assert_contains(w.report, "mu.store.batch cannot wait while scripts load");
    close_all();
    assert_int_equal(f.code, 0);
}

static void a_full_queue_is_an_answer(void **state) {
    struct outcome o, other;
    open_all("return mu.store.batch { " PUT "'a', '1' } }", &(store_options){.max_jobs = 1});
    world_call(&w, "other", &other); /* waits: nothing is fetched meanwhile */
    world_call(&w, "it", &o);
    world_run(&w);
    assert_string_equal(o.result, "nil busy");
    wait_for(&other);
    assert_string_equal(other.result, "1");
    close_all();
}

static void upkeep_answers(void **state) {
    assert_string_equal(run("mu.store.batch { " PUT "'a', '1' } }\n"
                            "local a, b, c = mu.store.check(), mu.store.vacuum(), mu.store.backup('one.db')\n"
                            "local d, why = mu.store.backup('one.db')\n"
                            "return a, b, c, d, why, mu.store.counts().batches"),
                        "true true true nil exists 1");
    assert_contains(refused("mu.store.backup('../one.db')"), "a name has");
    assert_contains(refused("mu.store.backup('.one')"), "a name has");
}

/* ---- mu.store.transaction ---- */

static void a_transaction_commits_and_returns(void **state) {
    assert_string_equal(run("local a, b, c = mu.store.transaction(function(tx)\n"
                            "  local done = tx:execute('INSERT INTO meta (key, value) VALUES (?, ?)', 'n', 41)\n"
                            "  local n = tx:row('SELECT value FROM meta').value + 1\n"
                            "  tx:execute('UPDATE meta SET value = ?', n)\n"
                            "  local bad, why = tx:execute('INSERT INTO meta (key, value) VALUES (?, ?)', 'n', 1)\n"
                            "  return done.changes, #tx:read('SELECT * FROM meta'), why\n"
                            "end)\nreturn a, b, c, mu.store.row('SELECT value FROM meta').value"),
                        "1 1 constraint 42");
}

static void an_error_or_a_wish_undoes_it(void **state) {
    assert_string_equal(run("local ok, why = pcall(mu.store.transaction, function(tx)\n"
                            "  tx:execute \"INSERT INTO meta VALUES ('a', '1')\" error('oh', 0) end)\n"
                            "local x = mu.store.transaction(function(tx)\n"
                            "  tx:execute \"INSERT INTO meta VALUES ('b', '1')\" tx:rollback() return 'undone' end)\n"
                            "return ok, why, x, mu.store.row('SELECT count(*) n FROM meta').n"),
                        "false oh undone 0");
    assert_contains(refused("local kept mu.store.transaction(function(tx) kept = tx end) kept:row('SELECT 1')"),
                    "this transaction is over");
    assert_contains(refused("mu.store.transaction(function(tx) tx:rollback() tx:row('SELECT 1') end)"),
                    "this transaction is over");
}

static void it_may_wait_for_nothing_else(void **state) {
    assert_contains(refused("mu.store.transaction(function(tx) mu.store.batch { { 'SELECT 1' } } end)"),
                    "cannot wait inside mu.store.transaction");
    assert_contains(refused("mu.store.transaction(function(tx) mu.store.read 'SELECT 1' end)"),
                    "cannot wait inside mu.store.transaction");
    assert_contains(refused("mu.store.transaction(function(tx) mu.store.transaction(function() end) end)"),
                    "cannot wait inside mu.store.transaction");
    assert_contains(refused("mu.store.transaction(function(tx) mu.sleep(1) end)"),
                    "mu.sleep cannot wait inside mu.store.transaction");
    assert_string_equal(
        run("mu.store.transaction(function() end)\nmu.store.transaction(function(tx) tx:rollback() end)\n"
            "pcall(mu.store.transaction, error)\nreturn #mu.store.read 'SELECT 1'"),
        "1"); /* after it: again */
}

static void it_ends_at_its_limit(void **state) {
    struct outcome o, other;
    for (int attempt = 0;; attempt++) {
        open_all("return mu.store.transaction(function(tx) tx:execute \"INSERT INTO meta VALUES ('a', '1')\" "
                 "transaction.hold()\n"
                 "tx:execute \"INSERT INTO meta VALUES ('b', '1')\" end)",
                 &(store_options){.transaction_us = 100000});
        world_call(&w, "it", &o);
        sv.engine = w.engine;
        for (int i = 0; i < 2; i++) { /* the begin, the first statement */
            world_run(&w);
            fetch(true, true);
        }
        world_run(&w);
        if (!o.calls) break; /* it holds; or the machine stood still past the limit, and then once more */
        assert_contains(o.text, "rolled back at its limit");
        assert_in_range(attempt, 0, 100);
        close_all();
    }
    world_call(&w, "other", &other);
    wait_for(&other); /* once the limit has passed */
    assert_string_equal(other.result, "1");
    assert_int_equal(o.calls, 0);
    task_wake(w.engine, held, NULL, NULL, NULL);
    wait_for(&o);
    assert_int_equal(o.code, E_SCRIPT);
    assert_contains(o.text, "rolled back at its limit of 100 ms");
    close_all();
}

static void a_cancelled_one_frees_the_writer_at_once(void **state) {
    struct outcome o, other;
    for (int moments = 0; moments < 3; moments++) {
        open_all("mu.store.transaction(function(tx) tx:execute \"INSERT INTO meta VALUES ('a', '1')\" "
                 "transaction.hold() end)",
                 NULL);
        handle task = world_call(&w, "it", &o);
        for (int i = 0; i < moments; i++) {
            world_run(&w);
            fetch(true, true);
        }
        world_run(&w);
        task_cancel(w.engine, task, E_CANCELLED);
        world_run(&w);
        assert_int_equal(o.calls, 1);
        assert_int_equal(o.code, E_CANCELLED);
        world_call(&w, "other", &other);
        wait_for(&other);
        assert_string_equal(other.result, "1");
        close_all();
    }
}

static void the_engine_may_end_before_the_answers(void **state) {
    struct outcome o, other;
    open_all("mu.crypto.password_hash('x')", NULL);
    world_call(&w, "it", &o);
    world_call(&w, "other", &other);
    world_run(&w);
    world_close(&w);
    w.engine = NULL;
    assert_int_equal(o.calls + other.calls, 2);
    close_all();
}

/* ---- mu.crypto, mu.token ---- */

static void passwords_are_hashed_and_verified(void **state) {
    assert_string_equal(run("local hash = mu.crypto.password_hash('geheim')\n"
                            "local right, renew = mu.crypto.password_verify('geheim', hash)\n"
                            "local wrong = mu.crypto.password_verify('Geheim', hash)\n"
                            "local old, please = mu.crypto.password_verify('password', "
                            "'$31$16$AAECAwQFBgcICQoLDA0OD-qy4p4FE0mO3kSLH0S6i5M')\n"
                            "local none = mu.crypto.password_verify('x', 'plain')\n"
                            "local long, why = mu.crypto.password_hash(('x'):rep(257))\n"
                            "return hash:sub(1, 10), right, renew, wrong, old, please, none, long, why, "
                            "mu.crypto.password_verify(('x'):rep(300), hash)"),
                        "$argon2id$ true false false true true false nil too_long false false");
}

static void a_full_pool_is_an_answer(void **state) {
    struct outcome o[5];
    int busy = 0;
    open_all("local hash, why = mu.crypto.password_hash('x') return hash and 'hash' or why", NULL);
    for (int i = 0; i < 5; i++) world_call(&w, "it", &o[i]);
    for (int i = 0; i < 5; i++) {
        wait_for(&o[i]);
        busy += strcmp(o[i].result, "busy") == 0;
    }
    assert_int_equal(busy, 2);
    close_all();
}

static void bytes_and_tokens(void **state) {
    assert_string_equal(
        run("return #mu.crypto.random(100), mu.crypto.random(16) ~= mu.crypto.random(16), #mu.crypto.token(16), "
            "mu.crypto.hex('\\1\\255'), mu.crypto.equal('a', 'a'), mu.crypto.equal('a', 'b')"),
        "100 true 22 01ff true false");
    assert_string_equal(
        run("local t = mu.token.issue(1, 1700000000)\n"
            "local id, expires = mu.token.read(t, 1699999999)\n"
            "local _, late = mu.token.read(t)\nlocal _, bad = mu.token.read(t .. 'x')\n"
            "local a = mu.token.association()\n"
            "return t, id, expires, late, bad, #a, #mu.token.read_association(a), mu.token.read_association(t)"),
        "AAAAAQAAAABlU_EA.SsI0vd0uvDEGQrnf_IZZDI8TvI6Okwenc_tkWQo-eUE 1 1700000000 expired invalid 66 36 nil");
    assert_contains(refused("mu.crypto.random(0)"), "must be 1 … 65536");
    assert_string_equal(run("local t = mu.token.issue(7, 1700000000, 65535, 'war')\n"
                            "local id, expires, generation = mu.token.read(t, 0, 'war')\n"
                            "local _, login = mu.token.read(t, 0)\n"
                            "local _, other = mu.token.read(mu.token.issue(7, 1700000000), 0, 'war')\n"
                            "return id, expires, generation, login, other"),
                        "7 1700000000 65535 invalid invalid");
    assert_contains(refused("mu.token.issue(-1, 1)"), "must be 0 … 4294967295");
    assert_contains(refused("mu.token.issue(1, 1, 65536)"), "must be 0 … 65535");
    assert_contains(refused("mu.token.issue(1, 1, 0, ('x'):rep(33))"), "has at most 32 bytes");
    assert_contains(refused("mu.crypto.random(1.5)"), "must be an integer");
}

int main(void) {
    log_set_level(LOG_WARN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_saved_and_read_back),
        cmocka_unit_test(every_kind_of_value_goes_through),
        cmocka_unit_test(a_constraint_is_an_answer),
        cmocka_unit_test(a_mistake_is_a_sentence_with_its_place),
        cmocka_unit_test(it_cannot_be_called_while_scripts_load),
        cmocka_unit_test(a_full_queue_is_an_answer),
        cmocka_unit_test(upkeep_answers),
        cmocka_unit_test(a_transaction_commits_and_returns),
        cmocka_unit_test(an_error_or_a_wish_undoes_it),
        cmocka_unit_test(it_may_wait_for_nothing_else),
        cmocka_unit_test(it_ends_at_its_limit),
        cmocka_unit_test(a_cancelled_one_frees_the_writer_at_once),
        cmocka_unit_test(the_engine_may_end_before_the_answers),
        cmocka_unit_test(passwords_are_hashed_and_verified),
        cmocka_unit_test(a_full_pool_is_an_answer),
        cmocka_unit_test(bytes_and_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
