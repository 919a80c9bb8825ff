/* The two certificates: what the game checks of its own (reference 05 §A.4), that the TLS one is sound, and the files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ssl3_help.h"

/* --- the game's eye ------------------------------------------------------------------------------------------ */

/* Takes one TLV off the front. */
static bytes take(bytes *in, int *tag) {
    assert_true(in->n >= 2);
    *tag = in->p[0];
    size_t n = in->p[1], head = 2;
    if (n >= 0x80) {
        size_t more = n & 0x7f;
        assert_true(more >= 1 && more <= 2 && in->n >= 2 + more);
        n = more == 1 ? in->p[2] : load_u16(in->p + 2);
        head += more;
    }
    assert_true(in->n >= head + n);
    bytes content = {in->p + head, n};
    in->p += head + n, in->n -= head + n;
    return content;
}

static bytes take_tag(bytes *in, int want) {
    int tag;
    bytes content = take(in, &tag);
    assert_int_equal(tag, want);
    return content;
}

/* One attribute of a Name, by the last byte of its OID. */
static const char *attribute(bytes name, int which, char text[64]) {
    text[0] = 0;
    while (name.n) {
        bytes set = take_tag(&name, 0x31), pair = take_tag(&set, 0x30), oid = take_tag(&pair, 0x06);
        int tag;
        bytes value = take(&pair, &tag);
        assert_true(tag == 0x13 || tag == 0x0c || tag == 0x14); /* the string types it reads */
        if (oid.n == 3 && oid.p[2] == which) snprintf(text, 64, "%.*s", (int)value.n, (const char *)value.p);
    }
    return text;
}

static int algorithm(bytes *in) { /* the last byte of the OID, which must be in the game's table */
    bytes id = take_tag(in, 0x30), oid = take_tag(&id, 0x06);
    assert_int_equal(oid.n, 9);
    assert_memory_equal(oid.p, "\x2a\x86\x48\x86\xf7\x0d\x01\x01", 8);
    return oid.p[8];
}

static void check_like_the_game(bytes der, const char *host, size_t modulus_size) {
    char text[64];
    bytes all = take_tag(&der, 0x30), body = take_tag(&all, 0x30);
    assert_int_equal(der.n, 0);
    assert_true(take_tag(&body, 0x02).n <= 32); /* the serial, at once: version 1 */
    int inner = algorithm(&body);
    assert_true(inner == 2 || inner == 4 || inner == 5);
    bytes issuer = take_tag(&body, 0x30);
    assert_string_equal(attribute(issuer, 6, text), "US");
    assert_string_equal(attribute(issuer, 8, text), "California");
    assert_string_equal(attribute(issuer, 7, text), "Redwood City");
    assert_string_equal(attribute(issuer, 10, text), "Electronic Arts, Inc.");
    assert_string_equal(attribute(issuer, 11, text), "Online Technology Group");
    assert_string_equal(attribute(issuer, 3, text), "OTG3 Certificate Authority");
    bytes times = take_tag(&body, 0x30);
    assert_int_equal(take_tag(&times, 0x17).n, 13);
    assert_int_equal(take_tag(&times, 0x17).n, 13);
    assert_string_equal(attribute(take_tag(&body, 0x30), 3, text), host);
    bytes info = take_tag(&body, 0x30);
    assert_int_equal(algorithm(&info), 1);
    bytes bits = take_tag(&info, 0x03);
    assert_int_equal(bits.p[0], 0);
    bits.p++, bits.n--;
    bytes numbers = take_tag(&bits, 0x30), modulus = take_tag(&numbers, 0x02);
    assert_true(modulus.n == modulus_size + 1 && modulus.p[0] == 0);
    assert_true(take_tag(&numbers, 0x02).n <= 16);
    assert_int_equal(body.n, 0);
    assert_int_equal(algorithm(&all), 1); /* known, but no hash: nothing is compared */
    bytes signature = take_tag(&all, 0x03);
    assert_int_equal(signature.n, 129); /* as long as the modulus of the CA it names */
    assert_true(signature.p[0] == 0 && signature.p[1] < 0x92);
    assert_int_equal(all.n, 0);
}

