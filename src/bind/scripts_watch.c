/* scripts_watch.c: a file is saved, the scripts are built anew and swapped in. See scripts_watch.h.
 *
 * Editors save in several steps and people save several files at once, so a build begins when nothing has been saved
 * for a moment, or at the latest a second after the first. It swaps only when what is on the disk differs from what
 * runs, so a rollback stays in force until something is saved. A build that fails tells its errors once and changes
 * nothing; the next save tries again. */
#include "bind/scripts_watch.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/scripts.h"
#include "bind/server.h"
#include "net/folder_watch.h"

#define QUIET_US 150000
#define MOST_US  1000000

static struct {
    server *server;
    folder_watch *files;
    loop_timer timer;
    int64_t first_us; /* when the first of the saves that wait for a build was */
    unsigned saves;
    char name[120]; /* what was saved last, as people call it */
    char why[160];
    bool wanted;
} me;

static bool is_ours(const char *path) {
    const engine_options *o = engine_get_options(me.server->engine);
    size_t n = strlen(path);
    for (const char *const *c = o->config_files; c && *c; c++) {
        if (strcmp(*c, path) == 0) return true;
    }
    for (const script_root *r = o->roots; r && r->path; r++) {
        if (strcmp(r->path, path) == 0) return true;
    }
    const char *dot = strrchr(path, '.');
    return (n > 4 && strcmp(path + n - 4, ".lua") == 0) || !dot || dot < strrchr(path, '/'); /* a script, or a folder */
}

static void name_it(const char *path) {
    const engine_options *o = engine_get_options(me.server->engine);
    for (const script_root *r = o->roots; r && r->path; r++) {
        size_t n = strlen(r->path);
        if (strncmp(r->path, path, n) != 0 || path[n] != '/') continue;
        snprintf(me.name, sizeof me.name, "%s%.100s", r->label, path + n);
        return;
    }
    const char *slash = strrchr(path, '/');
    snprintf(me.name, sizeof me.name, "%.100s", slash ? slash + 1 : path);
}

static void build(void *ctx) {
    (void)ctx;
    snprintf(me.why, sizeof me.why, me.saves > 1 ? "%s and others were saved" : "%s was saved", me.name);
    me.saves = 0;
    scripts_change(me.server, ENGINE_RELOAD_NEW, me.why, NULL, NULL);
}

static void saved(void *ctx, const char *path) {
    int64_t now = clock_mono_us(), delay = QUIET_US;
    (void)ctx;
    if (!is_ours(path)) return;
    char before[sizeof me.name];
    memcpy(before, me.name, sizeof before);
    name_it(path);
    log_debug("scripts", "noticed: %s", path);
    if (!me.saves) me.first_us = now;
    if (!me.saves || strcmp(before, me.name) != 0) me.saves++;
    if (now + delay > me.first_us + MOST_US) delay = me.first_us + MOST_US - now;
    loop_timer_start(me.server->loop, &me.timer, delay > 0 ? delay : 0, 0, build, NULL);
}

static void stop(void) {
    folder_watch_free(me.files);
    me.files = NULL;
    me.saves = 0;
    loop_timer_stop(&me.timer);
}

static int watch_all(fault *f) {
    const engine_options *o = engine_get_options(me.server->engine);
    int code = 0;
    for (const script_root *r = o->roots; code == 0 && r && r->path; r++)
        code = folder_watch_folder(me.files, r->path, f);
    for (const char *const *c = o->config_files; code == 0 && c && *c; c++)
        if (**c) code = folder_watch_file(me.files, *c, f);
    return code;
}

/* As wanted, once the loop is there to do it. */
static void adjust(void) {
    fault f = {0};
    if (!me.server || me.wanted == (me.files != NULL)) return;
    if (!me.wanted) {
        stop();
        return;
    }
    me.files = folder_watch_new(me.server->loop, saved, NULL, &f);
    if (me.files && watch_all(&f) == 0) return;
    log_warn("scripts", "%s: scripts are not reloaded when they are saved, but by SIGHUP and from the console", f.text);
    stop();
}

void scripts_watch_start(server *s) {
    me.server = s;
    adjust();
}

void scripts_watch_stop(void) {
    if (!me.server) return;
    stop();
    me.server = NULL;
}

int scripts_watch_read(generation *g) {
    lua_State *L = g->L;
    int top = lua_gettop(L);
    bool on = false;
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") == LUA_TTABLE && lua_getfield(L, -1, "scripts") == LUA_TTABLE) {
        lua_getfield(L, -1, "auto_reload");
        on = lua_toboolean(L, -1);
    }
    g->slots[SLOT_SCRIPTS] = on ? g : NULL;
    lua_settop(L, top);
    return 0;
}

void scripts_watch_follow(const generation *g) {
    me.wanted = g->slots[SLOT_SCRIPTS] != NULL;
    adjust();
}

bool scripts_watched(void) { return me.files != NULL; }
