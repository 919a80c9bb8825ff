/* tdf.h: the primitives of TDF, the tagged encoding of every message body (reference 01 §3, §6).
 *
 * Reading is a cursor over borrowed bytes that never allocates and never reads past its end. It counts what it hands
 * out and how deep it is, so that whoever builds values from it is bounded too. The first error is final: all
 * functions return 0 (or what they say) or one of the codes of 01 §6.4, and the fault names the byte and the tags.
 *
 *     tdf_reader r;  tdf_reader_init(&r, body, &f);
 *     while ((rc = tdf_next_field(&r, TDF_BODY, &tag, &type)) > 0)
 *         rc = tag == TDF_TAG('G','I','D',0) && type == TDF_INT ? tdf_read_int(&r, &id) : tdf_skip(&r, type);
 *
 * Writing is functions that append to a buf (sticky failure: check buf.failed at the end). They do not sort: that is
 * the work of tdf_tree.h and of the schema encoder. */
#ifndef CODEC_TDF_H
#define CODEC_TDF_H

#include "base/bytes.h"
#include "base/fault.h"

enum tdf_type {
    TDF_INT = 0,
    TDF_STR = 1,
    TDF_BLOB = 2,
    TDF_GROUP = 3,
    TDF_LIST = 4,
    TDF_MAP = 5,
    TDF_UNION = 6,
    TDF_VAR = 7,
    TDF_OTYPE = 8,
    TDF_OID = 9,
    TDF_FLOAT = 10,
    TDF_TYPES = 11 /* how many there are */
};

#define TDF_MAX_DEPTH    32u    /* open containers; 33 are refused */
#define TDF_MAX_VALUES   65536u /* fields and elements of one body */
#define TDF_UNSET        0x7fu  /* active-member byte of an unset union */
#define TDF_MEMBER_MAX   0x3fu  /* largest active-member number */
#define TDF_VARINT_MAX   10u    /* bytes */
#define TDF_HEADER_BYTES 4u

/* A tag as its 24-bit number, e.g. TDF_TAG('I','D',0,0). */
#define TDF_CODE(c)         ((c) ? (uint32_t)(c)-32u : 0u)
#define TDF_TAG(a, b, c, d) (TDF_CODE(a) << 18 | TDF_CODE(b) << 12 | TDF_CODE(c) << 6 | TDF_CODE(d))

/* Packs one to four characters A–Z 0–9; 0 when the text is no tag. */
uint32_t tdf_tag_pack(const char *text, size_t length);
/* Writes the characters of a tag and a NUL; returns `out`. Any 24-bit number gives printable text. */
char *tdf_tag_text(uint32_t tag, char out[5]);
bool tdf_tag_valid(uint32_t tag); /* 01 §6.3 step 2 */

const char *tdf_type_name(unsigned type); /* "int", "str", … as the vectors spell them; "unknown" */

/* Order of string map keys: bytewise after folding A–Z to a–z, a prefix first (01 §4). <0, 0 or >0. */
int tdf_key_compare(bytes a, bytes b);

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct tdf_reader {
    const uint8_t *start, *p, *end;
    fault *f;
    uint32_t depth; /* open containers */
    uint32_t
        values_left; /* fields and elements still allowed; TDF_MAX_VALUES at first, the caller may lower or raise it */
    uint32_t
        tolerated; /* oddities accepted on the way (01 §6.4, last paragraph): missing variable ends, trailing zeros */
    uint32_t path[TDF_MAX_DEPTH + 1]; /* tag, or TDF_INDEX | element number, at each depth; for the fault's sentence */
} tdf_reader;

#define TDF_INDEX 0x80000000u

enum tdf_scope { TDF_BODY, TDF_IN_GROUP }; /* ends with the data, or with a 00 */

void tdf_reader_init(tdf_reader *r, bytes body, fault *f); /* f may be NULL */
static inline size_t tdf_left(const tdf_reader *r) { return (size_t)(r->end - r->p); }

/* Fills the reader's fault: "<what> at byte <n> in <path>"; returns code. */
int tdf_fail(tdf_reader *r, int code, const char *what);

