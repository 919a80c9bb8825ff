/* The SSLv3 state machine against itself and against a client without manners (ssl3_help.h): whole connections in both
 * suites and any cutting, and every flight a correct peer never sends, with the error and the alert it must get. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ssl3_help.h"

static certificate identity;

static ssl3_config server_config(void) {
    return (ssl3_config){.role = SSL3_SERVER, .key = identity.key, .certificate = buf_bytes(&identity.der)};
}

/* --- our client against our server --------------------------------------------------------------------------- */

typedef struct pair {
    ssl3_config server_config, client_config;
    ssl3 *server, *client;
    buf to_server, to_client, server_plain, client_plain;
    size_t chunk;
    fault f;
} pair;

/* What the game's reader survives (A.3): version 3.0, never empty, never too long, whole messages in each record. */
static void check_shapes(bytes out, bool handshake_is_plain) {
    while (out.n) {
        assert_true(out.n >= 5 && load_u16(out.p + 1) == 0x0300);
        size_t n = load_u16(out.p + 3);
        assert_true(n > 0 && n <= 16384 + 20 && out.n >= 5 + n);
        if (handshake_is_plain && out.p[0] == 22) assert_int_equal(load_u24(out.p + 6) + 4, n);
        if (out.p[0] == 20) handshake_is_plain = false;
        out.p += 5 + n, out.n -= 5 + n;
    }
}

/* Carries everything both ways until nothing is left; negative: what one side said. */
static int pair_carry(pair *p) {
    while (p->to_server.n || p->to_client.n) {
        buf moving = p->to_server;
        size_t had = p->to_client.n;
        p->to_server = (buf){0};
        int r = help_feed(p->server, buf_bytes(&moving), p->chunk, &p->server_plain, &p->to_client, &p->f);
        buf_free(&moving);
        if (r < 0) return r;
        check_shapes((bytes){p->to_client.p + had, p->to_client.n - had}, ssl3_get_state(p->server) == SSL3_HANDSHAKE);
        moving = p->to_client;
        p->to_client = (buf){0};
        r = help_feed(p->client, buf_bytes(&moving), p->chunk, &p->client_plain, &p->to_server, &p->f);
        buf_free(&moving);
        if (r < 0) return r;
    }
    return 0;
}

static void pair_open(pair *p, int suite, size_t chunk) {
    memset(p, 0, sizeof *p);
    p->server_config = server_config();
    p->client_config.role = SSL3_CLIENT;
    p->client_config.suites[0] = (uint16_t)suite;
    p->chunk = chunk;
    assert_int_equal(ssl3_new(&p->server, &p->server_config, &p->to_client, &p->f), 0);
    assert_int_equal(ssl3_new(&p->client, &p->client_config, &p->to_server, &p->f), 0);
}

static void pair_free(pair *p) {
    ssl3_free(p->server), ssl3_free(p->client);
    buf_free(&p->to_server), buf_free(&p->to_client), buf_free(&p->server_plain), buf_free(&p->client_plain);
}

static void test_pair(void **state) {
    static const int suites[] = {SSL3_RC4_SHA, SSL3_RC4_MD5, 0};
    static const size_t chunks[] = {0, 1, 3, 61, 4096};
    for (size_t i = 0; i < 3; i++)
        for (size_t c = 0; c < 5; c++) {
            pair p;
            pair_open(&p, suites[i], chunks[c]);
            assert_int_equal(ssl3_write(p.client, help_text("early"), &p.to_server, &p.f), E_BUSY);
            if (pair_carry(&p) < 0) fail_msg("%s", p.f.text);
            assert_int_equal(ssl3_get_state(p.server), SSL3_OPEN);
            assert_int_equal(ssl3_get_state(p.client), SSL3_OPEN);
            assert_int_equal(ssl3_get_suite(p.server), suites[i] ? suites[i] : SSL3_RC4_SHA);
            assert_int_equal(ssl3_write(p.client, help_text("ask"), &p.to_server, &p.f), 0);
            assert_int_equal(ssl3_write(p.client, help_text(""), &p.to_server, &p.f), 0);
            assert_int_equal(ssl3_write(p.server, help_text("answer"), &p.to_client, &p.f), 0);
            assert_int_equal(pair_carry(&p), 0);
            assert_true(help_same(buf_bytes(&p.server_plain), help_text("ask")));
            assert_true(help_same(buf_bytes(&p.client_plain), help_text("answer")));
            assert_int_equal(ssl3_end(p.server, &p.f), 0); /* end of file without a word is fine */
            ssl3_close(p.server, &p.to_client);
            ssl3_close(p.server, &p.to_client);
            assert_int_equal(ssl3_write(p.server, help_text("late"), &p.to_client, &p.f), E_CLOSED);
            assert_int_equal(pair_carry(&p), 0);
            assert_int_equal(ssl3_get_state(p.client), SSL3_CLOSED);
            assert_int_equal(ssl3_get_state(p.server), SSL3_CLOSED);
            assert_int_equal(ssl3_feed(p.client, help_text("junk"), &p.client_plain, &p.to_server, &p.f), 0);
            pair_free(&p);
        }
}

