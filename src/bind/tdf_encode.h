/* tdf_encode.h: what the two halves of the encoder share: its state, its path, its faults. For tdf_encode*.c only. */
#ifndef BIND_TDF_ENCODE_H
#define BIND_TDF_ENCODE_H

#include "bind/tdf_codec.h"

enum step_kind { STEP_NAME, STEP_INDEX, STEP_KEY };

struct step {
    enum step_kind kind;
    const char *name;
    int64_t index;
};

typedef struct encoder {
    lua_State *L;
    tdf_context *c;
    buf *out;
    fault *f;
    const schema_struct *root;
    uint32_t tag; /* of the field being written: a variable repeats it */
    unsigned steps;
    struct step path[2 * TDF_MAX_DEPTH + 4];
} encoder;

/* Fills the fault with "<path>: <sentence>"; returns code. */
int tdf_encode_fail(encoder *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int tdf_encode_wrong_type(encoder *e, int index, const char *expected);
const char *tdf_encode_type_at(encoder *e, int index);

/* Appends the value at stack index `index`. lua: its Lua type, asked for once. 0 or an error. */
int tdf_encode_value(encoder *e, int index, int lua, const schema_type *t);
int tdf_encode_int(encoder *e, int index, int lua, const schema_type *t);
int tdf_encode_text(encoder *e, int index, int lua, bool blob);
int tdf_encode_map(encoder *e, int index, const schema_type *t); /* tdf_encode_map.c */

#endif
