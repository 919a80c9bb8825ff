/* console_serve.c: the socket of the console and the connections on it.
 *
 * A connection says hello, then asks one thing after another. Whatever cannot be read, or comes at the wrong time, ends
 * it: the client is a program of ours. A caller that does not read is dropped by its stream's limits (4 MiB, 30 s).
 *
 * What it does not do: know a command (console_parse.c, scripts), run one (console_job.c). */
#include "bind/console.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/console_caller.h"
#include "bind/server.h"
#include "script/engine.h"

#define CALLERS_MAX 32
#define HELLO_US    ((int64_t)10 * 1000000)
#define QUEUE_MAX   ((size_t)4 << 20)
#define SLOW_US     ((int64_t)30 * 1000000)

static struct {
    server *server;
    local_door *door;
    slab callers; /* console_caller * each */
    uint32_t last_number;
    int64_t started_us;
} all;

struct server *console_server(void) {
    return all.server;
}
int64_t console_started_us(void) { return all.started_us; }

/* ---- callers ---- */

console_caller *console_caller_find(handle h) {
    console_caller **at = all.callers.size ? slab_get(&all.callers, h) : NULL;
    return at ? *at : NULL;
}

void console_each_caller(void (*tell)(void *ctx, console_caller *c), void *ctx) {
    for (uint32_t slot = 0; slot < all.callers.slots; slot++) {
        console_caller *c = console_caller_find(slab_at(&all.callers, slot));
        if (c) tell(ctx, c);
    }
}

static void forget_environment(void *ctx, console_caller *c) {
    if (!c->environment_of || c->environment_of != ctx) return;
    luaL_unref(c->environment_of->L, LUA_REGISTRYINDEX, c->environment_ref);
    c->environment_of = NULL;
    c->environment_lost = true;
}

void console_forget_environments(const generation *g) { console_each_caller(forget_environment, (void *)(uintptr_t)g); }

static void send(console_caller *c, buf *b) {
    if (!b->failed) stream_write(c->stream, buf_bytes(b));
    buf_free(b);
}

void console_send_text(console_caller *c, enum console_frame_type type, const char *text, size_t n) {
    buf b = {0};
    console_text_put(&b, type, (bytes){(const uint8_t *)text, n});
    send(c, &b);
}

void console_send_line(console_caller *c, enum console_frame_type type, const char *text, size_t n) {
    buf b = {0};
    if (n && text[n - 1] == '\n') {
        console_send_text(c, type, text, n);
        return;
    }
    buf_put(&b, text, n);
    buf_u8(&b, '\n');
    if (!b.failed) console_send_text(c, type, (const char *)b.p, b.n);
    buf_free(&b);
}

void console_send_exit(console_caller *c, int code, int flags) {
    buf b = {0};
    console_exit_put(&b, (uint8_t)code, (uint8_t)flags);
    send(c, &b);
}

/* ---- what they say ---- */

static void refuse(console_caller *c, const char *sentence) {
    log_warn("console", "%s: %s", c->who.name, sentence);
    console_send_line(c, CONSOLE_ERROR, sentence, strlen(sentence));
    console_send_exit(c, 2, CONSOLE_BYE);
    stream_close(c->stream, E_PROTOCOL);
}

static void greet(console_caller *c, bytes body) {
    console_hello h;
    fault f;
    char text[200];
    buf b = {0};
    if (c->greeted || console_hello_read(body, &h, &f) < 0) {
        refuse(c, "a hello at the wrong time, or one that cannot be read");
        return;
    }
    if (h.protocol != CONSOLE_PROTOCOL) {
        snprintf(
            text, sizeof text,
            "this server (murelay %s) speaks version %d of the console's protocol, the program that asks version %d: "
            "use one of the same release",
            MU_VERSION, CONSOLE_PROTOCOL, h.protocol);
        refuse(c, text);
        return;
    }
    c->greeted = true;
    c->flags = h.flags;
    c->width = h.width;
    const generation *g = engine_current(all.server->engine);
    int n = snprintf(text, sizeof text, "murelay %s, generation %u (%.8s)", MU_VERSION, g ? g->number : 0,
                     g ? g->hash : "");
    console_hello_put(&b, &(console_hello){CONSOLE_PROTOCOL, 0, 0, {(const uint8_t *)text, (size_t)n}});
    send(c, &b);
    stream_set_timeout(c->stream, 0);
}

