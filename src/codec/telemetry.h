/* telemetry.h: what the game reports about itself (reference 04 §10, 05 B.10).
 *
 * A stream of messages from client to server, never answered: 12 bytes of header, then lines `KEY=value`. The value of
 * TLM3 is lightly disguised text, a list of events. Everything is a view into the caller's bytes but the undisguised
 * text.
 *
 *     int n = telemetry_parse(in, &f);                   whole message: n bytes
 *     bytes lines = {in.p + TELEMETRY_HEADER, n - TELEMETRY_HEADER}, key, value;
 *     while (telemetry_next_line(&lines, &key, &value))
 *         if (telemetry_is(key, "TLM3")) telemetry_reveal(value, &text);
 *     bytes events = buf_bytes(&text);
 *     while ((rc = telemetry_next_event(&events, &event)) != 0) if (rc > 0) use(&event);
 *
 * Unauthenticated and written by the player's machine: nothing here may be believed, only counted. */
#ifndef CODEC_TELEMETRY_H
#define CODEC_TELEMETRY_H

#include "base/bytes.h"
#include "base/fault.h"

#define TELEMETRY_HEADER 12u
#define TELEMETRY_MAX    65536u /* bytes of a message, header included */

typedef struct telemetry_event {
    uint32_t time, sequence;
    bytes module, group, name; /* GAME, MULT, KILL */
    bytes attributes;          /* key=value&key=value… */
} telemetry_event;

/* Length of the message at the start of `in`, header included; it need not all be there. E_INCOMPLETE while the header
 * is not, E_FRAME_TOO_LARGE above TELEMETRY_MAX, E_PROTOCOL below TELEMETRY_HEADER: close the connection. */
int telemetry_parse(bytes in, fault *f);

/* Takes the next line off *lines: its key, and what follows the first '='. Lines without one are passed over. A NUL
 * ends all. */
bool telemetry_next_line(bytes *lines, bytes *key, bytes *value);
bool telemetry_is(bytes key, const char *name);

/* Appends the plain text of a TLM3 value to out, up to its NUL. E_PROTOCOL without the '-' that ends the prefix;
 * E_MEMORY. */
int telemetry_reveal(bytes value, buf *out);

/* Takes the next event off *text: 1, 0 at the end, or E_PROTOCOL for one of another shape, which is passed over. */
int telemetry_next_event(bytes *text, telemetry_event *out);

/* Takes the next key=value off an event's attributes. */
bool telemetry_next_attribute(bytes *attributes, bytes *key, bytes *value);

#endif
