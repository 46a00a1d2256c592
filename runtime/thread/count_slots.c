/* See count_slots.h. */
#include "count_slots.h"

#include <errno.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "lane_file.h"
#include "log/stream.h"

static uint32_t n_slots;
static _Atomic bool leaves_events[DP_MAX_COUNTED];

uint32_t dp_count_slots(void)
{
    return n_slots;
}

/* Makes room for counts up to `slot` in every lane's file. */
static int allow_in_lanes(uint32_t slot)
{
    /* A page of counts holds 512 slots. */
    if (slot % (dp_os_page_bytes() / sizeof(uint64_t)) != 0)
        return 0;
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        int error = dp_lane_file_allow_counts(i, slot);
        if (error == -ENOENT && !__atomic_load_n(&dp_lanes[i]->has_file, __ATOMIC_RELAXED))
            continue; /* being made, with room for one more slot */
        if (error)
            return error;
    }
    return 0;
}

uint32_t dp_count_slot_for(uint32_t site)
{
    const uint32_t *sites = dp_process_facts()->counted_site;
    for (uint32_t slot = 1; slot <= n_slots; slot++) {
        if (sites[slot] == site)
            return slot;
    }
    if (n_slots + 1 >= DP_MAX_COUNTED || allow_in_lanes(n_slots + 1) != 0)
        return 0;
    dp_process_count_site(++n_slots, site);
    return n_slots;
}

void dp_count_slot_set_events(uint32_t slot, bool events)
{
    atomic_store_explicit(&leaves_events[slot], events, memory_order_relaxed);
}

uint32_t dp_count_slot_site(uint32_t slot)
{
    bool events = atomic_load_explicit(&leaves_events[slot], memory_order_relaxed);
    return events ? dp_process_facts()->counted_site[slot] : 0;
}

uint64_t dp_count_slot_claim(struct dp_lane *lane, uint32_t slot)
{
    uint64_t *counted = &DP_LANE_COUNTS(lane->state)[slot];
    uint64_t *reported = &DP_LANE_REPORTED(lane->state)[slot];
    uint64_t before = __atomic_load_n(reported, __ATOMIC_RELAXED), now;
    do {
        now = __atomic_load_n(counted, __ATOMIC_RELAXED);
        if (now == before)
            return 0;
    } while (!__atomic_compare_exchange_n(reported, &before, now, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return now - before;
}

void dp_count_slot_unclaim(struct dp_lane *lane, uint32_t slot, uint64_t calls)
{
    __atomic_fetch_sub(&DP_LANE_REPORTED(lane->state)[slot], calls, __ATOMIC_RELAXED);
}

void dp_count_slots_report(struct dp_lane *lane)
{
    uint32_t last = dp_count_slots();
    for (uint32_t slot = 1; slot <= last; slot++) {
        uint32_t index = dp_count_slot_site(slot);
        uint64_t calls = index ? dp_count_slot_claim(lane, slot) : 0;
        uint64_t now = dp_now_ns();
        if (!calls)
            continue;
        struct dp_event_calls *event = dp_record_begin(&lane->stream, DP_EVENT_ID_calls,
                                                       sizeof *event, &now, lane->state->lost);
        if (!event)
            continue;
        *event = (struct dp_event_calls){.site = index, .tid = lane->stream.tid, .calls = calls};
        dp_record_commit(&lane->stream, event + 1, now);
    }
}
