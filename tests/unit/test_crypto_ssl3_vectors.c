/* Every vector of tests/vectors/ssl3.json: primitives, whole handshakes replayed byte for byte in both roles, hellos,
 * malformed RSA blocks, the SSLv2-compatible hello, the certificate. Says how many ran. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <openssl/sha.h>

#include "ssl3_help.h"

static cJSON *vectors;
static EVP_PKEY *key;
static buf der; /* the vectors' certificate */
static int ran;

static const char *text_of(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
    if (!cJSON_IsString(v)) fail_msg("the vectors lack the text '%s'", name);
    return v->valuestring;
}

static const cJSON *part_of(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
    if (!v) fail_msg("the vectors lack '%s'", name);
    return v;
}

static int number_of(const cJSON *o, const char *name) { return part_of(o, name)->valueint; }
static buf hex_of(const cJSON *o, const char *name) { return help_hex(text_of(o, name)); }

static void check_bytes(const char *what, bytes got, const cJSON *o, const char *name) {
    buf want = hex_of(o, name);
    if (!help_same(got, buf_bytes(&want))) fail_msg("%s: %s differs", what, name);
    buf_free(&want);
}

static void test_rc4(void **state) {
    const cJSON *v;
    cJSON_ArrayForEach(v, part_of(vectors, "rc4")) {
        uint8_t stream[1552] = {0};
        buf k = hex_of(v, "key");
        rc4 c;
        rc4_init(&c, k.p, k.n);
        rc4_crypt(&c, stream, stream, 5); /* in two goes: the state carries on */
        rc4_crypt(&c, stream + 5, stream + 5, sizeof stream - 5);
        check_bytes("rc4", (bytes){stream, 48}, v, "keystream_0_47");
        check_bytes("rc4", (bytes){stream + 1536, 16}, v, "keystream_1536_1551");
        buf_free(&k);
        ran++;
    }
}

static void check_split(const cJSON *split, const char *name, const uint8_t *block) {
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(split, name);
    assert_non_null(o);
    size_t mac = strstr(name, "MD5") ? 16 : 20;
    check_bytes(name, (bytes){block, mac}, o, "client_write_mac_secret");
    check_bytes(name, (bytes){block + mac, mac}, o, "server_write_mac_secret");
    check_bytes(name, (bytes){block + 2 * mac, 16}, o, "client_write_key");
    check_bytes(name, (bytes){block + 2 * mac + 16, 16}, o, "server_write_key");
    assert_int_equal(number_of(o, "key_block_bytes_used"), 2 * mac + 32);
}

static void test_kdf(void **state) {
    const cJSON *v;
    cJSON_ArrayForEach(v, part_of(vectors, "kdf")) {
        buf c = hex_of(v, "client_random"), s = hex_of(v, "server_random"), p = hex_of(v, "pre_master_secret");
        uint8_t master[48], block[144];
        assert_int_equal(ssl3_derive(buf_bytes(&p), c.p, s.p, master, 48), 0);
        check_bytes(text_of(v, "name"), (bytes){master, 48}, v, "master_secret");
        assert_int_equal(ssl3_derive((bytes){master, 48}, s.p, c.p, block, 144), 0);
        check_bytes(text_of(v, "name"), (bytes){block, 144}, v, "key_block_144");
        check_split(part_of(v, "split"), "0x0005_RC4_128_SHA", block);
        check_split(part_of(v, "split"), "0x0004_RC4_128_MD5", block);
        buf_free(&c), buf_free(&s), buf_free(&p);
        ran++;
    }
}

static void test_mac(void **state) {
    const cJSON *v;
    EVP_MD_CTX *scratch = EVP_MD_CTX_new();
    cJSON_ArrayForEach(v, part_of(vectors, "mac")) {
        int suite = strcmp(text_of(v, "hash"), "md5") == 0 ? SSL3_RC4_MD5 : SSL3_RC4_SHA;
        buf secret = hex_of(v, "secret"), fragment = hex_of(v, "fragment");
        uint8_t mac[MAC_MAX];
        assert_int_equal(secret.n, ssl3_mac_size(suite));
        assert_int_equal(ssl3_record_mac(scratch, suite, secret.p, strtoull(text_of(v, "seq_hex"), NULL, 16),
                                         number_of(v, "type"), buf_bytes(&fragment), mac),
                         0);
        check_bytes("mac", (bytes){mac, secret.n}, v, "mac");
        buf_free(&secret), buf_free(&fragment);
        ran++;
    }
    EVP_MD_CTX_free(scratch);
}

/* --- handshakes ---------------------------------------------------------------------------------------------- */

struct replay {
    enum ssl3_role role;
    size_t chunk;
    ssl3 *s;
    buf plain, out;
};

