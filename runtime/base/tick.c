/*
 * See tick.h. Two rings keep the ticks: the last ones of all, and the last of those that
 * were replaced late. What is in neither was replaced within `widest_kept_no_more`.
 *
 * The steward writes; the threads on which calls end read, in binary searches. The oldest
 * entries of a ring are not looked at: the steward may be writing over them meanwhile. A
 * reader that was interrupted for longer sees that `from` has changed.
 */
#include "tick.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "clock.h"
#include "facts.h"
#include "os.h"
#include "peek.h"

#define KEPT 4096 /* power of two */
#define NOT_LOOKED_AT 64
#define LATE_PERIODS 8       /* a loss */
#define WIDE_PERIODS 2       /* worth keeping for longer */
#define NOISE_NS INT64_C(1000000) /* two clocks that follow each other differ by less */

_Alignas(64) volatile uint64_t deep_profile_tick;
_Alignas(64) volatile uint64_t deep_profile_entry_tick;
uint64_t dp_first_tick;

struct kept {
    _Atomic uint64_t from;  /* the tick */
    _Atomic uint64_t until; /* when no thread could read it any more; 0: it can be read now */
    _Atomic int64_t lead;   /* dp_now_ns() before CLOCK_MONOTONIC, at `until` */
};

struct ring {
    _Atomic uint64_t count; /* added so far */
    struct kept kept[KEPT];
};

static struct ring all, late;
static _Atomic uint64_t widest_kept_no_more;
static _Atomic int64_t first_lead;

