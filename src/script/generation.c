/* generation.c: the life of one generation around its Lua state. */
#include "script/state.h"
#include "base/check.h"
#include "base/log.h"
#include "base/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int on_panic(lua_State *L) {
    /* Reached only by a call into Lua that is not protected: a fault of ours, not of a script. */
    const char *text = lua_tostring(L, -1);
    log_error("script", "unprotected error in Lua: %s", text ? text : "?");
    return 0;
}

generation *generation_new(engine *e, uint32_t number, fault *f) {
    generation *g = calloc(1, sizeof *g);
    generation_state *own = calloc(1, sizeof *own);
    if (!g || !own) goto fail;
    g->own = own;
    g->engine = e;
    g->number = number;
    g->loading = true;
    own->handlers_ref = own->spawned_ref = own->checks_ref = LUA_NOREF;
    settings_limits_default(&own->limits);
    memory_limit(&own->memory, own->limits.memory);
    g->L = lua_newstate(memory_alloc, &own->memory);
    if (!g->L) goto fail;
    lua_atpanic(g->L, on_panic);
    *(generation **)lua_getextraspace(g->L) = g;
    return g;
fail:
    if (own) memory_free(&own->memory);
    free(own), free(g);
    fault_set(f, E_MEMORY, "no memory for a Lua state");
    return NULL;
}

void generation_free(generation *g) {
    generation_state *own = g->own;
    const struct script_module *const *modules = g->engine->options.modules;
    own->memory.soft = own->memory.limit = (size_t)-1;
    own->memory.watch = NULL;
    lua_close(g->L);
    memory_free(&own->memory);
    g->L = NULL;
    for (; modules && *modules; modules++) {
        if ((*modules)->close) (*modules)->close(g);
    }
    for (unsigned i = 0; i < own->error_count; i++) free(own->errors[i].text);
    if (own->sources) sources_free(own->sources);
    events_free(own);
    free(own->sources), free(own->errors), free(own->idle), free(own), free(g);
}

void generation_hold(generation *g) { g->own->refs++; }
void generation_drop(generation *g) { generation_unref(g); }

int generation_protect(generation *g, lua_CFunction fn, void *data) {
    lua_State *L = g->L;
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, data);
    int status = lua_pcall(L, 1, 0, 0);
    if (status == LUA_OK) return 0;
    lua_pop(L, 1);
    return status == LUA_ERRMEM ? E_MEMORY : E_SCRIPT;
}

/* ---- load errors ---- */

#define ERRORS_MAX 200

static void add_error(generation *g, const char *text) {
    generation_state *own = g->own;
    for (unsigned i = 0; i < own->error_count; i++) {
        if (strcmp(own->errors[i].text, text) == 0) return; /* a module that several others need fails once */
    }
    if (own->error_count >= ERRORS_MAX) return;
    if (own->error_count == own->error_room) {
        load_error *errors = script_grow(own->errors, &own->error_room, sizeof *errors);
        if (!errors) return;
        own->errors = errors;
    }
    char *copy = strdup(text);
    if (copy) own->errors[own->error_count++].text = copy;
}

static void add_error_v(generation *g, const char *file, int line, const char *format, va_list arguments) {
    char text[1024];
    int n = 0;
    if (file && line > 0)
        n = snprintf(text, sizeof text, "%s:%d: ", file, line);
    else if (file)
        n = snprintf(text, sizeof text, "%s: ", file);
    if (n < 0 || (size_t)n >= sizeof text) n = 0;
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    add_error(g, text);
}

void generation_error(generation *g, const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_error_v(g, file, line, format, arguments);
    va_end(arguments);
}

void generation_error_here(lua_State *L, const char *format, ...) {
    char file[LUA_IDSIZE];
    int line = generation_where(L, file, sizeof file);
    va_list arguments;
    va_start(arguments, format);
    add_error_v(generation_of(L), line ? file : NULL, line, format, arguments);
    va_end(arguments);
}

int generation_where(lua_State *L, char *file, size_t size) {
    lua_Debug ar;
    file[0] = 0;
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0) continue;
        snprintf(file, size, "%s", ar.short_src);
        return ar.currentline;
    }
    return 0;
}

char *generation_errors_text(const generation *g) {
    const generation_state *own = g->own;
    size_t size = 1;
    for (unsigned i = 0; i < own->error_count; i++) size += strlen(own->errors[i].text) + 1;
    char *text = malloc(size), *at = text;
    if (!text) return NULL;
    *at = 0;
    for (unsigned i = 0; i < own->error_count; i++) { at += sprintf(at, "%s%s", i ? "\n" : "", own->errors[i].text); }
    return text;
}

/* ---- small services of the headers ---- */

int generation_ref(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }

const char *script_nearest(const char *word, const char *const *names, size_t count) {
    suggestion near = suggest_begin(word);
    for (size_t i = 0; i < count; i++) suggest_offer(&near, names[i]);
    return near.best;
}

int generation_entry_lines(lua_State *L, const char *word, char *file, size_t size, int *lines, int most) {
    generation *g = generation_of(L);
    file[0] = 0;
    if (!g->loading || !g->own->sources || !g->own->loading_key) return 0;
    const source *s = sources_find(g->own->sources, g->engine->options.roots, g->own->loading_key, g);
    if (!s) return 0;
    snprintf(file, size, "%s", s->name);
    return source_entry_lines(s, word, lines, most);
}
