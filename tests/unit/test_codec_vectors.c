/* Every vector of tests/vectors/tdf.json (the notation is explained in its own "about" and, at length, in the protocol
 * reference): values encode to exactly these bytes, bytes decode to exactly these values, malformed bytes are refused
 * by the right name, and incomplete frames wait. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "codec/fire.h"
#include "codec/tdf_tree.h"

#define BODY_LIMIT 1048576u

static cJSON *root;
static arena a; /* everything one vector needs; emptied between vectors */

static const char *text_of(const cJSON *o, const char *key) {
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
    if (!s) fail_msg("%s is missing", key);
    return s;
}

static const cJSON *get(const cJSON *o, const char *key) { return cJSON_GetObjectItemCaseSensitive(o, key); }

static void put_hex(buf *b, const char *hex) {
    for (; hex[0] && hex[1]; hex += 2) {
        char byte[3] = {hex[0], hex[1], 0};
        buf_u8(b, (uint8_t)strtoul(byte, NULL, 16));
    }
}

static void put_repeat(buf *b, const cJSON *o) {
    for (int i = get(o, "count")->valueint; i > 0; i--) put_hex(b, text_of(o, "repeat"));
}

/* Moves a buffer into the arena, so that it lives as long as the vector. */
static bytes keep(buf *b) {
    uint8_t *p = arena_new(&a, b->n + 1);
    assert_non_null(p);
    if (b->n) memcpy(p, b->p, b->n);
    bytes result = {p, b->n};
    buf_free(b);
    return result;
}

/* The bytes of `key`, or of hex_parts. */
static bytes hex_of(const cJSON *v, const char *key) {
    buf b = {0};
    const cJSON *hex = get(v, key), *part;
    if (hex)
        put_hex(&b, hex->valuestring);
    else {
        cJSON_ArrayForEach(part, get(v, "hex_parts")) {
            if (cJSON_IsString(part))
                put_hex(&b, part->valuestring);
            else
                put_repeat(&b, part);
        }
        assert_int_equal(b.n, get(v, "len")->valueint);
    }
    return keep(&b);
}

static int64_t number_of(const cJSON *v) {
    if (cJSON_IsBool(v)) return cJSON_IsTrue(v);
    if (cJSON_IsNumber(v)) return (int64_t)v->valuedouble;
    return v->valuestring[0] == '-' ? strtoll(v->valuestring, NULL, 10) : (int64_t)strtoull(v->valuestring, NULL, 10);
}

/* ── values of the notation as trees ─────────────────────────────────────────────────────────────────────────────── */

static tdf_node *build_fields(const cJSON *array);

static unsigned type_of(const char *name) {
    if (!strcmp(name, "bool") || !strcmp(name, "time")) return TDF_INT;
    for (unsigned t = 0; t < TDF_TYPES; t++)
        if (!strcmp(name, tdf_type_name(t))) return t;
    fail_msg("unknown type %s", name);
    return 0;
}

static bytes build_data(unsigned type, const cJSON *v) {
    buf b = {0};
    if (cJSON_IsObject(v) && get(v, "repeat"))
        put_repeat(&b, v);
    else if (cJSON_IsObject(v))
        put_hex(&b, text_of(v, "hex"));
    else if (type == TDF_BLOB)
        put_hex(&b, v->valuestring);
    else
        for (const char *p = v->valuestring; *p; p++) { /* U+E000 stands for NUL, see load() */
            if (!strncmp(p, "\xee\x80\x80", 3))
                buf_u8(&b, 0), p += 2;
            else
                buf_u8(&b, (uint8_t)*p);
        }
    return keep(&b);
}

static tdf_node *build(unsigned type, const cJSON *v);

static tdf_node *build_field(const cJSON *v) {
    const char *tag = cJSON_GetArrayItem(v, 0)->valuestring;
    tdf_node *n = build(type_of(cJSON_GetArrayItem(v, 1)->valuestring), cJSON_GetArrayItem(v, 2));
    n->tag = tdf_tag_pack(tag, strlen(tag));
    assert_int_not_equal(n->tag, 0);
    /* the inner group of a variable has the variable's own tag */
    if (n->type == TDF_VAR && n->first && !n->first->tag) n->first->tag = n->tag;
    return n;
}

