/* What a report has beside its functions, made from a profile in memory: trees, open calls, and
 * what limits its figures. */
#include "model/site_paths.h"
#include "render/text_functions.h"
#include "report_by_hand.h"

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

/* The slow calls are known, and no sample is one of them: 100 calls of 1 ms, ten of 500 ms. */
static void the_mean_has_the_slow_calls(void)
{
    struct dp_style style = {0};
    char *text = NULL;
    size_t size;

    begin();
    name_site(1, "query");
    sample(1, 10, SECOND / 1000, 10);
    struct dp_totals *totals = dp_profile_totals(&profile, 1);
    totals->watched_ns = SECOND / 10;
    totals->sum.slow = 10;
    totals->sum.slow_total_ns = 5 * SECOND;
    totals->sum.slow_max_ns = SECOND / 2;
    for (int i = 0; i < 10; i++) {
        dp_histogram_add(&totals->slow_least, SECOND / 2);
        dp_histogram_add(&totals->slow_most, SECOND / 2);
    }
    make(0);
    style.out = open_memstream(&text, &size);
    dp_text_functions(&report.functions, &style);
    fclose(style.out);
    CHECK(strstr(text, "~46.4 ms"), "%s", text);
    free(text);
    end();
}

int main(void)
{
    the_mean_has_the_slow_calls();
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
