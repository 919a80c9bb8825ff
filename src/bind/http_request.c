/* http_request.c: one HTTP request through a script: route, task, answer; see http.h.
 *
 * The idea: the request stays where it was read (net/http.c) and is named by its handle; the handler runs as a task
 * whose `push` makes the request table and whose `finish` turns the result into the answer, both protected. A peer
 * that leaves early costs nothing but the answer: what the handler began, it ends. */
#include "bind/http_private.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "bind/asset_file.h"
#include "bind/json.h"
#include "bind/route_stats.h"
#include "bind/server.h"
#include "net/http_file.h"
#include "script/task.h"

#define QUERY_MAX   256 /* pairs of a query that are looked at */
#define HEADERS_MAX 64  /* of an answer */

typedef struct http_call {
    server *server;
    http_endpoint *endpoint;
    route_sample *sample; /* NULL as a rule: not timed */
    http_match match;     /* points into the request, good while that is there */
    handle request, task, upgraded;
    bool started;
    bool *over; /* set by done while task_start has not returned yet */
} http_call;

/* -- the request as a table --------------------------------------------------------------------------------------- */

static void push_bytes(lua_State *L, bytes b) { lua_pushlstring(L, b.n ? (const char *)b.p : "", b.n); }

static void push_decoded(lua_State *L, bytes b, bool plus) {
    luaL_Buffer out;
    char *to = luaL_buffinitsize(L, &out, b.n ? b.n : 1);
    luaL_pushresultsize(&out, http_decode(b, plus, to));
}

static void push_headers(lua_State *L, const http_request *r) {
    lua_createtable(L, 0, (int)r->header_count);
    for (size_t i = 0; i < r->header_count; i++) {
        const http_header *h = &r->headers[i];
        push_bytes(L, h->name);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) == LUA_TSTRING) { /* repeated: one list, RFC 9110 5.3 */
            lua_pushliteral(L, ", ");
            push_bytes(L, h->value);
            lua_concat(L, 3);
        } else {
            lua_pop(L, 1);
            push_bytes(L, h->value);
        }
        lua_rawset(L, -3);
    }
}

/* "a=1&b=2": the first of a name counts. */
static void push_query(lua_State *L, bytes q) {
    lua_newtable(L);
    for (int pairs = 0; q.n && pairs < QUERY_MAX; pairs++) {
        const uint8_t *end = memchr(q.p, '&', q.n);
        size_t n = end ? (size_t)(end - q.p) : q.n;
        const uint8_t *equals = memchr(q.p, '=', n);
        size_t name = equals ? (size_t)(equals - q.p) : n;
        if (name) {
            push_decoded(L, (bytes){q.p, name}, true);
            lua_pushvalue(L, -1);
            if (lua_rawget(L, -3) == LUA_TNIL) {
                lua_pop(L, 1);
                push_decoded(L, equals ? (bytes){equals + 1, n - name - 1} : (bytes){0}, true);
                lua_rawset(L, -3);
            } else {
                lua_pop(L, 2);
            }
        }
        q.p += n + (end != NULL), q.n -= n + (end != NULL);
    }
}

static void push_params(lua_State *L, const http_match *m) {
    lua_newtable(L);
    for (int i = 0; i < m->path->count; i++) {
        if (!m->path->segments[i].parameter) continue;
        push_decoded(L, m->values[i], false);
        lua_setfield(L, -2, m->path->segments[i].text);
    }
}

static void set_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static int push_request(lua_State *L, void *ctx) {
    http_call *c = ctx;
    c->started = true;
    http_request *r = http_request_find(c->server->loop, c->request);
    if (!r) return luaL_error(L, "the peer of this request has gone");
    bytes path = r->path;
    while (path.n > 1 && path.p[0] == '/' && path.p[1] == '/') path.p++, path.n--;
    lua_createtable(L, 0, 13);
    set_text(L, "method", r->method);
    push_bytes(L, path), lua_setfield(L, -2, "path");
    push_params(L, &c->match), lua_setfield(L, -2, "params");
    push_query(L, r->query), lua_setfield(L, -2, "query");
    push_headers(L, r), lua_setfield(L, -2, "headers");
    push_bytes(L, r->body), lua_setfield(L, -2, "body");
    set_text(L, "address", stream_peer(r->stream));
    lua_pushinteger(L, stream_peer_port(r->stream)), lua_setfield(L, -2, "port");
    set_text(L, "local_address", stream_local_address(r->stream));
    lua_pushinteger(L, stream_local_port(r->stream)), lua_setfield(L, -2, "local_port");
    set_text(L, "door", stream_listener_name(r->stream));
    lua_pushboolean(L, strcmp(stream_transport(r->stream), "plain") != 0), lua_setfield(L, -2, "secure");
    return 1;
}

