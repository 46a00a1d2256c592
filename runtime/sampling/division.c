/* See division.h. */
#include "division.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/*
 * A thread used `used` of [last, next]. At least the part that does not fit into [end, next] was
 * used in [last, end], and at most all of it.
 */
static uint64_t share_before(uint64_t used, uint64_t before, uint64_t behind, uint64_t *error)
{
    uint64_t at_least = less(least(used, before + behind), behind), at_most = least(used, before);
    *error += (at_most - at_least + 1) / 2;
    return at_least + (at_most - at_least) / 2;
}

void dp_divide(const struct dp_reading *first, const struct dp_reading *last,
               const struct dp_reading *next, const struct dp_divided_end *end,
               struct dp_division *division)
{
    uint64_t span = less(end->time_ns, first->time_ns), before = less(end->time_ns, last->time_ns);
    uint64_t behind = next ? less(next->time_ns, end->time_ns) : 0;
    uint64_t on_cpu = less(last->cpu_ns, first->cpu_ns);
    uint64_t runnable = less(last->runnable_ns, first->runnable_ns);
    *division = (struct dp_division){.runnable_known =
                                         first->runnable_known && last->runnable_known};
    if (end->cpu_ns) {
        on_cpu = less(end->cpu_ns, first->cpu_ns);
        before = less(before, less(end->cpu_ns, last->cpu_ns)); /* the rest it did not run */
    } else if (next) {
        on_cpu += share_before(less(next->cpu_ns, last->cpu_ns), before, behind,
                               &division->error_ns);
    } else { /* anything between nothing and all of it */
        on_cpu += before / 2;
        division->error_ns += (before + 1) / 2;
    }
    if (next && division->runnable_known && next->runnable_known)
        runnable += share_before(less(next->runnable_ns, last->runnable_ns), before, behind,
                                 &division->error_ns);
    division->on_cpu_ns = least(on_cpu, span);
    if (division->runnable_known)
        division->runnable_ns = least(runnable, span - division->on_cpu_ns);
    division->blocked_ns = span - division->on_cpu_ns - division->runnable_ns;
}
