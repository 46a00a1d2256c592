/* The slow calls of a report: which are one operation, and what is known of each. */
#include "common/event_keys.h"
#include "report_by_hand.h"

/* A slow call of thread `tid`, from and to so many ms after the start. */
static struct dp_slow_call *add_slow(uint32_t site, uint32_t tid, uint64_t from_ms, uint64_t to_ms)
{
    const uint64_t ms = 1000000;

    profile.slow =
        dp_append(profile.slow, &profile.n_slow, &profile.slow_capacity, sizeof *profile.slow);
    struct dp_slow_call *call = &profile.slow[profile.n_slow - 1];
    *call = (struct dp_slow_call){.time_ns = START + to_ms * ms,
                                  .duration_ns = (to_ms - from_ms) * ms,
                                  .threshold_ns = 5 * ms,
                                  .order = profile.n_slow,
                                  .site = site,
                                  .tid = tid};
    return call;
}

static void check_step(size_t i, uint32_t site, uint32_t operation, uint32_t depth, bool leaf)
{
    const struct dp_report_slow_call *call = &report.slow.calls[i];

    CHECK(i < report.slow.n);
    CHECK(call->site == site && call->operation == operation);
    CHECK(call->depth == depth && call->leaf == leaf);
}

static void a_call_and_those_around_it_are_one_operation(void)
{
    begin();
    /* In the order of records: the inner call ends first, or at the same time. */
    add_slow(3, 1, 100, 470);
    add_slow(2, 1, 100, 475);
    add_slow(1, 1, 100, 475)->error_ns = 500000;
    add_slow(3, 1, 500, 540);
    add_slow(3, 2, 110, 460); /* of another thread, in the same time */
    make(0);
    CHECK(report.slow.n == 5 && report.slow.n_operations == 3 && report.slow.operations == 3);
    check_step(0, 1, 1, 0, false);
    check_step(1, 2, 1, 1, false);
    check_step(2, 3, 1, 2, true);
    check_step(3, 3, 2, 0, true);
    CHECK(report.slow.calls[3].tid == 2);
    check_step(4, 3, 3, 0, true);
    end();
}

static void the_requests_of_a_loop_are_operations_of_their_own(void)
{
    begin();
    profile.slow_limit = 10;
    for (uint64_t i = 0; i < 6; i++) {
        add_slow(3, 1, 1000 * i + 1, 1000 * i + 91 + i);
        add_slow(2, 1, 1000 * i, 1000 * i + 100 + i);
    }
    add_slow(1, 1, 0, 9000); /* the loop */
    make(0);
    CHECK(report.slow.operations == 7 && report.slow.n == 13);
    check_step(0, 1, 1, 0, true);
    CHECK(report.slow.calls[0].elsewhere == 6);
    check_step(1, 2, 2, 0, false); /* the last was the worst */
    check_step(2, 3, 2, 1, true);
    CHECK(report.slow.calls[1].after_ns == 5 * SECOND && report.slow.calls[1].elsewhere == 0);
    end();
}

static void the_steps_of_a_request_stay_with_it(void)
{
    begin();
    add_slow(4, 1, 105, 140);
    add_slow(2, 1, 100, 150);
    add_slow(3, 1, 150, 190);
    add_slow(1, 1, 100, 200);
    make(0);
    CHECK(report.slow.operations == 1 && report.slow.n == 4);
    check_step(0, 1, 1, 0, false);
    check_step(1, 2, 1, 1, false);
    check_step(2, 4, 1, 2, true);
    check_step(3, 3, 1, 1, false);
    end();
}

/* Calls watched by the tick begin at a tick, those read from the clock between two. */
static void a_start_that_is_known_by_the_tick_is_no_reason_to_part(void)
{
    begin();
    add_slow(2, 1, 100, 200)->error_ns = 1000000;
    add_slow(1, 1, 101, 201);
    add_slow(1, 1, 201, 300)->error_ns = 2000000; /* may have begun before 201 */
    make(0);
    CHECK(report.slow.operations == 2);
    check_step(0, 1, 1, 0, false);
    check_step(1, 2, 1, 1, true);
    end();
}

