/* wire.c: requests as a game builds them, and a blocking client (wire.h). Fields are written in tag order by hand. */
#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/body.h"

/* ── bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

void wire_ping(buf *b) {
    buf body = {0};
    put_frame(b, 9, 2, &body);
}

void wire_preauth(buf *b) {
    buf x = {0};
    open_group(&x, "CDAT");
    put_int(&x, "IITO", 0), put_int(&x, "LANG", 0x656e4e5a), put_text(&x, "SVCN", "masseffect-3-pc");
    put_int(&x, "TYPE", 0);
    close_group(&x);
    open_group(&x, "CINF");
    put_text(&x, "BSDK", "3.15.6.0"), put_text(&x, "BTIM", "Dec 21 2012 12:46:51");
    put_text(&x, "CLNT", "MassEffect3-pc"), put_text(&x, "CSKU", "134845"), put_text(&x, "CVER", "05427.124");
    put_text(&x, "DSDK", "8.14.7.1"), put_text(&x, "ENV", "prod"), put_int(&x, "LOC", 0x656e4e5a);
    put_text(&x, "MAC", "7c:10:c9:28:33:35"), put_text(&x, "PLAT", "Windows");
    close_group(&x);
    open_group(&x, "FCCR");
    put_text(&x, "CFID", "BlazeSDK");
    close_group(&x);
    put_frame(b, 9, 7, &x);
}

void wire_config(buf *b, const char *section) {
    buf x = {0};
    put_text(&x, "CFID", section);
    put_frame(b, 9, 1, &x);
}

void wire_save(buf *b, const char *key, const char *value) {
    buf x = {0};
    put_text(&x, "DATA", value), put_text(&x, "KEY", key), put_int(&x, "UID", 0);
    put_frame(b, 9, 0xb, &x);
}

void wire_load_all(buf *b) {
    buf x = {0};
    put_frame(b, 9, 0xc, &x);
}

void wire_create_account(buf *b, const char *email, const char *password) {
    buf x = {0};
    put_int(&x, "BDAY", 0), put_int(&x, "BMON", 0), put_int(&x, "BYR", 0), put_text(&x, "CTRY", "NZ");
    put_int(&x, "DVID", 0), put_int(&x, "GEST", 0), put_text(&x, "LANG", "en"), put_text(&x, "MAIL", email);
    put_int(&x, "OPT1", 0), put_int(&x, "OPT3", 0), put_text(&x, "PASS", password), put_text(&x, "PNAM", "");
    put_text(&x, "PRIV", ""), put_text(&x, "PRNT", "");
    open_group(&x, "PROF");
    put_text(&x, "CITY", ""), put_text(&x, "CTRY", ""), put_int(&x, "GNDR", 0), put_text(&x, "STAT", "");
    put_text(&x, "STRT", ""), put_text(&x, "ZIP", "");
    close_group(&x);
    put_text(&x, "TOSV", ""), put_text(&x, "TSUI", "");
    put_frame(b, 1, 0xa, &x);
}

void wire_login(buf *b, const char *email, const char *password) {
    buf x = {0};
    put_int(&x, "DVID", 0), put_text(&x, "MAIL", email), put_text(&x, "PASS", password), put_text(&x, "TOKN", "");
    put_frame(b, 1, 0x28, &x);
}

void wire_silent_login(buf *b, const char *token, int64_t player) {
    buf x = {0};
    put_text(&x, "AUTH", token), put_int(&x, "PID", player), put_int(&x, "TYPE", 2);
    put_frame(b, 1, 0x32, &x);
}

void wire_number(uint8_t *p, uint32_t number) {
    p[9] = (uint8_t)((p[9] & 0xf0) | (number >> 16 & 0xf));
    save_u16(p + 10, (uint16_t)number);
}

/* ── doors ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

const char *wire_upgrade_request(void) { /* reference 05 B.6, word for word */
    return "GET /api/server/upgrade HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: blaze\r\nx-pocket-relay-scheme: "
           "http\r\n"
           "x-pocket-relay-host: 127.0.0.1\r\nx-pocket-relay-port: 42131\r\nx-pocket-relay-local-http: true\r\n"
           "accept: */*\r\nuser-agent: PocketRelayClient/v0.3.0\r\nhost: 127.0.0.1\r\n\r\n";
}

static int wait_for(int fd, short events, int64_t until) {
    int64_t left = until - clock_mono_us();
    struct pollfd p = {.fd = fd, .events = events};
    return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) > 0 ? 0 : E_TIMEOUT;
}

static int send_all(int fd, const void *data, size_t n) {
    const uint8_t *p = data;
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return E_CLOSED;
        p += sent, n -= (size_t)sent;
    }
    return 0;
}

