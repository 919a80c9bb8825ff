/* metric.c: mu.metric: a script declares a counter or a gauge and counts on it.
 *
 *     local refused = mu.metric "limits_refused" { type = "counter", labels = { "limit" }, text = "…" }
 *     refused:add(1, { limit = "login" })
 *
 * A generation keeps the declarations and, once it is in use, where each family's numbers are; the numbers themselves
 * are the process's (metric_values.h), so they outlive a reload. A handler of an older generation whose metric has
 * meanwhile become another counts on nothing. */
#include "bind/metric.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/suggest.h"
#include "bind/metric_values.h"
#include "bind/metrics_list.h"
#include "bind/server.h"
#include "script/declare.h"

#define METRIC_META "mu.metric"

typedef struct entry {
    metric_declared about;
    metric_family *family; /* NULL until the generation is in use */
    unsigned version;
} entry;

typedef struct metric_set {
    entry *entries[METRIC_FAMILIES_MAX]; /* each stays where it is: handles in Lua point to it */
    unsigned count;
} metric_set;

/* -- counting ----------------------------------------------------------------------------------------------------- */

static entry *self(lua_State *L) { return *(entry **)luaL_checkudata(L, 1, METRIC_META); }

static metric_family *family_of(const entry *e) {
    return e->family && metric_values_version(e->family) == e->version ? e->family : NULL;
}

static int unknown_label(lua_State *L, const metric_declared *about) {
    char also[80];
    const char *name = luaL_tolstring(L, -2, NULL);
    suggestion s = suggest_begin(name);
    for (unsigned i = 0; i < about->labels; i++) suggest_offer(&s, about->label[i]);
    return luaL_error(L, "the metric %s has no label '%s'%s", about->name, name, suggest_text(&s, also, sizeof also));
}

/* The values of the table at `index`, in the order of the declaration; the texts stay on the stack. */
static void read_labels(lua_State *L, const metric_declared *about, int index, const char **values) {
    unsigned given = 0;
    if (lua_istable(L, index)) {
        for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) given++;
    }
    for (unsigned i = 0; i < about->labels; i++) {
        if (!lua_istable(L, index) || lua_getfield(L, index, about->label[i]) == LUA_TNIL)
            luaL_error(L, "the metric %s needs the label '%s'", about->name, about->label[i]);
        values[i] = luaL_tolstring(L, -1, NULL);
    }
    if (given == about->labels) return;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        bool known = false;
        for (unsigned i = 0; i < about->labels; i++) {
            known = known || (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), about->label[i]) == 0);
        }
        if (!known) unknown_label(L, about);
    }
}

static double amount_at(lua_State *L, int index, const metric_declared *about, double missing) {
    double amount = luaL_optnumber(L, index, missing);
    if (!isfinite(amount)) luaL_error(L, "the metric %s: %f is no number to count with", about->name, amount);
    return amount;
}

static int metric_add(lua_State *L) {
    const entry *e = self(L);
    const char *values[METRIC_LABELS_MAX];
    lua_settop(L, 3);
    double amount = amount_at(L, 2, &e->about, 1);
    if (e->about.type == METRIC_COUNTER && amount < 0)
        return luaL_error(L, "the metric %s is a counter: it never goes down", e->about.name);
    read_labels(L, &e->about, 3, values);
    metric_family *f = family_of(e);
    if (f && metric_values_add(f, values, amount) < 0) return luaL_error(L, "metrics: out of memory");
    return 0;
}

static int metric_set_value(lua_State *L) {
    const entry *e = self(L);
    const char *values[METRIC_LABELS_MAX];
    lua_settop(L, 3);
    if (e->about.type == METRIC_COUNTER)
        return luaL_error(L, "the metric %s is a counter: it is only added to", e->about.name);
    double amount = amount_at(L, 2, &e->about, 0);
    read_labels(L, &e->about, 3, values);
    metric_family *f = family_of(e);
    if (f && metric_values_set(f, values, amount) < 0) return luaL_error(L, "metrics: out of memory");
    return 0;
}

static void push_amount(lua_State *L, double amount) {
    lua_Integer whole;
    if (lua_numbertointeger(amount, &whole) && (lua_Number)whole == amount)
        lua_pushinteger(L, whole);
    else
        lua_pushnumber(L, amount);
}

static int metric_value(lua_State *L) {
    const entry *e = self(L);
    const char *values[METRIC_LABELS_MAX];
    double amount = 0;
    lua_settop(L, 2);
    read_labels(L, &e->about, 2, values);
    const metric_family *f = family_of(e);
    if (f) metric_values_get(f, values, &amount);
    push_amount(L, amount);
    return 1;
}

typedef struct listing {
    lua_State *L;
    const metric_declared *about;
    lua_Integer n;
} listing;

