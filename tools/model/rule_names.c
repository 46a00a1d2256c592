/* See rule_names.h. */
#include "rule_names.h"

#include <stdio.h>
#include <string.h>

#include "common/rules.h"

static bool names_a_function(const struct dp_profile *profile, const struct dp_rule *rule)
{
    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        if (site && dp_rule_matches(rule, site->function))
            return true;
    }
    return false;
}

bool dp_rule_without_function(const struct dp_profile *profile, const char **at, char *text,
                              size_t size)
{
    const char *all = profile->process.rules;

    if (!profile->has_process || profile->sites.n == 0)
        return false;
    struct dp_word rest = {*at, strlen(*at)};
    struct dp_refused_rule refused;
    struct dp_rule rule;
    while (dp_rules_next(&rest, &rule, &refused)) {
        *at = rest.text;
        /* The state has only the beginning of long rules: the last one may be cut. */
        if (rest.length == 0 && rest.text - all >= (ptrdiff_t)sizeof profile->process.rules - 1)
            return false;
        /* A rule that the runtime could not read is among the settings. */
        if (refused.fault != DP_RULE_FINE || names_a_function(profile, &rule))
            continue;
        snprintf(text, size, "%.*s", (int)rule.text.length, rule.text.text);
        return true;
    }
    return false;
}
