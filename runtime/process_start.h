/* Starts a profile: a log, and the steward. For process.c and process_child.c. */
#ifndef DP_PROCESS_START_H
#define DP_PROCESS_START_H

#include "common/rules.h"

/* Call it before the first log. Both arguments are used until the process ends; `rules` was
 * parsed from `text`. */
void dp_process_set_rules(const struct dp_rules *rules, const char *text);

/* Directory, state, streams: what each process has of its own. 0 or -errno: then there is
 * no log. */
int dp_process_open_log(void);
/* Starts everything that runs beside a log. 0 or -errno: then the log says why, and ends. */
int dp_process_start_work(void);

/* Writes again what the file system has refused and a log needs. */
void dp_process_mend_log(void);
/* Counts what was cut off the log's files (host/bus.h). */
void dp_process_count_cuts(void);

#endif
