/* See memory.h. */
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

static void out_of_memory(void)
{
    fputs("deep-profile: out of memory\n", stderr);
    exit(DP_EXIT_DATA);
}

void *dp_allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);

    if (!memory)
        out_of_memory();
    return memory;
}

void *dp_grow(void *array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return array;
    size_t grown = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    if (grown < wanted)
        grown = wanted;
    if (grown > SIZE_MAX / size)
        out_of_memory();
    char *bigger = realloc(array, grown * size);
    if (!bigger)
        out_of_memory();
    memset(bigger + *capacity * size, 0, (grown - *capacity) * size);
    *capacity = grown;
    return bigger;
}

void *dp_append(void *array, size_t *n, size_t *capacity, size_t size)
{
    array = dp_grow(array, capacity, *n + 1, size);
    ++*n;
    return array;
}

char *dp_copy(const char *string)
{
    char *copy = strdup(string);

    if (!copy)
        out_of_memory();
    return copy;
}

char *dp_join(const char *directory, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        out_of_memory();
    return path;
}
