/* See stats.h. Reached through dp_call_out, in the thread that owns the lane. */
#include "stats.h"

#include <errno.h>

#include "base/clock.h"
#include "base/memory_ceiling.h"
#include "lane_file.h"

#define ARENA_STEP 65536
#define RETRY_NS 10000000

/* Later calls do not ask for some time: see dp_stats_ask(). */
static uint64_t refuse(struct dp_lane *lane)
{
    lane->state->lost[DP_LOSS_AGGREGATES]++;
    lane->retry_stats_ns = dp_now_ns() + RETRY_NS;
    return 0;
}

/* Allocates from the lane's arena: 8-byte aligned, zeroed; 0: full. The file grows here, so
 * that a full disk gives an error now, not a signal later. */
static uint64_t take(struct dp_lane *lane, uint64_t bytes)
{
    struct dp_lane_state *state = lane->state;
    uint64_t start = state->arena_used, end = start + ((bytes + 7) & ~UINT64_C(7));
    /* It reads as zeros: the state's file was cut (bus.h). */
    if (start < DP_LANE_ARENA_OFFSET || end > lane->state_bytes)
        return refuse(lane);
    if (end > state->file_bytes) {
        uint64_t grown = end + ARENA_STEP - 1;
        grown -= grown % ARENA_STEP;
        if (grown > lane->state_bytes)
            grown = lane->state_bytes;
        uint64_t more = grown - state->file_bytes;
        bool taken = dp_memory_ceiling_take(more);
        if (!taken || dp_lane_file_grow(lane->index, state->file_bytes, more) != 0) {
            if (taken)
                dp_memory_ceiling_give(more);
            return refuse(lane);
        }
        state->file_bytes = grown;
        lane->taken_bytes += more;
    }
    state->arena_used = end;
    return start;
}

static uint64_t arena_take(struct dp_lane *lane, uint64_t bytes)
{
    int saved_errno = errno;
    uint64_t offset = take(lane, bytes);
    errno = saved_errno;
    return offset;
}

uint64_t dp_stats_make(void *argument, uintptr_t index, uintptr_t unused)
{
    struct dp_lane *lane = argument;
    struct dp_lane_state *state = lane->state;
    uint32_t *page_offset = &state->site_pages[index / DP_LANE_SITE_PAGE];
    (void)unused;
    if (!*page_offset) {
        uint64_t pointers = DP_LANE_SITE_PAGE * sizeof *lane->stats; /* touched from now on */
        if (!dp_memory_ceiling_take(pointers))
            return refuse(lane);
        uint64_t page = arena_take(lane, DP_LANE_SITE_PAGE * sizeof(uint32_t));
        if (!page) {
            dp_memory_ceiling_give(pointers);
            return 0;
        }
        lane->taken_bytes += pointers;
        __atomic_store_n(page_offset, (uint32_t)page, __ATOMIC_RELEASE);
    }
    uint32_t *entry = (uint32_t *)dp_lane_pointer(state, *page_offset) + index % DP_LANE_SITE_PAGE;
    uint64_t offset = *entry; /* of an earlier thread, if the lane has rested since */
    if (!offset) {
        offset = arena_take(lane, sizeof(struct dp_site_stats));
        if (!offset)
            return 0;
        struct dp_site_stats *made = dp_lane_pointer(state, offset);
        made->site = (uint32_t)index;
        made->min_ns = UINT64_MAX;
        __atomic_store_n(entry, (uint32_t)offset, __ATOMIC_RELEASE);
    }
    struct dp_site_stats *stats = dp_lane_pointer(state, offset);
    stats->outermost = DP_OUTERMOST_UNKNOWN;
    lane->stats[index] = stats;
    return (uintptr_t)stats;
}

uint64_t dp_stats_make_part(void *argument, uintptr_t entry, uintptr_t bytes)
{
    struct dp_lane *lane = argument;
    uint64_t offset = arena_take(lane, bytes);
    if (offset) {
        uint32_t *word = dp_lane_pointer(lane->state, entry);
        __atomic_store_n(word, (uint32_t)offset, __ATOMIC_RELEASE);
    }
    return offset;
}
