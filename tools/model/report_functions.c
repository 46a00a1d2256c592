/* See report_functions.h. */
#include "report_functions.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "profile_figures.h"
#include "total_time.h"

/* ---- a row ---- */

static double share_of(double part, uint64_t whole)
{
    return whole > 0 ? part / (double)whole : NAN;
}

static double self_of(const struct dp_profile *profile, uint32_t site,
                      struct dp_estimate summed_ns, const struct dp_site_stats *sum)
{
    if (sum->total_ns == 0 || !dp_profile_self_known(profile, site))
        return NAN;
    return summed_ns.value * (1 - (double)sum->child_ns / (double)sum->total_ns);
}

/* Which calls were inside another one is known where each was timed. */
static bool nesting_is_known(const struct dp_totals *totals)
{
    return !dp_totals_by_chance(totals) && totals->sum.gated == 0 &&
           !(totals->sum.flags & DP_STATS_NESTING_MISSED);
}

/* A recursion's time once: `nested_ns` is in the time of the calls around, too. */
static void count_recursion_once(struct dp_report_function *row, const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;

    row->recursive = sum->nested_ns > 0;
    if (!row->recursive || sum->nested_ns >= sum->total_ns)
        return;
    row->summed = !nesting_is_known(totals);
    if (!row->summed)
        row->total_ns = dp_estimate_part(row->total_ns, 1 - (double)sum->nested_ns /
                                                                (double)sum->total_ns);
}

/* Calls that took more time together than there was lie within one another. The tick says
 * which calls were slow, and not which of them were inside another one. */
static void find_slow_recursion(struct dp_report_function *row, double possible_ns)
{
    if (row->total_ns.certainty == DP_AT_LEAST && row->slow > 1 &&
        (double)row->slow_total_ns > possible_ns)
        row->recursive = row->summed = true;
}

struct dp_report_times dp_report_times_of(const struct dp_totals *totals)
{
    if (totals->sum.sampled == 0)
        return (struct dp_report_times){0};
    return (struct dp_report_times){.mean_ns = dp_mean_ns(totals),
                                    .deviation_ns = dp_deviation_ns(totals),
                                    .min_ns = totals->sum.min_ns,
                                    .max_ns = totals->sum.max_ns};
}

static struct dp_report_memory memory_of(const struct dp_profile *profile, uint32_t site,
                                         const struct dp_site_stats *sum)
{
    return (struct dp_report_memory){.calls = sum->memory_calls,
                                     .bytes_known = !(sum->flags & DP_STATS_BYTES_UNKNOWN),
                                     .self_known = dp_profile_self_memory_known(profile, site),
                                     .self_allocated_bytes = sum->self_allocated_bytes,
                                     .self_allocations = sum->self_allocations,
                                     .allocated_bytes = sum->allocated_bytes,
                                     .freed_bytes = sum->freed_bytes,
                                     .allocations = sum->allocations,
                                     .frees = sum->frees,
                                     .peak_bytes = sum->peak_bytes};
}

/* The longest call: slow ones are timed without being sampled, too. */
static uint64_t longest_of(const struct dp_site_stats *sum)
{
    uint64_t sampled_ns = sum->sampled > 0 ? sum->max_ns : 0;

    return sampled_ns > sum->slow_max_ns ? sampled_ns : sum->slow_max_ns;
}

/* Without their state files lanes are known by their streams. */
static size_t count_lanes(const struct dp_profile *profile)
{
    const struct dp_log *log = &profile->log;
    size_t n = 0;

    if (profile->n_threads > 0)
        return profile->n_threads;
    for (size_t i = 0; log->streams && i < log->n_streams; i++)
        n += log->streams[i].lane != DP_LANE_RUNTIME &&
             (i == 0 || log->streams[i].lane != log->streams[i - 1].lane);
    return n;
}

/* As much time as there was: each lane served one thread at a time. A call that recurses, or
 * is suspended while others run, may take more than that; then the samples say so. */
static double possible_ns(const struct dp_profile *profile, uint64_t wall_ns)
{
    size_t lanes = count_lanes(profile);

    return wall_ns > 0 && lanes > 0 ? (double)wall_ns * (double)lanes : INFINITY;
}

