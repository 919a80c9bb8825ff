/* qos.c: see qos.h. The probe count comes back as it came: the existing stand-alone service turns its bytes round,
 * which no game was seen to need. */
#include "relay/qos.h"

#define HEADER      16u
#define ADDRESS_LEN 20u
#define ADDED       10u      /* IPv4, port, four zero bytes */
#define UPSTREAM    6000000u /* bits a second, what the original told everybody */
#define LATENCY_MIN (HEADER + 4 + 6)

static size_t answer_address(bytes probe, const relay_address *from, uint8_t *out) {
    memcpy(out, probe.p, ADDRESS_LEN);
    save_u32(out + ADDRESS_LEN, relay_address_ip(from));
    save_u16(out + ADDRESS_LEN + 4, relay_address_port(from));
    memset(out + ADDRESS_LEN + 6, 0, 4);
    return ADDRESS_LEN + ADDED;
}

static size_t answer_latency(bytes probe, const relay_address *from, uint8_t *out) {
    memcpy(out, probe.p, HEADER + 4);
    save_u32(out + HEADER + 4, UPSTREAM);
    save_u16(out + HEADER + 8, relay_address_port(from));
    memcpy(out + HEADER + 10, probe.p + HEADER + 4, probe.n - LATENCY_MIN);
    return probe.n;
}

size_t qos_answer(bytes probe, const relay_address *from, uint8_t out[QOS_ANSWER_MAX]) {
    if (probe.n < ADDRESS_LEN || probe.n > QOS_PROBE_MAX) return 0;
    bool address = load_u32(probe.p + 4) == 1 && load_u32(probe.p + 8) == 0;
    if (address) return answer_address(probe, from, out);
    return probe.n < LATENCY_MIN ? 0 : answer_latency(probe, from, out);
}