static void calls_in_flight_lie_within_each_other(void)
{
    begin();
    /* Reported when each became slow. */
    add_slow(1, 1, 100, 150)->flags = DP_SLOW_IN_FLIGHT;
    add_slow(2, 1, 120, 170)->flags = DP_SLOW_IN_FLIGHT;
    add_slow(3, 1, 120, 170)->flags = DP_SLOW_IN_FLIGHT;
    make(0);
    CHECK(report.slow.operations == 1 && report.slow.n == 3);
    check_step(0, 1, 1, 0, false);
    check_step(1, 2, 1, 1, false);
    check_step(2, 3, 1, 2, true);
    end();
}

static void the_worst_operations_are_listed_not_the_worst_calls(void)
{
    begin();
    profile.slow_limit = 2;
    for (uint32_t site = 1; site <= 20; site++)
        add_slow(site, 1, 100, 500);
    add_slow(30, 1, 600, 700);
    add_slow(31, 1, 800, 850);
    make(0);
    CHECK(report.slow.n == 21 && report.slow.n_operations == 2 && report.slow.operations == 3);
    check_step(0, 20, 1, 0, false);
    check_step(19, 1, 1, 19, true);
    check_step(20, 30, 2, 0, true);
    end();
}

static void a_function_that_waits_is_named(void)
{
    begin(); /* ten seconds, four of them on a CPU */
    name_site(2, "poll_loop.part.0");
    for (uint64_t i = 0; i < 9; i++)
        add_slow(2, 1, 1000 * i, 1000 * i + 990);
    add_slow(3, 1, 9000, 9500);
    make(0);
    CHECK(report.slow.waiting.info && report.slow.waiting.calls == 9);
    CHECK_TEXT(report.slow.waiting.info->function, "poll_loop.part.0");
    dp_report_finish(&report);
    profile.overhead.process_cpu_ns = 5 * SECOND; /* it may have worked all the time */
    make(0);
    CHECK(!report.slow.waiting.info);
    end();
}

static void add_reason(uint64_t call, uint32_t flags, uint64_t runnable_ns)
{
    const struct dp_event_reason event = {
        .call = call, .flags = flags, .on_cpu_ns = 1000000, .runnable_ns = runnable_ns};

    dp_reasons_read(&profile.reasons, &(struct dp_record){.id = DP_EVENT_ID_reason,
                                                          .payload = (const uint8_t *)&event,
                                                          .payload_bytes = sizeof event});
}

static void a_function_that_waits_for_a_cpu_is_not_named(void)
{
    begin();
    name_site(2, "compute");
    for (uint64_t i = 0; i < 9; i++) {
        add_slow(2, 1, 1000 * i, 1000 * i + 990)->id = i + 1;
        add_reason(i + 1, 0, SECOND / 10 * 9);
    }
    dp_reasons_settle(&profile.reasons);
    make(0);
    CHECK(!report.slow.waiting.info);
    dp_report_finish(&report);
    for (uint64_t i = 0; i < 9; i++) /* how long it did is not known */
        add_reason(i + 1, DP_REASON_NO_RUNNABLE, SECOND);
    dp_reasons_settle(&profile.reasons);
    make(0);
    CHECK(report.slow.waiting.info && report.slow.waiting.calls == 9);
    end();
}

/* Nobody who waits for a lock waits for work. */
static void a_function_that_waits_for_a_lock_is_not_named(void)
{
    begin();
    name_site(2, "query");
    for (uint64_t i = 0; i < 9; i++) {
        const struct dp_stack_sample look = {.call = i + 1,
                                             .state = DP_THREAD_BLOCKED,
                                             .syscall = -1,
                                             .object = "mutex 0x10",
                                             .looks = 1,
                                             .weight_ns = SECOND / 2};
        const struct dp_event_reason event = {.call = i + 1, .blocked_ns = SECOND / 10 * 9};
        add_slow(2, 1, 1000 * i, 1000 * i + 990)->id = i + 1;
        dp_reasons_read(&profile.reasons, &(struct dp_record){.id = DP_EVENT_ID_reason,
                                                              .payload = (const uint8_t *)&event,
                                                              .payload_bytes = sizeof event});
        dp_stacks_add_sample(&profile.stacks, &look);
    }
    dp_reasons_settle(&profile.reasons);
    dp_stacks_settle(&profile.stacks);
    make(0);
    CHECK(!report.slow.waiting.info);
    end();
}

