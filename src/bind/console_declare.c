/* console_declare.c: mu.section, mu.command, mu.word: the console as scripts declare it.
 *
 * Each takes a name and then a table: mu.command "players show" { … }. A mistake does not end the script: it is noted
 * with its file and line, and the next declaration is read, so that a reload lists all of them. What needs all
 * declarations (types that are words, sections) is proved at the end: console_params.c.
 *
 * It only declares: a line is read by console_parse.c, a command is run by scripts/console/. */
#include "bind/console_set.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "script/declare.h"

static console_set *set_here(lua_State *L) { return console_set_of(generation_of(L)); }

/* ---- names ---- */

static bool word_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

/* Words of small letters with one blank between them: how many, or 0 for a bad name. */
static unsigned name_words(const char *name) {
    unsigned words = 0;
    if (strcmp(name, CONSOLE_LUA_COMMAND) == 0) return 1;
    if (strlen(name) > CONSOLE_NAME_MAX || *name == '-') return 0;
    for (bool inside = false; *name; name++) {
        if (*name == ' ' ? !inside || name[1] == '-' : !word_letter(*name)) return 0;
        if (*name != ' ' && !inside) words++;
        inside = *name != ' ';
        if (!name[1] && !inside) return 0;
    }
    return words;
}

static bool good_name(lua_State *L, const char *what, const char *name, unsigned most) {
    unsigned words = name_words(name);
    if (words && words <= most) return true;
    if (most == 1)
        generation_error_here(L, "mu.%s \"%s\": a name is one word of small letters, digits, - and _", what, name);
    else
        generation_error_here(L,
                              "mu.%s \"%s\": a name is 1 to %u words of small letters, digits, - and _, with a "
                              "blank between them",
                              what, name, most);
    return false;
}

/* ---- the fields of a declaration; an error is noted, not raised ---- */

typedef struct reading {
    lua_State *L;
    const char *what, *name; /* "command", "players show" */
    bool failed;
} reading;

static void complain(reading *r, const char *sentence) {
    generation_error_here(r->L, "mu.%s \"%s\": %s", r->what, r->name, sentence);
    r->failed = true;
}

static void check_keys(reading *r, const char *const *keys) {
    lua_State *L = r->L;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        bool known = false;
        for (const char *const *k = keys; key && !known && *k; k++) known = strcmp(*k, key) == 0;
        if (known) continue;
        suggestion near = suggest_begin(key ? key : "");
        for (const char *const *k = keys; *k; k++) suggest_offer(&near, *k);
        char hint[128];
        if (key)
            complain(r, lua_pushfstring(L, "it has no field '%s'%s", key, suggest_text(&near, hint, sizeof hint)));
        else
            complain(r, lua_pushstring(L, "it has named fields only"));
        lua_pop(L, 1);
    }
}

