/* declared.c: see declared.h. One function a chapter; each makes new tables, so nobody can change a declaration here.
 *
 * The generation whose script asks is the one that is described, the live layouts of records and the metrics of the
 * process excepted. What the console has is in mu.console.commands() and its sisters. */
#include "bind/declared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/suggest.h"
#include "bind/blaze_tables.h"
#include "bind/http_private.h"
#include "bind/metric.h"
#include "bind/metrics_list.h"
#include "bind/server.h"
#include "records/records.h"
#include "script/declare.h"
#include "script/event.h"
#include "script/settings.h"

static void put_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text ? text : "");
    lua_setfield(L, -2, key);
}

static void put_flag(lua_State *L, const char *key, bool on) {
    lua_pushboolean(L, on);
    lua_setfield(L, -2, key);
}

static void put_number(lua_State *L, const char *key, lua_Integer number) {
    lua_pushinteger(L, number);
    lua_setfield(L, -2, key);
}

static void append(lua_State *L, int list) { lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1); }

/* Where a script's function stands. */
static void put_place(lua_State *L, int function_ref) {
    lua_Debug about;
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, function_ref) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return;
    }
    lua_getinfo(L, ">S", &about); /* takes the function */
    put_text(L, "file", about.source[0] == '@' ? about.source + 1 : about.short_src);
    put_number(L, "line", about.linedefined);
}

/* ---- functions, events, guards ---- */

static void push_functions(lua_State *L) {
    const script_function *f;
    int list = lua_gettop(L);
    for (size_t i = 0; (f = script_declared(i)) != NULL; i++) {
        if (!f->text || !*f->text) continue; /* private to its file */
        lua_createtable(L, 0, 12);
        put_text(L, "name", f->name);
        put_text(L, "params", f->params);
        put_text(L, "returns", f->returns);
        put_text(L, "text", f->text);
        put_text(L, "errors", f->errors);
        put_text(L, "example", f->example);
        put_text(L, "since", f->since);
        put_flag(L, "suspends", (f->flags & SCRIPT_SUSPENDS) != 0);
        put_flag(L, "load_only", (f->flags & SCRIPT_LOAD_ONLY) != 0);
        put_flag(L, "run_only", (f->flags & SCRIPT_RUN_ONLY) != 0);
        put_flag(L, "test", (f->flags & SCRIPT_TEST) != 0);
        put_flag(L, "value", (f->flags & SCRIPT_VALUE) != 0);
        append(L, list);
    }
}

static void push_events(lua_State *L) {
    const script_event *e;
    int list = lua_gettop(L);
    for (unsigned i = 0; (e = script_event_at(generation_of(L), i)) != NULL; i++) {
        lua_createtable(L, 0, 6);
        put_text(L, "name", e->name);
        put_text(L, "params", e->params);
        put_text(L, "text", e->text);
        put_number(L, "handlers", e->handlers);
        if (*e->file) put_text(L, "file", e->file), put_number(L, "line", e->line);
        append(L, list);
    }
}

static void push_guards(lua_State *L) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    int list = lua_gettop(L);
    for (size_t i = 0; i < t->guard_count; i++) {
        lua_createtable(L, 0, 3);
        put_text(L, "name", t->guards[i].name);
        put_place(L, t->guards[i].function_ref);
        append(L, list);
    }
}

/* ---- the protocol ---- */

static void put_struct(lua_State *L, int names, const char *key, const schema_struct *s) {
    declared_push_struct_name(L, names, s);
    lua_setfield(L, -2, key);
}

static void push_route(lua_State *L, int names, const blaze_route *r) {
    lua_createtable(L, 0, 9);
    put_text(L, "name", r->name);
    put_number(L, "component", r->component);
    put_number(L, "command", r->command);
    put_struct(L, names, "request", r->request);
    put_struct(L, names, "response", r->response);
    put_struct(L, names, "error", r->error);
    put_place(L, r->handle_ref);
    lua_createtable(L, r->guard_count, 0);
    for (unsigned i = 0; i < r->guard_count; i++) {
        lua_pushstring(L, r->guards[i]->name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "guards");
}

static void push_routes(lua_State *L) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    int list = lua_gettop(L), names = list + 1;
    declared_push_names(L);
    for (unsigned i = 0; i < BLAZE_BUCKETS; i++) {
        for (const blaze_route *r = t->routes[i]; r; r = r->next) {
            push_route(L, names, r);
            append(L, list);
        }
    }
}

