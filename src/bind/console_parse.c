/* console_parse.c: which command a line means and what its words are worth. See console_parse.h. */
#include "bind/console_parse.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

/* ---- how a command is written ---- */

const char *console_usage(const console_command *c, char *out, size_t room) {
    size_t n = (size_t)snprintf(out, room, "%s", c->name);
    for (unsigned i = 0; i < c->param_count && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, c->params[i].optional ? " [%s]" : " <%s>", c->params[i].name);
    for (unsigned i = 0; i < c->option_count && n < room; i++) {
        const console_param *o = &c->options[i];
        char name[CONSOLE_NAME_MAX + 1];
        console_option_name(o, name);
        n +=
            (size_t)snprintf(out + n, room - n, o->kind == CONSOLE_BOOLEAN ? " [--%s]" : " [--%s <%s>]", name, o->type);
    }
    return out;
}

const char *console_option_name(const console_param *p, char out[CONSOLE_NAME_MAX + 1]) {
    size_t i = 0;
    for (; p->name[i]; i++) out[i] = p->name[i] == '_' ? '-' : p->name[i];
    out[i] = 0;
    return out;
}

/* ---- the command ---- */

/* Does `name` begin with the first `count` words of the line? Returns what is left of it, or NULL. */
static const char *after_words(const char *name, const console_line *l, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        size_t n = strcspn(name, " ");
        if (l->pieces[i].quoted || strlen(l->pieces[i].text) != n || memcmp(name, l->pieces[i].text, n) != 0)
            return NULL;
        name += n;
        if (*name == ' ')
            name++;
        else if (i + 1 < count)
            return NULL;
    }
    return name;
}

static const console_command *find(const console_set *s, const console_line *l) {
    const console_command *best = NULL;
    for (unsigned i = 0; i < s->command_count; i++) {
        const console_command *c = &s->commands[i];
        if (c->words > l->count || (best && best->words >= c->words)) continue;
        const char *rest = after_words(c->name, l, c->words);
        if (rest && !*rest) best = c;
    }
    return best;
}

/* "list, show, kick": the words that may follow the first `count`, into `list`; how many there are. */
static unsigned next_words(const console_set *s, const console_line *l, unsigned count, char *list, size_t room,
                           suggestion *near, arena *memory) {
    unsigned found = 0;
    size_t n = 0;
    const char *before = "";
    list[0] = 0;
    for (unsigned i = 0; i < s->command_count; i++) {
        const char *rest = after_words(s->commands[i].name, l, count);
        const char *word = rest && *rest ? arena_text(memory, rest, strcspn(rest, " ")) : NULL;
        if (!word || strcmp(word, before) == 0) continue; /* sorted: equal ones stand together */
        if (near) suggest_offer(near, word);
        if (n < room) n += (size_t)snprintf(list + n, room - n, "%s%s", found ? ", " : "", word);
        before = word;
        found++;
    }
    return found;
}

static int no_command(const console_set *s, const console_line *l, arena *memory, fault *f) {
    char hint[128], list[300];
    unsigned known = 0;
    while (known < l->count && next_words(s, l, known + 1, list, sizeof list, NULL, memory)) known++;
    if (known == l->count) {
        next_words(s, l, known, list, sizeof list, NULL, memory);
        return fault_set(f, E_NOT_FOUND, "'%.80s' needs one more word: %s", l->pieces[known - 1].text, list);
    }
    const char *word = l->pieces[known].text;
    suggestion near = suggest_begin(word);
    next_words(s, l, known, list, sizeof list, &near, memory);
    suggest_text(&near, hint, sizeof hint);
    if (known)
        return fault_set(f, E_NOT_FOUND, "'%.80s' has no command '%.80s'%s%s", l->pieces[known - 1].text, word,
                         *hint ? hint : "; it has: ", *hint ? "" : list);
    return fault_set(f, E_NOT_FOUND, "there is no command '%.80s'%s", word, *hint ? hint : "; 'help' lists them all");
}

/* ---- values ---- */

static bool read_integer(const char *text, int64_t *out) {
    char *end;
    errno = 0;
    int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;
    long long v = strtoll(text, &end, base);
    *out = v;
    return *text && *text != ' ' && !*end && errno == 0;
}

static bool read_number(const char *text, double *out) {
    char *end;
    *out = strtod(text, &end);
    return *text && *text != ' ' && !*end && isfinite(*out);
}

static bool read_boolean(const char *text, bool *out) {
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, yes[i]) == 0) return *out = true;
        if (strcmp(text, no[i]) == 0) return *out = false, true;
    }
    return false;
}

