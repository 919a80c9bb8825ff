/* client.c: mu.client: a Blaze client for scripts: plays now, a retriever of the official kind later.
 *
 * It speaks through the same declarations as the server: a request is encoded by its route's schema, an answer decoded
 * by it. Answers to `request` go to whoever waits for them; everything else queues for `receive`, in order of arrival.
 * The connection and its queue live in client_link.c; here is only what scripts see of it. */
#include "bind/client.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/blaze_tables.h"
#include "bind/client_link.h"
#include "bind/server.h"
#include "bind/tdf_codec.h"
#include "script/declare.h"

#define TYPE_CLIENT "client"

static client_link *check_client(lua_State *L) { return *(client_link **)luaL_checkudata(L, 1, TYPE_CLIENT); }

/* ---- frames to Lua ---- */

static const blaze_tables *tables_here(lua_State *L) { return blaze_tables_of(generation_of(L)); }

static const schema_struct *schema_of(const blaze_tables *t, const fire_header *h) {
    if (h->type == FIRE_NOTIFY) {
        const blaze_notification *n = blaze_notification_at(t, h->component, h->command);
        return n ? n->body : NULL;
    }
    const blaze_route *r = blaze_route_at(t, h->component, h->command);
    return !r ? NULL : h->type == FIRE_ERROR ? r->error : r->response;
}

/* Pushes the decoded body: an empty table where there is nothing, a string where no schema fits. */
static void push_body(lua_State *L, const client_frame *frame) {
    const schema_struct *schema = schema_of(tables_here(L), &frame->header);
    bytes body = {frame->body, frame->header.body_length};
    fault f;
    if (schema && tdf_codec_push(L, schema, body, &f) == 0) return;
    if (schema) luaL_error(L, "the server's answer does not fit its schema (%s): %s", fault_name(f.code), f.text);
    if (body.n == 0)
        lua_newtable(L);
    else
        lua_pushlstring(L, (const char *)body.p, body.n);
}

static void push_error_name(lua_State *L, const fire_header *h) {
    const char *name = blaze_error_name(tables_here(L)->names, h->component, h->error);
    if (name)
        lua_pushstring(L, name);
    else
        lua_pushfstring(L, "0x%X", (unsigned)h->error);
}

/* What request returns: the body; or nil, the error's name, its body. */
static int push_answer(lua_State *L, void *ctx) {
    const client_frame *frame = ctx;
    if (!frame) {
        lua_pushnil(L);
        lua_pushliteral(L, "ERR_DISCONNECTED");
        return 2;
    }
    if (frame->header.type == FIRE_RESPONSE) {
        push_body(L, frame);
        return 1;
    }
    lua_pushnil(L);
    push_error_name(L, &frame->header);
    push_body(L, frame);
    return 3;
}

/* What receive returns: a table about the frame, or nil when nothing came. */
static int push_message(lua_State *L, void *ctx) {
    const client_frame *frame = ctx;
    static const char *const kinds[] = {"request", "response", "notification", "error"};
    char name[128];
    if (!frame) return 0;
    const fire_header *h = &frame->header;
    lua_createtable(L, 0, 6);
    lua_pushstring(L, kinds[h->type]);
    lua_setfield(L, -2, "kind");
    blaze_message_name(tables_here(L)->names, h->component, h->command, h->type == FIRE_NOTIFY, name, sizeof name);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, h->number);
    lua_setfield(L, -2, "number");
    if (h->type == FIRE_ERROR) {
        push_error_name(L, h);
        lua_setfield(L, -2, "error");
        lua_pushinteger(L, h->error);
        lua_setfield(L, -2, "code");
    }
    push_body(L, frame);
    lua_setfield(L, -2, "body");
    lua_pushlstring(L, (const char *)frame->body, h->body_length);
    lua_setfield(L, -2, "bytes");
    return 1;
}

/* ---- Lua to frames ---- */

/* Encodes a request and gives it to the connection; returns its message number. Raises when it cannot be encoded. */
static uint32_t send_request(lua_State *L, client_link *c, const char *name, int body) {
    static buf out; /* loop thread; survives a Lua error */
    fault f;
    const blaze_route *r = blaze_route_find(tables_here(L), name);
    if (!r) luaL_error(L, "no script declares a route %s: a client can only ask what the scripts know", name);
    buf_clear(&out);
    if (r->request && !lua_isnoneornil(L, body) && tdf_codec_encode(L, body, r->request, &out, &f) < 0)
        luaL_error(L, "%s: %s", name, f.text);
    fire_header h = {.component = r->component, .command = r->command, .type = FIRE_REQUEST};
    return client_link_send(c, &h, buf_bytes(&out));
}

