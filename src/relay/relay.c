/* relay.c: the owner's side of the relay: commands go into a list under a lock, what the thread has to say is fetched
 * from the outbox. The thread itself is in relay_thread.c. */
#include "relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "codec/tunnel.h"
#include "relay/relay_inside.h"

/* ---- the outbox ---- */

void command_add(command_list *l, command *c) {
    c->next = NULL;
    if (l->last)
        l->last->next = c;
    else
        l->first = c;
    l->last = c;
}

static void free_commands(command *c) {
    while (c) {
        command *next = c->next;
        free(c);
        c = next;
    }
}

void outbox_drop(outbox *o) {
    pthread_mutex_lock(&o->lock);
    bool last = --o->users == 0;
    pthread_mutex_unlock(&o->lock);
    if (!last) return;
    free(o->events);
    buf_free(&o->frames);
    free_commands(o->reports.first);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

static void hand_frames(relay *r, bytes frames) {
    while (frames.n) {
        uint64_t link = load_u64(frames.p);
        size_t n = load_u32(frames.p + 8);
        r->o.frames(r->o.ctx, link, (bytes){frames.p + 12, n});
        frames.p += 12 + n, frames.n -= 12 + n;
    }
}

/* On the owner's thread. */
static void fetch(void *ctx) {
    outbox *o = ctx;
    pthread_mutex_lock(&o->lock);
    relay *r = o->owner;
    router_event *events = o->events;
    size_t count = o->event_count;
    buf frames = o->frames;
    command *reports = o->reports.first;
    o->events = NULL, o->event_count = o->event_room = 0;
    o->frames = (buf){.max = FRAME_BYTES};
    o->reports = (command_list){0};
    o->posted = false;
    pthread_mutex_unlock(&o->lock);
    if (r) {
        hand_frames(r, buf_bytes(&frames));
        if (count) r->o.news(r->o.ctx, events, count);
        for (command *c = reports; c; c = c->next)
            c->report.done(c->report.ctx, &c->report.report, c->report.now_us), c->report.done = NULL;
    }
    free(events);
    buf_free(&frames);
    free_commands(reports);
    outbox_drop(o);
}

void relay_post_out(relay *r) {
    outbox *o = r->out;
    pthread_mutex_lock(&o->lock);
    bool post = !o->posted;
    if (post) o->posted = true, o->users++;
    pthread_mutex_unlock(&o->lock);
    if (!post || r->o.post(r->o.post_ctx, fetch, o) == 0) return;
    pthread_mutex_lock(&o->lock); /* no memory for a message: with the next one */
    o->posted = false, o->users--;
    pthread_mutex_unlock(&o->lock);
}

/* ---- life ---- */

static int make_pipe(relay *r, fault *f) {
    if (pipe(r->wake) < 0) return fault_set(f, E_SYSTEM, "the relay cannot have a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) fcntl(r->wake[i], F_SETFD, FD_CLOEXEC), fcntl(r->wake[i], F_SETFL, O_NONBLOCK);
    return 0;
}

/* Signals are for the owner's thread. */
static int start_thread(relay *r, fault *f) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&r->thread, NULL, relay_thread, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e) return fault_set(f, E_SYSTEM, "the relay's thread cannot be started: %s", strerror(e));
    pthread_setname_np(r->thread, "relay");
    r->started = true;
    return 0;
}

relay *relay_new(const relay_options *o, fault *f) {
    relay *r = calloc(1, sizeof *r);
    if (!r) {
        fault_set(f, E_MEMORY, "no memory for the relay");
        return NULL;
    }
    r->o = *o;
    r->wake[0] = r->wake[1] = -1;
    for (int i = 0; i < RELAY_PORTS; i++) r->ports[i] = -1;
    pthread_mutex_init(&r->lock, NULL);
    r->in = datagrams_in_new();
    r->sending = datagrams_out_new();
    r->room = calloc(DATAGRAMS, sizeof *r->room);
    r->probes = allowance_new(50, 600); /* a game sends some twenty; 64 players behind one router may begin at once */
    r->out = calloc(1, sizeof *r->out);
    bool whole = r->in && r->sending && r->room && r->probes && r->out && relay_make_router(r);
    int code = whole ? 0 : fault_set(f, E_MEMORY, "no memory for the relay");
    if (r->out) {
        pthread_mutex_init(&r->out->lock, NULL);
        r->out->owner = r, r->out->users = 1, r->out->frames.max = FRAME_BYTES;
    }
    if (code == 0) code = make_pipe(r, f);
    if (code == 0) code = start_thread(r, f);
    if (code == 0) return r;
    relay_free(r);
    return NULL;
}

static command *command_new(relay *r, enum command_kind kind, size_t more) {
    command *c = calloc(1, sizeof *c + more);
    if (c) c->kind = kind;
    return c;
}

