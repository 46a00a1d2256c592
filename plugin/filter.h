/*
 * Chooses the functions that whole-program mode instruments.
 */
#ifndef DP_FILTER_H
#define DP_FILTER_H

/* The least number of statements of an instrumented function:
 * -fplugin-arg-deep_profile-min-size. */
extern unsigned dp_min_size;

/* The file that was read; NULL: none. */
extern const char *dp_filter_path;

/*
 * Reads a filter file; an error names the line and what was expected. A line is
 *
 *     include function PATTERN      include file PATTERN
 *     exclude function PATTERN      exclude file PATTERN
 *     min-size STATEMENTS           # to the end of the line: a comment
 *
 * with * and ? in patterns. The last line that matches a function decides; when
 * none does, it is taken unless some line includes something.
 */
void dp_filter_read(const char *path);

bool dp_filter_takes(const char *function, const char *file);

#endif
