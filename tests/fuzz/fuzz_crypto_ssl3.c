/* fuzz_crypto_ssl3.c: the SSLv3 state machine against anything.
 *
 * The first byte chooses what the rest is (MODE_…), which suite, and whether it comes byte by byte. Random numbers and
 * key are those of vectors/ssl3.json, so that the recorded flights in the corpus go all the way and mutations of them
 * nearly so. In MODE_SCRIPT the rest are steps of a client without manners that knows the keys: what is behind the MAC
 * gets fuzzed as well. */
#include "../unit/ssl3_help.h"

enum { MODE_SERVER, MODE_CLIENT, MODE_SCRIPT, MODE_CERTIFICATE, MODES };

#define FLAG_MD5   4
#define FLAG_BYTES 8

static const char SERVER_RANDOM[] = "fd2186b36e10b7d68da91ff8d67a926638a82570850526175a506760d3bd4b44";
static const char CLIENT_SCRIPT[] = /* random, secret, padding */
    "461c13be8c4eed65b0c8d1959c2302efe957ab1a7f7f1a909cee0b1187c21e6ef79e55d5cd622265285316f39af00fec"
    "4e48dc22739db04f444f096d808166ed4f518e261778a9612852de849915d4458e8014c5449f846cbdbf6f468d648656"
    "e2aba5e73ba516ca6181d1e628fcba108d21a90626b5cb6f461015d5c799ad51bdf4e4106a83744dec64ba0d3240936e"
    "144c3d96e72c996b776ee1";
static const char SIGNATURE[] =
    "4bd3069b2d23775ec77f5adbaef9978bc9f1e6a5e4055746c93fc83ff9336bd56b454b803bf1a0a5eb13c41b0c80433c"
    "8b7894c301ad656090c32f9dc8d4751dc55ae2d3cfb99e715ac3325aeb3968cce7631fe2a26783dd01ff3424d45a3820"
    "00362204d0a9b134e89eff01a4883793fb90c654bf8cf77a2709e948b73a664c";

static certificate identity;

static void set_up(void) {
    if (identity.key) return;
    identity.key = help_key();
    require(certificate_build_game(identity.key, CERTIFICATE_GAME_HOST, &identity.der, NULL) == 0);
    buf signature = help_hex(SIGNATURE);
    memcpy(identity.der.p + identity.der.n - 128, signature.p, 128);
    buf_free(&signature);
}

/* Only what the game survives may leave (A.3). */
static void check_out(bytes out) {
    while (out.n) {
        require(out.n >= 5 && out.p[0] >= 20 && out.p[0] <= 23 && load_u16(out.p + 1) == 0x0300);
        size_t n = load_u16(out.p + 3);
        require(n > 0 && n <= 16384 + 20 && out.n >= 5 + n);
        out.p += 5 + n, out.n -= 5 + n;
    }
}

static int give(ssl3 *s, bytes in, bool single, buf *plain, buf *out) {
    fault f = {0};
    size_t had = plain->n;
    bool open = ssl3_get_state(s) >= SSL3_OPEN;
    int r = help_feed(s, in, single ? 1 : 0, plain, out, &f);
    require(plain->n >= had && plain->n - had <= in.n);
    require(plain->n == had || open || ssl3_get_state(s) != SSL3_HANDSHAKE);
    require((r < 0) == (ssl3_get_state(s) == SSL3_FAILED));
    if (r < 0) require(f.code == r && f.text[0] && ssl3_feed(s, help_text("x"), plain, out, NULL) == r);
    if (ssl3_get_state(s) >= SSL3_OPEN) require(ssl3_memory(s) <= 1280 + 2 * 16409);
    check_out(buf_bytes(out));
    return r;
}

static void run_script(ssl3 *s, bytes in, bool single, buf *plain, buf *out) {
    raw *c = raw_new();
    buf send = {0};
    uint8_t secret[48] = {3, 0, 1};
    int r = 0;
    for (int steps = 0; in.n && r == 0 && steps < 64; steps++) {
        uint8_t op = *in.p++;
        in.n--;
        buf_clear(&send);
        size_t n = in.n && (op & 7) >= 4 ? in.p[0] : 0;
        if (n + 1 > in.n) n = in.n ? in.n - 1 : 0;
        bytes body = {in.p + 1, n};
        switch (op & 7) {
        case 0: raw_hello(c, &send); break;
        case 1: {
            buf block = raw_block(identity.key, (bytes){secret, 48});
            raw_message(c, CLIENT_KEY_EXCHANGE, buf_bytes(&block), &send);
            raw_derive(c, (bytes){secret, 48});
            buf_free(&block);
            break;
        }
        case 2: raw_change_cipher(c, &send); break;
        case 3: raw_finished(c, &send); break;
        case 4: raw_record(c, RECORD_DATA, body, &send); break;
        case 5: raw_record(c, RECORD_HANDSHAKE, body, &send); break;
        case 6: raw_record(c, RECORD_ALERT, body, &send); break;
        default: raw_record(c, RECORD_CCS, body, &send); break;
        }
        if ((op & 7) >= 4 && in.n) in.p += n + 1, in.n -= n + 1;
        if (op & 0x80) send.p[send.n - 1] ^= 1;
        bool waits = c->suite == 0;
        r = give(s, buf_bytes(&send), single, plain, out);
        if (waits && !raw_flight(c, buf_bytes(out))) c->suite = 0;
        if (op & 0x40) ssl3_close(s, out);
        if (op & 0x20) (void)ssl3_write(s, help_text("reply"), out, NULL);
        buf_clear(out);
    }
    raw_free(c);
    buf_free(&send);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    set_up();
    if (size < 1) return 0;
    int mode = data[0] % MODES;
    bool single = data[0] & FLAG_BYTES;
    bytes in = {data + 1, size - 1};
    if (mode == MODE_CERTIFICATE) {
        EVP_PKEY_free(ssl3_certificate_key(in));
        return 0;
    }
    buf script = help_hex(mode == MODE_CLIENT ? CLIENT_SCRIPT : SERVER_RANDOM), plain = {0}, out = {0};
    help_random random = {.script = buf_bytes(&script)};
    ssl3_config config = {.role = mode == MODE_CLIENT ? SSL3_CLIENT : SSL3_SERVER,
                          .key = identity.key,
                          .certificate = buf_bytes(&identity.der),
                          .random = help_random_fill,
                          .context = &random};
    if (mode == MODE_CLIENT)
        memcpy(config.suites, (uint16_t[]){5, 4, 0x2f, 0x35}, 8);
    else if (data[0] & FLAG_MD5)
        config.suites[0] = SSL3_RC4_MD5;
    ssl3 *s;
    require(ssl3_new(&s, &config, &out, NULL) == 0);
    buf_clear(&out);
    if (mode == MODE_SCRIPT) {
        run_script(s, in, single, &plain, &out);
    } else {
        (void)give(s, in, single, &plain, &out);
        (void)ssl3_write(s, help_text("reply"), &out, NULL);
        ssl3_close(s, &out);
        check_out(buf_bytes(&out));
    }
    (void)ssl3_end(s, NULL);
    ssl3_free(s);
    buf_free(&script), buf_free(&plain), buf_free(&out);
    return 0;
}
