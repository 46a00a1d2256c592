/* See since.h. */
#include "since.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile_figures.h"

static void copy_histogram(struct dp_histogram *to, const struct dp_histogram *from)
{
    for (size_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++) {
        if (!from->blocks[b])
            continue;
        to->blocks[b] = dp_allocate(DP_HISTOGRAM_SUB, sizeof(uint64_t));
        memcpy(to->blocks[b], from->blocks[b], DP_HISTOGRAM_SUB * sizeof(uint64_t));
    }
}

static void copy(struct dp_totals *to, const struct dp_totals *from)
{
    *to = *from;
    copy_histogram(&to->histogram, &from->histogram);
    copy_histogram(&to->slow_least, &from->slow_least);
    copy_histogram(&to->slow_most, &from->slow_most);
}

void dp_since_take(struct dp_since *since, const struct dp_profile *profile)
{
    dp_since_finish(since);
    since->n = profile->n_totals;
    since->totals = dp_allocate(since->n, sizeof *since->totals);
    for (size_t i = 0; i < since->n; i++)
        if (profile->totals[i])
            copy(&since->totals[i], profile->totals[i]);
    since->wall_ns = dp_profile_wall_ns(profile);
}

/* The words changed while they were read, so a difference may be negative: that counts as 0. */
static void take_off(uint64_t *from, uint64_t what)
{
    *from = *from > what ? *from - what : 0;
}

static void subtract_sums(struct dp_site_stats *from, const struct dp_site_stats *what)
{
    bool borrow = from->variance < what->variance;

    from->variance -= what->variance;
    from->variance_high -= what->variance_high + borrow;
    take_off(&from->calls, what->calls);
    take_off(&from->sampled, what->sampled);
    take_off(&from->estimated, what->estimated);
    take_off(&from->gated, what->gated);
    take_off(&from->total_ns, what->total_ns);
    take_off(&from->child_ns, what->child_ns);
    take_off(&from->nested_ns, what->nested_ns);
    take_off(&from->slow, what->slow);
    take_off(&from->slow_total_ns, what->slow_total_ns);
    take_off(&from->maybe_slow, what->maybe_slow);
    take_off(&from->maybe_slow_least_ns, what->maybe_slow_least_ns);
    take_off(&from->maybe_slow_most_ns, what->maybe_slow_most_ns);
    take_off(&from->exceptions, what->exceptions);
    take_off(&from->memory_calls, what->memory_calls);
    take_off(&from->allocated_bytes, what->allocated_bytes);
    take_off(&from->freed_bytes, what->freed_bytes);
    take_off(&from->allocations, what->allocations);
    take_off(&from->frees, what->frees);
    take_off(&from->self_allocated_bytes, what->self_allocated_bytes);
    take_off(&from->self_allocations, what->self_allocations);
    take_off(&from->more_copies, what->more_copies);
}

static void subtract_histogram(struct dp_histogram *from, const struct dp_histogram *what)
{
    for (size_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        for (size_t i = 0; from->blocks[b] && what->blocks[b] && i < DP_HISTOGRAM_SUB; i++)
            take_off(&from->blocks[b][i], what->blocks[b][i]);
    take_off(&from->count, what->count);
}

void dp_totals_subtract(struct dp_totals *from, const struct dp_totals *what)
{
    subtract_sums(&from->sum, &what->sum);
    subtract_histogram(&from->histogram, &what->histogram);
    subtract_histogram(&from->slow_least, &what->slow_least);
    subtract_histogram(&from->slow_most, &what->slow_most);
    take_off(&from->counted, what->counted);
    if (what->sum.sampled == 0 && what->sum.slow == 0)
        return;
    dp_totals_bound(from);
}

void dp_totals_bound(struct dp_totals *totals)
{
    totals->sum.min_ns = dp_histogram_quantile(&totals->histogram, 0);
    totals->sum.max_ns = dp_histogram_quantile(&totals->histogram, 1);
    if (totals->slow_most.count > 0 || totals->sum.slow == 0)
        totals->sum.slow_max_ns = (dp_histogram_quantile(&totals->slow_least, 1) +
                                   dp_histogram_quantile(&totals->slow_most, 1)) /
                                  2;
}

void dp_since_subtract(const struct dp_since *since, struct dp_profile *profile)
{
    uint64_t wall_ns = dp_profile_wall_ns(profile);

    for (size_t i = 0; i < since->n; i++)
        if (profile->totals[i])
            dp_totals_subtract(profile->totals[i], &since->totals[i]);
    profile->shown_ns = wall_ns > since->wall_ns ? wall_ns - since->wall_ns : 1;
}

void dp_since_finish(struct dp_since *since)
{
    for (size_t i = 0; i < since->n; i++)
        dp_totals_finish(&since->totals[i]);
    free(since->totals);
    *since = (struct dp_since){0};
}
