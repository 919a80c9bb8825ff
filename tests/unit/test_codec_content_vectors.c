/* Every vector of coalesced.json, tlk.json and dds.json: what the writers write is these bytes, what the readers read
 * is this content, and damaged files are refused with a sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "codec/chunk.h"
#include "codec/coalesced.h"
#include "codec/little.h"
#include "codec/dds.h"
#include "codec/little.h"
#include "codec/tlk.h"

/* ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const cJSON *get(const cJSON *o, const char *key) { return cJSON_GetObjectItemCaseSensitive(o, key); }
static const cJSON *at(const cJSON *o, int i) { return cJSON_GetArrayItem(o, i); }

static const char *text_of(const cJSON *o, const char *key) {
    const char *s = cJSON_GetStringValue(get(o, key));
    if (!s) fail_msg("%s is missing", key);
    return s;
}

static bytes view(const char *s) { return (bytes){(const uint8_t *)s, strlen(s)}; }

static void put_hex(buf *b, const char *hex) {
    for (; hex[0] && hex[1]; hex += 2) {
        char byte[3] = {hex[0], hex[1], 0};
        buf_u8(b, (uint8_t)strtoul(byte, NULL, 16));
    }
}

static buf hex_of(const cJSON *v, const char *key) {
    buf b = {0};
    put_hex(&b, text_of(v, key));
    assert_false(b.failed);
    return b;
}

static cJSON *load(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buf b = {0};
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;) buf_put(&b, piece, n);
    fclose(file);
    buf_u8(&b, 0);
    cJSON *root = cJSON_Parse((char *)b.p);
    buf_free(&b);
    assert_non_null(root);
    return root;
}

static void same_bytes(const char *name, bytes got, bytes wanted) {
    if (got.n == wanted.n && (got.n == 0 || memcmp(got.p, wanted.p, got.n) == 0)) return;
    size_t i = 0;
    while (i < got.n && i < wanted.n && got.p[i] == wanted.p[i]) i++;
    fail_msg("%s: %zu bytes, expected %zu; they differ from byte %zu on", name, got.n, wanted.n, i);
}

/* ── coalesced ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void fill_level(coalesced *c, coalesced_node *parent, const cJSON *list, int level) {
    const cJSON *entry, *value;
    cJSON_ArrayForEach(entry, list) {
        coalesced_node *n = coalesced_child(c, parent, view(at(entry, 0)->valuestring), true);
        assert_non_null(n);
        if (level < 2) {
            fill_level(c, n, at(entry, 1), level + 1);
            continue;
        }
        cJSON_ArrayForEach(value, at(entry, 1)) {
            const char *text = cJSON_GetStringValue(at(value, 1));
            assert_int_equal(coalesced_add(c, n, (unsigned)at(value, 0)->valueint, view(text ? text : ""), NULL), 0);
        }
    }
}

static void same_level(const char *name, const coalesced_node *parent, const cJSON *list, int level) {
    const cJSON *entry = list->child;
    for (const coalesced_node *n = parent->first; n; n = n->next, entry = entry->next) {
        if (!entry) fail_msg("%s: there is more than expected: %s", name, (const char *)n->name.p);
        assert_string_equal((const char *)n->name.p, at(entry, 0)->valuestring);
        if (level < 2) {
            same_level(name, n, at(entry, 1), level + 1);
            continue;
        }
        const cJSON *value = at(entry, 1)->child;
        for (const coalesced_value *v = n->values; v; v = v->next, value = value->next) {
            assert_non_null(value);
            assert_int_equal(v->type, at(value, 0)->valueint);
            const char *text = cJSON_GetStringValue(at(value, 1));
            if (v->type == COALESCED_RESET) continue;
            assert_string_equal((const char *)v->text.p, text ? text : "");
        }
        assert_null(value);
    }
    if (entry) fail_msg("%s: '%s' is missing", name, at(entry, 0)->valuestring);
}

static void reads_as(const cJSON *v, bytes file) {
    coalesced c;
    fault f = {0};
    coalesced_init(&c);
    if (coalesced_read(&c, file, &f) < 0) fail_msg("%s: %s", text_of(v, "name"), f.text);
    same_level(text_of(v, "name"), &c.root, get(get(v, "decoded"), "files"), 0);
    coalesced_free(&c);
}

static void encode_coalesced(const cJSON *v) {
    coalesced c;
    fault f = {0};
    buf out = {0}, wanted = hex_of(v, "hex");
    coalesced_init(&c);
    fill_level(&c, &c.root, get(get(v, "input"), "files"), 0);
    if (coalesced_write(&c, &out, &f) < 0) fail_msg("%s: %s", text_of(v, "name"), f.text);
    same_bytes(text_of(v, "name"), buf_bytes(&out), buf_bytes(&wanted));
    coalesced_free(&c);
    reads_as(v, buf_bytes(&wanted));
    buf_free(&out);
    buf_free(&wanted);
}

static void decode_coalesced(const cJSON *v) {
    buf file = hex_of(v, "hex");
    reads_as(v, buf_bytes(&file));
    buf_free(&file);
}

static void refuse_coalesced(const cJSON *v) {
    coalesced c;
    fault f = {0};
    buf file = hex_of(v, "hex");
    coalesced_init(&c);
    int code = coalesced_read(&c, buf_bytes(&file), &f);
    if (code >= 0 || !f.text[0]) fail_msg("%s: it was read", text_of(v, "name"));
    assert_int_equal(f.code, code);
    coalesced_free(&c);
    buf_free(&file);
}

static void check_hash(const cJSON *v) {
    char text[9];
    snprintf(text, sizeof text, "%08X", coalesced_hash(view(at(v, 0)->valuestring)));
    assert_string_equal(text, at(v, 1)->valuestring);
}

/* The packed bytes may differ between builds of zlib; what they unpack to, and the header, may not. */
static void check_container(const cJSON *v) {
    buf plain = hex_of(v, "raw_hex"), wanted = hex_of(v, "nibc_hex_zlib6"), packed = {0}, again = {0}, theirs = {0};
    assert_int_equal(nibc_pack(buf_bytes(&plain), &packed, NULL), 0);
    assert_memory_equal(packed.p, wanted.p, 8);
    assert_memory_equal(packed.p + 12, wanted.p + 12, 4);
    assert_int_equal(little_u32(packed.p + 8), packed.n - 16);
    assert_int_equal(nibc_unpack(buf_bytes(&packed), &again, NULL), 0);
    assert_int_equal(nibc_unpack(buf_bytes(&wanted), &theirs, NULL), 0);
    same_bytes(text_of(v, "name"), buf_bytes(&again), buf_bytes(&plain));
    same_bytes(text_of(v, "name"), buf_bytes(&theirs), buf_bytes(&plain));
    buf_free(&plain), buf_free(&wanted), buf_free(&packed), buf_free(&again), buf_free(&theirs);
}

