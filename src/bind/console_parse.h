/* console_parse.h: a line of the console against what is declared: which command, with which values; or what could come
 * next.
 *
 *     console_call call;
 *     if (console_parse(set, line, n, &memory, &call, &f) < 0) say(f.text);     there is no command 'plyers'; did …
 *     call.command->name is "players show", call.params[0].text is "alice"
 *
 * Values of base types are checked and converted here. A word of a script (mu.word) stays text: finding it may wait, so
 * that is the business of the task that runs the command. Pure; texts live in `memory`. */
#ifndef BIND_CONSOLE_PARSE_H
#define BIND_CONSOLE_PARSE_H

#include "bind/console_line.h"
#include "bind/console_set.h"

typedef struct console_value {
    bool given;
    const char *text; /* as written, unquoted */
    int64_t integer;  /* of CONSOLE_INTEGER */
    double number;    /* of CONSOLE_NUMBER */
    bool boolean;     /* of CONSOLE_BOOLEAN */
} console_value;

typedef struct console_call {
    const console_command *command; /* NULL: an empty line */
    console_value params[CONSOLE_PARAMS_MAX], options[CONSOLE_PARAMS_MAX];
    bool json, help;      /* --json, --help: every command has them */
    bool secret;          /* a secret is in it: not for a history */
    const char *loggable; /* the line with every secret left out */
} console_call;

/* 0, or E_NOT_FOUND (no such command) or E_ARGUMENT with a sentence that says what to write instead. */
int console_parse(const console_set *s, const char *line, size_t n, arena *memory, console_call *call, fault *f);

/* What could stand at the end of `line`. */
typedef struct console_completion {
    uint32_t from;           /* byte of the line where the word begins that a candidate replaces */
    const char *prefix;      /* what is written of it, unquoted */
    const char **candidates; /* fitting ones, by name */
    unsigned count;
    const console_word *word; /* ask its `complete` for more; or NULL */
    bool lua;                 /* `prefix` is a Lua name: mu.cry */
    bool topic;               /* … or the name of something that is declared: Util.pi */
} console_completion;

#define CONSOLE_CANDIDATES_MAX 512
int console_complete(const console_set *s, const char *line, size_t n, arena *memory, console_completion *out);

/* "players show <player> [--limit <integer>] [--offline]" into out; returns out. */
const char *console_usage(const console_command *c, char *out, size_t room);

/* An option "sort_by" is written --sort-by; --sort_by is understood as well. */
const char *console_option_name(const console_param *p, char out[CONSOLE_NAME_MAX + 1]); /* returns out */
int console_option_find(const console_command *c, const char *name, size_t n);           /* its number, or -1 */

#endif
