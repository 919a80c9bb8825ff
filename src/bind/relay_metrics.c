/* relay_metrics.c: the relay's chapter of /metrics. */
#include "bind/relay.h"

static void one(metrics_page *p, const char *name, enum metric_type type, const char *unit, const char *help,
                uint64_t n) {
    metrics_family(p, name, type, unit, help);
    metrics_integer(p, type == METRIC_COUNTER ? "_total" : "", (int64_t)n, NULL);
}

static void both_ways(metrics_page *p, const char *name, const char *unit, const char *help, uint64_t in,
                      uint64_t out) {
    metrics_family(p, name, METRIC_COUNTER, unit, help);
    metrics_integer(p, "_total", (int64_t)in, "way", "in", NULL);
    metrics_integer(p, "_total", (int64_t)out, "way", "out", NULL);
}

void relay_write_metrics(const server *s, metrics_page *p) {
    if (!s->relay) return;
    relay_counts c;
    relay_count(s->relay, &c);
    metrics_family(p, "murelay_tunnels", METRIC_GAUGE, NULL, "tunnels open now");
    metrics_integer(p, "", c.router.tunnels - c.router.tunnels_http, "kind", "udp", NULL);
    metrics_integer(p, "", c.router.tunnels_http, "kind", "http", NULL);
    one(p, "murelay_tunnel_games", METRIC_GAUGE, NULL, "games whose players' tunnels are bound to each other",
        c.router.pools);
    both_ways(p, "murelay_relay_datagrams", NULL, "datagrams of games, from players and on to players", c.router.in,
              c.router.out);
    both_ways(p, "murelay_relay_bytes", "bytes", "their bytes, headers left out", c.router.in_bytes,
              c.router.out_bytes);
    both_ways(p, "murelay_relay_packets", NULL, "everything on the relay's sockets, keep-alives and probes included",
              c.received, c.sent);
    metrics_family(p, "murelay_relay_drops", METRIC_COUNTER, NULL, "datagrams that went nowhere, by reason");
    for (int i = 0; i < DROP_REASONS; i++)
        metrics_integer(p, "_total", (int64_t)c.router.drops[i], "reason", router_drop_names[i], NULL);
    metrics_integer(p, "_total", (int64_t)c.unsent, "reason", "unsent", NULL);
    metrics_integer(p, "_total", (int64_t)c.frames_lost, "reason", "other_thread", NULL);
    one(p, "murelay_tunnels_opened", METRIC_COUNTER, NULL, "tunnels opened", c.router.opened);
    one(p, "murelay_tunnels_expired", METRIC_COUNTER, NULL, "tunnels ended for their silence", c.router.expired);
    metrics_family(p, "murelay_tunnel_moves", METRIC_COUNTER, NULL, "tunnels that somebody wanted at another address");
    metrics_integer(p, "_total", (int64_t)c.router.moved, "result", "moved", NULL);
    metrics_integer(p, "_total", (int64_t)c.router.moves_refused, "result", "refused", NULL);
    one(p, "murelay_tunnel_nudges", METRIC_COUNTER, NULL, "clients told to come anew", c.router.nudges);
    metrics_family(p, "murelay_qos_probes", METRIC_COUNTER, NULL, "quality-of-service probes by UDP");
    metrics_integer(p, "_total", (int64_t)(c.probes - c.probes_refused), "result", "taken", NULL);
    metrics_integer(p, "_total", (int64_t)c.probes_refused, "result", "refused", NULL);
    one(p, "murelay_relay_wakes", METRIC_COUNTER, NULL, "times the relay's thread asked the system to wait", c.wakes);
}
