/*
 * What follows from a profile: times, identity, whether a figure is known.
 *
 * Pure but for dp_profile_wall_ns() of a running process, which reads the clock.
 */
#ifndef DP_TOOLS_PROFILE_FIGURES_H
#define DP_TOOLS_PROFILE_FIGURES_H

#include "profile.h"

/* Whether a site's totals hold anything; NULL: no. */
bool dp_totals_any(const struct dp_totals *totals);

/* Whether anything was recorded: calls (also open ones), counts or events of sites. */
bool dp_profile_has_data(const struct dp_profile *profile);

/* Calls that are open, or were when the process was killed, and are not in `open`. 0 when
 * the process has finished: they are a loss then. */
uint64_t dp_profile_forgotten(const struct dp_profile *profile);

/* How much was lost for a reason (enum dp_loss). State and streams may each know only a
 * part: the larger one. */
uint64_t dp_profile_lost(const struct dp_profile *profile, int reason);

/* CLOCK_MONOTONIC. */
uint64_t dp_profile_start_ns(const struct dp_profile *profile);
/* From the start to its end, its death (which `record` saw, or the last sign of life), or
 * now. */
uint64_t dp_profile_wall_ns(const struct dp_profile *profile);
/* For how much of that time the load gate was closed. */
uint64_t dp_profile_gate_closed_ns(const struct dp_profile *profile);
/* Unix time. */
uint64_t dp_profile_realtime(const struct dp_profile *profile, uint64_t monotonic_ns);

/* As set, or the default. */
const struct dp_category_limits *dp_profile_categories(const struct dp_profile *profile);

const char *dp_profile_program(const struct dp_profile *profile);
uint32_t dp_profile_pid(const struct dp_profile *profile);

/*
 * Whether the time is known that a site's calls spent in calls of timed functions, and so their
 * self time. It is not known when calls were left out by chance (the site's calls too, since it
 * may recurse) or by the load gate, or when a call inside has no time because a longjmp or an
 * exception left it.
 */
bool dp_profile_self_known(const struct dp_profile *profile, uint32_t site);

/* Whether it is known what the counted calls of a site allocated outside of the counted calls
 * below them. */
bool dp_profile_self_memory_known(const struct dp_profile *profile, uint32_t site);

#endif