static void make_row(struct dp_report_function *row, const struct dp_profile *profile,
                     uint32_t site, uint64_t wall_ns, uint64_t cpu_ns)
{
    const struct dp_totals *totals = profile->totals[site];
    const struct dp_site_stats *sum = &totals->sum;

    const struct dp_windows *windows = &profile->windows;
    if (windows->set && windows->before_ns + windows->after_ns > profile->shown_ns / 10)
        wall_ns = cpu_ns = 0; /* how much time the figures are of is not known well enough */
    *row = (struct dp_report_function){.site = site,
                                       .info = dp_site_find(&profile->sites, site),
                                       .calls = dp_estimate_calls(totals),
                                       .total_ns = dp_estimate_within(
                                           dp_estimate_total(totals),
                                           possible_ns(profile, wall_ns)),
                                       .sampled = sum->sampled,
                                       .few = sum->sampled < DP_FEW_SAMPLES,
                                       .gated = sum->gated,
                                       .exceptions = sum->exceptions,
                                       .times = dp_report_times_of(totals),
                                       .longest_ns = longest_of(sum),
                                       .slow = sum->slow,
                                       .slow_total_ns = sum->slow_total_ns,
                                       .slow_max_ns = sum->slow_max_ns,
                                       .maybe_slow = sum->maybe_slow,
                                       .maybe_slow_least_ns = sum->maybe_slow_least_ns,
                                       .maybe_slow_most_ns = sum->maybe_slow_most_ns,
                                       .memory = memory_of(profile, site, sum),
                                       .has_count = totals->has_counted,
                                       .counted = totals->counted};
    dp_latency_make(&row->latency, totals, dp_profile_categories(profile));
    row->self_ns = self_of(profile, site, row->total_ns, sum);
    count_recursion_once(row, totals);
    find_slow_recursion(row, possible_ns(profile, wall_ns));
    row->share_of_wall = row->summed ? NAN : share_of(row->total_ns.value, wall_ns);
    row->share_of_cpu = row->summed ? NAN : share_of(row->total_ns.value, cpu_ns);
}

/* ---- tables ---- */

static bool has_time(const struct dp_totals *totals)
{
    bool only_counted = totals->has_counted && totals->sum.gated == 0;

    return totals->sum.sampled > 0 || totals->sum.slow > 0 ||
           (totals->sum.calls > 0 && !only_counted);
}

static bool has_memory(const struct dp_totals *totals)
{
    return totals->sum.memory_calls > 0;
}

static bool has_count(const struct dp_totals *totals)
{
    return totals->has_counted;
}

/* Ranks by the certain part, so that one sample that stands for a thousand calls does not
 * come first. */
static double time_of(const struct dp_totals *totals)
{
    double nested_ns = nesting_is_known(totals) ? (double)totals->sum.nested_ns : 0;

    return fmax(dp_estimate_total(totals).low - nested_ns, (double)totals->sum.slow_total_ns);
}

static double calls_of(const struct dp_totals *totals)
{
    return fmax(dp_estimate_calls(totals).value, 0);
}

static double self_time_of(const struct dp_totals *totals)
{
    return (double)totals->sum.total_ns - (double)totals->sum.child_ns;
}

static double bytes_of(const struct dp_totals *totals)
{
    return (double)totals->sum.allocated_bytes;
}

static double self_bytes_of(const struct dp_totals *totals)
{
    return (double)totals->sum.self_allocated_bytes;
}

static double count_of(const struct dp_totals *totals)
{
    return (double)totals->counted;
}

static double nothing_of(const struct dp_totals *totals)
{
    (void)totals;
    return 0;
}

/* What a table has, and in which order: the most first, among equals by `then`. */
struct table {
    bool (*belongs)(const struct dp_totals *totals);
    double (*by)(const struct dp_totals *totals);
    double (*then)(const struct dp_totals *totals);
};

struct entry {
    double by;
    double then;
    uint32_t site;
};

static int most_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->by != y->by)
        return x->by > y->by ? -1 : 1;
    if (x->then != y->then)
        return x->then > y->then ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

