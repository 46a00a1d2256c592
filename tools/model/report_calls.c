/* See report_calls.h. */
#include "report_calls.h"

#include <stdlib.h>

#include "base/memory.h"
#include "operations.h"
#include "common/event_keys.h"
#include "profile_figures.h"

enum {
    MOST_GROUPS = 1000,
    SOME_CALLS = 5, /* fewer calls say little about a function */
    RECURSION = 4,  /* calls of one function in a row that are one group */
};

/* ---- slow operations ---- */

static void add_metadata(struct dp_report_slow_call *call)
{
    const struct dp_options *options = dp_site_options(call->info, DP_ATTRIBUTE_IF_SLOW);

    if (!options || options->n_metadata == 0)
        return;
    call->metadata = dp_allocate(options->n_metadata, sizeof *call->metadata);
    for (size_t i = 0; i < options->n_metadata; i++)
        if (!dp_event_key_again(options->metadata_key, options->n_metadata, i))
            call->metadata[call->n_metadata++] = (struct dp_report_metadata){
                options->metadata_key[i], options->metadata_value[i]};
}

static void make_slow_call(struct dp_report_slow_call *call, const struct dp_profile *profile,
                           const struct dp_operation_step *step)
{
    const struct dp_slow_call *slow = step->call;
    uint64_t start = dp_profile_start_ns(profile), began = slow->time_ns - slow->duration_ns;

    *call = (struct dp_report_slow_call){.site = slow->site,
                                         .info = dp_site_find(&profile->sites, slow->site),
                                         .duration_ns = slow->duration_ns,
                                         .error_ns = slow->error_ns,
                                         .threshold_ns = slow->threshold_ns,
                                         .after_ns = began > start ? began - start : 0,
                                         .end_unix_ns =
                                             dp_profile_realtime(profile, slow->time_ns),
                                         .tid = slow->tid,
                                         .thread_name = slow->thread_name,
                                         .in_flight = slow->flags & DP_SLOW_IN_FLIGHT,
                                         .at_least = slow->flags & DP_SLOW_AT_LEAST,
                                         .operation = step->operation,
                                         .depth = step->depth,
                                         .leaf = step->leaf,
                                         .elsewhere = step->elsewhere};
    dp_reason_find(&call->reason, &profile->reasons, &profile->stacks, slow->id);
    call->tree = dp_saved_tree_of(&profile->saved_trees, slow->id);
    add_metadata(call);
}

/* How long the slow calls of a site waited for a CPU or a lock, as far as it is known: neither is a
 * wait for work. */
static uint64_t held_up_ns(const struct dp_profile *profile, uint32_t site)
{
    uint64_t ns = 0;

    for (size_t i = 0; i < profile->n_slow; i++) {
        struct dp_reason reason;
        if (profile->slow[i].site != site)
            continue;
        dp_reason_find(&reason, &profile->reasons, &profile->stacks, profile->slow[i].id);
        if (reason.known && !(reason.event.flags & DP_REASON_NO_RUNNABLE))
            ns += reason.event.runnable_ns;
        for (size_t k = 0; reason.known && k < reason.n_samples; k++)
            if (dp_stack_waits_for_lock(&reason.samples[k]))
                ns += (uint64_t)dp_reason_ns_of(&reason, &reason.samples[k]);
    }
    return ns;
}

/* Calls that took much of the time, and at least twice the CPU time of the process and their own
 * time without a CPU or a lock, waited for something else for at least half of their time. */
static struct dp_report_waiting waiting_of(const struct dp_profile *profile,
                                           const struct dp_operation_leaf *longest,
                                           uint64_t wall_ns, uint64_t cpu_ns)
{
    if (cpu_ns == 0 || longest->calls < SOME_CALLS || longest->ns < wall_ns / 4 ||
        longest->ns / 2 < cpu_ns + held_up_ns(profile, longest->site))
        return (struct dp_report_waiting){0};
    return (struct dp_report_waiting){dp_site_find(&profile->sites, longest->site),
                                      longest->calls, longest->ns};
}

