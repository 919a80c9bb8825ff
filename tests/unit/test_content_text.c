/* Editable texts and what they become: INI, talk tables, values, changes of scripts, pictures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "content/change.h"
#include "content/image.h"
#include "content/ini.h"
#include "content/literal.h"
#include "content/talk.h"

static bytes view(const char *s) { return (bytes){(const uint8_t *)s, strlen(s)}; }

static const char *text_of(buf *b) {
    buf_u8(b, 0);
    assert_false(b->failed);
    return (const char *)b->p;
}

/* ── INI ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char ini[] = "@file ..\\..\\biogame\\config\\biogame.ini\n"
                          "\n"
                          "[sfxgame.store]\n"
                          "price=5\n"
                          "!packs\n"
                          "+packs=(PackName=\"bronze\",CreditCost=5000)\n"
                          ".packs=(PackName=\"silver\",CreditCost=20000)\n"
                          "-packs=(PackName=\"gold\")\n"
                          "names[3]=  blanks and\ttabs \n"
                          "note:=two\\nlines, one \\\\\n"
                          "empty=\n";

static void an_ini_text_is_read_and_written_the_same(void **state) {
    coalesced c;
    fault f = {0};
    buf out = {0};
    coalesced_init(&c);
    if (ini_read(&c, "biogame.ini", view(ini), &f) < 0) fail_msg("%s", f.text);
    coalesced_node *section = c.root.first->first, *packs = coalesced_child(&c, section, view("PACKS"), false);
    assert_int_equal(packs->count, 4);
    assert_int_equal(packs->values->type, COALESCED_RESET);
    assert_int_equal(packs->last_value->type, COALESCED_REMOVE);
    assert_int_equal(packs->line, 8);
    assert_string_equal(packs->origin, "biogame.ini");
    assert_string_equal((const char *)coalesced_child(&c, section, view("note"), false)->values->text.p,
                        "two\nlines, one \\");
    assert_int_equal(ini_write(c.root.first, &out, &f), 0);
    assert_string_equal(text_of(&out), ini);
    coalesced_free(&c);
    buf_free(&out);
}

static void a_later_text_replaces_properties_whole(void **state) {
    coalesced c;
    coalesced_init(&c);
    assert_int_equal(ini_read(&c, "a.ini", view("[s]\n+p=1\n+p=2\nq=3\n"), NULL), 0);
    assert_int_equal(ini_read(&c, "b.ini", view("@file ..\\..\\biogame\\config\\a.ini\r\n[S]\r\n+P=4\r\n"), NULL), 0);
    coalesced_node *s = c.root.first->first;
    assert_null(c.root.first->next);
    assert_int_equal(coalesced_child(&c, s, view("p"), false)->count, 1);
    assert_string_equal((const char *)coalesced_child(&c, s, view("p"), false)->values->text.p, "4");
    assert_string_equal((const char *)coalesced_child(&c, s, view("q"), false)->values->text.p, "3");
    coalesced_free(&c);
}

static void ini_fails(const char *text, const char *expected) {
    coalesced c;
    fault f = {0};
    coalesced_init(&c);
    int code = ini_read(&c, "game/bini/x.ini", view(text), &f);
    if (code >= 0 || !strstr(f.text, expected)) fail_msg("'%s' gave '%s', expected '%s'", text, f.text, expected);
    coalesced_free(&c);
}

static void mistakes_in_an_ini_text_are_named_with_their_line(void **state) {
    ini_fails("p=1\n", "game/bini/x.ini:1: expected [section] before the first value");
    ini_fails("[s]\n\n; note\nwhat is this\n", "game/bini/x.ini:4: expected name=value");
    ini_fails("[s\n", "x.ini:1: expected ']'");
    ini_fails("[s]\n=5\n", "x.ini:2: expected a name before '='");
    ini_fails("[s]\n!p=5\n", "x.ini:2: expected only a name after '!'");
    ini_fails("[s]\np:=a\\qb\n", "x.ini:2: after ':='");
    ini_fails("@file\n[s]\n", "x.ini:1: expected a path");
}

/* ── talk tables ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void a_talk_text_is_read_and_written_the_same(void **state) {
    static const char text[] = "5 = five\n900000 = two\\nlines\nfemale 5 = fünf\n";
    tlk t;
    fault f = {0};
    buf out = {0};
    tlk_init(&t);
    if (talk_read(&t, "de.txt", view(text), &f) < 0) fail_msg("%s", f.text);
    tlk_settle(&t, NULL);
    assert_string_equal((const char *)tlk_find(&t, false, 900000)->text.p, "two\nlines");
    assert_int_equal(talk_write(&t, &out, &f), 0);
    assert_string_equal(text_of(&out), text);
    assert_int_equal(talk_complete(&t, "de", &f), 0);
    assert_string_equal((const char *)tlk_find(&t, false, TLK_ID_LOCALE)->text.p, "de-de");
    assert_string_equal((const char *)tlk_find(&t, true, TLK_ID_GENDER)->text.p, "Female");
    assert_int_equal(t.count, 7);
    tlk_free(&t);
    buf_free(&out);
}

static void talk_fails(const char *text, const char *expected) {
    tlk t;
    fault f = {0};
    tlk_init(&t);
    int code = talk_read(&t, "tlk/en.txt", view(text), &f);
    if (code >= 0 || !strstr(f.text, expected)) fail_msg("'%s' gave '%s', expected '%s'", text, f.text, expected);
    tlk_free(&t);
}

static void mistakes_in_a_talk_text_are_named_with_their_line(void **state) {
    talk_fails("5 = a\nfive = b\n", "tlk/en.txt:2: expected the number of a text");
    talk_fails("5 a\n", "tlk/en.txt:1: expected '=' after the number 5");
    talk_fails("5 = a\n6 = b\n5 = c\n", "tlk/en.txt:3: the text 5 is in line 1 already");
    talk_fails("5 = \\x\n", "tlk/en.txt:1: expected \\n");
    talk_fails("5000000000 = x\n", "tlk/en.txt:1: expected the number");
}

/* ── values and changes ──────────────────────────────────────────────────────────────────────────────────────────── */

