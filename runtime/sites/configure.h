/*
 * A site gets its configuration: what goes with the decision (decide.h) and is not pure.
 * Reads switches from the environment, takes count slots, publishes, writes into the log
 * what was decided.
 *
 * Called by the registry of sites, under its lock.
 */
#ifndef DP_CONFIGURE_H
#define DP_CONFIGURE_H

#include "demands.h"
#include "site.h"

/* Before any site is configured. `settings` are used until the process ends. */
void dp_configure_init(const struct dp_decide_settings *settings);

/* Kinds whose enabled=VARIABLE says yes, as bits. Asked once for a site: later the host may be
 * writing to its environment in another thread. */
uint32_t dp_read_switches(const struct dp_site_desc *desc);

/* Decides about a site whose descriptor and switches are known, and publishes that. False:
 * no memory, nothing is changed. */
bool dp_configure(uint32_t index, const struct dp_site_state *state);
/* Writes into the log what dp_configure() decided. */
void dp_configure_log(uint32_t index, const struct dp_site_state *state);

/* Shortest threshold that is judged by the tick, UINT64_MAX: none. */
uint64_t dp_configure_shortest_slow_ns(void);

#endif
