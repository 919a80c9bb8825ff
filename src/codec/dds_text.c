/* dds_text.c: placeholders: a few words in letters of 5 × 7 blocks, so that an operator sees which picture is missing.
 */
#include <ctype.h>
#include <string.h>

#include "codec/dds.h"

#define LETTER_WIDTH  5u
#define LETTER_HEIGHT 7u
#define LINE_MAX      48u

/* Rows from the top, five bits each, the left one highest. A space for what is not here. */
static const struct {
    char letter;
    uint8_t rows[LETTER_HEIGHT];
} font[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},      {'2', {14, 17, 1, 6, 8, 16, 31}},
    {'3', {30, 1, 1, 14, 1, 1, 30}},     {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 8, 8, 8}},       {'8', {14, 17, 17, 14, 17, 17, 14}},
    {'9', {14, 17, 17, 15, 1, 2, 12}},   {'A', {14, 17, 17, 31, 17, 17, 17}}, {'B', {30, 17, 17, 30, 17, 17, 30}},
    {'C', {14, 17, 16, 16, 16, 17, 14}}, {'D', {30, 17, 17, 17, 17, 17, 30}}, {'E', {31, 16, 16, 30, 16, 16, 31}},
    {'F', {31, 16, 16, 30, 16, 16, 16}}, {'G', {14, 17, 16, 23, 17, 17, 15}}, {'H', {17, 17, 17, 31, 17, 17, 17}},
    {'I', {14, 4, 4, 4, 4, 4, 14}},      {'J', {7, 2, 2, 2, 2, 18, 12}},      {'K', {17, 18, 20, 24, 20, 18, 17}},
    {'L', {16, 16, 16, 16, 16, 16, 31}}, {'M', {17, 27, 21, 21, 17, 17, 17}}, {'N', {17, 25, 21, 19, 17, 17, 17}},
    {'O', {14, 17, 17, 17, 17, 17, 14}}, {'P', {30, 17, 17, 30, 16, 16, 16}}, {'Q', {14, 17, 17, 17, 21, 18, 13}},
    {'R', {30, 17, 17, 30, 20, 18, 17}}, {'S', {15, 16, 16, 14, 1, 1, 30}},   {'T', {31, 4, 4, 4, 4, 4, 4}},
    {'U', {17, 17, 17, 17, 17, 17, 14}}, {'V', {17, 17, 17, 17, 17, 10, 4}},  {'W', {17, 17, 17, 21, 21, 27, 17}},
    {'X', {17, 17, 10, 4, 10, 17, 17}},  {'Y', {17, 17, 10, 4, 4, 4, 4}},     {'Z', {31, 1, 2, 4, 8, 16, 31}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},      {'-', {0, 0, 0, 31, 0, 0, 0}},       {'_', {0, 0, 0, 0, 0, 0, 31}},
    {'!', {4, 4, 4, 4, 4, 0, 4}},        {':', {0, 12, 12, 0, 12, 12, 0}},    {'/', {1, 1, 2, 4, 8, 16, 16}},
};

typedef struct board {
    const char *text;
    size_t length;
    uint32_t per_line, lines; /* letters; lines of them */
    uint32_t scale;           /* blocks of one dot */
    uint32_t left, top;       /* blocks */
    uint32_t columns, rows;
    dds_colour ground;
} board;

static bool dot_at(char letter, uint32_t x, uint32_t y) {
    for (size_t i = 0; i < sizeof font / sizeof *font; i++)
        if (font[i].letter == toupper((unsigned char)letter)) return font[i].rows[y] >> (LETTER_WIDTH - 1 - x) & 1;
    return false;
}

static dds_colour colour_at(void *ctx, uint32_t x, uint32_t y) {
    const board *b = ctx;
    bool edge = x == 0 || y == 0 || x + 1 == b->columns || y + 1 == b->rows;
    dds_colour ink = {235, 240, 245, 255};
    if (edge) return ink;
    if (x < b->left || y < b->top) return b->ground;
    uint32_t dot_x = (x - b->left) / b->scale, dot_y = (y - b->top) / b->scale;
    uint32_t column = dot_x / (LETTER_WIDTH + 1), row = dot_y / (LETTER_HEIGHT + 1);
    dot_x %= LETTER_WIDTH + 1, dot_y %= LETTER_HEIGHT + 1;
    size_t i = (size_t)row * b->per_line + column;
    if (column >= b->per_line || i >= b->length || dot_x >= LETTER_WIDTH || dot_y >= LETTER_HEIGHT) return b->ground;
    return dot_at(b->text[i], dot_x, dot_y) ? ink : b->ground;
}

/* The largest letters with which the whole text fits. */
static void lay_out(board *b) {
    for (b->scale = 8; b->scale > 1; b->scale--) {
        uint32_t wide = b->columns / (b->scale * (LETTER_WIDTH + 1)), high = b->rows / (b->scale * (LETTER_HEIGHT + 1));
        if ((size_t)wide * high >= b->length && (wide >= b->length || b->scale <= 3)) break;
    }
    uint32_t wide = b->columns / (b->scale * (LETTER_WIDTH + 1));
    b->per_line = wide ? wide : 1;
    if (b->per_line > b->length) b->per_line = b->length ? (uint32_t)b->length : 1;
    b->lines = b->length ? (uint32_t)((b->length - 1) / b->per_line + 1) : 1;
    uint32_t width = b->per_line * (LETTER_WIDTH + 1) * b->scale, height = b->lines * (LETTER_HEIGHT + 1) * b->scale;
    b->left = width < b->columns ? (b->columns - width + b->scale) / 2 : 0;
    b->top = height < b->rows ? (b->rows - height + b->scale) / 2 : 0;
}

int dds_text(const dds_image *i, const char *text, buf *out, fault *f) {
    board b = {.text = text, .length = strnlen(text, LINE_MAX), .columns = i->width / 4, .rows = i->height / 4};
    uint32_t hash = 2166136261u;
    for (size_t k = 0; k < b.length; k++) hash = (hash ^ (uint8_t)text[k]) * 16777619u;
    b.ground = (dds_colour){(uint8_t)(16 + (hash & 63)), (uint8_t)(16 + (hash >> 8 & 63)),
                            (uint8_t)(40 + (hash >> 16 & 63)), 255};
    lay_out(&b);
    return dds_fill(i, colour_at, &b, out, f);
}
