/* The functions of a report, made from a profile in memory: what is decided before a word is
 * printed. */
#include "report_by_hand.h"

static void count(uint32_t site, uint64_t calls)
{
    struct dp_totals *totals = dp_profile_totals(&profile, site);

    totals->has_counted = true;
    totals->counted = calls;
}

static void how_certain_a_figure_is(void)
{
    begin();
    sample(1, 10, SECOND / 100, 1);
    sample(2, 10, SECOND / 1000, 5);
    stats_of(3)->slow = 1; /* watched, never sampled */
    stats_of(3)->slow_total_ns = SECOND / 50;
    stats_of(3)->slow_max_ns = SECOND / 50;
    make(0);
    const struct dp_report_ranking *all = &report.functions.all;
    CHECK(all->n == 3 && all->left_out == 0);
    CHECK(all->rows[0]->site == 1 && all->rows[1]->site == 2 && all->rows[2]->site == 3);
    CHECK(all->rows[0]->calls.certainty == DP_EXACT && all->rows[0]->calls.value == 10);
    CHECK(all->rows[0]->total_ns.certainty == DP_EXACT);
    CHECK(all->rows[1]->calls.certainty == DP_ESTIMATED && all->rows[1]->calls.value == 50);
    CHECK(all->rows[1]->calls.low < 50 && all->rows[1]->calls.high > 50);
    CHECK(all->rows[2]->total_ns.certainty == DP_AT_LEAST);
    CHECK(all->rows[2]->total_ns.value == SECOND / 50 && isinf(all->rows[2]->total_ns.high));
    CHECK(all->rows[2]->sampled == 0 && all->rows[2]->longest_ns == SECOND / 50);
    end();
}

static void shares_are_of_the_process_or_not_known(void)
{
    begin();
    sample(1, 10, SECOND / 10, 1);
    make(0);
    CHECK(report.wall_ns == 10 * SECOND && report.cpu_ns == 4 * SECOND);
    CHECK_WITHIN_SHARE(report.functions.all.rows[0]->share_of_wall, 0.1, 1e-9);
    CHECK_WITHIN_SHARE(report.functions.all.rows[0]->share_of_cpu, 0.25, 1e-9);
    dp_report_finish(&report);
    profile.has_overhead = false;
    make(0);
    CHECK(!report.cpu_known && isnan(report.functions.all.rows[0]->share_of_cpu));
    end();
}

static void one_sample_does_not_lead_and_none_takes_more_time_than_there_was(void)
{
    static struct dp_thread_info threads[2];

    begin();
    profile.threads = threads;
    profile.n_threads = 2;
    sample(1, 1, SECOND / 10, 1000); /* stands for 100 s */
    sample(2, 100, SECOND / 100, 2); /* 2 s, of which 1 s was seen */
    stats_of(3)->gated = 5;
    make(0);
    const struct dp_report_ranking *all = &report.functions.all;
    CHECK(all->rows[0]->site == 2 && all->rows[1]->site == 1 && all->rows[2]->site == 3);
    CHECK(all->rows[0]->total_ns.certainty == DP_ESTIMATED && !all->rows[0]->few);
    CHECK(all->rows[1]->total_ns.certainty == DP_ROUGH && all->rows[1]->few);
    CHECK(all->rows[1]->total_ns.value == 20.0 * SECOND);
    CHECK(all->rows[1]->total_ns.low == SECOND / 10);
    CHECK_WITHIN_SHARE(all->rows[1]->share_of_wall, 2, 1e-9);
    CHECK(all->rows[2]->total_ns.certainty == DP_UNKNOWN && isnan(all->rows[2]->share_of_wall));
    dp_report_finish(&report);
    sample(4, 1000, SECOND, 2); /* recursion: the time of each level counts */
    make(0);
    CHECK_WITHIN_SHARE(report.functions.all.rows[0]->total_ns.value, 2000.0 * SECOND, 1e-9);
    profile.threads = NULL;
    end();
}

