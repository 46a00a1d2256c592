/* See allocations.h. */
#include "allocations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deep_profile/abi/log.h"

/* ---- records ---- */

static void weigh(struct dp_allocation *allocation)
{
    double bytes = (double)allocation->bytes, interval = (double)allocation->interval;
    double chance = interval > 0 ? -expm1(-bytes / interval) : 1;

    allocation->weight = chance > 0 ? bytes / chance : interval;
    allocation->variance = allocation->weight * allocation->weight * (1 - chance);
}

void dp_allocations_add(struct dp_allocations *allocations, const struct dp_allocation *allocation)
{
    allocations->all = dp_append(allocations->all, &allocations->n, &allocations->capacity,
                                 sizeof *allocations->all);
    struct dp_allocation *added = &allocations->all[allocations->n - 1];
    *added = *allocation;
    added->released_ns = UINT64_MAX;
    weigh(added);
}

static void add_release(struct dp_allocations *allocations, uint64_t number, uint64_t at_ns)
{
    allocations->released =
        dp_append(allocations->released, &allocations->n_released,
                  &allocations->released_capacity, sizeof *allocations->released);
    allocations->released[allocations->n_released - 1] = (struct dp_released){number, at_ns};
}

void dp_allocations_read(struct dp_allocations *allocations, const struct dp_record *record)
{
    struct dp_event_allocation allocation;
    struct dp_event_release release;

    if (record->id == DP_EVENT_ID_allocation) {
        dp_record_copy(record, &allocation);
        dp_allocations_add(allocations,
                           &(struct dp_allocation){.number = allocation.allocation,
                                                   .at_ns = allocation.at_ns,
                                                   .bytes = allocation.bytes,
                                                   .interval = allocation.interval_bytes,
                                                   .stack_id = allocation.stack,
                                                   .flags = allocation.flags});
    } else if (record->id == DP_EVENT_ID_release) {
        dp_record_copy(record, &release);
        add_release(allocations, release.allocation, release.at_ns);
    }
}

/* ---- settling ---- */

static int by_number(const void *a, const void *b)
{
    const struct dp_released *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

static int by_time(const void *a, const void *b)
{
    const struct dp_allocation *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static uint64_t release_of(const struct dp_allocations *allocations, uint64_t number)
{
    size_t low = 0, high = allocations->n_released;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (allocations->released[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < allocations->n_released && allocations->released[low].number == number;
    return found ? allocations->released[low].at_ns : UINT64_MAX;
}

void dp_allocations_settle(struct dp_allocations *allocations, const struct dp_stacks *stacks)
{
    if (allocations->n_released > 0)
        qsort(allocations->released, allocations->n_released, sizeof *allocations->released,
              by_number);
    for (size_t i = 0; i < allocations->n; i++) {
        struct dp_allocation *allocation = &allocations->all[i];
        allocation->released_ns = release_of(allocations, allocation->number);
        allocation->stack = dp_stacks_find(stacks, allocation->stack_id);
    }
    if (allocations->n > 0)
        qsort(allocations->all, allocations->n, sizeof *allocations->all, by_time);
}

void dp_allocations_finish(struct dp_allocations *allocations)
{
    free(allocations->all);
    free(allocations->released);
    *allocations = (struct dp_allocations){0};
}

bool dp_allocation_held(const struct dp_allocation *allocation, uint64_t at_ns)
{
    return allocation->at_ns <= at_ns && allocation->released_ns > at_ns &&
           !(allocation->flags & DP_ALLOCATION_NOT_FOLLOWED);
}

/* ---- the peak ---- */

struct change {
    uint64_t at_ns;
    double bytes;
};

/* By time; at the same time, releases come before allocations. */
static int by_moment(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static uint64_t highest(const struct change *changes, size_t n)
{
    double held = 0, most = 0;
    uint64_t at_ns = 0;

    for (size_t i = 0; i < n; i++) {
        held += changes[i].bytes;
        if (held > most) {
            most = held;
            at_ns = changes[i].at_ns;
        }
    }
    return at_ns;
}

uint64_t dp_allocations_peak_ns(const struct dp_allocations *allocations)
{
    struct change *changes = dp_allocate(2 * allocations->n + 1, sizeof *changes);
    size_t n = 0;

    for (size_t i = 0; i < allocations->n; i++) {
        const struct dp_allocation *allocation = &allocations->all[i];
        if (!dp_allocation_held(allocation, allocation->at_ns))
            continue;
        changes[n++] = (struct change){allocation->at_ns, allocation->weight};
        if (allocation->released_ns != UINT64_MAX)
            changes[n++] = (struct change){allocation->released_ns, -allocation->weight};
    }
    if (n > 0)
        qsort(changes, n, sizeof *changes, by_moment);
    uint64_t at_ns = highest(changes, n);
    free(changes);
    return at_ns;
}

/* ---- sums ---- */

void dp_bytes_add(struct dp_bytes_sum *sum, const struct dp_allocation *allocation)
{
    sum->bytes += allocation->weight;
    sum->variance += allocation->variance;
    sum->samples++;
}

/*
 * The interval of a sum of n equal samples is that of a Poisson count, by Wilson's and
 * Hilferty's cube of a normal variable ("The distribution of chi-square", 1931). Samples that
 * differ count as the n equal ones that have their mean and variance.
 */
struct dp_estimate dp_bytes_estimate(const struct dp_bytes_sum *sum, double interval)
{
    const double z = 1.96;

    if (sum->samples == 0)
        return (struct dp_estimate){0, 0, 3.69 * interval, DP_ESTIMATED};
    if (sum->variance <= 0)
        return dp_exactly(sum->bytes);
    double unit = sum->variance / sum->bytes, n = sum->bytes / unit;
    double below = 1 - 1 / (9 * n) - z / (3 * sqrt(n));
    double above = 1 - 1 / (9 * (n + 1)) + z / (3 * sqrt(n + 1));
    return (struct dp_estimate){sum->bytes, below > 0 ? unit * n * below * below * below : 0,
                                unit * (n + 1) * above * above * above, DP_ESTIMATED};
}
