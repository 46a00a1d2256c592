/*
 * Reads the runs that a person names on a command line.
 */
#ifndef DP_TOOLS_RUN_READ_H
#define DP_TOOLS_RUN_READ_H

#include "profile.h"
#include "run.h"

/*
 * Appends the runs of `path`: a log is one run; of a folder of logs each is one, but a process
 * that another one of the folder started belongs to the run of that one; a file is what
 * run_file.h saved. Returns 0, or an exit status after saying why.
 */
int dp_runs_read(struct dp_runs *runs, const char *path);

/* Gathers what runs are made of: the state, or without it the records. Returns 0, or an exit status
 * after saying why. */
int dp_run_gather(struct dp_profile *profile, const char *path);

/* The figures of one profile. The caller finishes it. */
void dp_run_of_profile(struct dp_run *run, const struct dp_profile *profile);

/* What a site is called in a run; texts are the site's own. */
struct dp_run_function dp_run_name_of(const struct dp_profile *profile,
                                      const struct dp_site_info *info);

/* Percentiles, once all parts of the run are in it. */
void dp_run_complete(struct dp_run *run);

#endif