static int read_value(const console_command *c, const console_param *p, const char *text, console_value *v, fault *f) {
    bool fine = true;
    const char *wanted = "";
    v->given = true;
    v->text = text;
    switch ((enum console_kind)p->kind) {
    case CONSOLE_INTEGER: fine = read_integer(text, &v->integer), wanted = "a whole number"; break;
    case CONSOLE_NUMBER: fine = read_number(text, &v->number), wanted = "a number"; break;
    case CONSOLE_BOOLEAN: fine = read_boolean(text, &v->boolean), wanted = "yes or no"; break;
    default: break;
    }
    if (fine) return 0;
    return fault_set(f, E_ARGUMENT, "%s: '%s' must be %s, got '%.80s'", c->name, p->name, wanted, text);
}

/* ---- parameters and options ---- */

typedef struct reader {
    const console_line *line;
    const console_command *command;
    console_call *call;
    arena *memory;
    unsigned at, params; /* next word; parameters read */
    bool plain;          /* behind a "--": no more options */
    bool rest;           /* the last parameter took the rest of the line */
    struct {
        uint32_t from, to;
    } secrets[2 * CONSOLE_PARAMS_MAX];
    unsigned secret_count;
    fault *fault;
} reader;

static void note_secret(reader *r, const console_param *p, const console_piece *w, uint32_t from) {
    if (p->kind != CONSOLE_SECRET || r->secret_count == 2 * CONSOLE_PARAMS_MAX) return;
    r->secrets[r->secret_count].from = from;
    r->secrets[r->secret_count++].to = w->to;
    r->call->secret = true;
}

int console_option_find(const console_command *c, const char *name, size_t n) {
    for (unsigned i = 0; i < c->option_count; i++) {
        const char *own = c->options[i].name;
        bool same = strlen(own) == n;
        for (size_t k = 0; same && k < n; k++) same = own[k] == name[k] || (own[k] == '_' && name[k] == '-');
        if (same) return (int)i;
    }
    return -1;
}

static int unknown_option(const reader *r, const char *name, size_t n) {
    char word[CONSOLE_NAME_MAX + 1], hint[128];
    snprintf(word, sizeof word, "%.*s", (int)n, name);
    suggestion near = suggest_begin(word);
    for (unsigned i = 0; i < r->command->option_count; i++) suggest_offer(&near, r->command->options[i].name);
    suggest_offer(&near, "json");
    suggest_offer(&near, "help");
    if (near.best)
        snprintf(hint, sizeof hint, "; did you mean --%s?", near.best);
    else
        snprintf(hint, sizeof hint, "; 'help %s' tells which it has", r->command->name);
    return fault_set(r->fault, E_ARGUMENT, "%s has no option --%s%s", r->command->name, word, hint);
}

/* The word at r->at is "--name", "--name=value" or "--name value". */
static int read_option(reader *r) {
    const console_piece *w = &r->line->pieces[r->at++];
    const char *name = w->text + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    if (n == 4 && memcmp(name, "json", 4) == 0) return r->call->json = true, 0;
    if (n == 4 && memcmp(name, "help", 4) == 0) return r->call->help = true, 0;
    int at = console_option_find(r->command, name, n);
    if (at < 0) return unknown_option(r, name, n);
    const console_param *o = &r->command->options[at];
    console_value *v = &r->call->options[at];
    if (v->given) return fault_set(r->fault, E_ARGUMENT, "%s: --%s is there twice", r->command->name, o->name);
    if (o->kind == CONSOLE_BOOLEAN && !equals) {
        *v = (console_value){.given = true, .text = "yes", .boolean = true};
        return 0;
    }
    if (equals) {
        note_secret(r, o, w, w->from + (uint32_t)(equals + 1 - w->text));
        return read_value(r->command, o, equals + 1, v, r->fault);
    }
    if (r->at == r->line->count)
        return fault_set(r->fault, E_ARGUMENT, "%s: --%s needs a value (%s)", r->command->name, o->name, o->type);
    w = &r->line->pieces[r->at++];
    note_secret(r, o, w, w->from);
    return read_value(r->command, o, w->text, v, r->fault);
}

/* From the word `first` to the end of the line, as it stands; without its quotes where all of it is one quoted word, as
 * a program quotes it. */
static const char *rest_of(reader *r, const console_piece *first) {
    size_t end = r->line->n;
    bool quote = strchr("\"'", r->line->line[first->from]) != NULL;
    if (quote && !r->line->open && first == &r->line->pieces[r->line->count - 1]) return first->text;
    while (end > first->from && strchr(" \t\n", r->line->line[end - 1])) end--;
    return arena_text(r->memory, r->line->line + first->from, end - first->from);
}

static int read_param(reader *r) {
    const console_piece *w = &r->line->pieces[r->at++];
    const console_command *c = r->command;
    if (r->params == c->param_count) {
        char usage[300];
        return fault_set(r->fault, E_ARGUMENT, "%s: '%.80s' is one word too many; it is written: %s", c->name, w->text,
                         console_usage(c, usage, sizeof usage));
    }
    const console_param *p = &c->params[r->params];
    console_value *v = &r->call->params[r->params++];
    note_secret(r, p, w, w->from);
    if (p->kind != CONSOLE_REST && p->kind != CONSOLE_COMMAND) return read_value(c, p, w->text, v, r->fault);
    r->at = r->line->count;
    r->rest = v->given = true;
    v->text = rest_of(r, w);
    return v->text ? 0 : fault_set(r->fault, E_MEMORY, "no memory for this line");
}

