/*
 * A file that is written as a whole: it appears under its name when all of it is there, so
 * that nobody sees a half. What is no regular file (a pipe, /dev/null) is written directly.
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

/* 0, or -errno when not all was written: then what had the name before still has it. */
int dp_output_file_close(struct dp_output_file *file);

#endif