/* -- the answer --------------------------------------------------------------------------------------------------- */

static void answer_text(http_request *r, int status, const http_header *extra, size_t count, const char *text) {
    http_header h[8] = {{HTTP_TEXT("content-type"), HTTP_TEXT("text/plain; charset=utf-8")}};
    for (size_t i = 0; i < count && i < 7; i++) h[i + 1] = extra[i];
    http_reply(r, status, h, count + 1, (bytes){(const uint8_t *)text, strlen(text)});
}

static bytes to_bytes(lua_State *L, int index) {
    size_t n;
    const char *p = lua_tolstring(L, index, &n);
    return (bytes){(const uint8_t *)p, n};
}

static bytes text_bytes(const char *text) { return (bytes){(const uint8_t *)text, strlen(text)}; }

static int integer_field(lua_State *L, int table, const char *key, int standard) {
    int whole = 1, value = standard;
    if (lua_getfield(L, table, key) != LUA_TNIL) value = (int)lua_tointegerx(L, -1, &whole);
    if (!whole) luaL_error(L, "the answer's '%s' must be an integer, got a %s", key, luaL_typename(L, -1));
    lua_pop(L, 1);
    return value;
}

static const char *const result_keys[] = {"json", "text", "body", "file", "type", "status", "headers"};
#define RESULT_KEYS (sizeof result_keys / sizeof *result_keys)

static void check_result_keys(lua_State *L, int table) {
    sandbox_real(L, table);
    int real = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, real); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[not a name]";
        bool known = false;
        for (size_t i = 0; i < RESULT_KEYS; i++) known |= strcmp(key, result_keys[i]) == 0;
        const char *near = known ? NULL : script_nearest(key, result_keys, RESULT_KEYS);
        if (!known && near) luaL_error(L, "unknown key '%s' in the answer; did you mean '%s'?", key, near);
        if (!known) luaL_error(L, "unknown key '%s' in the answer", key);
    }
    lua_settop(L, real - 1);
}

/* Leaves the body (a string) on the stack; returns its default content type, NULL for no body. */
static const char *push_answer_body(lua_State *L, int table) {
    if (lua_getfield(L, table, "json") != LUA_TNIL) {
        json_encode(L, lua_gettop(L));
        lua_remove(L, -2);
        return "application/json";
    }
    lua_pop(L, 1);
    const char *type = "text/plain; charset=utf-8";
    if (lua_getfield(L, table, "text") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_getfield(L, table, "body");
        type = "application/octet-stream";
    }
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushliteral(L, "");
        return NULL;
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "the answer's text or body must be a string, got a %s", luaL_typename(L, -1));
    return type;
}

/* Fills h with content-type and the table's headers; their texts stay on the stack. */
static size_t take_headers(lua_State *L, int table, const char *type, http_header *h) {
    size_t count = 0;
    bool typed = false;
    luaL_checkstack(L, HEADERS_MAX + 8, "headers");
    if (lua_getfield(L, table, "type") != LUA_TNIL) {
        if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "the answer's 'type' must be a string");
        type = lua_tostring(L, -1);
    }
    if (lua_getfield(L, table, "headers") == LUA_TNIL) lua_newtable(L);
    if (!lua_istable(L, -1)) luaL_error(L, "the answer's 'headers' must be a table, got a %s", luaL_typename(L, -1));
    sandbox_real(L, -1);
    int list = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, list);) { /* name, value */
        if (lua_type(L, -2) != LUA_TSTRING || (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1)))
            luaL_error(L, "the answer's headers must be texts by name");
        if (count + 2 >= HEADERS_MAX) luaL_error(L, "more than %d headers in the answer", HEADERS_MAX);
        bytes value = to_bytes(L, -1), name = to_bytes(L, -2);
        typed |= name.n == 12 && strncasecmp((const char *)name.p, "content-type", 12) == 0;
        h[count++] = (http_header){name, value};
        lua_insert(L, -2); /* value stays below the key that goes on */
    }
    if (type && !typed) h[count++] = (http_header){HTTP_TEXT("content-type"), {(const uint8_t *)type, strlen(type)}};
    return count;
}

