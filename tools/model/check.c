/* See check.h. */
#include "check.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "check_figures.h"
#include "profile_figures.h"

/* ---- one figure ---- */

/* What a limit says of all values of an interval: 1 it holds, -1 it does not, 0 of some. */
static int compare(struct dp_estimate value, enum dp_target_relation relation, double limit)
{
    switch (relation) {
    case DP_LESS: return value.high < limit ? 1 : value.low >= limit ? -1 : 0;
    case DP_LESS_OR_EQUAL: return value.high <= limit ? 1 : value.low > limit ? -1 : 0;
    case DP_GREATER: return value.low > limit ? 1 : value.high <= limit ? -1 : 0;
    case DP_GREATER_OR_EQUAL: return value.low >= limit ? 1 : value.high < limit ? -1 : 0;
    case DP_EQUAL:
        return value.low == limit && value.high == limit  ? 1
               : value.low > limit || value.high < limit ? -1
                                                          : 0;
    case DP_NOT_EQUAL: return -compare(value, DP_EQUAL, limit);
    }
    return 0;
}

static enum dp_outcome judge(struct dp_estimate value, const struct dp_target *target)
{
    if (value.certainty == DP_UNKNOWN || isnan(value.low) || isnan(value.high))
        return DP_OUTCOME_UNKNOWN;
    int held = compare(value, target->relation, target->limit);
    return held > 0 ? DP_OUTCOME_MET : held < 0 ? DP_OUTCOME_NOT_MET : DP_OUTCOME_UNDECIDED;
}

/* Is `value` further from what is wanted? */
static bool is_worse(struct dp_estimate value, const struct dp_checked *row)
{
    bool little = row->target.relation == DP_GREATER ||
                  row->target.relation == DP_GREATER_OR_EQUAL;

    return little ? value.value < row->value.value : value.value > row->value.value;
}

static void keep(struct dp_checked *row, struct dp_estimate value,
                 const struct dp_profile *profile, const char *function)
{
    enum dp_outcome outcome = judge(value, &row->target);

    if (row->any && (outcome < row->outcome || (outcome == row->outcome && !is_worse(value, row))))
        return;
    free(row->log);
    free(row->function);
    row->any = true;
    row->outcome = outcome;
    row->value = value;
    row->why = outcome == DP_OUTCOME_UNKNOWN ? "the log does not have it" : NULL;
    row->log = dp_copy(profile->log.path);
    row->function = function ? dp_copy(function) : NULL;
}

/* ---- a log ---- */

/* Only counts can be of what was never called. */
static bool applies_to_none(const struct dp_target *target)
{
    return target->unit == DP_UNIT_OF_RATE ||
           (target->unit == DP_UNIT_OF_COUNT && !target->share) ||
           target->figure == DP_TARGET_TOTAL;
}

static void check_site(struct dp_checked *row, const struct dp_profile *profile,
                       const struct dp_report_functions *functions, uint32_t site)
{
    const struct dp_site_info *info = dp_site_find(&profile->sites, site);
    bool none = dp_site_never_called(profile, site);

    if (!info || fnmatch(row->target.function, info->function, 0) != 0)
        return;
    if (none && applies_to_none(&row->target)) {
        keep(row, dp_exactly(0), profile, info->function);
    } else if (none) {
        row->why = row->any ? row->why : "it was never called";
    } else if (site < functions->n_made && functions->made[site]) {
        keep(row, dp_check_function(profile, functions->made[site], &row->target), profile,
             info->function);
    } else {
        const struct dp_estimate unknown = {NAN, NAN, NAN, DP_UNKNOWN};
        keep(row, unknown, profile, info->function);
        if (row->outcome == DP_OUTCOME_UNKNOWN)
            row->why = "no call of it was seen, and not every one would have been";
    }
}

static void check_row(struct dp_checked *row, const struct dp_profile *profile, const char *name,
                      struct dp_report_function of)
{
    if (fnmatch(row->target.function, name, 0) == 0)
        keep(row, dp_check_function(profile, &of, &row->target), profile, name);
}

static void check_named(struct dp_checked *row, const struct dp_profile *profile,
                        const struct dp_report_named *named)
{
    for (size_t i = 0; i < named->n_operations; i++)
        check_row(row, profile, named->operations[i].name,
                  dp_check_operation(&named->operations[i]));
    for (size_t i = 0; i < named->n_kinds; i++)
        check_row(row, profile, named->kinds[i].name, dp_check_kind(&named->kinds[i]));
}

void dp_check_profile(struct dp_check *check, const struct dp_profile *profile)
{
    struct dp_report_functions functions;
    struct dp_report_named named;

    dp_report_functions_make(&functions, profile, 0, dp_profile_wall_ns(profile), 0);
    dp_report_named_make(&named, profile, 0, dp_profile_wall_ns(profile));
    for (size_t i = 0; i < check->n; i++) {
        struct dp_checked *row = &check->rows[i];
        if (!row->target.function)
            keep(row, dp_check_process(profile, &row->target), profile, NULL);
        for (uint32_t s = 0; row->target.function && s < profile->sites.n; s++)
            check_site(row, profile, &functions, s);
        if (row->target.function)
            check_named(row, profile, &named);
    }
    dp_report_named_finish(&named);
    dp_report_functions_finish(&functions);
}

/* ---- all of them ---- */

void dp_check_add(struct dp_check *check, struct dp_target target)
{
    check->rows = dp_append(check->rows, &check->n, &check->capacity, sizeof *check->rows);
    check->rows[check->n - 1] =
        (struct dp_checked){.target = target, .value = {NAN, NAN, NAN, DP_UNKNOWN}};
}

void dp_check_settle(struct dp_check *check)
{
    memset(check->count, 0, sizeof check->count);
    for (size_t i = 0; i < check->n; i++) {
        struct dp_checked *row = &check->rows[i];
        if (!row->any) {
            row->outcome = DP_OUTCOME_UNKNOWN;
            row->why = row->why ? row->why : "no log has such a function";
        }
        check->count[row->outcome]++;
    }
}

void dp_check_finish(struct dp_check *check)
{
    for (size_t i = 0; i < check->n; i++) {
        dp_target_finish(&check->rows[i].target);
        free(check->rows[i].log);
        free(check->rows[i].function);
    }
    free(check->rows);
    *check = (struct dp_check){0};
}
