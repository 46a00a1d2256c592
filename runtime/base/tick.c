/*
 * See tick.h. Two rings keep ticks: `all` the newest ones, `late` the newest ones that were
 * replaced late. The longest time for which a tick that left both rings was in force is
 * `widest_kept_no_more`.
 *
 * The steward writes; threads on which calls end read, by binary search. Readers skip the
 * oldest entries of a ring, since the steward may overwrite them meanwhile. A reader that
 * is interrupted for longer notices that `from` has changed.
 */
#include "tick.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "common/threshold.h"

#include "clock.h"
#include "facts.h"
#include "os.h"
#include "peek.h"

#define KEPT 4096 /* power of two */
#define NOT_LOOKED_AT 64
#define LATE_PERIODS 8       /* a loss, whatever the thresholds */
#define WIDE_PERIODS 2       /* worth keeping in `late` */
#define NOISE_NS INT64_C(1000000) /* two clocks that run in step differ by less */

_Alignas(64) volatile uint64_t deep_profile_tick;
_Alignas(64) volatile uint64_t deep_profile_entry_tick;
uint64_t dp_first_tick;

struct kept {
    _Atomic uint64_t from;  /* the tick */
    _Atomic uint64_t until; /* time from which no thread can read it; 0: it is in force */
    _Atomic int64_t lead;   /* how far dp_now_ns() is ahead of CLOCK_MONOTONIC, at `until` */
};

struct ring {
    _Atomic uint64_t count; /* added so far */
    struct kept kept[KEPT];
};

/*
 * The state of the rest. `rest` is one of three:
 *
 * - 0: no rest. The steward adds ticks.
 * - RESTING: the steward sets this as the last step of beginning a rest. Nobody adds ticks.
 * - a tick: the number that the thread which ends the rest publishes. That thread sets it by
 *   compare-and-swap, and clears it as its last step. Only it adds ticks meanwhile; any other
 *   thread that finds a tick here uses it and changes nothing.
 *
 * An entry that was asked to come to the runtime and finds 0 has read its tick before the
 * rest began or after it ended. In both cases dp_tick_last() gives a tick that was in
 * force.
 */
#define RESTING 1
#define PAST_EVERY_DUE (DP_SLOW_NEVER - 1)

static _Atomic uint64_t rest;
static _Atomic uint32_t wakes; /* futex word that the steward waits on */

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
    /* Pairs with the fence in find(): a thread that reads this `until` and then `from` sees
     * this `from`. */
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

/* The clock's lead now: of a few measurements, the one that took the shortest time. */
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

/* From now on no entry reads the tick `number`. */
static void replaced(uint64_t number, uint64_t period)
{
    struct kept *kept = kept_at(&all, number);
    /* others see the new tick before we read the clock */
    atomic_thread_fence(memory_order_seq_cst);
    uint64_t from = get(&kept->from), until = dp_now_ns();
    int64_t lead = lead_now();
    atomic_store_explicit(&kept->lead, lead, memory_order_relaxed);
    atomic_store_explicit(&kept->until, until, memory_order_release);
    if (until - from > WIDE_PERIODS * period)
        add_late(from, until, lead);
    else if (until - from > get(&widest_kept_no_more))
        atomic_store_explicit(&widest_kept_no_more, until - from, memory_order_relaxed);
}

static void publish(uint64_t tick)
{
    add(&all, tick, 0, 0);
    dp_poke(&deep_profile_tick, tick);
    dp_poke(&deep_profile_entry_tick, tick);
}

/* Every tick has another value, so that it can be found in a ring. */
static uint64_t next_tick(uint64_t now)
{
    uint64_t before = dp_tick_last();
    return now > before ? now : before + 1;
}

/* How long before the tick `number` a call may have begun that is not judged where it ends under
 * that tick: less than dp_slow_after(). The steward is the only one that adds ticks here. */
static uint64_t unjudged_before(uint64_t number, uint64_t slow_ns)
{
    uint64_t begin = get(&kept_at(&all, number)->from), before = 0;

    while (number > 0 && begin - get(&kept_at(&all, number - 1)->from) < dp_slow_after(slow_ns))
        before = begin - get(&kept_at(&all, --number)->from);
    return before;
}

/* Whether a gap behind the tick `number` is a loss. */
static bool is_too_long(uint64_t gap, uint64_t number, uint64_t period, uint64_t slow_ns)
{
    if (gap <= WIDE_PERIODS * period || gap > LATE_PERIODS * period)
        return gap > WIDE_PERIODS * period;
    return gap > slow_ns - dp_slow_after(slow_ns) &&
           gap + unjudged_before(number, slow_ns) > slow_ns;
}

