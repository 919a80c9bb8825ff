/* inspect_rings.c: what was slow, what failed, and refused inputs as text. Arrays that the newest entry goes round in;
 * filled only when something is out of the ordinary, so copying is fine. */
#include "bind/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"

static struct {
    slow_entry slow[SLOW_ENTRIES];
    failure_entry failures[FAILURE_ENTRIES];
    uint64_t slow_count, failure_count;
} all;

void inspect_note_slow(const slow_task *t, const char *who) {
    slow_entry *e = &all.slow[all.slow_count % SLOW_ENTRIES];
    *e = (slow_entry){.number = ++all.slow_count,
                      .at_us = clock_unix_us(),
                      .us = t->us,
                      .longest_us = t->longest_us,
                      .generation = t->generation,
                      .code = t->code};
    snprintf(e->what, sizeof e->what, "%s", t->what);
    snprintf(e->who, sizeof e->who, "%s", who);
    snprintf(e->waited, sizeof e->waited, "%s", t->waited ? t->waited : "");
    snprintf(e->where, sizeof e->where, "%s", t->where);
}

bool inspect_slow(unsigned back, slow_entry *out) {
    if (back >= SLOW_ENTRIES || back >= all.slow_count) return false;
    *out = all.slow[(all.slow_count - 1 - back) % SLOW_ENTRIES];
    return true;
}

void inspect_note_failure(const char *what, const char *who, uint32_t number, const char *text, const char *trace) {
    failure_entry *last = &all.failures[(all.failure_count + FAILURE_ENTRIES - 1) % FAILURE_ENTRIES];
    bool same = all.failure_count && strncmp(last->text, text, sizeof last->text - 1) == 0 &&
                strncmp(last->what, what, sizeof last->what - 1) == 0 && last->generation == number;
    failure_entry *e = same ? last : &all.failures[all.failure_count % FAILURE_ENTRIES];
    if (!same) {
        *e = (failure_entry){.number = ++all.failure_count, .first_us = clock_unix_us(), .generation = number};
        snprintf(e->what, sizeof e->what, "%s", what);
        snprintf(e->text, sizeof e->text, "%s", text);
        snprintf(e->trace, sizeof e->trace, "%s", *trace == '\n' ? trace + 1 : trace);
    }
    snprintf(e->who, sizeof e->who, "%s", who);
    e->last_us = clock_unix_us();
    e->count++;
}

bool inspect_failure(unsigned back, failure_entry *out) {
    if (back >= FAILURE_ENTRIES || back >= all.failure_count) return false;
    *out = all.failures[(all.failure_count - 1 - back) % FAILURE_ENTRIES];
    return true;
}

/* ---- a refused input as text ---- */

#define ROW 16

__attribute__((format(printf, 2, 3))) static void put(buf *out, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) buf_put(out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void put_row(buf *out, const malformed *m, size_t first) {
    size_t end = first + ROW < m->kept ? first + ROW : m->kept;
    put(out, "  %06zx ", m->from + first);
    for (size_t i = first; i < first + ROW; i++) {
        if (i >= end)
            put(out, "   ");
        else
            put(out, "%c%02x", m->offset == (int64_t)(m->from + i) ? '>' : ' ', m->data[i]);
    }
    put(out, "  |");
    for (size_t i = first; i < end; i++) put(out, "%c", m->data[i] >= 0x20 && m->data[i] < 0x7f ? m->data[i] : '.');
    put(out, "|\n");
}

void inspect_malformed_text(const malformed *m, buf *out) {
    char when[32];
    time_t at = (time_t)(m->at_us / 1000000);
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    put(out, "#%llu %s %s%s%s refused: %s\n", (unsigned long long)m->number, when, m->decoder, m->what[0] ? " of " : "",
        m->what, fault_name(m->code));
    put(out, "  from %s%s%s\n",
        m->who[0]    ? m->who
        : m->peer[0] ? m->peer
                     : "nobody known",
        m->door[0] ? ", door " : "", m->door);
    put(out, "  %s\n", m->text);
    put(out, "  %zu bytes in all", m->size);
    if (m->offset >= 0) put(out, "; it broke at byte %lld (0x%llx)", (long long)m->offset, (long long)m->offset);
    put(out, m->kept ? ":\n" : "\n");
    for (size_t i = 0; i < m->kept; i += ROW) put_row(out, m, i);
}