static void send_command(relay *r, command *c) {
    pthread_mutex_lock(&r->lock);
    command_add(&r->queue, c);
    bool wake = r->asleep;
    r->asleep = false;
    atomic_store(&r->waiting, true);
    pthread_mutex_unlock(&r->lock);
    bool woken = !wake || write(r->wake[1], "", 1) == 1 || errno == EAGAIN; /* a full pipe wakes as well */
    require(woken);
}

static void drop_reports(command *c) {
    for (; c; c = c->next)
        if (c->kind == COMMAND_REPORT && c->report.done) c->report.done(c->report.ctx, NULL, 0);
}

void relay_free(relay *r) {
    if (!r) return;
    if (r->started) {
        command *end = command_new(r, COMMAND_END, 0);
        require(end); /* without it there is no way to end the thread */
        send_command(r, end);
        pthread_join(r->thread, NULL);
    }
    for (command *c = r->queue.first; c; c = c->next)
        if (c->kind == COMMAND_SERVE && c->serve.fd >= 0) close(c->serve.fd);
    for (int i = 0; i < RELAY_PORTS; i++)
        if (r->ports[i] >= 0) close(r->ports[i]);
    for (int i = 0; i < 2; i++)
        if (r->wake[i] >= 0) close(r->wake[i]);
    drop_reports(r->queue.first);
    free_commands(r->queue.first);
    if (r->out) {
        pthread_mutex_lock(&r->out->lock);
        r->out->owner = NULL;
        command *answered = r->out->reports.first;
        r->out->reports = (command_list){0};
        pthread_mutex_unlock(&r->out->lock);
        drop_reports(answered);
        free_commands(answered);
        outbox_drop(r->out);
    }
    router_free(r->router);
    datagrams_in_free(r->in), datagrams_out_free(r->sending), allowance_free(r->probes), free(r->room);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- commands ---- */

void relay_serve(relay *r, enum relay_port which, int fd) {
    command *c = command_new(r, COMMAND_SERVE, 0);
    if (!c) {
        if (fd >= 0) close(fd);
        return;
    }
    c->serve.which = which;
    c->serve.fd = fd;
    send_command(r, c);
}

void relay_set(relay *r, int64_t keep_alive_us, int64_t expire_us, uint32_t datagrams_per_second) {
    command *c = command_new(r, COMMAND_SET, 0);
    if (!c) return;
    c->set.keep_alive_us = keep_alive_us;
    c->set.expire_us = expire_us;
    c->set.datagrams = datagrams_per_second;
    send_command(r, c);
}

void relay_pool(relay *r, uint32_t pool, const uint8_t (*places)[ROUTER_UUID], size_t count) {
    command *c = command_new(r, COMMAND_POOL, 0);
    if (!c) return;
    c->pool.id = pool;
    c->pool.count = (uint32_t)(count < ROUTER_PLACES ? count : ROUTER_PLACES);
    if (count) memcpy(c->pool.places, places, c->pool.count * ROUTER_UUID);
    send_command(r, c);
}

void relay_wake(relay *r, const relay_address *to, uint32_t id) {
    command *c = command_new(r, COMMAND_WAKE, 0);
    if (!c) return;
    c->wake.to = *to;
    c->wake.id = id;
    send_command(r, c);
}

static void about_link(relay *r, enum command_kind kind, uint64_t link, const uint8_t *uuid) {
    command *c = command_new(r, kind, 0);
    if (!c) return;
    c->frame.link = link;
    if (uuid) memcpy(c->frame.uuid, uuid, ROUTER_UUID);
    send_command(r, c);
}

void relay_open(relay *r, const uint8_t uuid[ROUTER_UUID], uint64_t link) { about_link(r, COMMAND_OPEN, link, uuid); }
void relay_close(relay *r, uint64_t link) { about_link(r, COMMAND_CLOSE, link, NULL); }

void relay_frame(relay *r, uint64_t link, uint8_t index, bytes payload) {
    pthread_mutex_lock(&r->lock);
    bool room = r->queued_bytes + payload.n <= COMMAND_BYTES;
    if (room) r->queued_bytes += payload.n + sizeof(command);
    pthread_mutex_unlock(&r->lock);
    command *c = room ? command_new(r, COMMAND_FRAME, payload.n) : NULL;
    if (!c) {
        atomic_fetch_add(&r->lost, 1);
        return;
    }
    c->frame.link = link;
    c->frame.index = index;
    c->frame.n = payload.n;
    if (payload.n) memcpy(c->payload, payload.p, payload.n);
    send_command(r, c);
}

int relay_report(relay *r, const uint8_t uuid[ROUTER_UUID], relay_reported done, void *ctx) {
    command *c = command_new(r, COMMAND_REPORT, 0);
    if (!c) return E_MEMORY;
    memcpy(c->report.uuid, uuid, ROUTER_UUID);
    c->report.done = done;
    c->report.ctx = ctx;
    send_command(r, c);
    return 0;
}

void relay_count(relay *r, relay_counts *out) {
    pthread_mutex_lock(&r->lock);
    *out = r->shared;
    pthread_mutex_unlock(&r->lock);
    out->frames_lost = atomic_load(&r->lost);
}