static void build_items(tdf_node *n, const cJSON *v) {
    const cJSON *item;
    tdf_node **end = &n->first;
    n->item_type = (uint8_t)type_of(text_of(v, n->type == TDF_MAP ? "v" : "of"));
    if (n->type == TDF_MAP) n->key_type = (uint8_t)type_of(text_of(v, "k"));
    cJSON_ArrayForEach(item, get(v, "items")) {
        if (n->type == TDF_MAP) {
            *end = build(n->key_type, cJSON_GetArrayItem(item, 0));
            (*end)->value = build(n->item_type, cJSON_GetArrayItem(item, 1));
        } else {
            *end = build(n->item_type, item);
        }
        end = &(*end)->next;
    }
}

static void build_bits(tdf_node *n, const cJSON *v) {
    float value = (float)v->valuedouble;
    if (cJSON_IsObject(v))
        n->bits = (uint32_t)strtoul(text_of(v, "bits"), NULL, 16);
    else
        memcpy(&n->bits, &value, 4);
}

static tdf_node *build(unsigned type, const cJSON *v) {
    tdf_node *n = arena_new(&a, sizeof *n);
    assert_non_null(n);
    n->type = (uint8_t)type;
    bool null = cJSON_IsNull(v);
    switch (type) {
    case TDF_INT: n->number = number_of(v); break;
    case TDF_STR:
    case TDF_BLOB: n->data = build_data(type, v); break;
    case TDF_GROUP:
        n->first = build_fields(cJSON_IsArray(v) ? v : get(v, "fields"));
        if (cJSON_IsObject(v)) n->member = (uint8_t)get(v, "active")->valueint;
        break;
    case TDF_LIST:
    case TDF_MAP: build_items(n, v); break;
    case TDF_UNION:
        n->member = null ? TDF_UNSET : (uint8_t)get(v, "active")->valueint;
        if (!null) n->first = build_field(get(v, "field"));
        break;
    case TDF_VAR:
        if (null) break;
        n->number = number_of(get(v, "id"));
        n->first = build(TDF_GROUP, get(v, "fields"));
        if (get(v, "tag")) n->first->tag = tdf_tag_pack(text_of(v, "tag"), strlen(text_of(v, "tag")));
        break;
    case TDF_OTYPE:
    case TDF_OID:
        for (int i = 0; i < cJSON_GetArraySize(v); i++) n->numbers[i] = number_of(cJSON_GetArrayItem(v, i));
        break;
    default: build_bits(n, v); break;
    }
    return n;
}

static tdf_node *build_fields(const cJSON *array) {
    tdf_node *first = NULL, **end = &first;
    const cJSON *v;
    cJSON_ArrayForEach(v, array) {
        *end = build_field(v);
        end = &(*end)->next;
    }
    return first;
}

/* ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void same_bytes(const char *name, const char *what, bytes got, bytes want) {
    if (got.n == want.n && (got.n == 0 || !memcmp(got.p, want.p, got.n))) return;
    size_t i = 0;
    while (i < got.n && i < want.n && got.p[i] == want.p[i]) i++;
    fail_msg("%s: %s: %zu bytes, expected %zu; the first difference is at byte %zu", name, what, got.n, want.n, i);
}

static tdf_node *decode(const char *name, bytes body) {
    tdf_node *fields;
    fault f = {0};
    if (tdf_tree_decode(body, &a, &fields, &f) != 0) fail_msg("%s: %s", name, f.text);
    return fields;
}

static bytes encode(const char *name, tdf_node **fields, bool sort) {
    buf out = {0};
    fault f = {0};
    if (sort && tdf_tree_sort(fields, &f) != 0) fail_msg("%s: %s", name, f.text);
    if (tdf_tree_encode(*fields, &out, &f) != 0) fail_msg("%s: %s", name, f.text);
    return keep(&out);
}

static void check_varint(const char *name, const cJSON *v, bool canonical) {
    bytes hex = hex_of(v, "hex");
    int64_t got;
    tdf_reader r;
    buf out = {0};
    tdf_reader_init(&r, hex, NULL);
    assert_int_equal(tdf_read_int(&r, &got), 0);
    if (got != number_of(get(v, "value"))) fail_msg("%s: read as %lld", name, (long long)got);
    assert_int_equal(tdf_left(&r), 0);
    tdf_put_int(&out, number_of(get(v, "value")));
    same_bytes(name, "written", keep(&out), canonical ? hex_of(v, "canonical_hex") : hex);
}

static void check_tag(const char *name, const cJSON *v) {
    bytes hex = hex_of(v, "hex");
    char text[5];
    const char *value = text_of(v, "value");
    assert_int_equal(hex.n, 3);
    if (tdf_tag_pack(value, strlen(value)) != load_u24(hex.p)) fail_msg("%s: packed otherwise", name);
    assert_string_equal(tdf_tag_text(load_u24(hex.p), text), value);
}

static void check_body(const char *name, const cJSON *v, const char *dir) {
    bytes hex = hex_of(v, "hex");
    tdf_node *value = build_fields(get(v, "value")), *got = decode(name, hex);
    if (!strcmp(dir, "encode")) {
        same_bytes(name, "encoded", encode(name, &value, true), hex); /* sorts `value` */
        if (!tdf_tree_same(got, value)) fail_msg("%s: decoded to another value", name);
        return;
    }
    if (!tdf_tree_same(got, value)) fail_msg("%s: decoded to another value", name);
    if (!strcmp(dir, "both")) {
        same_bytes(name, "decoded and encoded", encode(name, &got, false), hex);
        same_bytes(name, "encoded", encode(name, &value, true), hex);
    } else if (get(v, "canonical_hex")) {
        same_bytes(name, "decoded and encoded", encode(name, &got, true), hex_of(v, "canonical_hex"));
        same_bytes(name, "encoded", encode(name, &value, true), hex_of(v, "canonical_hex"));
    } else {
        if (!tdf_tree_same(decode(name, encode(name, &got, false)), value)) fail_msg("%s: changed on the way", name);
    }
}

static unsigned frame_type_of(const char *name) {
    unsigned type = 0;
    while (type < 4 && strcmp(fire_type_name(type), name)) type++;
    return type;
}

/* Checks one frame at the start of `in`, appends its encoding to `out`, returns how many bytes it had. */
static size_t check_frame(const char *name, bytes in, const cJSON *v, buf *out) {
    fire_header h;
    fault f = {0};
    int n = fire_parse(in, BODY_LIMIT, &h, &f);
    if (n < 0) fail_msg("%s: %s", name, f.text);
    const cJSON *context = get(v, "context"), *error = get(v, "error"), *user = get(v, "user");
    assert_int_equal(h.type, frame_type_of(text_of(v, "type")));
    assert_int_equal(h.component, get(v, "component")->valueint);
    assert_int_equal(h.command, get(v, "command")->valueint);
    assert_int_equal(h.error, error ? error->valueint : 0);
    assert_int_equal(h.user, user ? user->valueint : 0);
    assert_int_equal(h.number, get(v, "msgnum") ? get(v, "msgnum")->valueint : 0);
    int listed = get(v, "options") ? get(v, "options")->valueint : 0;
    assert_int_equal(h.options & FIRE_IMMEDIATE, listed & FIRE_IMMEDIATE);
    assert_int_equal(h.has_context, context != NULL);
    if (context) assert_true((double)h.context == context->valuedouble); /* a number of JSON keeps 53 bits of it */
    assert_int_equal(n, h.header_length);
    assert_true(in.n - h.header_length >= h.body_length);

    tdf_node *value = build_fields(get(v, "body"));
    if (!tdf_tree_same(decode(name, (bytes){in.p + n, h.body_length}), value)) fail_msg("%s: another body", name);
    bytes body = encode(name, &value, true);
    uint8_t header[FIRE_HEADER_MAX];
    h.body_length = (uint32_t)body.n;
    buf_put(out, header, fire_write_header(header, &h));
    buf_put(out, body.p, body.n);
    return (size_t)n + body.n;
}

