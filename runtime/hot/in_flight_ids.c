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

#include "arch/call_out.h"
#include "deep_profile/abi/gate.h"

static struct {
    _Atomic uint64_t id; /* 0: free */
    _Atomic uint64_t due; /* DUE_UNKNOWN: found by `tid` and `latest_ns` */
    _Atomic uint64_t latest_ns;
    _Atomic uint32_t site, tid;
    _Atomic bool reported;
    /* enum dp_awaited, by the steward, which changes it while `id` is 0 or its own. */
    _Atomic uint8_t awaited;
    _Atomic uint64_t ended_id; /* that `end` is of */
    struct dp_slow_end end;
} entries[DP_IN_FLIGHT_MAX];

#define DUE_UNKNOWN 0

static _Atomic uint32_t used;      /* entries[0, used) */
static _Atomic uint32_t n_entries; /* of them not free */
static uint32_t n_awaited;         /* steward only */
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
    for (uint32_t i = 0; i < DP_IN_FLIGHT_MAX; i++) {
        atomic_store_explicit(&entries[i].id, 0, memory_order_relaxed);
        atomic_store_explicit(&entries[i].ended_id, 0, memory_order_relaxed);
        entries[i].awaited = DP_NOT_AWAITED;
    }
    n_awaited = oldest = 0;
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
    if (atomic_load(&n_entries) == 0 && n_awaited == 0)
        end = 0; /* all are free: begin again, so that searches stay short */
    for (uint32_t i = 0; i < end; i++)
        if (atomic_load_explicit(&entries[i].id, memory_order_relaxed) == 0 && !entries[i].awaited)
            return i;
    if (end < DP_IN_FLIGHT_MAX) {
        atomic_store(&used, end + 1);
        return end;
    }
    uint32_t i = oldest++ % DP_IN_FLIGHT_MAX;
    while (entries[i].awaited) /* they are few */
        i = oldest++ % DP_IN_FLIGHT_MAX;
    claim(i, atomic_load(&entries[i].id));
    return i;
}

/* The rest of the entry is written. */
static void publish(uint32_t i, uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited)
{
    entries[i].awaited = (uint8_t)awaited;
    n_awaited += awaited != DP_NOT_AWAITED;
    atomic_store_explicit(&entries[i].reported, false, memory_order_relaxed);
    atomic_store_explicit(&entries[i].ended_id, 0, memory_order_relaxed);
    atomic_store_explicit(&entries[i].due, due, memory_order_relaxed);
    atomic_store_explicit(&entries[i].site, site, memory_order_relaxed);
    atomic_store(&entries[i].id, id); /* pairs with the load in dp_in_flight_take */
    atomic_fetch_add(&n_entries, 1);
}

void dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited)
{
    publish(free_entry(), site, without_lane(due), id, awaited);
}

void dp_in_flight_add_seen(uint32_t site, uint32_t tid, uint64_t latest_ns, uint64_t id,
                           enum dp_awaited awaited)
{
    uint32_t i = free_entry();
    atomic_store_explicit(&entries[i].tid, tid, memory_order_relaxed);
    atomic_store_explicit(&entries[i].latest_ns, latest_ns, memory_order_relaxed);
    publish(i, site, DUE_UNKNOWN, id, awaited);
}

static void await_no_more(uint32_t i)
{
    n_awaited -= entries[i].awaited != DP_NOT_AWAITED;
    entries[i].awaited = DP_NOT_AWAITED;
}

/* DP_IN_FLIGHT_MAX: none. */
static uint32_t entry_of(uint64_t id)
{
    uint32_t end = atomic_load_explicit(&used, memory_order_relaxed);
    for (uint32_t i = 0; i < end; i++)
        if (atomic_load_explicit(&entries[i].id, memory_order_relaxed) == id)
            return i;
    return DP_IN_FLIGHT_MAX;
}

static uint32_t ended_entry_of(uint64_t id)
{
    uint32_t end = atomic_load_explicit(&used, memory_order_relaxed);
    for (uint32_t i = 0; i < end; i++)
        if (atomic_load_explicit(&entries[i].ended_id, memory_order_acquire) == id)
            return i;
    return DP_IN_FLIGHT_MAX;
}

bool dp_in_flight_take_back(uint64_t id)
{
    uint32_t i = entry_of(id);
    if (i == DP_IN_FLIGHT_MAX || !claim(i, id))
        return false;
    await_no_more(i);
    return true;
}

