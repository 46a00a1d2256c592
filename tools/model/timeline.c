/* See timeline.h. */
#include "timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NS DP_FIGURE_NS
#define BYTES DP_FIGURE_BYTES
#define COUNT DP_FIGURE_COUNTS
#define PPM DP_FIGURE_PPM
#define LEVEL DP_FIGURE_LEVEL
#define SUM DP_FIGURE_SUM
#define SHARE DP_FIGURE_SHARE
const struct dp_figure_info dp_figure_infos[DP_FIGURE_COUNT] = {
#define DP_FIGURE(id, name, unit, of, what) {#name, unit, of},
#include "deep_profile/machine.def"
};

static unsigned bits_of(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word);
}

/* Later versions may have more figures: their bits come last. */
static void read_values(struct dp_machine_sample *sample, const uint8_t *values, uint64_t known)
{
    size_t at = 0;

    for (int i = 0; i < DP_FIGURE_COUNT; i++) {
        if (!(known >> i & 1))
            continue;
        memcpy(&sample->figures.value[i], values + 8 * at++, 8);
        sample->figures.known |= UINT64_C(1) << i;
    }
}

static void read_threads(struct dp_timeline *timeline, const struct dp_record *record,
                         const struct dp_event_machine *event)
{
    size_t n = event->n_threads;
    const uint8_t *tids = record->payload + sizeof *event + 8 * (size_t)event->n_values;
    const uint8_t *cpu = tids + 4 * n, *wait = cpu + 8 * n;
    const char *name = dp_record_text(record, 0);

    if (event->threads_ns == 0 || n > DP_MACHINE_THREADS)
        return;
    timeline->last_look_ns = record->time_ns;
    for (size_t i = 0; i < n; i++) {
        size_t length = strcspn(name, "\n");
        int64_t waited;
        timeline->threads = dp_append(timeline->threads, &timeline->n_threads,
                                      &timeline->threads_capacity, sizeof *timeline->threads);
        struct dp_thread_time *thread = &timeline->threads[timeline->n_threads - 1];
        *thread = (struct dp_thread_time){.time_ns = record->time_ns,
                                          .looked_ns = event->threads_ns};
        memcpy(&thread->tid, tids + 4 * i, 4);
        memcpy(&thread->cpu_ns, cpu + 8 * i, 8);
        memcpy(&waited, wait + 8 * i, 8);
        thread->wait_known = waited >= 0;
        thread->wait_ns = waited >= 0 ? (uint64_t)waited : 0;
        memcpy(thread->name, name, length < sizeof thread->name ? length : sizeof thread->name - 1);
        name += length + (name[length] != 0);
    }
}

void dp_timeline_read(struct dp_timeline *timeline, const struct dp_record *record)
{
    struct dp_event_machine event;

    if (record->id != DP_EVENT_ID_machine)
        return;
    dp_record_copy(record, &event);
    if (bits_of(event.known) != event.n_values || event.interval_ns == 0)
        return;
    timeline->samples = dp_append(timeline->samples, &timeline->n, &timeline->capacity,
                                  sizeof *timeline->samples);
    struct dp_machine_sample *sample = &timeline->samples[timeline->n - 1];
    *sample =
        (struct dp_machine_sample){.time_ns = record->time_ns, .interval_ns = event.interval_ns};
    read_values(sample, record->payload + sizeof event, event.known);
    read_threads(timeline, record, &event);
}

static int by_time(const void *a, const void *b)
{
    const struct dp_machine_sample *one = a, *other = b;

    return one->time_ns < other->time_ns ? -1 : one->time_ns > other->time_ns;
}

static int by_thread(const void *a, const void *b)
{
    const struct dp_thread_time *one = a, *other = b;

    if (one->tid != other->tid)
        return one->tid < other->tid ? -1 : 1;
    return one->time_ns < other->time_ns ? -1 : one->time_ns > other->time_ns;
}

static int by_cpu(const void *a, const void *b)
{
    const struct dp_thread_time *one = a, *other = b;

    if (one->cpu_ns != other->cpu_ns)
        return one->cpu_ns > other->cpu_ns ? -1 : 1;
    return one->tid < other->tid ? -1 : one->tid > other->tid;
}