static void a_value_keeps_its_form(void **state) {
    arena a;
    buf out = {0};
    arena_init(&a, 0);
    literal *l = literal_parse(
        &a, view("( Name=\"b (1,2)\", Rarity = Rarity_Common , Pools=((W=1),(W=2)), T[0]=1.f ) ; c"), NULL);
    assert_non_null(l);
    assert_true(literal_is(literal_get(l, view("name")), view("B (1,2)")));
    literal_put(&a, l, view("name"), view("new"), true);
    literal_put(&a, l, view("rarity"), view("Rarity_Rare"), true);
    literal_put(&a, l, view("cost"), view("5"), false);
    literal_print(l, &out);
    assert_string_equal(text_of(&out), "(Name=\"new\",Rarity=Rarity_Rare,Pools=((W=1),(W=2)),T[0]=1.f,cost=5) ; c");
    assert_null(literal_parse(&a, view("(a=1"), NULL));
    assert_null(literal_parse(&a, view("(a=\"1)"), NULL));
    assert_null(literal_parse(&a, view("(((((((((((((((((((1)))))))))))))))))))"), NULL));
    arena_free(&a);
    buf_free(&out);
}

static change_pair *pair(change_list *l, const char *key, const char *value, bool plain) {
    change_pair *p = arena_new(&l->memory, sizeof *p);
    *p = (change_pair){.key = key ? view(key) : (bytes){0}, .value = view(value), .plain = plain};
    return p;
}

static change_step *step(change_list *l, const char *key, change_pair *where, change_step *next) {
    change_step *s = arena_new(&l->memory, sizeof *s);
    *s = (change_step){.key = key ? view(key) : (bytes){0}, .where = where, .next = next};
    return s;
}

static change *say(change_list *l, enum change_op op, const char *property, const char *value) {
    change *c = change_add(l, op, view("biogame"), view("sfxgame.store"), view(property));
    c->origin = "scripts/balance/x.lua";
    c->line = l->count;
    if (value) c->values = pair(l, NULL, value, false);
    return c;
}

