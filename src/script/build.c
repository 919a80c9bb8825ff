/* build.c: builds one generation, on whatever thread it is called on.
 *
 * read every file → compile every file (all syntax errors at once) → sandbox and modules → settings and config →
 * main.lua → the modules' checks and the scripts' own. An error does not end the build where more can be found: a file
 * that cannot be compiled fails those that require it, the others are loaded all the same. Nothing of the running
 * generation is touched. */
#include "script/state.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_PAUSE 1000 /* percent: while loading nearly everything stays, so the collector looks rarely */

static const char compiled_key, loaded_key;
static const char loading_mark, failed_mark;

/* ---- running a step ---- */

/* The step's own protected call: what it raises becomes a load error. */
static int run_step(generation *g, lua_CFunction fn, void *data) {
    lua_State *L = g->L;
    generation_state *own = g->own;
    watch *w = own->watch;
    char text[1024];
    lua_settop(L, 0);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, data);
    watch_enter(w, L);
    int status = lua_pcall(L, 1, 0, 0);
    if (status == LUA_OK && !watch_killed(w)) {
        watch_leave(w, L);
        return 0;
    }
    if (status == LUA_ERRMEM && !watch_killed(w)) w->cause = WATCH_MEMORY;
    if (w->cause == WATCH_MEMORY) {
        snprintf(text, sizeof text, "loading needs more memory than %zu MiB (limits.memory_mib)%s",
                 own->limits.memory >> 20, w->trace);
    } else if (w->cause == WATCH_TIME) {
        snprintf(text, sizeof text, "loading takes longer than %lld s (limits.load_seconds)%s",
                 (long long)(own->limits.load_us / 1000000), w->trace);
    } else {
        const char *said = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        snprintf(text, sizeof text, "%s", said ? said : "a script raised an error that is not a text");
    }
    bool killed = w->cause != WATCH_NO_CAUSE;
    watch_leave(w, L);
    lua_settop(L, 0);
    generation_error(g, NULL, 0, "%s", text);
    return killed ? E_KILLED : E_LOAD;
}

/* ---- compiling ---- */

static int put_code(lua_State *L, const void *p, size_t n, void *out) {
    (void)L;
    buf_put(out, p, n);
    return ((buf *)out)->failed ? 1 : 0;
}

/* Half of a build is compiling, and hardly anything changes between two: what the generation before has compiled of the
 * same text is used again. Only what was compiled here; scripts cannot load code (sandbox.c). */
static int load_source(lua_State *L, source *s) {
    char name[512];
    buf code = {0};
    snprintf(name, sizeof name, "@%s", s->name);
    if (s->code) return luaL_loadbufferx(L, s->code->bytes, s->code->size, name, "b");
    int status = luaL_loadbufferx(L, s->text, s->size, name, "t");
    if (status == LUA_OK && lua_dump(L, put_code, &code, 0) == 0) source_keep_code(s, code.p, code.n);
    buf_free(&code);
    return status;
}

/* compiled[key] = its function, or the error it cannot be compiled for. */
static void compile(lua_State *L, source *s) {
    if (s->wrong) {
        lua_pushstring(L, s->wrong);
    } else if (load_source(L, s) != LUA_OK) {
        watch *w = generation_of(L)->own->watch;
        if (w && watch_killed(w)) watch_pass(L);
        generation_error(generation_of(L), NULL, 0, "%s", lua_tostring(L, -1));
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &compiled_key);
    lua_insert(L, -2);
    lua_setfield(L, -2, s->key);
    lua_pop(L, 1);
}

static bool is_mod(const char *key) { return strncmp(key, "mods/", 5) == 0; }

static int step_compile(lua_State *L) {
    const generation *g = generation_of(L);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &compiled_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
    for (size_t i = 0; i < g->own->sources->count; i++) {
        source *it = &g->own->sources->list[i];
        if (!it->config && !is_mod(it->key)) compile(L, it); /* what a mod that is off holds is nobody's trouble */
    }
    return 0;
}

/* ---- require ---- */

static bool good_module_name(const char *name) {
    bool start = true;
    if (strlen(name) > 120) return false;
    for (; *name; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                      (*name >= '0' && *name <= '9') || *name == '_' || *name == '-';
        if (*name == '.' ? start : !letter) return false;
        start = *name == '.';
    }
    return !start;
}

/* Pushes the compiled function of module `name` and returns its source, or NULL. */
static const source *find_module(lua_State *L, const char *name) {
    generation *g = generation_of(L);
    char key[160];
    for (int form = 0; form < 2; form++) {
        snprintf(key, sizeof key, "%s", name);
        for (char *p = key; *p; p++) {
            if (*p == '.') *p = '/';
        }
        strcat(key, form ? "/init.lua" : ".lua");
        const source *s = sources_find(g->own->sources, g->engine->options.roots, key, g);
        if (!s) continue;
        lua_rawgetp(L, LUA_REGISTRYINDEX, &compiled_key);
        if (lua_getfield(L, -1, key) == LUA_TNIL) { /* not read in advance: a mod */
            lua_pop(L, 1);
            compile(L, &g->own->sources->list[s - g->own->sources->list]);
            lua_getfield(L, -1, key);
        }
        if (lua_isstring(L, -1)) lua_error(L); /* everyone who needs it says the same */
        lua_remove(L, -2);
        return s;
    }
    return NULL;
}

