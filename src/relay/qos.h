/* qos.h: the game's probes by UDP: "what is my address, how far away are you?" (reference 04 §9.3, 03 §2.8).
 *
 *     uint8_t answer[QOS_ANSWER_MAX];
 *     size_t n = qos_answer(probe, &from, answer);              0 = nothing is to be answered
 *
 *   address probe     20 bytes, request id 1, secret 0   → the same, IPv4 u32, port u16, four zero bytes
 *   latency probe     header of 16, count u32, payload   → header, count, upstream bits a second u32, port u16, payload
 *                                                          without its last six bytes: as long as the question
 *   firewall probe    request id u32, secret u32         → nothing
 *
 * The answer is never more than ten bytes longer than the question. Pure. */
#ifndef RELAY_QOS_H
#define RELAY_QOS_H

#include "base/bytes.h"
#include "relay/address.h"
#include "relay/datagrams.h"

#define QOS_ANSWER_MAX DATAGRAM_ROOM
#define QOS_PROBE_MAX  1400u /* bytes; the largest the game is asked to send is 1200 */

size_t qos_answer(bytes probe, const relay_address *from, uint8_t out[QOS_ANSWER_MAX]);

#endif