static int l_request(lua_State *L) {
    client_link *c = check_client(L);
    const char *name = lua_tostring(L, 2);
    if (client_link_closed(c)) return push_answer(L, NULL);
    uint32_t number = send_request(L, c, name, 3);
    task_token token = task_suspend(L, "client:request");
    if (client_link_await(c, number, token, push_answer) < 0) {
        task_suspend_cancel(L, token);
        return luaL_error(L, "no memory to wait for the answer to %s", name);
    }
    return task_yield(L, token);
}

static int l_send(lua_State *L) {
    client_link *c = check_client(L);
    lua_pushinteger(L, send_request(L, c, lua_tostring(L, 2), 3));
    return 1;
}

static int l_receive(lua_State *L) {
    client_link *c = check_client(L);
    double seconds = luaL_optnumber(L, 2, 10);
    client_frame *frame = client_link_take(c);
    if (frame) {
        *(client_frame **)lua_newuserdatauv(L, sizeof frame, 0) = frame;
        luaL_setmetatable(L, "client.frame"); /* freed even if the push raises */
        return push_message(L, frame);
    }
    if (client_link_closed(c) || seconds <= 0) return 0;
    task_token token = task_suspend_for(L, "client:receive", 0);
    if (client_link_receive(c, token, push_message, (int64_t)(seconds * 1e6)) < 0) {
        task_suspend_cancel(L, token);
        return luaL_error(L, "somebody waits in client:receive already");
    }
    return task_yield(L, token);
}

static int l_raw(lua_State *L) {
    client_link *c = check_client(L);
    size_t n;
    const char *p = lua_tolstring(L, 2, &n);
    client_link_raw(c, (bytes){(const uint8_t *)p, n});
    return 0;
}

static int l_close(lua_State *L) {
    client_link_close(check_client(L));
    return 0;
}

/* ---- connecting ---- */

typedef struct opening {
    engine *engine;
    task_token token;
    client_link *link; /* NULL once given to Lua */
    fault why;
} opening;

static int push_client(lua_State *L, void *ctx) {
    opening *o = ctx;
    if (!o->link) {
        lua_pushnil(L);
        lua_pushstring(L, o->why.text);
        return 2;
    }
    client_link **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = o->link;
    o->link = NULL;
    luaL_setmetatable(L, TYPE_CLIENT);
    return 1;
}

static void release_opening(void *ctx) {
    opening *o = ctx;
    if (o->link) client_link_free(o->link);
    free(o);
}

static void opened(void *ctx, client_link *link, const fault *why) {
    opening *o = ctx;
    o->link = link;
    if (why) o->why = *why;
    task_wake(o->engine, o->token, push_client, o, release_opening);
}

static const char *text_field(lua_State *L, const char *name, const char *otherwise) {
    lua_getfield(L, 1, name);
    const char *text = lua_isnil(L, -1) ? otherwise : lua_tostring(L, -1);
    if (!text) luaL_error(L, "mu.client.connect: '%s' must be a string", name);
    return text; /* stays on the stack, so it stays alive */
}

static int header_fields(lua_State *L, http_header *out, size_t room) {
    size_t n = 0;
    if (lua_getfield(L, 1, "headers") == LUA_TNIL) return 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    luaL_checkstack(L, 2 * (int)room, "headers");
    int table = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, table);) {
        size_t name_length, value_length;
        if (n == room) luaL_error(L, "mu.client.connect: more than %d headers", (int)room);
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "mu.client.connect: headers are names and texts");
        const char *name = lua_tolstring(L, -2, &name_length), *value = lua_tolstring(L, -1, &value_length);
        out[n++] = (http_header){{(const uint8_t *)name, name_length}, {(const uint8_t *)value, value_length}};
        lua_pop(L, 1); /* the table keeps both alive */
    }
    return (int)n;
}