static unsigned notes;
static void count_note(void *ctx, const change *c, const char *text) { notes++; }

static void changes_of_scripts_are_merged(void **state) {
    coalesced c;
    buf out = {0};
    fault f = {0};
    change_list *l = change_list_new();
    coalesced_init(&c);
    assert_int_equal(ini_read(&c, "biogame.ini", view(ini), NULL), 0);
    say(l, CHANGE_SET, "price", "7");
    say(l, CHANGE_KEEP, "empty", NULL);
    say(l, CHANGE_KEEP, "note", NULL);
    say(l, CHANGE_KEEP, "names[3]", NULL);
    say(l, CHANGE_REMOVE, "packs", "(PackName=\"silver\",CreditCost=20000)"); /* the base adds it: gone */
    say(l, CHANGE_REMOVE, "packs", "(PackName=\"n7\")");                      /* only the game has it: named */
    say(l, CHANGE_ADD, "packs", "(PackName=\"new\",Pools=((P=\"a\",W=1),(P=\"b\",W=1)))");
    change *edit = say(l, CHANGE_EDIT, "packs", NULL);
    edit->steps = step(l, NULL, pair(l, "packname", "Bronze", true), NULL);
    edit->values = pair(l, "CreditCost", "4000", false);
    edit = say(l, CHANGE_EDIT, "packs", NULL);
    edit->steps = step(l, NULL, pair(l, "PackName", "new", true),
                       step(l, "pools", NULL, step(l, NULL, pair(l, "P", "b", true), NULL)));
    edit->values = pair(l, "W", "99", false);
    edit = say(l, CHANGE_EDIT, "packs", NULL);
    edit->steps = step(l, NULL, pair(l, "PackName", "nobody", true), NULL);
    edit->values = pair(l, "W", "99", false);
    say(l, CHANGE_LIST, "waves", "(A)");
    say(l, CHANGE_SET, "prices", "8"); /* the base has "price" */
    say(l, CHANGE_KEEP, "prices", NULL);
    notes = 0;
    if (change_apply(l, &c, count_note, NULL, &f) < 0) fail_msg("%s", f.text);
    assert_int_equal(notes, 2);
    assert_int_equal(ini_write(c.root.first, &out, NULL), 0);
    assert_string_equal(text_of(&out),
                        "@file ..\\..\\biogame\\config\\biogame.ini\n\n[sfxgame.store]\nprice=7\n!packs\n"
                        "+packs=(PackName=\"bronze\",CreditCost=4000)\n-packs=(PackName=\"gold\")\n"
                        "-packs=(PackName=\"n7\")\n"
                        "+packs=(PackName=\"new\",Pools=((P=\"a\",W=1),(P=\"b\",W=99)))\n"
                        "!waves\n+waves=(A)\n");
    coalesced_node *packs = coalesced_child(&c, c.root.first->first, view("packs"), false);
    assert_int_equal(packs->line, 9); /* the last one that changed something */
    coalesced_free(&c);
    change_list_drop(l);
    buf_free(&out);
}

/* ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static buf png_of(uint32_t width, uint32_t height) {
    uint8_t *rgba = malloc((size_t)width * height * 4);
    png_alloc_size_t n = 0;
    png_image p = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGBA};
    for (uint32_t i = 0; i < width * height; i++) {
        rgba[4 * i] = (uint8_t)(i % width), rgba[4 * i + 1] = (uint8_t)(i / width * 2);
        rgba[4 * i + 2] = 90, rgba[4 * i + 3] = (uint8_t)(255 - i % width);
    }
    buf out = {0};
    png_image_write_to_memory(&p, NULL, &n, 0, rgba, 0, NULL);
    assert_true(buf_reserve(&out, n));
    assert_true(png_image_write_to_memory(&p, out.p, &n, 0, rgba, 0, NULL));
    out.n = n;
    free(rgba);
    return out;
}

/* The colour of one pixel of a DXT5 image. */
static void pixel(const uint8_t *data, uint32_t width, uint32_t x, uint32_t y, int out[4]) {
    const uint8_t *b = data + ((size_t)(y / 4) * (width / 4) + x / 4) * 16;
    unsigned i = (y % 4) * 4 + x % 4;
    uint64_t bits = 0;
    for (int k = 7; k >= 2; k--) bits = bits << 8 | b[k];
    unsigned step = bits >> (3 * i) & 7;
    out[3] = step == 0 ? b[0] : step == 1 ? b[1] : (b[0] * (8 - (int)step) + b[1] * ((int)step - 1)) / 7;
    unsigned c[2] = {b[8] | (unsigned)b[9] << 8, b[10] | (unsigned)b[11] << 8};
    unsigned index = b[12 + i / 4] >> (2 * (i % 4)) & 3;
    for (int k = 0; k < 3; k++) {
        int v[2];
        for (int e = 0; e < 2; e++)
            v[e] = k == 1 ? (int)((c[e] >> 5 & 63) * 255 / 63) : (int)((c[e] >> (k ? 0 : 11) & 31) * 255 / 31);
        out[k] = index == 0 ? v[0] : index == 1 ? v[1] : index == 2 ? (2 * v[0] + v[1]) / 3 : (v[0] + 2 * v[1]) / 3;
    }
}

static void a_png_becomes_an_image_of_the_game(void **state) {
    buf png = png_of(128, 64), other = png_of(64, 64), out = {0};
    dds_image i;
    fault f = {0};
    if (image_pack(buf_bytes(&png), &out, &f) < 0) fail_msg("%s", f.text);
    assert_int_equal(dds_read(buf_bytes(&out), &i, &f), 0);
    assert_int_equal(i.width, 128);
    assert_int_equal(i.format, DDS_DXT5);
    assert_true(image_is_ours(&i) && image_is_of(&i, buf_bytes(&png)) && !image_is_of(&i, buf_bytes(&other)));
    for (uint32_t y = 0; y < 64; y += 5)
        for (uint32_t x = 0; x < 128; x += 3) {
            int got[4], wanted[4] = {(int)x, (int)y * 2, 90, 255 - (int)x};
            pixel(out.p + DDS_HEADER, 128, x, y, got);
            for (int k = 0; k < 4; k++)
                if (abs(got[k] - wanted[k]) > 9) fail_msg("%u,%u part %d: %d, expected %d", x, y, k, got[k], wanted[k]);
        }
    buf_free(&png), buf_free(&other), buf_free(&out);
}

static void pictures_that_the_game_would_not_show_are_refused(void **state) {
    buf odd = png_of(130, 64), large = png_of(2048, 1024), out = {0};
    fault f = {0};
    assert_int_equal(image_pack(buf_bytes(&odd), &out, &f), E_PROTOCOL);
    assert_non_null(strstr(f.text, "multiples of 4"));
    assert_int_equal(image_pack(buf_bytes(&large), &out, &f), E_PROTOCOL);
    assert_non_null(strstr(f.text, "1 MiB"));
    large.n = large.n * 3 / 4;
    assert_int_equal(image_pack(view("GIF89a"), &out, &f), E_PROTOCOL);
    buf half = png_of(128, 64);
    half.n /= 2;
    assert_int_equal(image_pack(buf_bytes(&half), &out, &f), E_PROTOCOL);
    assert_int_equal(out.n, 0);
    buf_free(&odd), buf_free(&large), buf_free(&out), buf_free(&half);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ini_text_is_read_and_written_the_same),
        cmocka_unit_test(a_later_text_replaces_properties_whole),
        cmocka_unit_test(mistakes_in_an_ini_text_are_named_with_their_line),
        cmocka_unit_test(a_talk_text_is_read_and_written_the_same),
        cmocka_unit_test(mistakes_in_a_talk_text_are_named_with_their_line),
        cmocka_unit_test(a_value_keeps_its_form),
        cmocka_unit_test(changes_of_scripts_are_merged),
        cmocka_unit_test(a_png_becomes_an_image_of_the_game),
        cmocka_unit_test(pictures_that_the_game_would_not_show_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
