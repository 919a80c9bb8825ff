/* schema.h: what a message looks like, declared once and compiled (design idea 2; reference 01 §7, 02).
 *
 * A struct is a set of fields: tag, long name, type, flags. Types are shared and immutable; a set owns all of them and
 * frees them at once. After schema_compile a struct is frozen: sorted by tag, checked, with encoded defaults, and any
 * number of threads may read it. Scripts build them through bind/tdf.c; tests and tools directly:
 *
 *     schema_set *set = schema_set_new();
 *     schema_struct *ping = schema_struct_new(set, "PingResponse");
 *     schema_add(ping, "STIM", "server_time", schema_scalar(set, SCHEMA_INT), 0, &f);
 *     schema_compile(ping, &f);
 *
 * A struct can only be used in a type once it is compiled, so recursion cannot be declared and the nesting of every
 * struct is known. Functions that return pointers return NULL when out of memory. */
#ifndef CODEC_SCHEMA_H
#define CODEC_SCHEMA_H

#include "codec/tdf.h"

enum schema_kind {
    SCHEMA_INT,  /* with a range, perhaps with named values */
    SCHEMA_BOOL, /* any number but 0 reads as true */
    SCHEMA_TIME, /* microseconds */
    SCHEMA_STR,  /* bytes without NUL */
    SCHEMA_BLOB,
    SCHEMA_FLOAT,
    SCHEMA_OTYPE, /* component, type */
    SCHEMA_OID,   /* component, type, id */
    SCHEMA_GROUP,
    SCHEMA_LIST,
    SCHEMA_MAP,
    SCHEMA_UNION,
    SCHEMA_UNION_LIST, /* as HNET: a list of groups that start with a member number, 01 §3.7 */
    SCHEMA_VAR         /* group = its struct, or NULL: content kept as bytes */
};

enum schema_flag {
    SCHEMA_SECRET = 1, /* never printed */
    SCHEMA_ALWAYS = 2  /* a field that a script leaves out is written with its default */
};

typedef struct schema_set schema_set;
typedef struct schema_struct schema_struct;
typedef struct schema_union schema_union;

typedef struct schema_name { /* a named value of an enumeration */
    const char *text;
    int64_t value;
} schema_name;

typedef struct schema_type schema_type;
struct schema_type {
    uint8_t kind;  /* enum schema_kind */
    uint8_t wire;  /* enum tdf_type; of a list element or map value as well */
    uint8_t depth; /* containers a value nests */
    uint32_t names_count;
    const schema_struct *group;  /* GROUP, VAR */
    const schema_union *members; /* UNION, UNION_LIST */
    const schema_type *key;      /* MAP: SCHEMA_INT or SCHEMA_STR */
    const schema_type *item;     /* LIST, MAP */
    const schema_name *names;    /* INT: its named values */
    int64_t min, max;            /* INT */
};

typedef struct schema_field {
    uint32_t tag, flags; /* enum schema_flag */
    uint32_t slot;       /* unique in the set, from 1: where a binding keeps what belongs to this name */
    uint32_t name_length;
    const char *name;
    const schema_type *type;
    bool has_default;
    int64_t default_number; /* INT, BOOL, TIME */
    double default_float;
    bytes default_text;    /* STR, BLOB */
    bytes default_encoded; /* the value as SCHEMA_ALWAYS writes it */
} schema_field;

typedef struct schema_member {
    const char *name; /* NULL: known by its number only */
    uint32_t name_length, slot;
    const schema_type *type; /* NULL: there is no such member */
} schema_member;

struct schema_union {
    schema_set *set;
    const char *name;
    uint32_t slot, depth;
    schema_member members[TDF_MEMBER_MAX + 1];
};

struct schema_struct {
    schema_set *set;
    const char *name;           /* "a struct" until it has one */
    const schema_field *fields; /* sorted by tag once compiled */
    uint32_t count, depth;
    uint32_t id;   /* dense from 0 in its set */
    uint32_t slot; /* as in schema_field; slot + 1 is its own, too */
    bool compiled, named;
    struct schema_draft *draft; /* the fields before that */
};

schema_set *schema_set_new(void);
void schema_set_free(schema_set *set);              /* NULL is fine */
uint32_t schema_set_structs(const schema_set *set); /* how many ids are in use */

/* Types. `item`, `key`, `group`, `members` must belong to the same set; groups must be compiled. NULL where the
 * combination does not exist (a key that is no int or str) or nests deeper than TDF_MAX_DEPTH. */
const schema_type *schema_scalar(schema_set *set, enum schema_kind kind); /* INT with the full range, … OID */
const schema_type *schema_int(schema_set *set, int64_t min, int64_t max);
const schema_type *schema_enum(schema_set *set, const schema_name *names, uint32_t count); /* copies */
const schema_type *schema_group(const schema_struct *group);
const schema_type *schema_list(schema_set *set, const schema_type *item);
const schema_type *schema_map(schema_set *set, const schema_type *key, const schema_type *item);
const schema_type *schema_union_of(const schema_union *members);
const schema_type *schema_union_list(const schema_union *members);                 /* every member must be a group */
const schema_type *schema_variable(schema_set *set, const schema_struct *content); /* content may be NULL */

schema_union *schema_union_new(schema_set *set, const char *name);
int schema_union_add(schema_union *u, unsigned number, const char *name, const schema_type *type, fault *f);
int schema_union_find(const schema_union *u, const char *name, size_t length); /* number, or -1 */

schema_struct *schema_struct_new(schema_set *set, const char *name); /* name may be NULL */
int schema_add(schema_struct *s, const char *tag, const char *name, const schema_type *type, unsigned flags, fault *f);
/* Default of the field added last; for kinds with numbers or text. */
int schema_default_number(schema_struct *s, int64_t number, fault *f);
int schema_default_float(schema_struct *s, double number, fault *f);
int schema_default_text(schema_struct *s, bytes text, fault *f);
/* Sorts, refuses duplicate tags and names, freezes. The fault's sentence names the field. */
int schema_compile(schema_struct *s, fault *f);
/* What a nameless struct is called until it gets a name, e.g. "the struct of schema/util.lua:12". */
int schema_set_place(schema_struct *s, const char *place);
/* Gives a name to a struct that has none (its module's key for it, say), and "<name>.<field>" to nameless ones inside.
 */
int schema_set_name(schema_struct *s, const char *name);

const schema_field *schema_find_tag(const schema_struct *s, uint32_t tag);
const schema_field *schema_find_name(const schema_struct *s, const char *name, size_t length);
/* The field somebody probably meant by a wrong name (NUL-terminated) or by its tag, or NULL; for "did you mean". */
const schema_field *schema_suggest(const schema_struct *s, const char *name, size_t length);
const char *schema_value_name(const schema_type *type, int64_t value); /* name of an enumeration's value, or NULL */

#endif
