/* timers.c: a binary heap by (deadline, number), a hash by (name, owner), and a chain through the timers of one owner.
 * Each timer is one allocation; starting, stopping and being due cost O(log n), an owner's end O(its own timers). */
#include "records/timers.h"

#include <string.h>

#include "records/ids.h"
#include "records/memory.h"

#define NONE UINT32_MAX

struct timers {
    timer **heap; /* room for every slot, so that nothing can fail after slots have grown */
    timer **slots;
    uint32_t *free_slots;
    uint32_t count, room, free_count, max;
    uint64_t next_number;
    ids by_name, by_owner; /* by_owner: the first of the owner's chain */
    int64_t told;
    void (*changed)(void *context, int64_t deadline);
    void *context;
};

timers *timers_new(uint32_t max, fault *f) {
    timers *t = memory_zeroed(sizeof *t);
    if (!t) {
        fault_set(f, E_MEMORY, "timers: out of memory");
        return NULL;
    }
    t->max = max ? max : TIMERS_MAX;
    t->told = TIMERS_NO_DEADLINE;
    return t;
}

void timers_free(timers *t) {
    if (!t) return;
    for (uint32_t i = 0; i < t->count; i++) memory_drop(t->heap[i]);
    memory_drop(t->heap);
    memory_drop(t->slots);
    memory_drop(t->free_slots);
    ids_free(&t->by_name);
    ids_free(&t->by_owner);
    memory_drop(t);
}

void timer_free(timer *due) { memory_drop(due); }
uint32_t timers_count(const timers *t) { return t->count; }
const timer *timers_at(const timers *t, uint32_t i) { return i < t->count ? t->heap[i] : NULL; }
int64_t timers_next(const timers *t) { return t->count ? t->heap[0]->deadline : TIMERS_NO_DEADLINE; }

void timers_on_next(timers *t, void (*changed)(void *context, int64_t deadline), void *context) {
    t->changed = changed;
    t->context = context;
}

static void tell(timers *t) {
    int64_t next = timers_next(t);
    if (next == t->told) return;
    t->told = next;
    if (t->changed) t->changed(t->context, next);
}

static bool same_ref(record_ref a, record_ref b) { return a.kind == b.kind && handle_same(a.at, b.at); }

static uint32_t owner_hash(record_ref o) {
    return ids_hash_integer(((uint64_t)o.at.generation << 32 | o.at.slot) ^ (uint64_t)o.kind << 48);
}

static uint32_t name_hash(const char *name, record_ref owner) {
    return ids_hash_bytes(name, strlen(name), owner_hash(owner));
}

static timer *find(timers *t, const char *name, record_ref owner) {
    uint32_t at = 0, slot, hash = name_hash(name, owner);
    while ((slot = ids_next(&t->by_name, hash, &at)) != IDS_NONE) {
        timer *x = t->slots[slot];
        if (same_ref(x->owner, owner) && !strcmp(x->name, name)) return x;
    }
    return NULL;
}

static uint32_t first_of_owner(timers *t, record_ref owner) {
    uint32_t at = 0, slot, hash = owner_hash(owner);
    while ((slot = ids_next(&t->by_owner, hash, &at)) != IDS_NONE) {
        if (same_ref(t->slots[slot]->owner, owner)) return slot;
    }
    return NONE;
}

static bool earlier(const timer *a, const timer *b) {
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->number < b->number;
}

static void put(timers *t, uint32_t at, timer *x) {
    t->heap[at] = x;
    x->heap_at = at;
}

static void settle(timers *t, uint32_t at, timer *x) {
    while (at && earlier(x, t->heap[(at - 1) / 2])) put(t, at, t->heap[(at - 1) / 2]), at = (at - 1) / 2;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < t->count && earlier(t->heap[child + 1], t->heap[child])) child++;
        if (child >= t->count || !earlier(t->heap[child], x)) break;
        put(t, at, t->heap[child]);
        at = child;
    }
    put(t, at, x);
}

static int grow(timers *t) {
    if (t->count < t->room) return 0;
    uint32_t room = t->room ? t->room * 2 : 16;
    timer **heap = memory_resize(t->heap, room * sizeof *heap);
    if (heap) t->heap = heap;
    timer **slots = heap ? memory_resize(t->slots, room * sizeof *slots) : NULL;
    if (slots) t->slots = slots;
    uint32_t *spare = slots ? memory_resize(t->free_slots, room * sizeof *spare) : NULL;
    if (!spare) return E_MEMORY;
    t->free_slots = spare;
    for (uint32_t i = room; i-- > t->room;) t->free_slots[t->free_count++] = i;
    t->room = room;
    return 0;
}

static int check_args(const char *name, const value *args, uint32_t count, size_t *total, fault *f) {
    size_t length = strlen(name);
    if (!length || length > TIMER_NAME_MAX)
        return fault_set(f, E_ARGUMENT, "timer '%.90s': a name has 1 to %d bytes", name, TIMER_NAME_MAX);
    if (count > TIMER_ARGS_MAX) return fault_set(f, E_LIMIT, "timer %s: more than %d arguments", name, TIMER_ARGS_MAX);
    *total = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (args[i].kind == VALUE_OTHER) {
            return fault_set(f, E_TYPE, "timer %s: argument %u is %s; a timer keeps only plain values and records",
                             name, i + 1, (const char *)args[i].text.p);
        }
        if (args[i].kind == VALUE_TEXT) *total += args[i].text.n;
    }
    if (*total <= TIMER_BYTES_MAX) return 0;
    return fault_set(f, E_LIMIT, "timer %s: %zu bytes of arguments, at most %d", name, *total, TIMER_BYTES_MAX);
}

