/* See filter.h. Read once, when the plugin is loaded. */
#include "gcc-compat.h"

#include <errno.h>

#include "common/filter.h"
#include "filter.h"

unsigned dp_min_size;
const char *dp_filter_path;

static auto_vec<dp_filter_line> lines;
static bool anything_included;

static void bad_line(const char *path, int number, const char *word, const char *expected)
{
    fatal_error(UNKNOWN_LOCATION, "deep-profile: %s:%d: expected %s, but got '%s'", path, number,
                expected, word);
}

static void read_line(const char *path, int number, char *text)
{
    struct dp_filter_line line;
    const char *got;
    const char *expected = dp_filter_read_line(text, &line, &got);
    if (expected)
        bad_line(path, number, got, expected);
    if (line.type == DP_FILTER_MIN_SIZE) {
        dp_min_size = line.min_size;
    } else if (line.type != DP_FILTER_NOTHING) {
        line.pattern = xstrdup(line.pattern);
        anything_included |= line.include;
        lines.safe_push(line);
    }
}

void dp_filter_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char text[4096];
    if (!file)
        fatal_error(UNKNOWN_LOCATION, "deep-profile: cannot open filter file '%s': %s", path,
                    xstrerror(errno));
    for (int number = 1; fgets(text, sizeof text, file); number++) {
        if (!strchr(text, '\n') && !feof(file))
            bad_line(path, number, "a longer one", "a line of at most 4095 bytes");
        read_line(path, number, text);
    }
    fclose(file);
    dp_filter_path = path;
}

bool dp_filter_takes(const char *function, const char *file)
{
    for (unsigned i = lines.length(); i-- > 0;)
        if (dp_filter_matches(&lines[i], function, file))
            return lines[i].include;
    return !anything_included;
}
