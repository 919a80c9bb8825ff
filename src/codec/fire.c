/* fire.c: frame headers, read from what has arrived and written for what leaves.
 *
 * The order of checks in fire_parse is the point of it: the type before anything else, the length as soon as its bytes
 * are there, the context last. A peer that announces four gigabytes is refused on the 14 bytes that say so. */
#include "codec/fire.h"

static int too_large(uint32_t length, uint32_t max_body, fault *f) {
    return fault_set(f, E_FRAME_TOO_LARGE, "a frame announces a body of %u bytes; the limit is %u", length, max_body);
}

int fire_parse(bytes in, uint32_t max_body, fire_header *out, fault *f) {
    if (in.n < FIRE_HEADER_MIN) return fault_set(f, E_INCOMPLETE, "%zu bytes of a frame header of 12 or more", in.n);
    const uint8_t *p = in.p;
    unsigned type = p[8] >> 4, options = p[9] >> 4;
    if (type > FIRE_ERROR) return fault_set(f, E_BAD_FRAME_TYPE, "a frame has the message type %u; 0 to 3 exist", type);

    uint32_t length = load_u16(p);
    if (length > max_body) return too_large(length, max_body, f);
    size_t at = FIRE_HEADER_MIN;
    if (options & FIRE_JUMBO_FRAME) {
        if (in.n < at + 2) return fault_set(f, E_INCOMPLETE, "the length extension of a frame header is missing");
        length |= (uint32_t)load_u16(p + at) << 16;
        at += 2;
        if (length > max_body) return too_large(length, max_body, f);
    }
    bool has_context = options & FIRE_HAS_CONTEXT;
    size_t width = !has_context ? 0 : options & FIRE_JUMBO_CONTEXT ? 8 : 4;
    if (in.n < at + width) return fault_set(f, E_INCOMPLETE, "the context of a frame header is missing");
    uint64_t context = width ? load_u32(p + at) : 0;
    if (width == 8) context |= (uint64_t)load_u32(p + at + 4) << 32; /* low word first */
    at += width;

    *out = (fire_header){
        .component = load_u16(p + 2),
        .command = load_u16(p + 4),
        .error = load_u16(p + 6),
        .type = (uint8_t)type,
        .user = p[8] & 15,
        .options = (uint8_t)options,
        .has_context = has_context,
        .number = (uint32_t)(p[9] & 15) << 16 | load_u16(p + 10),
        .body_length = length,
        .header_length = (uint32_t)at,
        .context = context,
    };
    return (int)at;
}

size_t fire_write_header(uint8_t out[FIRE_HEADER_MAX], const fire_header *h) {
    unsigned options = h->options & (FIRE_IMMEDIATE | FIRE_JUMBO_CONTEXT);
    if (h->body_length > UINT16_MAX) options |= FIRE_JUMBO_FRAME;
    if (h->has_context) {
        options |= FIRE_HAS_CONTEXT;
        if (h->context > UINT32_MAX) options |= FIRE_JUMBO_CONTEXT;
    }
    save_u16(out, (uint16_t)h->body_length);
    save_u16(out + 2, h->component);
    save_u16(out + 4, h->command);
    save_u16(out + 6, h->error);
    out[8] = (uint8_t)(h->type << 4 | (h->user & 15));
    out[9] = (uint8_t)(options << 4 | (h->number >> 16 & 15));
    save_u16(out + 10, (uint16_t)h->number);
    size_t at = FIRE_HEADER_MIN;
    if (options & FIRE_JUMBO_FRAME) {
        save_u16(out + at, (uint16_t)(h->body_length >> 16));
        at += 2;
    }
    if (h->has_context) {
        save_u32(out + at, (uint32_t)h->context);
        at += 4;
        if (options & FIRE_JUMBO_CONTEXT) {
            save_u32(out + at, (uint32_t)(h->context >> 32));
            at += 4;
        }
    }
    return at;
}

fire_header fire_reply_to(const fire_header *request, enum fire_type type, uint16_t error) {
    return (fire_header){
        .component = request->component,
        .command = request->command,
        .error = error,
        .type = (uint8_t)type,
        .user = request->user,
        .options = request->options & (FIRE_HAS_CONTEXT | FIRE_JUMBO_CONTEXT),
        .has_context = request->has_context,
        .number = request->number,
        .context = request->context,
    };
}

const char *fire_type_name(unsigned type) {
    static const char *const names[] = {"request", "response", "notify", "error"};
    return type < 4 ? names[type] : "unknown";
}
