/* See functions_json.h. */
#include "functions_json.h"

#include <math.h>

#include "heap_json.h"
#include "latency_json.h"
#include "site_json.h"

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
    for (int i = 0; i < DP_PERCENTILES; i++) {
        char key[16];
        snprintf(key, sizeof key, "%s_ns", dp_percentile_name((enum dp_percentile)i));
        dp_json_put_number(object, key, function->latency.percentile[i].value, 0);
    }
}

static void put_function(struct dp_json *object, const struct dp_report_function *function)
{
    dp_json_put_site(object, function->site, function->info);
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
    dp_latency_json(object, &function->latency);
    if (function->memory.calls > 0)
        put_memory(object, &function->memory);
    if (function->has_count)
        dp_json_put_u64(object, "counted", function->counted);
}

void dp_json_put_functions(struct dp_json *object, const struct dp_report_ranking *ranking)
{
    struct dp_json *array = dp_json_put_array(object, "functions");

    for (size_t i = 0; i < ranking->n; i++)
        put_function(dp_json_add_object(array), ranking->rows[i]);
}
