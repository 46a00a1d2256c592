/* The model of a report, made from a profile in memory: what is decided before a word is
 * printed. */
#include "model/site_paths.h"
#include "report_by_hand.h"

/* `n` calls of `ns` each, sampled with the chance 1 / weight. */
static void sample(uint32_t site, unsigned n, uint64_t ns, unsigned weight)
{
    const struct dp_site_stats one = {.calls = weight == 1,
                                      .sampled = 1,
                                      .estimated = weight * DP_WEIGHT_UNIT,
                                      .variance = weight * (weight - 1) * DP_WEIGHT_UNIT,
                                      .total_ns = ns,
                                      .min_ns = ns,
                                      .max_ns = ns};
    struct dp_totals *totals = dp_profile_totals(&profile, site);

    for (unsigned i = 0; i < n; i++) {
        dp_totals_add(totals, &one);
        dp_histogram_add(&totals->histogram, ns);
    }
    profile.calls_untimed |= weight > 1;
}

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

/* Not of one whose calls ended in another order, nor where a rate chooses whose memory is counted. */
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

static void file_of(uint32_t site, const char *file)
{
    struct dp_site_info *info = dp_site_get(&profile.sites, site);

    free(info->file);
    info->file = dp_copy(file);
    info->line = 7;
}

static void check_place(uint32_t site, const char *place)
{
    char text[100];

    CHECK_TEXT(dp_site_place(dp_site_find(&profile.sites, site), text, sizeof text), place);
}

static void of_absolute_paths_only_what_tells_them_apart_is_shown(void)
{
    begin();
    file_of(0, "/home/x/project/src/db.c");
    file_of(1, "/home/x/project/src/db.c");
    file_of(2, "/home/x/project/src/main.c");
    file_of(3, "/home/x/project/lib/main.c");
    file_of(4, "/usr/include/c++/12/vector");
    file_of(5, "src/rows.c"); /* as the compiler was given it */
    file_of(6, "vector");
    dp_site_paths_shorten(&profile.sites);
    check_place(0, "db.c:7");
    check_place(1, "db.c:7");
    check_place(2, "src/main.c:7");
    check_place(3, "lib/main.c:7");
    check_place(4, "12/vector:7");
    check_place(5, "src/rows.c:7");
    check_place(6, "vector:7");
    end();
}

static void add_call(uint32_t site, int64_t lane, uint64_t start_ns, uint64_t end_ns)
{
    const struct dp_event_call_wide event = {.site = site, .duration_ns = end_ns - start_ns};
    const struct dp_record record = {.id = DP_EVENT_ID_call_wide,
                                     .time_ns = end_ns,
                                     .lane = lane,
                                     .payload = (const uint8_t *)&event,
                                     .payload_bytes = sizeof event};

    dp_call_tree_add(profile.tree, &record);
}

static void check_node(const struct dp_tree_node *node, uint32_t site, uint64_t calls,
                       uint64_t total_ns, uint64_t callees_ns, size_t n_callees)
{
    CHECK(node->site == site && node->calls == calls);
    CHECK(node->total_ns == total_ns && node->callees_ns == callees_ns);
    CHECK(node->n_callees == n_callees);
}

static void recorded_calls_make_a_tree(void)
{
    begin();
    profile.tree = dp_call_tree_create();
    /* 1 calls 2 twice, which calls 3; and 3 itself. Twice so, and the second time in
     * another lane at the same time. */
    for (int64_t lane = 1; lane <= 2; lane++) {
        add_call(3, lane, 110, 120);
        add_call(2, lane, 105, 130);
        add_call(3, lane, 140, 145);
        add_call(2, lane, 135, 150);
        add_call(3, lane, 160, 161);
        add_call(1, lane, 100, 200);
        add_call(1, lane, 100, 200); /* of a second attribute */
        add_call(4, lane, 200, 1000);
    }
    dp_call_tree_settle(profile.tree);
    make(0);
    const struct dp_tree_node *root = report.tree.root, *one = root->callees[1];
    CHECK(root->n_callees == 2 && root->callees_ns == 1800);
    check_node(root->callees[0], 4, 2, 1600, 0, 0);
    check_node(one, 1, 2, 200, 82, 2);
    check_node(one->callees[0], 2, 4, 80, 30, 1);
    check_node(one->callees[0]->callees[0], 3, 4, 30, 0, 0);
    check_node(one->callees[1], 3, 2, 2, 0, 0);
    end();
}

/* Hostile logs nest as deep as they like; a runtime does not. */
static void a_tree_is_not_deeper_than_can_be_walked(void)
{
    begin();
    profile.tree = dp_call_tree_create();
    for (uint64_t i = 1; i < 100000; i++)
        add_call((uint32_t)(i % 7), 1, 1000000 - i, 1000000 + i);
    dp_call_tree_settle(profile.tree);
    CHECK(profile.tree->root.height <= DP_TREE_DEPTH + 1);
    end();
}

static void where_every_call_was_recorded_self_time_is_the_order(void)
{
    begin();
    sample(1, 1, 1000, 1); /* calls the other */
    sample(2, 10, 90, 1);
    stats_of(1)->child_ns = 900;
    make(0);
    CHECK(report.functions.by_self);
    CHECK(report.functions.timed.rows[0]->site == 2 && report.functions.timed.rows[1]->site == 1);
    CHECK(report.functions.all.rows[0]->site == 1);
    dp_report_finish(&report);
    profile.calls_untimed = true;
    make(0);
    CHECK(!report.functions.by_self && report.functions.timed.rows[0]->site == 1);
    end();
}

