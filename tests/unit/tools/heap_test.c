/* Sampled allocations as figures: who held what when, and how certain that is. */
#include "model/report_heap.h"

#include "check.h"
#include "deep_profile/abi/log.h"
#include "model/profile.h"
#include "model/stack_names.h"

#define SECOND UINT64_C(1000000000)
#define INTERVAL 1000

static struct dp_profile profile;

static void record(uint32_t id, const void *event, size_t bytes, uint64_t time_ns)
{
    const struct dp_record one = {
        .id = id, .time_ns = time_ns, .payload = event, .payload_bytes = bytes};

    dp_stacks_read(&profile.stacks, &one);
    dp_allocations_read(&profile.allocations, &one);
}

static uint64_t allocate(uint64_t stack, uint64_t at_ns, uint64_t bytes, uint32_t flags)
{
    static uint64_t number;
    const struct dp_event_allocation event = {.allocation = ++number,
                                              .flags = flags,
                                              .at_ns = at_ns,
                                              .bytes = bytes,
                                              .interval_bytes = INTERVAL,
                                              .stack = stack};

    record(DP_EVENT_ID_allocation, &event, sizeof event, at_ns);
    return number;
}

static void release(uint64_t number, uint64_t at_ns)
{
    const struct dp_event_release event = {.allocation = number, .at_ns = at_ns};

    record(DP_EVENT_ID_release, &event, sizeof event, at_ns);
}

/* A process of ten seconds. Stacks 1 to 3 have one frame each, which nothing names. */
static void begin(void)
{
    profile = (struct dp_profile){.first_ns = SECOND, .last_ns = 11 * SECOND, .records = 1};
    for (uint64_t id = 1; id <= 3; id++)
        dp_stacks_add_stack(&profile.stacks, &(struct dp_stack){.id = id,
                                                                .addresses = &id,
                                                                .n_addresses = 1});
}

static void make(struct dp_report_heap *heap)
{
    dp_stacks_settle(&profile.stacks);
    dp_stacks_name(&profile.stacks);
    dp_allocations_settle(&profile.allocations, &profile.stacks);
    dp_report_heap_make(heap, &profile);
}

static void finish(struct dp_report_heap *heap)
{
    dp_report_heap_finish(heap);
    dp_profile_finish(&profile);
}

static const struct dp_heap_row *row_of(const struct dp_report_heap *heap, uint64_t stack)
{
    for (size_t i = 0; i < heap->n; i++)
        if (heap->rows[i].stack && heap->rows[i].stack->id == stack)
            return &heap->rows[i];
    CHECK(!"a row of that stack");
    return NULL;
}

/* Of 100000 bytes at a mean of 1000 every one is sampled: figures are exact. */
static void growth_is_what_stays(void)
{
    enum { LEAK = 1, CACHE = 2, WORK = 3, BYTES = 100000 };
    struct dp_report_heap heap;

    begin();
    for (int i = 0; i < 10; i++) {
        uint64_t at = SECOND + (uint64_t)i * SECOND + SECOND / 2;
        allocate(LEAK, at, BYTES, 0);
        release(allocate(WORK, at, BYTES, 0), at + SECOND / 4);
    }
    allocate(CACHE, SECOND + SECOND / 2, BYTES, 0);
    allocate(WORK, 11 * SECOND - 1, BYTES, 0); /* it is still at work at the end */
    make(&heap);
    /* held and not young: 4 at 5 s (until 4 s), 9 at 10 s (until 9 s) */
    const struct dp_heap_row *leak = row_of(&heap, LEAK);
    CHECK_WITHIN(leak->of[DP_HEAP_GROWTH].value, 5 * BYTES, 1);
    CHECK_WITHIN(leak->of[DP_HEAP_AT_END].value, 10 * BYTES, 1);
    CHECK_WITHIN(leak->of[DP_HEAP_ALLOCATED].value, 10 * BYTES, 1);
    CHECK(dp_heap_grew(leak));
    CHECK(!dp_heap_grew(row_of(&heap, CACHE)) && !dp_heap_grew(row_of(&heap, WORK)));
    CHECK_WITHIN(row_of(&heap, WORK)->of[DP_HEAP_AT_END].value, BYTES, 1);
    CHECK_WITHIN(row_of(&heap, WORK)->of[DP_HEAP_ALLOCATED].value, 11 * BYTES, 1);
    CHECK_WITHIN(heap.all.of[DP_HEAP_AT_END].value, 12 * BYTES, 1);
    CHECK(heap.from_after_ns == 5 * SECOND && heap.young_ns == SECOND);
    CHECK(heap.rows[0].stack->id == LEAK); /* who holds most comes first */
    finish(&heap);
}

