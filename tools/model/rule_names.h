/*
 * Rules of DEEP_PROFILE that name no function of the process: most are misspelt.
 *
 * Used by the report, `doctor` and `record`. Rules that the runtime refused are in the
 * log's settings instead.
 */
#ifndef DP_TOOLS_RULE_NAMES_H
#define DP_TOOLS_RULE_NAMES_H

#include "profile.h"

/*
 * The next such rule after *at, which starts as profile->process.rules and is moved on;
 * false: no more. A rule that is longer than `size` is cut.
 */
bool dp_rule_without_function(const struct dp_profile *profile, const char **at, char *rule,
                              size_t size);

#endif
