/* wake.c: a wake-up is a word in an eventfd that the loop polls.
 *
 * Why not libuv's own: in the versions up to 1.44 its receiver spins, up to a thousand pauses, until the sender has
 * come back from the write that woke it. Where both share a core the sender cannot, and with a commit a millisecond
 * that was a tenth of the logic thread's time. Here the receiver needs nothing from the sender: whoever finds `sent`
 * clear writes, and it is cleared before what was posted is looked at. */
#include "net/wake.h"

#include "base/check.h"
#include "base/fault.h"

#ifdef __linux__

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_readable(uv_poll_t *p, int status, int events) {
    wake *w = p->data;
    uint64_t count;
    ssize_t got = read(w->fd, &count, sizeof count);
    expect(got == (ssize_t)sizeof count || errno == EAGAIN);
    atomic_store(&w->sent, false);
    w->fn(w->ctx);
}

int wake_open(wake *w, uv_loop_t *uv, void (*fn)(void *ctx), void *ctx) {
    w->fn = fn, w->ctx = ctx;
    w->poll.data = w;
    atomic_init(&w->sent, false);
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->fd < 0) return E_SYSTEM;
    if (uv_poll_init(uv, &w->poll, w->fd) == 0 && uv_poll_start(&w->poll, UV_READABLE, on_readable) == 0) return 0;
    close(w->fd);
    return E_SYSTEM;
}

void wake_send(wake *w) {
    const uint64_t one = 1;
    if (atomic_exchange(&w->sent, true)) return;
    ssize_t put;
    do put = write(w->fd, &one, sizeof one);
    while (put < 0 && errno == EINTR);
}

void wake_free(wake *w) { close(w->fd); }

#else

static void on_async(uv_async_t *a) {
    wake *w = a->data;
    w->fn(w->ctx);
}

int wake_open(wake *w, uv_loop_t *uv, void (*fn)(void *ctx), void *ctx) {
    w->fn = fn, w->ctx = ctx;
    w->async.data = w;
    return uv_async_init(uv, &w->async, on_async) < 0 ? E_SYSTEM : 0;
}

void wake_send(wake *w) { uv_async_send(&w->async); }

void wake_free(wake *w) {}

#endif