static void a_recursion_counts_once_where_each_call_was_timed(void)
{
    begin();
    sample(1, 4, SECOND, 1);
    stats_of(1)->nested_ns = 3 * SECOND;
    stats_of(1)->child_ns = 3 * SECOND;
    make(0);
    const struct dp_report_function *row = report.functions.all.rows[0];
    CHECK(row->recursive && !row->summed && row->total_ns.certainty == DP_EXACT);
    CHECK_WITHIN_SHARE(row->total_ns.value, 1.0 * SECOND, 1e-9);
    CHECK_WITHIN_SHARE(row->self_ns, 1.0 * SECOND, 1e-9);
    CHECK_WITHIN_SHARE(row->share_of_wall, SECOND / (double)report.wall_ns, 1e-9);
    dp_report_finish(&report);
    stats_of(1)->flags = DP_STATS_NESTING_MISSED;
    make(0);
    row = report.functions.all.rows[0];
    CHECK(row->recursive && row->summed && isnan(row->share_of_wall) && isnan(row->share_of_cpu));
    CHECK_WITHIN_SHARE(row->total_ns.value, 4.0 * SECOND, 1e-9);
    end();
    begin();
    sample(1, 4, SECOND, 3); /* calls between two that were sampled are not known */
    stats_of(1)->nested_ns = SECOND;
    make(0);
    CHECK(report.functions.all.rows[0]->summed && isnan(report.functions.all.rows[0]->share_of_wall));
    end();
}

/* Of watched calls the tick does not say which was inside another one. */
static void slow_calls_that_took_more_time_than_there_was_are_a_recursion(void)
{
    struct dp_thread_info threads[1] = {0};

    begin();
    profile.threads = threads;
    profile.n_threads = 1;
    make(0);
    uint64_t wall_ns = report.wall_ns;
    dp_report_finish(&report);
    for (uint32_t site = 1; site <= 2; site++) {
        struct dp_site_stats *stats = &dp_profile_totals(&profile, site)->sum;
        stats->slow = 2;
        stats->slow_max_ns = wall_ns / 2;
        stats->slow_total_ns = site == 1 ? wall_ns / 2 * 3 : wall_ns / 2;
    }
    make(0);
    CHECK(report.functions.all.rows[0]->summed && isnan(report.functions.all.rows[0]->share_of_wall));
    CHECK(!report.functions.all.rows[1]->summed);
    CHECK_WITHIN_SHARE(report.functions.all.rows[1]->share_of_wall, 0.5, 1e-6);
    profile.threads = NULL;
    end();
}

static void self_time_is_known_only_when_no_call_below_was_left_to_chance(void)
{
    begin();
    sample(1, 4, SECOND, 1);
    stats_of(1)->child_ns = SECOND;
    make(0);
    CHECK_WITHIN_SHARE(report.functions.all.rows[0]->self_ns, 3.0 * SECOND, 1e-9);
    dp_report_finish(&report);
    sample(2, 2, SECOND / 10, 3); /* may be what site 1 called */
    make(0);
    CHECK(isnan(report.functions.all.rows[0]->self_ns));
    dp_report_finish(&report);
    profile.calls_untimed = false;
    profile.has_lanes = false; /* records do not have it */
    make(0);
    CHECK(isnan(report.functions.all.rows[0]->self_ns));
    end();
}

static void nor_is_it_known_of_sampled_recursion_or_where_calls_have_no_time(void)
{
    begin();
    sample(1, 4, SECOND, 3); /* alone, but it may call itself */
    stats_of(1)->child_ns = SECOND;
    make(0);
    CHECK(isnan(report.functions.all.rows[0]->self_ns));
    end();
    begin();
    sample(1, 4, SECOND, 1);
    sample(2, 4, SECOND / 2, 1);
    stats_of(1)->flags = DP_STATS_CHILDREN_MISSED;
    make(0);
    CHECK(isnan(report.functions.all.rows[0]->self_ns));
    CHECK_WITHIN_SHARE(report.functions.all.rows[1]->self_ns, 2.0 * SECOND, 1e-9);
    dp_report_finish(&report);
    profile.gated = 1; /* of whichever function */
    make(0);
    CHECK(isnan(report.functions.all.rows[1]->self_ns));
    end();
}