static void add_open(uint32_t site, uint32_t tid, uint32_t n)
{
    for (uint32_t depth = 0; depth < n; depth++) {
        profile.open = dp_append(profile.open, &profile.n_open, &profile.open_capacity,
                                 sizeof *profile.open);
        profile.open[profile.n_open - 1] = (struct dp_open_info){
            .site = site, .tid = tid, .depth = depth, .start_ns = START + 4 * SECOND};
    }
}

static void a_long_recursion_is_one_group_and_groups_have_a_limit(void)
{
    begin();
    profile.phase = DP_PHASE_KILLED;
    profile.process.heartbeat_ns = START + 5 * SECOND;
    profile.forgotten = 3;
    add_open(1, 10, 3);
    add_open(1, 11, 4);
    make(0);
    const struct dp_report_open *open = &report.open;
    CHECK(open->n == 7 && open->calls[0].open_ns == SECOND && !open->running);
    CHECK(open->n_groups == 4 && open->left_out == 0 && open->forgotten == 3);
    CHECK(open->groups[2].n == 1 && open->groups[3].first == 3 && open->groups[3].n == 4);
    dp_report_finish(&report);
    for (uint32_t i = 0; i < 2000; i++)
        add_open(2 + i % 2, 12, 1);
    make(0);
    CHECK(open->n == 2007 && open->n_groups == 1000 && open->left_out == 1004);
    end();
}

static void a_finished_process_has_lost_what_it_forgot(void)
{
    begin();
    profile.forgotten = 3;
    make(0);
    CHECK(report.open.forgotten == 0);
    end();
}

static void what_the_load_gate_took_away_is_known(void)
{
    begin();
    sample(1, 9, SECOND, 1);
    profile.load = dp_append(NULL, &profile.n_load, &profile.load_capacity, sizeof *profile.load);
    profile.load[0] = (struct dp_load_move){.time_ns = START + 9 * SECOND + SECOND / 2,
                                            .event = {.closed = 1, .value_ppm = 950000}};
    make(0);
    const struct dp_report_load *load = &report.limits.load;
    CHECK(load->known && load->n == 1 && load->moves[0].closed);
    CHECK(load->moves[0].after_ns == 9 * SECOND + SECOND / 2 && load->moves[0].value == 0.95);
    CHECK(load->closed_ns == SECOND / 2 && load->refused == 0 && load->silenced == 0);
    dp_report_finish(&report);
    profile.load[0].time_ns -= SECOND;
    make(0);
    CHECK_WITHIN_SHARE(load->closed_share, 0.15, 1e-9);
    dp_report_finish(&report);
    profile.n_load = 0;
    profile.gated = 4;
    stats_of(1)->gated = 1;
    stats_of(2)->gated = 3; /* of which nothing else is known */
    make(0);
    CHECK(load->closed_share == 0 && load->refused == 4 && load->timed == 9 && load->silenced == 1);
    end();
}

static void overhead_is_of_the_cpu_time_and_losses_are_the_larger_count(void)
{
    begin();
    profile.process.steward_cpu_ns = SECOND / 10;
    profile.process.slow_path_ns = 100;
    profile.slow_paths = 1000000;
    profile.lost[DP_LOSS_LOG_FULL] = 2;
    profile.lost_events[DP_LOSS_LOG_FULL] = 7;
    make(0);
    const struct dp_report_overhead *overhead = &report.limits.overhead;
    CHECK(overhead->known && overhead->slow_paths_ns == SECOND / 10);
    CHECK_WITHIN_SHARE(overhead->share_of_cpu, 0.05, 1e-9);
    CHECK(!overhead->much && report.limits.losses.of[DP_LOSS_LOG_FULL].lost == 7);
    CHECK(report.limits.losses.any);
    dp_report_finish(&report);
    profile.slow_paths = 100000000;
    make(0);
    CHECK(overhead->much && overhead->share_of_cpu == 1); /* more than there is: all of it */
    dp_report_finish(&report);
    profile.slow_paths = 0; /* an idle server: a large share of very little */
    profile.process.steward_cpu_ns = profile.overhead.process_cpu_ns = SECOND / 1000;
    make(0);
    CHECK(!overhead->much && overhead->share_of_cpu == 1);
    CHECK(overhead->share_of_core < 0.001);
    end();
}

static void parts_that_are_missing_are_said(void)
{
    begin();
    make(0);
    CHECK(report.limits.missing == 0 && !report.has_data && report.command);
    dp_report_finish(&report);
    profile.has_process = profile.has_lanes = false;
    profile.log.metadata_cut = true;
    make(0);
    CHECK(report.limits.missing ==
          (DP_MISSING_PROCESS | DP_MISSING_LANES | DP_MISSING_METADATA));
    CHECK(!report.command && !report.env && !report.rules && !report.from_state);
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
    of_absolute_paths_only_what_tells_them_apart_is_shown();
    recorded_calls_make_a_tree();
    a_tree_is_not_deeper_than_can_be_walked();
    where_every_call_was_recorded_self_time_is_the_order();
    a_long_recursion_is_one_group_and_groups_have_a_limit();
    a_finished_process_has_lost_what_it_forgot();
    what_the_load_gate_took_away_is_known();
    overhead_is_of_the_cpu_time_and_losses_are_the_larger_count();
    parts_that_are_missing_are_said();
    return 0;
}