static int read_words(reader *r) {
    int code = 0;
    while (code == 0 && r->at < r->line->count) {
        const console_piece *w = &r->line->pieces[r->at];
        bool dashes = !w->quoted && !r->plain && strncmp(w->text, "--", 2) == 0;
        if (dashes && !w->text[2])
            r->plain = true, r->at++;
        else if (dashes)
            code = read_option(r);
        else
            code = read_param(r);
    }
    return code;
}

/* What is missing, when it was not only help that was asked for. */
static int check_missing(const reader *r) {
    const console_command *c = r->command;
    char usage[300];
    if (r->call->help) return 0;
    if (r->params < c->param_count && !c->params[r->params].optional)
        return fault_set(r->fault, E_ARGUMENT, "%s needs <%s>; it is written: %s", c->name, c->params[r->params].name,
                         console_usage(c, usage, sizeof usage));
    for (unsigned i = 0; i < c->option_count; i++)
        if (!c->options[i].optional && c->options[i].kind != CONSOLE_BOOLEAN && !r->call->options[i].given)
            return fault_set(r->fault, E_ARGUMENT, "%s needs --%s <%s>", c->name, c->options[i].name,
                             c->options[i].type);
    return 0;
}

static int make_loggable(reader *r) {
    static const char hidden[] = "(hidden)";
    const console_line *l = r->line;
    char *text = arena_new(r->memory, l->n + r->secret_count * sizeof hidden + 1), *to = text;
    size_t at = 0;
    if (!text) return fault_set(r->fault, E_MEMORY, "no memory for this line");
    for (unsigned i = 0; i < r->secret_count; i++) {
        memcpy(to, l->line + at, r->secrets[i].from - at);
        to += r->secrets[i].from - at;
        memcpy(to, hidden, sizeof hidden - 1);
        to += sizeof hidden - 1;
        at = r->secrets[i].to;
    }
    memcpy(to, l->line + at, l->n - at);
    r->call->loggable = text;
    return 0;
}

/* ">" and whatever follows it, with a blank or without: no quotes, no options. */
static int parse_lua(const console_set *s, const console_line *l, arena *memory, console_call *call, fault *f) {
    size_t at = strspn(l->line, " \t") + 1;
    call->command = console_set_command(s, CONSOLE_LUA_COMMAND);
    if (!call->command) return fault_set(f, E_NOT_FOUND, "this server's scripts declare no command '>'");
    while (at < l->n && strchr(" \t\n", l->line[at])) at++;
    call->loggable = arena_text(memory, l->line, l->n);
    if (!call->loggable) return fault_set(f, E_MEMORY, "no memory for this line");
    if (call->command->param_count == 0) return 0;
    call->params[0].given = at < l->n;
    call->params[0].text = arena_text(memory, l->line + at, l->n - at);
    if (!call->params[0].text) return fault_set(f, E_MEMORY, "no memory for this line");
    if (at == l->n && !call->command->params[0].optional)
        return fault_set(f, E_ARGUMENT, "behind > comes Lua, e.g. > 1 + 1");
    return 0;
}

int console_parse(const console_set *s, const char *line, size_t n, arena *memory, console_call *call, fault *f) {
    console_line l;
    *call = (console_call){0};
    const char *copy = arena_text(memory, line, n); /* ends in a zero byte, so that it can be looked at as text */
    if (!copy) return fault_set(f, E_MEMORY, "no memory for this line");
    if (copy[strspn(copy, " \t")] == '>') {
        l = (console_line){.line = copy, .n = n};
        if (n > CONSOLE_LINE_MAX || strlen(copy) != n)
            return fault_set(f, E_ARGUMENT, "the line is longer than %d bytes or has a zero byte in it",
                             CONSOLE_LINE_MAX);
        return parse_lua(s, &l, memory, call, f);
    }
    int code = console_line_begin(copy, n, memory, &l, f);
    if (code < 0 || l.count == 0) return code;
    reader r = {.line = &l, .command = find(s, &l), .call = call, .memory = memory, .fault = f};
    if (!r.command) return no_command(s, &l, memory, f);
    call->command = r.command;
    r.at = r.command->words;
    code = read_words(&r);
    if (code == 0 && l.open && !r.rest) /* an apostrophe in what is taken as it stands is no quote */
        code = fault_set(f, E_ARGUMENT, "a quote is not closed, in: %.60s", copy + l.pieces[l.count - 1].from);
    if (code == 0) code = check_missing(&r);
    return code < 0 ? code : make_loggable(&r);
}
