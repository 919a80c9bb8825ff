/* local.c: listens on a socket file and hands what comes in over as streams. See local.h. */
#include "net/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/private.h"

#define BACKLOG        16
#define ACCEPT_AT_ONCE 16
#define BACK_OFF_US    1000000 /* out of descriptors: try again after this */

struct local_door {
    uv_poll_t poll;
    loop *loop;
    loop_timer back_off;
    origin *origin; /* counts connections; outlives the door while there are some */
    uint32_t most;
    int fd;
    dev_t device;
    ino_t file; /* what we made: nothing else is ever removed */
    local_accept accept;
    void *ctx;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

/* -- the file ----------------------------------------------------------------------------------------------------- */

static bool somebody_answers(const struct sockaddr_un *at) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool answered =
        connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 || errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return answered;
}

static int make_way(const struct sockaddr_un *at, fault *f) {
    struct stat st;
    if (lstat(at->sun_path, &st) < 0) return 0;
    if (!S_ISSOCK(st.st_mode))
        return fault_set(f, E_EXISTS, "%s is there and is no socket: move it away", at->sun_path);
    if (somebody_answers(at)) return fault_set(f, E_EXISTS, "another server answers at %s", at->sun_path);
    if (unlink(at->sun_path) < 0 && errno != ENOENT)
        return fault_set(f, E_IO, "the old %s cannot be removed: %s", at->sun_path, strerror(errno));
    return 0;
}

/* Where the system takes the mode of the descriptor for the file, it is 0600 before anybody can see it; elsewhere it is
 * right after chmod, and nobody is answered before that. */
static int open_socket(const struct sockaddr_un *at, fault *f) {
    int code = make_way(at, f);
    if (code < 0) return code;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fault_set(f, E_SYSTEM, "no socket for %s: %s", at->sun_path, strerror(errno));
    fchmod(fd, 0600);
    if (bind(fd, (const struct sockaddr *)at, sizeof *at) == 0) {
        if (chmod(at->sun_path, 0600) == 0 && listen(fd, BACKLOG) == 0) return fd;
        code = errno;
        unlink(at->sun_path);
        errno = code;
    }
    fault_set(f, E_SYSTEM, "cannot listen on %s: %s", at->sun_path, strerror(errno));
    close(fd);
    return E_SYSTEM;
}

/* -- accepting ---------------------------------------------------------------------------------------------------- */

static void welcome(local_door *d, int fd) {
    static const struct sockaddr nowhere = {.sa_family = AF_UNIX};
    local_peer who;
    stream *s = d->origin->connections < d->most ? stream_new(d->loop) : NULL;
    if (!s) {
        counter_add(COUNTER_NET_REFUSED_FULL, 1);
        close(fd);
        return;
    }
    s->origin = d->origin;
    s->origin->refs++, s->origin->connections++;
    counter_add(COUNTER_NET_ACCEPTED, 1);
    local_peer_of(fd, &who);
    if (stream_adopt(s, fd, &nowhere) < 0) {
        close(fd);
        stream_abort(s, E_SYSTEM);
        return;
    }
    d->accept(d->ctx, s, &who);
}

static void on_connection(uv_poll_t *p, int status, int events);

static void on_backed_off(void *ctx) {
    local_door *d = ctx;
    uv_poll_start(&d->poll, UV_READABLE, on_connection);
}

static void on_connection(uv_poll_t *p, int status, int events) {
    local_door *d = p->data;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        int fd = accept4(d->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(d, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            counter_add(COUNTER_NET_ACCEPT_ERRORS, 1);
            uv_poll_stop(&d->poll); /* it would report the waiting ones over and over */
            if (loop_timer_start(d->loop, &d->back_off, BACK_OFF_US, 0, on_backed_off, d) < 0) on_backed_off(d);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
    }
}

/* -- opening ------------------------------------------------------------------------------------------------------ */

local_door *local_open(loop *l, const char *path, uint32_t most, local_accept accept, void *ctx, fault *f) {
    static const char name[] = "local";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof at.sun_path) {
        fault_set(f, E_CONFIG, "the path %.300s is too long for a socket: %zu bytes at most", path,
                  sizeof at.sun_path - 1);
        return NULL;
    }
    strcpy(at.sun_path, path);
    int fd = open_socket(&at, f);
    if (fd < 0) return NULL;
    local_door *d = calloc(1, sizeof *d);
    origin *o = calloc(1, sizeof *o + sizeof name);
    if (!d || !o || stat(path, &st) < 0 || uv_poll_init(&l->uv, &d->poll, fd) < 0) {
        fault_set(f, E_MEMORY, "no memory to listen on %s", at.sun_path);
        unlink(at.sun_path);
        free(d), free(o), close(fd);
        return NULL;
    }
    memcpy(o->name, name, sizeof name);
    o->refs = 1;
    d->loop = l, d->origin = o, d->most = most, d->fd = fd, d->accept = accept, d->ctx = ctx;
    d->device = st.st_dev, d->file = st.st_ino;
    strcpy(d->path, path);
    d->poll.data = d;
    uv_poll_start(&d->poll, UV_READABLE, on_connection);
    return d;
}

static void on_closed(uv_handle_t *h) {
    local_door *d = h->data;
    close(d->fd);
    free(d);
}

void local_close(local_door *d) {
    struct stat st;
    if (!d) return;
    if (lstat(d->path, &st) == 0 && st.st_dev == d->device && st.st_ino == d->file) unlink(d->path);
    loop_timer_stop(&d->back_off);
    origin_drop(d->origin);
    uv_poll_stop(&d->poll);
    uv_close((uv_handle_t *)&d->poll, on_closed);
}
