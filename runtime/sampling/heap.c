/* See heap.h. */
#include "heap.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/mix.h"
#include "base/os.h"
#include "base/sampler.h"
#include "base/settings.h"
#include "deep_profile/abi/log.h"
#include "heap_queue.h"
#include "processor.h"
#include "readers.h"
#include "walk.h"

#define OWN_FRAMES 8 /* of ours at most, before the caller's */

bool dp_heap_on;
DP_INITIAL_EXEC _Thread_local int64_t dp_heap_budget;

static DP_INITIAL_EXEC _Thread_local uint64_t random_state; /* 0: no budget was drawn yet */
static _Atomic uint64_t threads_met, last_number;
static DP_INITIAL_EXEC _Thread_local uint64_t drawn_interval; /* of the thread's budget */
static uint64_t seed, first_interval;
static _Atomic uint64_t interval; /* 0: nothing is sampled */

/* Rounding down adds no bias: for whole b, floor(X) is below b exactly when X is. */
static int64_t draw(void)
{
    drawn_interval = dp_heap_interval();
    uint64_t drawn = (uint64_t)dp_sampler_draw(&random_state);
    unsigned __int128 bytes = (unsigned __int128)drawn * drawn_interval;
    return (int64_t)(bytes >> DP_BUDGET_MEAN_BITS);
}

/* A different seed for each thread, without a system call. */
static uint64_t first_random(void)
{
    uint64_t thread = atomic_fetch_add_explicit(&threads_met, 1, memory_order_relaxed) + 1;
    return dp_mix(seed + thread * DP_MIX_STEP);
}

/* The budget is below 0. True: this allocation is sampled. False: it is the thread's first one,
 * and no budget had been drawn. */
static bool is_chosen(size_t bytes, uint64_t *mean_bytes)
{
    if (random_state == 0) {
        random_state = first_random();
        dp_heap_budget = draw() - (int64_t)bytes;
    }
    if (dp_heap_budget >= 0)
        return false;
    *mean_bytes = drawn_interval;
    dp_heap_budget = draw();
    return true;
}

/* Leaves out our own frames. Where the walk ended inside them, the caller is the only frame. */
static void from_caller(struct dp_frames *frames, const void *caller)
{
    uint64_t call = dp_processor_plain((uintptr_t)caller) - 1;
    uint32_t own = 0;
    while (own < frames->n && own < OWN_FRAMES && frames->pcs[own] != call)
        own++;
    if (own == frames->n || own == OWN_FRAMES) {
        frames->pcs[0] = call;
        frames->n = 1;
        frames->flags |= frames->flags & DP_STACK_ENDED_EARLY ? 0 : DP_STACK_NO_RULE;
        return;
    }
    frames->n -= own;
    memmove(frames->pcs, frames->pcs + own, frames->n * sizeof *frames->pcs);
}

/* Reads the thread's own stack; of another stack (a coroutine's, a signal handler's) only the rest
 * of the page. To read more would take a system call, which a sandbox may forbid. */
static __attribute__((noinline)) void write_stack(struct dp_frames *frames, const void *caller)
{
    struct dp_registers here;
    dp_processor_here(&here.pc, &here.sp, &here.fp);
    here.context = NULL;
    uintptr_t end = dp_os_stack_end(here.sp);
    size_t page = dp_os_page_bytes();
    struct dp_direct stack = {.low = here.sp, .high = end ? end : (here.sp | (page - 1)) + 1};
    frames->flags = 0;
    frames->n = dp_walk(&here, dp_read_direct, &stack, frames->pcs, DP_FRAMES_MAX, &frames->flags);
    from_caller(frames, caller);
}

void dp_heap_is_gone(uint64_t allocation)
{
    if (!dp_heap_queue_release(allocation, dp_now_ns()))
        dp_process_lost(DP_LOSS_RELEASES, 1);
}

/* Puts the address into the table. False: there is no room. */
static bool follow(const void *pointer, uint64_t number)
{
    uint64_t before;
    bool fits = dp_heap_table_put(pointer, number, &before);
    if (before) /* a function that we do not interpose has released it */
        dp_heap_is_gone(before);
    return fits;
}

void dp_heap_sample(const void *pointer, size_t bytes, const void *caller)
{
    uint32_t turn;
    uint64_t mean_bytes;
    if (!dp_heap_interval() || !dp_process_is_ours() || !is_chosen(bytes, &mean_bytes))
        return;
    struct dp_heap_sampled *sample = dp_heap_queue_claim(&turn);
    if (!sample) {
        dp_process_lost(DP_LOSS_ALLOCATIONS, 1);
        return;
    }
    sample->number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
    sample->bytes = bytes;
    sample->mean_bytes = mean_bytes;
    sample->flags = 0;
    write_stack(&sample->frames, caller);
    sample->frames.time_ns = dp_now_ns();
    uint64_t number = sample->number;
    if (!follow(pointer, number)) {
        sample->flags = DP_ALLOCATION_NOT_FOLLOWED;
        dp_process_lost(DP_LOSS_RELEASES, 1);
    }
    if (dp_heap_queue_put(sample, turn))
        return;
    dp_process_lost(DP_LOSS_ALLOCATIONS, 1);
    dp_heap_table_take(pointer);
}

uint64_t dp_heap_take_out(const void *pointer)
{
    return dp_heap_table_take(pointer);
}

void dp_heap_put_back(const void *pointer, uint64_t allocation)
{
    if (!follow(pointer, allocation))
        dp_process_lost(DP_LOSS_RELEASES, 1);
}

void dp_heap_release(const void *pointer)
{
    uint64_t number = dp_heap_table_take(pointer);
    if (number)
        dp_heap_is_gone(number);
}

int dp_heap_init(void)
{
    uint64_t given = dp_setting_value(DP_SETTING_SEED), wanted = dp_setting_value(DP_SETTING_HEAP);
    atomic_store_explicit(&interval, 0, memory_order_relaxed);
    if (!wanted)
        return 0;
    if (dp_heap_table_init() != 0 || dp_heap_queue_init() != 0)
        return -ENOMEM;
    seed = given ? given : dp_os_random();
    first_interval = wanted;
    atomic_store_explicit(&interval, wanted, memory_order_relaxed);
    return 0;
}

void dp_heap_begin(void)
{
    dp_heap_on = dp_heap_interval() != 0;
}

void dp_heap_end(void)
{
    dp_heap_on = false;
}

uint64_t dp_heap_interval(void)
{
    return atomic_load_explicit(&interval, memory_order_relaxed);
}

void dp_heap_thin_out(unsigned doublings)
{
    if (dp_heap_interval())
        atomic_store_explicit(&interval, first_interval << doublings, memory_order_relaxed);
}
