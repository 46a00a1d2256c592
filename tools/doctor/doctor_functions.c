/* See doctor_functions.h. */
#include "doctor_functions.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/profile_figures.h"

/* A rate below which a site's few calls are likely not sampled at all: the
 * chance of none in n calls at rate r is (1 - r)^n, under 5 % from n = 3/r. */
static double calls_needed(uint32_t rate_ppb)
{
    return 3 / (rate_ppb / 1e9);
}

static void not_in_force(struct dp_doctor *doctor, const struct dp_profile *profile,
                         const struct dp_site_info *site, uint32_t a, bool has_data)
{
    const struct dp_site_attribute_info *info = site->attributes[a];
    enum dp_finding_level level = has_data ? DP_FINDING_NOTE : DP_FINDING_PROBLEM;
    const char *name = dp_attribute_name(a);

    switch (info->state) {
    case DP_ATTRIBUTE_WRONG_ENV:
        dp_doctor_find(doctor, level, profile->log.path,
                       "%s: %s is not for the environment '%s' (DEEP_PROFILE_ENV); its options "
                       "are \"%s\"",
                       site->function, name, profile->has_process ? profile->process.env : "?",
                       info->text);
        return;
    case DP_ATTRIBUTE_DISABLED:
        dp_doctor_find(doctor, level, profile->log.path,
                       "%s: %s is switched off by enabled=; its options are \"%s\"", site->function,
                       name, info->text);
        return;
    case DP_ATTRIBUTE_RULED_OUT:
        dp_doctor_find(doctor, level, profile->log.path,
                       "%s: %s is ruled out by '%s' in DEEP_PROFILE", site->function, name,
                       info->rule);
        return;
    case DP_ATTRIBUTE_NOT_BUILT:
        dp_doctor_find(doctor, level, profile->log.path, "%s: %s", site->function,
                       dp_not_recorded(site, a));
        return;
    }
}

static bool needs_luck(uint32_t attribute)
{
    return attribute == DP_ATTRIBUTE_PROFILE || attribute == DP_ATTRIBUTE_PRODUCTION;
}

/* Whether there were calls that the totals do not contain. Then empty totals prove nothing. */
static bool totals_lost(const struct dp_profile *profile)
{
    return dp_profile_lost(profile, DP_LOSS_AGGREGATES) > 0 ||
           dp_profile_lost(profile, DP_LOSS_NO_MEMORY) > 0;
}

/* Says why an attribute in force has no sample. */
static void without_samples(struct dp_doctor *doctor, const struct dp_profile *profile,
                            const struct dp_site_info *site, uint32_t a,
                            const struct dp_totals *totals)
{
    const struct dp_site_attribute_info *info = site->attributes[a];
    char rate[DP_UNIT_TEXT], calls[DP_UNIT_TEXT];

    if (totals && totals->sum.gated > 0) {
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "%s: all %" PRIu64 " sampled calls were refused: the machine was under "
                       "load (check_load=false or DEEP_PROFILE_CHECK_LOAD=false records anyway)",
                       site->function, totals->sum.gated);
        return;
    }
    if (info->rate_ppb == 0) {
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path, "%s: %s has rate 0",
                       site->function, dp_attribute_name(a));
        return;
    }
    dp_unit_rate(rate, info->rate_ppb);
    if (totals_lost(profile))
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "%s: nothing is known of its calls: some had no room in the aggregates "
                       "(DEEP_PROFILE_AGGREGATE_LIMIT)",
                       site->function);
    else if (totals && totals->has_counted)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "%s: called %" PRIu64 " times, but rate %s chose none of them",
                       site->function, totals->counted, rate);
    else if (info->rate_ppb >= 1000000000)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "%s: never called (%s records every call)", site->function,
                       dp_attribute_name(a));
    else
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "%s: no call was chosen at rate %s: it was called fewer than about %s "
                       "times, or never (DEEP_PROFILE='%s:rate=1' shows which)",
                       site->function, rate, dp_unit_count(calls, calls_needed(info->rate_ppb)),
                       site->function);
}