/* The plaintext of an entry; the long one is given by its rule only. */
static buf plaintext_of(const cJSON *entry) {
    if (cJSON_GetObjectItemCaseSensitive(entry, "plaintext")) return hex_of(entry, "plaintext");
    buf b = {0};
    for (int i = 0; i < number_of(entry, "plaintext_len"); i++) buf_u8(&b, (uint8_t)(i * 7));
    return b;
}

/* Takes one expected record off the front of what we sent. */
static void check_record(struct replay *r, const cJSON *entry) {
    const char *what = text_of(entry, "what");
    if (r->out.n < 5) fail_msg("%s: nothing was sent", what);
    size_t n = 5u + load_u16(r->out.p + 3);
    if (r->out.n < n) fail_msg("%s: only part of a record was sent", what);
    if (cJSON_GetObjectItemCaseSensitive(entry, "record")) {
        check_bytes(what, (bytes){r->out.p, n}, entry, "record");
    } else {
        uint8_t sum[32];
        SHA256(r->out.p, n, sum);
        assert_int_equal(n, number_of(entry, "record_len"));
        check_bytes(what, (bytes){sum, 32}, entry, "record_sha256");
        check_bytes(what, (bytes){r->out.p, 32}, entry, "record_first_32");
        check_bytes(what, (bytes){r->out.p + n - 32, 32}, entry, "record_last_32");
    }
    buf_drop(&r->out, n);
}

/* The long record from the other side: its wire form is known by hash only, so the peer's cipher makes it again. */
static buf record_of(const cJSON *entry, const cJSON *handshake) {
    if (cJSON_GetObjectItemCaseSensitive(entry, "record")) return hex_of(entry, "record");
    buf k = hex_of(handshake, "server_write_key"), secret = hex_of(handshake, "server_write_mac_secret");
    buf p = plaintext_of(entry), record = {0};
    uint8_t mac[MAC_MAX], skip[256] = {0};
    int suite = secret.n == 16 ? SSL3_RC4_MD5 : SSL3_RC4_SHA;
    EVP_MD_CTX *scratch = EVP_MD_CTX_new();
    ssl3_record_mac(scratch, suite, secret.p, (uint64_t)number_of(entry, "seq"), 23, buf_bytes(&p), mac);
    EVP_MD_CTX_free(scratch);
    buf_u8(&record, 23), buf_u16(&record, 0x0300), buf_u16(&record, (uint16_t)(p.n + secret.n));
    buf_put(&record, p.p, p.n), buf_put(&record, mac, secret.n);
    rc4 c;
    rc4_init(&c, k.p, k.n);
    rc4_crypt(&c, skip, skip, 40 + 21 + 1 + 3 * secret.n); /* Finished and two data records went before */
    rc4_crypt(&c, record.p + 5, record.p + 5, record.n - 5);
    buf_free(&k), buf_free(&secret), buf_free(&p);
    return record;
}

static void replay_entry(struct replay *r, const cJSON *entry, const cJSON *handshake) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "type");
    bool from_client = strcmp(text_of(entry, "direction"), "client->server") == 0;
    bool ours = from_client == (r->role == SSL3_CLIENT);
    fault f = {0};
    if (ours) {
        if (type && type->valueint == RECORD_DATA) {
            buf p = plaintext_of(entry);
            assert_int_equal(ssl3_write(r->s, buf_bytes(&p), &r->out, &f), 0);
            buf_free(&p);
        }
        if (type && type->valueint == RECORD_ALERT) ssl3_close(r->s, &r->out);
        check_record(r, entry);
        return;
    }
    buf record = record_of(entry, handshake);
    if (help_feed(r->s, buf_bytes(&record), r->chunk, &r->plain, &r->out, &f) < 0)
        fail_msg("%s: %s", text_of(entry, "what"), f.text);
    buf_free(&record);
    if (type && type->valueint == RECORD_DATA) {
        buf p = plaintext_of(entry);
        assert_true(help_same(buf_bytes(&r->plain), buf_bytes(&p)));
        buf_clear(&r->plain);
        buf_free(&p);
    }
}

