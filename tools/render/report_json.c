/* See report_json.h. */
#include "report_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heap_json.h"
#include "limits_json.h"
#include "model/tree_rows.h"
#include "reason_json.h"

/* 0 stands for what is not known. */
static void put_known(struct dp_json *object, const char *key, uint64_t value)
{
    if (value)
        dp_json_put_u64(object, key, value);
    else
        dp_json_put_text(object, key, NULL);
}

static void put_site(struct dp_json *object, uint32_t index, const struct dp_site_info *info)
{
    dp_json_put_u64(object, "site", index);
    dp_json_put_text(object, "function", info ? info->function : NULL);
    dp_json_put_text(object, "file", info ? info->file : NULL);
    put_known(object, "line", info ? info->line : 0);
    dp_json_put_text(object, "module", info ? info->module : NULL);
}

static void put_thread(struct dp_json *object, uint32_t tid, const char *name)
{
    dp_json_put_u64(object, "tid", tid);
    dp_json_put_text(object, "thread", name);
}

/* ---- functions ---- */

static void put_bytes(struct dp_json *object, const struct dp_report_memory *of, const char *key,
                      int64_t bytes)
{
    if (of->bytes_known)
        dp_json_put_i64(object, key, bytes);
    else
        dp_json_put_text(object, key, NULL);
}

static void put_memory(struct dp_json *object, const struct dp_report_memory *of)
{
    struct dp_json *memory = dp_json_put_object(object, "memory");

    dp_json_put_u64(memory, "calls", of->calls);
    put_bytes(memory, of, "delta_bytes", (int64_t)(of->allocated_bytes - of->freed_bytes));
    put_bytes(memory, of, "allocated_bytes", (int64_t)of->allocated_bytes);
    if (of->self_known) {
        put_bytes(memory, of, "self_allocated_bytes", (int64_t)of->self_allocated_bytes);
        dp_json_put_u64(memory, "self_allocations", of->self_allocations);
    }
    put_bytes(memory, of, "freed_bytes", (int64_t)of->freed_bytes);
    dp_json_put_u64(memory, "allocations", of->allocations);
    dp_json_put_u64(memory, "frees", of->frees);
    put_bytes(memory, of, "peak_bytes", of->peak_bytes);
}

static void put_times(struct dp_json *object, const struct dp_report_function *function)
{
    const struct dp_report_times *times = &function->times;

    dp_json_put_estimate(object, "total_ns", function->total_ns);
    if (function->recursive)
        dp_json_put_text(object, "recursion", function->summed ? "summed" : "once");
    if (!isnan(function->self_ns))
        dp_json_put_number(object, "self_ns", function->self_ns, 0);
    dp_json_put_number(object, "share_of_wall", function->share_of_wall, 6);
    dp_json_put_number(object, "share_of_cpu", function->share_of_cpu, 6);
    dp_json_put_u64(object, "min_ns", times->min_ns);
    dp_json_put_number(object, "mean_ns", times->mean_ns, 1);
    dp_json_put_u64(object, "max_ns", times->max_ns);
    dp_json_put_number(object, "stddev_ns", times->deviation_ns, 1);
    dp_json_put_number(object, "p50_ns", times->p50_ns, 0);
    dp_json_put_number(object, "p90_ns", times->p90_ns, 0);
    dp_json_put_number(object, "p99_ns", times->p99_ns, 0);
    dp_json_put_number(object, "p99.9_ns", times->p999_ns, 0);
}

static void put_function(struct dp_json *object, const struct dp_report_function *function)
{
    put_site(object, function->site, function->info);
    dp_json_put_estimate(object, "estimated_calls", function->calls);
    dp_json_put_bool(object, "exact", function->calls.certainty == DP_EXACT);
    dp_json_put_u64(object, "sampled", function->sampled);
    dp_json_put_u64(object, "gated", function->gated);
    dp_json_put_u64(object, "exceptions", function->exceptions);
    if (function->sampled > 0)
        put_times(object, function);
    if (function->slow > 0) {
        dp_json_put_u64(object, "slow", function->slow);
        dp_json_put_u64(object, "slow_total_ns", function->slow_total_ns);
        dp_json_put_u64(object, "slow_max_ns", function->slow_max_ns);
    }
    if (function->maybe_slow > 0) {
        dp_json_put_u64(object, "maybe_slow", function->maybe_slow);
        dp_json_put_u64(object, "maybe_slow_total_ns_low", function->maybe_slow_least_ns);
        dp_json_put_u64(object, "maybe_slow_total_ns_high", function->maybe_slow_most_ns);
    }
    if (function->memory.calls > 0)
        put_memory(object, &function->memory);
    if (function->has_count)
        dp_json_put_u64(object, "counted", function->counted);
}

