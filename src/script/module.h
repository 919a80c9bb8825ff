/* module.h: how a bind file joins a generation's life.
 *
 *     static int timer_open(generation *g, lua_State *L) { return script_declare(L, functions, COUNT); }
 *     const script_module module_timer = {.name = "timer", .open = timer_open, .check = timer_check, …};
 *
 * Life: open → (scripts run) → extend → check → [enter → … → leave] → close. A build that fails goes from any step to
 * close. Any function may be NULL. At a swap every leave(old) runs before the first enter(new). */
#ifndef SCRIPT_MODULE_H
#define SCRIPT_MODULE_H

#include "script/generation.h"

typedef struct script_module {
    const char *name;
    /* Building thread, protected, before any script: install functions. 0 or a negative code (with generation_error).
     */
    int (*open)(generation *g, lua_State *L);
    /* Building thread, protected, after main.lua ran and before any check: declares more, as scripts do (mods). 0 or a
     * negative code. */
    int (*extend)(generation *g);
    /* Building thread, protected, after that: compile, compare, generation_error(). 0 or a negative code. The
     * live objects of the loop thread may not be read here but for what only `enter` changes: builds and swaps never
     * overlap. */
    int (*check)(generation *g);
    void (*enter)(generation *g); /* loop thread: the generation becomes the current one */
    void (*leave)(generation *g); /* loop thread: another one becomes current; tasks may still be in flight */
    void (*close)(generation *g); /* any thread: g->L is already closed (NULL); free what the slot holds */
} script_module;

#endif