static void replay(const cJSON *handshake, enum ssl3_role role, size_t chunk) {
    help_random random = {0};
    buf script = {0};
    ssl3_config config = {.role = role, .random = help_random_fill, .context = &random};
    uint16_t suite = (uint16_t)strtoul(text_of(handshake, "cipher_suite"), NULL, 16);
    if (role == SSL3_SERVER) {
        config.key = key;
        config.certificate = buf_bytes(&der);
        config.suites[0] = suite;
        script = hex_of(handshake, "server_random");
    } else {
        memcpy(config.suites, (uint16_t[]){0x0005, 0x0004, 0x002f, 0x0035}, 8);
        buf secret = hex_of(handshake, "pre_master_secret"), padding = hex_of(handshake, "pkcs1_padding_string");
        script = hex_of(handshake, "client_random");
        buf_put(&script, secret.p + 2, secret.n - 2);
        buf_put(&script, padding.p, padding.n);
        buf_free(&secret), buf_free(&padding);
    }
    random.script = buf_bytes(&script);
    struct replay r = {.role = role, .chunk = chunk};
    fault f = {0};
    assert_int_equal(ssl3_new(&r.s, &config, &r.out, &f), 0);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, part_of(handshake, "plaintext_flight")) replay_entry(&r, entry, handshake);
    cJSON_ArrayForEach(entry, part_of(handshake, "records_after_client_change_cipher_spec"))
        replay_entry(&r, entry, handshake);
    assert_int_equal(ssl3_get_suite(r.s), suite);
    assert_int_equal(ssl3_get_state(r.s), role == SSL3_SERVER ? SSL3_OPEN : SSL3_CLOSED);
    ssl3_free(r.s);
    buf_free(&r.plain), buf_free(&r.out), buf_free(&script);
}

static void test_handshakes(void **state) {
    const cJSON *v;
    cJSON_ArrayForEach(v, part_of(vectors, "handshakes")) {
        static const size_t chunks[] = {0, 1, 2, 7, 1000};
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
            replay(v, SSL3_SERVER, chunks[i]);
            replay(v, SSL3_CLIENT, chunks[i]);
        }
        ran++;
    }
}

/* --- hellos and RSA blocks ----------------------------------------------------------------------------------- */

static ssl3_config server_config(void) {
    return (ssl3_config){.role = SSL3_SERVER, .key = key, .certificate = buf_bytes(&der)};
}

/* Goes on after the server's answer with this block; the result of the Finished record. */
static int finish(ssl3 *s, raw *c, bytes block, bytes secret, buf *out) {
    buf send = {0}, plain = {0};
    raw_message(c, CLIENT_KEY_EXCHANGE, block, &send);
    raw_derive(c, secret);
    raw_change_cipher(c, &send);
    buf_clear(out);
    assert_int_equal(ssl3_feed(s, buf_bytes(&send), &plain, out, NULL), 0);
    assert_int_equal(out->n, 0); /* whatever the block was */
    assert_int_equal(ssl3_get_state(s), SSL3_HANDSHAKE);
    buf_clear(&send);
    raw_finished(c, &send);
    int r = ssl3_feed(s, buf_bytes(&send), &plain, out, NULL);
    buf_free(&send), buf_free(&plain);
    return r;
}

/* Sends a hello, checks the choice, and completes the handshake with it: so the transcript is right too. */
static void check_hello(const char *name, bytes wire, bytes transcript, bytes random, unsigned version, int suite) {
    ssl3_config config = server_config();
    for (size_t chunk = 0; chunk < 2; chunk++) {
        ssl3 *s;
        buf plain = {0}, out = {0};
        fault f = {0};
        raw *c = raw_new();
        assert_int_equal(ssl3_new(&s, &config, &out, &f), 0);
        if (help_feed(s, wire, chunk, &plain, &out, &f) < 0) fail_msg("%s: %s", name, f.text);
        raw_hash(c, transcript);
        memcpy(c->client_random, random.p, 32);
        if (!raw_flight(c, buf_bytes(&out))) fail_msg("%s: wrong answer", name);
        assert_int_equal(c->suite, suite);
        uint8_t secret[48] = {(uint8_t)(version >> 8), (uint8_t)version, 9, 9};
        buf block = raw_block(key, (bytes){secret, 48});
        if (finish(s, c, buf_bytes(&block), (bytes){secret, 48}, &out) < 0) fail_msg("%s: wrong transcript", name);
        assert_int_equal(ssl3_get_state(s), SSL3_OPEN);
        ssl3_free(s);
        raw_free(c);
        buf_free(&plain), buf_free(&out), buf_free(&block);
    }
}

static void test_hello_variants(void **state) {
    const cJSON *v;
    cJSON_ArrayForEach(v, part_of(vectors, "client_hello_variants")) {
        const char *expect = text_of(v, "expect"), *name = text_of(v, "name");
        buf record = hex_of(v, "record");
        if (strstr(expect, "fatal alert 40")) {
            ssl3_config config = server_config();
            ssl3 *s;
            buf plain = {0}, out = {0};
            assert_int_equal(ssl3_new(&s, &config, &out, NULL), 0);
            assert_int_equal(ssl3_feed(s, buf_bytes(&record), &plain, &out, NULL), E_HANDSHAKE);
            assert_true(help_same(buf_bytes(&out), (bytes){(const uint8_t *)"\x15\x03\x00\x00\x02\x02\x28", 7}));
            ssl3_free(s);
            buf_free(&plain), buf_free(&out);
        } else {
            const char *choice = strstr(expect, "0x00");
            int suite = choice ? (int)strtoul(choice, NULL, 16) : SSL3_RC4_SHA;
            check_hello(name, buf_bytes(&record), (bytes){record.p + 5, record.n - 5}, (bytes){record.p + 11, 32},
                        load_u16(record.p + 9), suite);
        }
        buf_free(&record);
        ran++;
    }
}