/* `one` is an earlier look at the same thread. The later name holds. */
static void add_look(struct dp_thread_time *sum, const struct dp_thread_time *one)
{
    const struct dp_thread_time before = *sum;

    *sum = *one;
    sum->cpu_ns += before.cpu_ns;
    sum->wait_ns += before.wait_ns;
    sum->looked_ns += before.looked_ns;
    sum->wait_known = one->wait_known && before.wait_known;
}

void dp_timeline_settle(struct dp_timeline *timeline)
{
    size_t n = 0;

    if (timeline->n > 0)
        qsort(timeline->samples, timeline->n, sizeof *timeline->samples, by_time);
    if (timeline->n_threads > 0)
        qsort(timeline->threads, timeline->n_threads, sizeof *timeline->threads, by_thread);
    for (size_t i = 0; i < timeline->n_threads; i++) {
        struct dp_thread_time one = timeline->threads[i];
        bool now = one.time_ns == timeline->last_look_ns && one.looked_ns > 0;
        one.last_share = now ? (double)one.cpu_ns / (double)one.looked_ns : (double)NAN;
        if (n > 0 && timeline->threads[n - 1].tid == one.tid)
            add_look(&timeline->threads[n - 1], &one);
        else
            timeline->threads[n++] = one;
    }
    timeline->n_threads = n;
    if (n > 0)
        qsort(timeline->threads, n, sizeof *timeline->threads, by_cpu);
}

void dp_timeline_finish(struct dp_timeline *timeline)
{
    free(timeline->samples);
    free(timeline->threads);
    *timeline = (struct dp_timeline){0};
}

double dp_figure_rate(const struct dp_machine_sample *sample, enum dp_figure figure)
{
    const struct dp_figure_info *info = &dp_figure_infos[figure];
    double value = (double)sample->figures.value[figure];

    if (!dp_figure_known(&sample->figures, figure))
        return (double)NAN;
    if (info->unit == DP_FIGURE_PPM)
        return value / 1e6;
    if (info->of != DP_FIGURE_SUM)
        return value;
    value /= (double)sample->interval_ns;
    return info->unit == DP_FIGURE_NS ? value : value * 1e9;
}

struct dp_figure_summary dp_figure_summary(const struct dp_timeline *timeline,
                                           enum dp_figure figure)
{
    struct dp_figure_summary summary = {0};
    double weight = 0, sum = 0;

    for (size_t i = 0; i < timeline->n; i++) {
        double value = dp_figure_rate(&timeline->samples[i], figure);
        if (isnan(value))
            continue;
        if (!summary.known || value < summary.least)
            summary.least = value;
        if (!summary.known || value > summary.most)
            summary.most = value;
        summary.known = true;
        summary.last = value;
        weight += (double)timeline->samples[i].interval_ns;
        sum += value * (double)timeline->samples[i].interval_ns;
    }
    summary.mean = weight > 0 ? sum / weight : (double)NAN;
    return summary;
}

static double begin_of(const struct dp_machine_sample *sample)
{
    return (double)sample->time_ns - (double)sample->interval_ns;
}

void dp_timeline_row(const struct dp_timeline *timeline, enum dp_figure figure, double *row,
                     size_t n)
{
    double *weight = dp_allocate(n, sizeof *weight);

    for (size_t part = 0; part < n; part++)
        row[part] = 0;
    for (size_t i = 0; i < timeline->n; i++) {
        const struct dp_machine_sample *sample = &timeline->samples[i];
        double value = dp_figure_rate(sample, figure), from = begin_of(&timeline->samples[0]);
        double width = ((double)timeline->samples[timeline->n - 1].time_ns - from) / (double)n;
        double first = (begin_of(sample) - from) / width;
        double last = ((double)sample->time_ns - from) / width;
        if (isnan(value) || !(width > 0))
            continue;
        if (first < 0)
            first = 0;
        for (size_t part = (size_t)first; part < n && (double)part < last; part++) {
            double low = first > (double)part ? first : (double)part;
            double high = last < (double)part + 1 ? last : (double)part + 1;
            row[part] += value * (high - low);
            weight[part] += high - low;
        }
    }
    for (size_t part = 0; part < n; part++)
        row[part] = weight[part] > 0.01 ? row[part] / weight[part] : (double)NAN;
    free(weight);
}
