/* See completeness.h. */
#include "completeness.h"

#include "common/threshold.h"
#include "profile_figures.h"

/* ---- what was not timed ---- */

/* Whether the attribute is in force and times only a part of the calls. Of calls that the tick
 * watches, the slow ones and a sampled part of the others are timed. */
static bool times_a_part(const struct dp_site_attribute_info *info, enum dp_attribute attribute)
{
    if (!info || !dp_attribute_in_force(info->state))
        return false;
    if (attribute == DP_ATTRIBUTE_IF_SLOW)
        return true;
    return (attribute == DP_ATTRIBUTE_PROFILE || attribute == DP_ATTRIBUTE_PRODUCTION) &&
           info->rate_ppb > 0 && info->rate_ppb < 1000000000;
}

static bool times_every_call(const struct dp_site_attribute_info *info,
                             enum dp_attribute attribute)
{
    if (!info || !dp_attribute_in_force(info->state))
        return false;
    return attribute == DP_ATTRIBUTE_MEMORY ||
           ((attribute == DP_ATTRIBUTE_PROFILE || attribute == DP_ATTRIBUTE_PRODUCTION) &&
            info->rate_ppb >= 1000000000);
}

bool dp_site_sees_every_call(const struct dp_site_info *site)
{
    const struct dp_site_attribute_info *calls = site->attributes[DP_ATTRIBUTE_CALLS];
    bool every = calls && dp_attribute_in_force(calls->state), changed = false;

    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        every |= times_every_call(site->attributes[a], a);
        changed |= site->attributes[a] && site->attributes[a]->changed;
    }
    return every && !changed;
}

/* True also when no call was sampled: the function may have been called all the same. */
static bool may_leave_calls_out(const struct dp_site_info *site)
{
    bool part = false, every = false;

    for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++) {
        part |= times_a_part(site->attributes[a], a);
        every |= times_every_call(site->attributes[a], a);
    }
    return part && !every;
}

static bool left_calls_out(const struct dp_totals *totals)
{
    return totals && (dp_totals_by_chance(totals) || totals->sum.gated > 0);
}

/* A profile(strategy=memory) that counts the memory of a part of the calls. */
static bool may_leave_memory_out(const struct dp_site_info *site)
{
    const struct dp_options *options = site ? dp_site_options(site, DP_ATTRIBUTE_PROFILE) : NULL;

    return options && options->strategy == DP_STRATEGY_MEMORY &&
           times_a_part(site->attributes[DP_ATTRIBUTE_PROFILE], DP_ATTRIBUTE_PROFILE) &&
           !times_every_call(site->attributes[DP_ATTRIBUTE_MEMORY], DP_ATTRIBUTE_MEMORY);
}

static bool left_memory_out(const struct dp_totals *totals)
{
    return left_calls_out(totals) && totals->sum.memory_calls > 0;
}

void dp_profile_find_untimed(struct dp_profile *profile)
{
    bool untimed = profile->governor.n > 0, uncounted = untimed;

    for (size_t i = 0; i < profile->n_totals; i++) {
        untimed |= left_calls_out(profile->totals[i]);
        uncounted |= left_memory_out(profile->totals[i]);
    }
    for (size_t i = 0; i < profile->sites.n; i++) {
        untimed |= may_leave_calls_out(profile->sites.sites[i]);
        uncounted |= may_leave_memory_out(profile->sites.sites[i]);
    }
    profile->calls_untimed = untimed;
    profile->memory_uncounted = uncounted;
}

/* ---- what was watched ---- */

/* A call that exceeds its threshold by this much is certainly counted as slow. A tick may come
 * one period late without being counted as late. */
static double judged_within(uint64_t threshold_ns)
{
    uint64_t period_ns = dp_tick_period_for(threshold_ns, threshold_ns);

    return threshold_ns >= DP_BY_TICK_FROM_NS ? 2 * (double)period_ns : 0;
}

/* The log may have records of only a part of the slow calls; the aggregates count all. */
void dp_profile_find_watched(struct dp_profile *profile)
{
    double late_ns = (double)dp_profile_lost(profile, DP_LOSS_TICK_LATE);

    for (uint32_t i = 0; i < profile->n_totals; i++) {
        struct dp_totals *totals = profile->totals[i];
        const struct dp_site_info *site = dp_site_find(&profile->sites, i);
        const struct dp_site_attribute_info *slow =
            site ? site->attributes[DP_ATTRIBUTE_IF_SLOW] : NULL;
        if (!totals || !profile->has_lanes || !slow || slow->changed || slow->threshold == 0 ||
            !dp_attribute_in_force(slow->state) ||
            (totals->governed && slow->threshold < DP_BY_TICK_FROM_NS))
            continue;
        totals->watched_ns = (double)slow->threshold;
        totals->watched_error_ns = judged_within(slow->threshold);
        /* While the tick was late, each thread may have made slow calls that were not noticed. */
        totals->watched_missing_ns = late_ns * (double)profile->n_threads;
    }
}

/* ---- what was recorded ---- */

bool dp_profile_has_every_call(const struct dp_profile *profile)
{
    static const int losses[] = {DP_LOSS_LOG_FULL,  DP_LOSS_OVERWRITTEN, DP_LOSS_NO_SPACE,
                                 DP_LOSS_NO_MEMORY, DP_LOSS_DEPTH,       DP_LOSS_REENTERED};

    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (dp_profile_lost(profile, losses[i]) > 0)
            return false;
    return profile->has_lanes && !profile->calls_untimed && profile->gated == 0 &&
           profile->damage.places == 0;
}
