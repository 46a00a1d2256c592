/* See profile.h. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct dp_totals *dp_profile_totals(struct dp_profile *profile, uint32_t site)
{
    if (site >= DP_MAX_SITES)
        return NULL;
    profile->totals = dp_grow(profile->totals, &profile->totals_capacity, (size_t)site + 1,
                              sizeof *profile->totals);
    if (site >= profile->n_totals)
        profile->n_totals = (size_t)site + 1;
    if (!profile->totals[site])
        profile->totals[site] = dp_allocate(1, sizeof **profile->totals);
    return profile->totals[site];
}

struct dp_totals *dp_profile_find_totals(const struct dp_profile *profile, size_t site)
{
    return site < profile->n_totals ? profile->totals[site] : NULL;
}

void dp_profile_forget_state(struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_totals; i++) {
        if (profile->totals[i])
            dp_totals_finish(profile->totals[i]);
        free(profile->totals[i]);
        profile->totals[i] = NULL;
    }
    dp_named_forget_totals(&profile->sites.named);
    profile->damage = (struct dp_damage){0};
    profile->n_open = profile->n_threads = 0;
    profile->gated = profile->slow_paths = profile->forgotten = 0;
    memset(profile->lost, 0, sizeof profile->lost);
}

void dp_profile_finish(struct dp_profile *profile)
{
    dp_profile_forget_state(profile);
    dp_settings_free(profile->settings, profile->n_settings);
    dp_in_flight_finish(&profile->in_flight);
    free(profile->totals);
    free(profile->slow);
    dp_call_tree_destroy(profile->tree);
    dp_stacks_finish(&profile->stacks);
    dp_reasons_finish(&profile->reasons);
    dp_allocations_finish(&profile->allocations);
    dp_saved_trees_finish(&profile->saved_trees);
    dp_windows_finish(&profile->windows);
    dp_timeline_finish(&profile->timeline);
    dp_alert_records_finish(&profile->alert_records);
    dp_history_finish(&profile->history);
    dp_governor_finish(&profile->governor);
    free(profile->load);
    free(profile->open);
    free(profile->threads);
    dp_site_table_finish(&profile->sites);
    dp_log_close(&profile->log);
    *profile = (struct dp_profile){0};
}
