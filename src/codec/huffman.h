/* huffman.h: the texts of the game's two content formats, coalesced and TLK (reference 06 §2.5, 2.8, 2.9, 4.3).
 *
 * Both keep every text as codes of one binary tree in one stream of bits, lowest bit of a byte first, each text ended
 * by the code of NUL. A symbol is a UTF-16 unit; here texts are UTF-8 (a lone half of a pair is written like a letter
 * of its own, so that whatever a file holds survives a reading and a writing).
 *
 * Writing:
 *     huffman *h = huffman_new();
 *     huffman_add(h, text, &number, &f);          each text once; the same text has the same number
 *     huffman_build(h, &f);
 *     … huffman_start(h, number) … h->nodes, h->data, h->total_bits …
 *     huffman_free(h);
 *
 * The result depends on the texts and their order alone: leaves by ascending symbol, a heap on (weight, sequence).
 *
 * Reading: a tree of any order, a text from any bit, never past the end and never for ever. */
#ifndef CODEC_HUFFMAN_H
#define CODEC_HUFFMAN_H

#include "base/bytes.h"
#include "base/fault.h"

#define HUFFMAN_TEXT_MAX 65535u     /* symbols of one text */
#define HUFFMAN_BITS_MAX (1u << 29) /* of one file; an offset has 29 bits */
#define HUFFMAN_WORK_MAX (1u << 27) /* bits walked while one file is read */

typedef struct huffman_node {
    int32_t child[2]; /* by bit; < 0: the symbol -1 - child, else the number of a node */
} huffman_node;

typedef struct huffman_text {
    uint32_t unit, units; /* where its symbols are, NUL not counted */
    uint32_t bit;         /* where its code begins, once built */
    uint64_t hash;
} huffman_text;

typedef struct huffman {
    huffman_node *nodes; /* in order of creation; the last one is the root */
    uint32_t node_count;
    buf data;
    uint32_t total_bits;
    uint32_t longest; /* symbols of the longest text */
    /* its own */
    buf units; /* uint16_t, every text followed by a 0 */
    huffman_text *texts;
    uint32_t text_count, text_room;
    uint32_t *buckets, bucket_count; /* number of a text + 1 by hash */
} huffman;

huffman *huffman_new(void); /* NULL when out of memory */

/* Takes a text in. E_LIMIT past HUFFMAN_TEXT_MAX, E_EMBEDDED_NUL, E_PROTOCOL for what is no UTF-8, E_MEMORY. */
int huffman_add(huffman *h, bytes text, uint32_t *number, fault *f);
int huffman_build(huffman *h, fault *f); /* tree and bits; E_LIMIT past HUFFMAN_BITS_MAX, E_MEMORY */
static inline uint32_t huffman_start(const huffman *h, uint32_t number) { return h->texts[number].bit; }
void huffman_free(huffman *h); /* NULL is fine */

typedef struct huffman_reader {
    bytes nodes; /* count × two i32, little-endian */
    uint32_t count, root;
    bytes data;
    uint64_t total_bits; /* ≤ 8 × data.n */
    uint64_t walked;     /* so far */
} huffman_reader;

/* Every child is a symbol or a node, and there is a node. E_PROTOCOL. */
int huffman_check(const huffman_reader *r, fault *f);

/* Appends the text that begins at bit `at`. E_PROTOCOL when it is outside or has no end, E_LIMIT, E_MEMORY. */
int huffman_read(huffman_reader *r, uint64_t at, buf *out, fault *f);

#endif
