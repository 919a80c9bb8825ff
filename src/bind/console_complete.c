/* console_complete.c: what could stand at the end of a line that is being written. See console_parse.h.
 *
 * The last word is the one that is completed: written in part, or not begun yet when a blank stands before the cursor.
 * Before it stand whole words; they say whether a command's name goes on, an option, an option's value, or a parameter
 * comes next. A candidate that has blanks or quotes in it is handed over quoted. */
#include "bind/console_parse.h"

#include <stdlib.h>
#include <string.h>

#include "script/declare.h"

typedef struct completer {
    const console_set *set;
    const console_line *line; /* whole words only */
    arena *memory;
    console_completion *out;
} completer;

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void offer(completer *c, const char *text, size_t n) {
    console_completion *out = c->out;
    size_t written = strlen(out->prefix);
    if (out->count == CONSOLE_CANDIDATES_MAX || n < written || memcmp(text, out->prefix, written) != 0) return;
    for (unsigned i = 0; i < out->count; i++)
        if (strlen(out->candidates[i]) == n && memcmp(out->candidates[i], text, n) == 0) return;
    const char *copy = arena_text(c->memory, text, n);
    if (copy) out->candidates[out->count++] = copy;
}

static bool matches(const char *name, const console_line *l, unsigned count, const char **rest) {
    for (unsigned i = 0; i < count; i++) {
        size_t n = strcspn(name, " ");
        if (l->pieces[i].quoted || strlen(l->pieces[i].text) != n || memcmp(name, l->pieces[i].text, n)) return false;
        name += n;
        if (*name != ' ') return *rest = name, i + 1 == count;
        name++;
    }
    *rest = name;
    return true;
}

/* Words of names that go on behind the words from `first` on. */
static void offer_commands(completer *c, unsigned first) {
    console_line behind = *c->line;
    behind.pieces += first;
    behind.count -= first;
    for (unsigned i = 0; i < c->set->command_count; i++) {
        const char *rest;
        if (matches(c->set->commands[i].name, &behind, behind.count, &rest)) offer(c, rest, strcspn(rest, " "));
    }
}

static void offer_functions(completer *c) {
    const script_function *f;
    if (strncmp(c->out->prefix, "mu", 2) != 0) return;
    for (size_t i = 0; (f = script_declared(i)) != NULL; i++) offer(c, f->name, strlen(f->name));
}

static void offer_value(completer *c, const console_param *p, unsigned at) {
    switch ((enum console_kind)p->kind) {
    case CONSOLE_WORD: c->out->word = p->word; break;
    case CONSOLE_BOOLEAN: offer(c, "yes", 3), offer(c, "no", 2); break;
    case CONSOLE_COMMAND:
        offer_commands(c, at), offer_functions(c);
        c->out->topic = at == c->line->count && *c->out->prefix; /* its first word */
        break;
    default: break;
    }
}

static void offer_options(completer *c, const console_command *command, const bool *given) {
    char text[CONSOLE_NAME_MAX + 3] = "--";
    offer(c, "--json", 6), offer(c, "--help", 6);
    for (unsigned i = 0; i < command->option_count; i++) {
        if (given[i]) continue;
        console_option_name(&command->options[i], text + 2);
        offer(c, text, strlen(text));
    }
}

/* "--name=…": from here on only what stands behind the sign is completed. */
static bool offer_assigned(completer *c, const console_command *command) {
    console_completion *out = c->out;
    const char *equals = strchr(out->prefix, '='), *written = c->line->line + out->from;
    if (strncmp(written, "--", 2) != 0 || !equals) return false;
    int option = console_option_find(command, out->prefix + 2, (size_t)(equals - out->prefix) - 2);
    out->from += (uint32_t)(strcspn(written, "=") + 1); /* quotes may stand behind it */
    out->prefix = equals + 1;
    if (option >= 0) offer_value(c, &command->options[option], 0);
    return true;
}

/* The words behind a command's name: which parameter is next, or which option waits for its value. */
static void complete_words(completer *c, const console_command *command) {
    bool given[CONSOLE_PARAMS_MAX] = {false}, plain = false;
    const console_param *waits = NULL;
    unsigned params = 0, rest_at = 0;
    for (unsigned i = command->words; i < c->line->count; i++) {
        const console_piece *w = &c->line->pieces[i];
        if (waits) {
            waits = NULL;
        } else if (!plain && !w->quoted && strncmp(w->text, "--", 2) == 0) {
            int option = console_option_find(command, w->text + 2, strlen(w->text + 2));
            plain = !w->text[2];
            if (option < 0) continue;
            given[option] = true;
            if (command->options[option].kind != CONSOLE_BOOLEAN) waits = &command->options[option];
        } else {
            if (params < command->param_count && command->params[params].kind >= CONSOLE_REST &&
                command->params[params].kind <= CONSOLE_COMMAND) {
                if (!rest_at) rest_at = i;
                continue;
            }
            params++;
        }
    }
    if (waits)
        offer_value(c, waits, 0);
    else if (!plain && offer_assigned(c, command))
        return;
    else if (!plain && strncmp(c->out->prefix, "-", 1) == 0)
        offer_options(c, command, given);
    else if (params < command->param_count)
        offer_value(c, &command->params[params], rest_at ? rest_at : c->line->count);
}

/* The longest command whose name is whole, or NULL. */
static const console_command *command_of(const console_set *s, const console_line *l) {
    const console_command *best = NULL;
    for (unsigned i = 0; i < s->command_count; i++) {
        const console_command *c = &s->commands[i];
        const char *rest;
        if (c->words > l->count || (best && best->words >= c->words)) continue;
        if (matches(c->name, l, c->words, &rest) && !*rest) best = c;
    }
    return best;
}

static bool name_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == ':';
}

static int complete_lua(const char *line, size_t n, arena *memory, console_completion *out) {
    size_t from = n;
    while (from > 0 && name_letter(line[from - 1])) from--;
    out->from = (uint32_t)from;
    out->prefix = arena_text(memory, line + from, n - from);
    out->lua = true;
    return out->prefix ? 0 : E_MEMORY;
}

int console_complete(const console_set *s, const char *line, size_t n, arena *memory, console_completion *out) {
    console_line l;
    fault f;
    *out = (console_completion){.from = (uint32_t)n, .prefix = ""};
    const char *copy = arena_text(memory, line, n);
    if (!copy) return E_MEMORY;
    if (copy[strspn(copy, " \t")] == '>') return complete_lua(copy, n, memory, out);
    int code = console_line_begin(copy, n, memory, &l, &f);
    if (code < 0) return code;
    out->candidates = arena_new(memory, CONSOLE_CANDIDATES_MAX * sizeof *out->candidates);
    if (!out->candidates) return E_MEMORY;
    if (l.count && l.pieces[l.count - 1].to == n) { /* this one is being written */
        out->from = l.pieces[--l.count].from;
        out->prefix = l.pieces[l.count].text;
    }
    completer c = {s, &l, memory, out};
    const console_command *command = command_of(s, &l);
    if (command) complete_words(&c, command);
    offer_commands(&c, 0);
    if (out->count) qsort(out->candidates, out->count, sizeof *out->candidates, by_text);
    return 0;
}
