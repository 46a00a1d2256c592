/*
 * Writes a file as a whole: it appears under its name when it is complete, so that nobody
 * sees half of it. What is not a regular file (a pipe, /dev/null) is written directly.
 */
#ifndef DP_TOOLS_OUTPUT_FILE_H
#define DP_TOOLS_OUTPUT_FILE_H

#include <stdio.h>

struct dp_output_file {
    FILE *stream;
    char *path;
    char *temporary; /* NULL: `path` is written directly */
};

/* 0 or -errno. */
int dp_output_file_open(struct dp_output_file *file, const char *path);

/* 0; or -errno if not all was written: then the name still has its old content. */
int dp_output_file_close(struct dp_output_file *file);

#endif
