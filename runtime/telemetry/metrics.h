/*
 * What operations, gauges and counts did since the last time, as events: every
 * DEEP_PROFILE_METRICS, and at the end. The steward adds up the lanes; they do not rest meanwhile,
 * so that each has its aggregates in memory (thread/lanes.h).
 */
#ifndef DP_METRICS_H
#define DP_METRICS_H

#include <stdbool.h>
#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_metrics_init(uint64_t now);
/* How often; 0: never. */
uint64_t dp_metrics_interval_ns(void);
/* Steward only. */
void dp_metrics_report(uint64_t now);

#endif
