/* mu.http, mu.upgrade, mu.json and mu.http_client: the real engine, a real loop, real sockets. */
#include "net_world.h"

#include "base/malformed.h"
#include "bind/http_route.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void paths_are_matched_by_their_parts(void **state) {
    http_routes r = {0};
    fault f;
    static const char *const declared[] = {
        "/",      "/api/players", "/api/players/{id}", "/api/players/self", "/api/{kind}/self",
        "/{any}", "/a b",         "/c/{name...}",      "/c/{one}/z"};
    for (size_t i = 0; i < 9; i++) assert_non_null(http_routes_add(&r, declared[i], &f));
    assert_ptr_equal(http_routes_add(&r, "/api/players/", &f), r.paths[1]);
    static const struct {
        const char *path, *match;
    } cases[] = {
        {"/", "/"},
        {"//", "/"},
        {"/api/players", "/api/players"},
        {"//api/players/", "/api/players"},
        {"/api/players/7", "/api/players/{id}"},
        {"/api/players/self", "/api/players/self"},
        {"/api/games/self", "/api/{kind}/self"},
        {"/x", "/{any}"},
        {"/a%20b", "/a b"},
        {"/api/players//7", NULL},
        {"/api/players/7/8", NULL},
        {"/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", NULL},
        {"", NULL},
        {"*", NULL},
        {"/api//", NULL},
        {"/API/players", NULL},
        {"/c", "/{any}"},
        {"/c/x", "/c/{name...}"},
        {"/c/x/y/", "/c/{name...}"},
        {"/c/x/z", "/c/{one}/z"},
        {"/c/x/z/z", "/c/{name...}"},
        {"/c//x", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_match m;
        bool found = http_routes_find(&r, (bytes){(const uint8_t *)cases[i].path, strlen(cases[i].path)}, &m);
        if (found != (cases[i].match != NULL)) fail_msg("%s: found %d", cases[i].path, found);
        if (found) assert_string_equal(m.path->text, cases[i].match);
    }
    static const char *const bad[] = {"",          "x",       "/a//b",
                                      "/{a",       "/a{b}",   "/{}",
                                      "/{a}/{a}",  "/{a}{b}", "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h",
                                      "/{a...}/b", "/{...}",  "/{a}/{a...}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_null(http_routes_add(&r, bad[i], &f));
    http_match rest;
    assert_true(http_routes_find(&r, HTTP_TEXT("//c/x//%2e./y/"), &rest));
    assert_int_equal(rest.values[1].n, 9);
    assert_memory_equal(rest.values[1].p, "x//%2e./y", 9);
    http_routes_free(&r);
    char out[16];
    assert_int_equal(http_decode(HTTP_TEXT("a%20%2Fb+%zz%4"), true, out), 10);
    assert_memory_equal(out, "a /b %zz%4", 10);
}

static void requests_reach_their_handler(void **state) {
    world_script(
        "mu.http.get('/hi/{name}', { handle = function(r)\n"
        "  return { text = table.concat({ r.method, r.path, r.params.name, r.query.q or '-', r.query.e or '-',\n"
        "    r.headers['x-y'] or '-', r.address, r.door, tostring(r.secure), r.local_address,\n"
        "    math.type(r.port) }, ' ') } end })\n"
        "mu.http.post('/echo', { max_body = 10, handle = function(r) return { body = r.body, type = 'a/b' } end })\n"
        "mu.http.get('/none', { handle = function() end })\n"
        "mu.http.get('/json', { handle = function() return { json = { 1, 2 }, status = 201,\n"
        "  headers = { ['x-a'] = 'b', ['x-n'] = 7 } } end })");
    const char *got = ask("GET //hi/a%20b?q=1+2%21&q=3&e HTTP/1.1\r\nHost: x\r\nX-Y: one\r\nX-Y: two\r\n\r\n");
    assert_contains(got, "HTTP/1.1 200 OK\r\n");
    assert_contains(got, "content-type: text/plain; charset=utf-8\r\n");
    assert_contains(got, "\r\n\r\nGET /hi/a%20b a b 1 2!  one, two 127.0.0.1 web false 127.0.0.1 integer");
    got = ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\na\\0b");
    assert_contains(got, "content-type: a/b\r\n");
    assert_contains(got, "\r\n\r\na\\0b");
    assert_contains(ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world"), "HTTP/1.1 413 ");
    got = ask(GET("/none"));
    assert_contains(got, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n");
    assert_null(strstr(got, "content-type"));
    got = ask(GET("/json"));
    assert_contains(got, "HTTP/1.1 201 Created\r\n");
    assert_contains(got, "content-type: application/json\r\n");
    assert_contains(got, "x-a: b\r\n");
    assert_contains(got, "x-n: 7\r\n");
    assert_contains(got, "\r\n\r\n[1,2]");
    world_end();
}

static void other_paths_and_methods_are_answered_by_themselves(void **state) {
    world_script("mu.http.get('/a', { handle = function() return { text = 'body' } end })\n"
                 "mu.http.delete('/a', { handle = function() return { text = 'gone' } end })");
    assert_contains(ask(GET("/b")), "HTTP/1.1 404 Not Found\r\n");
    const char *got = ask("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert_contains(got, "HTTP/1.1 405 Method Not Allowed\r\n");
    assert_contains(got, "allow: GET, DELETE, HEAD\r\n");
    got = ask("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_contains(got, "content-length: 4\r\n");
    assert_null(strstr(got, "body"));
    assert_contains(ask("DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n"), "gone");
    assert_contains(ask(GET("/a")), "body");
    world_end();
}

static void errors_in_a_handler_are_a_500_and_a_line(void **state) {
    world_script("mu.http.get('/raise', { handle = function() error('oh dear') end })\n"
                 "mu.http.get('/type', { handle = function() return 5 end })\n"
                 "mu.http.get('/key', { handle = function() return { texst = 'x' } end })\n"
                 "mu.http.get('/status', { handle = function() return { status = 99 } end })\n"
                 "mu.http.get('/split', { handle = function() return { headers = { a = 'b\\r\\nc: d' } } end })\n"
                 "mu.http.get('/json', { handle = function() return { json = print } end })\n"
                 "mu.http.get('/fine', { handle = function() return { text = 'fine' } end })");
    static const char *const cases[][2] = {
        {GET("/raise"), "oh dear"},
        {GET("/type"), "an endpoint must return a table, mu.upgrade(…) or nothing, got a number"},
        {GET("/key"), "unknown key 'texst' in the answer; did you mean 'text'?"},
        {GET("/status"), "the answer's status (99) or one of its headers may not be sent"},
        {GET("/split"), "one of its headers may not be sent"},
        {GET("/json"), "JSON cannot say a function"},
    };
    for (size_t i = 0; i < 6; i++) {
        const char *got = ask(cases[i][0]);
        assert_contains(got, "HTTP/1.1 500 Internal Server Error\r\n");
        assert_null(strstr(got, cases[i][1])); /* the reason is for the log, not for the world */
        assert_contains(w.log, cases[i][1]);
        assert_contains(w.log, "GET /");
    }
    assert_contains(ask(GET("/fine")), "fine");
    world_end();
}

static void a_waiting_handler_answers_later_and_in_order(void **state) {
    world_script("mu.http.get('/slow', { handle = function() mu.sleep(0.02) return { text = 'slow' } end })\n"
                 "mu.http.get('/fast', { handle = function() return { text = 'fast' } end })");
    const char *got = ask("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *slow = strstr(got, "\r\n\r\nslow"), *fast = strstr(got, "\r\n\r\nfast");
    assert_true(slow && fast && slow < fast);
    world_end();
}

static void a_peer_that_leaves_stops_nothing(void **state) {
    world_script(
        "local ended = 'no'\n"
        "local left = false\n"
        "mu.http.get('/slow', { handle = function()\n"
        "  ended = 'not yet' while not left do mu.sleep(0.001) end ended = 'yes' return { text = 'x' } end })\n"
        "mu.handler('ended', function() return ended end)\n"
        "mu.handler('leave', function() left = true end)");
    int fd = knock();
    say(sv.loop, fd, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    turn_until(sv.loop, strcmp(run_handler("ended"), "not yet") == 0);
    close(fd);
    turn_until(sv.loop, counter_get(COUNTER_NET_OPEN) == 0);
    run_handler("leave");
    turn_until(sv.loop, strcmp(run_handler("ended"), "yes") == 0);
    world_end();
}

static void wrong_declarations_are_all_told(void **state) {
    world_prepare("mu.http.get('x', { handle = function() end })\n"
                  "mu.http.get('/a', { handel = function() end })\n"
                  "mu.http.get('/b', { handle = function() end, max_body = 'x' })\n"
                  "mu.http.post('/c', { handle = function() end })\n"
                  "mu.http.post('/c/', { handle = function() end })\n"
                  "mu.listen { name = 'bad', port = 70000, protokols = {}, protocols = { 'htpp' } }\n"
                  "mu.listen { name = 'web', port = 0, telemetry = true }\n"
                  "mu.listen { name = 'empty', port = 0 }\n");
    assert_int_equal(world_begin(), E_LOAD);
    const char *report = engine_report(w.engine);
    assert_contains(report, "scripts/main.lua:2: mu.http.get: 'x' must begin with /");
    assert_contains(report, "main.lua:3: mu.http.get: unknown key 'handel'; did you mean 'handle'?");
    assert_contains(report, "main.lua:3: mu.http.get \"/a\": 'handle' must be a function");
    assert_contains(report, "main.lua:4: mu.http.get \"/b\": 'max_body' must be a number of bytes");
    assert_contains(report, "main.lua:6: mu.http.post: \"/c/\" has been declared already");
    assert_contains(report, "main.lua:7: mu.listen: unknown key 'protokols'; did you mean 'protocols'?");
    assert_contains(report, "main.lua:7: mu.listen: 'port' must be a number from 0 to 65535");
    assert_contains(report, "main.lua:7: mu.listen: unknown protocol 'htpp'; did you mean 'http'?");
    assert_contains(report, "main.lua:8: mu.listen: there are two listeners named 'web'");
    assert_contains(report, "main.lua:9: mu.listen: 'empty' serves no protocol");
    world_end();
}

/* -- upgrades ----------------------------------------------------------------------------------------------------- */

static char fields[64];

static size_t echo_data(void *ctx, stream *s, bytes in) {
    stream_write(s, in);
    return in.n;
}

static void echo_closed(void *ctx, stream *s, const fault *why) {}
static const stream_handler echo = {.data = echo_data, .closed = echo_closed};

static void accept_echo(stream *s, lua_State *L, int index) {
    fields[0] = 0;
    if (index) {
        if (lua_getfield(L, index, "bad") != LUA_TNIL) luaL_error(L, "no such field: bad");
        lua_getfield(L, index, "who");
        snprintf(fields, sizeof fields, "%s", lua_tostring(L, -1));
    }
    stream_set_handler(s, &echo, NULL);
}

static void an_upgrade_is_handed_over_with_its_fields(void **state) {
    http_set_upgrade("echo", accept_echo);
    world_script(
        "mu.http.get('/up', { handle = function(r) mu.sleep(0.005) return mu.upgrade('echo', { who = 'me' }) end })\n"
        "mu.http.get('/bad', { handle = function(r) return mu.upgrade('echo', { bad = 1 }) end })\n"
        "mu.http.get('/unknown', { handle = function(r) return mu.upgrade('gopher') end })\n");
    int fd = knock();
    say(sv.loop, fd, "GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
    hear_text(sv.loop, fd, "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
    hear_text(sv.loop, fd, "early");
    assert_string_equal(fields, "me");
    say(sv.loop, fd, " late");
    hear_text(sv.loop, fd, " late");
    close(fd);
    const char *got = ask(GET("/up"));
    assert_contains(got, "HTTP/1.1 426 Upgrade Required\r\n");
    assert_contains(got, "upgrade: echo\r\n");
    got = ask("GET /bad HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    assert_contains(w.log, "no such field: bad");
    assert_null(strstr(got, "500"));
    got = ask("GET /unknown HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    assert_contains(got, "HTTP/1.1 500 ");
    assert_contains(w.log, "mu.upgrade: there is no protocol 'gopher' to upgrade to");
    world_end();
}

/* -- JSON --------------------------------------------------------------------------------------------------------- */

static void json_goes_both_ways(void **state) {
    world_script(
        "mu.handler('decode', function()\n"
        "  local v = "
        "mu.json.decode('{\"a\":[1,2.5,-3,1e2,9007199254740992],\"n\":null,\"t\":true,\"s\":\"x\\\\u00e4\"}')\n"
        "  return math.type(v.a[1]), math.type(v.a[2]), v.a[3], math.type(v.a[4]), v.a[5], v.n == mu.null, v.t, v.s,\n"
        "    math.type(mu.json.decode('7')) end)\n"
        "mu.handler('encode', function()\n"
        "  return mu.json.encode { 1, 2.5, 9007199254740992, 9007199254740993, math.mininteger, 'a/\"b', mu.null, "
        "true,\n"
        "    1234567890123456 } end)\n"
        "mu.handler('object', function() return mu.json.encode { id = 1 << 60 } end)\n"
        "mu.handler('wrong', function() local out = {} for _, t in ipairs { '', '{', '[1,]', 'nul', '{\"a\" 1}', "
        "'[NaN]',\n"
        "  ('['):rep(65), ('['):rep(1024):rep(9 << 10) } do local v, why = mu.json.decode(t) out[#out + 1] = v == nil "
        "and #why > "
        "5 and '+' or '-'\n"
        "  end return table.concat(out) end)\n"
        "mu.handler('deep', function() local t = {} for i = 1, 70 do t = { t } end return mu.json.encode(t) end)\n"
        "mu.handler('loop', function() local t = {} t[1] = t return mu.json.encode(t) end)\n"
        "mu.handler('nan', function() return mu.json.encode { 0/0 } end)\n"
        "mu.handler('big', function() return mu.json.encode { ('x'):rep(1024):rep(9 << 10) } end)\n");
    assert_string_equal(run_handler("decode"), "integer float -3 integer 9007199254740992 true true x\xc3\xa4 integer");
    assert_string_equal(run_handler("encode"), "[1,2.5,9007199254740992,\"9007199254740993\",\"-9223372036854775808\","
                                               "\"a/\\\"b\",null,true,1234567890123456]");
    assert_string_equal(run_handler("object"), "{\"id\":\"1152921504606846976\"}");
    assert_string_equal(run_handler("wrong"), "++++++++");
    assert_contains(run_handler("deep"), "JSON nested deeper than 64");
    assert_contains(run_handler("loop"), "JSON nested deeper than 64");
    assert_contains(run_handler("nan"), "JSON cannot say NaN");
    assert_contains(run_handler("big"), "more than 8388608 bytes of JSON");
    world_end();
}

/* -- the client --------------------------------------------------------------------------------------------------- */

static void the_client_asks_our_own_server(void **state) {
    world_script(
        "local function base() return 'http://127.0.0.1:' .. mu.listener_port 'web' end\n"
        "mu.http.get('/g', { handle = function(r) return { text = r.headers['x-a'] or r.headers.host, headers = { "
        "['x-r'] = 's' } } end })\n"
        "mu.http.post('/p', { handle = function(r) return { text = r.body .. '!', status = 202 } end })\n"
        "mu.http.delete('/d', { handle = function(r) return { text = r.method } end })\n"
        "mu.http.get('/never', { handle = function(r) mu.sleep(10) end })\n"
        "mu.handler('get', function() local a = mu.http_client.get(base() .. '/g', { headers = { ['X-A'] = 'q' } })\n"
        "  return a.status, a.body, a.headers['x-r'] end)\n"
        "mu.handler('post', function() local a = mu.http_client.post(base() .. '/p', 'b') return a.status, a.body "
        "end)\n"
        "mu.handler('delete', function() return mu.http_client.request('DELETE', base() .. '/d').body end)\n"
        "mu.handler('refused', function() return mu.http_client.get 'http://127.0.0.1:1/' end)\n"
        "mu.handler('timeout', function() return mu.http_client.get(base() .. '/never', { timeout = 0.02 }) end)\n"
        "mu.handler('split', function() return mu.http_client.get(base() .. '/a b') end)\n"
        "mu.handler('url', function() local out = {} for _, u in ipairs { 'ftp://x/', 'http://', 'http://x:0/', "
        "'http://x:y/',\n"
        "  'http://u:p@x/', 'http://[::1/', 'x' } do out[#out + 1] = tostring(pcall(mu.http_client.get, u)) end\n"
        "  return table.concat(out, ' ') end)\n");
    assert_string_equal(run_handler("get"), "200 q s");
    assert_string_equal(run_handler("post"), "202 b!");
    assert_string_equal(run_handler("delete"), "DELETE");
    assert_contains(run_handler("refused"),
                    "nil HTTP request to 127.0.0.1: no connection to 127.0.0.1 port 1: connection refused");
    assert_contains(run_handler("timeout"), "no answer in time");
    assert_contains(run_handler("split"), "nil the method, the path or a header has characters that may not be sent");
    assert_string_equal(run_handler("url"), "false false false false false false false");
    world_end();
}

/* -- doors -------------------------------------------------------------------------------------------------------- */

static void reload(bool want) {
    w.reloads = 0;
    assert_int_equal(engine_build(w.engine, ENGINE_RELOAD, world_reloaded, &w), 0);
    turn_until(sv.loop, w.reloads);
    if (w.reload_ok != want) fail_msg("%s", w.report);
}

static void doors_follow_the_generation(void **state) {
    world_script("mu.listen { name = 'old', address = '127.0.0.1', port = 0, protocols = { 'http' } }\n"
                 "mu.http.get('/v', { handle = function() return { text = 'one' } end })");
    uint16_t web = door_port("web"), old = door_port("old");
    int fd = knock(), stays = dial(old);
    say(sv.loop, stays, "GET /v HTTP/1.1\r\nHost: x\r\n\r\n");
    char got[1024];
    turn_until(sv.loop, recv(stays, got, sizeof got, 0) > 0);
    world_write(&w, "scripts/main.lua",
                "mu.listen { name = 'web', address = '127.0.0.1', port = 0, protocols = { 'http' } }\n"
                "mu.listen { name = 'new', address = '127.0.0.1', port = 0, protocols = { 'http' } }\n"
                "mu.http.get('/v', { handle = function(r) return { text = 'two ' .. r.door } end })");
    reload(true);
    assert_int_equal(door_port("web"), web);
    assert_contains(w.log, "closed: door old");
    say(sv.loop, fd, GET("/v")); /* came before the reload, asks after it */
    assert_contains(hear_all(sv.loop, fd, got, sizeof got), "two web");
    say(sv.loop, stays, GET("/v")); /* its door is closed, its connection is not */
    assert_contains(hear_all(sv.loop, stays, got, sizeof got), "two old");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(old), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(refused, (struct sockaddr *)&to, sizeof to), -1);
    int fresh = dial(door_port("new"));
    say(sv.loop, fresh, GET("/v"));
    assert_contains(hear_all(sv.loop, fresh, got, sizeof got), "two new");
    close(fd), close(stays), close(refused), close(fresh);
    world_end();
}

static void a_taken_port_refuses_the_generation(void **state) {
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(taken, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(taken, 1), 0);
    getsockname(taken, (struct sockaddr *)&at, &size);
    char script[256], want[128];
    snprintf(script, sizeof script,
             "mu.listen { name = 'game', address = '127.0.0.1', port = %d, protocols = { 'blaze' } }",
             ntohs(at.sin_port));
    snprintf(want, sizeof want, "listener \"game\": port %d on 127.0.0.1 is already in use", ntohs(at.sin_port));
    world_prepare(script);
    assert_int_equal(world_begin(), E_LOAD);
    assert_contains(engine_report(w.engine), want);
    assert_null(strstr(w.log, "open: web")); /* nothing opened */
    close(taken);
    world_end();
}

static void what_is_no_telemetry_is_counted_kept_and_closed(void **state) {
    world_script("mu.listen { name = 'telemetry', address = '127.0.0.1', port = 0, telemetry = true }");
    int64_t before = counter_get(COUNTER_TELEMETRY_BYTES);
    int fd = dial(door_port("telemetry"));
    malformed m;
    say(sv.loop, fd, "GET / HTTP/1.1\r\n\r\n");
    turn_until(sv.loop, counter_get(COUNTER_TELEMETRY_BYTES) == before + 18);
    turn_until(sv.loop, !is_open(sv.loop, fd));
    assert_true(malformed_get(0, &m));
    assert_string_equal(m.decoder, "telemetry");
    assert_string_equal(m.door, "telemetry");
    assert_int_equal(m.kept, 12);
    close(fd);
    world_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_matched_by_their_parts),
        cmocka_unit_test(requests_reach_their_handler),
        cmocka_unit_test(other_paths_and_methods_are_answered_by_themselves),
        cmocka_unit_test(errors_in_a_handler_are_a_500_and_a_line),
        cmocka_unit_test(a_waiting_handler_answers_later_and_in_order),
        cmocka_unit_test(a_peer_that_leaves_stops_nothing),
        cmocka_unit_test(wrong_declarations_are_all_told),
        cmocka_unit_test(an_upgrade_is_handed_over_with_its_fields),
        cmocka_unit_test(json_goes_both_ways),
        cmocka_unit_test(the_client_asks_our_own_server),
        cmocka_unit_test(doors_follow_the_generation),
        cmocka_unit_test(a_taken_port_refuses_the_generation),
        cmocka_unit_test(what_is_no_telemetry_is_counted_kept_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
