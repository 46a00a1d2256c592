/*
 * DEEP_PROFILE_EVENTS: writes the log's events as JSON lines while the program runs. The
 * steward reads the streams back from their files, behind their commit words, like any
 * other reader; the recording threads do not know about it. No descriptor stays open. The
 * lines of one thread come in order; different threads come in batches.
 */
#ifndef DP_SINK_H
#define DP_SINK_H

#include <stdbool.h>

/* `path` is absolute and expanded; "": no sink. */
void dp_sink_init(const char *path);
/* Writes what was committed since the last time, for a fraction of a tick; true if more is
 * left. Steward only. */
bool dp_sink_feed(void);
/* Writes the rest, and the counts of threads that still run. */
void dp_sink_finish(void);

#endif
