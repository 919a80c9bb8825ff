/* tdf_module.c: mu.tdf in the life of a generation: one set of schemas each, freed with it. */
#include <lauxlib.h>

#include "bind/tdf.h"
#include "bind/tdf_codec.h"
#include "bind/tdf_module.h"
#include "script/declare.h"

/* The constructors, for help, manual and editor; tdf.c places them and checks what they are given. */
#define SCALAR(type_name, what)                                                                                        \
    {                                                                                                                  \
        .name = "mu.tdf." type_name, .params = "tag: string, options?: table", .returns = "tdf_field",                 \
        .text = "a field: " what ". Without a tag it is a type, for lists and maps. options: { secret, always, "       \
                "default }",                                                                                           \
        .errors = "what is no tag: one to four of A-Z and 0-9; unknown options",                                       \
        .example = "mu.tdf.struct { value = mu.tdf." type_name " \"VAL\" }", .since = "0.1",                           \
        .flags = SCRIPT_LOAD_ONLY | SCRIPT_VALUE                                                                       \
    }
#define CONSTRUCTOR(constructor, takes, gives, what, wrong, shown)                                                     \
    {                                                                                                                  \
        .name = "mu.tdf." constructor, .params = takes, .returns = gives, .text = what, .errors = wrong,               \
        .example = shown, .since = "0.1", .flags = SCRIPT_LOAD_ONLY                                                    \
    }

static const script_function listed[] = {
    SCALAR("int", "a whole number"),
    SCALAR("i64", "a whole number of 64 bits with a sign"),
    SCALAR("u64", "a whole number of 64 bits; the upper half reads as negative"),
    SCALAR("i8", "a whole number from -128 to 127"),
    SCALAR("i16", "a whole number of 16 bits with a sign"),
    SCALAR("i32", "a whole number of 32 bits with a sign"),
    SCALAR("u8", "a whole number from 0 to 255"),
    SCALAR("u16", "a whole number from 0 to 65535"),
    SCALAR("u32", "a whole number from 0 to 4294967295"),
    SCALAR("bool", "true or false"),
    SCALAR("time", "a time in microseconds"),
    SCALAR("string", "text"),
    SCALAR("blob", "bytes"),
    SCALAR("float", "a number with a fraction"),
    SCALAR("object_type", "{ component, type }"),
    SCALAR("object_id", "{ component, type, id }"),
    CONSTRUCTOR("struct", "name: string|table, fields?: table", "tdf_struct",
                "a message or a part of one: t.struct { name = t.int \"TAG\" }, or t.struct(\"Name\", { … })",
                "a field without a tag, a tag twice", "mu.tdf.struct { server_time = mu.tdf.int \"STIM\" }"),
    CONSTRUCTOR("group", "tag: string|userdata, struct?: userdata, options?: table", "tdf_field",
                "a field that holds a struct", "what is no struct",
                "mu.tdf.struct { at = mu.tdf.group(\"ADDR\", mu.tdf.struct { port = mu.tdf.u16 \"PORT\" }) }"),
    CONSTRUCTOR("list", "tag: string|userdata, item?: userdata|table, options?: table", "tdf_field",
                "a field that holds a list of one type", "what is no type",
                "mu.tdf.struct { names = mu.tdf.list(\"NAME\", mu.tdf.string) }"),
    CONSTRUCTOR("map", "tag: string|userdata, key: userdata, value?: userdata|table, options?: table", "tdf_field",
                "a field that holds a map; keys are integers or strings", "a key of another type",
                "mu.tdf.struct { attributes = mu.tdf.map(\"ATTR\", mu.tdf.string, mu.tdf.string) }"),
    CONSTRUCTOR("variants", "members: table", "tdf_variants",
                "what a union may hold: { name = { number, type } } or { [number] = { name = type } }",
                "a number twice or past 63", "mu.tdf.variants { ip = { 2, mu.tdf.u32 } }"),
    CONSTRUCTOR("union_type", "members: table", "tdf_variants", "the same as mu.tdf.variants",
                "a number twice or past 63", "mu.tdf.union_type { ip = { 2, mu.tdf.u32 } }"),
    CONSTRUCTOR("union", "tag: string, variants: userdata|table, options?: table", "tdf_field",
                "a field that holds one of several: { member = value } in a message, false when it holds none",
                "what is no variants", "mu.tdf.struct { at = mu.tdf.union(\"ADDR\", { ip = { 2, mu.tdf.u32 } }) }"),
    CONSTRUCTOR("union_list", "tag: string|userdata, variants?: userdata|table, options?: table", "tdf_field",
                "a field that holds a list of structs, each behind the number of its member",
                "members that are no structs",
                "mu.tdf.struct { at = mu.tdf.union_list(\"HNET\", { ip = { 2, mu.tdf.struct { ip = mu.tdf.u32 \"IP\" } "
                "} }) }"),
    CONSTRUCTOR("variable", "tag: string|userdata, content?: userdata|table, options?: table", "tdf_field",
                "a field whose content has a number of its own: { id = , value = }; without a struct its bytes are "
                "kept: { id =, body = }",
                "content that is no struct", "mu.tdf.struct { extra = mu.tdf.variable \"EXTR\" }"),
    CONSTRUCTOR("enum", "tag: string|table, values?: table, options?: table", "tdf_field",
                "a whole number with names for its values: { NAME = number }; both are taken", "values that are whole",
                "mu.tdf.struct { state = mu.tdf.enum(\"STAT\", { OPEN = 1, CLOSED = 2 }) }"),
    CONSTRUCTOR("named", "structs: table", "table",
                "gives each struct of the table its key as name, for logs; a schema file returns t.named { … }", "",
                "mu.tdf.named { Ping = mu.tdf.struct { at = mu.tdf.int \"STIM\" } }"),
};

static int open_tdf(generation *g, lua_State *L) {
    g->schemas = schema_set_new();
    if (!g->schemas) return E_MEMORY;
    lua_getglobal(L, "mu");
    bind_tdf_open(L, g->schemas);
    lua_setfield(L, -2, "tdf");
    script_list(listed, sizeof listed / sizeof *listed);
    lua_pop(L, 1);
    return 0;
}

static void close_tdf(generation *g) {
    schema_set_free(g->schemas);
    g->schemas = NULL;
}

const script_module module_tdf = {.name = "tdf", .open = open_tdf, .close = close_tdf};
