/* See books.h. */
#include "books.h"

#include "base/clock.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "log/process_log.h"
#include "log/segments.h"
#include "thread/count_slots.h"

#define SECOND_NS UINT64_C(1000000000)

static uint64_t next_overhead;

void dp_books_init(void)
{
    next_overhead = 0;
}

void dp_books_report_calls(void)
{
    uint32_t count = dp_lanes_count(), last = dp_count_slots();
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lane_at(i);
        const struct dp_lane_state *state = dp_lane_state_of(lane);
        for (uint32_t slot = 1; state && slot <= last; slot++) {
            struct dp_event_calls event = {.site = dp_count_slot_site(slot),
                                           .tid = dp_peek_32(&lane->stream.tid)};
            event.calls = event.site ? dp_count_slot_claim(lane, slot) : 0;
            if (event.calls && !dp_log_event_if_room(DP_EVENT_ID_calls, &event, sizeof event)) {
                dp_count_slot_unclaim(lane, slot, event.calls);
                return;
            }
        }
    }
}

uint64_t dp_books_interval_ns(uint64_t now, uint64_t least_ns)
{
    uint64_t age = now - dp_process_start_ns;
    return age / 64 > least_ns ? age / 64 : least_ns;
}

void dp_books_keep(uint64_t now, bool last)
{
    struct dp_process_state *process = dp_process_state();
    struct dp_lane_sums sums = {0};
    uint32_t count = dp_lanes_count();
    process->lost[DP_LOSS_OVERWRITTEN] = dp_segments_overwritten();
    for (uint32_t reason = 0; reason < DP_LOSS_COUNT; reason++)
        sums.lost[reason] = __atomic_load_n(&process->lost[reason], __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count; i++)
        dp_lane_add_sums(dp_lane_at(i), &sums);
    process->steward_cpu_ns = dp_os_thread_cpu_ns();
    process->log_bytes = dp_segments_bytes();
    process->own_memory_bytes = dp_memory_ceiling_used();
    struct dp_event_overhead event = {
        .steward_cpu_ns = process->steward_cpu_ns,
        .slow_paths = sums.slow_paths,
        .slow_path_ns = dp_process_facts()->slow_path_ns,
        .process_cpu_ns = dp_os_process_cpu_ns(),
        .log_bytes = process->log_bytes,
    };
    uint64_t interval = dp_books_interval_ns(now, SECOND_NS);
    if (last || now >= next_overhead) {
        next_overhead = now + interval;
        dp_log_event(DP_EVENT_ID_overhead, &event, sizeof event);
    }
    dp_log_losses(sums.lost, last ? UINT64_MAX / 2 : now, interval);
}

void dp_books_log_clock(void)
{
    struct dp_event_clock event = {
        .tsc = dp_arch_tsc(),
        .monotonic_ns = dp_os_monotonic_ns(),
        .realtime_ns = dp_os_realtime_ns(),
    };
    dp_log_event(DP_EVENT_ID_clock, &event, sizeof event);
}
