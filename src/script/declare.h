/* declare.h: every function that C gives to Lua is declared once, as data.
 *
 * Argument checks, help, editor stubs and the manual are all derived from the declaration.
 *
 *     static int random_bytes(lua_State *L) { lua_Integer n = lua_tointeger(L, 1); … }        // already checked
 *     static const script_function functions[] = {{
 *         .name = "mu.crypto.random", .params = "count: integer", .returns = "string",
 *         .text = "count random bytes", .errors = "count out of 1 … 1024", .example = "#mu.crypto.random(16) == 16",
 *         .since = "0.1", .call = random_bytes}};
 *     script_declare(L, functions, 1);
 *
 * params: "name: type" separated by ", "; types any nil boolean integer number string table function record userdata,
 * alternatives a|b; a trailing ? makes it optional: "seconds?: number" or "seconds: number?"; a last "...: any" takes
 * the rest. Too many arguments are an error unless there is "...". `integer` takes floats with an exact whole value and
 * makes them integers; nothing is converted between numbers and strings.
 *
 * returns: types as the Lua language server writes them, separated by ", ": those of params, names of the classes that
 * have methods ("session", "kind"), "T[]", "T?" for what may be nil, "fun(name: T): T", "...any"; "" or NULL = nothing.
 *
 * example: an expression that holds, or statements that do not fail; every one is run (tests/plays/examples.lua says in
 * which world, by the flags). text, errors: plain English. since: the version that brought it. */
#ifndef SCRIPT_DECLARE_H
#define SCRIPT_DECLARE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    SCRIPT_SUSPENDS = 1,  /* may suspend the task: refused where nothing may suspend, naming the place */
    SCRIPT_LOAD_ONLY = 2, /* only while scripts load */
    SCRIPT_RUN_ONLY = 4,  /* only in a task, never while scripts load (SUSPENDS implies it) */
    SCRIPT_TEST = 8,      /* only in the runner of tests */
    SCRIPT_VALUE = 16,    /* no function but a value of the type `returns` */
};

typedef struct script_function {
    const char *name; /* "mu.crypto.random", or a method of a record kind: "session:notify" (self is not in params) */
    const char *params, *returns, *text, *errors, *example, *since;
    unsigned flags;
    lua_CFunction call; /* arguments from index 1 (a method: self at 1), already checked; no upvalues */
} script_function;

/* Installs each function below the global it names (tables are made as needed), behind its checks. A method goes into
 * the table of script_methods(kind). The list must be static. Returns 0; raises on memory. In a module's open only. */
int script_declare(lua_State *L, const script_function *list, size_t count);

/* Adds to the list what is installed elsewhere and checks its arguments itself (`call` is not used). Static, once. */
void script_list(const script_function *list, size_t count);

/* Pushes the checked function alone, for whoever places it himself. */
void script_push_function(lua_State *L, const script_function *f);
/* The same with the value on top of the stack (popped), which the call finds at lua_upvalueindex(2). *f stays. */
void script_push_closure(lua_State *L, const script_function *f);

/* Is this text of params, which a script wrote, one that cannot be read? Then the sentence is in text. */
bool script_params_wrong(const char *params, char *text, size_t size);

/* Pushes the table name → checked function of the methods declared for a kind, made when missing. */
void script_methods(lua_State *L, const char *kind);

/* Every declaration of the process, in order of first registration; NULL past the end. Any thread. */
const script_function *script_declared(size_t i);

#endif
