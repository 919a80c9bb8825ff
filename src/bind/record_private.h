/* record_private.h: what the record_*.c files share. Nothing outside them includes it but their tests, which run it in
 * a plain lua_State. */
#ifndef BIND_RECORD_PRIVATE_H
#define BIND_RECORD_PRIVATE_H

#include "bind/record.h"
#include "script/declare.h"

/* What one lua_State knows of one kind. Names are compared by address: Lua keeps one copy of each short string, and the
 * names table in the registry keeps these alive. */
typedef struct binding {
    struct record_state *state;
    char name[RECORD_NAME_MAX + 1];
    record_kind *kind; /* NULL until a generation that declares it has been entered */
    uint32_t version;  /* of the layout the names were taken from */
    uint32_t mask;
    struct binding_name {
        const void *name; /* as lua_topointer gives it */
        uint32_t field;
    } * names;
    int names_ref, meta_ref, methods_ref; /* registry */
} binding;

static inline uint32_t binding_place(const void *name, uint32_t mask) {
    return (uint32_t)((uintptr_t)name >> 4 ^ (uintptr_t)name >> 11) & mask;
}

/* A declaration under way, with its place for messages. */
typedef struct declared {
    record_decl decl;
    char file[120];
    int line;
    bool complete;                  /* the table of fields has come */
    int convert[RECORD_FIELDS_MAX]; /* registry numbers of the convert functions, by field; 0 = none */
} declared;

typedef struct record_state {
    records *all;
    lua_State *L;
    bool live;                                            /* scripts may use records */
    void (*complain)(lua_State *L, const char *sentence); /* a faulty declaration; may raise */
    void (*methods)(lua_State *L, const char *kind);      /* pushes the table of a kind's methods */
    int (*where)(lua_State *L, char *file, size_t size);  /* place of the running Lua code */
    binding *bindings[RECORD_KINDS_MAX];                  /* in order of first use */
    uint32_t binding_count;
    binding *by_id[RECORD_KINDS_MAX + 1]; /* the same, by id of the kind */
    int handles_ref;                      /* registry: the handles somebody holds (record.c) */
    int part_refs[2];                     /* registry: the metatables of lists and of maps; 0 = not made yet */
    declared **decls;
    uint32_t decl_count;
} record_state;

/* record.c */
record_state *record_state_new(lua_State *L,
                               records *all); /* raises on memory; complain, methods, where are plain ones */
void record_state_free(record_state *s);      /* after its lua_State is closed */
record_state *record_state_of(lua_State *L);
binding *record_binding(lua_State *L, record_state *s, const char *kind); /* made when missing */
void record_rebind(lua_State *L, binding *b);                             /* resolves kind and names anew; may raise */
int record_gone(lua_State *L, const binding *b, int index);               /* raises "player 3 is gone" */
int record_raise(lua_State *L, const fault *f);                           /* raises f->text with the place */

/* The handle of a record in Lua, of a list or map in it. */
typedef struct handle_box {
    const void *mark;
    binding *of;
    record_ref ref;
    int64_t label; /* its integer key, for messages after it is gone; INT64_MIN = none */
} handle_box;
typedef struct part_box {
    const void *mark;
    record_ref ref;
    uint32_t field, version;
    binding *of;
} part_box;

/* The handle of ref, from the handles at this index or made and put there. `handles` may be an upvalue's index. */
void record_push_from(lua_State *L, record_state *s, record_ref ref, int handles);

/* record_handle.c */
void record_make_meta(lua_State *L, binding *b);                                    /* pushes the metatable */
void record_set_field(lua_State *L, binding *b, record_ref ref, int key, int from); /* raises */
void record_push_part(lua_State *L, binding *b, record_ref ref, uint32_t field);    /* record_list.c */
int record_plain(lua_State *L);                                                     /* mu.plain */
void record_fill_part(lua_State *L, binding *b, record_ref ref, uint32_t field, int table);
int32_t record_field_of(lua_State *L, binding *b, int key); /* by the interned name at `key`; -1 = no field */
int record_no_field(lua_State *L, binding *b, int key);     /* raises, with a suggestion */

/* record_kind.c */
void record_push_kind(lua_State *L, binding *b); /* the object that mu.record returns */

/* record_functions.c */
void record_list_functions(void);

/* record_declare.c */
void record_open_types(lua_State *L, record_state *s); /* mu.u8 … into the table on top */
extern const script_function record_functions[];
extern const size_t record_function_count;
int record_check_declared(record_state *s, void (*tell)(void *context, const declared *d, const char *sentence),
                          void *context);
int record_apply_declared(record_state *s, fault *f); /* the swap */

#endif