/* 1 MiB there and back again, in pieces that do not fit the records. */
static void test_echo(void **state) {
    static const int suites[] = {SSL3_RC4_SHA, SSL3_RC4_MD5};
    buf text = {0};
    for (uint32_t i = 0; i < 1 << 18; i++) buf_u32(&text, i * 2654435761u);
    for (size_t i = 0; i < 2; i++) {
        pair p;
        pair_open(&p, suites[i], 10007);
        assert_int_equal(pair_carry(&p), 0);
        for (size_t at = 0, n = 1; at < text.n; at += n, n = n * 3 + 1) {
            if (n > text.n - at) n = text.n - at;
            assert_int_equal(ssl3_write(p.client, (bytes){text.p + at, n}, &p.to_server, &p.f), 0);
        }
        assert_int_equal(pair_carry(&p), 0);
        assert_true(help_same(buf_bytes(&p.server_plain), buf_bytes(&text)));
        assert_int_equal(ssl3_write(p.server, buf_bytes(&p.server_plain), &p.to_client, &p.f), 0);
        assert_int_equal(p.to_client.n, text.n + 64 * (5 + ssl3_mac_size(suites[i]))); /* full records, none empty */
        assert_int_equal(pair_carry(&p), 0);
        assert_true(help_same(buf_bytes(&p.client_plain), buf_bytes(&text)));
        pair_free(&p);
    }
    buf_free(&text);
}

static void test_memory(void **state) {
    enum { COUNT = 200 };
    static pair p[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        pair_open(&p[i], 0, 0);
        assert_int_equal(pair_carry(&p[i]), 0);
        ssl3_free(p[i].server);
        p[i].server = NULL;
    }
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < COUNT; i++) {
        ssl3_free(p[i].client);
        p[i].client = NULL;
    }
    struct mallinfo2 after = mallinfo2();
    size_t each = (before.uordblks - after.uordblks) / COUNT; /* 0 under a sanitizer */
    printf("an open connection holds %zu bytes\n", each);
    assert_true(each <= 1280);
    for (size_t i = 0; i < COUNT; i++) pair_free(&p[i]);
}

/* The certificate hook and the generator may refuse. */
static int refuse_certificate(void *context, bytes der) {
    assert_true(help_same(der, buf_bytes(&identity.der)));
    return E_CONFIG;
}
static int no_random(void *context, uint8_t *p, size_t n) { return E_SYSTEM; }

static void test_hooks(void **state) {
    pair p;
    pair_open(&p, 0, 0);
    p.client_config.verify = refuse_certificate;
    assert_int_equal(pair_carry(&p), E_HANDSHAKE);
    assert_int_equal(ssl3_get_state(p.client), SSL3_FAILED);
    assert_int_equal(pair_carry(&p), E_ALERT); /* the server hears bad_certificate */
    assert_non_null(strstr(p.f.text, "bad_certificate"));
    pair_free(&p);
    pair_open(&p, 0, 0);
    p.server_config.random = no_random;
    assert_int_equal(pair_carry(&p), E_SYSTEM);
    pair_free(&p);
    ssl3_config client = {.role = SSL3_CLIENT, .random = no_random};
    ssl3 *s;
    assert_int_equal(ssl3_new(&s, &client, &p.to_server, &p.f), E_SYSTEM);
    assert_null(s);
    ssl3_config nobody = {.role = SSL3_SERVER};
    assert_int_equal(ssl3_new(&s, &nobody, &p.to_client, &p.f), E_ARGUMENT);
}

/* --- a connection brought to a stage by raw ------------------------------------------------------------------ */

enum stage { AT_START, AT_KEY, AT_CCS, AT_FINISHED, AT_OPEN };

typedef struct conn {
    ssl3_config config;
    ssl3 *s;
    raw *c;
    buf plain, out, send;
    uint8_t secret[48];
} conn;

static void conn_key(conn *c, buf *to) {
    buf block = raw_block(identity.key, (bytes){c->secret, 48});
    raw_message(c->c, CLIENT_KEY_EXCHANGE, buf_bytes(&block), to);
    raw_derive(c->c, (bytes){c->secret, 48});
    buf_free(&block);
}

static void conn_send(conn *c) {
    fault f = {0};
    if (help_feed(c->s, buf_bytes(&c->send), 0, &c->plain, &c->out, &f) < 0) fail_msg("%s", f.text);
    buf_clear(&c->send);
}

static void conn_to(conn *c, enum stage stage) {
    memset(c, 0, sizeof *c);
    c->config = server_config();
    c->c = raw_new();
    c->secret[0] = 3, c->secret[1] = 0, c->secret[40] = 1;
    assert_int_equal(ssl3_new(&c->s, &c->config, &c->out, NULL), 0);
    if (stage == AT_START) return;
    raw_hello(c->c, &c->send);
    conn_send(c);
    assert_true(raw_flight(c->c, buf_bytes(&c->out)));
    buf_clear(&c->out);
    if (stage >= AT_CCS) conn_key(c, &c->send);
    if (stage >= AT_FINISHED) raw_change_cipher(c->c, &c->send);
    if (stage >= AT_OPEN) raw_finished(c->c, &c->send);
    conn_send(c);
    assert_int_equal(ssl3_get_state(c->s), stage == AT_OPEN ? SSL3_OPEN : SSL3_HANDSHAKE);
    if (stage < AT_OPEN) return;
    bytes in = buf_bytes(&c->out);
    assert_memory_equal(in.p, "\x14\x03\0\0\1\1", 6);
    in.p += 6, in.n -= 6;
    bytes finished = raw_open(c->c, &in);
    assert_true(finished.n == 40 && in.n == 0);
    buf_clear(&c->out);
}