static void put_functions(struct dp_json *object, const struct dp_report_ranking *ranking)
{
    struct dp_json *array = dp_json_put_array(object, "functions");

    for (size_t i = 0; i < ranking->n; i++)
        put_function(dp_json_add_object(array), ranking->rows[i]);
}

/* ---- calls ---- */

/* No member where nothing was given. */
static void put_metadata(struct dp_json *object, const struct dp_report_slow_call *call)
{
    if (call->n_metadata == 0)
        return;
    struct dp_json *metadata = dp_json_put_object(object, "metadata");
    for (size_t i = 0; i < call->n_metadata; i++) {
        const struct dp_report_metadata *one = &call->metadata[i];
        char *key = strndup(one->key.text, one->key.length);
        if (key)
            dp_json_put_word(metadata, key, one->value.text, one->value.length);
        free(key);
    }
}

static void put_callees(struct dp_json *array, const struct dp_site_table *sites,
                        const struct dp_tree_node *node, uint32_t depth);

/* Of one call, or of all of a function. */
static void put_below(struct dp_json *array, const struct dp_site_table *sites,
                      struct dp_tree_node *of)
{
    const struct dp_tree_node around = {.callees = &of, .n_callees = 1};

    put_callees(array, sites, &around, 0);
}

static void put_slow_tree(struct dp_json *object, const struct dp_report_slow_call *call,
                          const struct dp_site_table *sites)
{
    if (!call->tree)
        return;
    struct dp_json *tree = dp_json_put_object(object, "tree");
    dp_json_put_u64(tree, "left_out", call->tree->left_out);
    dp_json_put_u64(tree, "left", call->tree->left);
    dp_json_put_u64(tree, "missing", call->tree->missing);
    put_below(dp_json_put_array(tree, "calls"), sites, call->tree->root);
}

static void put_slow(struct dp_json *object, const struct dp_report_slow *slow,
                     const struct dp_site_table *sites)
{
    struct dp_json *array = dp_json_put_array(object, "slow_operations");

    for (size_t i = 0; i < slow->n; i++) {
        const struct dp_report_slow_call *call = &slow->calls[i];
        struct dp_json *one = dp_json_add_object(array);
        put_site(one, call->site, call->info);
        dp_json_put_u64(one, "duration_ns", call->duration_ns);
        dp_json_put_u64(one, "duration_error_ns", call->error_ns);
        dp_json_put_u64(one, "threshold_ns", call->threshold_ns);
        dp_json_put_u64(one, "end_unix_ns", call->end_unix_ns);
        put_thread(one, call->tid, call->thread_name);
        dp_json_put_bool(one, "in_flight", call->in_flight);
        dp_json_put_u64(one, "operation", call->operation);
        dp_json_put_u64(one, "depth", call->depth);
        dp_json_put_bool(one, "leaf", call->leaf);
        dp_json_put_u64(one, "operations_inside", call->elsewhere);
        put_metadata(one, call);
        dp_json_put_reason(one, &call->reason);
        put_slow_tree(one, call, sites);
    }
    dp_json_put_u64(object, "slow_events", slow->events);
    dp_json_put_u64(object, "slow_operations_found", slow->operations);
    dp_json_put_text(object, "waits_for_work",
                     slow->waiting.info ? slow->waiting.info->function : NULL);
    dp_json_put_u64(object, "maybe_slow", slow->maybe);
}

static const char *because_name(enum dp_because because)
{
    static const char *const names[] = {[DP_BECAUSE_ON_CPU] = "on_cpu",
                                        [DP_BECAUSE_RUNNABLE] = "runnable",
                                        [DP_BECAUSE_BLOCKED] = "blocked",
                                        [DP_BECAUSE_UNSEEN] = "before_first_look"};

    return names[because];
}

/* Each cycle is an object; each of its threads waits for the next one, the last for the first. */
static void put_deadlocks(struct dp_json *object, const struct dp_deadlocks *deadlocks)
{
    struct dp_json *array = dp_json_put_array(object, "deadlocks"), *threads = NULL;

    for (size_t i = 0; i < deadlocks->n; i++) {
        const struct dp_deadlock_thread *thread = &deadlocks->threads[i];
        if (i == 0 || deadlocks->threads[i - 1].last)
            threads = dp_json_put_array(dp_json_add_object(array), "threads");
        struct dp_json *one = dp_json_add_object(threads);
        dp_json_put_u64(one, "tid", thread->tid);
        dp_json_put_text(one, "thread", thread->name);
        dp_json_put_text(one, "function", *thread->function ? thread->function : NULL);
    }
}

