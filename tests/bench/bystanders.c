/* bystanders.c: the load generator once more, paced, in a thread (bystanders.h). */
#include "bench/bystanders.h"

#include <stdio.h>
#include <unistd.h>

#define MOST_SECONDS 300

static bool enough(void *context) { return atomic_load(&((bystanders *)context)->enough); }

static void *watch(void *context) {
    bystanders *s = context;
    buf ping = {0};
    wire_ping(&ping);
    load_plan p = {.port = s->port,
                   .door = DOOR_UPGRADE,
                   .connections = s->connections ? s->connections : BYSTANDERS,
                   .depth = 1,
                   .pace = 0.005,
                   .seconds = MOST_SECONDS,
                   .requests = &ping,
                   .request_count = 1,
                   .drain = true,
                   .over = enough,
                   .context = s};
    s->rc = load_run(&p, &s->result, &s->why);
    buf_free(&ping);
    return NULL;
}

int bystanders_start(bystanders *s, int port, fault *f) {
    *s = (bystanders){.port = port, .connections = s->connections};
    if (pthread_create(&s->thread, NULL, watch, s) != 0) return fault_set(f, E_SYSTEM, "cannot start a thread");
    return 0;
}

int bystanders_stop(bystanders *s, fault *f) {
    atomic_store(&s->enough, true);
    pthread_join(s->thread, NULL);
    if (s->rc < 0) return fault_set(f, s->rc, "others' pings: %.300s", s->why.text);
    if (s->result.wrongs > 0)
        return fault_set(f, E_PROTOCOL, "%llu of others' pings went wrong; %s", (unsigned long long)s->result.wrongs,
                         s->result.wrong);
    return 0;
}

int bystanders_alone(bystanders *s, int port, double seconds, fault *f) {
    int rc = bystanders_start(s, port, f);
    if (rc < 0) return rc;
    usleep((useconds_t)(seconds * 1e6));
    return bystanders_stop(s, f);
}

void bystanders_text(const load_result *r, char *out, size_t size) {
    snprintf(out, size, "%.1f ms, p99 %.2f ms", r->longest_us / 1000, load_percentile(r, 0.99) / 1000);
}