static int l_connect(lua_State *L) {
    http_header headers[32];
    client_link_options how = {.host = text_field(L, "host", "127.0.0.1"),
                               .path = text_field(L, "path", "/api/server/upgrade")};
    const char *via = text_field(L, "via", "blaze");
    lua_getfield(L, 1, "port");
    how.port = (uint16_t)luaL_checkinteger(L, -1);
    how.headers = headers;
    how.header_count = (size_t)header_fields(L, headers, 32);
    if (strcmp(via, "ssl3") == 0)
        how.filter = FILTER_SSL3;
    else if (strcmp(via, "tls") == 0)
        how.filter = FILTER_TLS;
    else if (strcmp(via, "upgrade") == 0)
        how.upgrade = true;
    else if (strcmp(via, "blaze") != 0)
        return luaL_error(L, "mu.client.connect: via = '%s'; expected blaze, ssl3, tls or upgrade", via);
    task_token token = task_suspend(L, "mu.client.connect");
    opening *o = calloc(1, sizeof *o);
    fault f = {.text = "no memory to connect"};
    if (o) *o = (opening){.engine = generation_of(L)->engine, .token = token};
    if (!o || client_link_open(server_of(L)->loop, o->engine, &how, opened, o, &f) < 0) {
        free(o);
        task_suspend_cancel(L, token);
        return luaL_error(L, "mu.client.connect: %s", f.text);
    }
    return task_yield(L, token);
}

/* ---- the object ---- */

static int client_index(lua_State *L) {
    client_link *c = check_client(L);
    const char *key = lua_tostring(L, 2);
    if (key && strcmp(key, "closed") == 0) {
        lua_pushboolean(L, client_link_closed(c) && !client_link_waiting(c));
        return 1;
    }
    if (key && strcmp(key, "reason") == 0) {
        lua_pushstring(L, client_link_reason(c));
        return 1;
    }
    script_methods(L, TYPE_CLIENT);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static int client_gc(lua_State *L) {
    client_link_free(*(client_link **)lua_touserdata(L, 1));
    return 0;
}

static int frame_gc(lua_State *L) {
    free(*(client_frame **)lua_touserdata(L, 1));
    return 0;
}

static const script_function functions[] = {
    {.name = "mu.client.connect",
     .params = "how: table",
     .returns = "client?, string?",
     .text = "Connects to a Blaze server: { host =, port =, via = \"blaze\"|\"ssl3\"|\"tls\"|\"upgrade\", path =, "
             "headers = }.",
     .errors = "nil and a sentence when the connection cannot be had",
     .example = "local c = mu.client.connect { port = mu.listener_port \"game\" }  c:close()",
     .flags = SCRIPT_SUSPENDS,
     .since = "0.1",
     .call = l_connect},
    {.name = "client:request",
     .params = "name: string, body?: table",
     .returns = "table?, string?, table?",
     .text = "Sends a request and waits for its answer: the body, or nil, the error's name and the error's body.",
     .example = "client:request(\"Util.ping\").server_time > 0",
     .flags = SCRIPT_SUSPENDS,
     .since = "0.1",
     .call = l_request},
    {.name = "client:send",
     .params = "name: string, body?: table",
     .returns = "integer",
     .text = "Sends a request without waiting; gives its message number. The answer comes through client:receive.",
     .example = "client:send \"Util.ping\" >= 0",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_send},
    {.name = "client:receive",
     .params = "seconds?: number",
     .returns = "table?",
     .text =
         "The next message that is not the answer to a client:request, in order of arrival: { kind =, name =, number "
         "=, body =, error =, bytes = }. Nothing after so many seconds (10), or when the connection has ended.",
     .example = "client:send \"Util.ping\"  return client:receive(5).kind == \"response\"",
     .flags = SCRIPT_SUSPENDS,
     .since = "0.1",
     .call = l_receive},
    {.name = "client:raw",
     .params = "bytes: string",
     .text = "Sends bytes as they are: for tests of what a client should not send.",
     .example = "client:raw \"garbage\"",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_raw},
    {.name = "client:close",
     .text = "Ends the connection once everything has been sent.",
     .example = "client:close()",
     .since = "0.1",
     .call = l_close},
};

static int client_open(generation *g, lua_State *L) {
    luaL_newmetatable(L, TYPE_CLIENT);
    lua_pushcfunction(L, client_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, client_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    luaL_newmetatable(L, "client.frame");
    lua_pushcfunction(L, frame_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 2);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_client = {.name = "client", .open = client_open};