/* Container bookkeeping: call enter before reading what is inside (0 or E_TOO_DEEP), leave after. A caller that walks
 * elements itself calls tdf_element before each (0 or E_TOO_MANY). */
int tdf_enter(tdf_reader *r);
static inline void tdf_leave(tdf_reader *r) { r->depth--; }
int tdf_element(tdf_reader *r, uint32_t index);

/* 1 with the next field's tag and type, 0 at the end of the scope (its terminator consumed), or an error. */
int tdf_next_field(tdf_reader *r, enum tdf_scope scope, uint32_t *tag, unsigned *type);

/* Takes the next field's header when it is exactly this one, which is what a schema expects; else nothing happens. */
static inline bool tdf_take_field(tdf_reader *r, uint32_t tag, unsigned type) {
    if (tdf_left(r) < TDF_HEADER_BYTES || load_u32(r->p) != (tag << 8 | type) || !r->values_left) return false;
    r->values_left--;
    r->path[r->depth] = tag;
    r->p += TDF_HEADER_BYTES;
    return true;
}

int tdf_read_int(tdf_reader *r, int64_t *out); /* all forms of 01 §3.3 */
int tdf_read_str(tdf_reader *r, bytes *out);   /* borrowed, without the final NUL */
int tdf_read_blob(tdf_reader *r, bytes *out);  /* borrowed */
int tdf_read_float_bits(tdf_reader *r, uint32_t *out);
int tdf_read_numbers(tdf_reader *r, int64_t *out, unsigned n);                   /* object type: 2, object id: 3 */
int tdf_read_list(tdf_reader *r, unsigned *type, uint32_t *count);               /* head of a list */
int tdf_read_map(tdf_reader *r, unsigned *key, unsigned *type, uint32_t *count); /* head of a map */

/* Start of a union: 1 with member number, tag and type of the field that follows, or 0 when unset. Enter before. */
int tdf_read_union(tdf_reader *r, unsigned *member, uint32_t *tag, unsigned *type);
/* Start of a group that is a list element or map value (01 §3.7): 1 when fields follow (member 0 = no prefix), 0 when
 * the element is over: empty (member 0) or unset (TDF_UNSET). The caller has entered. */
int tdf_read_prefix(tdf_reader *r, unsigned *member);
/* Start of a variable: 1 with id and tag, then the fields of a group follow (the caller enters for it), or 0 when
 * absent. After the fields: tdf_end_variable. The caller has entered once for the variable itself. */
int tdf_read_variable(tdf_reader *r, int64_t *id, uint32_t *tag);
void tdf_end_variable(tdf_reader *r);

int tdf_skip(tdf_reader *r, unsigned type);         /* a field's value */
int tdf_skip_element(tdf_reader *r, unsigned type); /* an element's value: groups may have a prefix */

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

void tdf_put_long_int(buf *b, int64_t value); /* of any size; tdf_put_int is the quicker way for small ones */

/* Room for n bytes, as buf_reserve, without a call where there is some. */
static inline bool tdf_room(buf *b, size_t n) {
    bool easy = !b->failed && b->cap - b->n >= n && (!b->max || b->n + n <= b->max);
    return easy || buf_reserve(b, n);
}

static inline void tdf_put_u8(buf *b, unsigned byte) {
    if (tdf_room(b, 1)) b->p[b->n++] = (uint8_t)byte;
}

static inline void tdf_put_header(buf *b, uint32_t tag, unsigned type) {
    if (!tdf_room(b, TDF_HEADER_BYTES)) return;
    save_u32(b->p + b->n, tag << 8 | type);
    b->n += TDF_HEADER_BYTES;
}

static inline void tdf_put_int(buf *b, int64_t value) {
    if (value >= 0 && value < 64)
        tdf_put_u8(b, (unsigned)value);
    else
        tdf_put_long_int(b, value);
}

void tdf_put_str(buf *b, bytes text); /* adds the NUL; the caller has refused embedded ones (tdf_has_nul) */
void tdf_put_blob(buf *b, bytes data);
void tdf_put_float_bits(buf *b, uint32_t bits);
bool tdf_has_nul(bytes text);

#endif