/* A file: what of it the request asks for, with the headers that caches need. */
static void answer_file(lua_State *L, int table, http_call *c) {
    asset_file *f = asset_file_test(L, -1);
    if (!f) luaL_error(L, "the answer's 'file' must be what mu.asset.find returned, got a %s", luaL_typename(L, -1));
    if (!f->body) luaL_error(L, "the answer's 'file' has been an answer before: find it again");
    http_header h[HEADERS_MAX + 5];
    size_t count = take_headers(L, table, f->type, h);
    http_request *r = http_request_find(c->server->loop, c->request);
    if (!r) return;
    http_file_view v = {.etag = f->etag, .modified = f->modified, .size = f->body->n};
    http_file_part part;
    int status = http_file_choose(r, &v, &part);
    char date[HTTP_DATE_ROOM], range[80];
    http_date_write(f->modified, date);
    h[count++] = (http_header){HTTP_TEXT("etag"), text_bytes(f->etag)};
    h[count++] = (http_header){HTTP_TEXT("last-modified"), text_bytes(date)};
    h[count++] = (http_header){HTTP_TEXT("accept-ranges"), HTTP_TEXT("bytes")};
    if (status == 416) snprintf(range, sizeof range, "bytes */%zu", v.size);
    if (status == 206) snprintf(range, sizeof range, "bytes %zu-%zu/%zu", part.from, part.from + part.n - 1, v.size);
    if (status == 416 || status == 206) h[count++] = (http_header){HTTP_TEXT("content-range"), text_bytes(range)};
    int code = status == 200 ? http_reply_shared(r, status, h, count, f->body)
                             : http_reply(r, status, h, count, (bytes){f->body->p + part.from, part.n});
    asset_file_spent(f);
    if (code < 0) luaL_error(L, "one of the answer's headers may not be sent");
}

static void answer_table(lua_State *L, int table, http_call *c) {
    http_header h[HEADERS_MAX];
    check_result_keys(L, table);
    if (lua_getfield(L, table, "file") != LUA_TNIL) {
        answer_file(L, table, c);
        return;
    }
    lua_pop(L, 1);
    int status = integer_field(L, table, "status", 200);
    const char *type = push_answer_body(L, table);
    bytes body = to_bytes(L, -1);
    size_t count = take_headers(L, table, type, h);
    http_request *r = http_request_find(c->server->loop, c->request);
    if (r && http_reply(r, status, h, count, body) < 0)
        luaL_error(L, "the answer's status (%d) or one of its headers may not be sent", status);
}

static void answer_upgrade(lua_State *L, int index, http_call *c) {
    const http_upgrade_value *v = lua_touserdata(L, index);
    http_request *r = http_request_find(c->server->loop, c->request);
    if (!r) return;
    if (!r->upgrade) {
        http_header h[] = {{HTTP_TEXT("connection"), HTTP_TEXT("upgrade")},
                           {HTTP_TEXT("upgrade"), {(const uint8_t *)v->protocol, strlen(v->protocol)}}};
        answer_text(r, 426, h, 2, "This address is for an upgrade of the connection\n");
        return;
    }
    if (!http_request_header(r, "connection").p)
        log_info("http", "%s: an upgrade without Connection: a proxy takes it away", stream_peer(r->stream));
    lua_getiuservalue(L, index, 1);
    stream *s = http_upgrade(r, v->protocol);
    if (!s) return;
    c->upgraded = stream_handle(s);
    v->accept(s, L, lua_istable(L, -1) ? lua_gettop(L) : 0);
}

static int finish_request(lua_State *L, int first, int count, void *ctx) {
    http_call *c = ctx;
    lua_settop(L, first + count - 1);
    if (!count) lua_settop(L, first); /* nothing: nil */
    luaL_checkstack(L, 16, "answer");
    if (lua_isnil(L, first)) {
        http_request *r = http_request_find(c->server->loop, c->request);
        if (r) http_reply(r, 200, NULL, 0, (bytes){0});
    } else if (luaL_testudata(L, first, HTTP_UPGRADE_TYPE)) {
        answer_upgrade(L, first, c);
    } else if (lua_istable(L, first)) {
        answer_table(L, first, c);
    } else {
        luaL_error(L, "an endpoint must return a table, mu.upgrade(…) or nothing, got a %s", luaL_typename(L, first));
    }
    return 0;
}

