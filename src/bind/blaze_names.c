/* blaze_names.c: reads the name tables of the protocol and looks names up.
 * By name with a binary search; by number with a walk, because only logs and error sentences go that way. */
#include "bind/blaze_names.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct blaze_names {
    arena memory;
    blaze_component *components; /* sorted by name */
    size_t component_count;
    blaze_name_list errors;
};

#define NAMES_MEMORY ((size_t)4 << 20)

blaze_names *blaze_names_new(void) {
    blaze_names *n = calloc(1, sizeof *n);
    if (n) arena_init(&n->memory, NAMES_MEMORY);
    return n;
}

void blaze_names_free(blaze_names *n) {
    if (!n) return;
    arena_free(&n->memory);
    free(n);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const blaze_name *)a)->name, ((const blaze_name *)b)->name);
}

static int compare_components(const void *a, const void *b) {
    return strcmp(((const blaze_component *)a)->name, ((const blaze_component *)b)->name);
}

static size_t count_entries(lua_State *L, int index) {
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
    return count;
}

/* Appends the name → number table at `index` to *list. `where` says whose table it is, for the sentence. */
static int read_list(lua_State *L, int index, arena *memory, uint16_t component, const char *where,
                     blaze_name_list *list, fault *f) {
    if (!lua_istable(L, index)) return fault_set(f, E_ARGUMENT, "%s must be a table of names and numbers", where);
    size_t more = count_entries(L, index);
    blaze_name *names = arena_new(memory, (list->count + more + 1) * sizeof *names);
    if (!names) return fault_set(f, E_MEMORY, "no memory for the names of %s", where);
    if (list->count) memcpy(names, list->by_name, list->count * sizeof *names);
    size_t n = list->count;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0 ||
            lua_tointeger(L, -1) > 0xffff)
            return fault_set(f, E_ARGUMENT, "%s: each entry must be name = number from 0 to 65535", where);
        size_t length;
        const char *name = lua_tolstring(L, -2, &length);
        names[n] = (blaze_name){arena_text(memory, name, length), (uint16_t)lua_tointeger(L, -1), component};
        if (!names[n].name) return fault_set(f, E_MEMORY, "no memory for the names of %s", where);
        n++;
    }
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1].name, names[i].name) == 0)
            return fault_set(f, E_EXISTS, "%s: the name '%s' is there twice", where, names[i].name);
    *list = (blaze_name_list){names, n};
    return 0;
}

static blaze_component *add_component(blaze_names *n, const char *name, uint16_t id) {
    blaze_component *all = arena_new(&n->memory, (n->component_count + 1) * sizeof *all);
    char *text = arena_text(&n->memory, name, strlen(name));
    if (!all || !text) return NULL;
    if (n->component_count) memcpy(all, n->components, n->component_count * sizeof *all);
    all[n->component_count++] = (blaze_component){.name = text, .id = id};
    qsort(all, n->component_count, sizeof *all, compare_components);
    n->components = all;
    return (blaze_component *)blaze_component_named(n, name);
}