bool dp_in_flight_forget(uint64_t id)
{
    uint32_t i = entry_of(id);
    if (i == DP_IN_FLIGHT_MAX)
        return false;
    await_no_more(i);
    return true;
}

bool dp_in_flight_is_open(uint64_t id)
{
    return entry_of(id) < DP_IN_FLIGHT_MAX;
}

bool dp_in_flight_report(uint64_t id)
{
    uint32_t i = entry_of(id);
    if (i == DP_IN_FLIGHT_MAX)
        return false;
    atomic_store(&entries[i].reported, true);
    if (atomic_load(&entries[i].id) == id)
        return true;
    if (!entries[i].awaited)
        return false;
    for (int tries = 0; tries < 1000 && ended_entry_of(id) == DP_IN_FLIGHT_MAX; tries++)
        dp_os_yield();
    i = ended_entry_of(id);
    return i < DP_IN_FLIGHT_MAX && entries[i].end.reported;
}

bool dp_in_flight_has_ended(uint64_t id)
{
    return ended_entry_of(id) < DP_IN_FLIGHT_MAX;
}

bool dp_in_flight_ended(uint64_t id, struct dp_slow_end *end)
{
    uint32_t i = ended_entry_of(id);
    if (i == DP_IN_FLIGHT_MAX)
        return false;
    *end = entries[i].end;
    atomic_store_explicit(&entries[i].ended_id, 0, memory_order_relaxed);
    await_no_more(i);
    return true;
}

static uint64_t own_usage(void *usage, uintptr_t b, uintptr_t c)
{
    (void)b;
    (void)c;
    return dp_os_own_usage(usage);
}

/* How it ended is for the steward. */
static void end_of(uint32_t i, uint64_t id, struct dp_slow_end *end)
{
    end->reported = atomic_load(&entries[i].reported);
    uint8_t awaited = atomic_load_explicit(&entries[i].awaited, memory_order_relaxed);
    if (awaited == DP_NOT_AWAITED)
        return; /* the entry may be another call's already */
    /* Not in place: a coroutine's stack may have no room for the vector registers, rusage and,
     * while the calls last, the frame of a signal of ours. */
    end->has_usage =
        awaited == DP_AWAITED_WITH_USAGE && dp_call_out(own_usage, &end->usage, 0, 0);
    entries[i].end = *end;
    atomic_store_explicit(&entries[i].ended_id, id, memory_order_release);
}

/* Whether the entry is of this call, as far as it can be read in one moment. */
static bool is_of(uint32_t i, uint32_t site, uint64_t due, const struct dp_slow_end *end)
{
    uint64_t wanted = atomic_load_explicit(&entries[i].due, memory_order_relaxed);
    if (atomic_load_explicit(&entries[i].site, memory_order_relaxed) != site)
        return false;
    if (wanted != DUE_UNKNOWN)
        return wanted == due;
    return atomic_load_explicit(&entries[i].tid, memory_order_relaxed) == end->tid &&
           end->end_ns - end->duration_ns - end->error_ns <=
               atomic_load_explicit(&entries[i].latest_ns, memory_order_relaxed);
}

/* The id of the call's entry *at, which is free from now on; 0: it has none. */
static uint64_t claim_for(uint32_t site, uint64_t due, const struct dp_slow_end *end, uint32_t *at)
{
    uint32_t last = atomic_load(&used);
    for (uint32_t i = 0; i < last; i++) {
        if (!is_of(i, site, due, end))
            continue;
        /* An id is used once only: as long as it stays the rest belongs to it. */
        uint64_t id = atomic_load(&entries[i].id);
        if (is_of(i, site, due, end) && claim(i, id)) {
            *at = i;
            return id;
        }
    }
    return 0;
}

uint64_t dp_in_flight_take(uint32_t site, uint64_t due, struct dp_slow_end *end)
{
    uint32_t at;
    /* Orders the inserted code's plain store, which took the call off its list, before
     * the loads below. */
    atomic_thread_fence(memory_order_seq_cst);
    end->reported = false;
    if (atomic_load(&n_entries) == 0)
        return 0;
    uint64_t id = claim_for(site, without_lane(due), end, &at);
    if (id)
        end_of(at, id, end);
    return id;
}