static void list_one(void *ctx, const char *values, double amount) {
    listing *l = ctx;
    lua_createtable(l->L, 0, 2);
    push_amount(l->L, amount);
    lua_setfield(l->L, -2, "value");
    lua_createtable(l->L, 0, (int)l->about->labels);
    for (unsigned i = 0; i < l->about->labels; i++, values += strlen(values) + 1) {
        lua_pushstring(l->L, values);
        lua_setfield(l->L, -2, l->about->label[i]);
    }
    lua_setfield(l->L, -2, "labels");
    lua_rawseti(l->L, -2, ++l->n);
}

static int metric_values(lua_State *L) {
    const entry *e = self(L);
    const metric_family *f = family_of(e);
    listing l = {L, &e->about, 0};
    lua_newtable(L);
    if (f) metric_values_each(f, list_one, &l);
    return 1;
}

static int metric_text(lua_State *L) {
    const entry *e = self(L);
    lua_pushfstring(L, "%s %s", e->about.type == METRIC_COUNTER ? "counter" : "gauge", e->about.name);
    return 1;
}

/* -- declaring ---------------------------------------------------------------------------------------------------- */

static bool plain_name(const char *name, size_t most) {
    size_t n = strlen(name);
    return n && n <= most && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n && !strstr(name, "__") && name[n - 1] != '_';
}

static bool ends_in(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* Is murelay_<name> a family of the server's own? */
static bool reserved(const char *name) {
    char full[METRIC_NAME_MAX + 16];
    snprintf(full, sizeof full, "murelay_%s", name);
    for (int i = 0; i < M_COUNT_; i++) {
        if (strcmp(metrics_info(i)->name, full) == 0) return true;
    }
    for (int i = 0; i < COUNTER_COUNT_; i++) {
        if (strcmp(counter_info(i)->name, name) == 0) return true;
    }
    return false;
}

static void check_name(lua_State *L, const metric_set *set, const char *name) {
    static const char *const ends[] = {"_total", "_created", "_count", "_sum", "_bucket", "_info", "_gcount", "_gsum"};
    if (!plain_name(name, METRIC_NAME_MAX))
        luaL_error(L, "mu.metric: a name has 1 to %d of a-z, 0-9 and _, the first a letter; not '%s'", METRIC_NAME_MAX,
                   name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends_in(name, ends[i]))
            luaL_error(L, "mu.metric \"%s\": the ending %s is the page's own; leave it out", name, ends[i]);
    }
    if (reserved(name)) luaL_error(L, "mu.metric \"%s\": the server itself has a metric murelay_%s", name, name);
    for (unsigned i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i]->about.name, name) == 0) luaL_error(L, "mu.metric \"%s\" is declared twice", name);
    }
    if (set->count == METRIC_FAMILIES_MAX) luaL_error(L, "mu.metric: more than %d metrics", METRIC_FAMILIES_MAX);
}

static void check_keys(lua_State *L, const char *name) {
    static const char *const keys[] = {"type", "labels", "text"};
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        bool known = false;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        suggestion s = suggest_begin(key);
        char also[80];
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            known = known || strcmp(key, keys[i]) == 0;
            suggest_offer(&s, keys[i]);
        }
        if (!known)
            luaL_error(L, "mu.metric \"%s\": there is no key '%s'%s", name, luaL_tolstring(L, -2, NULL),
                       suggest_text(&s, also, sizeof also));
    }
}

static void read_type(lua_State *L, metric_declared *d) {
    lua_getfield(L, 1, "type");
    const char *type = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0)
        luaL_error(L, "mu.metric \"%s\": type must be \"counter\" or \"gauge\"", d->name);
    d->type = *type == 'c' ? METRIC_COUNTER : METRIC_GAUGE;
    lua_getfield(L, 1, "text");
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!*text || strlen(text) > METRIC_TEXT_MAX)
        luaL_error(L, "mu.metric \"%s\": text says in 1 to %d bytes what is counted", d->name, METRIC_TEXT_MAX);
    strcpy(d->text, text);
    lua_pop(L, 2);
}

static void read_label_names(lua_State *L, metric_declared *d) {
    int type = lua_getfield(L, 1, "labels");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "mu.metric \"%s\": labels is a list of names, not a %s", d->name, lua_typename(L, type));
    for (lua_Integer i = 1; type == LUA_TTABLE && lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        const char *label = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (!plain_name(label, METRIC_LABEL_MAX) || strcmp(label, "le") == 0)
            luaL_error(L, "mu.metric \"%s\": a label has 1 to %d of a-z, 0-9 and _, the first a letter; not '%s'",
                       d->name, METRIC_LABEL_MAX, luaL_tolstring(L, -1, NULL));
        for (unsigned k = 0; k < d->labels; k++) {
            if (strcmp(d->label[k], label) == 0) luaL_error(L, "mu.metric \"%s\": '%s' twice", d->name, label);
        }
        if (d->labels == METRIC_LABELS_MAX)
            luaL_error(L, "mu.metric \"%s\": more than %d labels", d->name, METRIC_LABELS_MAX);
        strcpy(d->label[d->labels++], label);
    }
}

