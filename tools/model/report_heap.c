/* See report_heap.h. */
#include "report_heap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile_figures.h"

#define YOUNG 10 /* a tenth of the time */

/* The moments that figures are of. */
struct moments {
    uint64_t start, from, to, peak, young;
};

static const struct dp_setting_info *setting_of(const struct dp_profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->n_settings; i++)
        if (strcmp(profile->settings[i].name, name) == 0)
            return &profile->settings[i];
    return NULL;
}

/* ---- rows ---- */

static void add_growth(struct dp_bytes_sum *sum, const struct dp_allocation *allocation,
                       const struct moments *at)
{
    bool before = dp_allocation_held(allocation, at->from) &&
                  allocation->at_ns + at->young <= at->from;
    bool after =
        dp_allocation_held(allocation, at->to) && allocation->at_ns + at->young <= at->to;

    if (before == after)
        return;
    sum->bytes += after ? allocation->weight : -allocation->weight;
    sum->variance += allocation->variance;
    sum->samples++;
}

static void add(struct dp_heap_row *row, const struct dp_allocation *allocation,
                const struct moments *at)
{
    dp_bytes_add(&row->sums[DP_HEAP_ALLOCATED], allocation);
    if (dp_allocation_held(allocation, at->to))
        dp_bytes_add(&row->sums[DP_HEAP_AT_END], allocation);
    if (dp_allocation_held(allocation, at->peak))
        dp_bytes_add(&row->sums[DP_HEAP_AT_PEAK], allocation);
    add_growth(&row->sums[DP_HEAP_GROWTH], allocation, at);
}

static struct dp_estimate growth_of(const struct dp_bytes_sum *sum)
{
    double error = 1.96 * sqrt(sum->variance);

    return (struct dp_estimate){sum->bytes, sum->bytes - error, sum->bytes + error, DP_ESTIMATED};
}

static void estimate(struct dp_heap_row *row, double interval)
{
    for (int figure = 0; figure < DP_HEAP_FIGURES; figure++)
        row->of[figure] = figure == DP_HEAP_GROWTH
                              ? growth_of(&row->sums[figure])
                              : dp_bytes_estimate(&row->sums[figure], interval);
}

bool dp_heap_grew(const struct dp_heap_row *row)
{
    return row->sums[DP_HEAP_GROWTH].samples > 0 && row->of[DP_HEAP_GROWTH].low > 0;
}

/* By the names of their functions, so that two calls in one function are one row. */
static int by_functions(const void *a, const void *b)
{
    const struct dp_stack *x = (*(const struct dp_allocation *const *)a)->stack,
                          *y = (*(const struct dp_allocation *const *)b)->stack;

    if (!x || !y)
        return !y - !x;
    for (size_t i = 0; i < x->n_frames && i < y->n_frames; i++) {
        int order = strcmp(x->frames[i].function, y->frames[i].function);
        if (order)
            return order;
    }
    return x->n_frames < y->n_frames ? -1 : x->n_frames > y->n_frames;
}

static double most_held(const struct dp_heap_row *row)
{
    return fmax(row->sums[DP_HEAP_AT_END].bytes, row->sums[DP_HEAP_AT_PEAK].bytes);
}

static int most_first(const void *a, const void *b)
{
    const struct dp_heap_row *x = a, *y = b;
    double of_x = most_held(x), of_y = most_held(y);

    if (of_x != of_y)
        return of_x > of_y ? -1 : 1;
    of_x = x->sums[DP_HEAP_ALLOCATED].bytes;
    of_y = y->sums[DP_HEAP_ALLOCATED].bytes;
    return of_x > of_y ? -1 : of_x < of_y;
}

static void make_rows(struct dp_report_heap *heap, const struct dp_allocations *allocations,
                      const struct moments *at)
{
    const struct dp_allocation **by = dp_allocate(allocations->n + 1, sizeof *by);
    size_t capacity = 0;

    for (size_t i = 0; i < allocations->n; i++)
        by[i] = &allocations->all[i];
    if (allocations->n > 0)
        qsort(by, allocations->n, sizeof *by, by_functions);
    for (size_t i = 0; i < allocations->n; i++) {
        if (i == 0 || by_functions(&by[i - 1], &by[i]) != 0) {
            heap->rows = dp_append(heap->rows, &heap->n, &capacity, sizeof *heap->rows);
            heap->rows[heap->n - 1].stack = by[i]->stack;
        }
        add(&heap->rows[heap->n - 1], by[i], at);
        add(&heap->all, by[i], at);
    }
    free(by);
    for (size_t i = 0; i < heap->n; i++)
        estimate(&heap->rows[i], (double)heap->interval);
    estimate(&heap->all, (double)heap->interval);
    if (heap->n > 0)
        qsort(heap->rows, heap->n, sizeof *heap->rows, most_first);
}

/* ---- all ---- */

static struct moments moments_of(const struct dp_profile *profile)
{
    uint64_t start = dp_profile_start_ns(profile), wall = dp_profile_wall_ns(profile);

    return (struct moments){.start = start,
                            .from = start + wall / 2,
                            .to = start + wall,
                            .peak = dp_allocations_peak_ns(&profile->allocations),
                            .young = wall / YOUNG};
}

void dp_report_heap_make(struct dp_report_heap *heap, const struct dp_profile *profile)
{
    const struct dp_allocations *allocations = &profile->allocations;
    const struct dp_setting_info *setting = setting_of(profile, "DEEP_PROFILE_HEAP"),
                                 *malloc_is = setting_of(profile, "malloc");
    const struct moments at = moments_of(profile);

    *heap = (struct dp_report_heap){
        .asked = allocations->n > 0 || (setting && strcmp(setting->value, "0") != 0),
        .interval = allocations->n > 0 ? allocations->all[allocations->n - 1].interval : 0,
        .peak_after_ns = at.peak > at.start ? at.peak - at.start : 0,
        .from_after_ns = at.from - at.start,
        .to_after_ns = at.to - at.start,
        .young_ns = at.young,
        .lost_allocations = dp_profile_lost(profile, DP_LOSS_ALLOCATIONS),
        .lost_releases = dp_profile_lost(profile, DP_LOSS_RELEASES)};
    if (allocations->n == 0 && malloc_is && strstr(malloc_is->problem, "not counted"))
        heap->unseen = malloc_is->value;
    make_rows(heap, allocations, &at);
}

void dp_report_heap_finish(struct dp_report_heap *heap)
{
    free(heap->rows);
    *heap = (struct dp_report_heap){0};
}
