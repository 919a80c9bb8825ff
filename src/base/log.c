/* log.c: formats a line and writes it. Does not rotate files: log_reopen is for whoever does.
 *
 * The thread that answers requests may gather its lines, so that a rush of logins is one write a turn and not one each.
 * What is worth a warning, what another thread says, and a full buffer leave at once, behind what was gathered. */
#include "base/log.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int threshold = LOG_INFO;
static _Atomic bool as_json;
static log_sink current_sink;
static void *sink_context;
static log_sink current_tap;
static void *tap_context;
static int file = STDERR_FILENO;
static char file_path[1024]; /* "" = standard error */

/* Under the lock; ask and gatherer belong to the thread that gathers. */
static char gathered[16384];
static size_t gathered_n;
static _Thread_local bool gatherer;
static void (*ask_flush)(void *);
static void *ask_context;

static const char *const words[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level) { atomic_store(&threshold, (int)level); }
enum log_level log_get_level(void) { return (enum log_level)atomic_load(&threshold); }

void log_set_sink(log_sink sink, void *context) {
    pthread_mutex_lock(&lock);
    current_sink = sink;
    sink_context = context;
    pthread_mutex_unlock(&lock);
}

void log_set_tap(log_sink tap, void *context) {
    pthread_mutex_lock(&lock);
    current_tap = tap;
    tap_context = context;
    pthread_mutex_unlock(&lock);
}

void log_set_json(bool json) { atomic_store(&as_json, json); }

int log_level_parse(const char *word) {
    for (int i = 0; i < (int)(sizeof words / sizeof *words); i++)
        if (strcmp(word, words[i]) == 0) return i;
    return -1;
}

/* Copies text to out, indenting continuation lines and replacing control characters. Returns the length written. */
static size_t copy_text(char *out, size_t room, const char *text) {
    size_t n = 0;
    for (const char *p = text; *p && n + 6 < room; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '\n') {
            if (!p[1]) break;
            memcpy(out + n, "\n    ", 5);
            n += 5;
        } else
            out[n++] = (c < 0x20 && c != '\t') || c == 0x7f ? '?' : (char)c;
    }
    return n;
}

static void put(enum log_level level, const char *text, size_t n) {
    if (current_sink)
        current_sink(level, text, n, sink_context);
    else
        for (ssize_t wrote; n; text += wrote, n -= (size_t)wrote)
            if ((wrote = write(file, text, n)) < 0) {
                if (errno != EINTR) return; /* a full disk stops the log, not the server */
                wrote = 0;
            }
}

static void put_gathered(void) {
    if (gathered_n) put(LOG_INFO, gathered, gathered_n);
    gathered_n = 0;
}

void log_flush(void) {
    pthread_mutex_lock(&lock);
    put_gathered();
    pthread_mutex_unlock(&lock);
}

int log_set_file(const char *path, fault *f) {
    if (strlen(path) >= sizeof file_path) return fault_set(f, E_LIMIT, "the log file's name is too long");
    int fd = *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : STDERR_FILENO;
    if (fd < 0) return fault_set(f, E_IO, "the log file %s cannot be opened: %s", path, strerror(errno));
    pthread_mutex_lock(&lock);
    put_gathered();
    if (file != STDERR_FILENO) close(file);
    file = fd;
    memmove(file_path, path, strlen(path) + 1); /* log_reopen gives the path itself */
    pthread_mutex_unlock(&lock);
    return 0;
}

int log_reopen(fault *f) { return log_set_file(file_path, f); }

void log_gather(void (*ask)(void *context), void *context) {
    log_flush();
    gatherer = ask != NULL;
    ask_flush = ask, ask_context = context;
}

/* True when the line was kept and is the first: somebody has to be asked. */
static bool gather(const char *line, size_t n) {
    memcpy(gathered + gathered_n, line, n);
    gathered_n += n;
    return gathered_n == n;
}

