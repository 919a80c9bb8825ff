/* address.c: see address.h. */
#include "relay/address.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/fault.h"

static bool is_mapped(const relay_address *a) {
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);
}

int relay_address_read(const char *host, uint16_t port, relay_address *out) {
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) != 1) return E_ARGUMENT;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    return 0;
}

uint16_t relay_address_port(const relay_address *a) {
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

uint32_t relay_address_ip(const relay_address *a) {
    uint32_t ip = 0;
    if (a->any.sa_family == AF_INET) ip = a->v4.sin_addr.s_addr;
    if (is_mapped(a)) memcpy(&ip, a->v6.sin6_addr.s6_addr + 12, 4);
    return ntohl(ip);
}

uint64_t relay_address_key(const relay_address *a) {
    uint64_t key = 0;
    if (a->any.sa_family == AF_INET || is_mapped(a)) return relay_address_ip(a);
    memcpy(&key, a->v6.sin6_addr.s6_addr, 8);
    return key;
}

void relay_address_host(const relay_address *a, char text[RELAY_ADDRESS_TEXT]) {
    uint32_t ip = htonl(relay_address_ip(a));
    if (a->any.sa_family == AF_INET6 && !is_mapped(a))
        inet_ntop(AF_INET6, &a->v6.sin6_addr, text, RELAY_ADDRESS_TEXT);
    else
        inet_ntop(AF_INET, &ip, text, RELAY_ADDRESS_TEXT);
}

void relay_address_write(const relay_address *a, char text[RELAY_ADDRESS_TEXT]) {
    char host[RELAY_ADDRESS_TEXT];
    relay_address_host(a, host);
    bool v6 = strchr(host, ':') != NULL;
    snprintf(text, RELAY_ADDRESS_TEXT, v6 ? "[%.46s]:%u" : "%.46s:%u", host, relay_address_port(a));
}

void relay_address_fit(relay_address *a, int family) {
    if (a->any.sa_family != AF_INET || family != AF_INET6) return;
    struct sockaddr_in v4 = a->v4;
    memset(a, 0, sizeof *a);
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = v4.sin_port;
    a->v6.sin6_addr.s6_addr[10] = a->v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(a->v6.sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
}