static int upgrade(int fd, fault *f) {
    const char *request = wire_upgrade_request();
    char head[2048];
    size_t n = 0;
    int64_t until = clock_mono_us() + 5000000;
    if (send_all(fd, request, strlen(request)) < 0) return fault_set(f, E_CLOSED, "the upgrade request was not taken");
    while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0) { /* byte by byte: nothing behind the head is ours */
        if (n == sizeof head - 1 || wait_for(fd, POLLIN, until) < 0 || recv(fd, head + n, 1, 0) != 1)
            return fault_set(f, E_PROTOCOL, "the upgrade was not answered");
        n++;
    }
    head[n] = 0;
    if (strncmp(head, "HTTP/1.1 101", 12) != 0) return fault_set(f, E_PROTOCOL, "the upgrade was answered %.40s", head);
    return 0;
}

int wire_open(int port, enum wire_door door, fault *f) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) return fault_set(f, E_SYSTEM, "socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        int rc = fault_set(f, E_SYSTEM, "connect to port %d: %s", port, strerror(errno));
        close(fd);
        return rc;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int rc = door == DOOR_UPGRADE ? upgrade(fd, f) : 0;
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

/* Is there an answer to `number` among the whole frames of all? 1 yes, 0 not yet. */
static int find_answer(const buf *all, uint32_t number, fire_header *h, size_t *body_at, fault *f) {
    for (size_t at = 0;;) {
        int n = fire_parse((bytes){all->p + at, all->n - at}, 16u << 20, h, f);
        if (n == E_INCOMPLETE) return 0;
        if (n < 0) return n;
        if (all->n - at - (size_t)n < h->body_length) return 0;
        if ((h->type == FIRE_RESPONSE || h->type == FIRE_ERROR) && h->number == number) {
            *body_at = at + (size_t)n;
            return 1;
        }
        at += (size_t)n + h->body_length;
    }
}

int wire_ask(int fd, const buf *request, uint32_t number, buf *all, fire_header *answer, size_t *body_at,
             double seconds, fault *f) {
    int64_t until = clock_mono_us() + (int64_t)(seconds * 1e6);
    wire_number(request->p, number);
    if (send_all(fd, request->p, request->n) < 0) return fault_set(f, E_CLOSED, "the server closed the connection");
    for (;;) {
        int found = find_answer(all, number, answer, body_at, f);
        if (found != 0) return found < 0 ? found : 0;
        if (wait_for(fd, POLLIN, until) < 0) return fault_set(f, E_TIMEOUT, "no answer within %.1f s", seconds);
        if (!buf_reserve(all, 65536)) return E_MEMORY;
        ssize_t got = recv(fd, all->p + all->n, all->cap - all->n, 0);
        if (got <= 0) return fault_set(f, E_CLOSED, "the server closed the connection");
        all->n += (size_t)got;
    }
}

int wire_settle(int fd, buf *all, int ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, ms) > 0) {
        if (!buf_reserve(all, 65536)) return E_MEMORY;
        ssize_t got = recv(fd, all->p + all->n, all->cap - all->n, 0);
        if (got <= 0) return E_CLOSED;
        all->n += (size_t)got;
    }
    return 0;
}

/* ── reading answers ─────────────────────────────────────────────────────────────────────────────────────────────── */

static bool find_field(tdf_reader *r, uint32_t wanted, unsigned wanted_type) {
    uint32_t tag;
    unsigned type;
    while (tdf_next_field(r, TDF_BODY, &tag, &type) > 0) {
        if (tag == wanted && type == wanted_type) return true;
        if (tdf_skip(r, type) < 0) return false;
    }
    return false;
}

bool wire_find_text(bytes body, uint32_t tag, char *out, size_t size) {
    tdf_reader r;
    bytes text;
    tdf_reader_init(&r, body, NULL);
    if (!find_field(&r, tag, TDF_STR) || tdf_read_str(&r, &text) < 0 || text.n >= size) return false;
    memcpy(out, text.p, text.n);
    out[text.n] = 0;
    return true;
}

bool wire_find_int(bytes body, uint32_t tag, int64_t *out) {
    tdf_reader r;
    tdf_reader_init(&r, body, NULL);
    return find_field(&r, tag, TDF_INT) && tdf_read_int(&r, out) == 0;
}

int wire_make_account(int port, const char *email, wire_account *out, fault *f) {
    buf request = {0}, all = {0};
    fire_header h;
    size_t at = 0;
    int rc, fd = wire_open(port, DOOR_RAW, f);
    if (fd < 0) return fd;
    wire_preauth(&request); /* a game says who it is first */
    rc = wire_ask(fd, &request, 0, &all, &h, &at, 10, f);
    if (rc < 0) goto out;
    buf_clear(&request), buf_clear(&all);
    wire_create_account(&request, email, WIRE_PASSWORD);
    rc = wire_ask(fd, &request, 1, &all, &h, &at, 120, f);
    if (rc < 0) goto out;
    bytes body = {all.p + at, h.body_length};
    if (h.type != FIRE_RESPONSE || !wire_find_text(body, TDF_TAG('P', 'C', 'T', 'K'), out->token, sizeof out->token) ||
        !wire_find_int(body, TDF_TAG('U', 'I', 'D', 0), &out->player))
        rc = fault_set(f, E_PROTOCOL, "createAccount of %s answered with error 0x%x", email, h.error);
out:
    close(fd);
    buf_free(&request), buf_free(&all);
    return rc;
}