static void check_frames(const char *name, const cJSON *v, const char *dir, bool stream) {
    bytes hex = hex_of(v, "hex");
    buf out = {0};
    size_t at = 0;
    const cJSON *frame, *value = get(v, "value");
    if (stream) {
        cJSON_ArrayForEach(frame, value) at += check_frame(name, (bytes){hex.p + at, hex.n - at}, frame, &out);
    } else {
        at = check_frame(name, hex, value, &out);
    }
    assert_int_equal(at, hex.n);
    bytes written = keep(&out);
    if (!strcmp(dir, "both")) same_bytes(name, "written", written, hex);
}

/* ── the tests ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void every_valid_vector(void **state) {
    const cJSON *v;
    int n = 0;
    cJSON_ArrayForEach(v, get(root, "vectors")) {
        const char *name = text_of(v, "name"), *kind = text_of(v, "kind"), *dir = text_of(v, "dir");
        arena_init(&a, 0);
        if (!strcmp(kind, "varint"))
            check_varint(name, v, !strcmp(dir, "decode"));
        else if (!strcmp(kind, "tag"))
            check_tag(name, v);
        else if (!strcmp(kind, "tdf"))
            check_body(name, v, dir);
        else
            check_frames(name, v, dir, !strcmp(kind, "stream"));
        arena_free(&a);
        n++;
    }
    print_message("tdf.json: %d valid vectors\n", n);
    assert_int_equal(n, 228);
}

static int reject(const char *kind, bytes hex, fault *f) {
    tdf_reader r;
    int64_t number;
    fire_header h;
    tdf_node *fields;
    tdf_reader_init(&r, hex, f);
    if (!strcmp(kind, "varint")) return tdf_read_int(&r, &number);
    if (!strcmp(kind, "frame")) return fire_parse(hex, BODY_LIMIT, &h, f);
    int rc = tdf_tree_decode(hex, &a, &fields, f);
    if (rc < 0) assert_null(fields);
    return rc;
}

static void every_malformed_vector_by_its_name(void **state) {
    const cJSON *v;
    int n = 0;
    cJSON_ArrayForEach(v, get(root, "malformed")) {
        arena_init(&a, 0);
        bytes hex = hex_of(v, "hex");
        fault f = {0};
        int rc = reject(text_of(v, "kind"), hex, &f);
        if (rc >= 0 || strcmp(fault_name(rc), text_of(v, "error")))
            fail_msg("%s: %s (%s), expected %s", text_of(v, "name"), fault_name(rc), f.text, text_of(v, "error"));
        assert_int_equal(f.code, rc);
        assert_true(f.text[0]);
        arena_free(&a);
        n++;
    }
    print_message("tdf.json: %d malformed vectors\n", n);
    assert_int_equal(n, 65);
}

static void every_incomplete_vector_waits(void **state) {
    const cJSON *v;
    int n = 0;
    cJSON_ArrayForEach(v, get(root, "incomplete")) {
        arena_init(&a, 0);
        bytes hex = hex_of(v, "hex");
        fire_header h;
        int rc = fire_parse(hex, BODY_LIMIT, &h, NULL);
        bool waits = rc == E_INCOMPLETE || (rc > 0 && hex.n - (size_t)rc < h.body_length);
        if (!waits) fail_msg("%s: %s", text_of(v, "name"), fault_name(rc));
        arena_free(&a);
        n++;
    }
    print_message("tdf.json: %d incomplete vectors\n", n);
    assert_int_equal(n, 4);
}

/* Reads the file. The parser's strings end at a NUL, so the one \u0000 in it travels as U+E000. */
static int load(void **state) {
    FILE *file = fopen(TEST_DIR "/vectors/tdf.json", "rb");
    if (!file) return -1;
    buf b = {0};
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) buf_put(&b, chunk, n);
    fclose(file);
    buf_u8(&b, 0);
    for (char *p = (char *)b.p; (p = strstr(p, "\\u0000")); p += 6) p[2] = 'e';
    root = cJSON_Parse((char *)b.p);
    buf_free(&b);
    return root ? 0 : -1;
}

static int unload(void **state) {
    cJSON_Delete(root);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_valid_vector),
        cmocka_unit_test(every_malformed_vector_by_its_name),
        cmocka_unit_test(every_incomplete_vector_waits),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