void dp_tick_advance(uint64_t now, uint64_t period, uint64_t slow_ns)
{
    uint64_t number = get(&all.count), before = dp_tick_last();
    dp_process_state()->heartbeat_ns = now;
    if (dp_tick_rests())
        return;
    now = next_tick(now); /* a thread that ended a rest may have read its clock later than `now` */
    publish(now);
    if (!before)
        return;
    replaced(number - 1, period);
    if (is_too_long(now - before, number - 1, period, slow_ns))
        dp_process_lost(DP_LOSS_TICK_LATE, now - before - period);
}

void dp_tick_rest(uint64_t period)
{
    uint64_t number = get(&all.count);
    dp_poke(&deep_profile_entry_tick, dp_tick_last() + DP_ASK_ALL);
    dp_poke(&deep_profile_tick, PAST_EVERY_DUE);
    atomic_store(&rest, RESTING);
    replaced(number - 1, period); /* no entry reads that tick any more */
}

bool dp_tick_rests(void)
{
    return atomic_load_explicit(&rest, memory_order_acquire) != 0;
}

bool dp_tick_wait(uint64_t monotonic_ns)
{
    uint32_t seen = atomic_load(&wakes);
    return !dp_tick_rests() || dp_os_wait_until(&wakes, seen, monotonic_ns);
}

uint64_t dp_tick_wake(void *a, uintptr_t b, uintptr_t c)
{
    uint64_t state = atomic_load(&rest), tick = next_tick(dp_now_ns());
    (void)a;
    (void)b;
    (void)c;
    if (state != RESTING)
        return state ? state : dp_tick_last();
    if (!atomic_compare_exchange_strong(&rest, &state, tick))
        return state ? state : dp_tick_last();
    publish(tick);
    atomic_store(&rest, 0);
    atomic_fetch_add(&wakes, 1); /* after `rest`: dp_tick_wait reads them in the other order */
    dp_os_wake(&wakes);
    return tick;
}

void dp_tick_end_rest(void)
{
    dp_tick_wake(NULL, 0, 0);
}

void dp_tick_was_forked(void)
{
    uint64_t tick = dp_tick_last();
    atomic_store_explicit(&rest, 0, memory_order_relaxed);
    deep_profile_tick = tick;
    deep_profile_entry_tick = tick + DP_ASK_ALL; /* nobody advances the tick here */
}

void dp_tick_start(uint64_t now)
{
    atomic_store_explicit(&rest, 0, memory_order_relaxed);
    dp_os_expect_races(&deep_profile_tick, sizeof deep_profile_tick);
    dp_os_expect_races(&deep_profile_entry_tick, sizeof deep_profile_entry_tick);
    atomic_store_explicit(&first_lead, lead_now(), memory_order_relaxed);
    dp_tick_advance(now, UINT64_MAX / LATE_PERIODS, UINT64_MAX);
    dp_first_tick = dp_tick_last();
    /* In a forked child nobody has advanced the tick until now; that gap does not count. */
    atomic_store_explicit(&widest_kept_no_more, 0, memory_order_relaxed);
}

struct found {
    bool kept;    /* the ring has a tick at or before `time` */
    bool older;   /* the ring may have had one, but has dropped it */
    uint64_t from, until;
    int64_t lead;
};

/* Finds the last tick at or before `time`. */
static struct found find(struct ring *ring, uint64_t time)
{
    uint64_t end = atomic_load_explicit(&ring->count, memory_order_acquire);
    uint64_t start = end > KEPT - NOT_LOOKED_AT ? end - (KEPT - NOT_LOOKED_AT) : 0;
    uint64_t low = start, high = end;
    while (low < high) { /* finds the first one after `time` */
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

/* How long the machine has slept since the clock had this `lead`: what the clock has gained
 * on CLOCK_MONOTONIC. */
static uint64_t slept_since(int64_t lead)
{
    int64_t gained = lead_now() - lead;
    return gained > NOISE_NS ? (uint64_t)gained : 0;
}

/* The clock's lead at a time that `all` does not reach back to. The lead changes only when
 * the machine sleeps, and then the tick is late: `late` has it. */
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

/* The lead is measured when a tick is replaced. So at `start` the last known one is that of
 * the tick before the tick in force. */
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
