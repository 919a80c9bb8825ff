/* tdf_print.c: trees as text. The walk goes down the tree and, as long as it agrees with it, the schema beside it. */
#include "codec/tdf_print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct printer {
    buf *out;
    unsigned flags, indent;
} printer;

static void print_value(printer *p, const tdf_node *n, const schema_type *t);

__attribute__((format(printf, 2, 3))) static void put(printer *p, const char *format, ...) {
    char text[160];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) buf_put(p->out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void new_line(printer *p) {
    if (p->flags & TDF_PRINT_ONE_LINE) {
        buf_u8(p->out, ' ');
        return;
    }
    buf_u8(p->out, '\n');
    for (unsigned i = 0; i < p->indent; i++) buf_put(p->out, "  ", 2);
}

/* Printable ASCII and well-formed UTF-8 as they are, everything else as \xNN. */
static size_t utf8_length(const uint8_t *s, size_t left) {
    size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f) || (s[0] == 0xc2 && s[1] < 0xa0))
        return 0; /* over-long, surrogate, beyond Unicode, a control character */
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    return n;
}

static void print_text(printer *p, bytes text) {
    size_t shown = text.n < TDF_PRINT_TEXT_MAX ? text.n : TDF_PRINT_TEXT_MAX;
    buf_u8(p->out, '"');
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = text.p[i];
        size_t n = c < 0x80 ? 0 : utf8_length(text.p + i, text.n - i);
        if (c == '"' || c == '\\')
            put(p, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            buf_u8(p->out, c);
        else if (n)
            buf_put(p->out, text.p + i, n), i += n - 1;
        else
            put(p, "\\x%02x", c);
    }
    buf_u8(p->out, '"');
    if (shown < text.n) put(p, "... (%zu bytes)", text.n);
}

static void print_blob(printer *p, bytes data) {
    size_t shown = data.n < TDF_PRINT_TEXT_MAX / 4 ? data.n : TDF_PRINT_TEXT_MAX / 4;
    put(p, "blob<%zu>", data.n);
    if (shown) buf_u8(p->out, ' ');
    for (size_t i = 0; i < shown; i++) put(p, "%02x", data.p[i]);
    if (shown < data.n) put(p, "...");
}

/* Tags whose text is a credential wherever it was seen: login, originLogin, silentLogin, tokens, session and service
 * keys. */
bool tdf_credential(uint32_t tag) {
    static const uint32_t tags[] = {
        TDF_TAG('A', 'U', 'T', 'H'), TDF_TAG('K', 'E', 'Y', 0),   TDF_TAG('M', 'A', 'I', 'L'),
        TDF_TAG('P', 'A', 'S', 'S'), TDF_TAG('P', 'C', 'T', 'K'), TDF_TAG('S', 'K', 'E', 'Y'),
        TDF_TAG('T', 'O', 'K', 'N'), TDF_TAG('O', 'P', 'A', 'S'), TDF_TAG('X', 'T', 'K', 'N'),
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tag == tags[i]) return true;
    return false;
}

static bool credential(const tdf_node *n) {
    return (n->type == TDF_STR || n->type == TDF_BLOB) && tdf_credential(n->tag);
}

static void print_fields(printer *p, const tdf_node *n, const schema_struct *s, bool first) {
    for (; n; n = n->next) {
        char tag[5];
        const schema_field *field = s ? schema_find_tag(s, n->tag) : NULL;
        if (!first) new_line(p);
        first = false;
        if (field) buf_put(p->out, field->name, field->name_length), buf_u8(p->out, ' ');
        put(p, "%s = ", tdf_tag_text(n->tag, tag));
        bool secret = field ? field->flags & SCHEMA_SECRET : credential(n);
        if (secret && !(p->flags & TDF_PRINT_SECRETS))
            put(p, "(secret)");
        else
            print_value(p, n, field && field->type->wire == n->type ? field->type : NULL);
    }
}