/* The beginning of a line is made once a second. */
static size_t put_time(char *out, int64_t now) {
    static time_t second = -1;
    static char text[32];
    static size_t n;
    if (second != (time_t)(now / 1000000)) {
        struct tm tm;
        second = (time_t)(now / 1000000);
        gmtime_r(&second, &tm);
        n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    memcpy(out, text, n);
    return n;
}

/* A text inside a JSON string. Bytes that are no ASCII go as they are: names are UTF-8, and what is not is the reader's
 * to replace. */
static size_t copy_json(char *out, size_t room, const char *text) {
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p && n + 8 < room; p++) {
        if (*p == '"' || *p == '\\')
            out[n++] = '\\', out[n++] = (char)*p;
        else if (*p == '\n' && !p[1])
            break;
        else if (*p < 0x20 || *p == 0x7f)
            n += (size_t)snprintf(out + n, room - n, "\\u%04x", *p);
        else
            out[n++] = (char)*p;
    }
    return n;
}

static size_t put_line(char *line, size_t room, enum log_level level, const char *topic, const char *text) {
    int64_t now = clock_unix_us();
    int ms = (int)(now / 1000 % 1000);
    size_t n = 0;
    if (atomic_load(&as_json)) {
        memcpy(line, "{\"time\":\"", 9);
        n = 9 + put_time(line + 9, now);
        n += (size_t)snprintf(line + n, room - n, ".%03dZ\",\"level\":\"%s\",\"topic\":\"%s\",\"text\":\"", ms,
                              words[level], topic);
        n += copy_json(line + n, room - n - 4, text);
        memcpy(line + n, "\"}\n", 3);
        return n + 3;
    }
    n = put_time(line, now);
    n += (size_t)snprintf(line + n, room - n, ".%03dZ %-5s %s: ", ms, words[level], topic);
    n += copy_text(line + n, room - n - 1, text);
    line[n++] = '\n';
    return n;
}

/* ---- the newest lines: a ring of bytes ---- */

static char recent[LOG_RECENT_MAX];
static size_t recent_end, recent_n; /* where the next byte goes; bytes in it */

static void keep_recent(const char *line, size_t n) {
    size_t first = n < sizeof recent - recent_end ? n : sizeof recent - recent_end;
    memcpy(recent + recent_end, line, first);
    memcpy(recent, line + first, n - first);
    recent_end = (recent_end + n) % sizeof recent;
    recent_n = recent_n + n < sizeof recent ? recent_n + n : sizeof recent;
}

size_t log_recent(char *out, size_t room) {
    pthread_mutex_lock(&lock);
    size_t n = recent_n < room ? recent_n : room;
    size_t begin = (recent_end + sizeof recent - n) % sizeof recent;
    size_t first = n < sizeof recent - begin ? n : sizeof recent - begin;
    memcpy(out, recent + begin, first);
    memcpy(out + first, recent, n - first);
    bool cut = n < recent_n || recent_n == sizeof recent;
    pthread_mutex_unlock(&lock);
    const char *end = cut ? memchr(out, '\n', n) : NULL; /* a line that has lost its beginning goes */
    if (!end) return n;
    size_t gone = (size_t)(end + 1 - out);
    memmove(out, end + 1, n - gone);
    return n - gone;
}

void log_forget(void) {
    pthread_mutex_lock(&lock);
    recent_n = 0;
    pthread_mutex_unlock(&lock);
}

void log_write(enum log_level level, const char *topic, const char *format, ...) {
    if ((int)level < atomic_load(&threshold) || level >= LOG_NONE) return;
    char text[LOG_LINE_MAX], line[LOG_LINE_MAX + 512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    pthread_mutex_lock(&lock);
    size_t n = put_line(line, sizeof line, level, topic, text);
    if (current_tap) current_tap(level, line, n, tap_context);
    keep_recent(line, n);
    bool later = gatherer && !current_sink && level < LOG_WARN && gathered_n + n <= sizeof gathered, first = false;
    if (later)
        first = gather(line, n);
    else {
        put_gathered();
        put(level, line, n);
    }
    pthread_mutex_unlock(&lock);
    if (first) ask_flush(ask_context);
}
