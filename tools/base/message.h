/*
 * What the tool says when something is wrong, and memory that never fails.
 *
 * Used by every file of the tool. Messages go to stderr as
 * "deep-profile: …"; whatever they quote is cleaned of control characters.
 */
#ifndef DP_TOOLS_MESSAGE_H
#define DP_TOOLS_MESSAGE_H

#include <stddef.h>

/* Exit statuses, part of the public face. */
enum dp_exit { DP_EXIT_OK, DP_EXIT_CHECK, DP_EXIT_USAGE, DP_EXIT_DATA };

/* One sentence about what went wrong; empty when nothing did. */
struct dp_problem {
    char text[512];
};

void dp_problem_set(struct dp_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void dp_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed. On failure the tool ends with a message and DP_EXIT_DATA. */
void *dp_allocate(size_t count, size_t size);

/* Makes room for `wanted` elements; what is new is zeroed. */
void *dp_grow(void *array, size_t *capacity, size_t wanted, size_t size);

char *dp_copy(const char *string);

char *dp_join(const char *directory, const char *name);

#endif
