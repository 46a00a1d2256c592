/* See timeline_json.h. */
#include "timeline_json.h"

#include <math.h>

/* As the log has it; shares as such. */
static void put_value(struct dp_json *object, const struct dp_machine_sample *sample,
                      enum dp_figure figure)
{
    const struct dp_figure_info *info = &dp_figure_infos[figure];
    uint64_t value = sample->figures.value[figure];

    if (!dp_figure_known(&sample->figures, figure))
        return;
    if (info->unit == DP_FIGURE_PPM)
        dp_json_put_number(object, info->name, (double)value / 1e6, 6);
    else
        dp_json_put_u64(object, info->name, value);
}

static void put_samples(struct dp_json *machine, const struct dp_timeline *timeline,
                        uint64_t to_unix_ns)
{
    struct dp_json *array = dp_json_put_array(machine, "samples");

    for (size_t i = 0; i < timeline->n; i++) {
        const struct dp_machine_sample *sample = &timeline->samples[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "time_unix_ns", sample->time_ns + to_unix_ns);
        dp_json_put_u64(one, "interval_ns", sample->interval_ns);
        for (int figure = 0; figure < DP_FIGURE_COUNT; figure++)
            put_value(one, sample, (enum dp_figure)figure);
    }
}

static void put_threads(struct dp_json *machine, const struct dp_timeline *timeline)
{
    struct dp_json *array = dp_json_put_array(machine, "threads");

    for (size_t i = 0; i < timeline->n_threads; i++) {
        const struct dp_thread_time *thread = &timeline->threads[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "tid", thread->tid);
        dp_json_put_text(one, "thread", thread->name);
        dp_json_put_u64(one, "cpu_ns", thread->cpu_ns);
        dp_json_put_u64(one, "of_ns", thread->looked_ns);
        if (thread->wait_known)
            dp_json_put_u64(one, "wait_ns", thread->wait_ns);
        if (!isnan(thread->last_share))
            dp_json_put_number(one, "last_share", thread->last_share, 6);
    }
}

void dp_json_put_timeline(struct dp_json *object, const struct dp_timeline *timeline,
                          uint64_t to_unix_ns)
{
    if (timeline->n == 0)
        return;
    struct dp_json *machine = dp_json_put_object(object, "machine");
    put_samples(machine, timeline, to_unix_ns);
    put_threads(machine, timeline);
}
