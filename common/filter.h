/*
 * The file of -fdeep-profile-filter=FILE, line by line: docs/whole-program.md has what it may
 * say. For the plugin and deep-profile-cc, each of which keeps the lines itself: the last one
 * that matches a function decides.
 */
#ifndef DP_COMMON_FILTER_H
#define DP_COMMON_FILTER_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dp_filter_type {
    DP_FILTER_NOTHING, /* an empty line, or a comment */
    DP_FILTER_FUNCTION,
    DP_FILTER_FILE,
    DP_FILTER_MIN_SIZE,
};

struct dp_filter_line {
    enum dp_filter_type type;
    bool include;       /* of FUNCTION and FILE; else exclude */
    const char *pattern; /* the same; points into the line's text */
    unsigned min_size;  /* of MIN_SIZE */
};

/* Reads a line, whose text it cuts into words. Returns NULL, or what was expected where `*got`
 * stands. */
const char *dp_filter_read_line(char *text, struct dp_filter_line *line, const char **got);

/* Does a line of FUNCTION or FILE match a function, by its name and the file that it is in? */
bool dp_filter_matches(const struct dp_filter_line *line, const char *function, const char *file);

#ifdef __cplusplus
}
#endif

#endif
