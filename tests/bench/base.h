/* base.h: a live configuration of realistic size for the bench: as many files, sections, properties and values as the
 * last official one (reference 06 §2.13), made up, and as hard to pack. */
#ifndef BENCH_BASE_H
#define BENCH_BASE_H

#include "base/bytes.h"

/* Appends it as text (content/ini.h), with a NUL behind it; another `edition` differs in one value. */
void base_text(buf *out, unsigned edition);

#endif
