/* console_params.c: the parameters and options of console commands as they are written, and what their types mean.
 *
 * "player: player, limit?: integer": a name, perhaps a question mark, a type. Base types have their names below; every
 * other type is a word that some script declares, perhaps in a file that is loaded later, so words are looked up when
 * all scripts have run. */
#include "bind/console_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

static const struct {
    const char *name;
    enum console_kind kind;
} kinds[] = {{"string", CONSOLE_STRING},  {"secret", CONSOLE_SECRET},   {"integer", CONSOLE_INTEGER},
             {"number", CONSOLE_NUMBER},  {"boolean", CONSOLE_BOOLEAN}, {"rest", CONSOLE_REST},
             {"command", CONSOLE_COMMAND}};

static bool takes_rest(const console_param *p) { return p->kind == CONSOLE_REST || p->kind == CONSOLE_COMMAND; }

#define KINDS (sizeof kinds / sizeof *kinds)

const char *console_kind_name(enum console_kind kind) {
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind) return kinds[i].name;
    return NULL;
}

static const char *skip_blanks(const char *s) { return s + strspn(s, " \t\n"); }

static bool good_name(const char *s, size_t n) {
    if (n == 0 || n > CONSOLE_NAME_MAX || (*s >= '0' && *s <= '9')) return false;
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_')) return false;
    return true;
}

/* One "name?: type" at *at, which moves behind it and its comma. */
static int read_one(console_set *s, const char **at, console_param *p, fault *f) {
    const char *name = *at;
    size_t n = strcspn(name, "?:, \t\n"), type_n;
    if (!good_name(name, n))
        return fault_set(f, E_ARGUMENT, "'%.40s': a parameter is written 'name: type', the name in small letters",
                         name);
    const char *t = skip_blanks(name + n);
    if (*t == '?') p->optional = true, t = skip_blanks(t + 1);
    if (*t != ':')
        return fault_set(f, E_ARGUMENT, "'%.*s' has no type: write '%.*s: string'", (int)n, name, (int)n, name);
    t = skip_blanks(t + 1);
    type_n = strcspn(t, "?, \t\n");
    if (!good_name(t, type_n)) return fault_set(f, E_ARGUMENT, "'%.*s' has no type that can be read", (int)n, name);
    p->name = arena_text(&s->memory, name, n);
    p->type = arena_text(&s->memory, t, type_n);
    if (!p->name || !p->type) return fault_set(f, E_MEMORY, "too many declarations for the console's memory");
    t = skip_blanks(t + type_n);
    if (*t == '?') p->optional = true, t = skip_blanks(t + 1);
    if (*t == ',')
        t = skip_blanks(t + 1);
    else if (*t)
        return fault_set(f, E_ARGUMENT, "a comma is missing before '%.40s'", t);
    p->kind = CONSOLE_WORD;
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, p->type) == 0) p->kind = (uint8_t)kinds[i].kind;
    *at = t;
    return 0;
}

/* What the list as a whole forbids of its newest entry. */
static int check_order(const console_param *list, int count, bool options, fault *f) {
    const console_param *p = &list[count];
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].name, p->name) == 0) return fault_set(f, E_ARGUMENT, "'%s' is there twice", p->name);
    if (options && takes_rest(p))
        return fault_set(f, E_ARGUMENT, "the option '%s' cannot take the rest of the line", p->name);
    if (options && (strcmp(p->name, "json") == 0 || strcmp(p->name, "help") == 0))
        return fault_set(f, E_ARGUMENT, "every command has the option --%s already", p->name);
    if (options || count == 0) return 0;
    if (takes_rest(&list[count - 1]))
        return fault_set(f, E_ARGUMENT, "'%s' takes the rest of the line: nothing can come after it",
                         list[count - 1].name);
    if (list[count - 1].optional && !p->optional)
        return fault_set(f, E_ARGUMENT, "'%s' must be given, so '%s' before it cannot be optional", p->name,
                         list[count - 1].name);
    return 0;
}

