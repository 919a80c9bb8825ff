/* console.c: the console as a module of the script engine: its part in a generation's life. */
#include "bind/console.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "bind/console_caller.h"
#include "bind/console_set.h"
#include "bind/slots.h"

console_set *console_set_of(const generation *g) { return g->slots[SLOT_CONSOLE]; }

static int console_open(generation *g, lua_State *L) {
    console_set *s = calloc(1, sizeof *s);
    if (!s) return E_MEMORY;
    g->slots[SLOT_CONSOLE] = s;
    arena_init(&s->memory, CONSOLE_SET_MEMORY);
    s->runner_ref = s->completer_ref = s->audit_ref = LUA_NOREF;
    console_declare_open(L);
    console_lists_open(L);
    console_caller_open(L);
    console_tools_open(L);
    return 0;
}

static int console_check(generation *g) {
    console_set_check(console_set_of(g), g);
    return 0;
}

static void console_leave(generation *g) { console_forget_environments(g); }

static void console_close(generation *g) {
    console_set *s = console_set_of(g);
    if (!s) return;
    arena_free(&s->memory);
    free(s->sections), free(s->commands), free(s->words), free(s);
    g->slots[SLOT_CONSOLE] = NULL;
}

const script_module module_console = {
    .name = "console", .open = console_open, .check = console_check, .leave = console_leave, .close = console_close};
