/* tlk.h: talk tables: the game's texts by number, one file a language (reference 06 §4).
 *
 *     tlk t;
 *     tlk_init(&t);
 *     tlk_read(&t, file, &f);
 *     tlk_put(&t, false, 900000, text, "en.txt", 7, &f);    a later text of an id wins …
 *     tlk_settle(&t, NULL);                                 … from here on
 *     tlk_write(&t, &out, &f);
 *     tlk_free(&t);
 *
 * Two tables: the one for everybody, and the wordings that differ for a woman. The writer is canonical (§4.5). */
#ifndef CODEC_TLK_H
#define CODEC_TLK_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

#define TLK_MEMORY  ((size_t)32 << 20) /* of one decoded file */
#define TLK_ENTRIES 262144u

#define TLK_ID_FILE   134217729u /* the three control ids of every live file */
#define TLK_ID_LOCALE 134217730u
#define TLK_ID_GENDER 134217731u

typedef struct tlk_entry {
    uint32_t id, order;
    bool female;
    bytes text;         /* UTF-8 */
    const char *origin; /* who wrote it; borrowed */
    unsigned line;
} tlk_entry;

typedef struct tlk {
    arena memory;
    tlk_entry *entries; /* once settled: the common table, then the female one, each by ascending id */
    uint32_t count, room;
} tlk;

void tlk_init(tlk *t);
void tlk_free(tlk *t);

/* Reads a file into an empty `t` and settles it. E_PROTOCOL and a sentence (§4.6), E_DUPLICATE_KEY, E_LIMIT, E_MEMORY.
 */
int tlk_read(tlk *t, bytes in, fault *f);

int tlk_put(tlk *t, bool female, uint32_t id, bytes text, const char *origin, unsigned line, fault *f);

/* Sorts; of several texts of one id the last stays. With f, two of one id are E_DUPLICATE_KEY instead. */
int tlk_settle(tlk *t, fault *f);
const tlk_entry *tlk_find(const tlk *t, bool female, uint32_t id); /* in a settled one; NULL when there is none */

int tlk_write(const tlk *t, buf *out, fault *f); /* a settled one; appends */

#endif
