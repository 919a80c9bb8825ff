/* log.h: one line an event: when, how grave, which part, what.
 *
 *     log_info("store", "migration %03d applied", n);
 *     → 2026-03-01T12:00:00.123Z info  store: migration 003 applied
 *     → {"time":"2026-03-01T12:00:00.123Z","level":"info","topic":"store","text":"migration 003 applied"}
 *
 * The second form, for programs that read logs, has the newlines of a traceback escaped; in the first
 * they begin a line that is indented by four blanks, and other control characters become '?'.
 * Any thread may log. Texts longer than LOG_LINE_MAX are cut. Credentials never come here: the packet log redacts them.
 *
 * Lines go to standard error, or to a file. Rotation is left to the system: it renames the file, and log_reopen (from a
 * signal's handler on the loop) begins a new one under the old name. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define LOG_LINE_MAX 8192

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };

/* A sink gets every line at once (nothing gathers while there is one). It takes whole lines (with final newline). It
 * runs under the log's lock: it must not log. */
typedef void (*log_sink)(enum log_level level, const char *line, size_t length, void *context);

void log_set_level(enum log_level level); /* lines below are dropped; default LOG_INFO */
enum log_level log_get_level(void);
void log_set_json(bool json);
/* Sees every line too, wherever it goes, as it is said; the same rules. NULL ends it. */
void log_set_tap(log_sink tap, void *context);
void log_set_sink(log_sink sink, void *context); /* NULL = the file, or standard error */
/* Appends to this file from now on (made with mode 0640); "" = standard error. E_IO: nothing has changed. */
int log_set_file(const char *path, fault *f);
int log_reopen(fault *f);              /* the same file again, by its name */
int log_level_parse(const char *word); /* "debug"…"error" → level, or -1 */

/* From here on, lines of the calling thread below LOG_WARN gather until log_flush; `ask` is called with the first, to
 * arrange for that soon (at the end of the turn). Other lines take the gathered ones along. NULL ends it. */
void log_gather(void (*ask)(void *context), void *context);
void log_flush(void); /* any thread */

/* The newest whole lines, at most LOG_RECENT_MAX bytes: whoever cannot see the file or the journal can still read them.
 * log_recent writes at most `room` bytes, the oldest first, and returns how many; log_forget empties what is kept. */
#define LOG_RECENT_MAX ((size_t)256 << 10)
size_t log_recent(char *out, size_t room);
void log_forget(void);

void log_write(enum log_level level, const char *topic, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(topic, ...) log_write(LOG_DEBUG, topic, __VA_ARGS__)
#define log_info(topic, ...)  log_write(LOG_INFO, topic, __VA_ARGS__)
#define log_warn(topic, ...)  log_write(LOG_WARN, topic, __VA_ARGS__)
#define log_error(topic, ...) log_write(LOG_ERROR, topic, __VA_ARGS__)

#endif
