/* ranking.c: members in order of score, with their places.
 *
 * The idea: two levels instead of a tree. The rows lie sorted in blocks of at most BLOCK_ROWS; a directory lists the
 * blocks in order and, as a Fenwick tree, how many rows stand before each. A search is two binary searches, an
 * insertion moves at most one block's rows (4 kB), and only a split or a merge, one in a hundred changes, touches the
 * directory: with a million rows it has some six thousand entries. A hash finds a member's score, with which its place
 * is searched.
 *
 * What it does not do: know players, boards or countries; a board of a country is a ranking of its own. */
#include "records/ranking.h"

#include <string.h>

#include "base/slab.h"
#include "records/ids.h"
#include "records/memory.h"

#define BLOCK_ROWS 256u
#define BLOCK_FEW  64u /* a block with fewer rows joins a neighbour where there is room */

typedef struct row {
    int64_t score, member;
} row;

typedef struct block {
    uint32_t count;
    row rows[BLOCK_ROWS];
} block;

typedef struct member {
    int64_t id, score;
    bool in; /* false: removed while the ranking was being filled, and remembered for that alone */
} member;

struct ranking {
    block **blocks; /* in order; none is empty */
    uint32_t *sums; /* Fenwick tree over their counts: sums[i] belongs to blocks[i] */
    uint32_t used, room, rows, most;
    block *spare; /* so that an insertion that needs one cannot fail half way */
    slab members;
    ids by_id;
    bool filling;
};

ranking *ranking_new(uint32_t max_members, fault *f) {
    ranking *r = memory_zeroed(sizeof *r);
    if (!r) {
        fault_set(f, E_MEMORY, "out of memory for a ranking");
        return NULL;
    }
    r->most = max_members ? max_members : RANKING_MEMBERS_MAX;
    r->filling = true;
    slab_init(&r->members, sizeof(member));
    return r;
}

void ranking_free(ranking *r) {
    if (!r) return;
    for (uint32_t i = 0; i < r->used; i++) memory_drop(r->blocks[i]);
    memory_drop(r->blocks);
    memory_drop(r->sums);
    memory_drop(r->spare);
    slab_free(&r->members);
    ids_free(&r->by_id);
    memory_drop(r);
}

/* ---- members ---- */

static member *find_member(ranking *r, int64_t id, handle *at) {
    uint32_t walk = 0, slot, hash = ids_hash_integer((uint64_t)id);
    while ((slot = ids_next(&r->by_id, hash, &walk)) != IDS_NONE) {
        handle h = slab_at(&r->members, slot);
        member *m = slab_get(&r->members, h);
        if (m && m->id == id) {
            if (at) *at = h;
            return m;
        }
    }
    return NULL;
}

static member *add_member(ranking *r, int64_t id) {
    handle h = slab_add(&r->members);
    if (!h.generation) return NULL;
    if (ids_add(&r->by_id, ids_hash_integer((uint64_t)id), h.slot) < 0) {
        slab_remove(&r->members, h);
        return NULL;
    }
    member *m = slab_get(&r->members, h);
    *m = (member){.id = id};
    return m;
}

static void forget_member(ranking *r, handle h, int64_t id) {
    ids_remove(&r->by_id, ids_hash_integer((uint64_t)id), h.slot);
    slab_remove(&r->members, h);
}

/* ---- the directory ---- */

static void sums_add(ranking *r, uint32_t at, uint32_t change) { /* change may be -1 as an unsigned number */
    for (uint32_t i = at + 1; i <= r->used; i += i & -i) r->sums[i - 1] += change;
}

static uint32_t sums_before(const ranking *r, uint32_t at) {
    uint32_t sum = 0;
    for (uint32_t i = at; i > 0; i -= i & -i) sum += r->sums[i - 1];
    return sum;
}

static void sums_anew(ranking *r) {
    for (uint32_t i = 0; i < r->used; i++) r->sums[i] = r->blocks[i]->count;
    for (uint32_t i = 1; i <= r->used; i++) {
        uint32_t above = i + (i & -i);
        if (above <= r->used) r->sums[above - 1] += r->sums[i - 1];
    }
}

