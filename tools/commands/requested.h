/* Draws the flame graphs that functions of a process asked for: `flamegraph --requested`,
 * and what `record` does when its program could not. */
#ifndef DP_TOOLS_REQUESTED_H
#define DP_TOOLS_REQUESTED_H

#include <stdbool.h>

/* Draws those of the log at `path`, or of the logs in that folder, and prints their names.
 * `missing`: only those whose file does not exist yet, and prints nothing when there are none.
 * Returns an exit status, after printing what is wrong. */
int dp_draw_requested(const char *path, bool missing);

#endif