/* Stack: 1 name, 2 loaded table, 3 the module's value or the error. A module that failed is remembered with its error,
 * so that everyone who needs it says the same. */
static int require_done(lua_State *L, int status, lua_KContext unused) {
    (void)unused;
    if (status != LUA_OK && status != LUA_YIELD) {
        watch *w = generation_of(L)->own->watch;
        if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
        if (watch_killed(w)) return watch_pass(L);
        lua_settop(L, 3);
        lua_createtable(L, 1, 0);
        lua_pushvalue(L, 3);
        lua_rawseti(L, -2, 1);
        lua_pushlightuserdata(L, (void *)&failed_mark);
        lua_rawseti(L, -2, 2);
        lua_setfield(L, 2, lua_tostring(L, 1));
        return lua_error(L);
    }
    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_pushboolean(L, 1);
        lua_replace(L, 3);
    }
    lua_pushvalue(L, 3);
    lua_setfield(L, 2, lua_tostring(L, 1));
    return 1;
}

int sandbox_require(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
    if (lua_getfield(L, 2, name) != LUA_TNIL) {
        if (lua_touserdata(L, 3) == (const void *)&loading_mark) {
            return luaL_error(L, "'%s' is being loaded already: it requires itself, directly or through another file",
                              name);
        }
        if (lua_istable(L, 3) && lua_rawgeti(L, 3, 2) == LUA_TLIGHTUSERDATA &&
            lua_touserdata(L, -1) == (const void *)&failed_mark) {
            lua_rawgeti(L, 3, 1);
            return lua_error(L);
        }
        lua_settop(L, 3);
        return 1;
    }
    lua_settop(L, 2);
    if (!generation_of(L)->loading)
        return luaL_error(L, "require '%s': files are loaded only while scripts load", name);
    if (!good_module_name(name)) return luaL_error(L, "require '%s': not the name of a file below the scripts", name);
    const source *s = find_module(L, name);
    if (!s) return luaL_error(L, "require '%s': there is no such file below the scripts", name);
    lua_pushlightuserdata(L, (void *)&loading_mark);
    lua_setfield(L, 2, name);
    lua_pushvalue(L, 1);
    lua_pushstring(L, s->name);
    generation_state *own = generation_of(L)->own;
    const char *outer = own->loading_key;
    own->loading_key = s->key;
    int status = lua_pcallk(L, 2, 1, 0, 0, require_done); /* nothing waits while scripts load: it returns here */
    own->loading_key = outer;
    return require_done(L, status, 0);
}

bool script_loaded(lua_State *L, const char *module) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
    int type = lua_getfield(L, -1, module);
    lua_remove(L, -2);
    bool failed = type == LUA_TTABLE && lua_rawgeti(L, -1, 2) == LUA_TLIGHTUSERDATA &&
                  lua_touserdata(L, -1) == (const void *)&failed_mark;
    if (type == LUA_TTABLE) lua_pop(L, 1);
    if (type != LUA_TNIL && type != LUA_TLIGHTUSERDATA && !failed) return true;
    lua_pop(L, 1);
    return false;
}

/* ---- the steps after compiling ---- */

static int step_open(lua_State *L) {
    generation *g = generation_of(L);
    sandbox_open(L);
    core_open(L);
    for (const struct script_module *const *m = g->engine->options.modules; m && *m; m++) {
        if (!(*m)->open) continue;
        int top = lua_gettop(L);
        unsigned errors = g->own->error_count;
        int result = (*m)->open(g, L);
        if (result < 0 && g->own->error_count == errors) generation_error(g, NULL, 0, "module %s failed", (*m)->name);
        if (g->own->error_count != errors) return luaL_error(L, "%s", g->own->errors[errors].text);
        lua_settop(L, top);
    }
    sandbox_seal(L);
    return 0;
}

/* mods/<name>/settings.lua, of every mod that is there: what config.lua says of one stays good while it is off. */
static void settings_of_mod(lua_State *L, const source *s) {
    generation *g = generation_of(L);
    char name[80];
    size_t n = strlen(s->key);
    if (s->config || !is_mod(s->key) || n < 19 || strcmp(s->key + n - 13, "/settings.lua") != 0) return;
    if (n - 18 >= sizeof name || memchr(s->key + 5, '/', n - 18)) return;
    snprintf(name, sizeof name, "%.*s", (int)(n - 18), s->key + 5);
    g->own->settings_open = true;
    g->own->settings_mod = name;
    lua_getglobal(L, "require");
    lua_pushfstring(L, "mods.%s.settings", name);
    lua_call(L, 1, 0);
    g->own->settings_open = false;
    g->own->settings_mod = NULL;
}