static void push_notifications(lua_State *L) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    int list = lua_gettop(L), names = list + 1;
    declared_push_names(L);
    for (const blaze_notification *n = t->notifications; n; n = n->next) {
        lua_createtable(L, 0, 4);
        put_text(L, "name", n->name);
        put_number(L, "component", n->component);
        put_number(L, "id", n->id);
        put_struct(L, names, "body", n->body);
        append(L, list);
    }
}

static void push_components(lua_State *L) {
    const blaze_component *c;
    int list = lua_gettop(L);
    for (size_t i = 0; (c = blaze_component_at(blaze_tables_of(generation_of(L))->names, i)) != NULL; i++) {
        const blaze_name_list *const of[] = {&c->commands, &c->notifications};
        static const char *const keys[] = {"commands", "notifications"};
        lua_createtable(L, 0, 4);
        put_text(L, "name", c->name);
        put_number(L, "id", c->id);
        for (int k = 0; k < 2; k++) {
            lua_createtable(L, (int)of[k]->count, 0);
            for (size_t n = 0; n < of[k]->count; n++) {
                lua_pushstring(L, of[k]->by_name[n].name);
                lua_rawseti(L, -2, (lua_Integer)n + 1);
            }
            lua_setfield(L, -2, keys[k]);
        }
        append(L, list);
    }
}

static void push_structs(lua_State *L) {
    declared_push_structs(L);
    lua_replace(L, -2);
}

/* ---- HTTP ---- */

static void push_endpoints(lua_State *L) {
    int list = lua_gettop(L);
    for (const http_endpoint *e = http_table_of(generation_of(L))->all; e; e = e->next) {
        lua_createtable(L, 0, 4);
        put_text(L, "name", e->what);
        put_number(L, "max_body", (lua_Integer)e->max_body);
        put_place(L, e->handler);
        append(L, list);
    }
}

/* ---- records ---- */

static const char *cell_type_text(unsigned type, const char *ref, char *text, size_t room) {
    switch ((enum record_type)type) {
    case RECORD_BOOL: return "boolean";
    case RECORD_NUMBER: return "number";
    case RECORD_STRING:
    case RECORD_BLOB: return "string";
    case RECORD_REF: snprintf(text, room, "%s", ref); return text;
    default: return "integer";
    }
}

static void push_field(lua_State *L, const record_field *f) {
    char text[RECORD_NAME_MAX + 1];
    bool list = f->type == RECORD_LIST, map = f->type == RECORD_MAP;
    lua_createtable(L, 0, 8);
    put_text(L, "name", f->name);
    put_text(L, "type", record_type_name(f->type));
    put_text(L, "of", cell_type_text(list || map ? f->element : f->type, f->ref_name, text, sizeof text));
    put_flag(L, "ref", (list || map ? f->element : f->type) == RECORD_REF);
    put_flag(L, "list", list);
    put_flag(L, "map", map);
    if (map) put_text(L, "by", f->key_type == RECORD_STRING ? "string" : "integer");
    put_flag(L, "key", (f->flags & FIELD_KEY) != 0);
    put_flag(L, "index", (f->flags & FIELD_INDEX) != 0);
    put_flag(L, "builtin", (f->flags & FIELD_BUILTIN) != 0);
}

