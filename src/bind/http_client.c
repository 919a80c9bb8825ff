/* http_client.c: mu.http_client.get, post and request: one HTTP exchange, the task waits for it.
 *
 * A connection for each request, no redirects, answers up to 4 MiB unless said otherwise (net/connect.h). Failures that
 * can happen to anybody (no such name, refused, no answer) are nil and a sentence. */
#include "bind/http_client.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/server.h"
#include "net/connect.h"
#include "script/declare.h"
#include "script/task.h"

#define HEADERS_MAX 64
#define TIMEOUT_MAX 300 /* seconds */

/* "http://host[:port]/path", cut up. */
typedef struct url {
    char host[256];
    uint16_t port;
    bool secure;
    const char *target; /* from the slash on; "/" when there is none */
} url;

static bool url_parse(const char *text, url *u) {
    memset(u, 0, sizeof *u);
    if (strncmp(text, "http://", 7) == 0)
        text += 7, u->port = 80;
    else if (strncmp(text, "https://", 8) == 0)
        text += 8, u->port = 443, u->secure = true;
    else
        return false;
    size_t n = strcspn(text, "/?#");
    const char *host = text, *end = text + n, *port = NULL;
    if (memchr(host, '@', n)) return false; /* no credentials in URLs */
    if (*host == '[') {
        const char *close = memchr(host, ']', n);
        if (!close || (close + 1 < end && close[1] != ':')) return false;
        port = close + 1 < end ? close + 2 : NULL;
        host++, n = (size_t)(close - host);
    } else {
        const char *colon = memchr(host, ':', n);
        if (colon) port = colon + 1, n = (size_t)(colon - host);
    }
    if (!n || n >= sizeof u->host) return false;
    memcpy(u->host, host, n);
    if (port) {
        char *stop;
        unsigned long value = strtoul(port, &stop, 10);
        if (stop != end || value == 0 || value > 65535 || *port < '0' || *port > '9') return false;
        u->port = (uint16_t)value;
    }
    u->target = *end == '/' ? end : "/";
    return *end == '/' || *end == 0;
}

/* The answer, copied out of the loop's hands until the task takes it. */
typedef struct fetched {
    engine *engine;
    task_token token;
    int status;
    buf body;
    buf headers; /* name NUL value NUL … */
    fault why;
} fetched;

static void release(void *ctx) {
    fetched *f = ctx;
    buf_free(&f->body);
    buf_free(&f->headers);
    free(f);
}

static int push_answer(lua_State *L, void *ctx) {
    fetched *f = ctx;
    if (f->why.code < 0) {
        lua_pushnil(L);
        lua_pushstring(L, f->why.text);
        return 2;
    }
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, f->status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, f->body.n ? (const char *)f->body.p : "", f->body.n);
    lua_setfield(L, -2, "body");
    lua_newtable(L);
    for (size_t at = 0; at < f->headers.n;) {
        const char *name = (const char *)f->headers.p + at, *value = name + strlen(name) + 1;
        at += strlen(name) + strlen(value) + 2;
        lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
    lua_setfield(L, -2, "headers");
    return 1;
}

static void on_done(void *ctx, const http_answer *a, const fault *why) {
    fetched *f = ctx;
    if (!a) {
        f->why = *why;
    } else {
        f->status = a->status;
        buf_put(&f->body, a->body.p, a->body.n);
        for (size_t i = 0; i < a->header_count; i++) {
            buf_put(&f->headers, a->headers[i].name.p, a->headers[i].name.n + 1); /* their NULs with them */
            buf_put(&f->headers, a->headers[i].value.p, a->headers[i].value.n);
            buf_u8(&f->headers, 0);
        }
        if (f->body.failed || f->headers.failed) fault_set(&f->why, E_MEMORY, "out of memory for an HTTP answer");
    }
    task_wake(f->engine, f->token, push_answer, f, release);
}

