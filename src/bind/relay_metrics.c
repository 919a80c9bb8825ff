/* relay_metrics.c: the relay's chapter of /metrics. */
#include "bind/metrics_list.h"
#include "bind/relay.h"

static void family(metrics_page *p, enum metrics_id id) {
    const metric_about *about = metrics_info(id);
    metrics_family(p, about->name, about->type, about->unit, about->text);
}

static void one(metrics_page *p, enum metrics_id id, uint64_t n) {
    family(p, id);
    metrics_integer(p, metrics_info(id)->type == METRIC_COUNTER ? "_total" : "", (int64_t)n, NULL);
}

static void two(metrics_page *p, enum metrics_id id, const char *label, const char *first, uint64_t a,
                const char *second, uint64_t b) {
    const char *suffix = metrics_info(id)->type == METRIC_COUNTER ? "_total" : "";
    family(p, id);
    metrics_integer(p, suffix, (int64_t)a, label, first, NULL);
    metrics_integer(p, suffix, (int64_t)b, label, second, NULL);
}

void relay_write_metrics(const server *s, metrics_page *p) {
    if (!s->relay) return;
    relay_counts c;
    relay_count(s->relay, &c);
    const router_counts *r = &c.router;
    two(p, M_TUNNELS, "kind", "udp", r->tunnels - r->tunnels_http, "http", r->tunnels_http);
    one(p, M_TUNNEL_GAMES, r->pools);
    two(p, M_RELAY_DATAGRAMS, "way", "in", r->in, "out", r->out);
    two(p, M_RELAY_BYTES, "way", "in", r->in_bytes, "out", r->out_bytes);
    two(p, M_RELAY_PACKETS, "way", "in", c.received, "out", c.sent);
    family(p, M_RELAY_DROPS);
    for (int i = 0; i < DROP_REASONS; i++)
        metrics_integer(p, "_total", (int64_t)r->drops[i], "reason", router_drop_names[i], NULL);
    metrics_integer(p, "_total", (int64_t)c.unsent, "reason", "unsent", NULL);
    metrics_integer(p, "_total", (int64_t)c.frames_lost, "reason", "other_thread", NULL);
    one(p, M_TUNNELS_OPENED, r->opened);
    one(p, M_TUNNELS_EXPIRED, r->expired);
    two(p, M_TUNNEL_MOVES, "result", "moved", r->moved, "refused", r->moves_refused);
    one(p, M_TUNNEL_NUDGES, r->nudges);
    two(p, M_QOS_PROBES, "result", "taken", c.probes - c.probes_refused, "refused", c.probes_refused);
    one(p, M_RELAY_WAKES, c.wakes);
}