static void test_game(void **state) {
    static const char *const hosts[] = {CERTIFICATE_GAME_HOST, "10.0.0.1", "a", "exactly-31-characters-of-a.host"};
    EVP_PKEY *key = help_key(), *large = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    for (size_t i = 0; i < 4; i++) {
        buf der = {0};
        assert_int_equal(certificate_build_game(key, hosts[i], &der, NULL), 0);
        check_like_the_game(buf_bytes(&der), hosts[i], 128);
        buf_clear(&der);
        assert_int_equal(certificate_build_game(large, hosts[i], &der, NULL), 0);
        check_like_the_game(buf_bytes(&der), hosts[i], 256);
        buf_free(&der);
    }
    buf der = {0};
    assert_int_equal(certificate_build_game(key, "", &der, NULL), E_ARGUMENT);
    assert_int_equal(certificate_build_game(key, "exactly-32-characters-of-a-host.", &der, NULL), E_ARGUMENT);
    assert_int_equal(der.n, 0);
    EVP_PKEY_free(key), EVP_PKEY_free(large);
}

/* Our client finds the key in it, whether libcrypto parses it or the scan must. */
static void test_client_reads_it(void **state) {
    EVP_PKEY *key = help_key();
    buf der = {0};
    assert_int_equal(certificate_build_game(key, CERTIFICATE_GAME_HOST, &der, NULL), 0);
    EVP_PKEY *seen = ssl3_certificate_key(buf_bytes(&der));
    assert_int_equal(EVP_PKEY_eq(seen, key), 1);
    EVP_PKEY_free(seen);
    der.p[189] = 0x31; /* no validity that anybody could parse */
    seen = ssl3_certificate_key(buf_bytes(&der));
    assert_int_equal(EVP_PKEY_eq(seen, key), 1);
    EVP_PKEY_free(seen);
    for (size_t n = 0; n < 513; n++) assert_null(ssl3_certificate_key((bytes){der.p, n}));
    buf_free(&der);
    EVP_PKEY_free(key);
}

/* --- files --------------------------------------------------------------------------------------------------- */

static char dir[64];

