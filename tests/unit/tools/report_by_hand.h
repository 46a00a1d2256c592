/*
 * A profile in memory, made by hand, and the report of it: for tests of what a report decides
 * before a word is printed. begin() and end() stand around each test.
 */
#ifndef REPORT_BY_HAND_H
#define REPORT_BY_HAND_H

#include "check.h"

#include "base/memory.h"
#include "model/report.h"

#define SECOND UINT64_C(1000000000)
#define START  (7 * SECOND)

static struct dp_profile profile;
static struct dp_report report;

/* A process that ran for ten seconds and used four of a CPU. */
static inline void begin(void)
{
    profile = (struct dp_profile){.has_process = true,
                                  .has_lanes = true,
                                  .has_records = true,
                                  .has_overhead = true,
                                  .phase = DP_PHASE_FINISHED,
                                  .slow_limit = 3};
    profile.process.pid = 42;
    profile.process.start_monotonic_ns = START;
    profile.process.end_monotonic_ns = START + 10 * SECOND;
    profile.process.realtime_offset_ns = 1000 * SECOND;
    profile.overhead.process_cpu_ns = 4 * SECOND;
    profile.log.has_metadata = true;
    profile.log.n_streams = 1; /* as many as matter; their list is not looked at */
}

static inline void make(size_t limit)
{
    dp_report_make(&report, &profile, limit);
}

static inline void end(void)
{
    dp_report_finish(&report);
    profile.log.n_streams = 0;
    dp_profile_finish(&profile);
}

static inline struct dp_site_stats *stats_of(uint32_t site)
{
    return &dp_profile_totals(&profile, site)->sum;
}

static inline void name_site(uint32_t site, const char *function)
{
    struct dp_site_info *info = dp_site_get(&profile.sites, site);

    free(info->function);
    info->function = dp_copy(function);
}

/* `n` calls of `ns` each, sampled with the chance 1 / weight. */
static inline void sample(uint32_t site, unsigned n, uint64_t ns, unsigned weight)
{
    const struct dp_site_stats one = {.calls = weight == 1,
                                      .sampled = 1,
                                      .estimated = weight * DP_WEIGHT_UNIT,
                                      .variance = weight * (weight - 1) * DP_WEIGHT_UNIT,
                                      .total_ns = ns,
                                      .min_ns = ns,
                                      .max_ns = ns};
    struct dp_totals *totals = dp_profile_totals(&profile, site);

    for (unsigned i = 0; i < n; i++) {
        dp_totals_add(totals, &one);
        dp_histogram_add(&totals->histogram, ns);
    }
    profile.calls_untimed |= weight > 1;
}

#endif
