/* See report.h. */
#include "report.h"

#include <stdlib.h>

#include "base/memory.h"
#include "completeness.h"
#include "flame_samples.h"
#include "profile_figures.h"
#include "rule_names.h"

static void add_problem(struct dp_report *report, size_t *capacity, struct dp_report_problem problem)
{
    report->problems =
        dp_append(report->problems, &report->n_problems, capacity, sizeof *report->problems);
    report->problems[report->n_problems - 1] = problem;
}

static void find_problems(struct dp_report *report, const struct dp_profile *profile)
{
    char rule[DP_REFUSED_TEXT];
    size_t capacity = 0;

    for (size_t i = 0; i < profile->n_settings; i++)
        if (dp_setting_refused(&profile->settings[i]))
            add_problem(report, &capacity,
                        (struct dp_report_problem){.setting = &profile->settings[i]});
    for (const char *at = profile->process.rules;
         dp_rule_without_function(profile, &at, rule, sizeof rule);)
        add_problem(report, &capacity, (struct dp_report_problem){.rule = dp_copy(rule)});
}

/* Nobody named the functions that whole-program mode instruments, so nobody misses them. */
static uint32_t count_out_of_force(const struct dp_profile *profile)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        if (site && !(site->flags & DP_SITE_WHOLE_PROGRAM))
            n += dp_site_out_of_force(site);
    }
    return n;
}

static struct dp_report head_of(const struct dp_profile *profile)
{
    const struct dp_process_state *process = profile->has_process ? &profile->process : NULL;

    return (struct dp_report){
        .program = dp_profile_program(profile),
        .pid = dp_profile_pid(profile),
        .command = process ? process->command : NULL,
        .env = process ? process->env : NULL,
        .rules = process ? process->rules : NULL,
        .phase = profile->phase,
        .ending = dp_ending_of(profile),
        .start_error = process ? (int)process->start_error : 0,
        .start_unix_ns = dp_profile_realtime(profile, dp_profile_start_ns(profile)),
        .wall_ns = dp_profile_wall_ns(profile),
        .shown_ns = profile->shown_ns,
        .cpu_known = profile->has_overhead,
        .cpu_ns = profile->has_overhead ? profile->overhead.process_cpu_ns : 0,
        .log = profile->log.path,
        .log_bytes = profile->stream_bytes,
        .records_known = profile->has_records,
        .records = profile->records,
        .from_state = profile->has_lanes,
        .lanes = profile->threads,
        .n_lanes = profile->n_threads,
        .out_of_force = count_out_of_force(profile),
        .has_data = dp_profile_has_data(profile),
        .categories = *dp_profile_categories(profile)};
}

/* NULL: nothing was sampled. */
static struct dp_flame *flame_of(const struct dp_profile *profile)
{
    const struct dp_flame_choice choice = {
        .of = DP_FLAME_OF_WALL, .program = dp_profile_program(profile)};
    struct dp_flame_side_facts facts = {0};
    struct dp_flame *flame = dp_allocate(1, sizeof *flame);

    dp_flame_start(flame);
    if (dp_flame_add_samples(flame, DP_FLAME_NOW, &profile->stacks, &choice, &facts) > 0) {
        dp_flame_settle(flame);
        return flame;
    }
    dp_flame_finish(flame);
    free(flame);
    return NULL;
}

/* Both sides are of the same samples. */
static void add_sampled(struct dp_report *report, const struct dp_profile *profile, size_t limit)
{
    struct dp_flame_choice choice = {.of = DP_FLAME_OF_WALL, .program = dp_profile_program(profile)};
    struct dp_flame_side_facts facts = {0};
    struct dp_flame flame;

    dp_flame_start(&flame);
    uint64_t looks =
        dp_flame_add_samples(&flame, DP_SAMPLED_WALL, &profile->stacks, &choice, &facts);
    if (looks == 0) {
        dp_flame_finish(&flame);
        return;
    }
    choice.of = DP_FLAME_OF_CPU;
    dp_flame_add_samples(&flame, DP_SAMPLED_CPU, &profile->stacks, &choice, &facts);
    dp_flame_settle(&flame);
    dp_sampled_functions_make(&report->sampled, &flame, looks);
    report->sampled_shown = limit && limit < report->sampled.n ? limit : report->sampled.n;
}

static struct dp_report_tree tree_of(const struct dp_profile *profile)
{
    if (!profile->tree)
        return (struct dp_report_tree){0};
    return (struct dp_report_tree){&profile->tree->root, &profile->sites,
                                   dp_profile_has_every_call(profile), flame_of(profile)};
}