static int read_component(lua_State *L, blaze_names *n, const char *name, int index, fault *f) {
    if (!lua_istable(L, index) || lua_getfield(L, index, "id") != LUA_TNUMBER || !lua_isinteger(L, -1) ||
        lua_tointeger(L, -1) <= 0 || lua_tointeger(L, -1) > 0xffff)
        return fault_set(f, E_ARGUMENT, "components.%s must be { id = 1…65535, commands = {…}, notifications = {…} }",
                         name);
    uint16_t id = (uint16_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    blaze_component *c = (blaze_component *)blaze_component_named(n, name);
    const blaze_component *same = blaze_component_numbered(n, id);
    if (same && same != c)
        return fault_set(f, E_EXISTS, "components.%s has the id %u of %s", name, (unsigned)id, same->name);
    if (!c) c = add_component(n, name, id);
    if (!c) return fault_set(f, E_MEMORY, "no memory for component %s", name);
    static const char *const parts[] = {"commands", "notifications"};
    for (int i = 0; i < 2; i++) {
        char where[128];
        snprintf(where, sizeof where, "components.%s.%s", name, parts[i]);
        if (lua_getfield(L, index, parts[i]) != LUA_TNIL) {
            blaze_name_list *list = i ? &c->notifications : &c->commands;
            int code = read_list(L, lua_gettop(L), &n->memory, id, where, list, f);
            if (code < 0) return code;
        }
        lua_pop(L, 1);
    }
    return 0;
}

static int read_errors(lua_State *L, blaze_names *n, const char *owner, int index, fault *f) {
    /* The tables also name errors of the client's own and of components that are not there: no frame has such an id. */
    const blaze_component *c = blaze_component_named(n, owner);
    uint16_t id = strcmp(owner, "Global") == 0 ? BLAZE_GLOBAL : c ? c->id : UINT16_MAX;
    char where[128];
    snprintf(where, sizeof where, "errors.%s", owner);
    return read_list(L, index, &n->memory, id, where, &n->errors, f);
}

static int read_part(lua_State *L, int index, blaze_names *n, const char *part,
                     int (*read)(lua_State *, blaze_names *, const char *, int, fault *), fault *f) {
    if (lua_getfield(L, index, part) == LUA_TNIL) return 0;
    int table = lua_gettop(L);
    if (!lua_istable(L, table)) return fault_set(f, E_ARGUMENT, "mu.protocol: '%s' must be a table", part);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return fault_set(f, E_ARGUMENT, "mu.protocol: '%s' must be a table by name", part);
        int code = read(L, n, lua_tostring(L, -2), lua_gettop(L), f);
        if (code < 0) return code;
    }
    return 0;
}

int blaze_names_read(lua_State *L, int index, blaze_names *n, fault *f) {
    luaL_checkstack(L, 12, "mu.protocol");
    int top = lua_gettop(L);
    index = lua_absindex(L, index);
    int code = read_part(L, index, n, "components", read_component, f);
    if (code == 0) code = read_part(L, index, n, "errors", read_errors, f);
    lua_settop(L, top);
    return code;
}

const blaze_component *blaze_component_named(const blaze_names *n, const char *name) {
    blaze_component key = {.name = name};
    if (!n->component_count) return NULL;
    return bsearch(&key, n->components, n->component_count, sizeof key, compare_components);
}

const blaze_component *blaze_component_numbered(const blaze_names *n, uint16_t id) {
    for (size_t i = 0; i < n->component_count; i++)
        if (n->components[i].id == id) return &n->components[i];
    return NULL;
}

const blaze_component *blaze_component_at(const blaze_names *n, size_t i) {
    return i < n->component_count ? &n->components[i] : NULL;
}

const blaze_name *blaze_name_find(const blaze_name_list *list, const char *name) {
    blaze_name key = {.name = name};
    return list->count ? bsearch(&key, list->by_name, list->count, sizeof key, compare_names) : NULL;
}

const char *blaze_name_of(const blaze_name_list *list, uint16_t number) {
    for (size_t i = 0; i < list->count; i++)
        if (list->by_name[i].number == number) return list->by_name[i].name;
    return NULL;
}

const blaze_name *blaze_error_named(const blaze_names *n, const char *name) {
    return blaze_name_find(&n->errors, name);
}

const blaze_name_list *blaze_names_errors(const blaze_names *n) { return &n->errors; }

const char *blaze_error_name(const blaze_names *n, uint16_t component, uint16_t code) {
    const char *global = NULL;
    for (size_t i = 0; i < n->errors.count; i++) {
        const blaze_name *e = &n->errors.by_name[i];
        if (e->number != code) continue;
        if (e->component == component) return e->name;
        if (e->component == BLAZE_GLOBAL) global = e->name;
    }
    return global;
}

const char *blaze_message_name(const blaze_names *n, uint16_t component, uint16_t command, int notification, char *out,
                               size_t room) {
    const blaze_component *c = blaze_component_numbered(n, component);
    const char *name = c ? blaze_name_of(notification ? &c->notifications : &c->commands, command) : NULL;
    const char *kind = notification ? "notification" : "command";
    if (name)
        snprintf(out, room, "%s.%s", c->name, name);
    else if (c)
        snprintf(out, room, "%s, unknown %s 0x%02X", c->name, kind, command);
    else
        snprintf(out, room, "unknown component 0x%04X, %s 0x%02X", component, kind, command);
    return out;
}
