/* client.c: the two verbs of the console's client. See client.h. */
#include "console/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "console/edit.h"
#include "console/link.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const char console_usage_text[] =
    "usage: murelay console [--data DIR]\n"
    "\n"
    "Attaches to the server that runs on that data folder (default: data). Tab completes, Ctrl-C ends what runs or\n"
    "drops the line, Ctrl-D leaves. 'help' lists all commands; a line that begins with > is Lua.\n"
    "Lines may also come from a pipe: the first that fails ends them, and its code is the exit code.\n";

static const char ctl_usage_text[] =
    "usage: murelay ctl [--json] [--data DIR] COMMAND …\n"
    "       murelay ctl [--json] [--data DIR] -\n"
    "\n"
    "Runs one command of the console on the server that runs on that data folder (default: data), or (-) the lines of\n"
    "standard input up to the first that fails. --json: what it gives, as JSON. 'murelay ctl help' lists all "
    "commands.\n"
    "Exit code: 0 done, 1 failed, 2 not understood or no server.\n";

typedef struct options {
    const char *data;
    bool json, ctl, help;
    int words; /* index of the first word of the command */
} options;

static int complain(const options *o, const char *what, const char *word) {
    fprintf(stderr, "murelay: %s%s\nTry: murelay %s --help\n", what, word, o->ctl ? "ctl" : "console");
    return USAGE;
}

static int read_options(int argc, char **argv, options *o) {
    *o = (options){.data = "data", .ctl = strcmp(argv[0], "ctl") == 0};
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--help") == 0)
            o->help = true;
        else if (strcmp(argv[i], "--json") == 0 && o->ctl)
            o->json = true;
        else if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            o->data = argv[++i];
        else if (strcmp(argv[i], "--data") == 0)
            return complain(o, "--data needs a folder", "");
        else
            return complain(o, "there is no option ", argv[i]);
    }
    o->words = i;
    if (o->help) return DONE;
    if (!o->ctl && i < argc) return complain(o, "console takes no command; one alone is run by: murelay ctl ", argv[i]);
    if (o->ctl && i == argc) return complain(o, "which command?", "");
    return DONE;
}

static uint16_t terminal_width(void) {
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool wants_colour(void) {
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

static console_link *attach(const options *o, fault *f) {
    char path[4096];
    console_hello hello = {.protocol = CONSOLE_PROTOCOL,
                           .flags = (uint8_t)((o->json ? CONSOLE_JSON : 0) | (wants_colour() ? CONSOLE_COLOUR : 0)),
                           .width = terminal_width(),
                           .version = {(const uint8_t *)MU_VERSION, strlen(MU_VERSION)}};
    snprintf(path, sizeof path, "%s/console.sock", o->data);
    link_colour = wants_colour() && isatty(STDERR_FILENO);
    return link_open(path, &hello, f);
}

/* ---- one command ---- */

/* A word as the server reads it; of --name=value only the value is quoted, else it were no option. */
static void add_word(buf *b, const char *word) {
    size_t name = strncmp(word, "--", 2) == 0 ? strcspn(word, "= \t\n\"'") : 0;
    if (name && word[name] == '=') {
        buf_put(b, word, name + 1);
        word += name + 1;
    }
    bool quote = !*word || strpbrk(word, " \t\n\"'") != NULL;
    if (quote) buf_u8(b, '"');
    for (; *word; word++) {
        if (quote && (*word == '"' || *word == '\\')) buf_u8(b, '\\');
        buf_u8(b, (uint8_t)*word);
    }
    if (quote) buf_u8(b, '"');
}

/* One argument is a line as it stands; so are those behind a >. */
static char *line_of(int count, char **words) {
    buf b = {0};
    bool as_it_stands = count == 1 || words[0][0] == '>';
    for (int i = 0; i < count; i++) {
        if (i) buf_u8(&b, ' ');
        if (as_it_stands)
            buf_put(&b, words[i], strlen(words[i]));
        else
            add_word(&b, words[i]);
    }
    buf_u8(&b, 0);
    if (b.failed) {
        buf_free(&b);
        return NULL;
    }
    return (char *)b.p;
}

static int broken(const fault *f) {
    fprintf(stderr, "murelay: %s\n", f->text);
    return f->code == E_CANCELLED ? FAILED : USAGE;
}

static int run_one(console_link *l, const char *line) {
    fault f;
    uint8_t flags = 0;
    int code = link_run(l, line, &flags, &f);
    return code < 0 ? broken(&f) : code;
}

/* ---- lines of a pipe ---- */

static int run_lines(console_link *l) {
    char *line = NULL;
    size_t room = 0;
    int code = DONE;
    for (int number = 1; code == DONE && getline(&line, &room, stdin) >= 0; number++) {
        line[strcspn(line, "\r\n")] = 0;
        const char *first = line + strspn(line, " \t");
        if (!*first || *first == '#') continue;
        code = run_one(l, line);
        if (code != DONE) fprintf(stderr, "murelay: line %d ended with %d: %.200s\n", number, code, first);
    }
    free(line);
    return code;
}

/* ---- a prompt ---- */

static int converse(console_link *l) {
    edit *e = edit_open(l);
    fault f = {0};
    const char *line;
    uint16_t width = terminal_width();
    int code = DONE;
    if (!e) return run_lines(l);
    printf("%s. 'help' lists all commands, Ctrl-D leaves.\n", link_greeting(l));
    while (code >= 0 && (line = edit_line(e, &f))) {
        uint8_t flags = 0;
        const char *first = line + strspn(line, " \t");
        if (!*first) continue;
        if (strcmp(first, "exit") == 0 || strcmp(first, "quit") == 0) break;
        if (terminal_width() != width) code = link_set_width(l, width = terminal_width(), &f);
        if (code >= 0) code = link_run(l, line, &flags, &f);
        if (code >= 0 && !(flags & CONSOLE_HAS_SECRET)) edit_remember(e, line);
        if (flags & CONSOLE_BYE) break;
    }
    edit_close(e);
    if (code >= 0 && f.code == 0) return DONE;
    return broken(&f);
}

int client_main(int argc, char **argv) {
    options o;
    fault f;
    int code = read_options(argc, argv, &o);
    if (code != DONE) return code;
    if (o.help) return fputs(o.ctl ? ctl_usage_text : console_usage_text, stdout) < 0;
    console_link *l = attach(&o, &f);
    if (!l) return broken(&f);
    if (!o.ctl) {
        code = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? converse(l) : run_lines(l);
    } else if (argc - o.words == 1 && strcmp(argv[o.words], "-") == 0) {
        code = run_lines(l);
    } else {
        char *line = line_of(argc - o.words, argv + o.words);
        code = line ? run_one(l, line) : FAILED;
        free(line);
    }
    link_close(l);
    return code;
}
