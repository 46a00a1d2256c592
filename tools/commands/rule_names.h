/*
 * Rules of DEEP_PROFILE that name no function of the process: misspelt, mostly.
 *
 * Used by `report` and `doctor`. Only the names: what a rule asks for is read by
 * the runtime, which tells in the log what it refused.
 */
#ifndef DP_TOOLS_RULE_NAMES_H
#define DP_TOOLS_RULE_NAMES_H

#include "common/rules.h"

#include "model/profile.h"

/*
 * The next such rule after *at, which starts at profile->process.rules; false:
 * no more. `rule` is cut when it does not fit.
 */
bool dp_rule_without_function(const struct dp_profile *profile, const char **at, char *rule,
                              size_t size);

#endif
