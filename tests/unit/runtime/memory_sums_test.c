/* What one call adds to the memory of its function. */
#include <stdlib.h>
#include <ucontext.h>

#include "base/facts.h"
#include "sums.h"
#include "thread/memory.h"

#define KB UINT64_C(1024)

HAND_SITE(memory, DP_ATTRIBUTE_MEMORY, "100KB", 0);
HAND_SITE(around, DP_ATTRIBUTE_MEMORY, "", 0);
HAND_SITE(inside, DP_ATTRIBUTE_MEMORY, "", 0);
HAND_SITE(memory_always, DP_ATTRIBUTE_MEMORY, "", 0);

static void a_threshold_of_memory_is_of_what_stays_allocated(void)
{
    const struct dp_site_stats *stats = stats_of(&memory_site);
    uint64_t records = dp_self->stream.records, due = hand_enter(&memory_site);
    for (int i = 0; i < 10; i++) {
        dp_memory_allocated(200 * KB);
        dp_memory_freed(200 * KB);
    }
    hand_exit(&memory_site, due);
    CHECK(stats->memory_calls == 1 && stats->allocated_bytes == 2000 * KB);
    CHECK(stats->freed_bytes == 2000 * KB && stats->peak_bytes == 200 * (int64_t)KB);
    CHECK(dp_self->stream.records == records);

    struct dp_event_memory event;
    due = hand_enter(&memory_site);
    dp_memory_allocated(128 * KB);
    hand_exit(&memory_site, due);
    CHECK(dp_self->stream.records == records + 1);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == memory_site.index && event.allocated_bytes == 128 * KB);
    dp_memory_freed(128 * KB);

    /* Without a threshold every call leaves one, also when it only frees. */
    records = dp_self->stream.records;
    due = hand_enter(&memory_always_site);
    dp_memory_freed(1 * KB);
    hand_exit(&memory_always_site, due);
    CHECK(dp_self->stream.records == records + 1);
}

static void allocate_for_a_while(uint64_t bytes)
{
    dp_memory_allocated(bytes);
    dp_memory_freed(bytes);
}

static __attribute__((noinline)) void call_inside(uint64_t bytes)
{
    uint64_t due = hand_enter(&inside_site);
    allocate_for_a_while(bytes);
    hand_exit(&inside_site, due);
}

static int64_t peak_of(const struct dp_site *site)
{
    return stats_of(site)->peak_bytes;
}

/* Each call has its own peak; the peak of the call around it is not affected. */
static void a_peak_is_the_highest_of_a_call(void)
{
    dp_memory_allocated(1000 * KB); /* before them: of none */
    uint64_t due = hand_enter(&around_site);
    allocate_for_a_while(200 * KB);
    dp_memory_allocated(10 * KB);
    call_inside(50 * KB);
    call_inside(20 * KB);
    dp_memory_freed(10 * KB);
    hand_exit(&around_site, due);
    CHECK(peak_of(&around_site) == 200 * (int64_t)KB && peak_of(&inside_site) == 50 * (int64_t)KB);
    due = hand_enter(&around_site);
    call_inside(300 * KB);
    hand_exit(&around_site, due);
    CHECK(peak_of(&around_site) == 300 * (int64_t)KB && peak_of(&inside_site) == 300 * (int64_t)KB);
    const struct dp_site_stats *stats = stats_of(&around_site);
    CHECK(stats->memory_calls == 2 && stats->allocations == 5 && stats->frees == 5);
    CHECK(stats->allocated_bytes == 580 * KB && stats->freed_bytes == 580 * KB);
    dp_memory_freed(1000 * KB);
}

static uint64_t own_bytes(const struct dp_site *site)
{
    return stats_of(site)->self_allocated_bytes;
}

static bool own_is_known(const struct dp_site *site)
{
    return !(stats_of(site)->flags & DP_STATS_SELF_MEMORY_UNKNOWN);
}