static void conn_free(conn *c) {
    ssl3_free(c->s), raw_free(c->c);
    buf_free(&c->plain), buf_free(&c->out), buf_free(&c->send);
}

/* Sends what is in c->send and expects this error and alert (ALERT_NONE: not a word); in two cuttings. */
static void conn_refused(conn *c, enum stage stage, const char *what, int code, int alert) {
    fault f = {0};
    size_t before = c->plain.n;
    int r = help_feed(c->s, buf_bytes(&c->send), c->send.n % 2, &c->plain, &c->out, &f);
    if (r != code) fail_msg("%s: %s instead of %s (%s)", what, fault_name(r), fault_name(code), f.text);
    assert_int_equal(f.code, code);
    assert_true(f.text[0]);
    assert_int_equal(ssl3_get_state(c->s), SSL3_FAILED);
    assert_int_equal(c->plain.n, before);
    bytes out = buf_bytes(&c->out), body = {out.p + 5, out.n >= 5 ? out.n - 5 : 0};
    if (alert == ALERT_NONE) {
        if (out.n) fail_msg("%s: was answered", what);
    } else {
        if (out.n < 7 || out.p[0] != 21) fail_msg("%s: no alert", what);
        if (stage == AT_OPEN) body = raw_open(c->c, &out);
        if (body.n != 2 || body.p[0] != 2 || body.p[1] != alert) fail_msg("%s: wrong alert", what);
    }
    size_t said = c->out.n; /* and nothing more is said, read or written */
    assert_int_equal(ssl3_feed(c->s, help_text("x"), &c->plain, &c->out, NULL), code);
    assert_int_equal(ssl3_write(c->s, help_text("x"), &c->out, NULL), code);
    ssl3_close(c->s, &c->out);
    assert_int_equal(c->out.n, said);
    assert_int_equal(ssl3_end(c->s, NULL), code);
    conn_free(c);
}

static void refuse_bytes(enum stage stage, const char *what, const char *hex, int code, int alert) {
    conn c;
    conn_to(&c, stage);
    buf_free(&c.send);
    c.send = help_hex(hex);
    conn_refused(&c, stage, what, code, alert);
}

/* A record the client protects where it would at that stage. */
static void refuse_record(enum stage stage, const char *what, int type, const char *hex, int code, int alert) {
    conn c;
    conn_to(&c, stage);
    buf body = help_hex(hex);
    raw_record(c.c, type, buf_bytes(&body), &c.send);
    buf_free(&body);
    conn_refused(&c, stage, what, code, alert);
}

static void test_strangers(void **state) {
    refuse_bytes(AT_START, "HTTP", "474554202f20485454502f312e310d0a", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "one byte of nothing", "00", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "a Blaze frame", "000000050001000000000001", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "major version 4", "1604000001", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "minor version 5", "1603050001", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "SSLv2 noise", "80ff07", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "SSLv2 hello of 8 bytes", "8008010300000300", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "long SSLv2 hello", "ffff010300", E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "only SSLv2",
                 "801c010002000300000010"
                 "010080"
                 "00000000000000000000000000000000",
                 E_HANDSHAKE, ALERT_NONE);
    refuse_bytes(AT_START, "SSLv2 lengths", "800901030000030000ffff", E_BAD_RECORD, 47);
}

static void test_records_in_handshake(void **state) {
    static const enum stage stages[] = {AT_START, AT_KEY, AT_CCS};
    for (size_t i = 0; i < 3; i++) {
        enum stage at = stages[i];
        refuse_bytes(at, "oversized", "1603004001", E_BAD_RECORD, 47);
        refuse_bytes(at, "empty", "1603000000", E_BAD_RECORD, 10);
        refuse_bytes(at, "empty data", "1703000000", E_BAD_RECORD, 10);
        refuse_bytes(at, "application data", "170300000141", E_PROTOCOL, 10);
        refuse_bytes(at, "message too long", "160300000401004001", E_BAD_RECORD, 47);
        refuse_bytes(at, "Finished too early", "1603000004140000000", E_PROTOCOL, 10);
        refuse_bytes(at, "HelloRequest", "160300000400000000", E_PROTOCOL, 10);
        refuse_bytes(at, "client certificate", "16030000040b000000", E_PROTOCOL, 10);
        refuse_bytes(at, "alert amid a message",
                     "16030000020100"
                     "15030000020100",
                     E_PROTOCOL, 10);
        refuse_bytes(at, "CCS amid a message",
                     "16030000020100"
                     "140300000101",
                     E_PROTOCOL, 10);
        refuse_bytes(at, "data amid a message",
                     "16030000020100"
                     "170300000101",
                     E_PROTOCOL, 10);
        refuse_bytes(at, "fatal alert", "15030000020228", E_ALERT, ALERT_NONE);
        refuse_bytes(at, "close_notify", "15030000020100", E_HANDSHAKE, ALERT_NONE);
        refuse_bytes(at, "alert of level 3", "15030000020328", E_BAD_RECORD, 47);
        refuse_bytes(at, "half an alert", "150300000102", E_BAD_RECORD, 47);
        if (at != AT_START) {
            refuse_bytes(at, "unknown type", "1803000001", E_BAD_RECORD, 10);
            refuse_bytes(at, "record version 3.1", "1603010001", E_BAD_RECORD, 47);
            refuse_bytes(at, "SSLv2 hello later", "802201030000090000001000000500", E_BAD_RECORD, 10);
        }
        if (at != AT_CCS) refuse_bytes(at, "CCS too early", "140300000101", E_PROTOCOL, 10);
    }
    refuse_bytes(AT_CCS, "CCS of 2", "140300000102", E_BAD_RECORD, 10);
    refuse_bytes(AT_CCS, "long CCS", "14030000020101", E_BAD_RECORD, 10);
}