int console_params_read(console_set *s, const char *text, bool options, console_param **list, fault *f) {
    console_param read[CONSOLE_PARAMS_MAX] = {0};
    int count = 0, code;
    for (const char *at = skip_blanks(text); *at; count++) {
        if (count == CONSOLE_PARAMS_MAX) return fault_set(f, E_ARGUMENT, "more than %d parameters", CONSOLE_PARAMS_MAX);
        if ((code = read_one(s, &at, &read[count], f)) < 0) return code;
        if ((code = check_order(read, count, options, f)) < 0) return code;
    }
    if (!count) return 0;
    *list = arena_new(&s->memory, (size_t)count * sizeof **list);
    if (!*list) return fault_set(f, E_MEMORY, "too many declarations for the console's memory");
    memcpy(*list, read, (size_t)count * sizeof **list);
    return count;
}

/* ---- when all is declared ---- */

static int by_command(const void *a, const void *b) {
    return strcmp(((const console_command *)a)->name, ((const console_command *)b)->name);
}

static int by_section(const void *a, const void *b) {
    return strcmp(((const console_section *)a)->name, ((const console_section *)b)->name);
}

static int by_word(const void *a, const void *b) {
    return strcmp(((const console_word *)a)->name, ((const console_word *)b)->name);
}

static void check_types(const console_set *s, generation *g, const console_command *c, console_param *list,
                        unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (list[i].kind != CONSOLE_WORD) continue;
        list[i].word = console_set_word(s, list[i].type);
        if (list[i].word) continue;
        char hint[128];
        suggestion near = suggest_begin(list[i].type);
        for (size_t k = 0; k < KINDS; k++) suggest_offer(&near, kinds[k].name);
        for (unsigned w = 0; w < s->word_count; w++) suggest_offer(&near, s->words[w].name);
        generation_error(g, c->place.file, c->place.line,
                         "the command '%s': '%s' is of the type '%s', which is no base type and no mu.word%s", c->name,
                         list[i].name, list[i].type, suggest_text(&near, hint, sizeof hint));
    }
}

static void check_section(const console_set *s, generation *g, const console_command *c) {
    char hint[128];
    if (console_set_section(s, c->section)) return;
    suggestion near = suggest_begin(c->section);
    for (unsigned i = 0; i < s->section_count; i++) suggest_offer(&near, s->sections[i].name);
    generation_error(g, c->place.file, c->place.line,
                     "the command '%s' belongs to the section '%s', but there is no mu.section \"%s\"%s", c->name,
                     c->section, c->section, suggest_text(&near, hint, sizeof hint));
}

void console_set_check(console_set *s, generation *g) {
    if (s->command_count) qsort(s->commands, s->command_count, sizeof *s->commands, by_command);
    if (s->section_count) qsort(s->sections, s->section_count, sizeof *s->sections, by_section);
    if (s->word_count) qsort(s->words, s->word_count, sizeof *s->words, by_word);
    for (unsigned i = 0; i < s->command_count; i++) {
        const console_command *c = &s->commands[i];
        check_section(s, g, c);
        check_types(s, g, c, c->params, c->param_count);
        check_types(s, g, c, c->options, c->option_count);
    }
    s->checked = true;
}

/* ---- finding ---- */

const console_command *console_set_command(const console_set *s, const char *name) {
    for (unsigned i = 0; i < s->command_count; i++)
        if (strcmp(s->commands[i].name, name) == 0) return &s->commands[i];
    return NULL;
}

const console_section *console_set_section(const console_set *s, const char *name) {
    for (unsigned i = 0; i < s->section_count; i++)
        if (strcmp(s->sections[i].name, name) == 0) return &s->sections[i];
    return NULL;
}

const console_word *console_set_word(const console_set *s, const char *name) {
    for (unsigned i = 0; i < s->word_count; i++)
        if (strcmp(s->words[i].name, name) == 0) return &s->words[i];
    return NULL;
}