static void each_table_has_its_own_functions_order_and_limit(void)
{
    begin();
    sample(1, 1, SECOND, 1);
    sample(2, 3, SECOND, 1);
    sample(3, 2, SECOND, 1);
    count(4, 9);
    count(5, 90);
    count(6, 90);
    for (uint32_t site = 1; site <= 2; site++) {
        stats_of(site)->memory_calls = 1;
        stats_of(site)->allocated_bytes = 100 / site;
    }
    dp_profile_totals(&profile, 7); /* nothing was recorded */
    make(2);
    const struct dp_report_functions *functions = &report.functions;
    CHECK(functions->timed.n == 2 && functions->timed.left_out == 1);
    CHECK(functions->timed.rows[0]->site == 2 && functions->timed.rows[1]->site == 3);
    CHECK(functions->all.n == 2 && functions->all.left_out == 4);
    CHECK(functions->memory.n == 2 && functions->memory.left_out == 0);
    CHECK(functions->memory.rows[0]->site == 1 && functions->memory.rows[1]->site == 2);
    CHECK(functions->memory.rows[1] == functions->timed.rows[0]); /* one function, one row */
    CHECK(functions->counted.n == 2 && functions->counted.left_out == 1);
    CHECK(functions->counted.rows[0]->site == 5 && functions->counted.rows[1]->site == 6);
    end();
}

static void a_function_that_the_log_does_not_name_has_no_info(void)
{
    begin();
    sample(1, 1, SECOND, 1);
    sample(2, 1, SECOND / 2, 1);
    name_site(2, "named");
    make(0);
    CHECK(report.functions.all.rows[0]->site == 1 && !report.functions.all.rows[0]->info);
    CHECK_TEXT(report.functions.all.rows[1]->info->function, "named");
    end();
}

/* It is not known of a function whose calls ended in another order, nor where a rate chooses whose
 * memory is counted. */
static void what_functions_allocate_themselves_is_known_where_all_is_counted(void)
{
    begin();
    for (uint32_t site = 1; site <= 2; site++) {
        sample(site, 1, SECOND, 1);
        stats_of(site)->memory_calls = 1;
        stats_of(site)->allocated_bytes = 100 / site;
        stats_of(site)->self_allocated_bytes = 10 * site;
    }
    make(0);
    CHECK(report.functions.memory_by_self && report.functions.memory.rows[0]->site == 2);
    CHECK(report.functions.memory.rows[0]->memory.self_known);
    dp_report_finish(&report);
    stats_of(1)->flags = DP_STATS_SELF_MEMORY_UNKNOWN;
    make(0);
    CHECK(!report.functions.memory_by_self && report.functions.memory.rows[0]->site == 1);
    CHECK(!report.functions.memory.rows[0]->memory.self_known);
    CHECK(report.functions.memory.rows[1]->memory.self_known);
    dp_report_finish(&report);
    sample(3, 10, SECOND, 10); /* its memory is not counted */
    make(0);
    CHECK(report.functions.memory.rows[1]->memory.self_known);
    dp_report_finish(&report);
    profile.memory_uncounted = true;
    make(0);
    CHECK(!report.functions.memory.rows[1]->memory.self_known);
    end();
}

int main(void)
{
    how_certain_a_figure_is();
    shares_are_of_the_process_or_not_known();
    one_sample_does_not_lead_and_none_takes_more_time_than_there_was();
    a_recursion_counts_once_where_each_call_was_timed();
    slow_calls_that_took_more_time_than_there_was_are_a_recursion();
    self_time_is_known_only_when_no_call_below_was_left_to_chance();
    nor_is_it_known_of_sampled_recursion_or_where_calls_have_no_time();
    each_table_has_its_own_functions_order_and_limit();
    what_functions_allocate_themselves_is_known_where_all_is_counted();
    a_function_that_the_log_does_not_name_has_no_info();
    return 0;
}