static uint64_t get(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static struct kept *kept_at(struct ring *ring, uint64_t number)
{
    return &ring->kept[number % KEPT];
}

static void add(struct ring *ring, uint64_t from, uint64_t until, int64_t lead)
{
    uint64_t number = get(&ring->count);
    struct kept *kept = kept_at(ring, number);
    atomic_store_explicit(&kept->from, from, memory_order_relaxed);
    /* Pairs with the fence in find(): who reads this `until` reads this `from` after it. */
    atomic_store_explicit(&kept->until, until, memory_order_release);
    atomic_store_explicit(&kept->lead, lead, memory_order_release);
    atomic_store_explicit(&ring->count, number + 1, memory_order_release);
}

static void add_late(uint64_t from, uint64_t until, int64_t lead)
{
    uint64_t count = get(&late.count);
    if (count >= KEPT - NOT_LOOKED_AT) {
        struct kept *leaving = kept_at(&late, count - (KEPT - NOT_LOOKED_AT));
        uint64_t width = get(&leaving->until) - get(&leaving->from);
        if (width > get(&widest_kept_no_more))
            atomic_store_explicit(&widest_kept_no_more, width, memory_order_relaxed);
    }
    add(&late, from, until, lead);
}

/* The clock's lead now: of a few reads the one that a preemption stretched least. */
static int64_t lead_now(void)
{
    int64_t lead = 0, narrowest = INT64_MAX;
    for (int i = 0; i < 4 && narrowest > NOISE_NS / 10; i++) {
        uint64_t before = dp_now_ns(), monotonic = dp_os_monotonic_ns();
        int64_t width = (int64_t)(dp_now_ns() - before);
        if (width < narrowest) {
            narrowest = width;
            lead = (int64_t)(before - monotonic) + width / 2;
        }
    }
    return lead;
}

/* No thread reads the tick `number` at its entry from now on. */
static void replaced(uint64_t number, uint64_t period)
{
    struct kept *kept = kept_at(&all, number);
    atomic_thread_fence(memory_order_seq_cst); /* the new tick is seen before the clock is read */
    uint64_t from = get(&kept->from), until = dp_now_ns();
    int64_t lead = lead_now();
    atomic_store_explicit(&kept->lead, lead, memory_order_relaxed);
    atomic_store_explicit(&kept->until, until, memory_order_release);
    if (until - from > WIDE_PERIODS * period)
        add_late(from, until, lead);
    else if (until - from > get(&widest_kept_no_more))
        atomic_store_explicit(&widest_kept_no_more, until - from, memory_order_relaxed);
}

void dp_tick_advance(uint64_t now, uint64_t period)
{
    uint64_t number = get(&all.count), before = deep_profile_tick;
    if (now <= before)
        now = before + 1; /* every tick differs, so that it can be found */
    add(&all, now, 0, 0);
    dp_poke(&deep_profile_tick, now);
    dp_poke(&deep_profile_entry_tick, now);
    dp_process_state()->heartbeat_ns = now;
    if (!before)
        return;
    replaced(number - 1, period);
    if (now - before > LATE_PERIODS * period)
        dp_process_lost(DP_LOSS_TICK_LATE, now - before - period);
}

void dp_tick_start(uint64_t now)
{
    dp_os_expect_races(&deep_profile_tick, sizeof deep_profile_tick);
    dp_os_expect_races(&deep_profile_entry_tick, sizeof deep_profile_entry_tick);
    atomic_store_explicit(&first_lead, lead_now(), memory_order_relaxed);
    dp_tick_advance(now, UINT64_MAX / LATE_PERIODS);
    dp_first_tick = deep_profile_tick;
    /* In a forked child nobody advanced the tick until now: that gap is nobody's. */
    atomic_store_explicit(&widest_kept_no_more, 0, memory_order_relaxed);
}

struct found {
    bool kept;    /* the ring reaches back to `time`, and has a tick by then */
    bool older;   /* it does not reach back to `time` */
    uint64_t from, until;
    int64_t lead;
};

/* The last tick at or before `time`. */
static struct found find(struct ring *ring, uint64_t time)
{
    uint64_t end = atomic_load_explicit(&ring->count, memory_order_acquire);
    uint64_t start = end > KEPT - NOT_LOOKED_AT ? end - (KEPT - NOT_LOOKED_AT) : 0;
    uint64_t low = start, high = end;
    while (low < high) { /* the first one past `time` */
        uint64_t middle = low + (high - low) / 2;
        if (get(&kept_at(ring, middle)->from) > time)
            high = middle;
        else
            low = middle + 1;
    }
    struct found found = {.older = low == start};
    if (low > start) {
        struct kept *kept = kept_at(ring, low - 1);
        found.from = get(&kept->from);
        found.until = atomic_load_explicit(&kept->until, memory_order_acquire);
        found.lead = atomic_load_explicit(&kept->lead, memory_order_acquire);
        atomic_thread_fence(memory_order_acquire);
        found.kept = get(&kept->from) == found.from && found.from <= time;
        found.older = !found.kept;
    }
    return found;
}

/* What the clock gained on CLOCK_MONOTONIC since `lead`: the machine slept. */
static uint64_t slept_since(int64_t lead)
{
    int64_t gained = lead_now() - lead;
    return gained > NOISE_NS ? (uint64_t)gained : 0;
}

/* The clock's lead at a time of which `all` knows nothing any more. It changes only where a
 * machine slept, and then the tick was late. */
static int64_t lead_at(uint64_t time)
{
    struct found found = find(&late, time);
    if (found.kept && found.until <= time)
        return found.lead;
    return atomic_load_explicit(&first_lead, memory_order_relaxed);
}

static uint64_t at_most(uint64_t time, uint64_t now)
{
    return time < now ? time : now;
}

uint64_t dp_tick_latest_start(void *a, uintptr_t t0, uintptr_t now)
{
    struct found found = find(&all, t0);
    (void)a;
    if (found.older) {
        found = find(&late, t0);
        if (!found.kept || found.from != t0) {
            found.until = t0 + get(&widest_kept_no_more);
            found.lead = lead_at(t0);
        }
    } else if (found.from != t0 || !found.until) {
        return now;
    }
    return at_most(found.until + slept_since(found.lead), now);
}

/* Of the tick in force at `start` it is not known what the lead was before it was replaced:
 * that of the tick before is. */
uint64_t dp_tick_latest_of_exact(void *a, uintptr_t start, uintptr_t now)
{
    struct found found = find(&all, start);
    (void)a;
    if (found.kept)
        found = find(&all, found.from - 1);
    return at_most(start + slept_since(found.kept ? found.lead : lead_at(start)), now);
}

uint64_t dp_tick_was(void *a, uintptr_t tick, uintptr_t c)
{
    struct found found = find(&all, tick);
    (void)a;
    (void)c;
    return found.kept && found.from == tick;
}