/* Slow calls of one reason; `reason` is that of the longest. */
static void put_reasons(struct dp_json *object, const struct dp_report_reasons *reasons)
{
    struct dp_json *array = dp_json_put_array(object, "slow_reasons");

    for (size_t i = 0; i < reasons->of.n; i++) {
        const struct dp_reason_group *group = reasons->groups[i].group;
        struct dp_json *one = dp_json_add_object(array);
        put_site(one, group->call->site, reasons->groups[i].info);
        dp_json_put_u64(one, "calls", group->calls);
        dp_json_put_u64(one, "in_flight", group->in_flight);
        dp_json_put_u64(one, "longest_ns", group->call->duration_ns);
        dp_json_put_u64(one, "shortest_ns", group->shortest_ns);
        dp_json_put_text(one, "because", because_name(group->reason.because));
        dp_json_put_reason(one, &group->reason);
    }
    dp_json_put_u64(object, "slow_without_reason", reasons->of.unknown);
    put_deadlocks(object, &reasons->deadlocks);
    array = dp_json_put_array(object, "names_missing");
    for (size_t i = 0; i < reasons->n_problems; i++)
        dp_json_put_text(dp_json_add_object(array), "problem", reasons->problems[i]);
}

static void put_open(struct dp_json *object, const struct dp_report_open *open)
{
    struct dp_json *array = dp_json_put_array(object, "open_calls");

    for (size_t i = 0; i < open->n; i++) {
        const struct dp_report_open_call *call = &open->calls[i];
        struct dp_json *one = dp_json_add_object(array);
        put_site(one, call->site, call->info);
        put_thread(one, call->tid, call->thread_name);
        dp_json_put_u64(one, "depth", call->depth);
        dp_json_put_u64(one, "start_unix_ns", call->start_unix_ns);
        dp_json_put_bool(one, "exact", call->exact);
    }
    dp_json_put_u64(object, "open_calls_forgotten", open->forgotten);
}

/* Depth first: a call's callees follow it, with a depth of one more. */
static void put_callees(struct dp_json *array, const struct dp_site_table *sites,
                        const struct dp_tree_node *node, uint32_t depth)
{
    for (size_t i = 0; i < node->n_callees; i++) {
        const struct dp_tree_node *callee = node->callees[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "depth", depth);
        put_site(one, callee->site, dp_site_find(sites, callee->site));
        dp_json_put_u64(one, "calls", callee->calls);
        dp_json_put_u64(one, "total_ns", callee->total_ns);
        dp_json_put_i64(one, "self_ns", (int64_t)(callee->total_ns - callee->callees_ns));
        put_callees(array, sites, callee, depth + 1);
    }
}

/* The same of stacks, whose functions may have no site. */
static void put_sampled_tree(struct dp_json *array, const struct dp_flame *flame)
{
    struct dp_tree_rows rows;

    dp_tree_rows_of_flame(&rows, flame);
    for (size_t i = 0; i < rows.n; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "depth", rows.rows[i].depth);
        dp_json_put_text(one, "function", rows.rows[i].function);
        dp_json_put_u64(one, "total_ns", rows.rows[i].total_ns);
        dp_json_put_u64(one, "self_ns", rows.rows[i].self_ns);
    }
    dp_tree_rows_finish(&rows);
}

static void put_tree(struct dp_json *object, const struct dp_report_tree *tree)
{
    if (!tree->root)
        return;
    put_callees(dp_json_put_array(object, "call_tree"), tree->sites, tree->root, 0);
    dp_json_put_bool(object, "call_tree_complete", tree->complete);
    if (tree->flame)
        put_sampled_tree(dp_json_put_array(object, "call_tree_of_samples"), tree->flame);
}

static void put_sampled(struct dp_json *object, const struct dp_sampled_functions *sampled,
                        size_t shown)
{
    if (sampled->n == 0)
        return;
    struct dp_json *array = dp_json_put_array(object, "sampled_functions");
    for (size_t i = 0; i < shown; i++) {
        const struct dp_sampled_function *function = &sampled->functions[i];
        const struct dp_flame_name *name = &sampled->flame.names[function->name];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", name->function);
        dp_json_put_text(one, "module", *name->module ? name->module : NULL);
        dp_json_put_u64(one, "self_cpu_ns", function->self_cpu_ns);
        dp_json_put_u64(one, "cpu_ns", function->cpu_ns);
        dp_json_put_u64(one, "wall_ns", function->wall_ns);
    }
    dp_json_put_u64(object, "sampled_cpu_ns", sampled->cpu_ns);
    dp_json_put_u64(object, "sampled_wall_ns", sampled->wall_ns);
    dp_json_put_u64(object, "samples", sampled->looks);
}

