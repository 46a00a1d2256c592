/*
 * Repairs a log whose process has ended: its streams and its metadata.
 *
 * The only code that writes into a log.
 */
#ifndef DP_TOOLS_REPAIR_H
#define DP_TOOLS_REPAIR_H

#include <deep_profile/abi/state.h>

#include "repair_stream.h"

/* `process` NULL: its state is lost, and metadata cannot be written again. The process
 * must not run. False: repair->problem says what failed. */
bool dp_repair_log(struct dp_repair *repair, struct dp_log *log,
                   const struct dp_process_state *process);

/* Whether a repair has something to do, or would fail. Changes nothing. */
bool dp_repair_is_due(struct dp_log *log, const struct dp_process_state *process);

/* Whether a repair changed anything. */
bool dp_repair_did_something(const struct dp_repair *repair);

#endif