static bool any_data(const struct dp_totals *totals)
{
    return totals && (totals->sum.sampled || totals->sum.slow || totals->sum.maybe_slow ||
                      totals->sum.memory_calls || totals->counted || totals->sum.calls);
}

static void check_site(struct dp_doctor *doctor, const struct dp_profile *profile,
                       const struct dp_site_info *site)
{
    const struct dp_totals *totals = dp_profile_find_totals(profile, site->index);
    bool said = false;

    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_site_attribute_info *info = site->attributes[a];
        if (!info)
            continue;
        if (!dp_attribute_in_force(info->state)) {
            not_in_force(doctor, profile, site, a, any_data(totals));
            continue;
        }
        if (dp_not_recorded(site, a))
            dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path, "%s: %s", site->function,
                           dp_not_recorded(site, a));
        if (info->state == DP_ATTRIBUTE_NO_EVENTS)
            dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                           "%s: %s leaves no events (emit_metrics=false), totals only",
                           site->function, dp_attribute_name(a));
        if (a == DP_ATTRIBUTE_CALLS && !totals_lost(profile) && (!totals || totals->counted == 0))
            dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                           "%s: never called (its exact count is 0)", site->function);
        if (!said && needs_luck(a) && (!totals || totals->sum.sampled == 0)) {
            without_samples(doctor, profile, site, a, totals);
            said = true;
        }
    }
}

/* Functions of whole-program mode are reported in sums, since nobody named them one by one. */
struct unnamed {
    uint32_t n;
    uint32_t unruled;
    uint32_t out_of_force;
    uint32_t without_calls;
};

static bool has_attribute(const struct dp_site_info *site)
{
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++)
        if (site->attributes[a])
            return true;
    return false;
}

static void count_unnamed(struct unnamed *unnamed, const struct dp_profile *profile,
                          const struct dp_site_info *site)
{
    const struct dp_totals *totals = dp_profile_find_totals(profile, site->index);

    unnamed->n++;
    if (!has_attribute(site))
        unnamed->unruled++;
    else if (dp_site_out_of_force(site))
        unnamed->out_of_force++;
    else if (!any_data(totals))
        unnamed->without_calls++;
}

static void report_unnamed(struct dp_doctor *doctor, const struct dp_profile *profile,
                           const struct unnamed *unnamed)
{
    if (unnamed->n == 0)
        return;
    dp_doctor_find(doctor, DP_FINDING_FINE, profile->log.path,
                   "%u functions registered by -fdeep-profile=all", unnamed->n);
    if (unnamed->unruled > 0)
        dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                       "%u of them are named by no rule of DEEP_PROFILE", unnamed->unruled);
    if (unnamed->out_of_force > 0)
        dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                       "%u of them are ruled out by DEEP_PROFILE ('deep-profile sites' lists them)",
                       unnamed->out_of_force);
    if (unnamed->without_calls > 0)
        dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                       "%u of them left nothing: not slow enough or called too seldom for their "
                       "rate, still running, %s",
                       unnamed->without_calls,
                       totals_lost(profile) ? "without room in the aggregates "
                                              "(DEEP_PROFILE_AGGREGATE_LIMIT), or never called"
                                            : "or never called");
}

void dp_doctor_functions(struct dp_doctor *doctor, const struct dp_profile *profile)
{
    struct unnamed unnamed = {0};
    uint32_t n = 0;

    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        if (!site)
            continue;
        n++;
        if (site->flags & DP_SITE_WHOLE_PROGRAM)
            count_unnamed(&unnamed, profile, site);
        else
            check_site(doctor, profile, site);
    }
    report_unnamed(doctor, profile, &unnamed);
    if (n == unnamed.n && n > 0)
        return;
    n -= unnamed.n;
    if (n == 0)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "the program registered no annotated function: was it built with the "
                       "plugin? ('deep-profile doctor PROGRAM' looks)");
    else
        dp_doctor_find(doctor, DP_FINDING_FINE, profile->log.path,
                       "%u annotated function%s registered", n, n == 1 ? "" : "s");
}
