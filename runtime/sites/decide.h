/*
 * What a function's attributes, the environment and the rules make of it: which
 * calls are chosen, with which chance, and what is done with those.
 *
 * Called by the registry of sites, under its lock.
 */
#ifndef DP_DECIDE_H
#define DP_DECIDE_H

#include "common/rules.h"
#include "site.h"

/* Before any site is decided about. `rules` are used until the process ends. */
void dp_decide_init(const struct dp_rules *rules, uint32_t env, bool check_load,
                    double slow_baseline);

/* Which of its `enabled=VARIABLE` are set. Asked once: later the host may be
 * writing to its environment in another thread. */
void dp_decide_switches(struct dp_site_state *state);
/* Weights, chances and thresholds of a site whose state is zero but for its
 * identity and switches. Says in the log what was decided. */
void dp_decide(uint32_t index, struct dp_site_state *state);
/* Says it once more. */
void dp_decide_log(uint32_t index, const struct dp_site_state *state);

/* Shortest threshold that is judged by the tick, UINT64_MAX: none. */
uint64_t dp_decide_shortest_slow_ns(void);

#endif
