/* See named_json.h. */
#include "named_json.h"

#include "latency_json.h"

static void put_operation(struct dp_json *one, const struct dp_report_operation *operation)
{
    const struct dp_report_times *of = &operation->of;

    dp_json_put_text(one, "operation", operation->name);
    dp_json_put_u64(one, "times", operation->times);
    dp_json_put_number(one, "per_second", operation->per_second, 3);
    dp_json_put_u64(one, "open", operation->open);
    if (operation->times == 0)
        return;
    dp_json_put_u64(one, "total_ns", operation->total_ns);
    dp_json_put_u64(one, "min_ns", of->min_ns);
    dp_json_put_number(one, "mean_ns", of->mean_ns, 1);
    dp_json_put_u64(one, "max_ns", of->max_ns);
    dp_json_put_number(one, "stddev_ns", of->deviation_ns, 1);
    for (int i = 0; i < DP_PERCENTILES; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_ns", dp_percentile_name((enum dp_percentile)i));
        dp_json_put_number(one, key, operation->latency.percentile[i].value, 0);
    }
    dp_latency_json(one, &operation->latency);
}

static void put_gauge(struct dp_json *one, const struct dp_report_gauge *gauge)
{
    dp_json_put_text(one, "gauge", gauge->name);
    dp_json_put_i64(one, "last", gauge->last);
    dp_json_put_u64(one, "last_unix_ns", gauge->last_unix_ns);
    dp_json_put_text(one, "level", dp_level_name(gauge->level));
    dp_json_put_i64(one, "least", gauge->least);
    dp_json_put_i64(one, "greatest", gauge->greatest);
    dp_json_put_number(one, "mean", gauge->mean, 3);
    dp_json_put_number(one, "p50", gauge->p50, 0);
    dp_json_put_number(one, "p99", gauge->p99, 0);
    dp_json_put_u64(one, "sets", gauge->sets);
    struct dp_json *limits = dp_json_put_object(one, "limits");
    for (uint32_t i = 0; i < DP_LEVEL_LIMITS; i++)
        dp_json_put_u64(limits, dp_level_name(i + 1), gauge->limits[i]);
    struct dp_json *shares = dp_json_put_object(one, "shares");
    for (uint32_t i = 0; i < DP_LEVEL_COUNT; i++)
        dp_json_put_number(shares, dp_level_name(i), gauge->shares[i], 6);
}

void dp_json_put_named(struct dp_json *object, const struct dp_report_named *named)
{
    if (named->n_operations + named->n_gauges + named->n_kinds == 0)
        return;
    struct dp_json *array = dp_json_put_array(object, "operations");
    for (size_t i = 0; i < named->n_operations; i++)
        put_operation(dp_json_add_object(array), &named->operations[i]);
    array = dp_json_put_array(object, "gauges");
    for (size_t i = 0; i < named->n_gauges; i++)
        put_gauge(dp_json_add_object(array), &named->gauges[i]);
    array = dp_json_put_array(object, "counts");
    for (size_t i = 0; i < named->n_kinds; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "kind", named->kinds[i].name);
        dp_json_put_u64(one, "count", named->kinds[i].count);
        dp_json_put_number(one, "per_second", named->kinds[i].per_second, 3);
    }
}
