/* How the time of a call divides, from readings of its thread's clocks. */
#include "check.h"
#include "sampling/division.h"

#define MS UINT64_C(1000000)

static struct dp_reading at(uint64_t time_ms, uint64_t cpu_ms, uint64_t runnable_ms)
{
    return (struct dp_reading){time_ms * MS, cpu_ms * MS, runnable_ms * MS, true};
}

static uint64_t sum(const struct dp_division *division)
{
    return division->on_cpu_ns + division->runnable_ns + division->blocked_ns;
}

static void with_the_threads_own_time_at_the_end_it_is_exact(void)
{
    struct dp_reading first = at(100, 50, 5), last = at(190, 80, 15), next = at(210, 90, 15);
    struct dp_divided_end end = {200 * MS, 84 * MS};
    struct dp_division division;
    dp_divide(&first, &last, &next, &end, &division);
    CHECK(division.on_cpu_ns == 34 * MS);
    CHECK(division.runnable_ns == 10 * MS);
    CHECK(division.blocked_ns == 56 * MS);
    CHECK(division.error_ns == 0 && division.runnable_known);
}

/* Of 10 ms, half of them after the end, the thread used 10: 5 before it, for certain. Of 6 it
 * used 1 to 5 before. */
static void what_was_used_around_the_end_is_bounded(void)
{
    struct dp_reading first = at(100, 0, 0), last = at(195, 0, 0);
    struct dp_reading busy = at(205, 10, 0), mixed = at(205, 6, 0);
    struct dp_divided_end end = {200 * MS, 0};
    struct dp_division division;
    dp_divide(&first, &last, &busy, &end, &division);
    CHECK(division.on_cpu_ns == 5 * MS && division.error_ns == 0);
    dp_divide(&first, &last, &mixed, &end, &division);
    CHECK(division.on_cpu_ns == 3 * MS && division.error_ns == 2 * MS);
    CHECK(sum(&division) == 100 * MS);
}

static void a_thread_that_is_gone_leaves_an_error(void)
{
    struct dp_reading first = at(100, 0, 0), last = at(190, 20, 0);
    struct dp_divided_end end = {200 * MS, 0};
    struct dp_division division;
    dp_divide(&first, &last, NULL, &end, &division);
    CHECK(division.on_cpu_ns == 25 * MS && division.error_ns == 5 * MS);
    CHECK(sum(&division) == 100 * MS);
}

static void where_waiting_for_a_processor_is_not_known_it_is_blocked_time(void)
{
    struct dp_reading first = at(100, 0, 0), last = at(190, 20, 0);
    struct dp_divided_end end = {200 * MS, 20 * MS};
    struct dp_division division;
    first.runnable_known = last.runnable_known = false;
    dp_divide(&first, &last, NULL, &end, &division);
    CHECK(!division.runnable_known && division.runnable_ns == 0);
    CHECK(division.blocked_ns == 80 * MS);
}

/* Clocks that are read one after the other never make a part larger than the whole. */
static void no_part_is_larger_than_the_whole(void)
{
    struct dp_reading first = at(100, 0, 0), last = at(110, 12, 3), next = at(112, 14, 3);
    struct dp_divided_end end = {110 * MS, 0};
    struct dp_division division;
    dp_divide(&first, &last, &next, &end, &division);
    CHECK(sum(&division) == 10 * MS && division.on_cpu_ns == 10 * MS);
}

int main(void)
{
    with_the_threads_own_time_at_the_end_it_is_exact();
    what_was_used_around_the_end_is_bounded();
    a_thread_that_is_gone_leaves_an_error();
    where_waiting_for_a_processor_is_not_known_it_is_blocked_time();
    no_part_is_larger_than_the_whole();
    return 0;
}