static timer *make(const char *name, record_ref owner, int64_t deadline, const value *args, uint32_t count,
                   size_t total) {
    size_t length = strlen(name) + 1;
    timer *x = memory_get(sizeof *x + count * sizeof *args + total + length);
    if (!x) return NULL;
    *x = (timer){.deadline = deadline, .owner = owner, .arg_count = count, .owner_next = NONE, .owner_before = NONE};
    x->args = (value *)(void *)(x + 1);
    uint8_t *at = (uint8_t *)(x->args + count);
    for (uint32_t i = 0; i < count; i++) {
        x->args[i] = args[i];
        if (args[i].kind != VALUE_TEXT) continue;
        if (args[i].text.n) memcpy(at, args[i].text.p, args[i].text.n);
        x->args[i].text.p = at;
        at += args[i].text.n;
    }
    x->name = memcpy(at, name, length);
    x->hash = name_hash(name, owner);
    return x;
}

/* Joins the chain of the owner at its second place, or founds it. */
static int join_owner(timers *t, timer *x) {
    if (!x->owner.kind) return 0;
    uint32_t first = first_of_owner(t, x->owner);
    if (first == NONE) return ids_add(&t->by_owner, owner_hash(x->owner), x->slot);
    timer *head = t->slots[first];
    x->owner_before = first;
    x->owner_next = head->owner_next;
    if (x->owner_next != NONE) t->slots[x->owner_next]->owner_before = x->slot;
    head->owner_next = x->slot;
    return 0;
}

static void leave_owner(timers *t, timer *x) {
    if (!x->owner.kind) return;
    if (x->owner_next != NONE) t->slots[x->owner_next]->owner_before = x->owner_before;
    if (x->owner_before != NONE) {
        t->slots[x->owner_before]->owner_next = x->owner_next;
        return;
    }
    ids_remove(&t->by_owner, owner_hash(x->owner), x->slot);
    /* one entry was just taken out, so the table has room: this cannot fail */
    if (x->owner_next != NONE) ids_add(&t->by_owner, owner_hash(x->owner), x->owner_next);
}

static void take_out(timers *t, timer *x) {
    uint32_t at = x->heap_at;
    timer *last = t->heap[--t->count];
    if (last != x) settle(t, at, last);
    leave_owner(t, x);
    ids_remove(&t->by_name, x->hash, x->slot);
    t->slots[x->slot] = NULL;
    t->free_slots[t->free_count++] = x->slot;
}

void timers_limit(timers *t, uint32_t max) { t->max = max ? max : TIMERS_MAX; }

int timers_start(timers *t, const char *name, record_ref owner, int64_t deadline, const value *args, uint32_t count,
                 fault *f) {
    size_t total = 0;
    int code = check_args(name, args, count, &total, f);
    if (code < 0) return code;
    timer *running = find(t, name, owner);
    if (!running && t->count >= t->max)
        return fault_set(f, E_LIMIT, "timer %s: %u timers are running, the most there may be", name, t->max);
    timer *x = grow(t) == 0 ? make(name, owner, deadline, args, count, total) : NULL;
    if (!x) return fault_set(f, E_MEMORY, "timer %s: out of memory", name);
    x->slot = t->free_slots[--t->free_count];
    t->slots[x->slot] = x;
    code = ids_add(&t->by_name, x->hash, x->slot);
    if (code == 0 && (code = join_owner(t, x)) < 0) ids_remove(&t->by_name, x->hash, x->slot);
    if (code < 0) {
        t->slots[x->slot] = NULL;
        t->free_slots[t->free_count++] = x->slot;
        memory_drop(x);
        return fault_set(f, code, "timer %s: out of memory", name);
    }
    x->number = t->next_number++;
    t->count++;
    settle(t, t->count - 1, x);
    if (running) {
        take_out(t, running);
        memory_drop(running);
    }
    tell(t);
    return 0;
}

bool timers_stop(timers *t, const char *name, record_ref owner) {
    timer *x = find(t, name, owner);
    if (!x) return false;
    take_out(t, x);
    memory_drop(x);
    tell(t);
    return true;
}

int64_t timers_left(timers *t, const char *name, record_ref owner, int64_t now) {
    const timer *x = find(t, name, owner);
    return !x ? -1 : x->deadline > now ? x->deadline - now : 0;
}

void timers_owner_gone(void *context, record_ref owner) {
    timers *t = context;
    uint32_t slot;
    while (t->count && (slot = first_of_owner(t, owner)) != NONE) {
        timer *x = t->slots[slot];
        take_out(t, x);
        memory_drop(x);
    }
    tell(t);
}

timer *timers_due(timers *t, int64_t now) {
    if (timers_next(t) > now) return NULL;
    timer *x = t->heap[0];
    take_out(t, x);
    tell(t);
    return x;
}
