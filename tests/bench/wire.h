/* wire.h: the bench's side of the protocol: doors, the requests of the scenarios, and a slow simple client to set up
 * with.
 *
 * Requests are whole frames with message number 0; wire_number patches it when a frame is sent. Bodies are those a game
 * sends (reference 02 §5, §6).
 *
 *     buf b = {0};  wire_config(&b, "ME3_DATA");
 *     int fd = wire_open(port, DOOR_UPGRADE, &f);  buf reply = {0};  fire_header h;
 *     wire_ask(fd, &b, 1, &reply, &h, 2.0, &f);     // reply.p … = every frame until the response, whole */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "base/bytes.h"
#include "base/fault.h"
#include "codec/fire.h"

enum wire_door { DOOR_RAW, DOOR_UPGRADE };

/* Requests: appended to an empty buf as one frame. */
void wire_ping(buf *b);
void wire_preauth(buf *b);
void wire_config(buf *b, const char *section);
void wire_save(buf *b, const char *key, const char *value);
void wire_load_all(buf *b);
void wire_create_account(buf *b, const char *email, const char *password);
void wire_login(buf *b, const char *email, const char *password);
void wire_silent_login(buf *b, const char *token, int64_t player);

void wire_number(uint8_t *frame, uint32_t number); /* patches the 20 bits of the message number */
const char *wire_upgrade_request(void);            /* HTTP head of the upgrade door, NUL-terminated */

/* A blocking connection to 127.0.0.1:port, upgraded where the door says so. The file descriptor or an E_ code. */
int wire_open(int port, enum wire_door door, fault *f);

/* Sends one request and reads until its response or error frame has come; *answer gets its header, *all every byte read
 * (notifications before and after included), *body_at where the answer's body starts in it. 0 or an E_ code. */
int wire_ask(int fd, const buf *request, uint32_t number, buf *all, fire_header *answer, size_t *body_at,
             double seconds, fault *f);
/* Reads on for as long as bytes keep coming within `ms` of each other: notifications behind an answer. */
int wire_settle(int fd, buf *all, int ms);

/* Fields at the top level of a body. false when there is none of that tag and type. */
bool wire_find_text(bytes body, uint32_t tag, char *out, size_t size);
bool wire_find_int(bytes body, uint32_t tag, int64_t *out);

typedef struct wire_account {
    char token[256];
    int64_t player;
} wire_account;

/* Makes an account over a connection of its own door and reads token and player from the reply. */
#define WIRE_PASSWORD "correct horse battery" /* of all accounts made here */

int wire_make_account(int port, const char *email, wire_account *out, fault *f);

#endif