static void request_done(void *ctx, const fault *why) {
    http_call *c = ctx;
    loop *l = c->server->loop;
    if (c->over) *c->over = true;
    route_end(c->endpoint->stats, c->sample, why != NULL);
    stream *s = stream_find(l, c->upgraded);
    if (why && s) stream_abort(s, why->code); /* nobody took it over */
    http_request *r = c->upgraded.generation ? NULL : http_request_find(l, c->request);
    if (r) r->user = NULL;
    if (r && why) {
        bool ours = why->code == E_SCRIPT || why->code == E_KILLED;
        answer_text(r, ours ? 500 : 503, NULL, 0, ours ? "Internal server error\n" : "Service unavailable\n");
    } else if (r) {
        http_reply(r, 500, NULL, 0, (bytes){0});
    }
    free(c);
}

/* -- from the stream ---------------------------------------------------------------------------------------------- */

static void not_allowed(http_request *r, const http_path *p) {
    char list[96] = "";
    for (int i = 0; i < METHOD_COUNT; i++)
        if (p->endpoint[i] || (i == METHOD_HEAD && p->endpoint[METHOD_GET]))
            strcat(strcat(list, *list ? ", " : ""), http_method_names[i]);
    http_header allow = {HTTP_TEXT("allow"), {(const uint8_t *)list, strlen(list)}};
    http_reply(r, 405, &allow, 1, (bytes){0});
}

static http_endpoint *endpoint_of(const http_path *p, const char *method) {
    int m = http_method_of(method);
    if (m < 0) return NULL;
    if (m == METHOD_HEAD && !p->endpoint[m]) m = METHOD_GET;
    return p->endpoint[m];
}

static void on_request(void *ctx, http_request *r) {
    server *s = ctx;
    generation *g = s->engine ? engine_current(s->engine) : NULL;
    const http_table *t = http_table_of(g);
    http_match match;
    if (!t) {
        answer_text(r, 503, NULL, 0, "Not ready yet\n");
        return;
    }
    if (!http_routes_find(&t->routes, r->path, &match)) {
        answer_text(r, 404, NULL, 0, "Not found\n");
        return;
    }
    http_endpoint *e = endpoint_of(match.path, r->method);
    if (!e) {
        not_allowed(r, match.path);
        return;
    }
    http_call *c = calloc(1, sizeof *c);
    if (!c) {
        answer_text(r, 503, NULL, 0, "Out of memory\n");
        return;
    }
    bool over = false;
    e->stats = route_stats_of(e->stats, "http", e->what);
    *c = (http_call){
        .server = s, .endpoint = e, .sample = route_begin(e->stats), .match = match, .request = r->id, .over = &over};
    r->user = c;
    task_call call = {.generation = g,
                      .function_ref = e->handler,
                      .what = e->what,
                      .push = push_request,
                      .finish = finish_request,
                      .done = request_done,
                      .ctx = c,
                      .burst_ns = c->sample ? &c->sample->burst_ns : NULL};
    handle task = task_start(s->engine, &call);
    if (over) return;
    c->task = task;
    c->over = NULL;
}

/* Only what has not begun is dropped. */
static void on_gone(void *ctx, handle id) {
    server *s = ctx;
    http_request *r = http_request_find(s->loop, id);
    http_call *c = r ? r->user : NULL;
    if (c && !c->started && !c->over) task_cancel(s->engine, c->task, E_CANCELLED);
}

static size_t on_limit(void *ctx, const http_request *r) {
    server *s = ctx;
    const http_table *t = http_table_of(s->engine ? engine_current(s->engine) : NULL);
    http_match match;
    const http_endpoint *e =
        t && http_routes_find(&t->routes, r->path, &match) ? endpoint_of(match.path, r->method) : NULL;
    return e ? e->max_body : 65536; /* a 404 is an answer too */
}

static http_config config = {.request = on_request, .gone = on_gone, .body_limit = on_limit};

void http_door_limits(const http_table *t) {
    config.head_us = t->head_us;
    config.body_us = t->body_us;
    config.idle_us = t->idle_us;
}

void http_door_accept(server *s, stream *connection) {
    config.ctx = s; /* one server a process */
    http_accept(connection, &config);
}
