/* See heap_log.h. */
#include "heap_log.h"

#include "base/facts.h"
#include "deep_profile/abi/log.h"
#include "heap.h"
#include "heap_queue.h"
#include "log/process_log.h"
#include "stack_log.h"

#define MOST_AT_ONCE 8192 /* a tick's work has an end, however fast the host allocates */

/* The number of the first allocation that had no room in the log. Neither it nor a later one is
 * written, nor are their releases. */
static uint64_t first_refused;

void dp_heap_log_init(void)
{
    first_refused = UINT64_MAX;
    if (dp_heap_interval())
        dp_modules_log(); /* walks know the program from the first one on */
}

static bool write_allocation(const struct dp_heap_sampled *sample)
{
    struct dp_event_allocation event = {.allocation = sample->number,
                                        .flags = sample->flags,
                                        .at_ns = sample->frames.time_ns,
                                        .bytes = sample->bytes,
                                        .interval_bytes = sample->mean_bytes};
    if (first_refused != UINT64_MAX || !dp_log_take_room(sizeof event) ||
        !dp_log_take_room(sizeof(struct dp_event_release))) {
        first_refused = sample->number < first_refused ? sample->number : first_refused;
        return false;
    }
    event.stack = dp_stack_log(&sample->frames);
    if (!event.stack)
        dp_process_lost(DP_LOSS_STACKS, 1);
    return dp_log_event_in_room(DP_EVENT_ID_allocation, &event, sizeof event);
}

static void write_release(uint64_t number, uint64_t time_ns)
{
    struct dp_event_release event = {.allocation = number, .at_ns = time_ns};
    if (number >= first_refused)
        return;
    if (!dp_log_event_in_room(DP_EVENT_ID_release, &event, sizeof event))
        dp_process_lost(DP_LOSS_RELEASES, 1);
}

/* The mean doubles each time that half of the remaining room is used up. So the log of a program
 * that runs for weeks has samples from all of that time. */
static void thin_out(void)
{
    unsigned doublings = 0;
    uint64_t whole, left = dp_log_room_left(&whole);
    while (doublings < DP_HEAP_MOST_DOUBLINGS && left <= whole >> (doublings + 1))
        doublings++;
    dp_heap_thin_out(doublings);
}

void dp_heap_log(uint64_t now)
{
    const struct dp_heap_sampled *sample;
    uint64_t number, time_ns;
    if (!dp_heap_interval())
        return;
    thin_out();
    for (int i = 0; i < MOST_AT_ONCE && (sample = dp_heap_queue_first(now)); i++) {
        dp_modules_log();
        if (!write_allocation(sample))
            dp_process_lost(DP_LOSS_ALLOCATIONS, 1);
        dp_heap_queue_drop();
    }
    for (int i = 0; i < MOST_AT_ONCE && dp_heap_queue_take_release(now, &number, &time_ns); i++)
        write_release(number, time_ns);
}
