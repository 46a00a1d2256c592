/* See call_memory.h. */
#include "call_memory.h"

#include "thread/memory.h"

void dp_begin_memory(struct dp_lane *lane, uint64_t depth)
{
    struct dp_memory_frame *frame = &lane->memory_frames[depth];
    frame->before = lane->memory;
    frame->around = lane->below;
    frame->number = ++lane->counted_calls;
    lane->below = (struct dp_memory_below){.call = frame->number};
    lane->memory.peak_bytes = lane->memory.live_bytes;
}

void dp_move_memory(struct dp_lane *lane, uint64_t from, uint64_t to)
{
    const struct dp_lane_frame *frame = &lane->state->frames[from];
    struct dp_memory_frame *memory = lane->memory_frames;
    if (from == to || !(frame->kinds & lane->frames[from + 1].config->memory))
        return;
    memory[to].before = memory[from].before;
    memory[to].around = memory[from].around;
    memory[to].number = memory[from].number;
    memory[to].at_cap = memory[from].at_cap;
    atomic_store_explicit(&memory[to].capped_ns,
                          atomic_load_explicit(&memory[from].capped_ns, memory_order_acquire),
                          memory_order_release);
}

/* The call around has this one below it. */
static void end_below(struct dp_lane *lane, const struct dp_memory_frame *frame,
                      struct dp_memory_change *change)
{
    uint64_t bytes = lane->memory.allocated_bytes - frame->before.allocated_bytes;
    uint64_t allocations = lane->memory.allocations - frame->before.allocations;
    bool innermost = lane->below.call == frame->number;

    change->self_known = innermost && !lane->below.mixed;
    if (!innermost) { /* it ends inside of another, which began later */
        lane->below.mixed = true;
        return;
    }
    change->self_bytes = bytes - lane->below.bytes;
    change->self_allocations = allocations - lane->below.allocations;
    lane->below = frame->around;
    lane->below.bytes += bytes;
    lane->below.allocations += allocations;
}

static void compare(struct dp_memory_change *change, const struct dp_memory_counts *before,
                    const struct dp_memory_counts *after)
{
    change->before_bytes = before->live_bytes;
    change->after_bytes = after->live_bytes;
    change->peak_bytes = after->peak_bytes - before->live_bytes;
    change->allocated_bytes = after->allocated_bytes - before->allocated_bytes;
    change->freed_bytes = after->freed_bytes - before->freed_bytes;
    change->allocations = after->allocations - before->allocations;
    change->frees = after->frees - before->frees;
}

void dp_end_memory(struct dp_lane *lane, uint64_t depth, struct dp_memory_change *change)
{
    struct dp_memory_frame *frame = &lane->memory_frames[depth];
    bool capped = atomic_load_explicit(&frame->capped_ns, memory_order_acquire) ==
                  (lane->state->frames[depth].start_ns & ~DP_FRAME_ENDED);
    compare(change, &frame->before, capped ? &frame->at_cap : &lane->memory);
    if (lane->memory.peak_bytes < frame->before.peak_bytes)
        lane->memory.peak_bytes = frame->before.peak_bytes;
    end_below(lane, frame, change);
    change->self_known &= !capped; /* which calls below had ended at the cap is not known */
}

void dp_give_up_memory(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame)
{
    struct dp_memory_change unused;
    if (frame->kinds & lane->frames[i + 1].config->memory)
        dp_end_memory(lane, i, &unused);
}

void dp_add_memory(struct dp_site_stats *stats, const struct dp_memory_change *change)
{
    stats->memory_calls++;
    if (DP_UNLIKELY(dp_memory_view != DP_MEMORY_BYTES))
        stats->flags |= DP_STATS_BYTES_UNKNOWN;
    stats->allocated_bytes += change->allocated_bytes;
    stats->freed_bytes += change->freed_bytes;
    stats->allocations += change->allocations;
    stats->frees += change->frees;
    if (change->peak_bytes > stats->peak_bytes)
        stats->peak_bytes = change->peak_bytes;
    if (DP_LIKELY(change->self_known)) {
        stats->self_allocated_bytes += change->self_bytes;
        stats->self_allocations += change->self_allocations;
    } else {
        stats->flags |= DP_STATS_SELF_MEMORY_UNKNOWN;
    }
}
