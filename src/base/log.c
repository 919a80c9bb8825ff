/* log.c: formats a line, hands it to the sink. Does not rotate files and knows no fields: that is the sink's matter. */
#include "base/log.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int threshold = LOG_INFO;
static log_sink current_sink;
static void *sink_context;

static const char *const words[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level) { atomic_store(&threshold, (int)level); }
enum log_level log_get_level(void) { return (enum log_level)atomic_load(&threshold); }

void log_set_sink(log_sink sink, void *context) {
    pthread_mutex_lock(&lock);
    current_sink = sink;
    sink_context = context;
    pthread_mutex_unlock(&lock);
}

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

void log_write(enum log_level level, const char *topic, const char *format, ...) {
    if ((int)level < atomic_load(&threshold) || level >= LOG_NONE) return;
    char text[LOG_LINE_MAX], line[LOG_LINE_MAX + 128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    int64_t now = clock_unix_us();
    time_t seconds = (time_t)(now / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03dZ %-5s %s: ", (int)(now / 1000 % 1000), words[level], topic);
    n += copy_text(line + n, sizeof line - n - 1, text);
    line[n++] = '\n';

    pthread_mutex_lock(&lock);
    if (current_sink)
        current_sink(level, line, n, sink_context);
    else
        fwrite(line, 1, n, stderr);
    pthread_mutex_unlock(&lock);
}