static void refuse_hello(const char *what, const char *hex, int code, int alert) {
    conn c;
    conn_to(&c, AT_START);
    buf body = help_hex(hex);
    raw_message(c.c, CLIENT_HELLO, buf_bytes(&body), &c.send);
    buf_free(&body);
    conn_refused(&c, AT_START, what, code, alert);
}

#define RANDOM_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_hellos(void **state) {
    refuse_hello("empty", "", E_BAD_RECORD, 47);
    refuse_hello("version 2", "0200" RANDOM_32 "00000200050100", E_HANDSHAKE, 40);
    refuse_hello("no session id", "0300" RANDOM_32, E_BAD_RECORD, 47);
    refuse_hello("session id of 33", "0300" RANDOM_32 "21" RANDOM_32 "00000200050100", E_BAD_RECORD, 47);
    refuse_hello("session id cut off", "0300" RANDOM_32 "200000020005", E_BAD_RECORD, 47);
    refuse_hello("no suites", "0300" RANDOM_32 "0000000100", E_BAD_RECORD, 47);
    refuse_hello("odd suites", "0300" RANDOM_32 "0000030005000100", E_BAD_RECORD, 47);
    refuse_hello("suites cut off", "0300" RANDOM_32 "00000600050100", E_BAD_RECORD, 47);
    refuse_hello("no compression", "0300" RANDOM_32 "0000020005", E_BAD_RECORD, 47);
    refuse_hello("compression list empty", "0300" RANDOM_32 "000002000500", E_BAD_RECORD, 47);
    refuse_hello("compression cut off", "0300" RANDOM_32 "00000200050201", E_BAD_RECORD, 47);
}

static void refuse_key(const char *what, size_t n) {
    conn c;
    conn_to(&c, AT_KEY);
    uint8_t block[300] = {0};
    raw_message(c.c, CLIENT_KEY_EXCHANGE, (bytes){block, n}, &c.send);
    conn_refused(&c, AT_KEY, what, E_BAD_RECORD, 47);
}

static void test_key_exchange(void **state) {
    refuse_key("no key", 0);
    refuse_key("short key", 127);
    refuse_key("long key", 129);
    refuse_key("a length that is not the key's", 130);
    conn c; /* a TLS habit that is let pass */
    conn_to(&c, AT_KEY);
    buf block = raw_block(identity.key, (bytes){c.secret, 48}), framed = {0};
    buf_u16(&framed, 128), buf_put(&framed, block.p, block.n);
    raw_message(c.c, CLIENT_KEY_EXCHANGE, buf_bytes(&framed), &c.send);
    raw_derive(c.c, (bytes){c.secret, 48});
    raw_change_cipher(c.c, &c.send);
    raw_finished(c.c, &c.send);
    conn_send(&c);
    assert_int_equal(ssl3_get_state(c.s), SSL3_OPEN);
    conn_free(&c);
    buf_free(&block), buf_free(&framed);
}

/* Whatever the RSA block holds, up to the Finished nothing is said, and then the same is said. */
static void test_bleichenbacher(void **state) {
    for (int kind = 0; kind < 6; kind++) {
        uint8_t secret[60] = {3, 0, 1, 2, 3};
        size_t n = 48;
        if (kind == 1) secret[1] = 1; /* another version inside */
        if (kind == 2) n = 47;        /* too short */
        if (kind == 3) n = 49;        /* too long */
        conn c;
        conn_to(&c, AT_KEY);
        buf block = raw_block(identity.key, (bytes){secret, n});
        if (kind == 4) memset(block.p, 0, 128);
        if (kind == 5) memset(block.p, 0xff, 128);
        raw_message(c.c, CLIENT_KEY_EXCHANGE, buf_bytes(&block), &c.send);
        memset(secret, 0x5a, sizeof secret); /* the attacker does not know what the server decrypted */
        raw_derive(c.c, (bytes){secret, 48});
        raw_change_cipher(c.c, &c.send);
        conn_send(&c);
        assert_int_equal(c.out.n, 0);
        raw_finished(c.c, &c.send);
        buf_free(&block);
        conn_refused(&c, AT_FINISHED, "a wrong secret", E_BAD_MAC, 20);
    }
}

