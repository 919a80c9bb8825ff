/* link.c: frames over a blocking socket. See link.h. */
#include "console/link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct console_link {
    int fd;
    buf in;
    char greeting[200];
};

bool link_colour;

static volatile sig_atomic_t interrupts; /* since the request began */

static void on_interrupt(int signum) { interrupts++; }

/* ---- bytes ---- */

static int gone(fault *f) { return fault_set(f, E_CLOSED, "the server has ended, or closed this connection"); }

static int send_all(console_link *l, buf *b, fault *f) {
    int code = b->failed ? fault_set(f, E_MEMORY, "the line is too long, or there is no memory for it") : 0;
    for (size_t sent = 0; code == 0 && sent < b->n;) {
        ssize_t n = send(l->fd, b->p + sent, b->n - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            code = gone(f);
    }
    buf_free(b);
    return code;
}

static int cancel(console_link *l, fault *f) {
    buf b = {0};
    console_frame_put(&b, CONSOLE_CANCEL, (bytes){0});
    return send_all(l, &b, f);
}

/* More bytes into l->in. A Ctrl-C meanwhile cancels what runs; the second one gives up. */
static int receive(console_link *l, int *cancelled, fault *f) {
    fflush(stdout); /* what has come is seen now, by a program behind a pipe as well */
    for (;;) {
        if (interrupts > 1) return fault_set(f, E_CANCELLED, "given up: the server does not end the command");
        if (interrupts == 1 && !*cancelled) {
            int code = cancel(l, f);
            if (code < 0) return code;
            *cancelled = 1;
        }
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int ready = poll(&p, 1, 500); /* a signal between the look and the wait costs half a second at most */
        if (ready <= 0) continue;
        if (!buf_reserve(&l->in, 65536)) return fault_set(f, E_MEMORY, "out of memory");
        ssize_t n = recv(l->fd, l->in.p + l->in.n, 65536, 0);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) return gone(f);
        if (n < 0) continue;
        l->in.n += (size_t)n;
        return 0;
    }
}

/* The next frame; its body is good until link_used. */
static int next_frame(console_link *l, console_frame *frame, size_t *used, int *cancelled, fault *f) {
    for (;;) {
        long n = console_frame_next(buf_bytes(&l->in), CONSOLE_BODY_MAX, frame, f);
        if (n < 0) return (int)n;
        *used = (size_t)n;
        if (n > 0) return 0;
        int code = receive(l, cancelled, f);
        if (code < 0) return code;
    }
}

/* ---- opening ---- */

static int cannot_connect(const char *path, int error, fault *f) {
    if (error == EACCES || error == EPERM)
        return fault_set(f, E_IO, "%s belongs to another user: only who runs the server (or root) may come in", path);
    if (error == ENOENT || error == ECONNREFUSED)
        return fault_set(f, E_NOT_FOUND, "no server answers at %s: start it with ./mu serve", path);
    return fault_set(f, E_IO, "no connection to %s: %s", path, strerror(error));
}

static int greet(console_link *l, const console_hello *hello, fault *f) {
    buf b = {0};
    console_frame frame;
    size_t used;
    int cancelled = 1; /* nothing to cancel yet */
    console_hello_put(&b, hello);
    int code = send_all(l, &b, f);
    if (code == 0) code = next_frame(l, &frame, &used, &cancelled, f);
    if (code < 0) return code;
    console_hello theirs;
    if (frame.type == CONSOLE_ERROR)
        return fault_set(f, E_PROTOCOL, "%.*s", (int)frame.body.n, (const char *)frame.body.p);
    if (frame.type != CONSOLE_HELLO || console_hello_read(frame.body, &theirs, f) < 0)
        return fault_set(f, E_PROTOCOL, "what answers there is no murelay");
    snprintf(l->greeting, sizeof l->greeting, "%.*s", (int)theirs.version.n, (const char *)theirs.version.p);
    buf_drop(&l->in, used);
    return 0;
}

console_link *link_open(const char *path, const console_hello *hello, fault *f) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct sigaction act = {.sa_handler = on_interrupt};
    if (strlen(path) >= sizeof at.sun_path) {
        fault_set(f, E_CONFIG, "the path %s is too long for a socket: %zu bytes at most", path, sizeof at.sun_path - 1);
        return NULL;
    }
    strcpy(at.sun_path, path);
    console_link *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&at, sizeof at) < 0) {
        cannot_connect(path, errno, f);
        link_close(l);
        return NULL;
    }
    if (greet(l, hello, f) < 0) {
        link_close(l);
        return NULL;
    }
    sigaction(SIGINT, &act, NULL);
    return l;
}

void link_close(console_link *l) {
    if (!l) return;
    if (l->fd >= 0) close(l->fd);
    buf_free(&l->in);
    free(l);
}

const char *link_greeting(const console_link *l) { return l->greeting; }

/* ---- requests ---- */

static void print(const console_frame *frame) {
    FILE *to = frame->type == CONSOLE_TEXT ? stdout : stderr;
    bool red = to == stderr && link_colour;
    fflush(to == stdout ? stderr : stdout);
    if (red) fputs("\033[31m", to);
    fwrite(frame->body.p, 1, frame->body.n, to);
    if (red) fputs("\033[0m", to);
}

int link_run(console_link *l, const char *line, uint8_t *flags, fault *f) {
    buf b = {0};
    int cancelled = 0;
    uint8_t exit_code = 0;
    interrupts = 0;
    console_frame_put(&b, CONSOLE_RUN, (bytes){(const uint8_t *)line, strlen(line)});
    int code = send_all(l, &b, f);
    while (code == 0) {
        console_frame frame;
        size_t used;
        if ((code = next_frame(l, &frame, &used, &cancelled, f)) < 0) break;
        bool over = frame.type == CONSOLE_EXIT;
        if (over)
            code = console_exit_read(frame.body, &exit_code, flags, f);
        else if (frame.type == CONSOLE_TEXT || frame.type == CONSOLE_ERROR)
            print(&frame);
        buf_drop(&l->in, used);
        if (over) break;
    }
    fflush(stdout);
    return code < 0 ? code : exit_code;
}

static int take_list(bytes body, link_candidates *out, fault *f) {
    bytes rest, one;
    int code = console_list_read(body, &out->from, &rest, f);
    while (code >= 0 && out->count < LINK_CANDIDATES && (code = console_list_next(&rest, &one, f)) > 0) {
        char *text = strndup((const char *)one.p, one.n);
        if (text) out->texts[out->count++] = text;
    }
    return code < 0 ? code : 0;
}

int link_complete(console_link *l, const char *line, size_t n, link_candidates *out, fault *f) {
    buf b = {0};
    console_frame frame;
    size_t used;
    int cancelled = 0, code;
    interrupts = 0;
    out->count = 0;
    console_frame_put(&b, CONSOLE_COMPLETE, (bytes){(const uint8_t *)line, n});
    code = send_all(l, &b, f);
    if (code == 0) code = next_frame(l, &frame, &used, &cancelled, f);
    if (code < 0) return code;
    code = frame.type == CONSOLE_LIST ? take_list(frame.body, out, f) : gone(f); /* else it says goodbye */
    buf_drop(&l->in, used);
    return code;
}

void link_candidates_free(link_candidates *c) {
    while (c->count) free(c->texts[--c->count]);
}

int link_set_width(console_link *l, uint16_t width, fault *f) {
    buf b = {0};
    console_width_put(&b, width);
    return send_all(l, &b, f);
}
