/* See tick.h. */
#include "tick.h"

#include "facts.h"
#include "os.h"
#include "peek.h"

#define TICKS_KEPT 4096 /* power of two */
#define LATE_PERIODS 8

_Alignas(64) volatile uint64_t deep_profile_tick;
_Alignas(64) volatile uint64_t deep_profile_entry_tick;
uint64_t dp_first_tick;

static _Atomic uint64_t ticks[TICKS_KEPT]; /* by number */
static _Atomic uint64_t n_ticks;
static _Atomic uint64_t longest_gap_ns;

void dp_tick_advance(uint64_t now, uint64_t period)
{
    uint64_t before = deep_profile_tick;
    uint64_t number = atomic_load_explicit(&n_ticks, memory_order_relaxed);
    if (now <= before)
        now = before + 1; /* every tick differs: see dp_tick_gap_after */
    atomic_store_explicit(&ticks[number % TICKS_KEPT], now, memory_order_relaxed);
    atomic_store_explicit(&n_ticks, number + 1, memory_order_release);
    dp_poke(&deep_profile_tick, now);
    dp_poke(&deep_profile_entry_tick, now);
    dp_process_state()->heartbeat_ns = now;
    if (!before)
        return;
    uint64_t gap = now - before;
    if (gap > atomic_load_explicit(&longest_gap_ns, memory_order_relaxed))
        atomic_store_explicit(&longest_gap_ns, gap, memory_order_relaxed);
    if (gap > LATE_PERIODS * period)
        dp_process_lost(DP_LOSS_TICK_LATE, gap - period);
}

void dp_tick_start(uint64_t now)
{
    dp_os_expect_races(&deep_profile_tick, sizeof deep_profile_tick);
    dp_os_expect_races(&deep_profile_entry_tick, sizeof deep_profile_entry_tick);
    dp_tick_advance(now, UINT64_MAX / LATE_PERIODS);
    dp_first_tick = deep_profile_tick;
    /* In a forked child nobody advanced the tick until now: that gap is nobody's. */
    atomic_store_explicit(&longest_gap_ns, 0, memory_order_relaxed);
}

/* Called by any thread, at a slow exit: binary search in the ticks that are kept. The 64
 * oldest do not count: the steward may be writing over them meanwhile. */
uint64_t dp_tick_gap_after(void *a, uintptr_t t0, uintptr_t c)
{
    (void)a;
    (void)c;
    uint64_t end = atomic_load_explicit(&n_ticks, memory_order_acquire);
    uint64_t start = end > TICKS_KEPT - 64 ? end - (TICKS_KEPT - 64) : 0;
    uint64_t low = start, high = end;
    while (low < high) { /* the first tick above t0 */
        uint64_t middle = low + (high - low) / 2;
        if (atomic_load_explicit(&ticks[middle % TICKS_KEPT], memory_order_relaxed) > t0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > start && low < end)
        return atomic_load_explicit(&ticks[low % TICKS_KEPT], memory_order_relaxed) - t0;
    return atomic_load_explicit(&longest_gap_ns, memory_order_relaxed);
}