/* The text of a field in the set's memory; "" where it may be missing. Never NULL. */
static const char *read_text(reading *r, const char *key, bool needed) {
    lua_State *L = r->L;
    const char *text = "";
    int type = lua_getfield(L, 1, key);
    if (type == LUA_TSTRING) {
        size_t n;
        const char *s = lua_tolstring(L, -1, &n);
        if (strlen(s) != n)
            complain(r, lua_pushfstring(L, "'%s' has a zero byte in it", key)), lua_pop(L, 1);
        else if (!(text = arena_text(&set_here(L)->memory, s, n)))
            complain(r, "too many declarations for the console's memory"), text = "";
    } else if (type != LUA_TNIL || needed) {
        complain(r, lua_pushfstring(L, "'%s' must be a string, got %s", key,
                                    type == LUA_TNIL ? "nothing" : lua_typename(L, type)));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return text;
}

static bool read_flag(reading *r, const char *key) {
    lua_State *L = r->L;
    int type = lua_getfield(L, 1, key);
    bool on = lua_toboolean(L, -1);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        complain(r, lua_pushfstring(L, "'%s' must be true or false, got %s", key, lua_typename(L, type))),
            lua_pop(L, 1);
    lua_pop(L, 1);
    return on;
}

static int read_function(reading *r, const char *key, bool needed) {
    lua_State *L = r->L;
    int type = lua_getfield(L, 1, key);
    if (type == LUA_TFUNCTION) return generation_ref(L);
    if (type != LUA_TNIL || needed)
        complain(r, lua_pushfstring(L, "'%s' must be a function, got %s", key,
                                    type == LUA_TNIL ? "nothing" : lua_typename(L, type))),
            lua_pop(L, 1);
    lua_pop(L, 1);
    return LUA_NOREF;
}

static console_place place_here(lua_State *L) {
    char file[LUA_IDSIZE];
    int line = generation_where(L, file, sizeof file);
    const char *kept = arena_text(&set_here(L)->memory, file, strlen(file));
    return (console_place){kept ? kept : "", line};
}

/* Where the name stands first, when it does. */
static bool taken(reading *r, const console_place *before) {
    if (!before) return false;
    complain(r, lua_pushfstring(r->L, "it is declared already, at %s:%d", before->file, before->line));
    lua_pop(r->L, 1);
    return true;
}

/* One more entry of *list, zeroed; NULL (told) when there is no room. */
static void *more(reading *r, void **list, unsigned *count, size_t size) {
    void *grown = *count < CONSOLE_LIST_MAX ? realloc(*list, (*count + 1) * size) : NULL;
    if (!grown) {
        complain(r, "there is no room for one more");
        return NULL;
    }
    *list = grown;
    return memset((char *)grown + (*count)++ * size, 0, size);
}

static reading begin(lua_State *L, const char *what) {
    reading r = {.L = L, .what = what, .name = lua_tostring(L, lua_upvalueindex(1))};
    if (!generation_of(L)->loading)
        luaL_error(L, "mu.%s \"%s\": the console is declared while scripts load, not later", what, r.name);
    if (lua_type(L, 1) != LUA_TTABLE) complain(&r, "a table with its fields is expected behind the name");
    lua_settop(L, 1);
    return r;
}

/* ---- section, word, command ---- */

static int declare_section(lua_State *L) {
    static const char *const keys[] = {"text", NULL};
    console_set *s = set_here(L);
    reading r = begin(L, "section");
    if (r.failed) return 0;
    check_keys(&r, keys);
    const console_section *before = console_set_section(s, r.name);
    console_section new = {.name = arena_text(&s->memory, r.name, strlen(r.name)), .text = read_text(&r, "text", true)};
    if (taken(&r, before ? &before->place : NULL) || r.failed || !new.name) return 0;
    new.place = place_here(L);
    console_section *at = more(&r, (void **)&s->sections, &s->section_count, sizeof *at);
    if (at) *at = new;
    return 0;
}

static int declare_word(lua_State *L) {
    static const char *const keys[] = {"text", "find", "complete", NULL};
    console_set *s = set_here(L);
    reading r = begin(L, "word");
    if (r.failed) return 0;
    check_keys(&r, keys);
    const console_word *before = console_set_word(s, r.name);
    for (int k = 0; k < CONSOLE_WORD; k++)
        if (strcmp(console_kind_name((enum console_kind)k), r.name) == 0) complain(&r, "that is a base type");
    console_word new = {.name = arena_text(&s->memory, r.name, strlen(r.name)), .text = read_text(&r, "text", true)};
    new.find_ref = read_function(&r, "find", true);
    new.complete_ref = read_function(&r, "complete", false);
    if (taken(&r, before ? &before->place : NULL) || r.failed || !new.name) return 0;
    new.place = place_here(L);
    console_word *at = more(&r, (void **)&s->words, &s->word_count, sizeof *at);
    if (at) *at = new;
    return 0;
}

static unsigned read_params(reading *r, const char *text, bool options, console_param **list) {
    fault f;
    int count = console_params_read(set_here(r->L), text, options, list, &f);
    if (count >= 0) return (unsigned)count;
    complain(r, lua_pushfstring(r->L, "%s: %s", options ? "options" : "params", f.text));
    lua_pop(r->L, 1);
    return 0;
}

static int declare_command(lua_State *L) {
    static const char *const keys[] = {"text",    "params", "options", "changes", "endless",
                                       "example", "handle", "section", NULL};
    console_set *s = set_here(L);
    reading r = begin(L, "command");
    if (r.failed) return 0;
    check_keys(&r, keys);
    const console_command *before = console_set_command(s, r.name);
    console_command new = {.name = arena_text(&s->memory, r.name, strlen(r.name)),
                           .section = read_text(&r, "section", false),
                           .text = read_text(&r, "text", true),
                           .example = read_text(&r, "example", false),
                           .params_text = read_text(&r, "params", false),
                           .options_text = read_text(&r, "options", false),
                           .words = name_words(r.name),
                           .changes = read_flag(&r, "changes"),
                           .endless = read_flag(&r, "endless")};
    new.handle_ref = read_function(&r, "handle", true);
    new.param_count = read_params(&r, new.params_text, false, &new.params);
    new.option_count = read_params(&r, new.options_text, true, &new.options);
    if (!*new.section) new.section = arena_text(&s->memory, r.name, strcspn(r.name, " "));
    const char *what = lua_pushfstring(L, "console: %s", r.name);
    new.what = arena_text(&s->memory, what, strlen(what));
    if (taken(&r, before ? &before->place : NULL) || r.failed || !new.name || !new.section || !new.what) return 0;
    new.place = place_here(L);
    console_command *at = more(&r, (void **)&s->commands, &s->command_count, sizeof *at);
    if (at) *at = new;
    return 0;
}

/* mu.section "name" → the function that takes the table. A bad name is told at once; its table is swallowed. */
static int swallow(lua_State *L) { return 0; }

static int named(lua_State *L, const char *what, unsigned words, lua_CFunction declare) {
    const char *name = lua_tostring(L, 1);
    lua_settop(L, 1);
    if (good_name(L, what, name, words))
        lua_pushcclosure(L, declare, 1);
    else
        lua_pushcfunction(L, swallow);
    return 1;
}

static int l_section(lua_State *L) { return named(L, "section", 1, declare_section); }
static int l_word(lua_State *L) { return named(L, "word", 1, declare_word); }
static int l_command(lua_State *L) { return named(L, "command", CONSOLE_WORDS_MAX, declare_command); }

/* ---- the functions that scripts give ---- */

static int give(lua_State *L, int *ref, const char *what) {
    if (*ref != LUA_NOREF) return luaL_error(L, "mu.console.%s was given a function already", what);
    lua_settop(L, 1);
    *ref = generation_ref(L);
    return 0;
}

static int l_run(lua_State *L) { return give(L, &set_here(L)->runner_ref, "run"); }
static int l_complete(lua_State *L) { return give(L, &set_here(L)->completer_ref, "complete"); }
static int l_audit(lua_State *L) { return give(L, &set_here(L)->audit_ref, "audit"); }

static const script_function functions[] = {
    {.name = "mu.section",
     .params = "name: string",
     .returns = "fun(declaration: table)",
     .text = "declares a section of the console's commands: mu.section \"players\" { text = \"accounts and who is "
             "online\" }",
     .errors = "a name used twice, an unknown field: noted as errors of the reload",
     .example = "mu.section 'weather' { text = 'what it is like outside' }",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_section},
    {.name = "mu.command",
     .params = "name: string",
     .returns = "fun(declaration: table)",
     .text =
         "declares a command of the console: mu.command \"players show\" { text =, params = \"player: player\", "
         "options = \"limit?: integer, offline?: boolean\", changes = true (audit log), endless = true (runs until "
         "its caller ends it), section = (else the first word), example =, handle = function(caller, player, "
         "options) … end }; types are string, secret, integer, number, boolean, rest, command and the words of mu.word",
     .errors = "a name used twice, unknown fields, types and sections: noted as errors of the reload",
     .example = "mu.section 'example' { text = 'examples' }  mu.command 'example weather' { text = 'the weather', "
                "handle = function(caller) return 'rain' end }",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_command},
    {.name = "mu.word",
     .params = "name: string",
     .returns = "fun(declaration: table)",
     .text = "declares a type for parameters of commands: mu.word \"player\" { text = \"a player's name or id\", find "
             "= function(text) return value or nil end, complete = function(prefix) return {\"alice\"} end }",
     .errors = "a name used twice, unknown fields: noted as errors of the reload",
     .example = "mu.word 'example_sky' { text = 'a kind of sky', find = function(text) return text end }",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_word},
    {.name = "mu.console.run",
     .params = "fn: function",
     .returns = "",
     .text = "gives the function that runs a console's commands: fn(caller, call); scripts/console/run.lua does it",
     .errors = "given twice",
     .example = "mu.console.run(function(caller, call) return call() end)",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_run},
    {.name = "mu.console.complete",
     .params = "fn: function",
     .returns = "",
     .text = "gives the function that completes the words of scripts: fn(complete, prefix) returns a list of texts",
     .errors = "given twice",
     .example = "mu.console.complete(function(complete, prefix) return complete(prefix) end)",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_complete},
    {.name = "mu.console.audit",
     .params = "fn: function",
     .returns = "",
     .text = "gives the function that is told of each command that changes something: fn(who, what, detail); it may "
             "wait, and the command's answer waits for it",
     .errors = "given twice",
     .example = "mu.console.audit(function(who, what, detail) mu.log.info('%s: %s', who, what) end)",
     .since = "0.2",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_audit},
};

void console_declare_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
