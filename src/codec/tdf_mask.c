/* tdf_mask.c: see tdf_mask.h. Walks the top level only: what lies deeper is shown or starred as a whole. */
#include "codec/tdf_mask.h"

#include <string.h>

#include "codec/tdf_print.h"

static bool type_has_secrets(const schema_type *t);

static bool has_secrets(const schema_struct *s) {
    for (uint32_t i = 0; s && i < s->count; i++)
        if ((s->fields[i].flags & SCHEMA_SECRET) || type_has_secrets(s->fields[i].type)) return true;
    return false;
}

static bool type_has_secrets(const schema_type *t) {
    if (!t) return false;
    if (t->kind == SCHEMA_GROUP || t->kind == SCHEMA_VAR) return has_secrets(t->group);
    if (t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP) return type_has_secrets(t->item);
    for (unsigned i = 0; t->members && i <= TDF_MEMBER_MAX; i++)
        if (type_has_secrets(t->members->members[i].type)) return true;
    return false;
}

static bool shows_itself(unsigned type) {
    return type == TDF_INT || type == TDF_FLOAT || type == TDF_OTYPE || type == TDF_OID;
}

void tdf_mask(bytes body, const schema_struct *schema, uint8_t *out) {
    bool all = !schema || has_secrets(schema);
    tdf_reader r;
    uint32_t tag;
    unsigned type;
    if (!body.n) return;
    memcpy(out, body.p, body.n);
    tdf_reader_init(&r, body, NULL);
    for (;;) {
        int rc = tdf_next_field(&r, TDF_BODY, &tag, &type);
        if (rc == 0) return;
        const uint8_t *value = r.p;
        bool hide = rc < 0 || (!shows_itself(type) && (all || tdf_credential(tag)));
        if (rc > 0 && hide && (type == TDF_STR || type == TDF_BLOB)) {
            bytes text;
            rc = type == TDF_STR ? tdf_read_str(&r, &text) : tdf_read_blob(&r, &text);
            if (rc == 0 && text.n) memset(out + (text.p - body.p), '*', text.n);
        } else if (rc > 0) {
            rc = tdf_skip(&r, type);
            if (rc == 0 && hide) memset(out + (value - body.p), '*', (size_t)(r.p - value));
        }
        if (rc >= 0) continue;
        /* Here it broke. Of the rest nobody knows what it is. */
        if (all || hide) memset(out + (value - body.p), '*', body.n - (size_t)(value - body.p));
        if (value < r.end) out[value - body.p] = *value;
        return;
    }
}
