/* See profile_state.h. */
#include "profile_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/files.h"
#include "open_calls.h"

static void see_lane(void *context, const struct dp_lane_state *lane)
{
    struct dp_profile *profile = context;

    profile->threads = dp_append(profile->threads, &profile->n_threads,
                                 &profile->threads_capacity, sizeof *profile->threads);
    struct dp_thread_info *thread = &profile->threads[profile->n_threads - 1];
    *thread = (struct dp_thread_info){.lane = lane->lane,
                                      .tid = lane->tid,
                                      .threads = lane->threads,
                                      .alive = lane->owner == DP_LANE_OWNED,
                                      .slow_paths = lane->slow_paths};
    memcpy(thread->name, lane->thread_name, sizeof lane->thread_name);
    profile->slow_paths += lane->slow_paths;
    profile->forgotten += (uint64_t)lane->forgotten; /* a lane's may be negative: modulo 2^64 */
    profile->gated += lane->gated;
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        profile->lost[i] += lane->lost[i];
    if (lane->owner == DP_LANE_OWNED && profile->phase != DP_PHASE_FINISHED)
        dp_open_calls_add(profile, lane);
}

static void see_stats(void *context, const struct dp_lane_state *lane,
                      const struct dp_site_stats *stats)
{
    struct dp_totals *totals = dp_profile_totals(context, stats->site);

    (void)lane;
    if (totals)
        dp_totals_add(totals, stats);
}

static void see_block(void *context, uint32_t site, enum dp_histogram_of of, uint32_t block,
                      const uint32_t *counters)
{
    struct dp_totals *totals = dp_profile_totals(context, site);

    if (totals)
        dp_histogram_add_block(of == DP_HISTOGRAM_SAMPLED      ? &totals->histogram
                               : of == DP_HISTOGRAM_SLOW_LEAST ? &totals->slow_least
                                                               : &totals->slow_most,
                               block, counters);
}

static void see_count(void *context, const struct dp_lane_state *lane, uint32_t slot,
                      uint64_t calls)
{
    struct dp_profile *profile = context;
    uint32_t site = profile->has_process ? profile->process.counted_site[slot] : 0;
    struct dp_totals *totals = site ? dp_profile_totals(profile, site) : NULL;

    (void)lane;
    if (!totals)
        return;
    totals->has_counted = true;
    totals->counted += calls;
}

/* The process's part of what every lane has, too. */
static void see_process(struct dp_profile *profile)
{
    profile->phase = dp_state_phase(&profile->log, &profile->process);
    if (profile->phase == DP_PHASE_KILLED &&
        dp_state_was_replaced(&profile->log, &profile->process))
        profile->process.end = DP_END_EXEC;
    profile->gated += profile->process.gated;
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        profile->lost[i] += profile->process.lost[i];
}

static void note_unreadable(struct dp_profile *profile)
{
    char *path = dp_join(profile->log.path, "state/process");
    struct dp_look there;

    if (dp_look_inside(path, &there) == 0)
        dp_damage_note(&profile->damage, 0, "state/process: cut off, or not a process's state");
    free(path);
}

int dp_profile_read_state(struct dp_profile *profile, struct dp_problem *problem)
{
    const struct dp_lane_visitor visitor = {profile, see_lane, see_stats, see_block, see_count};
    int status = dp_state_read(&profile->log, &profile->process, &profile->has_process, problem);

    if (status != DP_EXIT_OK)
        return status;
    if (profile->has_process)
        see_process(profile);
    else
        note_unreadable(profile);
    profile->has_lanes = dp_state_lanes(&profile->log, &visitor, &profile->damage) > 0;
    return DP_EXIT_OK;
}
