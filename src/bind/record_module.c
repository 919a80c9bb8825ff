/* record_module.c: records in the life of a generation: open, check the declarations, change the layouts at the swap.
 */
#include <lauxlib.h>
#include <stdlib.h>

#include "base/log.h"
#include "bind/record_private.h"
#include "bind/server.h"
#include "script/declare.h"

static void complain(lua_State *L, const char *sentence) { generation_error_here(L, "%s", sentence); }

static int open_records(generation *g, lua_State *L) {
    server *s = engine_server(g->engine);
    if (!s || !s->records) {
        generation_error(g, NULL, 0, "this program has no records");
        return E_LOAD;
    }
    record_state *state = record_state_new(L, s->records);
    g->slots[SLOT_RECORD] = state;
    state->complain = complain;
    state->methods = script_methods;
    state->where = generation_where;
    script_declare(L, record_functions, record_function_count);
    record_list_functions();
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushliteral(L, "mu");
    lua_rawget(L, -2); /* made by script_declare; sealed tables are written raw */
    record_open_types(L, state);
    lua_pop(L, 2);
    return 0;
}

static void tell(void *context, const declared *d, const char *sentence) {
    generation_error(context, d && d->file[0] ? d->file : NULL, d ? d->line : 0, "%s", sentence);
}

static int check_records(generation *g) { return record_check_declared(g->slots[SLOT_RECORD], tell, g); }

/* The plan was fine when it was checked and nothing has changed since, so only memory can fail here. The kinds that did
 * not get their new layout keep the old one; reading a field they do not have is then a clear error in the scripts. */
static void enter_records(generation *g) {
    fault f = {0};
    if (record_apply_declared(g->slots[SLOT_RECORD], &f) < 0) log_error("records", "%s", f.text);
}

static void close_records(generation *g) {
    record_state_free(g->slots[SLOT_RECORD]);
    g->slots[SLOT_RECORD] = NULL;
}

const script_module module_record = {
    .name = "record", .open = open_records, .check = check_records, .enter = enter_records, .close = close_records};
