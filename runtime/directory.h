/*
 * The log's directory: its name from DEEP_PROFILE_OUT, and making it ours.
 */
#ifndef DP_DIRECTORY_H
#define DP_DIRECTORY_H

#include "types.h"

/* Expands %p (pid), %e (program), %t (seconds since 1970) and %% in `template`,
 * makes it absolute. 0, or -ENAMETOOLONG. */
int dp_expand_path(const char *template, const char *program, char path[DP_PATH_MAX]);

/*
 * Makes the directory, parents too. When it is taken (it exists and is not
 * empty), .<pid> is appended to `path`, then .<pid>.1 and so on. 0 or -errno.
 */
int dp_directory_claim(char path[DP_PATH_MAX]);

#endif
