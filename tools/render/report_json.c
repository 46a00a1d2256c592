/* See report_json.h. */
#include "report_json.h"

#include "alerts_json.h"
#include "calls_json.h"
#include "functions_json.h"
#include "heap_json.h"
#include "limits_json.h"
#include "named_json.h"
#include "site_json.h"
#include "timeline_json.h"
#include "trees_json.h"

/* 0 stands for what is not known. */
static void put_known(struct dp_json *object, const char *key, uint64_t value)
{
    if (value)
        dp_json_put_u64(object, key, value);
    else
        dp_json_put_text(object, key, NULL);
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

static void put_window(struct dp_json *object, const struct dp_report_window *of)
{
    struct dp_json *window = dp_json_put_object(object, "window");

    dp_json_put_u64(window, "from_ns", of->from_ns);
    dp_json_put_u64(window, "to_ns", of->to_ns);
    dp_json_put_u64(window, "from_unix_ns", of->from_unix_ns);
    dp_json_put_u64(window, "to_unix_ns", of->to_unix_ns);
    dp_json_put_u64(window, "functions_cut_exactly", of->exact);
    dp_json_put_u64(window, "functions_cut_by_intervals", of->cut);
    dp_json_put_u64(window, "functions_left_out", of->uncut);
    dp_json_put_u64(window, "before_error_ns", of->before_ns);
    dp_json_put_u64(window, "after_error_ns", of->after_ns);
}

static void put_lanes(struct dp_json *object, const struct dp_report *report)
{
    struct dp_json *array = dp_json_put_array(object, "lanes");

    for (size_t i = 0; i < report->n_lanes; i++) {
        const struct dp_thread_info *lane = &report->lanes[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "lane", lane->lane);
        dp_json_put_thread(one, lane->tid, lane->name);
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
    if (report->window.set)
        put_window(object, &report->window);
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
    dp_json_put_functions(object, &report->functions.all);
    dp_json_put_named(object, &report->named);
    dp_json_put_slow(object, &report->slow, report->below.sites);
    dp_json_put_reasons(object, &report->reasons);
    dp_json_put_open(object, &report->open);
    dp_json_put_heap(object, &report->heap);
    put_sampled(object, &report->sampled, report->sampled_shown);
    dp_json_put_tree(object, &report->tree);
    dp_json_put_below_all(object, &report->below);
    put_lanes(object, report);
    if (report->pictures.wanted.n > 0)
        put_pictures(object, &report->pictures);
    dp_json_put_alerts(object, &report->alerts, report->to_unix_ns);
    dp_json_put_timeline(object, report->timeline, report->to_unix_ns);
    dp_json_put_limits(object, &report->limits);
}