static void test_sslv2_hello(void **state) {
    const cJSON *v = part_of(vectors, "sslv2_compatible_client_hello");
    static const char *const names[2][3] = {
        {"wire_challenge_32", "transcript_bytes", "client_random_32"},
        {"wire_challenge_16", "transcript_bytes_16", "client_random_16_right_justified"}};
    for (size_t i = 0; i < 2; i++) {
        buf wire = hex_of(v, names[i][0]), transcript = hex_of(v, names[i][1]), random = hex_of(v, names[i][2]);
        check_hello(names[i][0], buf_bytes(&wire), buf_bytes(&transcript), buf_bytes(&random), 0x0300, SSL3_RC4_SHA);
        buf_free(&wire), buf_free(&transcript), buf_free(&random);
        ran++;
    }
}

static void test_rsa_cases(void **state) {
    ssl3_config config = server_config();
    const cJSON *v;
    buf secret = hex_of(cJSON_GetArrayItem(part_of(vectors, "handshakes"), 0), "pre_master_secret");
    cJSON_ArrayForEach(v, part_of(part_of(vectors, "rsa_pre_master_cases"), "cases")) {
        ssl3 *s;
        buf plain = {0}, out = {0}, send = {0}, block = hex_of(v, "ciphertext");
        raw *c = raw_new();
        assert_int_equal(ssl3_new(&s, &config, &out, NULL), 0);
        raw_hello(c, &send);
        assert_int_equal(ssl3_feed(s, buf_bytes(&send), &plain, &out, NULL), 0);
        assert_true(raw_flight(c, buf_bytes(&out)));
        int r = finish(s, c, buf_bytes(&block), buf_bytes(&secret), &out);
        if (cJSON_IsTrue(part_of(v, "valid"))) {
            assert_int_equal(r, 0);
            assert_int_equal(ssl3_get_state(s), SSL3_OPEN);
        } else { /* like any wrong key */
            assert_int_equal(r, E_BAD_MAC);
            assert_true(help_same(buf_bytes(&out), (bytes){(const uint8_t *)"\x15\x03\x00\x00\x02\x02\x14", 7}));
        }
        ssl3_free(s);
        raw_free(c);
        buf_free(&plain), buf_free(&out), buf_free(&send), buf_free(&block);
        ran++;
    }
    buf_free(&secret);
}

static void test_certificate(void **state) {
    const cJSON *v = part_of(vectors, "certificate");
    buf built = {0};
    fault f = {0};
    assert_int_equal(certificate_build_game(key, CERTIFICATE_GAME_HOST, &built, &f), 0);
    size_t at = (size_t)number_of(v, "signature_offset"), n = (size_t)number_of(v, "signature_length");
    assert_int_equal(built.n, number_of(v, "length"));
    assert_int_equal(at + n, built.n);
    assert_memory_equal(built.p, der.p, at); /* everything but the signature, which nobody checks */
    assert_true(built.p[at] < 0x92);
    buf_free(&built);
    ran++;
}

static void test_all_ran(void **state) {
    printf("ssl3.json: %d vectors\n", ran);
    assert_int_equal(ran, 3 + 3 + 10 + 2 + 9 + 2 + 8 + 1);
}

static int open_vectors(void **state) {
    FILE *file = fopen(TEST_DIR "/vectors/ssl3.json", "rb");
    if (!file) return -1;
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    vectors = n ? cJSON_Parse(text) : NULL;
    free(text);
    if (!vectors) return -1;
    key = help_key();
    der = hex_of(part_of(vectors, "certificate"), "der");
    return 0;
}

static int close_vectors(void **state) {
    cJSON_Delete(vectors);
    EVP_PKEY_free(key);
    buf_free(&der);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rc4),
        cmocka_unit_test(test_kdf),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_handshakes),
        cmocka_unit_test(test_hello_variants),
        cmocka_unit_test(test_sslv2_hello),
        cmocka_unit_test(test_rsa_cases),
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_all_ran),
    };
    return cmocka_run_group_tests_name("ssl3 vectors", tests, open_vectors, close_vectors);
}
