/*
 * Gives a site its configuration: everything around the pure decision (decide.h). Reads
 * switches from the environment, takes count slots, publishes, and logs what was decided.
 * Called by the registry of sites, under its lock.
 */
#ifndef DP_CONFIGURE_H
#define DP_CONFIGURE_H

#include "demands.h"
#include "site.h"

/* Before any site is configured. `settings` are used until the process ends. */
void dp_configure_init(const struct dp_decide_settings *settings);

/* Bits of the kinds whose enabled=VARIABLE is true. Asked once for each site: later the
 * host may be writing to its environment in another thread. */
uint32_t dp_read_switches(const struct dp_site_desc *desc);

/* Decides about a site whose descriptor and switches are known, and publishes the result.
 * False: no memory; nothing has changed. */
bool dp_configure(uint32_t index, const struct dp_site_state *state);
/* Logs the decision of dp_configure(). */
void dp_configure_log(uint32_t index, const struct dp_site_state *state);

/* What flame graphs are in force: DP_PICTURE_*. Any thread. */
#define DP_PICTURE_AWAITED (1u << 0) /* the process's end waits for it */
#define DP_PICTURE_ASYNC (1u << 1)
uint32_t dp_configure_pictures(void);

/* The shortest threshold that is judged by the tick; UINT64_MAX: there is none. */
uint64_t dp_configure_shortest_slow_ns(void);
/* The same of sites whose open calls are on no list (abi/gate.h): whole-program mode's. */
uint64_t dp_configure_shortest_unlisted_ns(void);
/* Whether calls of some site keep those below (hot/trees.h). Under the registry's lock. */
bool dp_configure_trees(void);

#endif
