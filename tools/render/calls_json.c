/* See calls_json.h. */
#include "calls_json.h"

#include <stdlib.h>
#include <string.h>

#include "reason_json.h"
#include "site_json.h"
#include "trees_json.h"

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

static void put_slow_tree(struct dp_json *object, const struct dp_report_slow_call *call,
                          const struct dp_site_table *sites)
{
    if (!call->tree)
        return;
    struct dp_json *tree = dp_json_put_object(object, "tree");
    dp_json_put_u64(tree, "left_out", call->tree->left_out);
    dp_json_put_u64(tree, "left", call->tree->left);
    dp_json_put_u64(tree, "missing", call->tree->missing);
    dp_json_put_below(dp_json_put_array(tree, "calls"), sites, call->tree->root);
}

void dp_json_put_slow(struct dp_json *object, const struct dp_report_slow *slow,
                      const struct dp_site_table *sites)
{
    struct dp_json *array = dp_json_put_array(object, "slow_operations");

    for (size_t i = 0; i < slow->n; i++) {
        const struct dp_report_slow_call *call = &slow->calls[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_site(one, call->site, call->info);
        dp_json_put_u64(one, "duration_ns", call->duration_ns);
        dp_json_put_u64(one, "duration_error_ns", call->error_ns);
        dp_json_put_u64(one, "threshold_ns", call->threshold_ns);
        dp_json_put_u64(one, "end_unix_ns", call->end_unix_ns);
        dp_json_put_thread(one, call->tid, call->thread_name);
        dp_json_put_bool(one, "in_flight", call->in_flight);
        if (call->at_least)
            dp_json_put_bool(one, "at_least", true);
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
void dp_json_put_reasons(struct dp_json *object, const struct dp_report_reasons *reasons)
{
    struct dp_json *array = dp_json_put_array(object, "slow_reasons");

    for (size_t i = 0; i < reasons->of.n; i++) {
        const struct dp_reason_group *group = reasons->groups[i].group;
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_site(one, group->call->site, reasons->groups[i].info);
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

void dp_json_put_open(struct dp_json *object, const struct dp_report_open *open)
{
    struct dp_json *array = dp_json_put_array(object, "open_calls");

    for (size_t i = 0; i < open->n; i++) {
        const struct dp_report_open_call *call = &open->calls[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_site(one, call->site, call->info);
        dp_json_put_thread(one, call->tid, call->thread_name);
        dp_json_put_u64(one, "depth", call->depth);
        dp_json_put_u64(one, "start_unix_ns", call->start_unix_ns);
        dp_json_put_bool(one, "exact", call->exact);
    }
    dp_json_put_u64(object, "open_calls_forgotten", open->forgotten);
}
