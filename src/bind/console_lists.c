/* console_lists.c: everything that is declared, as plain tables for scripts: help, completion and the manual read it.
 *
 * mu.console.commands(), sections(), words(): this generation's console; what else is declared: mu.declared. Each call
 * makes new tables: nobody can change a declaration through them. */
#include "bind/console_set.h"

#include <lauxlib.h>
#include <string.h>

#include "script/declare.h"

static void put_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text ? text : "");
    lua_setfield(L, -2, key);
}

static void put_place(lua_State *L, const console_place *p) {
    put_text(L, "file", p->file);
    lua_pushinteger(L, p->line);
    lua_setfield(L, -2, "line");
}

static void put_flag(lua_State *L, const char *key, bool on) {
    lua_pushboolean(L, on);
    lua_setfield(L, -2, key);
}

static void put_params(lua_State *L, const char *key, const console_param *list, unsigned count) {
    lua_createtable(L, (int)count, 0);
    for (unsigned i = 0; i < count; i++) {
        lua_createtable(L, 0, 4);
        put_text(L, "name", list[i].name);
        put_text(L, "type", list[i].type);
        put_flag(L, "optional", list[i].optional);
        if (list[i].word) put_text(L, "text", list[i].word->text);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, key);
}

static int l_commands(lua_State *L) {
    const console_set *s = console_set_of(generation_of(L));
    lua_createtable(L, (int)s->command_count, 0);
    for (unsigned i = 0; i < s->command_count; i++) {
        const console_command *c = &s->commands[i];
        lua_createtable(L, 0, 12);
        put_text(L, "name", c->name);
        put_text(L, "section", c->section);
        put_text(L, "text", c->text);
        if (*c->example) put_text(L, "example", c->example);
        put_params(L, "params", c->params, c->param_count);
        put_params(L, "options", c->options, c->option_count);
        put_flag(L, "changes", c->changes);
        put_flag(L, "endless", c->endless);
        put_place(L, &c->place);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_sections(lua_State *L) {
    const console_set *s = console_set_of(generation_of(L));
    lua_createtable(L, (int)s->section_count, 0);
    for (unsigned i = 0; i < s->section_count; i++) {
        lua_createtable(L, 0, 4);
        put_text(L, "name", s->sections[i].name);
        put_text(L, "text", s->sections[i].text);
        put_place(L, &s->sections[i].place);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_words(lua_State *L) {
    const console_set *s = console_set_of(generation_of(L));
    lua_createtable(L, (int)s->word_count, 0);
    for (unsigned i = 0; i < s->word_count; i++) {
        lua_createtable(L, 0, 5);
        put_text(L, "name", s->words[i].name);
        put_text(L, "text", s->words[i].text);
        put_flag(L, "completes", s->words[i].complete_ref != LUA_NOREF);
        put_place(L, &s->words[i].place);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.console.commands",
     .params = "",
     .returns = "table[]",
     .text = "every command: { name, section, text, example, params, options, changes, endless, file, line }, params "
             "and options being lists of { name, type, optional, text }; by name once all scripts have run",
     .errors = "none",
     .example = "type(mu.console.commands()) == 'table'",
     .since = "0.2",
     .call = l_commands},
    {.name = "mu.console.sections",
     .params = "",
     .returns = "table[]",
     .text = "every section of commands: { name, text, file, line }",
     .errors = "none",
     .example = "type(mu.console.sections()) == 'table'",
     .since = "0.2",
     .call = l_sections},
    {.name = "mu.console.words",
     .params = "",
     .returns = "table[]",
     .text = "every type of parameters that scripts declared: { name, text, completes, file, line }",
     .errors = "none",
     .example = "type(mu.console.words()) == 'table'",
     .since = "0.2",
     .call = l_words},
};

void console_lists_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