static void slow_calls_are_counted_once_however_they_are_known(void)
{
    begin();
    stats_of(1)->slow = 5;
    profile.slow_events = 2;
    add_slow(0, 0, 0, 0);
    add_slow(0, 0, 0, 0);
    profile.slow[0] = (struct dp_slow_call){.time_ns = START + 3 * SECOND,
                                            .duration_ns = SECOND,
                                            .threshold_ns = SECOND / 10,
                                            .site = 1,
                                            .flags = DP_SLOW_IN_FLIGHT,
                                            .thread_name = "worker"};
    profile.slow[1] = (struct dp_slow_call){.time_ns = START, .duration_ns = SECOND / 2};
    make(0);
    CHECK(report.slow.counted == 5 && report.slow.events == 2 && report.slow.n == 2);
    CHECK(report.slow.calls[0].after_ns == 2 * SECOND && report.slow.calls[0].in_flight);
    CHECK(report.slow.calls[0].end_unix_ns == START + 1003 * SECOND);
    CHECK_TEXT(report.slow.calls[0].thread_name, "worker");
    CHECK(report.slow.calls[1].after_ns == 0 && !report.slow.calls[1].in_flight);
    dp_report_finish(&report);
    profile.slow_events = 8; /* records know of more than the state has */
    stats_of(1)->maybe_slow = 3; /* counted apart */
    stats_of(1)->maybe_slow_least_ns = 30;
    stats_of(1)->maybe_slow_most_ns = 60;
    make(0);
    CHECK(report.slow.counted == 8 && report.slow.maybe == 3);
    CHECK((uint64_t)report.slow.maybe_least_ns == 10 && (uint64_t)report.slow.maybe_most_ns == 20);
    end();
}

static void of_metadata_given_twice_the_last_one_holds(void)
{
    static char text[] = "stage:parse unit:file stage:link";
    struct dp_site_attribute_info *slow = dp_allocate(1, sizeof *slow);

    begin();
    add_slow(0, 0, 0, 0);
    profile.slow[0] = (struct dp_slow_call){.site = 1, .duration_ns = SECOND};
    *slow = (struct dp_site_attribute_info){
        .text = dp_copy(text), .rule = dp_copy(""), .parsed = true, .options.n_metadata = 3};
    struct dp_options *options = &slow->options;
    options->metadata_key[0] = options->metadata_key[2] = dp_make_word(text, 5);
    options->metadata_key[1] = dp_make_word(text + 12, 4);
    options->metadata_value[0] = dp_make_word(text + 6, 5);
    options->metadata_value[1] = dp_make_word(text + 17, 4);
    options->metadata_value[2] = dp_make_word(text + 28, 4);
    dp_site_get(&profile.sites, 1)->attributes[DP_ATTRIBUTE_IF_SLOW] = slow;
    make(0);
    const struct dp_report_slow_call *call = &report.slow.calls[0];
    CHECK(call->n_metadata == 2);
    CHECK(dp_event_word_is(&call->metadata[0].value, &options->metadata_value[1]));
    CHECK(dp_event_word_is(&call->metadata[1].value, &options->metadata_value[2]));
    end();
}

int main(void)
{
    slow_calls_are_counted_once_however_they_are_known();
    a_function_that_waits_is_named();
    a_function_that_waits_for_a_cpu_is_not_named();
    a_function_that_waits_for_a_lock_is_not_named();
    a_call_and_those_around_it_are_one_operation();
    the_requests_of_a_loop_are_operations_of_their_own();
    the_steps_of_a_request_stay_with_it();
    a_start_that_is_known_by_the_tick_is_no_reason_to_part();
    calls_in_flight_lie_within_each_other();
    the_worst_operations_are_listed_not_the_worst_calls();
    of_metadata_given_twice_the_last_one_holds();
    return 0;
}
