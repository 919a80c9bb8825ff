/* time.c: mu.time: the clocks. */
#include "bind/time.h"

#include "base/clock.h"
#include "script/declare.h"

static int l_unix(lua_State *L) {
    lua_pushinteger(L, clock_unix_us() / 1000000);
    return 1;
}

static int l_unix_us(lua_State *L) {
    lua_pushinteger(L, clock_unix_us());
    return 1;
}

static int l_mono(lua_State *L) {
    lua_pushnumber(L, (double)engine_now(generation_of(L)->engine) / 1e6);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.time.unix",
     .returns = "integer",
     .text = "Seconds since 1970-01-01 UTC.",
     .example = "mu.time.unix() > 1700000000",
     .since = "0.1",
     .call = l_unix},
    {.name = "mu.time.unix_us",
     .returns = "integer",
     .text = "Microseconds since 1970-01-01 UTC.",
     .example = "mu.time.unix_us() > 1700000000000000",
     .since = "0.1",
     .call = l_unix_us},
    {.name = "mu.time.mono",
     .returns = "number",
     .text = "Seconds on a clock that never goes back, for durations; where it begins means nothing.",
     .example = "local began = mu.time.mono()",
     .since = "0.1",
     .call = l_mono},
};

static int open_time(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_time = {.name = "time", .open = open_time};