static void test_finished(void **state) {
    refuse_record(AT_FINISHED, "Finished all zero", 22,
                  "14000024"
                  "000000000000000000000000000000000000000000000000000000000000000000000000",
                  E_HANDSHAKE, 40);
    refuse_record(AT_FINISHED, "short Finished", 22, "1400000100", E_PROTOCOL, 10);
    refuse_record(AT_FINISHED, "another message", 22, "01000000", E_PROTOCOL, 10);
    refuse_record(AT_FINISHED, "data before Finished", 23, "41", E_PROTOCOL, 10);
    refuse_record(AT_FINISHED, "CCS again", 20, "01", E_PROTOCOL, 10);
    refuse_record(AT_FINISHED, "empty handshake record", 22, "", E_BAD_RECORD, 10);
    refuse_record(AT_FINISHED, "fatal alert", 21, "0228", E_ALERT, ALERT_NONE);
    refuse_bytes(AT_FINISHED, "shorter than a MAC", "160300001301020304050607080910111213141516171819", E_BAD_MAC, 20);
    refuse_bytes(AT_FINISHED, "empty", "1603000000", E_BAD_MAC, 20);
    refuse_bytes(AT_FINISHED, "oversized", "1603004015", E_BAD_RECORD, 47);
    conn c;
    conn_to(&c, AT_FINISHED); /* a right Finished with something behind it in its record */
    uint8_t body[44] = {FINISHED, 0, 0, 36};
    ssl3_finished(c.c->md5, c.c->sha1, "CLNT", c.c->master, body + 4);
    raw_record(c.c, 22, (bytes){body, 41}, &c.send);
    conn_refused(&c, AT_FINISHED, "bytes behind Finished", E_PROTOCOL, 10);
    conn_to(&c, AT_FINISHED); /* the server's own words sent back */
    ssl3_finished(c.c->md5, c.c->sha1, "SRVR", c.c->master, body + 4);
    raw_record(c.c, 22, (bytes){body, 40}, &c.send);
    conn_refused(&c, AT_FINISHED, "the server's Finished", E_HANDSHAKE, 40);
}

static void test_open_connection(void **state) {
    refuse_record(AT_OPEN, "second ClientHello", 22, "01000000", E_PROTOCOL, 40);
    refuse_record(AT_OPEN, "second Finished", 22, "14000000", E_PROTOCOL, 10);
    refuse_record(AT_OPEN, "empty handshake record", 22, "", E_PROTOCOL, 10);
    refuse_record(AT_OPEN, "second CCS", 20, "01", E_PROTOCOL, 10);
    refuse_record(AT_OPEN, "fatal alert", 21, "020a", E_ALERT, ALERT_NONE);
    refuse_record(AT_OPEN, "half an alert", 21, "01", E_BAD_RECORD, 47);
    refuse_bytes(AT_OPEN, "unknown type", "1903000001", E_BAD_RECORD, 10);
    refuse_bytes(AT_OPEN, "record version 3.3", "1703030001", E_BAD_RECORD, 47);
    refuse_bytes(AT_OPEN, "shorter than a MAC", "170300000141", E_BAD_MAC, 20);
    refuse_bytes(AT_OPEN, "oversized", "1703004015", E_BAD_RECORD, 47);
    conn c;
    for (size_t at = 5; at < 5 + 4 + 20; at++) { /* any byte changed on the way */
        conn_to(&c, AT_OPEN);
        raw_record(c.c, 23, help_text("text"), &c.send);
        c.send.p[at] ^= 1;
        conn_refused(&c, AT_OPEN, "changed byte", E_BAD_MAC, 20);
    }
    conn_to(&c, AT_OPEN); /* the same record twice: what came first stays */
    raw_record(c.c, 23, help_text("text"), &c.send);
    buf again = {0};
    buf_put(&again, c.send.p, c.send.n);
    conn_send(&c);
    assert_true(help_same(buf_bytes(&c.plain), help_text("text")));
    buf_put(&c.send, again.p, again.n);
    conn_refused(&c, AT_OPEN, "repeated record", E_BAD_MAC, 20);
    conn_to(&c, AT_OPEN); /* another type than was protected */
    raw_record(c.c, 23, help_text("text"), &c.send);
    c.send.p[0] = 22;
    conn_refused(&c, AT_OPEN, "changed type", E_BAD_MAC, 20);
    buf_free(&again);
}

static void test_silence_is_limited(void **state) {
    conn c;
    conn_to(&c, AT_OPEN);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < IDLE_MAX / 2; i++) {
            raw_record(c.c, 23, help_text(""), &c.send);
            raw_record(c.c, 21, (bytes){(const uint8_t *)"\1\x64", 2}, &c.send); /* a warning */
        }
        raw_record(c.c, 23, help_text("x"), &c.send);
        conn_send(&c);
    }
    assert_true(help_same(buf_bytes(&c.plain), help_text("xxx")));
    for (int i = 0; i <= IDLE_MAX; i++) raw_record(c.c, 23, help_text(""), &c.send);
    conn_refused(&c, AT_OPEN, "endless nothing", E_PROTOCOL, 10);
}