static void take(console_caller *c, const console_frame *frame) {
    fault f;
    if (!c->greeted && frame->type != CONSOLE_HELLO) {
        refuse(c, "the first frame is no hello");
        return;
    }
    switch (frame->type) {
    case CONSOLE_HELLO: greet(c, frame->body); break;
    case CONSOLE_RUN:
    case CONSOLE_COMPLETE:
        if (c->job)
            refuse(c, "asked for something while something was under way");
        else if (frame->type == CONSOLE_RUN)
            console_job_run(c, frame->body);
        else
            console_job_complete(c, frame->body);
        break;
    case CONSOLE_CANCEL: console_job_cancel(c); break;
    case CONSOLE_WIDTH:
        if (console_width_read(frame->body, &c->width, &f) < 0) refuse(c, f.text);
        break;
    default: refuse(c, "a frame that only a server sends"); break;
    }
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    console_caller *c = ctx;
    size_t used = 0;
    while (!stream_is_closing(s)) {
        console_frame frame;
        fault f;
        long n = console_frame_next((bytes){in.p + used, in.n - used}, CONSOLE_BODY_MAX, &frame, &f);
        if (n == 0) return used;
        if (n < 0) {
            refuse(c, f.text);
            break;
        }
        used += (size_t)n;
        take(c, &frame);
    }
    return in.n;
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    console_caller *c = ctx;
    if (why->code && why->code != E_CLOSED && why->code != E_CANCELLED)
        log_warn("console", "%s was cut off: %s", c->who.name, why->text[0] ? why->text : fault_name(why->code));
    log_debug("console", "%s has left (%u)", c->who.name, c->number);
    slab_remove(&all.callers, c->self);
    console_job_leave(c);
    if (c->environment_of) luaL_unref(c->environment_of->L, LUA_REGISTRYINDEX, c->environment_ref);
    free(c);
}

static const stream_handler handler = {.data = on_data, .closed = on_closed};

static void on_accept(void *ctx, stream *s, const local_peer *who) {
    console_caller *c = calloc(1, sizeof *c);
    handle h = c ? slab_add(&all.callers) : (handle){0, 0};
    if (!h.generation) {
        free(c);
        stream_abort(s, E_MEMORY);
        return;
    }
    *c = (console_caller){.self = h, .stream = s, .who = *who, .number = ++all.last_number};
    *(console_caller **)slab_get(&all.callers, h) = c;
    stream_set_handler(s, &handler, c);
    stream_set_limits(s, CONSOLE_BODY_MAX + CONSOLE_HEADER, QUEUE_MAX, SLOW_US);
    stream_set_timeout(s, HELLO_US);
    log_debug("console", "%s has come (%u)", who->name, c->number);
}

/* ---- life ---- */

int console_start(struct server *s, fault *f) {
    char path[600];
    snprintf(path, sizeof path, "%s/console.sock", s->data_dir);
    all.server = s;
    all.started_us = clock_mono_us();
    if (!all.callers.size) slab_init(&all.callers, sizeof(console_caller *));
    all.door = local_open(s->loop, path, CALLERS_MAX, on_accept, NULL, f);
    return all.door ? 0 : f->code;
}

static void say_goodbye(void *ctx, console_caller *c) {
    static const char text[] = "the server has ended\n";
    if (!c->job) {
        console_send_text(c, CONSOLE_ERROR, text, sizeof text - 1);
        console_send_exit(c, 1, CONSOLE_BYE);
        stream_close(c->stream, 0);
    }
}

void console_stop(void) {
    local_close(all.door);
    all.door = NULL;
    console_each_caller(say_goodbye, NULL);
}
