/*
 * See in_flight_ids.h. Compiled for general registers only, like finish.c, which calls it.
 *
 * Two threads meet in one entry. The steward writes `due` and `site`, then `id`; then it
 * looks whether the call is still on its thread's list. The ending thread has taken the
 * call off that list, then reads `id`. All four accesses are sequentially consistent, so
 * at least one of the two sees what the other did.
 */
#include "in_flight_ids.h"

#include <stdatomic.h>

#include "deep_profile/abi/gate.h"

static struct {
    _Atomic uint64_t id; /* 0: free */
    _Atomic uint64_t due;
    _Atomic uint32_t site;
} entries[DP_IN_FLIGHT_MAX];

static _Atomic uint32_t used;      /* entries[0, used) */
static _Atomic uint32_t n_entries; /* of them not free */
static uint32_t oldest;            /* the next to be dropped */

/* An opened call's `due` names the lane on which it began; finish.c only knows the one on
 * which it ends. */
static uint64_t without_lane(uint64_t due)
{
    const uint64_t lane = (uint64_t)(DP_DUE_LANES - 1) << DP_DUE_LANE_SHIFT;
    return due & DP_DUE_OPENED ? due & ~lane : due;
}

void dp_in_flight_reset(void)
{
    for (uint32_t i = 0; i < DP_IN_FLIGHT_MAX; i++)
        atomic_store_explicit(&entries[i].id, 0, memory_order_relaxed);
    atomic_store_explicit(&used, 0, memory_order_relaxed);
    atomic_store_explicit(&n_entries, 0, memory_order_relaxed);
}

/* True to one caller only. */
static bool claim(uint32_t i, uint64_t id)
{
    if (id == 0 || !atomic_compare_exchange_strong(&entries[i].id, &id, 0))
        return false;
    atomic_fetch_sub(&n_entries, 1);
    return true;
}

static uint32_t free_entry(void)
{
    uint32_t end = atomic_load_explicit(&used, memory_order_relaxed);
    if (atomic_load(&n_entries) == 0)
        end = 0; /* all are free: begin again, so that searches stay short */
    for (uint32_t i = 0; i < end; i++)
        if (atomic_load_explicit(&entries[i].id, memory_order_relaxed) == 0)
            return i;
    if (end < DP_IN_FLIGHT_MAX) {
        atomic_store(&used, end + 1);
        return end;
    }
    uint32_t i = oldest++ % DP_IN_FLIGHT_MAX;
    claim(i, atomic_load(&entries[i].id));
    return i;
}

void dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id)
{
    uint32_t i = free_entry();
    atomic_store_explicit(&entries[i].due, without_lane(due), memory_order_relaxed);
    atomic_store_explicit(&entries[i].site, site, memory_order_relaxed);
    atomic_store(&entries[i].id, id); /* pairs with the load in dp_in_flight_take */
    atomic_fetch_add(&n_entries, 1);
}

bool dp_in_flight_take_back(uint64_t id)
{
    for (uint32_t i = 0; i < DP_IN_FLIGHT_MAX; i++)
        if (atomic_load_explicit(&entries[i].id, memory_order_relaxed) == id)
            return claim(i, id);
    return false;
}

uint64_t dp_in_flight_take(uint32_t site, uint64_t due)
{
    /* Orders the inserted code's plain store, which took the call off its list, before
     * the loads below. */
    atomic_thread_fence(memory_order_seq_cst);
    due = without_lane(due);
    if (atomic_load(&n_entries) == 0)
        return 0;
    uint32_t end = atomic_load(&used);
    for (uint32_t i = 0; i < end; i++) {
        if (atomic_load_explicit(&entries[i].due, memory_order_relaxed) != due)
            continue;
        /* An id is used once only: as long as it stays the rest belongs to it. */
        uint64_t id = atomic_load(&entries[i].id);
        if (atomic_load_explicit(&entries[i].due, memory_order_relaxed) == due &&
            atomic_load_explicit(&entries[i].site, memory_order_relaxed) == site && claim(i, id))
            return id;
    }
    return 0;
}