/* A call's own allocations are those that no counted call below it made. */
static void what_is_allocated_below_is_not_a_call_s_own(void)
{
    uint64_t around = own_bytes(&around_site), inside = own_bytes(&inside_site);
    uint64_t due = hand_enter(&around_site);
    dp_memory_allocated(10 * KB);
    uint64_t again = hand_enter(&around_site); /* recursion */
    call_inside(50 * KB);
    dp_memory_allocated(1 * KB);
    hand_exit(&around_site, again);
    call_inside(20 * KB);
    hand_exit(&around_site, due);
    CHECK(own_bytes(&around_site) == around + 11 * KB);
    CHECK(own_bytes(&inside_site) == inside + 70 * KB);
    CHECK(own_is_known(&around_site) && own_is_known(&inside_site));
    dp_memory_freed(11 * KB);
}

static ucontext_t main_stack, other_stack;

static void begin_and_end_on_another_stack(void)
{
    uint64_t due = hand_enter(&inside_site);
    swapcontext(&other_stack, &main_stack);
    hand_exit(&inside_site, due);
}

/* Coroutines: whose an allocation is, nobody knows. */
static void nor_is_it_known_of_calls_that_end_in_the_order_of_their_start(void)
{
    static char stack[1 << 16];
    uint64_t around = own_bytes(&around_site), inside = own_bytes(&inside_site);
    getcontext(&other_stack);
    other_stack.uc_stack.ss_sp = stack;
    other_stack.uc_stack.ss_size = sizeof stack;
    other_stack.uc_link = &main_stack;
    makecontext(&other_stack, begin_and_end_on_another_stack, 0);
    uint64_t due = hand_enter(&around_site);
    swapcontext(&main_stack, &other_stack);
    allocate_for_a_while(1 * KB);
    hand_exit(&around_site, due);
    swapcontext(&main_stack, &other_stack);
    CHECK(!own_is_known(&around_site) && !own_is_known(&inside_site));
    CHECK(own_bytes(&around_site) == around && own_bytes(&inside_site) == inside);
    due = hand_enter(&memory_site); /* what begins later is not concerned */
    allocate_for_a_while(1 * KB);
    hand_exit(&memory_site, due);
    CHECK(own_is_known(&memory_site) && own_bytes(&memory_site) >= 1 * KB);
}

void *__wrap_malloc(size_t bytes);
void *__wrap_realloc(void *pointer, size_t bytes);
void __wrap_free(void *pointer);
void *__real_malloc(size_t bytes);
void *__real_realloc(void *pointer, size_t bytes);
void __real_free(void *pointer);

void *__real_malloc(size_t bytes)
{
    return malloc(bytes);
}

static bool no_room;

void *__real_realloc(void *pointer, size_t bytes)
{
    return no_room ? NULL : realloc(pointer, bytes);
}

void __real_free(void *pointer)
{
    free(pointer);
}

static void a_realloc_that_fails_frees_nothing(void)
{
    CHECK(dp_memory_counted);
    void *pointer = __wrap_malloc(1000);
    struct dp_memory_counts before = dp_self->memory;
    no_room = true;
    CHECK(!__wrap_realloc(pointer, 2000));
    CHECK(memcmp(&before, &dp_self->memory, sizeof before) == 0);
    no_room = false;
    pointer = __wrap_realloc(pointer, 3000); /* one block replaces another */
    CHECK(pointer && dp_self->memory.frees == before.frees + 1);
    CHECK(dp_self->memory.allocations == before.allocations + 1);
    CHECK(dp_self->memory.live_bytes >= before.live_bytes + 1900);
    __wrap_free(pointer);
    CHECK(dp_self->memory.frees == before.frees + 2);
    CHECK(dp_self->memory.live_bytes <= before.live_bytes - 1000);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    call(&around_site); /* meets the thread */
    *stats_of(&around_site) = (struct dp_site_stats){.site = around_site.index};
    a_threshold_of_memory_is_of_what_stays_allocated();
    a_peak_is_the_highest_of_a_call();
    what_is_allocated_below_is_not_a_call_s_own();
    nor_is_it_known_of_calls_that_end_in_the_order_of_their_start();
    a_realloc_that_fails_frees_nothing();
    return 0;
}
