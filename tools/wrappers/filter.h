/* Which functions whole-program mode takes, where no plugin decides it. */
#ifndef DEEP_PROFILE_FILTER_H
#define DEEP_PROFILE_FILTER_H

#include <stdbool.h>

/* Reads a filter file. Ends the program when it cannot be read or has a mistake. */
void dp_filter_open(const char *path);
/* -fdeep-profile-min-size=N, as text. */
void dp_filter_set_min_size(const char *number);

bool dp_filter_takes(const char *function, const char *file, unsigned size);

#endif