/* The block that holds position `position`; *position becomes the place in it. */
static uint32_t block_at(const ranking *r, uint32_t *position) {
    uint32_t at = 0, step = 1;
    while (step * 2 <= r->used) step *= 2;
    for (; step; step /= 2) {
        if (at + step <= r->used && r->sums[at + step - 1] <= *position) {
            at += step;
            *position -= r->sums[at - 1];
        }
    }
    return at;
}

static bool before(int64_t score_a, int64_t member_a, row b) {
    return score_a > b.score || (score_a == b.score && member_a < b.member);
}

/* The last block whose first row does not stand after (score, member); 0 when all do. */
static uint32_t block_of(const ranking *r, int64_t score, int64_t id) {
    uint32_t low = 0, high = r->used;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (before(score, id, r->blocks[middle]->rows[0]))
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* How many rows of the block stand before (score, member). */
static uint32_t place_in(const block *b, int64_t score, int64_t id) {
    uint32_t low = 0, high = b->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const row *at = &b->rows[middle];
        if (at->score > score || (at->score == score && at->member < id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- rows ---- */

/* Makes sure that one insertion has all the memory it can need. */
static int make_room(ranking *r) {
    if (!r->spare && !(r->spare = memory_get(sizeof(block)))) return E_MEMORY;
    if (r->used < r->room) return 0;
    uint32_t room = r->room ? r->room * 2 : 16;
    block **blocks = memory_resize(r->blocks, room * sizeof *blocks);
    if (!blocks) return E_MEMORY;
    r->blocks = blocks;
    uint32_t *sums = memory_resize(r->sums, room * sizeof *sums);
    if (!sums) return E_MEMORY;
    r->sums = sums;
    r->room = room;
    return 0;
}

static void put_block(ranking *r, uint32_t at) { /* the spare one, empty, at this place of the directory */
    memmove(&r->blocks[at + 1], &r->blocks[at], (r->used - at) * sizeof *r->blocks);
    r->blocks[at] = r->spare;
    r->blocks[at]->count = 0;
    r->spare = NULL;
    r->used++;
}

static void drop_block(ranking *r, uint32_t at) {
    if (r->spare)
        memory_drop(r->blocks[at]);
    else
        r->spare = r->blocks[at];
    r->used--;
    memmove(&r->blocks[at], &r->blocks[at + 1], (r->used - at) * sizeof *r->blocks);
}

static void split(ranking *r, uint32_t at) {
    put_block(r, at + 1);
    block *left = r->blocks[at], *right = r->blocks[at + 1];
    right->count = left->count / 2;
    left->count -= right->count;
    memcpy(right->rows, &left->rows[left->count], right->count * sizeof(row));
    sums_anew(r);
}

static void insert_row(ranking *r, int64_t score, int64_t id) { /* after make_room */
    if (r->used == 0) {
        put_block(r, 0);
        sums_anew(r);
    }
    uint32_t at = block_of(r, score, id);
    if (r->blocks[at]->count == BLOCK_ROWS) {
        split(r, at);
        at = block_of(r, score, id);
    }
    block *b = r->blocks[at];
    uint32_t place = place_in(b, score, id);
    memmove(&b->rows[place + 1], &b->rows[place], (b->count - place) * sizeof(row));
    b->rows[place] = (row){score, id};
    b->count++;
    r->rows++;
    sums_add(r, at, 1);
}

static void join_with_next(ranking *r, uint32_t at) {
    if (at + 1 >= r->used) return;
    block *left = r->blocks[at], *right = r->blocks[at + 1];
    if (left->count >= BLOCK_FEW && right->count >= BLOCK_FEW) return;
    if (left->count + right->count > BLOCK_ROWS - BLOCK_FEW) return;
    memcpy(&left->rows[left->count], right->rows, right->count * sizeof(row));
    left->count += right->count;
    drop_block(r, at + 1);
    sums_anew(r);
}

static void remove_row(ranking *r, int64_t score, int64_t id) {
    uint32_t at = block_of(r, score, id);
    block *b = r->blocks[at];
    uint32_t place = place_in(b, score, id);
    b->count--;
    memmove(&b->rows[place], &b->rows[place + 1], (b->count - place) * sizeof(row));
    r->rows--;
    sums_add(r, at, (uint32_t)-1);
    if (b->count == 0) {
        drop_block(r, at);
        sums_anew(r);
    } else if (b->count < BLOCK_FEW) {
        join_with_next(r, at);
        if (at > 0) join_with_next(r, at - 1);
    }
}

/* ---- what others call ---- */

static int put(ranking *r, member *m, int64_t id, int64_t score, fault *f) {
    if (m && m->in && m->score == score) return 0;
    if (!(m && m->in) && r->rows >= r->most) {
        return fault_set(f, E_LIMIT, "a ranking holds at most %u members", r->most);
    }
    if (make_room(r) < 0 || (!m && !(m = add_member(r, id)))) {
        return fault_set(f, E_MEMORY, "out of memory for one more row of a ranking");
    }
    if (m->in) remove_row(r, m->score, id);
    /* Removing may have put a block back, never taken one: the room made above still stands. */
    insert_row(r, score, id);
    m->score = score;
    m->in = true;
    return 0;
}

int ranking_set(ranking *r, int64_t id, int64_t score, fault *f) {
    return put(r, find_member(r, id, NULL), id, score, f);
}

int ranking_fill(ranking *r, int64_t id, int64_t score, fault *f) {
    if (!r->filling || find_member(r, id, NULL)) return 0;
    int code = put(r, NULL, id, score, f);
    return code < 0 ? code : 1;
}

bool ranking_remove(ranking *r, int64_t id) {
    handle at;
    member *m = find_member(r, id, &at);
    bool was_in = m && m->in;
    if (was_in) remove_row(r, m->score, id);
    if (r->filling) {
        if (!m) m = add_member(r, id); /* without memory a row read before may come back: the lesser trouble */
        if (m) m->in = false;
    } else if (m) {
        forget_member(r, at, id);
    }
    return was_in;
}

void ranking_filled(ranking *r) {
    r->filling = false;
    for (uint32_t slot = 0; slot < r->members.slots; slot++) {
        handle h = slab_at(&r->members, slot);
        member *m = slab_get(&r->members, h);
        if (m && !m->in) forget_member(r, h, m->id);
    }
}

bool ranking_is_filling(const ranking *r) { return r->filling; }

bool ranking_score(ranking *r, int64_t id, int64_t *score) {
    const member *m = find_member(r, id, NULL);
    if (!m || !m->in) return false;
    *score = m->score;
    return true;
}

int64_t ranking_position(ranking *r, int64_t id) {
    const member *m = find_member(r, id, NULL);
    if (!m || !m->in) return -1;
    uint32_t at = block_of(r, m->score, id);
    return (int64_t)sums_before(r, at) + place_in(r->blocks[at], m->score, id);
}

uint32_t ranking_rank(ranking *r, int64_t score) {
    if (r->used == 0) return 1;
    uint32_t at = block_of(r, score, INT64_MIN);
    return sums_before(r, at) + place_in(r->blocks[at], score, INT64_MIN) + 1;
}

uint32_t ranking_count(const ranking *r) { return r->rows; }

uint32_t ranking_page(ranking *r, uint32_t first, uint32_t most, ranking_row *rows) {
    if (first >= r->rows || most == 0) return 0;
    uint32_t place = first, at = block_at(r, &place), n = 0;
    uint32_t rank = ranking_rank(r, r->blocks[at]->rows[place].score);
    for (; at < r->used && n < most; at++, place = 0) {
        const block *b = r->blocks[at];
        for (; place < b->count && n < most; place++, n++) {
            if (n > 0 && b->rows[place].score != rows[n - 1].score) rank = first + n + 1;
            rows[n] = (ranking_row){b->rows[place].member, b->rows[place].score, rank};
        }
    }
    return n;
}
