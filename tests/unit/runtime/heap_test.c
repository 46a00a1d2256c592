/* Sampled allocations: estimates without bias, a table that loses nothing, queues that refuse
 * what does not fit. Fixed seeds: the bounds are six standard deviations, and hold or fail
 * the same way every time. Addresses are made up; nothing is ever read there. */
#include "sampling/heap.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/sampler.h"
#include "base/settings.h"
#include "check.h"
#include "sampling/heap_queue.h"

#define MEAN 65536
#define LONG_AFTER UINT64_C(20000000000)

static const uint32_t alive = 1;

static void begin(void)
{
    dp_settings[DP_SETTING_HEAP].value = MEAN;
    dp_settings[DP_SETTING_SEED].value = 42;
    CHECK(dp_heap_init() == 0);
    CHECK(dp_heap_interval() == MEAN);
}

static void *address(uint64_t n)
{
    return (void *)(uintptr_t)(0x7f0000000000 + n * 48);
}

/* Of allocations of one size. */
struct sum {
    size_t bytes;
    double allocated, variance; /* the truth */
    double estimate;
};

static double chance(double bytes, double mean)
{
    return -expm1(-bytes / mean);
}

static void allocate(struct sum *sum, uint64_t n)
{
    double bytes = (double)sum->bytes, p = chance(bytes, (double)dp_heap_interval());
    dp_heap_allocated(address(n), sum->bytes, (const void *)0x1000);
    sum->allocated += bytes;
    sum->variance += bytes * bytes * (1 - p) / p;
}

static void take_samples(struct sum *sums, size_t n)
{
    const struct dp_heap_sampled *sample;
    while ((sample = dp_heap_queue_first(0))) {
        double bytes = (double)sample->bytes;
        for (size_t i = 0; i < n; i++)
            if (sums[i].bytes == sample->bytes)
                sums[i].estimate += bytes / chance(bytes, (double)sample->mean_bytes);
        CHECK(sample->frames.n == 1 && sample->frames.pcs[0] == 0xfff);
        dp_heap_queue_drop();
    }
}

/* In a fixed order, where anything but a memoryless budget would show a bias. */
static void every_size_is_estimated_without_bias(bool thin_out)
{
    struct sum sums[] = {{.bytes = 1}, {.bytes = 100}, {.bytes = 5000}, {.bytes = 24},
                         {.bytes = 70000}, {.bytes = 1000000}, {.bytes = 4096}};
    enum { SIZES = sizeof sums / sizeof *sums, ROUNDS = 40000 };
    begin();
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < SIZES; i++) {
            uint64_t n = (round % 64 * SIZES + i) * 1000;
            allocate(&sums[i], n);
            dp_heap_freed(address(n));
        }
        take_samples(sums, SIZES);
        uint64_t number, time_ns;
        while (dp_heap_queue_take_release(0, &number, &time_ns)) {
        }
        if (thin_out)
            dp_heap_thin_out((unsigned)(round * 4 / ROUNDS));
    }
    for (size_t i = 0; i < SIZES; i++)
        CHECK_WITHIN(sums[i].estimate, sums[i].allocated, 6 * sqrt(sums[i].variance));
}

static void what_was_put_in_is_found_once(void)
{
    enum { HELD = 40000 };
    uint64_t before;
    dp_heap_table_clear();
    for (uint64_t n = 1; n <= HELD; n++)
        CHECK(dp_heap_table_put(address(n), n, &before) && before == 0);
    for (uint64_t n = 1; n <= HELD; n += 2)
        CHECK(dp_heap_may_hold(address(n)) && dp_heap_table_take(address(n)) == n);
    for (uint64_t n = 1; n <= HELD; n++)
        CHECK(dp_heap_table_take(address(n)) == (n % 2 ? 0 : n));
    for (size_t i = 0; i < DP_HEAP_FILTER_BYTES; i++)
        CHECK(dp_heap_filter[i] == 0);
}