static void refuse_container(const cJSON *v) {
    fault f = {0};
    buf file = hex_of(v, "hex"), out = {0};
    if (nibc_unpack(buf_bytes(&file), &out, &f) >= 0) fail_msg("%s: it was unpacked", text_of(v, "name"));
    assert_true(f.text[0]);
    buf_free(&file), buf_free(&out);
}

typedef struct pairs {
    const cJSON *next;
    buf joined;
} pairs;

static void take_pair(void *ctx, const char *key, bytes value) {
    pairs *p = ctx;
    assert_non_null(p->next);
    assert_string_equal(key, at(p->next, 0)->valuestring);
    same_bytes(key, value, view(at(p->next, 1)->valuestring));
    p->next = p->next->next;
}

static void check_map(const cJSON *v) {
    buf plain = hex_of(v, "input_hex"), text = {0}, again = {0};
    pairs p = {.next = get(v, "map")->child};
    assert_int_equal(chunk_text(buf_bytes(&plain), &text, NULL), 0);
    chunk_each(buf_bytes(&text), (uint32_t)get(v, "chunk_size")->valueint, take_pair, &p);
    assert_null(p.next);
    assert_int_equal(chunk_bytes(buf_bytes(&text), &again, NULL), 0);
    same_bytes(text_of(v, "name"), buf_bytes(&again), buf_bytes(&plain));
    buf_free(&plain), buf_free(&text), buf_free(&again);
}

static int each(const cJSON *root, const char *key, void (*check)(const cJSON *v)) {
    const cJSON *v;
    int n = 0;
    cJSON_ArrayForEach(v, get(root, key)) check(v), n++;
    return n;
}

/* As many as the file holds, whatever the lists are called. */
static int held(const cJSON *root) {
    int n = 0;
    const cJSON *list;
    cJSON_ArrayForEach(list, root) {
        if (cJSON_IsArray(list)) n += cJSON_GetArraySize(list);
    }
    return n;
}