void dp_report_slow_make(struct dp_report_slow *slow, const struct dp_profile *profile,
                         uint64_t wall_ns, uint64_t cpu_ns)
{
    struct dp_operations operations;

    dp_operations_make(&operations, profile);
    *slow = (struct dp_report_slow){.n = operations.n_steps,
                                    .n_operations = operations.n,
                                    .operations = operations.found,
                                    .events = profile->slow_events};
    slow->calls = dp_allocate(slow->n, sizeof *slow->calls);
    for (size_t i = 0; i < slow->n; i++)
        make_slow_call(&slow->calls[i], profile, &operations.steps[i]);
    slow->waiting = waiting_of(profile, &operations.longest, wall_ns, cpu_ns);
    dp_operations_finish(&operations);
    for (size_t i = 0; i < profile->n_totals; i++) {
        const struct dp_totals *totals = profile->totals[i];
        slow->counted += totals ? totals->sum.slow : 0;
        slow->maybe += totals ? totals->sum.maybe_slow : 0;
        slow->maybe_least_ns += totals ? (double)totals->sum.maybe_slow_least_ns : 0;
        slow->maybe_most_ns += totals ? (double)totals->sum.maybe_slow_most_ns : 0;
    }
    if (slow->maybe > 0) {
        slow->maybe_least_ns /= (double)slow->maybe;
        slow->maybe_most_ns /= (double)slow->maybe;
    }
    if (slow->counted < slow->events)
        slow->counted = slow->events;
}

void dp_report_slow_finish(struct dp_report_slow *slow)
{
    for (size_t i = 0; i < slow->n; i++)
        free(slow->calls[i].metadata);
    free(slow->calls);
    *slow = (struct dp_report_slow){0};
}

/* ---- open calls ---- */

static void make_open_call(struct dp_report_open_call *call, const struct dp_profile *profile,
                           const struct dp_open_info *open, uint64_t end_ns)
{
    *call = (struct dp_report_open_call){
        .site = open->site,
        .info = dp_site_find(&profile->sites, open->site),
        .tid = open->tid,
        .thread_name = open->thread_name,
        .depth = open->depth,
        .open_ns = end_ns > open->start_ns ? end_ns - open->start_ns : 0,
        .start_unix_ns = dp_profile_realtime(profile, open->start_ns),
        .exact = open->exact};
}

/* How many calls in a row are of one function in one thread. */
static size_t run_of_calls(const struct dp_report_open *open, size_t first)
{
    const struct dp_report_open_call *calls = open->calls;
    size_t next = first + 1;

    while (next < open->n && calls[next].tid == calls[first].tid &&
           calls[next].site == calls[first].site)
        next++;
    return next - first;
}

static void make_groups(struct dp_report_open *open)
{
    size_t next = 0;

    open->groups = dp_allocate(open->n < MOST_GROUPS ? open->n : MOST_GROUPS, sizeof *open->groups);
    while (next < open->n && open->n_groups < MOST_GROUPS) {
        size_t run = run_of_calls(open, next);
        struct dp_report_open_group group = {next, run < RECURSION ? 1 : run};
        open->groups[open->n_groups++] = group;
        next += group.n;
    }
    open->left_out = open->n - next;
}

void dp_report_open_make(struct dp_report_open *open, const struct dp_profile *profile,
                         uint64_t wall_ns)
{
    uint64_t end_ns = dp_profile_start_ns(profile) + wall_ns;

    *open = (struct dp_report_open){.running = profile->phase == DP_PHASE_RUNNING,
                                    .n = profile->n_open,
                                    .forgotten = dp_profile_forgotten(profile)};
    open->calls = dp_allocate(open->n, sizeof *open->calls);
    for (size_t i = 0; i < open->n; i++)
        make_open_call(&open->calls[i], profile, &profile->open[i], end_ns);
    make_groups(open);
}

void dp_report_open_finish(struct dp_report_open *open)
{
    free(open->calls);
    free(open->groups);
    *open = (struct dp_report_open){0};
}