/* Memory that came back by a function that nobody sees. */
static void an_address_that_comes_again_replaces_the_old_sample(void)
{
    uint64_t before;
    CHECK(dp_heap_table_put(address(7), 1, &before) && before == 0);
    CHECK(dp_heap_table_put(address(7), 2, &before) && before == 1);
    CHECK(dp_heap_table_take(address(7)) == 2);
    CHECK(dp_heap_table_take(address(7)) == 0);
}

static void a_full_table_refuses_and_loses_nothing(void)
{
    uint64_t before, n = 0, held = 0, found = 0;
    dp_heap_table_clear();
    while (n < 200000)
        held += dp_heap_table_put(address(n), n + 1, &before), n++;
    CHECK(held > 60000 && held <= 65536);
    while (n-- > 0)
        found += dp_heap_table_take(address(n)) == n + 1;
    CHECK(found == held);
}

static void a_realloc_that_is_refused_keeps_the_sample(void)
{
    uint64_t before, number, time_ns;
    begin();
    CHECK(dp_heap_table_put(address(1), 5, &before));
    uint64_t sample = dp_heap_before_realloc(address(1));
    CHECK(sample == 5 && !dp_heap_before_realloc(address(1)));
    dp_heap_after_realloc(address(1), sample, true);
    CHECK(!dp_heap_queue_take_release(0, &number, &time_ns));
    dp_heap_after_realloc(address(1), dp_heap_before_realloc(address(1)), false);
    CHECK(dp_heap_queue_take_release(0, &number, &time_ns) && number == 5);
    CHECK(!dp_heap_before_realloc(address(1)));
}

static void a_full_queue_refuses_until_something_is_taken(void)
{
    uint32_t turn;
    struct dp_heap_sampled *place;
    begin();
    uint64_t places = 0;
    while ((place = dp_heap_queue_claim(&turn))) {
        place->number = ++places;
        CHECK(dp_heap_queue_put(place, turn));
    }
    CHECK(places >= 1024);
    for (uint64_t round = 1; round <= 3 * places; round++) {
        CHECK(dp_heap_queue_first(0)->number == round);
        dp_heap_queue_drop();
        place = dp_heap_queue_claim(&turn);
        CHECK(place != NULL);
        place->number = places + round;
        CHECK(dp_heap_queue_put(place, turn));
        CHECK(!dp_heap_queue_claim(&turn));
    }
}

/* Its thread left by a longjmp, or comes much later. */
static void a_place_that_nobody_fills_is_given_up(void)
{
    uint32_t stuck_turn, turn;
    begin();
    struct dp_heap_sampled *stuck = dp_heap_queue_claim(&stuck_turn);
    struct dp_heap_sampled *place = dp_heap_queue_claim(&turn);
    place->number = 2;
    CHECK(dp_heap_queue_put(place, turn));
    CHECK(!dp_heap_queue_first(1));
    CHECK(dp_heap_queue_first(1 + LONG_AFTER) == place);
    CHECK(!dp_heap_queue_put(stuck, stuck_turn));
}

static void *put_and_take(void *first)
{
    uint64_t at = (uint64_t)(uintptr_t)first, before;
    for (uint64_t round = 0; round < 200; round++) {
        for (uint64_t n = at; n < at + 500; n++)
            CHECK(dp_heap_table_put(address(n), n, &before) && before == 0);
        for (uint64_t n = at; n < at + 500; n++)
            CHECK(dp_heap_table_take(address(n)) == n);
    }
    return NULL;
}

static void threads_do_not_disturb_one_another(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    dp_heap_table_clear();
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, put_and_take, (void *)(1 + i * 1000)) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < DP_HEAP_FILTER_BYTES; i++)
        CHECK(dp_heap_filter[i] == 0);
}

int main(void)
{
    dp_process_alive = &alive;
    dp_sampler_init();
    dp_memory_ceiling_init();
    every_size_is_estimated_without_bias(false);
    every_size_is_estimated_without_bias(true);
    what_was_put_in_is_found_once();
    an_address_that_comes_again_replaces_the_old_sample();
    a_full_table_refuses_and_loses_nothing();
    a_realloc_that_is_refused_keeps_the_sample();
    a_full_queue_refuses_until_something_is_taken();
    a_place_that_nobody_fills_is_given_up();
    threads_do_not_disturb_one_another();
    return 0;
}
