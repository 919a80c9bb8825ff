/* console_set.h: what one generation's scripts declared of the console: sections, commands, words.
 *
 * Made while the scripts load (console_declare.c), proved and sorted by console_set_check, never changed afterwards,
 * freed with its generation. Everything that is said about the console (help, completion, the manual) is read from
 * here.
 *
 *     const console_command *c = console_set_command(set, "players show");   c->params[0].type is "player" */
#ifndef BIND_CONSOLE_SET_H
#define BIND_CONSOLE_SET_H

#include "base/arena.h"
#include "script/generation.h"

#define CONSOLE_NAME_MAX    48 /* bytes of a command's, section's, word's or parameter's name */
#define CONSOLE_WORDS_MAX   4  /* words of a command's name */
#define CONSOLE_PARAMS_MAX  20 /* parameters of a command, and as many options */
#define CONSOLE_LIST_MAX    1000
#define CONSOLE_SET_MEMORY  ((size_t)1 << 20)
#define CONSOLE_LUA_COMMAND ">" /* the one command whose name is a sign */

enum console_kind {
    CONSOLE_STRING,
    CONSOLE_SECRET, /* a text that is kept out of the audit log and the history */
    CONSOLE_INTEGER,
    CONSOLE_NUMBER,
    CONSOLE_BOOLEAN, /* as a parameter yes or no; as an option it takes no value */
    CONSOLE_REST,    /* the rest of the line as it stands; only the last parameter */
    CONSOLE_COMMAND, /* the same, when it names a command or a function: completion knows them */
    CONSOLE_WORD     /* a word that scripts declared */
};

/* Where a declaration stands: "scripts/console/players.lua", 12. */
typedef struct console_place {
    const char *file;
    int line;
} console_place;

typedef struct console_word {
    const char *name, *text;
    console_place place;
    int find_ref, complete_ref; /* LUA_NOREF: no completion */
} console_word;

typedef struct console_section {
    const char *name, *text;
    console_place place;
} console_section;

typedef struct console_param {
    const char *name, *type;  /* type as written: "integer", "player" */
    const console_word *word; /* of CONSOLE_WORD; set by console_set_check */
    uint8_t kind;             /* enum console_kind; CONSOLE_WORD until proved */
    bool optional;
} console_param;

typedef struct console_command {
    const char *name, *section, *text, *example; /* example "" when there is none */
    const char *what;                            /* "console: players show", for the log */
    const char *params_text, *options_text;      /* as written */
    console_place place;
    unsigned words; /* of the name */
    unsigned param_count, option_count;
    console_param *params, *options;
    int handle_ref;
    bool changes; /* belongs into the audit log */
    bool endless; /* runs until its caller ends it: no limit on its whole time; begun anew after a reload */
} console_command;

typedef struct console_set {
    arena memory;
    console_section *sections;
    console_command *commands;
    console_word *words;
    unsigned section_count, command_count, word_count;
    int runner_ref, completer_ref, audit_ref; /* LUA_NOREF: none was given */
    bool checked;
} console_set;

console_set *console_set_of(const generation *g);
const console_command *console_set_command(const console_set *s, const char *name); /* NULL when none */
const console_section *console_set_section(const console_set *s, const char *name);
const console_word *console_set_word(const console_set *s, const char *name);
const char *console_kind_name(enum console_kind kind); /* "integer"; NULL for CONSOLE_WORD */

/* Reads "player: player, limit?: integer" into *list (of the arena). Returns how many, or a negative code and a
 * sentence. Types are looked up by console_set_check, when all words are known. */
int console_params_read(console_set *s, const char *text, bool options, console_param **list, fault *f);

/* After main.lua: resolves types and sections, sorts. Each mistake becomes an error of the generation, with its place.
 */
void console_set_check(console_set *s, generation *g);

void console_declare_open(lua_State *L); /* installs mu.section, mu.command, mu.word, mu.console.… */
void console_caller_open(lua_State *L);  /* console_caller.c: the methods of a caller */
void console_tools_open(lua_State *L);   /* console_tools.c: what showing values and errors needs */
void console_lists_open(lua_State *L); /* console_lists.c: the same as tables for scripts: mu.console.commands() … */

#endif
