/*
 * DEEP_PROFILE_MEMORY: what a call allocated, freed and left behind.
 *
 *     deep-profile-cc -O2 -g 04-profile-memory.c -o sort-lines
 *     DEEP_PROFILE=1 ./sort-lines FILE >sorted && deep-profile events
 *
 * Sorts the lines of a file. Loading them leaves every line in memory and frees
 * only its buffer; sorting allocates a table of pointers and gives it back. The
 * events show both: a large delta there, a peak here of which only the buffer
 * of stdout stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile.h>

struct line {
    struct line *next;
    char text[];
};

/* Silent when the call leaves less than 64 KB behind, as it does for a short file. */
DEEP_PROFILE_MEMORY(64KB)
static struct line *load(FILE *file, size_t *count)
{
    struct line *first = NULL;
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&text, &room, file)) > 0) {
        struct line *line = malloc(sizeof *line + (size_t)length + 1);
        if (!line)
            exit(1);
        memcpy(line->text, text, (size_t)length + 1);
        line->next = first;
        first = line;
        (*count)++;
    }
    free(text);
    return first;
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(struct line *const *)a)->text, (*(struct line *const *)b)->text);
}

/* Without a threshold every call leaves an event. */
DEEP_PROFILE_MEMORY()
static void print_sorted(const struct line *first, size_t count)
{
    const struct line **table = malloc(count * sizeof *table);
    if (!table && count > 0)
        exit(1);
    for (size_t i = 0; i < count; i++, first = first->next)
        table[i] = first;
    qsort(table, count, sizeof *table, compare);
    for (size_t i = 0; i < count; i++)
        fputs(table[i]->text, stdout);
    free(table);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    const struct line *first = load(file, &count);
    print_sorted(first, count);
    fclose(file);
    return 0;
}
