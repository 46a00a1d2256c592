/*
 * The gate as the plugin inserts it, by hand: tests of the runtime do not need
 * the plugin. Inlined always, as there: the stack pointer says which call is inside which.
 * HAND_SITE makes a site in this program's section, HAND_ENTER and
 * HAND_EXIT stand at the two ends of a body. See include/deep_profile/abi/gate.h.
 */
#ifndef HAND_GATE_H
#define HAND_GATE_H

#include "deep_profile/abi/gate.h"

extern struct dp_site __start_deep_profile_sites[] __attribute__((visibility("hidden")));
extern struct dp_site __stop_deep_profile_sites[] __attribute__((visibility("hidden")));

#define HAND_SITE(name, attribute_id, options_text, flag_bits)                              \
    static const struct dp_site_attribute name##_attributes[] = {{options_text, attribute_id, 0}}; \
    static const struct dp_site_desc name##_desc = {#name, __FILE__, __LINE__, flag_bits, 1,     \
                                                    DP_ABI_VERSION, name##_attributes};         \
    static struct dp_site name##_site __attribute__((section(DP_SITE_SECTION), used,            \
                                                     aligned(32))) = {0, DP_SLOW_NEVER, 0, 0,   \
                                                                      &name##_desc}

static inline __attribute__((always_inline)) uint64_t hand_enter(struct dp_site *site)
{
    uint64_t due = deep_profile_entry_tick + site->slow_after;
    deep_profile_budget -= site->weight;
    if ((deep_profile_budget | (int64_t)due) < 0)
        due = deep_profile_enter_call(site);
    if (site->desc->flags & DP_SITE_COUNTED && deep_profile_counts)
        deep_profile_counts[site->count_slot]++;
    return due;
}

static inline __attribute__((always_inline)) void hand_exit(struct dp_site *site, uint64_t due)
{
    if ((int64_t)deep_profile_tick >= (int64_t)due)
        deep_profile_exit_call(site, due);
}

__attribute__((constructor(101))) static void hand_load(void)
{
    deep_profile_module_load(DP_ABI_VERSION, __start_deep_profile_sites, __stop_deep_profile_sites);
}

#endif
