/* wake.h: waking the loop from another thread.
 *
 *     wake_open(&w, uv, fn, ctx);   … any thread: wake_send(&w);   … fn(ctx) runs once on the loop's thread, soon
 *
 * Several sends before the loop has looked are one call of fn. Inside net/ only. */
#ifndef NET_WAKE_H
#define NET_WAKE_H

#include <stdatomic.h>
#include <uv.h>

typedef struct wake {
#ifdef __linux__
    uv_poll_t poll;
    int fd;
    atomic_bool sent;
#else
    uv_async_t async;
#endif
    void (*fn)(void *ctx);
    void *ctx;
} wake;

int wake_open(wake *w, uv_loop_t *uv, void (*fn)(void *ctx), void *ctx); /* 0 or E_SYSTEM */
void wake_send(wake *w);                                                 /* any thread, until wake_free */
void wake_free(wake *w); /* after libuv has closed its handle and no thread sends any more */

#endif
