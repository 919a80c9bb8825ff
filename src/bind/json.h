/* json.h: mu.json: JSON for scripts and for HTTP answers. Read by lua-cjson (json.c), written by json_encode.c. */
#ifndef BIND_JSON_H
#define BIND_JSON_H

#include "script/module.h"

extern const script_module module_json;

#define JSON_MAX   ((size_t)8 << 20) /* bytes of text, both ways */
#define JSON_DEPTH 64

extern const char json_list_key;

/* Pushes the value at index (absolute) as JSON text. Raises what cannot be said in JSON. */
void json_encode(lua_State *L, int index);

/* Pushes the value of the text at index, or nil and a sentence; returns the number of values pushed. */
int json_decode(lua_State *L, int index);

#endif
