/* settings_line.c: where a key stands in the text of a config file, so that an error in its value can name the line.
 *
 * The value of a chunk does not know its lines, so the text is read once more, just well enough to follow tables and
 * `key =`. It is for messages only: where somebody computes a key, the line is unknown or that of the table around.
 * In the same way source_entry_lines finds where the entries of a list of declarations begin. */
#include "script/state.h"

#include <stdio.h>
#include <string.h>

typedef struct scanner {
    const char *at, *end;
    int line;
    char word[128]; /* the last name or string read */
} scanner;

static void skip_long(scanner *s, size_t level) {
    for (; s->at < s->end; s->at++) {
        if (*s->at == '\n') s->line++;
        if (*s->at != ']') continue;
        const char *p = s->at + 1;
        while (p < s->end && *p == '=') p++;
        if (p < s->end && *p == ']' && (size_t)(p - s->at - 1) == level) {
            s->at = p + 1;
            return;
        }
    }
}

static bool long_bracket(const scanner *s, size_t *level) {
    const char *p = s->at + 1;
    if (*s->at != '[') return false;
    while (p < s->end && *p == '=') p++;
    *level = (size_t)(p - s->at - 1);
    return p < s->end && *p == '[';
}

static bool word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The next token: 'w' a name, 's' a string, the byte of a sign, 0 at the end. */
static int token(scanner *s) {
    size_t level, n = 0;
    for (; s->at < s->end; s->at++) {
        char c = *s->at;
        if (c == '\n')
            s->line++;
        else if (c == '-' && s->at + 1 < s->end && s->at[1] == '-') {
            s->at += 2;
            if (s->at < s->end && long_bracket(s, &level))
                skip_long(s, level);
            else
                while (s->at < s->end && *s->at != '\n') s->at++;
            s->at--;
        } else if (c != ' ' && c != '\t' && c != '\r')
            break;
    }
    if (s->at >= s->end) return 0;
    char c = *s->at;
    if (long_bracket(s, &level)) {
        skip_long(s, level);
        s->word[0] = 0;
        return 's';
    }
    if (c == '"' || c == '\'') {
        for (s->at++; s->at < s->end && *s->at != c && *s->at != '\n'; s->at++) {
            if (*s->at == '\\' && s->at + 1 < s->end) s->at++;
            if (n + 1 < sizeof s->word) s->word[n++] = *s->at;
        }
        if (s->at < s->end) s->at++;
        s->word[n] = 0;
        return 's';
    }
    if (word_byte(c)) {
        for (; s->at < s->end && word_byte(*s->at); s->at++) {
            if (n + 1 < sizeof s->word) s->word[n++] = *s->at;
        }
        s->word[n] = 0;
        return 'w';
    }
    s->at++;
    return (unsigned char)c;
}

/* The table behind the first `word`, perhaps after '=' or in parentheses: where each of its entries begins. */
int source_entry_lines(const source *file, const char *word, int *lines, int most) {
    scanner s = {file->text, file->text + file->size, 1, ""};
    int kind, depth = 0, count = 0;
    bool found = false, fresh = false;
    while ((kind = token(&s)) != 0) {
        if (depth == 0) { /* looking for: word, perhaps '=' or '(', '{' */
            if (kind == '{' && found)
                depth = 1, fresh = true;
            else
                found = (kind == 'w' && strcmp(s.word, word) == 0) || (found && (kind == '(' || kind == '='));
            continue;
        }
        if (depth == 1 && fresh && kind != '}') {
            if (count < most) lines[count] = s.line;
            count++;
        }
        fresh = depth == 1 && (kind == ',' || kind == ';');
        if (kind == '{' || kind == '(' || kind == '[') depth++;
        if (kind == '}' || kind == ')' || kind == ']') depth--;
        if (depth == 0) break;
    }
    return count;
}

#define NEST_MAX 16

/* The line of the last `key =` whose keys from the outermost table make up `path`, or of its nearest table; 0 = none.
 */
int settings_line(const source *file, const char *path) {
    scanner s = {file->text, file->text + file->size, 1, ""};
    char keys[NEST_MAX][128] = {{0}}, key[128] = "", here[600];
    int depth = 0, line = 0, key_line = 0, kind;
    size_t best = 0;
    while ((kind = token(&s)) != 0) {
        if (kind == 'w' || kind == 's') {
            snprintf(key, sizeof key, "%s", s.word);
            key_line = s.line;
        } else if (kind == '=' && depth > 0 && depth < NEST_MAX) {
            size_t n = 0;
            snprintf(keys[depth], sizeof keys[depth], "%s", key);
            here[0] = 0;
            for (int i = 1; i <= depth && n < sizeof here; i++) {
                if (keys[i][0]) n += (size_t)snprintf(here + n, sizeof here - n, "%s%s", n ? "." : "", keys[i]);
            }
            n = strlen(here);
            if (n >= best && n > 0 && strncmp(path, here, n) == 0 &&
                (path[n] == 0 || path[n] == '.' || path[n] == '[')) {
                best = n, line = key_line;
            }
        } else if (kind == '{') {
            if (++depth < NEST_MAX) keys[depth][0] = 0;
        } else if (kind == '}') {
            if (--depth < 0) depth = 0;
        } else if ((kind == ',' || kind == ';') && depth > 0 && depth < NEST_MAX) {
            keys[depth][0] = 0;
        }
    }
    return line;
}
