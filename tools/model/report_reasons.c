/* See report_reasons.h. */
#include "report_reasons.h"

#include <stdlib.h>

#include "base/memory.h"
#include "stack_names.h"

static void find_problems(struct dp_report_reasons *reasons, const struct dp_stacks *stacks)
{
    const char *problem;
    size_t capacity = 0;

    for (size_t i = 0; (problem = dp_stacks_problem(stacks, i)); i++) {
        if (!*problem)
            continue;
        reasons->problems = dp_append(reasons->problems, &reasons->n_problems, &capacity,
                                      sizeof *reasons->problems);
        reasons->problems[reasons->n_problems - 1] = problem;
    }
}

void dp_report_reasons_make(struct dp_report_reasons *reasons, const struct dp_profile *profile)
{
    *reasons = (struct dp_report_reasons){0};
    dp_reason_groups_make(&reasons->of, profile);
    reasons->groups = dp_allocate(reasons->of.n + 1, sizeof *reasons->groups);
    for (size_t i = 0; i < reasons->of.n; i++) {
        const struct dp_reason_group *group = &reasons->of.groups[i];
        reasons->groups[i] = (struct dp_report_reason_group){
            group, dp_site_find(&profile->sites, group->call->site)};
    }
    dp_deadlocks_find(&reasons->deadlocks, profile);
    find_problems(reasons, &profile->stacks);
}

void dp_report_reasons_finish(struct dp_report_reasons *reasons)
{
    dp_reason_groups_finish(&reasons->of);
    dp_deadlocks_finish(&reasons->deadlocks);
    free(reasons->groups);
    free(reasons->problems);
    *reasons = (struct dp_report_reasons){0};
}
