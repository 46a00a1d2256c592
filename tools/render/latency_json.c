/* See latency_json.h. */
#include "latency_json.h"

#include "heap_json.h"

static const char *source_name(enum dp_latency_of of)
{
    static const char *const names[] = {[DP_LATENCY_OF_NONE] = "none",
                                        [DP_LATENCY_OF_EVERY] = "every_call",
                                        [DP_LATENCY_OF_SAMPLES] = "samples",
                                        [DP_LATENCY_OF_WATCHED] = "samples_and_slow_calls",
                                        [DP_LATENCY_OF_SLOW_ONLY] = "slow_calls"};

    return names[of];
}

static void put_category(struct dp_json *array, enum dp_category i,
                         const struct dp_category_calls *category)
{
    struct dp_json *one = dp_json_add_object(array);

    dp_json_put_text(one, "category", dp_category_name(i));
    dp_json_put_estimate(one, "calls", category->calls);
    dp_json_put_number(one, "share", category->share, 6);
    dp_json_put_number(one, "share_low", category->share_low, 6);
    dp_json_put_number(one, "share_high", category->share_high, 6);
}

void dp_latency_json(struct dp_json *object, const struct dp_latency *latency)
{
    if (latency->of == DP_LATENCY_OF_NONE)
        return;
    struct dp_json *of = dp_json_put_object(object, "latency");
    dp_json_put_text(of, "from", source_name(latency->of));
    dp_json_put_bool(of, "partial", latency->partial);
    for (int i = 0; i < DP_PERCENTILES; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_ns", dp_percentile_name((enum dp_percentile)i));
        dp_json_put_estimate(of, key, latency->percentile[i]);
    }
    dp_json_put_estimate(of, "mean_ns", latency->mean_ns);
    dp_json_put_number(of, "stddev_ns", latency->deviation_ns, 1);
    struct dp_json *categories = dp_json_put_array(of, "categories");
    for (int i = 0; i < DP_CATEGORIES; i++)
        put_category(categories, (enum dp_category)i, &latency->category[i]);
}
