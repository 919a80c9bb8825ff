/* content_build.h: from sources in the assets folders and from what scripts change to what games download; for a
 * worker.
 *
 *     content_set *next = content_build(&inputs, last);      last may be NULL; what has not changed is taken over
 *     const content_product *p = content_find(next, "bini");
 *     content_set_drop(last);
 *
 * A set is finished: it never changes, any thread may hold it. Where a source is bad the product of the last set stays,
 * and the set says so in its messages. Sources, below assets/ (one of the data folder's assets/ wins):
 *
 *     game/bini.bin, game/bini.json   the game's live configuration as others have kept it: a coalesced file, packed or
 *                                     not, or Pocket Relay's JSON
 *     game/bini/<name>.ini            the same as text (content/ini.h); what it says wins over bini.bin
 *     game/tlk/<language>.tlk         the game's live texts
 *     tlk/<language>.txt              texts of our own, over them (content/talk.h)
 *     images/<name>.png               become assets/content/<name>.dds of the data folder (content/image.h)
 */
#ifndef BIND_CONTENT_BUILD_H
#define BIND_CONTENT_BUILD_H

#include "codec/tlk.h"
#include "content/change.h"

#define CONTENT_PRODUCTS   9                  /* bini, tlk.en … */
#define CONTENT_SOURCE_MAX ((size_t)32 << 20) /* bytes of one source */

typedef struct content_product {
    atomic_uint refs;
    const char *name;
    shared *text; /* base64, in one piece; NULL: there is no source for it */
    char hash[17];
    size_t file_bytes, packed_bytes;
    uint32_t entries; /* values of the configuration, texts of a table */
    int64_t built_unix, took_us;
    /* what it was made of */
    coalesced bini;
    tlk talk;
    arena names;
    change_list *changes;
} content_product;

typedef struct content_message {
    bool bad; /* an error: the last good build stays; else something to know */
    char *text;
    struct content_message *next;
} content_message;

typedef struct content_set {
    atomic_uint refs;
    content_product *products[CONTENT_PRODUCTS];
    uint64_t tried[CONTENT_PRODUCTS];                /* what each was, or could not be, built from */
    uint64_t pictures;                               /* what the pictures were made from */
    content_message *messages[CONTENT_PRODUCTS + 1]; /* of each product; the last one: of the pictures */
    unsigned rebuilt, images_made;                   /* by the build that made this set */
    bool has_base;                                   /* a file of the game's own is there */
} content_set;

typedef struct content_inputs {
    const char *data_dir, *asset_dir; /* either may be NULL */
    change_list *changes;
} content_inputs;

content_set *content_build(const content_inputs *in, content_set *last, fault *f); /* NULL: E_MEMORY, E_IO, E_LIMIT */
void content_set_drop(content_set *s);                                             /* NULL is fine */

extern const char *const content_names[CONTENT_PRODUCTS];
const content_product *content_find(const content_set *s, const char *name); /* NULL: no such product */

/* For content_build*.c: adds a message; `slot` as in messages. */
void content_say(content_set *s, unsigned slot, bool bad, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct asset_list;
struct asset;

/* The whole file, at most CONTENT_SOURCE_MAX bytes. */
int content_read_source(const struct asset *a, buf *out, fault *f);
uint64_t content_mark(uint64_t seed, const void *p, size_t n); /* a fingerprint, continued */
uint64_t content_mark_asset(uint64_t seed, const struct asset *a);

/* content_build_images.c: makes the pictures that are not there or not of these sources. */
void content_build_images(content_set *s, const struct asset_list *assets, const char *data_dir, uint64_t before);

/* Writes a file whole or not at all, making the folders to it. E_IO. */
int content_write_file(const char *path, bytes text, fault *f);

#endif
