/* The start of a profile: a log, and the steward who works beside it. For process.c and
 * process_child.c. */
#ifndef DP_PROCESS_START_H
#define DP_PROCESS_START_H

#include "common/rules.h"

/* Before the first log. Both are used until the process ends; `text` is what `rules` was
 * parsed from. */
void dp_process_set_rules(const struct dp_rules *rules, const char *text);

/* Directory, state, streams: what a process of its own needs. 0 or -errno: then there is
 * no log. */
int dp_process_open_log(void);
/* There is a log: starts everything that goes on beside it. 0 or -errno: the log says why
 * and ends. */
int dp_process_start_work(void);

/* Writes again what the file system refused and a log cannot do without. */
void dp_process_mend_log(void);
/* Counts what was cut off the log's files (host/bus.h). */
void dp_process_count_cuts(void);

#endif