static void test_longest_record(void **state) {
    conn c;
    buf text = {0};
    for (int i = 0; i < 16384; i++) buf_u8(&text, (uint8_t)i);
    conn_to(&c, AT_OPEN);
    raw_record(c.c, 23, buf_bytes(&text), &c.send);
    conn_send(&c);
    assert_true(help_same(buf_bytes(&c.plain), buf_bytes(&text)));
    /* the caller's limits are named as such */
    buf little = {.max = 1000}, nowhere = {0};
    assert_int_equal(ssl3_write(c.s, buf_bytes(&text), &little, NULL), E_LIMIT);
    assert_int_equal(little.n, 0);
    assert_int_equal(ssl3_get_state(c.s), SSL3_OPEN);
    buf_clear(&little);
    raw_record(c.c, 23, buf_bytes(&text), &c.send);
    assert_int_equal(ssl3_feed(c.s, buf_bytes(&c.send), &little, &nowhere, NULL), E_LIMIT);
    conn_free(&c);
    buf_free(&text), buf_free(&little), buf_free(&nowhere);
}

/* Half a record is kept in memory of about its own size, not of the size it promises. */
static void test_promise_costs_nothing(void **state) {
    conn c;
    conn_to(&c, AT_START);
    buf_put(&c.send, "\x16\3\0\x40\0\1\0\x3f\xfc", 9);
    conn_send(&c);
    assert_true(ssl3_memory(c.s) < 2500);
    conn_free(&c);
}

/* --- packing, cutting, changing ------------------------------------------------------------------------------ */

/* The client's handshake flights as one message per record, to be packed anew. */
static void test_packing(void **state) {
    static const size_t cuts[] = {1, 3, 50, 131};
    for (size_t i = 0; i < 4; i++) {
        conn c;
        conn_to(&c, AT_START);
        buf whole = {0};
        raw_hello(c.c, &whole); /* one record; now spread over many */
        for (size_t at = 5; at < whole.n; at += cuts[i]) {
            size_t n = whole.n - at < cuts[i] ? whole.n - at : cuts[i];
            raw_record(c.c, 22, (bytes){whole.p + at, n}, &c.send);
        }
        conn_send(&c);
        assert_true(raw_flight(c.c, buf_bytes(&c.out)));
        buf_clear(&whole);
        conn_key(&c, &whole);
        for (size_t at = 5; at < whole.n; at += cuts[i]) {
            size_t n = whole.n - at < cuts[i] ? whole.n - at : cuts[i];
            raw_record(c.c, 22, (bytes){whole.p + at, n}, &c.send);
        }
        raw_change_cipher(c.c, &c.send);
        uint8_t message[40] = {FINISHED, 0, 0, 36};
        ssl3_finished(c.c->md5, c.c->sha1, "CLNT", c.c->master, message + 4);
        for (size_t at = 0; at < 40; at += cuts[i])
            raw_record(c.c, 22, (bytes){message + at, 40 - at < cuts[i] ? 40 - at : cuts[i]}, &c.send);
        conn_send(&c);
        assert_int_equal(ssl3_get_state(c.s), SSL3_OPEN);
        conn_free(&c);
        buf_free(&whole);
    }
}

/* Packs the server's plain flight into one record and hands it to our client. */
static void test_packed_server(void **state) {
    pair p;
    pair_open(&p, 0, 0);
    assert_int_equal(help_feed(p.server, buf_bytes(&p.to_server), 0, &p.server_plain, &p.to_client, &p.f), 0);
    buf_clear(&p.to_server);
    buf packed = {0}, record = {0};
    for (bytes in = buf_bytes(&p.to_client); in.n;) {
        size_t n = load_u16(in.p + 3);
        buf_put(&packed, in.p + 5, n);
        in.p += 5 + n, in.n -= 5 + n;
    }
    buf_u8(&record, 22), buf_u16(&record, 0x0300), buf_u16(&record, (uint16_t)packed.n);
    buf_put(&record, packed.p, packed.n);
    buf_free(&p.to_client);
    p.to_client = record;
    assert_int_equal(pair_carry(&p), 0);
    assert_int_equal(ssl3_get_state(p.client), SSL3_OPEN);
    pair_free(&p);
    buf_free(&packed);
}

