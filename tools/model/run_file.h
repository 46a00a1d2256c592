/*
 * Figures of runs as a small file: a baseline that outlives its logs (diff --save).
 *
 * Text, one line a run and one a function, fields divided by tabs:
 *
 *     deep-profile runs 1
 *     run WHOLE PROCESSES WALL_NS CPU_NS PROGRAM NAME
 *     function ESTIMATED LINE CALLS P50_NS P99_NS TOTAL_NS MODULE FUNCTION FILE
 *
 * A figure is `?` (not known), a number, or `value~low~high` for an estimate. In names \t, \n and
 * \\ stand for a tab, a line's end and a backslash.
 */
#ifndef DP_TOOLS_RUN_FILE_H
#define DP_TOOLS_RUN_FILE_H

#include <stdio.h>

#include "run.h"

void dp_run_file_write(const struct dp_runs *runs, FILE *out);

/* Appends the file's runs. Returns 0, or an exit status after saying why. */
int dp_run_file_read(struct dp_runs *runs, const char *path);

#endif