static void the_peak_is_when_all_hold_most(void)
{
    struct dp_report_heap heap;

    begin();
    uint64_t first = allocate(1, 2 * SECOND, 300000, 0);
    uint64_t second = allocate(2, 3 * SECOND, 200000, 0);
    release(first, 4 * SECOND);
    uint64_t third = allocate(3, 4 * SECOND, 250000, 0); /* of one moment, what is released first */
    release(second, 5 * SECOND);
    release(third, 5 * SECOND);
    make(&heap);
    CHECK(heap.peak_after_ns == 2 * SECOND);
    CHECK_WITHIN(heap.all.of[DP_HEAP_AT_PEAK].value, 500000, 1);
    CHECK_WITHIN(row_of(&heap, 1)->of[DP_HEAP_AT_PEAK].value, 300000, 1);
    CHECK(row_of(&heap, 3)->sums[DP_HEAP_AT_PEAK].samples == 0);
    CHECK(heap.all.sums[DP_HEAP_AT_END].samples == 0);
    finish(&heap);
}

/* A sample of 1 byte stands for the mean, give or take as much. */
static void few_samples_say_little_and_none_says_at_most(void)
{
    struct dp_report_heap heap;

    begin();
    allocate(1, 2 * SECOND, 1, 0);
    for (int i = 0; i < 400; i++)
        allocate(2, 2 * SECOND, 1, 0);
    make(&heap);
    const struct dp_estimate *one = &row_of(&heap, 1)->of[DP_HEAP_AT_END],
                             *many = &row_of(&heap, 2)->of[DP_HEAP_AT_END];
    CHECK_WITHIN(one->value, INTERVAL, 1);
    /* the exact interval of a Poisson count of 1: 0.0253 to 5.57; of 400: 361.8 to 441.2 */
    CHECK(one->low >= 0 && one->low < 100);
    CHECK_WITHIN(one->high, 5.57 * INTERVAL, 0.1 * INTERVAL);
    CHECK_WITHIN(many->low, 361.8 * INTERVAL, INTERVAL);
    CHECK_WITHIN(many->high, 441.2 * INTERVAL, INTERVAL);
    CHECK_WITHIN(row_of(&heap, 1)->of[DP_HEAP_ALLOCATED].high, 5.57 * INTERVAL, 0.1 * INTERVAL);
    finish(&heap);
    begin();
    release(allocate(1, 2 * SECOND, 1, 0), 3 * SECOND);
    make(&heap);
    CHECK_WITHIN(heap.all.of[DP_HEAP_AT_END].high, 3.69 * INTERVAL, 1);
    CHECK(heap.all.of[DP_HEAP_AT_END].value == 0);
    finish(&heap);
}

static void what_is_not_followed_is_not_held(void)
{
    struct dp_report_heap heap;

    begin();
    allocate(1, 2 * SECOND, 100000, DP_ALLOCATION_NOT_FOLLOWED);
    release(12345678, 3 * SECOND); /* of an allocation that the log does not have */
    make(&heap);
    CHECK(heap.all.sums[DP_HEAP_AT_END].samples == 0);
    CHECK(heap.all.sums[DP_HEAP_AT_PEAK].samples == 0);
    CHECK_WITHIN(heap.all.of[DP_HEAP_ALLOCATED].value, 100000, 1);
    finish(&heap);
}

int main(void)
{
    growth_is_what_stays();
    the_peak_is_when_all_hold_most();
    few_samples_say_little_and_none_says_at_most();
    what_is_not_followed_is_not_held();
    return 0;
}
