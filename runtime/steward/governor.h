/*
 * The governor keeps what profiling costs within DEEP_PROFILE_BUDGET, a share of the processor
 * time that the process uses. It lets the gates of costly sites work in a share of the time:
 * in each window of some milliseconds a site's gate works with that probability, drawn anew and
 * for each site alone (docs/decisions/0020-governor.md). Shares are decided in shares.h.
 *
 * Steward only, but for dp_governor_init().
 */
#ifndef DP_GOVERNOR_H
#define DP_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

/* Before any module is loaded; in a forked child before its sites are configured again. Without
 * a budget, or without memory for the governor's table, gates work all the time. */
void dp_governor_init(void);

/* At each tick. */
void dp_governor_tick(uint64_t now);

/* Logs what the governor does, at most about once a second; `last`: now. */
void dp_governor_log(uint64_t now, bool last);

#endif