static int step_settings(lua_State *L) {
    generation *g = generation_of(L);
    lua_settop(L, 0);
    if (sources_find(g->own->sources, g->engine->options.roots, "settings.lua", g)) {
        g->own->settings_open = true;
        lua_getglobal(L, "require");
        lua_pushliteral(L, "settings");
        lua_call(L, 1, 0);
        g->own->settings_open = false;
    }
    for (size_t i = 0; i < g->own->sources->count; i++) settings_of_mod(L, &g->own->sources->list[i]);
    settings_evaluate(g, L);
    return 0;
}

static int step_main(lua_State *L) {
    lua_settop(L, 0);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "main");
    lua_call(L, 1, 0);
    return 0;
}

/* One file that main.lua did not get to, because it failed before: are there more errors? */
static int step_rest(lua_State *L) {
    const char *key = lua_touserdata(L, 1);
    lua_getglobal(L, "require");
    size_t n = strlen(key);
    if (n > 9 && strcmp(key + n - 9, "/init.lua") == 0)
        n -= 9;
    else
        n -= 4;
    lua_pushlstring(L, key, n);
    luaL_gsub(L, lua_tostring(L, -1), "/", ".");
    lua_remove(L, -2);
    lua_call(L, 1, 0);
    return 0;
}

static int find_more_errors(generation *g) {
    /* The list may move and grow while files are loaded: keys are copied. */
    for (size_t i = 0; i < g->own->sources->count; i++) {
        char key[256];
        const source *s = &g->own->sources->list[i];
        if (s->config || is_mod(s->key) || !strchr(s->key, '/') || strlen(s->key) >= sizeof key) continue;
        snprintf(key, sizeof key, "%s", s->key);
        if (run_step(g, step_rest, key) == E_KILLED) break;
    }
    return E_LOAD;
}

static int step_check(lua_State *L) {
    const struct script_module *m = lua_touserdata(L, 1);
    generation *g = generation_of(L);
    unsigned errors = g->own->error_count;
    if (m->check(g) < 0 && g->own->error_count == errors)
        generation_error(g, NULL, 0, "module %s refuses the scripts", m->name);
    return 0;
}

static int step_extend(lua_State *L) {
    const struct script_module *m = lua_touserdata(L, 1);
    m->extend(generation_of(L));
    return 0;
}

/* What can be proved only when everything is there. */
static void prove(generation *g) {
    for (const struct script_module *const *m = g->engine->options.modules; m && *m; m++) {
        if ((*m)->extend && run_step(g, step_extend, (void *)*m) == E_KILLED) return;
    }
    run_step(g, events_check, NULL);
    for (const struct script_module *const *m = g->engine->options.modules; m && *m; m++) {
        if ((*m)->check) run_step(g, step_check, (void *)*m);
    }
    for (unsigned i = 1; i <= checks_count(g); i++) {
        if (run_step(g, check_run, &i) == E_KILLED) break;
    }
}

/* A step goes on in spite of errors as far as it can say more: a broken file hides nothing in another one. */
static int build_steps(generation *g) {
    generation_state *own = g->own;
    if (run_step(g, step_compile, NULL) < 0) return E_LOAD;
    if (run_step(g, step_open, NULL) < 0) return E_LOAD;
    if (run_step(g, step_settings, NULL) < 0) return E_LOAD;
    sources_check(own->sources, own->limits.source, own->limits.sources, g);
    watch_set_limits(own->watch, own->limits.load_us, own->limits.load_us);
    memory_limit(&own->memory, own->limits.memory);
    int result = run_step(g, step_main, NULL);
    if (result == E_KILLED) return E_LOAD;
    if (result < 0) return find_more_errors(g);
    prove(g);
    return own->error_count ? E_LOAD : 0;
}

static int step_forget(lua_State *L) {
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &compiled_key);
    lua_gc(L, LUA_GCCOLLECT);
    lua_gc(L, LUA_GCGEN, 10, 100); /* short-lived tables beside a heap that hardly changes: a third of the cost */
    return 0;
}

int build_generation(generation *g) {
    generation_state *own = g->own;
    char *trace = calloc(1, WATCH_TRACE);
    watch w = {.trace = trace, .press = memory_pressed};
    int result = E_MEMORY;
    if (!own->sources) own->sources = calloc(1, sizeof *own->sources); /* a rollback brings them along */
    if (!trace || !own->sources) goto out;
    result = watch_open(&w, own->limits.load_us, own->limits.load_us);
    if (result < 0) goto out;
    own->watch = own->memory.watch = &w;
    sources_read(own->sources, g->engine->options.roots, g);
    if (g->engine->current) sources_share(own->sources, g->engine->current->own->sources);
    lua_gc(g->L, LUA_GCINC, LOAD_PAUSE, 0, 0);
    result = build_steps(g);
    sources_hash(own->sources, g->hash);
    if (result == 0) result = run_step(g, step_forget, NULL);
    watch_close(&w);
    own->watch = own->memory.watch = NULL;
    g->loading = false;
out:
    free(trace);
    return result;
}
