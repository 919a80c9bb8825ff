/* sources.h: the files a generation is built from, read once and kept, so that what is compiled, hashed, listed, and
 * built again by a rollback is the same text, whatever an editor does to the files meanwhile.
 *
 *     source_set s = {0};   sources_read(&s, roots, g);   sources_find(&s, roots, "components/util.lua", g)->text
 *
 * Not for other rooms: they read script_file (generation_file_at). */
#ifndef SCRIPT_SOURCES_H
#define SCRIPT_SOURCES_H

#include "script/generation.h"
#include <stdatomic.h>

/* A file compiled, shared by all sets that hold the same text under the same name. Any thread. */
typedef struct source_code {
    atomic_uint users;
    size_t size;
    char bytes[];
} source_code;

typedef struct source {
    char *name; /* chunk name without '@': "scripts/components/util.lua" */
    char *path; /* on disk */
    char *key;  /* path below its root: "components/util.lua" */
    char *text;
    size_t size;
    char *wrong;       /* why it cannot be read (reported already); then text is NULL */
    bool config;       /* a config file: not to be required */
    source_code *code; /* NULL until it is compiled */
} source;

typedef struct source_set {
    source *list;
    size_t count, room, bytes;
    bool sealed; /* complete: nothing is read from disk any more */
} source_set;

/* What is read at all, before the settings are known; limits.source_kib and limits.sources_mib cannot go beyond. */
#define SOURCE_MAX  (16u << 20)  /* bytes of one file */
#define SOURCES_MAX (256u << 20) /* bytes of all files */

/* Reads every script below the roots but tests/ and mods/<name>/tests/, sorted, shadowed ones left out. */
int sources_read(source_set *s, const script_root *roots, generation *g);
const source *sources_find(source_set *s, const script_root *roots, const char *key, generation *g); /* reads at need */
const source *sources_file(source_set *s, const char *path, const char *name, generation *g); /* one file anywhere */
void source_keep_code(source *it, const void *from, size_t size);
/* Takes over what `other` (may be NULL) has compiled of files that have not changed. */
void sources_share(source_set *s, const source_set *other);
void sources_check(const source_set *s, size_t one, size_t all, generation *g); /* in bytes: the settings */
void sources_hash(source_set *s, char hash[17]);
void sources_free(source_set *s);

/* settings_line.c */
int source_entry_lines(const source *file, const char *word, int *lines, int most);
int settings_line(const source *file, const char *path); /* line of a key in a config file, 0 = unknown */

#endif
