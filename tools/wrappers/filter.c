/* See filter.h. Called by clang_compile.c. */
#include "filter.h"
#include "common/filter.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dp_filter_line *lines;
static size_t n_lines;
static bool anything_included;
static unsigned min_size;

static void keep(struct dp_filter_line line)
{
    if (line.type == DP_FILTER_MIN_SIZE)
        min_size = line.min_size;
    if (line.type == DP_FILTER_MIN_SIZE || line.type == DP_FILTER_NOTHING)
        return;
    lines = realloc(lines, (n_lines + 1) * sizeof *lines);
    if (!lines)
        dp_die("out of memory");
    line.pattern = dp_format("%s", line.pattern);
    anything_included |= line.include;
    lines[n_lines++] = line;
}

void dp_filter_open(const char *path)
{
    FILE *file = fopen(path, "r");
    char text[4096];
    if (!file)
        dp_die("cannot open filter file '%s': %s", path, strerror(errno));
    for (int number = 1; fgets(text, sizeof text, file); number++) {
        struct dp_filter_line line;
        const char *got;
        if (!strchr(text, '\n') && !feof(file))
            dp_die("%s:%d: expected a line of at most 4095 bytes, but got a longer one", path,
                   number);
        const char *expected = dp_filter_read_line(text, &line, &got);
        if (expected)
            dp_die("%s:%d: expected %s, but got '%s'", path, number, expected, got);
        keep(line);
    }
    fclose(file);
}

void dp_filter_set_min_size(const char *number)
{
    char *end;
    min_size = (unsigned)strtoul(number, &end, 10);
    if (*number < '0' || *number > '9' || *end)
        dp_die("-fdeep-profile-min-size needs a number, not '%s'", number);
}

bool dp_filter_takes(const char *function, const char *file, unsigned size)
{
    if (size < min_size)
        return false;
    for (size_t i = n_lines; i-- > 0;)
        if (dp_filter_matches(&lines[i], function, file))
            return lines[i].include;
    return !anything_included;
}
