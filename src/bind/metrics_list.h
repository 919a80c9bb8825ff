/* metrics_list.h: every family of the page /metrics that the server itself fills, declared once.
 *
 * metrics.c writes from it, scripts/API.md lists it, mu.metric refuses its names. The counters of base/counter.h are on
 * the page as well, as murelay_<name>.
 *
 * X(id, name, type, unit, labels, text) */
#ifndef BIND_METRICS_LIST_H
#define BIND_METRICS_LIST_H

#include "base/metrics.h"

#define METRICS_OF_ROUTES(X, ID, protocol)                                                                             \
    X(ID##_REQUESTS, "murelay_" protocol "_route_requests", COUNTER, NULL, "route", "requests, by route")              \
    X(ID##_FAILURES, "murelay_" protocol "_route_failures", COUNTER, NULL, "route",                                    \
      "requests answered with an error, by route")                                                                     \
    X(ID##_SECONDS, "murelay_" protocol "_route_seconds", HISTOGRAM, "seconds", "route",                               \
      "from request to answer, waiting included, by route; one request in 16 is timed")                                \
    X(ID##_LUA, "murelay_" protocol "_route_lua_seconds", SUMMARY, "seconds", "route",                                 \
      "time inside the scripts, waiting left out, by route; of the same timed requests")

#define METRICS_LIST(X)                                                                                                \
    X(PROCESS_CPU, "process_cpu_seconds", COUNTER, "seconds", "", "CPU time used, by the kernel's account")            \
    X(PROCESS_MEMORY, "process_resident_memory_bytes", GAUGE, "bytes", "", "memory in use")                            \
    X(PROCESS_FDS, "process_open_fds", GAUGE, NULL, "", "file descriptors open")                                       \
    X(PROCESS_MAX_FDS, "process_max_fds", GAUGE, NULL, "", "file descriptors allowed")                                 \
    X(BUILD, "murelay_build", INFO, NULL, "version", "the program")                                                    \
    X(SCRIPTS, "murelay_scripts", INFO, NULL, "generation, hash", "the generation of scripts that runs")               \
    X(GENERATION, "murelay_generation", GAUGE, NULL, "", "number of the generation that runs")                         \
    X(GENERATIONS_LIVE, "murelay_generations_live", GAUGE, NULL, "", "generations in memory, draining ones included")  \
    X(SCRIPTS_MEMORY, "murelay_scripts_memory_bytes", GAUGE, "bytes", "", "memory of all scripts")                     \
    X(RELOADS, "murelay_reloads", COUNTER, NULL, "result", "reloads of the scripts")                                   \
    X(TASKS, "murelay_tasks", GAUGE, NULL, "", "tasks alive: running, queued or waiting")                              \
    X(TASKS_QUEUED, "murelay_tasks_queued", GAUGE, NULL, "", "tasks ready to run")                                     \
    X(TASKS_STARTED, "murelay_tasks_started", COUNTER, NULL, "", "tasks started")                                      \
    X(TASKS_ENDED, "murelay_tasks_ended", COUNTER, NULL, "reason", "tasks that ended otherwise than by returning")     \
    X(BURSTS_LONG, "murelay_bursts_long", COUNTER, NULL, "",                                                           \
      "times that a script ran longer than limits.burst_warn_ms")                                                      \
    X(WAKES_STALE, "murelay_wakes_stale", COUNTER, NULL, "", "answers for tasks that no longer waited")                \
    X(DOORS, "murelay_door_connections", GAUGE, NULL, "door", "connections open, by the listener they came by")        \
    X(RECORDS, "murelay_records", GAUGE, NULL, "kind", "live records of each kind: sessions, players online, …")       \
    X(PASSWORDS, "murelay_passwords_queued", GAUGE, NULL, "",                                                          \
      "passwords to be hashed or checked, in hand ones included")                                                      \
    X(STORE_QUEUED, "murelay_store_queued", GAUGE, NULL, "", "jobs for the database, in hand ones included")           \
    X(STORE_BYTES, "murelay_store_queued_bytes", GAUGE, "bytes", "", "memory of those jobs and their results")         \
    X(STORE_BATCHES, "murelay_store_batches", COUNTER, NULL, "result", "batches of writes")                            \
    X(STORE_GROUPS, "murelay_store_group_seconds", HISTOGRAM, "seconds", "",                                           \
      "groups of batches that were committed together, from the first statement to the disk")                          \
    X(STORE_READS, "murelay_store_read_seconds", SUMMARY, "seconds", "", "reads, and the time they took")              \
    X(STORE_READ_GROUPS, "murelay_store_read_groups", COUNTER, NULL, "", "times that the reader went over its queue")  \
    X(STORE_TRANSACTIONS, "murelay_store_transactions", COUNTER, NULL, "result", "exclusive transactions")             \
    X(TUNNELS, "murelay_tunnels", GAUGE, NULL, "kind", "tunnels open now")                                             \
    X(TUNNEL_GAMES, "murelay_tunnel_games", GAUGE, NULL, "", "games whose players' tunnels are bound to each other")   \
    X(RELAY_DATAGRAMS, "murelay_relay_datagrams", COUNTER, NULL, "way",                                                \
      "datagrams of games, from players and on to players")                                                            \
    X(RELAY_BYTES, "murelay_relay_bytes", COUNTER, "bytes", "way", "their bytes, headers left out")                    \
    X(RELAY_PACKETS, "murelay_relay_packets", COUNTER, NULL, "way",                                                    \
      "everything on the relay's sockets, keep-alives and probes included")                                            \
    X(RELAY_DROPS, "murelay_relay_drops", COUNTER, NULL, "reason", "datagrams that went nowhere, by reason")           \
    X(TUNNELS_OPENED, "murelay_tunnels_opened", COUNTER, NULL, "", "tunnels opened")                                   \
    X(TUNNELS_EXPIRED, "murelay_tunnels_expired", COUNTER, NULL, "", "tunnels ended for their silence")                \
    X(TUNNEL_MOVES, "murelay_tunnel_moves", COUNTER, NULL, "result",                                                   \
      "tunnels that somebody wanted at another address")                                                               \
    X(TUNNEL_NUDGES, "murelay_tunnel_nudges", COUNTER, NULL, "", "clients told to come anew")                          \
    X(QOS_PROBES, "murelay_qos_probes", COUNTER, NULL, "result", "quality-of-service probes by UDP")                   \
    X(RELAY_WAKES, "murelay_relay_wakes", COUNTER, NULL, "", "times the relay's thread asked the system to wait")      \
    METRICS_OF_ROUTES(X, BLAZE, "blaze")                                                                               \
    X(BLAZE_CODEC, "murelay_blaze_route_codec_seconds", SUMMARY, "seconds", "route",                                   \
      "time in C that decodes the request and encodes the answer, by route; of the same timed requests")               \
    METRICS_OF_ROUTES(X, HTTP, "http")                                                                                 \
    X(BLAZE_ERRORS, "murelay_blaze_errors_by_name", COUNTER, NULL, "component, error",                                 \
      "errors answered, by component and name")                                                                        \
    X(HTTP_REPLIES, "murelay_http_replies", COUNTER, NULL, "code", "HTTP answers, by status")

enum metrics_id {
#define X(id, name, type, unit, labels, text) M_##id,
    METRICS_LIST(X)
#undef X
        M_COUNT_
};

typedef struct metric_about {
    const char *name; /* on the page; a counter's samples end in _total besides */
    enum metric_type type;
    const char *unit, *labels, *text;
} metric_about;

const metric_about *metrics_info(enum metrics_id id); /* static storage */

#endif
