/* Texts that people edit: INI, JSON, talk tables, values of the game. What can be read is written so that it is read
 * again.
 */
#include <stdlib.h>
#include <string.h>

#include "content/ini.h"
#include "content/interchange.h"
#include "content/literal.h"
#include "content/talk.h"

static void same(const buf *a, const buf *b) {
    if (a->n != b->n || (a->n && memcmp(a->p, b->p, a->n) != 0)) abort();
}

static void try_ini(bytes in) {
    coalesced first, second;
    buf once = {0}, twice = {0}, text = {0};
    coalesced_init(&first);
    coalesced_init(&second);
    if (ini_read(&first, "first.ini", in, NULL) == 0) {
        int code = 0;
        for (const coalesced_node *n = first.root.first; code == 0 && n; n = n->next) code = ini_write(n, &text, NULL);
        if (code == 0) {
            if (ini_read(&second, "second.ini", buf_bytes(&text), NULL) < 0) abort();
            int a = coalesced_write(&first, &once, NULL), b = coalesced_write(&second, &twice, NULL);
            if (a != b) abort();
            if (a == 0) same(&once, &twice);
        }
    }
    coalesced_free(&first);
    coalesced_free(&second);
    buf_free(&once), buf_free(&twice), buf_free(&text);
}

static void try_json(bytes in) {
    coalesced first, second;
    buf once = {0}, twice = {0}, text = {0};
    coalesced_init(&first);
    coalesced_init(&second);
    if (interchange_read(&first, in, NULL) == 0) {
        if (interchange_write(&first, &text, NULL) < 0) abort();
        if (interchange_read(&second, buf_bytes(&text), NULL) < 0) abort();
        int a = coalesced_write(&first, &once, NULL), b = coalesced_write(&second, &twice, NULL);
        if (a != b) abort();
        if (a == 0) same(&once, &twice);
    }
    coalesced_free(&first);
    coalesced_free(&second);
    buf_free(&once), buf_free(&twice), buf_free(&text);
}

static void try_talk(bytes in) {
    tlk first, second;
    buf once = {0}, twice = {0};
    tlk_init(&first);
    tlk_init(&second);
    if (talk_read(&first, "first.txt", in, NULL) == 0) {
        if (tlk_settle(&first, NULL) < 0 || talk_write(&first, &once, NULL) < 0) abort();
        if (talk_read(&second, "second.txt", buf_bytes(&once), NULL) < 0 || tlk_settle(&second, NULL) < 0) abort();
        if (talk_write(&second, &twice, NULL) < 0) abort();
        same(&once, &twice);
    }
    tlk_free(&first);
    tlk_free(&second);
    buf_free(&once), buf_free(&twice);
}

static void try_literal(bytes in) {
    arena a;
    buf once = {0}, twice = {0};
    arena_init(&a, 1 << 22);
    literal *l = literal_parse(&a, in, NULL);
    if (l) {
        literal_print(l, &once);
        literal *again = literal_parse(&a, buf_bytes(&once), NULL);
        if (again) {
            literal_print(again, &twice);
            same(&once, &twice);
        }
    }
    arena_free(&a);
    buf_free(&once), buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, size};
    try_ini(in);
    try_json(in);
    try_talk(in);
    try_literal(in);
    return 0;
}
