/* edit.c: libedit around one prompt. See edit.h.
 *
 * While a line is edited the terminal sends no signal for Ctrl-C: it arrives as a key that drops the line. While a
 * command runs it is a signal again (link.c). */
#include "console/edit.h"

#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 1000
#define LIST_MOST     200 /* candidates shown; of more only their number is told */

struct edit {
    EditLine *el;
    History *history;
    console_link *link;
    char *line, file[512];
    bool dropped; /* Ctrl-C */
    int lost;     /* the server has gone: an E_ code */
    fault why;
};

static edit *the_edit; /* libedit's functions find it here */

static char *prompt(EditLine *el) { return "mu> "; }

/* ---- completion ---- */

static size_t characters(const char *text, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static size_t common(const link_candidates *c) {
    size_t n = strlen(c->texts[0]);
    for (unsigned i = 1; i < c->count; i++) {
        size_t k = 0;
        while (k < n && c->texts[i][k] == c->texts[0][k]) k++;
        n = k;
    }
    while (n > 0 && ((unsigned char)c->texts[0][n] & 0xc0) == 0x80) n--; /* no half character */
    return n;
}

static void show(const link_candidates *c) {
    struct winsize size;
    size_t widest = 0, across = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    for (unsigned i = 0; i < c->count; i++) {
        size_t n = characters(c->texts[i], strlen(c->texts[i]));
        if (n > widest) widest = n;
    }
    unsigned columns = (unsigned)(across / (widest + 2));
    if (!columns) columns = 1;
    putchar('\n');
    for (unsigned i = 0; i < c->count && i < LIST_MOST; i++) {
        bool last = (i + 1) % columns == 0 || i + 1 == c->count || i + 1 == LIST_MOST;
        size_t n = characters(c->texts[i], strlen(c->texts[i]));
        printf("%s%*s", c->texts[i], last ? 0 : (int)(widest + 2 - n), "");
        if (last) putchar('\n');
    }
    if (c->count > LIST_MOST) printf("… and %u more\n", c->count - LIST_MOST);
    fflush(stdout);
}

/* Replaces what is written of the word by `n` bytes of `text`. */
static void replace(EditLine *el, const char *line, size_t cursor, uint32_t from, const char *text, size_t n,
                    bool blank) {
    char *put = malloc(n + 2);
    if (!put) return;
    memcpy(put, text, n);
    put[n] = blank ? ' ' : 0;
    put[n + 1] = 0;
    el_deletestr(el, (int)characters(line + from, cursor - from));
    el_insertstr(el, put);
    free(put);
}

static unsigned char complete(EditLine *el, wint_t key) {
    const LineInfo *info = el_line(el);
    edit *e = the_edit;
    size_t cursor = (size_t)(info->cursor - info->buffer);
    char *line = strndup(info->buffer, cursor);
    static link_candidates found;
    unsigned char result = CC_ERROR;
    if (!line) return CC_ERROR;
    if ((e->lost = link_complete(e->link, line, cursor, &found, &e->why)) < 0) {
        free(line);
        return CC_EOF;
    }
    if (found.count && found.from <= cursor) {
        size_t n = common(&found), written = cursor - found.from;
        bool ahead = n > written || (n && strncasecmp(found.texts[0], line + found.from, written) == 0 &&
                                     strncmp(found.texts[0], line + found.from, written) != 0);
        result = CC_REDISPLAY;
        if (found.count == 1) {
            bool lua = line[strspn(line, " \t")] == '>';
            replace(el, line, cursor, found.from, found.texts[0], strlen(found.texts[0]), !lua);
            result = CC_REFRESH;
        } else if (ahead) {
            replace(el, line, cursor, found.from, found.texts[0], n, false);
            result = CC_REFRESH;
        } else {
            show(&found);
        }
    }
    link_candidates_free(&found);
    free(line);
    return result;
}

static unsigned char drop_line(EditLine *el, wint_t key) {
    the_edit->dropped = true;
    return CC_NEWLINE;
}

/* ---- history ---- */

static void find_history(edit *e) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[400];
    if (state && *state == '/')
        snprintf(folder, sizeof folder, "%s", state);
    else if (home && *home == '/')
        snprintf(folder, sizeof folder, "%s/.local/state", home);
    else
        return;
    for (char *p = folder + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = 0;
        mkdir(folder, 0700);
        *p = '/';
    }
    mkdir(folder, 0700);
    snprintf(e->file, sizeof e->file, "%s/murelay", folder);
    mkdir(e->file, 0700);
    snprintf(e->file, sizeof e->file, "%s/murelay/history", folder);
}

void edit_remember(edit *e, const char *line) {
    HistEvent event;
    history(e->history, &event, H_ENTER, line);
    if (e->file[0]) history(e->history, &event, H_SAVE, e->file);
}

/* ---- life ---- */

edit *edit_open(console_link *l) {
    HistEvent event;
    edit *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
    umask(077); /* the history is nobody else's */
    e->link = l;
    e->history = history_init();
    e->el = e->history ? el_init("murelay", stdin, stdout, stderr) : NULL;
    if (!e->el) {
        edit_close(e);
        return NULL;
    }
    the_edit = e;
    find_history(e);
    history(e->history, &event, H_SETSIZE, HISTORY_LINES);
    history(e->history, &event, H_SETUNIQUE, 1);
    if (e->file[0]) history(e->history, &event, H_LOAD, e->file);
    el_set(e->el, EL_PROMPT, prompt);
    el_set(e->el, EL_EDITOR, "emacs");
    el_set(e->el, EL_HIST, history, e->history);
    el_wset(e->el, EL_ADDFN, L"mu-complete", L"completes the word", complete); /* el_set would leak copies of these */
    el_wset(e->el, EL_ADDFN, L"mu-drop", L"drops the line", drop_line);
    el_set(e->el, EL_SETTY, "-d", "-isig", NULL);
    el_set(e->el, EL_BIND, "^I", "mu-complete", NULL);
    el_set(e->el, EL_BIND, "^C", "mu-drop", NULL);
    el_set(e->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(e->el, EL_BIND, "^D", "em-delete-or-list", NULL);
    return e;
}

void edit_close(edit *e) {
    if (!e) return;
    if (e->el) el_end(e->el);
    if (e->history) history_end(e->history);
    free(e->line);
    free(e);
}

const char *edit_line(edit *e, fault *f) {
    for (;;) {
        int count = 0;
        e->dropped = false;
        el_set(e->el, EL_PREP_TERM, 1); /* before the prompt, so that what answers it at once is no lost end of file */
        const char *line = el_gets(e->el, &count);
        *f = e->why;
        if (e->lost < 0) return NULL;
        if (e->dropped) {
            fputs("^C\n", stdout);
            continue;
        }
        f->code = 0;
        if (!line || count <= 0) {
            putchar('\n');
            return NULL;
        }
        free(e->line);
        e->line = strdup(line);
        if (!e->line) return NULL;
        e->line[strcspn(e->line, "\r\n")] = 0;
        return e->line;
    }
}
