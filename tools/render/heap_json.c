/* See heap_json.h. */
#include "heap_json.h"

#include <stdio.h>

#include "reason_json.h"

static void put_row(struct dp_json *object, const struct dp_heap_row *row)
{
    dp_json_put_u64(object, "samples", row->sums[DP_HEAP_ALLOCATED].samples);
    dp_json_put_estimate(object, "held_at_end_bytes", row->of[DP_HEAP_AT_END]);
    dp_json_put_estimate(object, "held_at_peak_bytes", row->of[DP_HEAP_AT_PEAK]);
    dp_json_put_estimate(object, "growth_bytes", row->of[DP_HEAP_GROWTH]);
    dp_json_put_estimate(object, "allocated_bytes", row->of[DP_HEAP_ALLOCATED]);
}

static void put_figures(struct dp_json *object, const struct dp_report_heap *heap)
{
    dp_json_put_u64(object, "interval_bytes", heap->interval);
    dp_json_put_u64(object, "peak_after_ns", heap->peak_after_ns);
    dp_json_put_u64(object, "growth_from_ns", heap->from_after_ns);
    dp_json_put_u64(object, "growth_to_ns", heap->to_after_ns);
    dp_json_put_u64(object, "young_ns", heap->young_ns);
    put_row(dp_json_put_object(object, "all"), &heap->all);
    struct dp_json *stacks = dp_json_put_array(object, "stacks");
    for (size_t i = 0; i < heap->n; i++) {
        struct dp_json *one = dp_json_add_object(stacks);
        put_row(one, &heap->rows[i]);
        dp_json_put_bool(one, "grew", dp_heap_grew(&heap->rows[i]));
        dp_json_put_frames(one, "frames", heap->rows[i].stack);
    }
}

void dp_json_put_heap(struct dp_json *object, const struct dp_report_heap *heap)
{
    if (!heap->asked)
        return;
    struct dp_json *one = dp_json_put_object(object, "heap");
    dp_json_put_text(one, "not_known", heap->unseen);
    dp_json_put_u64(one, "lost_allocations", heap->lost_allocations);
    dp_json_put_u64(one, "lost_releases", heap->lost_releases);
    if (heap->all.sums[DP_HEAP_ALLOCATED].samples > 0)
        put_figures(one, heap);
}

void dp_json_put_estimate(struct dp_json *object, const char *key, struct dp_estimate estimate)
{
    char low[64], high[64];

    snprintf(low, sizeof low, "%s_low", key);
    snprintf(high, sizeof high, "%s_high", key);
    dp_json_put_number(object, key, estimate.value, 0);
    dp_json_put_number(object, low, estimate.low, 0);
    dp_json_put_number(object, high, estimate.high, 0);
}