/* The table { type =, labels =, text = } after mu.metric "name". */
static int declare_rest(lua_State *L) {
    metric_set *set = generation_of(L)->slots[SLOT_METRICS];
    metric_declared d;
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    if (!generation_of(L)->loading) return luaL_error(L, "mu.metric: metrics are declared while scripts load");
    if (lua_type(L, 1) != LUA_TTABLE)
        return luaL_error(L, "mu.metric \"%s\": expected { type =, labels =, text = }", name);
    memset(&d, 0, sizeof d);
    check_name(L, set, name);
    strcpy(d.name, name);
    check_keys(L, name);
    read_type(L, &d);
    read_label_names(L, &d);
    entry **box = lua_newuserdatauv(L, sizeof *box, 0);
    entry *e = calloc(1, sizeof *e);
    if (!e) return luaL_error(L, "mu.metric: out of memory");
    e->about = d;
    *box = set->entries[set->count++] = e;
    luaL_setmetatable(L, METRIC_META);
    return 1;
}

static int declare_metric(lua_State *L) {
    size_t n;
    const char *name = lua_tolstring(L, 1, &n);
    if (strlen(name) != n) return luaL_error(L, "mu.metric: a name has no byte 0");
    lua_settop(L, 1);
    lua_pushcclosure(L, declare_rest, 1);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.metric",
     .params = "name: string",
     .returns = "fun(declaration: table): mu.metric",
     .text =
         "declares a number for /metrics: mu.metric \"name\" { type = \"counter\" or \"gauge\", labels = { \"label\" "
         "}, text = \"what is counted\" } returns it; it is shown as murelay_name and keeps its values through "
         "reloads as long as type and labels stay the same; at most 500 combinations of label values are told apart",
     .errors = "a name used twice or by the server itself; unknown keys; more than 4 labels",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = declare_metric,
     .example = "local eaten = mu.metric \"example_breakfasts\" { type = \"counter\", labels = { \"dish\" }, text = "
                "\"breakfasts eaten, by dish\" }"},
    {.name = "mu.metric:add",
     .params = "amount: number?, labels: table?",
     .text = "adds amount (1 when it is left out) to the number with these labels: { label = value }",
     .errors = "a counter that would go down; a label missing or unknown",
     .example = "served:add(1, { dish = \"eggs\" })",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = metric_add},
    {.name = "mu.metric:set",
     .params = "value: number, labels: table?",
     .text = "sets the number of a gauge with these labels",
     .errors = "a counter; a label missing or unknown",
     .example = "waiting:set(3)",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = metric_set_value},
    {.name = "mu.metric:value",
     .params = "labels: table?",
     .returns = "number",
     .text = "the number with these labels, 0 when nothing was counted there",
     .errors = "a label missing or unknown",
     .example = "served:value { dish = \"none\" } == 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = metric_value},
    {.name = "mu.metric:values",
     .returns = "table[]",
     .text = "all its numbers: a list of { value =, labels = { label = value } }",
     .example = "served:values()",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = metric_values},
};

const metric_declared *metric_declared_at(const generation *g, unsigned i) {
    const metric_set *set = g->slots[SLOT_METRICS];
    return i < set->count ? &set->entries[i]->about : NULL;
}

/* -- the life of a generation ------------------------------------------------------------------------------------- */

static int open_metrics(generation *g, lua_State *L) {
    if (!(g->slots[SLOT_METRICS] = calloc(1, sizeof(metric_set)))) {
        generation_error(g, NULL, 0, "metrics: out of memory");
        return E_MEMORY;
    }
    script_declare(L, functions, sizeof functions / sizeof *functions);
    luaL_newmetatable(L, METRIC_META);
    script_methods(L, "mu.metric");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, metric_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}

static void enter_metrics(generation *g) {
    const metric_set *set = g->slots[SLOT_METRICS];
    const metric_declared *list[METRIC_FAMILIES_MAX];
    for (unsigned i = 0; i < set->count; i++) list[i] = &set->entries[i]->about;
    metric_values_declare(list, set->count);
    for (unsigned i = 0; i < set->count; i++) {
        entry *e = set->entries[i];
        e->family = metric_values_find(e->about.name);
        if (e->family) e->version = metric_values_version(e->family);
    }
}

static void close_metrics(generation *g) {
    metric_set *set = g->slots[SLOT_METRICS];
    if (!set) return;
    for (unsigned i = 0; i < set->count; i++) free(set->entries[i]);
    free(set);
    g->slots[SLOT_METRICS] = NULL;
}

const script_module module_metric = {
    .name = "metric", .open = open_metrics, .enter = enter_metrics, .close = close_metrics};
