/* The router under any datagrams, in any order, from a few addresses: what it sends lies inside what it may send, and
 * nothing it answers to strangers is longer than the question but the answer to a good token. */
#include <stdlib.h>

#include "codec/tunnel.h"
#include "relay/qos.h"
#include "relay/router.h"

static size_t question;

static bool on_send(void *ctx, const relay_address *to, const uint8_t *p, size_t n) {
    tunnel_message m;
    if (n > question || tunnel_parse((bytes){p, n}, &m) < 0 || m.type != TUNNEL_FORWARD) abort();
    return true;
}

static bool on_reply(void *ctx, const relay_address *to, const uint8_t *p, size_t n) {
    if (n > TUNNEL_HEADER + 4) abort();
    return true;
}

static bool on_deliver(void *ctx, uint64_t link, bytes frame, bytes payload) {
    if (frame.n < TUNNEL_FRAME_HEADER || frame.n > TUNNEL_KEEP_ALIVE_LEN) abort();
    return true;
}

static void on_tell(void *ctx, const router_event *e) {}

static bool on_check(void *ctx, bytes token, uint8_t uuid[ROUTER_UUID]) {
    if (token.n != 1) return false;
    memset(uuid, token.p[0] % 4 + 1, ROUTER_UUID);
    return true;
}

/* Pieces of the input: an address, a length, that many bytes; the ids 0 … 3 mean the newest tunnels' real ones. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    router_options o = {.send = on_send,
                        .reply = on_reply,
                        .deliver = on_deliver,
                        .tell = on_tell,
                        .check = on_check,
                        .tunnels_max = 3};
    router *r = router_new(&o);
    if (!r) return 0;
    uint8_t places[4][ROUTER_UUID], room[ROUTER_HEAD + 256], answer[QOS_ANSWER_MAX];
    for (int i = 0; i < 4; i++) memset(places[i], i + 1, ROUTER_UUID);
    router_open(r, 1, places[3], 9);
    router_pool(r, 1, (const uint8_t(*)[ROUTER_UUID])places, 4);
    int64_t now = 1000000;
    for (size_t at = 0; at + 2 < size; now += 100000) {
        relay_address from;
        uint8_t who = data[at], n = data[at + 1];
        at += 2;
        if (n > size - at) n = (uint8_t)(size - at);
        relay_address_read("192.0.2.1", (uint16_t)(1 + who % 4), &from);
        memcpy(room + ROUTER_HEAD, data + at, n);
        router_report report;
        router_report_on(r, places[who % 4], &report);
        if (n >= 5 && room[ROUTER_HEAD + 1] == 0) save_u32(room + ROUTER_HEAD + 1, report.id);
        question = who & 0x80 ? n + ROUTER_HEAD : n;
        if (who & 0x80)
            router_frame(r, now, 9, who & 7, room + ROUTER_HEAD, n);
        else
            router_datagram(r, now, &from, room + ROUTER_HEAD, n);
        if (qos_answer((bytes){data + at, n}, &from, answer) > (size_t)n + 10) abort();
        if (who & 0x40) router_tick(r, now);
        if (who & 0x20) router_pool(r, 1, (const uint8_t(*)[ROUTER_UUID])places, who % 5);
        at += n;
    }
    router_free(r);
    return 0;
}
