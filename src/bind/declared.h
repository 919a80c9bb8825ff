/* declared.h: mu.declared: everything that is declared, as plain tables for scripts: console and manual read it.
 *
 *     for _, route in ipairs(mu.declared "routes") do print(route.name, route.file, route.line) end */
#ifndef BIND_DECLARED_H
#define BIND_DECLARED_H

#include "codec/schema.h"
#include "script/module.h"

extern const script_module module_declared;

/* declared_schema.c: pushes a list of all structs that the generation's routes and notifications use, with the structs
 * inside them: { name =, fields = { { name =, tag =, type =, secret = } } }. The names are unique. */
void declared_push_structs(lua_State *L);
/* Pushes the unique name of a struct, or nil for NULL. `names`: index of the table made by declared_push_names. */
void declared_push_struct_name(lua_State *L, int names, const schema_struct *s);
void declared_push_names(lua_State *L);

#endif