static void report(const char *file, int n, const cJSON *root) {
    print_message("%s: %d of %d vectors\n", file, n, held(root));
    assert_int_equal(n, held(root));
}

static void every_coalesced_vector(void **state) {
    cJSON *root = load(TEST_DIR "/vectors/coalesced.json");
    int n = each(root, "crc32", check_hash) + each(root, "encode", encode_coalesced) +
            each(root, "decode_only", decode_coalesced) + each(root, "invalid", refuse_coalesced) +
            each(root, "nibc", check_container) + each(root, "nibc_invalid", refuse_container) +
            each(root, "chunk_map", check_map);
    report("coalesced.json", n, root);
    assert_int_equal(n, 46);
    cJSON_Delete(root);
}

/* ── talk tables ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put_table(tlk *t, const cJSON *list, bool female) {
    const cJSON *v;
    cJSON_ArrayForEach(v, list) assert_int_equal(
        tlk_put(t, female, (uint32_t)at(v, 0)->valuedouble, view(at(v, 1)->valuestring), NULL, 0, NULL), 0);
}

static void same_table(const tlk *t, const cJSON *list, bool female) {
    const cJSON *v = list->child;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->entries[i].female != female) continue;
        assert_non_null(v);
        assert_int_equal(t->entries[i].id, (uint32_t)at(v, 0)->valuedouble);
        assert_string_equal((const char *)t->entries[i].text.p, at(v, 1)->valuestring);
        v = v->next;
    }
    assert_null(v);
}

static void decode_tlk(const cJSON *v) {
    tlk t;
    fault f = {0};
    buf file = hex_of(v, "hex");
    tlk_init(&t);
    if (tlk_read(&t, buf_bytes(&file), &f) < 0) fail_msg("%s: %s", text_of(v, "name"), f.text);
    same_table(&t, get(get(v, "decoded"), "male"), false);
    same_table(&t, get(get(v, "decoded"), "female"), true);
    tlk_free(&t);
    buf_free(&file);
}

static void encode_tlk(const cJSON *v) {
    tlk t;
    fault f = {0};
    buf out = {0}, wanted = hex_of(v, "hex");
    tlk_init(&t);
    put_table(&t, get(v, "male"), false);
    put_table(&t, get(v, "female"), true);
    assert_int_equal(tlk_settle(&t, &f), 0);
    if (tlk_write(&t, &out, &f) < 0) fail_msg("%s: %s", text_of(v, "name"), f.text);
    same_bytes(text_of(v, "name"), buf_bytes(&out), buf_bytes(&wanted));
    tlk_free(&t);
    buf_free(&out), buf_free(&wanted);
    decode_tlk(v);
}

static void refuse_tlk(const cJSON *v) {
    tlk t;
    fault f = {0};
    buf file = hex_of(v, "hex");
    tlk_init(&t);
    if (tlk_read(&t, buf_bytes(&file), &f) >= 0 || !f.text[0]) fail_msg("%s: it was read", text_of(v, "name"));
    tlk_free(&t);
    buf_free(&file);
}

static void every_tlk_vector(void **state) {
    cJSON *root = load(TEST_DIR "/vectors/tlk.json");
    int n =
        each(root, "encode", encode_tlk) + each(root, "decode_only", decode_tlk) + each(root, "invalid", refuse_tlk);
    report("tlk.json", n, root);
    assert_int_equal(n, 19);
    cJSON_Delete(root);
}

/* ── images ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static dds_image image_of(const cJSON *v) {
    const char *name = text_of(v, "format");
    dds_image i = {.width = (uint32_t)get(v, "width")->valueint, .height = (uint32_t)get(v, "height")->valueint};
    for (i.format = DDS_DXT1; strcmp(dds_format_name(i.format), name) != 0; i.format++)
        assert_true(i.format <= DDS_ARGB);
    const cJSON *linear = get(v, "linear_size_field");
    i.linear_size = linear ? cJSON_IsTrue(linear) : i.format != DDS_ARGB;
    return i;
}

static void reads_back(bytes file, const dds_image *wanted) {
    dds_image got;
    fault f = {0};
    if (dds_read(file, &got, &f) < 0) fail_msg("%s", f.text);
    assert_int_equal(got.width, wanted->width);
    assert_int_equal(got.height, wanted->height);
    assert_int_equal(got.format, wanted->format);
}

static void check_head(const cJSON *v) {
    dds_image i = image_of(v);
    buf out = {0}, wanted = hex_of(v, "header_hex");
    assert_int_equal(dds_head(&i, &out, NULL), 0);
    same_bytes(text_of(v, "kind"), buf_bytes(&out), buf_bytes(&wanted));
    assert_int_equal(DDS_HEADER + dds_data_size(&i), get(v, "file_size")->valueint);
    buf_free(&out), buf_free(&wanted);
}

static dds_colour chequered(void *ctx, uint32_t x, uint32_t y) {
    return (x + y) % 2 ? (dds_colour){0, 32, 96, 128} : (dds_colour){255, 128, 0, 255};
}

static void check_small(const cJSON *v) {
    dds_image i = image_of(v);
    buf out = {0}, wanted = hex_of(v, "hex");
    assert_int_equal(dds_fill(&i, chequered, NULL, &out, NULL), 0);
    same_bytes(dds_format_name(i.format), buf_bytes(&out), buf_bytes(&wanted));
    reads_back(buf_bytes(&out), &i);
    buf_free(&out), buf_free(&wanted);
}

static dds_colour graded(void *ctx, uint32_t x, uint32_t y) {
    uint32_t rows = *(uint32_t *)ctx;
    uint8_t t = (uint8_t)(y * 255 / (rows - 1));
    return (dds_colour){t, 64, (uint8_t)(255 - t), 255};
}

/* SHA-256 of what is written, by a program that is not ours. */
static void check_sum(const cJSON *v) {
    dds_image i = image_of(v);
    uint32_t rows = i.height / 4;
    buf out = {0};
    assert_int_equal(dds_fill(&i, graded, &rows, &out, NULL), 0);
    char path[] = "/tmp/mu-dds-XXXXXX", command[64], sum[65] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_int_equal(fwrite(out.p, 1, out.n, file), out.n);
    fclose(file);
    snprintf(command, sizeof command, "sha256sum %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(sum, 1, 64, pipe), 64);
    pclose(pipe);
    remove(path);
    assert_string_equal(sum, text_of(v, "sha256"));
    reads_back(buf_bytes(&out), &i);
    buf_free(&out);
}

static void every_dds_vector(void **state) {
    cJSON *root = load(TEST_DIR "/vectors/dds.json");
    int n = each(root, "headers", check_head) + each(root, "small", check_small) + each(root, "sha256", check_sum);
    report("dds.json", n, root);
    assert_int_equal(n, 10);
    cJSON_Delete(root);
}

/* One list of sections, one of properties, and every entry points to the same next one: 65535 × 65535 of them. */
static void lists_that_point_to_one_again_and_again(void **state) {
    coalesced c;
    fault f = {0};
    buf file = {0}, index = {0};
    for (uint32_t level = 0; level < 3; level++) {
        little_put_u16(&index, 0xffff);
        for (uint32_t i = 0; i < 0xffff; i++) {
            little_put_u16(&index, 0);
            little_put_u32(&index, 2 + 6 * 0xffff); /* the list behind this one */
        }
    }
    little_put_u16(&index, 0);
    const uint32_t header[] = {0x666d726d, 1, 1, 0, 8 + 8 + 3, 10, (uint32_t)index.n, 0};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) little_put_u32(&file, header[i]);
    little_put_u32(&file, 8 + 8 + 3), little_put_u32(&file, 1);
    little_put_u32(&file, coalesced_hash((bytes){(const uint8_t *)"a", 1})), little_put_u32(&file, 8);
    buf_put(&file, "\1\0a", 3);
    little_put_u16(&file, 1), little_put_u32(&file, (uint32_t)-1), little_put_u32(&file, (uint32_t)-1);
    buf_put(&file, index.p, index.n);
    little_put_u32(&file, 0);
    coalesced_init(&c);
    assert_int_equal(coalesced_read(&c, buf_bytes(&file), &f), E_LIMIT);
    assert_non_null(strstr(f.text, "entries in all"));
    coalesced_free(&c);
    buf_free(&file), buf_free(&index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coalesced_vector),
        cmocka_unit_test(lists_that_point_to_one_again_and_again),
        cmocka_unit_test(every_tlk_vector),
        cmocka_unit_test(every_dds_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
