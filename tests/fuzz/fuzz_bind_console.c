/* A line of the console as anybody may write it, against some declarations: it is refused with a sentence or read, and
 * what is kept for a log holds no secret; completion stays inside the line. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/console_parse.h"

#define MUST(x)                                                                                                        \
    if (!(x)) abort()

static console_section sections[] = {{.name = "players", .text = "x"}};
static console_word words[] = {{.name = "player", .text = "x", .find_ref = LUA_NOREF, .complete_ref = LUA_NOREF}};
static console_command commands[7];
static console_set set;

static void declare(int i, const char *name, unsigned count, const char *params, const char *options) {
    fault f;
    console_command *c = &commands[i];
    *c = (console_command){.name = name, .section = "players", .text = "x", .example = "", .words = count};
    int n = console_params_read(&set, params, false, &c->params, &f);
    int m = console_params_read(&set, options, true, &c->options, &f);
    MUST(n >= 0 && m >= 0);
    c->param_count = (unsigned)n, c->option_count = (unsigned)m;
}

static void declare_all(void) {
    arena_init(&set.memory, CONSOLE_SET_MEMORY);
    declare(0, ">", 1, "code: rest", "");
    declare(1, "help", 1, "topic?: command", "");
    declare(2, "players list", 2, "", "limit?: integer, share?: number, offline?: boolean");
    declare(3, "players password", 2, "player: player, word: secret", "old_one?: secret");
    declare(4, "players show", 2, "player: player, depth?: integer, deep?: boolean", "");
    declare(5, "players show all", 3, "", "why: string");
    declare(6, "say", 1, "to: player, text: rest", "loud?: boolean");
    set.commands = commands, set.command_count = 7;
    set.sections = sections, set.section_count = 1;
    set.words = words, set.word_count = 1;
    console_set_check(&set, NULL); /* nothing is wrong, so no generation is asked */
}

static void parse(const char *line, size_t n) {
    arena memory;
    console_call call;
    fault f = {0};
    arena_init(&memory, 4 << 20);
    int code = console_parse(&set, line, n, &memory, &call, &f);
    if (code < 0) {
        MUST(f.code == code && f.text[0]);
    } else if (call.command) {
        MUST(call.loggable);
        for (unsigned i = 0; i < call.command->param_count && call.command->params[i].kind == CONSOLE_SECRET; i++)
            MUST(!call.params[i].given || call.secret);
        if (call.secret) MUST(strstr(call.loggable, "(hidden)"));
    }
    arena_free(&memory);
}

static void complete(const char *line, size_t n) {
    arena memory;
    console_completion found;
    arena_init(&memory, 4 << 20);
    if (console_complete(&set, line, n, &memory, &found) == 0) {
        MUST(found.from <= n && found.count <= CONSOLE_CANDIDATES_MAX);
        for (unsigned i = 0; i < found.count; i++)
            MUST(strncmp(found.candidates[i], found.prefix, strlen(found.prefix)) == 0);
    }
    arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!set.checked) declare_all();
    parse((const char *)data, size);
    complete((const char *)data, size);
    return 0;
}