static void print_block(printer *p, const tdf_node *fields, const schema_struct *s) {
    if (!fields) {
        put(p, "{}");
        return;
    }
    buf_u8(p->out, '{');
    p->indent++;
    new_line(p);
    print_fields(p, fields, s, true);
    p->indent--;
    new_line(p);
    buf_u8(p->out, '}');
}

static void print_member(printer *p, unsigned number, const schema_union *u) {
    const char *name = u && number <= TDF_MEMBER_MAX ? u->members[number].name : NULL;
    if (name)
        put(p, "%s(%u) ", name, number);
    else
        put(p, "(%u) ", number);
}

static const schema_type *member_type(unsigned number, const schema_union *u) {
    return u && number <= TDF_MEMBER_MAX ? u->members[number].type : NULL;
}

static void print_item(printer *p, const tdf_node *n, const schema_type *of) {
    const schema_type *item = of ? of->item : NULL;
    if (n->type != TDF_GROUP || n->member == 0) {
        print_value(p, n, item && item->wire == n->type ? item : NULL);
    } else if (n->member == TDF_UNSET) {
        put(p, "unset");
    } else { /* an element as of HNET */
        const schema_union *u = of ? of->members : NULL;
        const schema_type *group = member_type(n->member, u);
        print_member(p, n->member, u);
        print_block(p, n->first, group ? group->group : NULL);
    }
}

static void print_items(printer *p, const tdf_node *n, const schema_type *t) {
    bool map = n->type == TDF_MAP, simple = n->item_type < TDF_GROUP && !map;
    const tdf_node *i = n->first;
    if (!i) {
        put(p, map ? "map {}" : "[]");
        return;
    }
    put(p, map ? "map {" : "[");
    p->indent++;
    for (; i; i = i->next) {
        if (!simple) new_line(p);
        if (map) {
            print_value(p, i, NULL);
            put(p, " = ");
        }
        print_item(p, map ? i->value : i, t);
        if (simple && i->next) put(p, ", ");
    }
    p->indent--;
    if (!simple) new_line(p);
    buf_u8(p->out, map ? '}' : ']');
}

static void print_union(printer *p, const tdf_node *n, const schema_type *t) {
    if (n->member == TDF_UNSET || !n->first) {
        put(p, "unset");
        return;
    }
    const schema_type *inner = member_type(n->member, t ? t->members : NULL);
    print_member(p, n->member, t ? t->members : NULL);
    print_value(p, n->first, inner && inner->wire == n->first->type ? inner : NULL);
}

static void print_value(printer *p, const tdf_node *n, const schema_type *t) {
    float single;
    const char *name;
    switch (n->type) {
    case TDF_INT:
        if (t && t->kind == SCHEMA_BOOL && (n->number == 0 || n->number == 1))
            put(p, n->number ? "true" : "false");
        else
            put(p, "%" PRId64, n->number);
        if (t && (name = schema_value_name(t, n->number))) put(p, " %.64s", name);
        break;
    case TDF_STR: print_text(p, n->data); break;
    case TDF_BLOB: print_blob(p, n->data); break;
    case TDF_GROUP: print_block(p, n->first, t ? t->group : NULL); break;
    case TDF_LIST:
    case TDF_MAP: print_items(p, n, t); break;
    case TDF_UNION: print_union(p, n, t); break;
    case TDF_VAR:
        if (!n->first)
            put(p, "absent");
        else
            put(p, "variable 0x%" PRIX64 " ", (uint64_t)n->number),
                print_block(p, n->first->first, t ? t->group : NULL);
        break;
    case TDF_OTYPE: put(p, "%" PRId64 ":%" PRId64, n->numbers[0], n->numbers[1]); break;
    case TDF_OID: put(p, "%" PRId64 ":%" PRId64 ":%" PRId64, n->numbers[0], n->numbers[1], n->numbers[2]); break;
    default:
        memcpy(&single, &n->bits, 4);
        put(p, "%g", (double)single);
        break;
    }
}

void tdf_print(buf *out, const tdf_node *fields, const schema_struct *schema, unsigned flags) {
    printer p = {.out = out, .flags = flags};
    print_fields(&p, fields, schema, true);
}
