/* base.c: 7 files, 333 sections, 942 properties, 3538 values. Values are struct literals of words that repeat and
 * numbers that do not; the share of both is such that the answer has the 180 kB of the best existing server's. */
#include "bench/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILES    7u
#define SECTIONS 333u
#define ROWS     2929u

static uint32_t state;

static uint32_t next(void) { return (state = state * 1664525u + 1013904223u) >> 8; }

static void say(buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(buf *out, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_put(out, line, (size_t)n);
}

static const char *word(void) {
    static const char *const words[] = {"Adept",   "Banner",  "Cerberus", "Damage", "Engineer", "Falcon",  "Geth",
                                        "Harrier", "Indra",   "Javelin",  "Krogan", "Locust",   "Mattock", "Nemesis",
                                        "Omega",   "Paladin", "Quarian",  "Raptor", "Saber",    "Talon"};
    return words[next() % (sizeof words / sizeof *words)];
}

static void row(buf *out, const char *list, unsigned number) {
    say(out, "+%s=(nID=%u,PackName=\"%s%s%u\",Title=%u,Guid=%06x,Weight=%u.%u,Pools=((PoolName=\"%s%u\",Weight=%u)))\n",
        list, number, word(), word(), next() % 1000, 600000 + next() % 200000, next(), next() % 100, next() % 1000,
        word(), next() % 100, next() % 100);
}

void base_text(buf *out, unsigned edition) {
    unsigned rows = 0;
    state = 4711;
    for (unsigned s = 0; s < SECTIONS; s++) {
        if (s % (SECTIONS / FILES + 1) == 0)
            say(out, "@file ..\\..\\biogame\\config\\file%u.ini\n", s / (SECTIONS / FILES + 1));
        say(out, "\n[sfxgamecontent.sfx%s_%s_%u]\n", word(), word(), s);
        for (unsigned p = 0; p < (s % 6 && s != 1 ? 2 : 1); p++)
            say(out, "property%u_%u=(X=%u.%u,Y=%u.%u)\n", p, s % 97, s ? next() % 500 : edition, next() % 100,
                next() % 500, next() % 100);
        for (; rows < (s + 1) * ROWS / SECTIONS; rows++) row(out, "elements", rows);
    }
    buf_u8(out, 0);
}