/* The sites of a table in order; the caller frees. */
static struct entry *rank(const struct dp_profile *profile, const struct table *table, size_t *n)
{
    struct entry *entries = dp_allocate(profile->n_totals, sizeof *entries);

    *n = 0;
    for (uint32_t site = 0; site < profile->n_totals; site++) {
        const struct dp_totals *totals = profile->totals[site];
        if (totals && table->belongs(totals))
            entries[(*n)++] = (struct entry){table->by(totals), table->then(totals), site};
    }
    qsort(entries, *n, sizeof *entries, most_first);
    return entries;
}

/* ---- all of them ---- */

/* Rows are made for what is shown only: percentiles take time. */
struct maker {
    struct dp_report_functions *functions;
    const struct dp_profile *profile;
    size_t limit;
    uint64_t wall_ns, cpu_ns;
};

static const struct dp_report_function *row_of(const struct maker *maker, uint32_t site)
{
    struct dp_report_function **row = &maker->functions->made[site];

    if (!*row) {
        *row = dp_allocate(1, sizeof **row);
        make_row(*row, maker->profile, site, maker->wall_ns, maker->cpu_ns);
    }
    return *row;
}

static struct dp_report_ranking make_ranking(const struct maker *maker, const struct table *table)
{
    struct dp_report_ranking ranking;
    size_t n;
    struct entry *entries = rank(maker->profile, table, &n);

    ranking.n = maker->limit && maker->limit < n ? maker->limit : n;
    ranking.left_out = n - ranking.n;
    ranking.rows = dp_allocate(ranking.n, sizeof *ranking.rows);
    for (size_t i = 0; i < ranking.n; i++)
        ranking.rows[i] = row_of(maker, entries[i].site);
    free(entries);
    return ranking;
}

/* Of what is sampled or watched the self time is not known, so that there is no order. */
static bool every_self_time_is_known(const struct dp_profile *profile)
{
    bool any = false;

    for (uint32_t site = 0; site < profile->n_totals; site++) {
        const struct dp_totals *totals = profile->totals[site];
        if (!totals || !has_time(totals))
            continue;
        if (totals->sum.sampled == 0 || !dp_profile_self_known(profile, site))
            return false;
        any = true;
    }
    return any;
}

static bool every_self_memory_is_known(const struct dp_profile *profile)
{
    for (uint32_t site = 0; site < profile->n_totals; site++) {
        const struct dp_totals *totals = profile->totals[site];
        if (totals && has_memory(totals) && !dp_profile_self_memory_known(profile, site))
            return false;
    }
    return true;
}

void dp_report_functions_make(struct dp_report_functions *functions,
                              const struct dp_profile *profile, size_t limit, uint64_t wall_ns,
                              uint64_t cpu_ns)
{
    static const struct table all = {dp_totals_any, time_of, calls_of};
    static const struct table timed = {has_time, time_of, calls_of};
    static const struct table by_self = {has_time, self_time_of, time_of};
    static const struct table memory = {has_memory, bytes_of, nothing_of};
    static const struct table memory_by_self = {has_memory, self_bytes_of, bytes_of};
    static const struct table counted = {has_count, count_of, nothing_of};
    const struct maker maker = {functions, profile, limit, wall_ns, cpu_ns};

    functions->n_made = profile->n_totals;
    functions->made = dp_allocate(profile->n_totals, sizeof *functions->made);
    functions->all = make_ranking(&maker, &all);
    functions->by_self = every_self_time_is_known(profile);
    functions->timed = make_ranking(&maker, functions->by_self ? &by_self : &timed);
    functions->memory_by_self = every_self_memory_is_known(profile);
    functions->memory =
        make_ranking(&maker, functions->memory_by_self ? &memory_by_self : &memory);
    functions->counted = make_ranking(&maker, &counted);
}

void dp_report_functions_finish(struct dp_report_functions *functions)
{
    for (size_t i = 0; i < functions->n_made; i++)
        free(functions->made[i]);
    free(functions->made);
    free(functions->all.rows);
    free(functions->timed.rows);
    free(functions->memory.rows);
    free(functions->counted.rows);
    *functions = (struct dp_report_functions){0};
}
