/* counter.h: named numbers that only ever go up (or, for gauges, up and down), one process-wide list.
 *
 * Each is declared once, in COUNTER_LIST below, and so is complete in logs, tests and metrics. Any thread may add.
 * The cost is one relaxed atomic addition; nothing is locked and nothing is allocated.
 *
 *     counter_add(COUNTER_NET_ACCEPTED, 1);
 *     for (int i = 0; i < COUNTER_COUNT_; i++) printf("%s %lld\n", counter_info(i)->name, (long long)counter_get(i));
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* X(id, name, gauge?, text): the name is what metrics and logs print. */
#define COUNTER_LIST(X)                                                                                                \
    X(NET_ACCEPTED, "net_accepted", false, "connections accepted")                                                     \
    X(NET_OPEN, "net_open", true, "connections open now")                                                              \
    X(NET_CONNECTED, "net_connected", false, "connections opened by us")                                               \
    X(NET_CONNECT_FAILED, "net_connect_failed", false, "connections we could not open")                                \
    X(NET_ACCEPT_ERRORS, "net_accept_errors", false, "accept failed, e.g. out of file descriptors")                    \
    X(NET_REFUSED_FULL, "net_refused_full", false, "closed at once: a limit of connections or handshakes")             \
    X(NET_REFUSED_PROTOCOL, "net_refused_protocol", false, "closed: a protocol this listener does not serve")          \
    X(NET_SNIFF_TIMEOUTS, "net_sniff_timeouts", false, "closed: said nothing that could be recognised in time")        \
    X(NET_HANDSHAKE_FAILED, "net_handshake_failed", false, "TLS or SSLv3 handshakes that failed")                      \
    X(NET_SLOW_PEERS, "net_slow_peers", false, "closed: did not take what was sent")                                   \
    X(NET_INPUT_LIMIT, "net_input_limit", false, "closed: unconsumed input past its limit")                            \
    X(NET_BYTES_IN, "net_in_bytes", false, "bytes read from sockets")                                                  \
    X(NET_BYTES_OUT, "net_out_bytes", false, "bytes written to sockets")                                               \
    X(NET_WRITES, "net_writes", false, "write system calls")                                                           \
    X(NET_WRITES_PARTIAL, "net_writes_partial", false, "writes of which a rest had to be queued")                      \
    X(HTTP_REQUESTS, "http_requests", false, "HTTP requests read whole")                                               \
    X(HTTP_BAD_REQUESTS, "http_bad_requests", false, "HTTP input answered with a 4xx or 5xx by the parser")            \
    X(HTTP_TIMEOUTS, "http_timeouts", false, "HTTP heads or bodies that did not arrive in time")                       \
    X(HTTP_UPGRADES, "http_upgrades", false, "HTTP connections upgraded to another protocol")                          \
    X(HTTP_LATE_REPLIES, "http_late_replies", false, "HTTP replies for a peer that had gone")                          \
    X(RELAY_HTTP_LATE, "relay_http_late", false, "frames dropped: an HTTP tunnel does not take what it is sent")       \
    X(TELEMETRY_BYTES, "telemetry_bytes", false, "telemetry bytes read")                                               \
    X(TELEMETRY_MESSAGES, "telemetry_messages", false, "telemetry messages that came over a connection")               \
    X(TELEMETRY_DROPPED, "telemetry_dropped", false, "of these, dropped: too many waited for scripts")                 \
    X(BLAZE_SESSIONS, "blaze_sessions", true, "Blaze connections open now")                                            \
    X(BLAZE_REQUESTS, "blaze_requests", false, "requests read")                                                        \
    X(BLAZE_RESPONSES, "blaze_responses", false, "requests answered with success")                                     \
    X(BLAZE_ERRORS, "blaze_errors", false, "requests answered with an error")                                          \
    X(BLAZE_NOTIFICATIONS, "blaze_notifications", false, "notifications sent")                                         \
    X(BLAZE_UNKNOWN, "blaze_unknown", false, "requests that no script answers")                                        \
    X(BLAZE_BAD_BODIES, "blaze_bad_bodies", false, "requests whose body could not be decoded")                         \
    X(BLAZE_BAD_FRAMES, "blaze_bad_frames", false, "connections closed for what is no frame")                          \
    X(BLAZE_NOT_REQUESTS, "blaze_not_requests", false, "frames from clients that are no requests, ignored")

enum counter {
#define X(id, name, gauge, text) COUNTER_##id,
    COUNTER_LIST(X)
#undef X
        COUNTER_COUNT_
};

typedef struct counter_about {
    const char *name, *text;
    bool gauge;
} counter_about;

void counter_add(enum counter c, int64_t n);       /* any thread */
int64_t counter_get(enum counter c);               /* a recent value; exact once the adding threads are quiet */
const counter_about *counter_info(enum counter c); /* static storage */

#endif
