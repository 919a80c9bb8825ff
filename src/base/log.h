/* log.h: one line an event.
 *
 *     log_info("store", "migration %03d applied", n);
 *     → 2026-03-01T12:00:00.123Z info  store: migration 003 applied
 *
 * Any thread may log. Lines longer than LOG_LINE_MAX are cut; control characters in the text become '?' except tab and
 * the newlines of a traceback, whose following lines are indented by four blanks. Credentials never come here: the
 * packet log redacts them. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#define LOG_LINE_MAX 8192

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };

/* A sink gets every line at once (nothing gathers while there is one). It takes whole lines (with final newline). It
 * runs under the log's lock: it must not log. */
typedef void (*log_sink)(enum log_level level, const char *line, size_t length, void *context);

void log_set_level(enum log_level level); /* lines below are dropped; default LOG_INFO */
enum log_level log_get_level(void);
void log_set_sink(log_sink sink, void *context); /* NULL = standard error */
int log_level_parse(const char *word);           /* "debug"…"error" → level, or -1 */

/* From here on, lines of the calling thread below LOG_WARN gather until log_flush; `ask` is called with the first, to
 * arrange for that soon (at the end of the turn). Other lines take the gathered ones along. NULL ends it. */
void log_gather(void (*ask)(void *context), void *context);
void log_flush(void); /* any thread */

void log_write(enum log_level level, const char *topic, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(topic, ...) log_write(LOG_DEBUG, topic, __VA_ARGS__)
#define log_info(topic, ...)  log_write(LOG_INFO, topic, __VA_ARGS__)
#define log_warn(topic, ...)  log_write(LOG_WARN, topic, __VA_ARGS__)
#define log_error(topic, ...) log_write(LOG_ERROR, topic, __VA_ARGS__)

#endif