static const char *path_of(const char *name) {
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void check_mode(const char *name, mode_t mode) {
    struct stat st;
    assert_int_equal(stat(path_of(name), &st), 0);
    assert_int_equal(st.st_mode & 0777, mode);
}

static int files_in_dir(void) {
    DIR *d = opendir(dir);
    int n = 0;
    for (struct dirent *e; (e = readdir(d));) n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

typedef int ensure_fn(const char *dir, const char *host, certificate *c, fault *f);

/* What holds for both pairs of files. */
static void check_files(ensure_fn *ensure, const char *host, const char *key_name, const char *cert_name) {
    certificate first = {0}, again = {0};
    fault f = {0};
    umask(0);
    assert_int_equal(ensure(dir, host, &first, &f), 0);
    assert_int_equal(f.code, 0);
    check_mode(key_name, 0600);
    check_mode(cert_name, 0644);
    assert_int_equal(files_in_dir(), 2); /* no temporary left */

    assert_int_equal(ensure(dir, host, &again, &f), 0); /* the second start loads */
    assert_true(help_same(buf_bytes(&first.der), buf_bytes(&again.der)));
    assert_int_equal(EVP_PKEY_eq(first.key, again.key), 1);
    certificate_free(&again);
    assert_int_equal(certificate_load(path_of(key_name), path_of(cert_name), &again, &f), 0);
    certificate_free(&again);

    unlink(path_of(cert_name)); /* power cut between the two: the same key gets a certificate */
    assert_int_equal(ensure(dir, host, &again, &f), 0);
    assert_int_equal(EVP_PKEY_eq(first.key, again.key), 1);
    certificate_free(&again);

    unlink(path_of(key_name)); /* never write over what may be the operator's */
    assert_int_equal(ensure(dir, host, &again, &f), E_CONFIG);
    assert_non_null(strstr(f.text, cert_name));
    assert_null(again.key);

    write_text(key_name, "-----BEGIN NOTHING-----\n");
    assert_int_equal(ensure(dir, host, &again, &f), E_CONFIG);
    assert_non_null(strstr(f.text, key_name));

    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    FILE *file = fopen(path_of(key_name), "w");
    assert_true(PEM_write_PrivateKey(file, other, NULL, NULL, 0, NULL, NULL));
    fclose(file);
    EVP_PKEY_free(other);
    assert_int_equal(ensure(dir, host, &again, &f), E_CONFIG); /* not for this key */
    write_text(cert_name, "");
    assert_int_equal(ensure(dir, host, &again, &f), E_CONFIG);

    unlink(path_of(key_name)), unlink(path_of(cert_name));
    assert_int_equal(ensure("/nowhere/at/all", host, &again, &f), E_IO);
    assert_non_null(strstr(f.text, "/nowhere/at/all"));
    assert_null(again.key);
    certificate_free(&first);
}

static void test_game_files(void **state) {
    check_files(certificate_ensure_game, CERTIFICATE_GAME_HOST, CERTIFICATE_GAME_KEY, CERTIFICATE_GAME_CERT);
    certificate c = {0};
    assert_int_equal(certificate_ensure_game(dir, CERTIFICATE_GAME_HOST, &c, NULL), 0);
    check_like_the_game(buf_bytes(&c.der), CERTIFICATE_GAME_HOST, 128);
    certificate_free(&c);
    unlink(path_of(CERTIFICATE_GAME_KEY)), unlink(path_of(CERTIFICATE_GAME_CERT));
}

static void test_tls_files(void **state) {
    check_files(certificate_ensure_tls, "play.example.org", CERTIFICATE_TLS_KEY, CERTIFICATE_TLS_CERT);
    check_files(certificate_ensure_tls, NULL, CERTIFICATE_TLS_KEY, CERTIFICATE_TLS_CERT);
}

static void check_tls(const char *host, const char *other) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    buf der = {0};
    fault f = {0};
    if (certificate_build_tls(key, host, &der, &f) < 0) fail_msg("%s", f.text);
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_int_equal(X509_verify(x, key), 1);
    assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
    if (host) assert_true(X509_check_host(x, host, 0, 0, NULL) == 1 || X509_check_ip_asc(x, host, 0) == 1);
    assert_int_equal(X509_check_host(x, other, 0, 0, NULL), 0);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(x)) > 0);
    X509_free(x);
    EVP_PKEY_free(key);
    buf_free(&der);
}

static void test_tls(void **state) {
    check_tls(NULL, "example.org");
    check_tls("play.example.org", "example.org");
    check_tls("203.0.113.7", "example.org");
    check_tls("2001:db8::7", "example.org");
    check_tls("localhost", "example.org");
    check_tls("a-label-of-some-length.another-label-of-some-length.a-third-one.example.org", "example.org");
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    buf der = {0};
    assert_int_equal(certificate_build_tls(key, "a,DNS:evil.example", &der, NULL), E_CONFIG);
    assert_int_equal(certificate_build_tls(key, "", &der, NULL), E_CONFIG);
    EVP_PKEY_free(key);
}

static int make_dir(void **state) {
    snprintf(dir, sizeof dir, "/tmp/ssl3-certificate.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) { return rmdir(dir); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_game),       cmocka_unit_test(test_client_reads_it),
        cmocka_unit_test(test_game_files), cmocka_unit_test(test_tls_files),
        cmocka_unit_test(test_tls),
    };
    return cmocka_run_group_tests_name("ssl3 certificate", tests, make_dir, remove_dir);
}
