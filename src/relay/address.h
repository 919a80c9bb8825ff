/* address.h: where a datagram comes from and goes to: an IPv4 or IPv6 address and a port, ready for the system.
 *
 *     relay_address a;  if (relay_address_read("192.0.2.7", 9032, &a) == 0) …;
 *     char text[RELAY_ADDRESS_TEXT];  relay_address_write(&a, text);      "192.0.2.7:9032", "[2001:db8::1]:9032"
 *
 * On a socket for both families IPv4 comes as ::ffff:a.b.c.d; texts and hosts show it as IPv4. Pure. */
#ifndef RELAY_ADDRESS_H
#define RELAY_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct relay_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
} relay_address;

#define RELAY_ADDRESS_TEXT 56

int relay_address_read(const char *host, uint16_t port, relay_address *out); /* a literal: 0 or E_ARGUMENT */
void relay_address_write(const relay_address *a, char text[RELAY_ADDRESS_TEXT]);
void relay_address_host(const relay_address *a, char text[RELAY_ADDRESS_TEXT]); /* without the port */
uint16_t relay_address_port(const relay_address *a);
uint32_t relay_address_ip(const relay_address *a); /* IPv4 as a number, 127.0.0.1 = 0x7f000001; 0 for IPv6 */
/* Equal for equal hosts, whatever the port; an IPv6 host is its /64, for one machine has all of that. */
uint64_t relay_address_key(const relay_address *a);
/* The same address for a socket of the given family: IPv4 becomes ::ffff:a.b.c.d where that is AF_INET6. */
void relay_address_fit(relay_address *a, int family);

static inline socklen_t relay_address_length(const relay_address *a) {
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

static inline bool relay_address_same(const relay_address *a, const relay_address *b) {
    if (a->any.sa_family != b->any.sa_family) return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->v6.sin6_port == b->v6.sin6_port && memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0;
}

#endif
