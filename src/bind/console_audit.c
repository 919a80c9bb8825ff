/* console_audit.c: a command that changes something and was ended on its way (Ctrl-C, its caller has gone, a limit) may
 * have changed it all the same: it goes on record, too. Commands that end by themselves are recorded by the script that
 * runs them (scripts/console/run.lua). */
#include "bind/console_caller.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "script/task.h"

typedef struct ended {
    char who[64], what[CONSOLE_NAME_MAX + 1], detail[1200];
} ended;

static int push_ended(lua_State *L, void *ctx) {
    const ended *e = ctx;
    lua_pushstring(L, e->who);
    lua_pushstring(L, e->what);
    lua_pushstring(L, e->detail);
    return 3;
}

static void ended_told(void *ctx, const fault *why) {
    ended *e = ctx;
    if (why) log_error("console", "the audit log could not be told of %s: %s %s", e->who, e->what, e->detail);
    free(e);
}

void console_audit_ended(engine *e, const char *who, const console_call *call, const char *outcome) {
    const console_set *s = console_set_of(engine_current(e));
    const char *rest = call->loggable;
    size_t name = strlen(call->command->name);
    if (strncmp(rest, call->command->name, name) == 0) rest += name;
    rest += strspn(rest, " ");
    ended *told = calloc(1, sizeof *told);
    if (!told) return;
    snprintf(told->who, sizeof told->who, "%s", who);
    snprintf(told->what, sizeof told->what, "%s", call->command->name);
    snprintf(told->detail, sizeof told->detail, "%.1000s%s(ended: %.150s)", rest, *rest ? " " : "", outcome);
    if (s->audit_ref == LUA_NOREF) {
        log_info("console", "audit: %s: %s %s", told->who, told->what, told->detail);
        free(told);
        return;
    }
    task_call task = {.generation = engine_current(e),
                      .function_ref = s->audit_ref,
                      .what = "console: audit",
                      .push = push_ended,
                      .done = ended_told,
                      .ctx = told};
    task_start(e, &task);
}
