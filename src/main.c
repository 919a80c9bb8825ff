/* main.c: the program: reads the command line, finds its folders, and hands over to a verb.
 *
 *     murelay serve [--config FILE] [--data DIR] [--set key=value …] [--home DIR]
 *     murelay console | ctl …                                     the console's client: src/console/client.h
 *     murelay content …                                           files of the game's content: src/content_tool.h
 *     murelay --help | --version
 *
 * A folder called home holds what is shipped: config.lua, scripts/, assets/. It is the one given, the current folder,
 * or the checkout that the program was built in. The data folder (default: data) holds what belongs to this server. The
 * life of a server is in serve.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/suggest.h"
#include "console/client.h"
#include "content_tool.h"
#include "serve.h"

static const char usage[] =
    "usage: murelay serve [options]\n"
    "       murelay console [--data DIR]                        attaches to the server that runs on that folder\n"
    "       murelay ctl [--json] [--data DIR] COMMAND …         runs one command of the console\n"
    "       murelay content extract FILE FOLDER                 a live configuration or talk table of the game as "
    "texts\n"
    "       murelay content build SOURCE FILE                   a folder of .ini, a .json, .txt or .png as the game "
    "has it\n"
    "       murelay content WORD …                              as murelay ctl content WORD …\n"
    "\n"
    "  --config FILE     settings to use instead of config.lua\n"
    "  --data DIR        folder of the database, keys and the operator's own files (default: data)\n"
    "  --set KEY=VALUE   one setting, e.g. --set public_address=192.0.2.7; may be given several times\n"
    "  --home DIR        folder with the shipped config.lua, scripts/ and assets/\n"
    "  --help, --version\n"
    "\n"
    "Signals: HUP reloads the scripts, USR1 opens the log file anew (after a rotation), TERM ends the server "
    "cleanly.\n";

#define SETS_MAX 128

static int complain(const char *format, const char *word) {
    fprintf(stderr, "murelay: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "\nTry: murelay --help\n");
    return 2;
}

static int no_verb(const char *word) {
    char hint[64];
    suggestion near = suggest_begin(word);
    suggest_offer(&near, "serve");
    suggest_offer(&near, "console");
    suggest_offer(&near, "ctl");
    fprintf(stderr, "murelay: there is no verb '%s'%s\nTry: murelay --help\n", word,
            suggest_text(&near, hint, sizeof hint));
    return 2;
}

static int has_scripts(const char *folder) {
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/scripts/main.lua", folder);
    return stat(path, &st) == 0;
}

/* The folder above build/<preset>/ that the program lies in. */
static int checkout_of_program(char *out, size_t room) {
    ssize_t n = readlink("/proc/self/exe", out, room - 1);
    if (n <= 0) return 0;
    out[n] = 0;
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(out, '/');
        if (!slash || slash == out) return 0;
        *slash = 0;
    }
    return 1;
}

static const char *find_home(const char *given, char *out, size_t room) {
    if (given) return has_scripts(given) ? given : NULL;
    if (has_scripts(".")) return ".";
    return checkout_of_program(out, room) && has_scripts(out) ? out : NULL;
}

int main(int argc, char **argv) {
    serve_options o = {.data = "data"};
    const char *sets[SETS_MAX + 1] = {0};
    const char *home = NULL;
    int set_count = 0, i = 1;
    char found[4096];
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) return fputs(usage, stdout) < 0;
    if (argc > 1 && strcmp(argv[1], "--version") == 0) return printf("murelay %s\n", MU_VERSION) < 0;
    if (argc > 1 && (strcmp(argv[1], "console") == 0 || strcmp(argv[1], "ctl") == 0))
        return client_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "content") == 0) {
        if (content_tool_wants(argc - 1, argv + 1)) return content_tool_main(argc - 1, argv + 1);
        argv[0] = "ctl";
        return client_main(argc, argv);
    }
    if (argc > 1 && argv[1][0] != '-') {
        if (strcmp(argv[1], "serve") != 0) return no_verb(argv[1]);
        i = 2;
    }
    for (; i < argc; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(word, "--help") == 0) return fputs(usage, stdout) < 0;
        if (strcmp(word, "--config") && strcmp(word, "--data") && strcmp(word, "--set") && strcmp(word, "--home"))
            return complain("there is no option '%s'", word);
        if (!value) return complain("%s needs a value", word);
        i++;
        if (strcmp(word, "--config") == 0)
            o.config = value;
        else if (strcmp(word, "--data") == 0)
            o.data = value;
        else if (strcmp(word, "--home") == 0)
            home = value;
        else if (!strchr(value, '='))
            return complain("--set %s: expected key=value", value);
        else if (set_count == SETS_MAX)
            return complain("too many --set options at '%s'", value);
        else
            sets[set_count++] = value;
    }
    o.sets = sets;
    o.home = find_home(home, found, sizeof found);
    if (!o.home)
        return complain("no scripts/main.lua in %s: give the folder with --home", home ? home : "the current folder");
    return serve(&o);
}