static struct dp_report_below below_of(const struct dp_profile *profile)
{
    const struct dp_saved_trees *trees = &profile->saved_trees;
    struct dp_report_below below = {.sites = &profile->sites, .not_kept = trees->not_kept};

    for (size_t i = 0; i < trees->n; i++) {
        below.left_out += trees->trees[i].left_out;
        below.left += trees->trees[i].left;
        below.missing += trees->trees[i].missing;
        if (trees->trees[i].root)
            dp_tree_node_add_copy(&below.root, trees->trees[i].root);
    }
    dp_tree_node_sort(&below.root);
    return below;
}

static struct dp_report_pictures pictures_of(const struct dp_profile *profile)
{
    struct dp_report_pictures pictures = {.to_come = profile->phase == DP_PHASE_RUNNING,
                                          .problem = dp_flame_requests_problem(profile)};

    dp_flame_requests_find(&pictures.wanted, profile);
    pictures.drawn = dp_allocate(pictures.wanted.n, sizeof *pictures.drawn);
    for (size_t i = 0; i < pictures.wanted.n; i++) {
        pictures.drawn[i] = dp_flame_request_is_drawn(&pictures.wanted.requests[i], profile);
        pictures.missing += !pictures.drawn[i];
    }
    return pictures;
}

static struct dp_report_window window_of(const struct dp_profile *profile)
{
    const struct dp_windows *windows = &profile->windows;
    uint64_t start = dp_profile_start_ns(profile);

    if (!windows->set)
        return (struct dp_report_window){0};
    return (struct dp_report_window){.set = true,
                                     .from_ns = windows->from_ns - start,
                                     .to_ns = windows->to_ns - start,
                                     .from_unix_ns = dp_profile_realtime(profile, windows->from_ns),
                                     .to_unix_ns = dp_profile_realtime(profile, windows->to_ns),
                                     .before_ns = windows->before_ns,
                                     .after_ns = windows->after_ns,
                                     .exact = windows->exact,
                                     .cut = windows->cut,
                                     .uncut = windows->uncut};
}

void dp_report_make(struct dp_report *report, const struct dp_profile *profile, size_t limit)
{
    *report = head_of(profile);
    find_problems(report, profile);
    uint64_t wall_ns = profile->windows.set ? profile->shown_ns : report->wall_ns;
    if (profile->shown_ns > 0) /* how much CPU time that was is not known exactly */
        dp_report_functions_make(&report->functions, profile, limit, profile->shown_ns, 0);
    else
        dp_report_functions_make(&report->functions, profile, limit, report->wall_ns,
                                 report->cpu_ns);
    dp_report_named_make(&report->named, profile, limit, report->wall_ns);
    dp_report_slow_make(&report->slow, profile, report->wall_ns, report->cpu_ns);
    dp_report_reasons_make(&report->reasons, profile);
    dp_report_open_make(&report->open, profile, report->wall_ns);
    dp_report_heap_make(&report->heap, profile);
    add_sampled(report, profile, limit);
    report->tree = tree_of(profile);
    report->below = below_of(profile);
    report->pictures = pictures_of(profile);
    dp_report_limits_make(&report->limits, profile, wall_ns, report->cpu_ns);
    report->window = window_of(profile);
    report->timeline = &profile->timeline;
    report->to_unix_ns = dp_profile_realtime(profile, 0);
    report->threads_shown = limit;
    dp_alerts_make(&report->alerts, &(struct dp_detector_input){.profile = profile,
                                                                .functions = &report->functions,
                                                                .sampled = &report->sampled,
                                                                .heap = &report->heap,
                                                                .wall_ns = report->wall_ns});
    dp_summary_make(&report->summary, report, profile);
}

void dp_report_finish(struct dp_report *report)
{
    for (size_t i = 0; i < report->n_problems; i++)
        free(report->problems[i].rule);
    free(report->problems);
    dp_report_functions_finish(&report->functions);
    dp_report_named_finish(&report->named);
    dp_sampled_functions_finish(&report->sampled);
    dp_report_slow_finish(&report->slow);
    dp_report_reasons_finish(&report->reasons);
    dp_report_open_finish(&report->open);
    dp_report_heap_finish(&report->heap);
    dp_report_limits_finish(&report->limits);
    dp_alerts_finish(&report->alerts);
    for (size_t i = 0; i < report->below.root.n_callees; i++)
        dp_tree_node_free(report->below.root.callees[i]);
    free(report->below.root.callees);
    if (report->tree.flame)
        dp_flame_finish(report->tree.flame);
    free(report->tree.flame);
    dp_flame_requests_finish(&report->pictures.wanted);
    free(report->pictures.drawn);
    *report = (struct dp_report){0};
}
