/*
 * Judges each sample of the machine's figures by the rules of alerts.def that need no more than
 * these, and writes `alert` records: when an alert is raised, becomes worse, is over, or lasts at
 * the process's end. What belongs to another alert that lasts is no alert of its own. The tool
 * judges the other rules (tools/model/detector.c). Steward only.
 */
#ifndef DP_DETECTOR_H
#define DP_DETECTOR_H

#include "common/figures.h"

/* Before the steward runs; also in a forked child. */
void dp_detector_init(void);
/* The figures of the time from now - interval to now. */
void dp_detector_look(uint64_t now, uint64_t interval_ns, const struct dp_figures *figures);
/* The process ends. */
void dp_detector_finish(uint64_t now);

#endif