/* Every beginning of a conversation, then the end of the stream. */
static void test_every_prefix(void **state) {
    conn c;
    conn_to(&c, AT_START);
    help_random random = {0};
    c.config.random = help_random_fill, c.config.context = &random;
    buf all = {0};
    raw_hello(c.c, &all);
    size_t hello = all.n;
    assert_int_equal(ssl3_feed(c.s, buf_bytes(&all), &c.plain, &c.out, NULL), 0);
    assert_true(raw_flight(c.c, buf_bytes(&c.out)));
    conn_key(&c, &all);
    raw_change_cipher(c.c, &all);
    raw_finished(c.c, &all);
    size_t open = all.n;
    raw_record(c.c, 23, help_text("text"), &all);
    for (size_t n = 0; n <= all.n; n++) {
        ssl3 *s;
        buf plain = {0}, out = {0};
        random = (help_random){0}; /* the same server random: the same flight fits */
        assert_int_equal(ssl3_new(&s, &c.config, &out, NULL), 0);
        assert_int_equal(help_feed(s, (bytes){all.p, n}, 0, &plain, &out, NULL), 0);
        assert_int_equal(ssl3_get_state(s), n < open ? SSL3_HANDSHAKE : SSL3_OPEN);
        assert_int_equal(ssl3_end(s, NULL), n < open ? E_HANDSHAKE : n == open || n == all.n ? 0 : E_TRUNCATED);
        assert_int_equal(out.n > 0, n >= hello);
        assert_int_equal(plain.n, n == all.n ? 4 : 0);
        ssl3_free(s);
        buf_free(&plain), buf_free(&out);
    }
    /* and every byte of it changed: it never opens */
    for (size_t at = 0; at < open; at++) {
        ssl3 *s;
        buf plain = {0}, out = {0};
        random = (help_random){0};
        assert_int_equal(ssl3_new(&s, &c.config, &out, NULL), 0);
        all.p[at] ^= 0x80;
        (void)help_feed(s, (bytes){all.p, open}, 0, &plain, &out, NULL);
        all.p[at] ^= 0x80;
        if (ssl3_get_state(s) == SSL3_OPEN) fail_msg("opened with byte %zu changed", at);
        ssl3_free(s);
        buf_free(&plain), buf_free(&out);
    }
    buf_free(&all);
    conn_free(&c);
}

/* Each byte of what the server says changed on the way: the two never agree. */
static void test_changed_server(void **state) {
    size_t n = 1;
    for (size_t at = 0; at < n; at++) {
        pair p;
        pair_open(&p, 0, 0);
        assert_int_equal(help_feed(p.server, buf_bytes(&p.to_server), 0, &p.server_plain, &p.to_client, &p.f), 0);
        buf_clear(&p.to_server);
        n = p.to_client.n;
        p.to_client.p[at] ^= 0x80;
        (void)pair_carry(&p);
        if (ssl3_get_state(p.client) == SSL3_OPEN || ssl3_get_state(p.server) == SSL3_OPEN)
            fail_msg("opened with byte %zu changed", at);
        pair_free(&p);
    }
    assert_true(n > 700);
}

/* --- servers our client must cope with or refuse ------------------------------------------------------------- */

static ssl3 *client_new(ssl3_config *config, buf *out) {
    ssl3 *s;
    *config = (ssl3_config){.role = SSL3_CLIENT};
    assert_int_equal(ssl3_new(&s, config, out, NULL), 0);
    return s;
}

static void refuse_server(const char *what, const char *hex, int code, int alert) {
    ssl3_config config;
    buf plain = {0}, out = {0}, in = help_hex(hex);
    ssl3 *s = client_new(&config, &out);
    buf_clear(&out);
    fault f = {0};
    int r = help_feed(s, buf_bytes(&in), 0, &plain, &out, &f);
    if (r != code) fail_msg("%s: %s instead of %s (%s)", what, fault_name(r), fault_name(code), f.text);
    if (alert == ALERT_NONE)
        assert_int_equal(out.n, 0);
    else if (out.n != 7 || out.p[0] != 21 || out.p[6] != alert)
        fail_msg("%s: wrong alert", what);
    ssl3_free(s);
    buf_free(&plain), buf_free(&out), buf_free(&in);
}

#define SERVER_HELLO_OF(version, suite, compression) "160300002a02000026" version RANDOM_32 "00" suite compression
#define HELLO_OK                                     SERVER_HELLO_OF("0300", "0005", "00")

static void test_servers(void **state) {
    refuse_server("TLS", SERVER_HELLO_OF("0303", "0005", "00"), E_HANDSHAKE, 40);
    refuse_server("a suite not offered", SERVER_HELLO_OF("0300", "002f", "00"), E_HANDSHAKE, 47);
    refuse_server("no cipher", SERVER_HELLO_OF("0300", "0000", "00"), E_HANDSHAKE, 47);
    refuse_server("compression", SERVER_HELLO_OF("0300", "0005", "01"), E_HANDSHAKE, 47);
    refuse_server("hello cut off",
                  "160300000602000002"
                  "0300",
                  E_BAD_RECORD, 47);
    refuse_server("session id of 33",
                  "160300002a02000026"
                  "0300" RANDOM_32 "21000500",
                  E_BAD_RECORD, 47);
    refuse_server("not a hello", "16030000040e000000", E_PROTOCOL, 10);
    refuse_server("HTTP", "485454502f312e31", E_HANDSHAKE, ALERT_NONE);
    refuse_server("no certificate", HELLO_OK "16030000040e000000", E_PROTOCOL, 10);
    refuse_server("empty certificate list", HELLO_OK "16030000070b000003000000", E_BAD_RECORD, 47);
    refuse_server("certificate of nothing", HELLO_OK "160300000a0b000006000003000000", E_HANDSHAKE, 42);
    refuse_server("certificate too long", HELLO_OK "160300000b0b00000700000400000200", E_BAD_RECORD, 47);
    refuse_server("a certificate without a key", HELLO_OK "160300000d0b0000090000060000033001ff", E_HANDSHAKE, 42);
    refuse_server("CCS at once", "140300000101", E_PROTOCOL, 10);
    buf much = {0}; /* HelloRequests are passed over, but not for ever */
    for (int i = 0; i < 2 * IDLE_MAX; i++) buf_put(&much, "00000000", 8);
    buf_u8(&much, 0);
    char text[2 * IDLE_MAX * 8 + 32];
    snprintf(text, sizeof text, "16030001%02x%s", 0, (char *)much.p);
    refuse_server("HelloRequest for ever", text, E_PROTOCOL, 10);
    buf_free(&much);
}

