/* See told.h. Compiled for general registers only, like finish.c, which calls it. */
#include "told.h"

#include <stdatomic.h>

#include "deep_profile/abi/gate.h"

static struct {
    _Atomic uint64_t id; /* 0: free */
    _Atomic uint64_t due;
    _Atomic uint32_t site;
} told[DP_TOLD_MAX];

static _Atomic uint32_t used;   /* told[0, used) */
static _Atomic uint32_t n_told; /* of them not free */
static uint32_t oldest;         /* the next to be forgotten */

/* The lane of an opened call's `due` is that on which it began; finish.c has the one on
 * which it ends. */
static uint64_t without_lane(uint64_t due)
{
    const uint64_t lane = (uint64_t)(DP_DUE_LANES - 1) << DP_DUE_LANE_SHIFT;
    return due & DP_DUE_OPENED ? due & ~lane : due;
}

void dp_told_reset(void)
{
    for (uint32_t i = 0; i < DP_TOLD_MAX; i++)
        atomic_store_explicit(&told[i].id, 0, memory_order_relaxed);
    atomic_store_explicit(&used, 0, memory_order_relaxed);
    atomic_store_explicit(&n_told, 0, memory_order_relaxed);
}

/* True to one caller only. */
static int claim(uint32_t i, uint64_t id)
{
    if (id == 0 || !atomic_compare_exchange_strong(&told[i].id, &id, 0))
        return 0;
    atomic_fetch_sub(&n_told, 1);
    return 1;
}

static uint32_t free_place(void)
{
    uint32_t end = atomic_load_explicit(&used, memory_order_relaxed);
    if (atomic_load(&n_told) == 0)
        end = 0; /* so that it is not searched far for long */
    for (uint32_t i = 0; i < end; i++)
        if (atomic_load_explicit(&told[i].id, memory_order_relaxed) == 0)
            return i;
    if (end < DP_TOLD_MAX) {
        atomic_store(&used, end + 1);
        return end;
    }
    uint32_t i = oldest++ % DP_TOLD_MAX;
    claim(i, atomic_load(&told[i].id));
    return i;
}

void dp_told_add(uint32_t site, uint64_t due, uint64_t id)
{
    uint32_t i = free_place();
    atomic_store_explicit(&told[i].due, without_lane(due), memory_order_relaxed);
    atomic_store_explicit(&told[i].site, site, memory_order_relaxed);
    atomic_store(&told[i].id, id); /* pairs with the load in dp_told_take */
    atomic_fetch_add(&n_told, 1);
}

int dp_told_take_back(uint64_t id)
{
    for (uint32_t i = 0; i < DP_TOLD_MAX; i++)
        if (atomic_load_explicit(&told[i].id, memory_order_relaxed) == id)
            return claim(i, id);
    return 0;
}

uint64_t dp_told_take(uint32_t site, uint64_t due)
{
    /* The inserted code has taken the call off its list; the steward adds it first, and
     * looks there then. One of us must see what the other did. */
    atomic_thread_fence(memory_order_seq_cst);
    due = without_lane(due);
    if (atomic_load(&n_told) == 0)
        return 0;
    uint32_t end = atomic_load(&used);
    for (uint32_t i = 0; i < end; i++) {
        if (atomic_load_explicit(&told[i].due, memory_order_relaxed) != due)
            continue;
        /* An id is used once only: as long as it stays the rest belongs to it. */
        uint64_t id = atomic_load(&told[i].id);
        if (atomic_load_explicit(&told[i].due, memory_order_relaxed) == due &&
            atomic_load_explicit(&told[i].site, memory_order_relaxed) == site && claim(i, id))
            return id;
    }
    return 0;
}