/* Options: { headers, timeout, verify }. Header texts stay in the options table, which stays on the stack. */
static size_t take_options(lua_State *L, int index, http_exchange *x, http_header *h) {
    size_t count = 0;
    if (!lua_istable(L, index)) return 0;
    if (lua_getfield(L, index, "timeout") != LUA_TNIL) {
        lua_Number seconds = lua_tonumber(L, -1);
        if (lua_type(L, -1) != LUA_TNUMBER || !(seconds > 0 && seconds <= TIMEOUT_MAX))
            luaL_error(L, "mu.http_client: 'timeout' must be a number of seconds up to %d", TIMEOUT_MAX);
        x->timeout_us = (int64_t)(seconds * 1e6);
    }
    lua_getfield(L, index, "verify");
    if (lua_isboolean(L, -1)) x->to.verify = lua_toboolean(L, -1);
    if (lua_getfield(L, index, "headers") == LUA_TNIL) return 0;
    if (!lua_istable(L, -1)) luaL_error(L, "mu.http_client: 'headers' must be a table");
    sandbox_real(L, -1);
    int list = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, list); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "mu.http_client: headers must be strings by name");
        if (count == HEADERS_MAX) luaL_error(L, "mu.http_client: more than %d headers", HEADERS_MAX);
        size_t name, value;
        const char *n = lua_tolstring(L, -2, &name), *v = lua_tolstring(L, -1, &value);
        h[count++] = (http_header){{(const uint8_t *)n, name}, {(const uint8_t *)v, value}};
    }
    return count;
}

static int fetch(lua_State *L, const char *method, const char *where, int body, int options) {
    http_header h[HEADERS_MAX];
    http_exchange x = {.method = method, .headers = h, .to = {.verify = true}};
    url u;
    if (!url_parse(where, &u)) return luaL_error(L, "mu.http_client: '%s' is not an http:// or https:// URL", where);
    x.to.host = u.host, x.to.port = u.port, x.to.filter = u.secure ? FILTER_TLS : FILTER_PLAIN;
    x.target = u.target;
    x.header_count = take_options(L, options, &x, h);
    if (body && lua_type(L, body) == LUA_TSTRING) x.body.p = (const uint8_t *)lua_tolstring(L, body, &x.body.n);
    server *s = server_of(L);
    if (!s || !s->loop) return luaL_error(L, "mu.http_client: this program has no network");
    task_token token = task_suspend_for(L, "mu.http_client", ((int64_t)TIMEOUT_MAX + 1) * 1000000);
    fetched *f = calloc(1, sizeof *f);
    int rc = E_MEMORY;
    if (f) {
        f->engine = s->engine;
        f->token = token;
        rc = http_fetch(s->loop, &x, on_done, f);
    }
    if (rc == 0) return task_yield(L, token);
    free(f);
    task_suspend_cancel(L, token);
    lua_pushnil(L);
    lua_pushstring(L, rc == E_ARGUMENT ? "the method, the path or a header has characters that may not be sent"
                                       : fault_name(rc));
    return 2;
}

static int client_get(lua_State *L) { return fetch(L, "GET", lua_tostring(L, 1), 0, 2); }
static int client_post(lua_State *L) { return fetch(L, "POST", lua_tostring(L, 1), 2, 3); }

static int client_request(lua_State *L) { return fetch(L, lua_tostring(L, 1), lua_tostring(L, 2), 3, 4); }

#define ANSWER "{ status, headers, body }, or nil and a sentence"
#define COMMON                                                                                                         \
    " options: { headers = { name = value }, timeout = seconds (30), verify = false to take any certificate }. "       \
    "Redirects "                                                                                                       \
    "are not followed."

static const script_function functions[] = {
    {.name = "mu.http_client.get",
     .params = "url: string, options?: table",
     .returns = "table?, string?",
     .text = "Asks for a URL and waits for the answer." COMMON,
     .errors = "what is no URL",
     .example =
         "mu.http_client.get(\"http://127.0.0.1:\" .. mu.listener_port \"http\" .. \"/api/server\").status == 200",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = client_get},
    {.name = "mu.http_client.post",
     .params = "url: string, body: string, options?: table",
     .returns = "table?, string?",
     .text = "Sends a body to a URL and waits for the answer." COMMON,
     .errors = "what is no URL",
     .example = "mu.http_client.post(\"http://127.0.0.1:\" .. mu.listener_port \"http\" .. \"/none\", \"{}\", { "
                "headers = { [\"content-type\"] = \"application/json\" } }).status >= 400",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = client_post},
    {.name = "mu.http_client.request",
     .params = "method: string, url: string, body?: string, options?: table",
     .returns = "table?, string?",
     .text = "Any other method." COMMON,
     .errors = "what is no URL",
     .example = "mu.http_client.request(\"DELETE\", \"http://127.0.0.1:\" .. mu.listener_port \"http\" .. "
                "\"/none\").status >= 400",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = client_request},
};

static int client_open(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

const script_module module_http_client = {.name = "http_client", .open = client_open};