/* A server of another kind: session id, bytes behind the hello, a HelloRequest and a certificate request. */
static void test_other_server(void **state) {
    ssl3_config config;
    buf plain = {0}, out = {0}, in = help_hex("160300000400000000"), body = {0};
    ssl3 *s = client_new(&config, &out);
    raw *r = raw_new();
    raw_hash(r, (bytes){out.p + 5, out.n - 5});
    memcpy(r->client_random, out.p + 11, 32);
    buf_clear(&out);
    memset(r->server_random, 7, 32);
    buf_u16(&body, 0x0300), buf_put(&body, r->server_random, 32), buf_u8(&body, 32),
        buf_put(&body, r->server_random, 32);
    buf_u16(&body, r->suite = SSL3_RC4_MD5), buf_u8(&body, 0), buf_u32(&body, 0x0002ff01);
    raw_message(r, SERVER_HELLO, buf_bytes(&body), &in);
    buf_clear(&body);
    size_t n = identity.der.n; /* two certificates: the first counts */
    buf_u24(&body, (uint32_t)n + 7), buf_u24(&body, (uint32_t)n), buf_put(&body, identity.der.p, n),
        buf_u32(&body, 0x000001ff);
    raw_message(r, CERTIFICATE, buf_bytes(&body), &in);
    raw_message(r, CERTIFICATE_REQUEST, (bytes){(const uint8_t *)"\1\1\0\0", 4}, &in);
    raw_message(r, SERVER_HELLO_DONE, (bytes){0}, &in);
    assert_int_equal(help_feed(s, buf_bytes(&in), 1, &plain, &out, NULL), 0);
    assert_true(out.n == 7 + 137 + 6 + 61);
    assert_memory_equal(out.p, "\x15\x03\0\0\2\1\x29\x16\x03\0\0\x84\x10\0\0\x80",
                        16); /* no_certificate, then the key */
    assert_memory_equal(out.p + 144, "\x14\x03\0\0\1\1\x16\x03\0\0\x38", 11);

    uint8_t secret[128]; /* the server's turn: open the block, check Finished, answer */
    size_t size = sizeof secret;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, identity.key, NULL);
    assert_true(EVP_PKEY_decrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) > 0);
    assert_true(EVP_PKEY_decrypt(c, secret, &size, out.p + 16, 128) > 0);
    EVP_PKEY_CTX_free(c);
    assert_int_equal(size, 48);
    assert_memory_equal(secret, "\3\0", 2);
    raw_hash(r, (bytes){out.p + 12, 132});
    raw_derive(r, (bytes){secret, 48});
    uint8_t finished[40] = {FINISHED, 0, 0, 36};
    ssl3_finished(r->md5, r->sha1, "CLNT", r->master, finished + 4);
    rc4 turned = r->writing; /* raw is a client; here it plays the server, so its directions change places */
    r->writing = r->reading, r->reading = turned;
    rc4_crypt(&r->reading, out.p + 155, out.p + 155, 56);
    assert_memory_equal(out.p + 155, finished, 40);
    raw_hash(r, (bytes){finished, 40});
    ssl3_finished(r->md5, r->sha1, "SRVR", r->master, finished + 4);
    memcpy(r->keys, r->keys + 16, 16);
    buf_clear(&in);
    raw_change_cipher(r, &in);
    raw_record(r, 22, (bytes){finished, 40}, &in);
    raw_record(r, 22, (bytes){(const uint8_t *)"\0\0\0\0", 4}, &in); /* asks for renegotiation: passed over */
    raw_record(r, 23, help_text("hi"), &in);
    assert_int_equal(help_feed(s, buf_bytes(&in), 1, &plain, &out, NULL), 0);
    assert_int_equal(ssl3_get_state(s), SSL3_OPEN);
    assert_true(help_same(buf_bytes(&plain), help_text("hi")));
    ssl3_free(s);
    raw_free(r);
    buf_free(&plain), buf_free(&out), buf_free(&in), buf_free(&body);
}

static int make_identity(void **state) {
    identity.key = help_key();
    return certificate_build_game(identity.key, CERTIFICATE_GAME_HOST, &identity.der, NULL);
}

static int free_identity(void **state) {
    certificate_free(&identity);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_records_in_handshake),
        cmocka_unit_test(test_hellos),
        cmocka_unit_test(test_key_exchange),
        cmocka_unit_test(test_bleichenbacher),
        cmocka_unit_test(test_finished),
        cmocka_unit_test(test_open_connection),
        cmocka_unit_test(test_silence_is_limited),
        cmocka_unit_test(test_longest_record),
        cmocka_unit_test(test_promise_costs_nothing),
        cmocka_unit_test(test_packing),
        cmocka_unit_test(test_packed_server),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_changed_server),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_other_server),
    };
    return cmocka_run_group_tests_name("ssl3", tests, make_identity, free_identity);
}
