/*
 * DEEP_PROFILE: time a share of the calls.
 *
 *     deep-profile-cc -O2 -g 01-profile.c -o compare
 *     DEEP_PROFILE=1 ./compare OLD NEW && deep-profile report
 *
 * Compares two text files line by line and prints how many lines they have in
 * common, in order (the length of the longest common subsequence, as diff uses
 * it). Two functions are profiled: one that runs often and is sampled, one that
 * runs once and is always recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile.h>

#define MAX_LINES 2000

struct text {
    char *lines[MAX_LINES];
    int count;
};

static void read_text(struct text *text, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) {
        perror(path);
        exit(1);
    }
    while (text->count < MAX_LINES && getline(&line, &room, file) > 0)
        text->lines[text->count++] = strdup(line);
    free(line);
    fclose(file);
}

/* One row of the table. Called once a line: half of the calls are timed, in the
 * environments dev and test. The report scales the figures up again. */
DEEP_PROFILE(rate=0.5, env=dev|test, check_load=false)
static void fill_row(int *row, const int *above, const char *line, const struct text *other)
{
    for (int i = 0; i < other->count; i++) {
        if (strcmp(line, other->lines[i]) == 0)
            row[i + 1] = above[i] + 1;
        else
            row[i + 1] = row[i] > above[i + 1] ? row[i] : above[i + 1];
    }
}

/* Called once, so every call is recorded. What stands in metadata= comes back in
 * each event; strategy=memory also counts what the call allocated. */
DEEP_PROFILE(rate=1, strategy=memory, metadata=algorithm:lcs, check_load=false)
static int common_lines(const struct text *a, const struct text *b)
{
    int *row = calloc((size_t)b->count + 1, sizeof *row);
    int *above = calloc((size_t)b->count + 1, sizeof *above);
    if (!row || !above)
        exit(1);
    for (int i = 0; i < a->count; i++) {
        fill_row(row, above, a->lines[i], b);
        int *finished = row;
        row = above;
        above = finished;
    }
    int common = above[b->count];
    free(row);
    free(above);
    return common;
}

int main(int argc, char **argv)
{
    static struct text a, b;
    if (argc != 3) {
        fprintf(stderr, "usage: %s OLD NEW\n", argv[0]);
        return 2;
    }
    read_text(&a, argv[1]);
    read_text(&b, argv[2]);
    printf("%d and %d lines, %d in common\n", a.count, b.count, common_lines(&a, &b));
    return 0;
}
