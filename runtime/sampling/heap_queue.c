/* See heap_queue.h. */
#include "heap_queue.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/memory_ceiling.h"
#include "base/os.h"

#define SAMPLED 1024 /* places; powers of two */
#define RELEASED 8192
#define STUCK_NS UINT64_C(10000000000)

/* One queue's ends: `next` is where the next thread puts in, `first` the steward's. */
struct ends {
    _Alignas(64) _Atomic uint64_t next;
    _Alignas(64) uint64_t first;
    uint64_t waiting_since_ns; /* for the thread that claimed `first`; 0: it does not wait */
};

static struct queues {
    struct dp_heap_sampled sampled[SAMPLED];
    struct dp_heap_released released[RELEASED];
} *all; /* made once, and kept by a forked child */

static struct ends sampled_ends, released_ends;

int dp_heap_queue_init(void)
{
    if (!all)
        all = dp_memory_ceiling_map_for_good(sizeof *all);
    if (!all)
        return -ENOMEM;
    dp_os_populate(all, sizeof *all); /* no sample is to wait for a page */
    for (size_t i = 0; i < SAMPLED; i++)
        atomic_store_explicit(&all->sampled[i].turn, 0, memory_order_relaxed);
    for (size_t i = 0; i < RELEASED; i++)
        atomic_store_explicit(&all->released[i].turn, 0, memory_order_relaxed);
    memset(&sampled_ends, 0, sizeof sampled_ends);
    memset(&released_ends, 0, sizeof released_ends);
    return 0;
}

static _Atomic uint32_t *turn_of_sampled(uint64_t position)
{
    return &all->sampled[position % SAMPLED].turn;
}

static _Atomic uint32_t *turn_of_released(uint64_t position)
{
    return &all->released[position % RELEASED].turn;
}

/* The turn of the place at this position while it is free. */
static uint32_t turn_at(uint64_t position, uint32_t places)
{
    return (uint32_t)(position / places * 2);
}

/* Claims a place for the calling thread; *turn: what the place has until it is filled. False: the
 * queue is full. */
static bool claim(struct ends *ends, _Atomic uint32_t *(*turn_of)(uint64_t), uint32_t places,
                  uint64_t *position, uint32_t *turn)
{
    *position = atomic_load_explicit(&ends->next, memory_order_relaxed);
    for (;;) {
        *turn = turn_at(*position, places);
        uint32_t found = atomic_load_explicit(turn_of(*position), memory_order_acquire);
        if (found == *turn) {
            if (atomic_compare_exchange_weak_explicit(&ends->next, position, *position + 1,
                                                      memory_order_relaxed, memory_order_relaxed))
                return true;
        } else if ((int32_t)(found - *turn) < 0) {
            return false; /* the steward has not taken what is in it */
        } else {
            *position = atomic_load_explicit(&ends->next, memory_order_relaxed);
        }
    }
}

static bool fill(_Atomic uint32_t *turn, uint32_t claimed)
{
    return atomic_compare_exchange_strong_explicit(turn, &claimed, claimed + 1,
                                                   memory_order_release, memory_order_relaxed);
}

struct dp_heap_sampled *dp_heap_queue_claim(uint32_t *turn)
{
    uint64_t position;
    if (!claim(&sampled_ends, turn_of_sampled, SAMPLED, &position, turn))
        return NULL;
    return &all->sampled[position % SAMPLED];
}

bool dp_heap_queue_put(struct dp_heap_sampled *place, uint32_t turn)
{
    return fill(&place->turn, turn);
}

bool dp_heap_queue_release(uint64_t number, uint64_t time_ns)
{
    uint64_t position;
    uint32_t turn;
    if (!claim(&released_ends, turn_of_released, RELEASED, &position, &turn))
        return false;
    struct dp_heap_released *place = &all->released[position % RELEASED];
    place->number = number;
    place->time_ns = time_ns;
    return fill(&place->turn, turn);
}

static void drop(struct ends *ends, _Atomic uint32_t *(*turn_of)(uint64_t), uint32_t places)
{
    atomic_store_explicit(turn_of(ends->first), turn_at(ends->first, places) + 2,
                          memory_order_release);
    ends->first++;
    ends->waiting_since_ns = 0;
}

/* Is the first place filled? Gives up places whose threads have not filled them in time. */
static bool is_filled(struct ends *ends, _Atomic uint32_t *(*turn_of)(uint64_t), uint32_t places,
                      uint64_t now)
{
    for (;;) {
        uint32_t free_turn = turn_at(ends->first, places);
        _Atomic uint32_t *turn = turn_of(ends->first);
        if (atomic_load_explicit(turn, memory_order_acquire) == free_turn + 1)
            return true;
        if (ends->first == atomic_load_explicit(&ends->next, memory_order_relaxed))
            return false;
        if (!ends->waiting_since_ns)
            ends->waiting_since_ns = now;
        if (now - ends->waiting_since_ns < STUCK_NS)
            return false;
        if (!atomic_compare_exchange_strong_explicit(turn, &free_turn, free_turn + 2,
                                                     memory_order_acq_rel, memory_order_acquire))
            continue; /* its thread has just filled it */
        ends->first++;
        ends->waiting_since_ns = 0;
    }
}

struct dp_heap_sampled *dp_heap_queue_first(uint64_t now)
{
    bool filled = all && is_filled(&sampled_ends, turn_of_sampled, SAMPLED, now);
    return filled ? &all->sampled[sampled_ends.first % SAMPLED] : NULL;
}

void dp_heap_queue_drop(void)
{
    drop(&sampled_ends, turn_of_sampled, SAMPLED);
}

bool dp_heap_queue_take_release(uint64_t now, uint64_t *number, uint64_t *time_ns)
{
    if (!all || !is_filled(&released_ends, turn_of_released, RELEASED, now))
        return false;
    const struct dp_heap_released *place = &all->released[released_ends.first % RELEASED];
    *number = place->number;
    *time_ns = place->time_ns;
    drop(&released_ends, turn_of_released, RELEASED);
    return true;
}