static void push_records(lua_State *L) {
    const records *all = server_of(L)->records;
    int list = lua_gettop(L);
    for (uint32_t id = 1; id <= records_kinds(all); id++) {
        const record_kind *k = records_kind_at(all, id);
        if (!k || !k->declared) continue;
        lua_createtable(L, 0, 3);
        put_text(L, "name", k->name);
        put_flag(L, "builtin", k->builtin);
        lua_createtable(L, (int)k->layout.count, 0);
        for (uint32_t i = 0; i < k->layout.count; i++) {
            push_field(L, &k->layout.fields[i]);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        lua_setfield(L, -2, "fields");
        append(L, list);
    }
}

/* ---- metrics ---- */

static void push_metric(lua_State *L, int list, const char *name, const char *type, const char *labels,
                        const char *text, bool script) {
    lua_createtable(L, 0, 5);
    put_text(L, "name", name);
    put_text(L, "type", type);
    put_text(L, "labels", labels);
    put_text(L, "text", text);
    put_flag(L, "script", script);
    append(L, list);
}

static void push_metrics(lua_State *L) {
    static const char *const types[] = {"counter", "gauge", "info", "summary", "histogram"};
    const metric_declared *d;
    char name[96], labels[METRIC_LABELS_MAX * (METRIC_LABEL_MAX + 2) + 1];
    int list = lua_gettop(L);
    for (int i = 0; i < M_COUNT_; i++) {
        const metric_about *about = metrics_info(i);
        push_metric(L, list, about->name, types[about->type], about->labels, about->text, false);
    }
    for (int i = 0; i < COUNTER_COUNT_; i++) {
        const counter_about *about = counter_info(i);
        snprintf(name, sizeof name, "murelay_%s", about->name);
        push_metric(L, list, name, about->gauge ? "gauge" : "counter", "", about->text, false);
    }
    for (unsigned i = 0; (d = metric_declared_at(generation_of(L), i)) != NULL; i++) {
        size_t n = 0;
        labels[0] = 0;
        for (unsigned k = 0; k < d->labels; k++)
            n += (size_t)snprintf(labels + n, sizeof labels - n, "%s%s", k ? ", " : "", d->label[k]);
        snprintf(name, sizeof name, "murelay_%s", d->name);
        push_metric(L, list, name, types[d->type], labels, d->text, true);
    }
}

static void push_settings(lua_State *L) {
    settings_push_list(L);
    lua_replace(L, -2);
}

/* ---- mu.declared ---- */

static const struct chapter {
    const char *name;
    void (*push)(lua_State *L); /* fills the list on top; may leave things above it */
} chapters[] = {{"functions", push_functions},
                {"events", push_events},
                {"guards", push_guards},
                {"routes", push_routes},
                {"notifications", push_notifications},
                {"components", push_components},
                {"structs", push_structs},
                {"endpoints", push_endpoints},
                {"records", push_records},
                {"metrics", push_metrics},
                {"settings", push_settings}};

static int l_declared(lua_State *L) {
    const char *what = lua_tostring(L, 1);
    suggestion near = suggest_begin(what);
    char hint[80];
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
        suggest_offer(&near, chapters[i].name);
        if (strcmp(chapters[i].name, what) != 0) continue;
        luaL_checkstack(L, 20, "mu.declared");
        lua_newtable(L);
        int list = lua_gettop(L);
        chapters[i].push(L);
        lua_settop(L, list);
        return 1;
    }
    return luaL_error(L, "mu.declared: there is no '%s'%s", what, suggest_text(&near, hint, sizeof hint));
}

static const script_function functions[] = {
    {.name = "mu.declared",
     .params = "what: string",
     .returns = "table[]",
     .text = "a list of what is declared: \"functions\" that C gives to scripts, \"events\", \"guards\", \"routes\", "
             "\"notifications\", \"components\", \"structs\" of messages, \"endpoints\" of HTTP, \"records\", "
             "\"metrics\", \"settings\"; each is a table with its name and what else was said, and file and line where "
             "a script "
             "declared it",
     .errors = "a word that is none of these",
     .example = "#mu.declared \"functions\" > 100",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_declared},
};

/* What scripts have besides functions, and what objects of C have that is no method of a kind. */
#define VALUE(value_name, type, what, shown)                                                                           \
    { .name = value_name, .returns = type, .text = what, .example = shown, .since = "0.1", .flags = SCRIPT_VALUE }

static const script_function listed[] = {
    VALUE("mu.version", "string", "the version of the server", "mu.version:match \"^%d+%.%d+\""),
    VALUE("mu.generation", "integer", "number of this generation of the scripts; each reload makes the next one",
          "mu.generation >= 1"),
    VALUE("mu.config", "table", "the settings as config.lua and the defaults have them; read-only",
          "mu.config.server.name ~= nil"),
    VALUE("mu.test_mode", "boolean", "is this the runner of tests?", "mu.test_mode == false"),
    VALUE("mu.null", "userdata", "null in JSON, NULL in the database, where a nil would be a hole",
          "mu.json.encode { a = mu.null } == '{\"a\":null}'"),
    VALUE("mu.tdf", "table", "the types of messages, as schema files use them: local t = mu.tdf", "mu.tdf.int"),
    {.name = "component.notification",
     .params = "name: string",
     .returns = "fun(declaration: table): notification",
     .text = "declares a notification of the component; its declaration is { body = struct }, and it is sent by "
             "session:notify or mu.notify. Every other field of a component is a command: component.ping { request =, "
             "response =, error =, handle = function(session, request) … end, guard = value } answers it",
     .errors = "a notification or command that the protocol does not have, with the nearest one",
     .example = "local Seen = mu.component \"Example\".notification \"Seen\" {}",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY},
};

static int open_declared(generation *g, lua_State *L) {
    script_list(listed, sizeof listed / sizeof *listed);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_declared = {.name = "declared", .open = open_declared};