/* Of the functions of strategy call_graph and time. */
static void put_below_all(struct dp_json *object, const struct dp_report_below *below)
{
    if (below->root.n_callees == 0)
        return;
    put_callees(dp_json_put_array(object, "calls_below"), below->sites, &below->root, 0);
    dp_json_put_u64(object, "calls_below_left_out", below->left_out);
    dp_json_put_u64(object, "calls_below_left", below->left);
    dp_json_put_u64(object, "calls_below_missing", below->missing);
    dp_json_put_u64(object, "trees_not_kept", below->not_kept);
}

/* ---- the process and its log ---- */

static void put_lanes(struct dp_json *object, const struct dp_report *report)
{
    struct dp_json *array = dp_json_put_array(object, "lanes");

    for (size_t i = 0; i < report->n_lanes; i++) {
        const struct dp_thread_info *lane = &report->lanes[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "lane", lane->lane);
        put_thread(one, lane->tid, lane->name);
        dp_json_put_u64(one, "threads", lane->threads);
        dp_json_put_u64(one, "slow_paths", lane->slow_paths);
    }
}

static void put_pictures(struct dp_json *object, const struct dp_report_pictures *pictures)
{
    struct dp_json *array = dp_json_put_array(object, "flame_graphs");

    for (size_t i = 0; i < pictures->wanted.n; i++) {
        const struct dp_flame_request *request = &pictures->wanted.requests[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", request->site->function);
        dp_json_put_text(one, "path", request->path);
        dp_json_put_bool(one, "drawn", pictures->drawn[i]);
        if (!pictures->drawn[i])
            dp_json_put_text(one, "problem", pictures->problem);
    }
}

/* How a process ended that did not finish its log; nothing where that is not known. */
static void put_ending(struct dp_json *object, const struct dp_ending *ending)
{
    static const char *const names[] = {"unknown", "signal", "_exit", "status", "exec"};
    struct dp_json *one;
    char name[32];

    if (ending->end == DP_END_UNKNOWN || ending->end >= sizeof names / sizeof *names)
        return;
    one = dp_json_put_object(object, "ending");
    dp_json_put_text(one, "by", names[ending->end]);
    if (ending->end == DP_END_SIGNAL) {
        dp_json_put_text(one, "signal", dp_ending_signal(ending->code, name));
        dp_json_put_u64(one, "number", ending->code);
    } else if (ending->end != DP_END_EXEC) {
        dp_json_put_u64(one, "status", ending->code);
    }
    if (ending->flags & DP_END_WAITED) { /* only then both are known */
        dp_json_put_bool(one, "core_dumped", ending->flags & DP_END_CORE_DUMPED);
        dp_json_put_bool(one, "kernel_was_out_of_memory", ending->flags & DP_END_OUT_OF_MEMORY);
    }
    if (ending->silent_ns > 0)
        dp_json_put_u64(one, "silent_ns", ending->silent_ns);
}

static void put_process(struct dp_json *object, const struct dp_report *report)
{
    dp_json_put_text(object, "log", report->log);
    dp_json_put_text(object, "program", report->program);
    dp_json_put_text(object, "command", report->command);
    dp_json_put_u64(object, "pid", report->pid);
    dp_json_put_text(object, "phase", dp_phase_name(report->phase));
    put_ending(object, &report->ending);
    dp_json_put_text(object, "env", report->env);
    dp_json_put_text(object, "rules", report->rules);
    dp_json_put_u64(object, "start_unix_ns", report->start_unix_ns);
    put_known(object, "wall_ns", report->wall_ns);
    if (report->shown_ns > 0)
        dp_json_put_u64(object, "functions_of_last_ns", report->shown_ns);
    put_known(object, "process_cpu_ns", report->cpu_ns);
    if (report->records_known)
        dp_json_put_u64(object, "records", report->records);
    dp_json_put_bool(object, "from_state", report->from_state);
}

void dp_report_json(const struct dp_report *report, struct dp_json *object)
{
    put_process(object, report);
    put_functions(object, &report->functions.all);
    put_slow(object, &report->slow, report->below.sites);
    put_reasons(object, &report->reasons);
    put_open(object, &report->open);
    dp_json_put_heap(object, &report->heap);
    put_sampled(object, &report->sampled, report->sampled_shown);
    put_tree(object, &report->tree);
    put_below_all(object, &report->below);
    put_lanes(object, report);
    if (report->pictures.wanted.n > 0)
        put_pictures(object, &report->pictures);
    dp_json_put_limits(object, &report->limits);
}
