/*
 * Memory that never fails: if there is none, the tool ends with a message and DP_EXIT_DATA.
 * The caller frees the result with free().
 */
#ifndef DP_TOOLS_MEMORY_H
#define DP_TOOLS_MEMORY_H

#include <stddef.h>

/* Zeroed. */
void *dp_allocate(size_t count, size_t size);

/* Makes room for `wanted` elements; new ones are zeroed. */
void *dp_grow(void *array, size_t *capacity, size_t wanted, size_t size);

/* The same for one more element, which it counts: the new one is array[*n - 1] of the
 * result. */
void *dp_append(void *array, size_t *n, size_t *capacity, size_t size);

char *dp_copy(const char *string);

/* "directory/name" */
char *dp_join(const char *directory, const char *name);

#endif
