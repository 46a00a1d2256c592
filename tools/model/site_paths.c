/* See site_paths.h. */
#include "site_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* By their last characters first, so that files with the same end are side by side. */
static int from_the_end(const char *a, const char *b)
{
    size_t i = strlen(a), j = strlen(b);

    while (i > 0 && j > 0 && a[i - 1] == b[j - 1])
        i--, j--;
    if (i == 0 || j == 0)
        return (i > 0) - (j > 0);
    return (unsigned char)a[i - 1] < (unsigned char)b[j - 1] ? -1 : 1;
}

static int by_file(const void *a, const void *b)
{
    const struct dp_site_info *x = *(struct dp_site_info *const *)a,
                              *y = *(struct dp_site_info *const *)b;

    return from_the_end(x->file, y->file);
}

/* How many characters from the end are the same. */
static size_t alike(const char *a, const char *b)
{
    size_t i = strlen(a), j = strlen(b), n = 0;

    while (n < i && n < j && a[i - n - 1] == b[j - n - 1])
        n++;
    return n;
}

/* Where the shortest end of `file` begins that has whole names and more than `same` characters. */
static size_t folders_of(const char *file, size_t same)
{
    size_t length = strlen(file), at = length;

    while (at > 0 && (file[at - 1] != '/' || length - at <= same))
        at--;
    return at;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void dp_site_paths_shorten(struct dp_site_table *table)
{
    struct dp_site_info **sites = dp_allocate((size_t)table->n + 1, sizeof *sites);
    size_t n = 0, before = 0;

    for (uint32_t i = 0; i < table->n; i++)
        if (table->sites[i] && *table->sites[i]->file)
            sites[n++] = table->sites[i];
    if (n > 0)
        qsort(sites, n, sizeof *sites, by_file);
    for (size_t first = 0, next; first < n; first = next) {
        const char *file = sites[first]->file;
        for (next = first + 1; next < n && strcmp(sites[next]->file, file) == 0;)
            next++;
        size_t after = next < n ? alike(file, sites[next]->file) : 0;
        size_t folders = *file == '/' ? folders_of(file, larger(before, after)) : 0;
        for (size_t i = first; i < next; i++)
            sites[i]->folders = folders;
        before = after;
    }
    free(sites);
}
