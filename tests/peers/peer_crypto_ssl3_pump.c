/* peer_crypto_ssl3_pump.c: the SSLv3 state machine on a real socket, so that programs we did not write can talk to it.
 *
 *     pump server game|plain SUITE…   listens on a free port of 127.0.0.1, says "port N", serves one connection after
 * another until it is ended: sends back what it gets, closes after "quit" pump client PORT SUITE…         sends its
 * standard input, writes what it gets to standard output until the peer closes
 *
 * SUITE is 5 (RC4-SHA) or 4 (RC4-MD5), in order of preference. Each connection ends with a line on standard error
 * (client) or output (server): "SUITE STATE FAULT received N", for example "RC4-SHA open ok received 12". Everything
 * takes 20 s at most. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/ssl3.h"

#define TIME_US   20000000
#define QUEUE_MAX (1 << 18) /* stop reading while so much waits to be sent */

static void die(const char *what) {
    perror(what);
    exit(2);
}

static bool ends_with_quit(const buf *b) { return b->n >= 4 && memcmp(b->p + b->n - 4, "quit", 4) == 0; }

/* Sends what it can of `out`. */
static bool flush(int fd, buf *out) {
    while (out->n) {
        ssize_t n = send(fd, out->p, out->n, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        if (n < 0) return false;
        buf_drop(out, (size_t)n);
    }
    return true;
}

/* Carries one connection to its end. What arrives goes back (server) or to standard output (client). */
static int pump(int fd, const ssl3_config *config, buf *input, FILE *report) {
    static const char *const states[] = {"handshake", "open", "closed", "failed"};
    static uint8_t bytes_in[65536];
    int64_t end = clock_mono_us() + TIME_US;
    size_t received = 0;
    buf plain = {0}, out = {0};
    fault f = {0};
    ssl3 *s;
    int r = ssl3_new(&s, config, &out, &f);
    if (r < 0) {
        fprintf(stderr, "%s\n", f.text);
        exit(2);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    bool eof = false;
    while (r == 0 && !eof && ssl3_get_state(s) != SSL3_CLOSED) {
        if (clock_mono_us() > end) {
            r = fault_set(&f, E_TIMEOUT, "too slow");
            break;
        }
        if (!flush(fd, &out)) break;
        struct pollfd p = {.fd = fd, .events = (short)((out.n < QUEUE_MAX ? POLLIN : 0) | (out.n ? POLLOUT : 0))};
        if (poll(&p, 1, 1000) <= 0 || !(p.revents & (POLLIN | POLLHUP | POLLERR))) continue;
        ssize_t n = recv(fd, bytes_in, sizeof bytes_in, 0);
        if (n < 0 && errno == EAGAIN) continue;
        eof = n <= 0;
        r = eof ? ssl3_end(s, &f) : ssl3_feed(s, (bytes){bytes_in, (size_t)n}, &plain, &out, &f);
        received += plain.n;
        if (config->role == SSL3_CLIENT) {
            if (plain.n) fwrite(plain.p, 1, plain.n, stdout);
            if (ssl3_get_state(s) == SSL3_OPEN && input->n) {
                r = ssl3_write(s, buf_bytes(input), &out, &f);
                buf_clear(input);
            }
        } else if (plain.n && ssl3_get_state(s) == SSL3_OPEN) {
            r = ssl3_write(s, buf_bytes(&plain), &out, &f);
            if (ends_with_quit(&plain)) ssl3_close(s, &out);
        }
        buf_clear(&plain);
    }
    for (int i = 0; out.n && i < 200 && flush(fd, &out); i++)
        poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 10);
    fprintf(report, "%s %s %s received %zu %s\n", ssl3_suite_name(ssl3_get_suite(s)), states[ssl3_get_state(s)],
            fault_name(r), received, f.text);
    fflush(report);
    ssl3_free(s);
    buf_free(&plain), buf_free(&out);
    shutdown(fd, SHUT_WR); /* what was sent is read before the end is seen */
    for (int i = 0; i < 20 && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 50) >= 0; i++)
        if (recv(fd, bytes_in, sizeof bytes_in, 0) == 0) break;
    close(fd);
    return r;
}

static int serve(ssl3_config *config, const char *kind) {
    certificate c = {0};
    fault f = {0};
    bool game = strcmp(kind, "game") == 0;
    c.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)(game ? 1024 : 2048));
    int r = game ? certificate_build_game(c.key, CERTIFICATE_GAME_HOST, &c.der, &f)
                 : certificate_build_tls(c.key, NULL, &c.der, &f);
    if (r < 0) {
        fprintf(stderr, "%s\n", f.text);
        return 2;
    }
    config->key = c.key;
    config->certificate = buf_bytes(&c.der);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 16) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        die("listen");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) die("accept");
        pump(fd, config, NULL, stdout);
    }
}

static int visit(ssl3_config *config, const char *port) {
    buf input = {.max = 16 << 20};
    uint8_t chunk[4096];
    for (ssize_t n; (n = read(0, chunk, sizeof chunk)) > 0;) buf_put(&input, chunk, (size_t)n);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    int r = pump(fd, config, &input, stderr);
    buf_free(&input);
    return r < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 7) {
        fprintf(stderr, "usage: pump server game|plain SUITE… | pump client PORT SUITE…\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    bool server = strcmp(argv[1], "server") == 0;
    ssl3_config config = {.role = server ? SSL3_SERVER : SSL3_CLIENT};
    for (int i = 3; i < argc; i++) config.suites[i - 3] = (uint16_t)atoi(argv[i]);
    return server ? serve(&config, argv[2]) : visit(&config, argv[2]);
}
