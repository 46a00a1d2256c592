/* See filter.h. */
#include "filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Longer names are matched by their beginning where it matters: see dp_filter_matches(). */
#define NAME_MAX_BYTES 4096

/* Cuts off the next word; returns an empty word at the end of the line. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r\n");
    char *end = word + strcspn(word, " \t\r\n");
    *rest = *end ? end + 1 : end;
    *end = 0;
    return word;
}

static const char *read_size(const char *word, struct dp_filter_line *line, const char **got)
{
    char *end;
    line->type = DP_FILTER_MIN_SIZE;
    line->min_size = (unsigned)strtoul(word, &end, 10);
    *got = word;
    return *word < '0' || *word > '9' || *end ? "a number of statements" : NULL;
}

static const char *read_pattern(const char *first, char **rest, struct dp_filter_line *line,
                                const char **got)
{
    *got = next_word(rest);
    line->include = *first == 'i';
    line->type = strcmp(*got, "file") == 0 ? DP_FILTER_FILE : DP_FILTER_FUNCTION;
    if (line->type == DP_FILTER_FUNCTION && strcmp(*got, "function") != 0)
        return "'function' or 'file'";
    *got = line->pattern = next_word(rest);
    return **got ? NULL : "a pattern";
}

const char *dp_filter_read_line(char *text, struct dp_filter_line *line, const char **got)
{
    const char *expected;
    memset(line, 0, sizeof *line);
    text[strcspn(text, "#")] = 0;
    const char *first = next_word(&text);
    *got = first;
    if (!*first)
        return NULL;
    if (strcmp(first, "min-size") == 0)
        expected = read_size(next_word(&text), line, got);
    else if (strcmp(first, "include") == 0 || strcmp(first, "exclude") == 0)
        expected = read_pattern(first, &text, line, got);
    else
        expected = "'include', 'exclude' or 'min-size'";
    if (expected)
        return expected;
    *got = next_word(&text);
    return **got ? "the end of the line" : NULL;
}

/* A file pattern matches the whole name as the compiler got it, or what follows any of its
 * slashes: `lapi.c` matches `src/lapi.c`, too. */
static bool matches_file(const char *pattern, const char *file)
{
    for (const char *part = file; part; part = strchr(part, '/')) {
        part += *part == '/' && part != file;
        if (fnmatch(pattern, part, 0) == 0)
            return true;
    }
    return false;
}

bool dp_filter_matches(const struct dp_filter_line *line, const char *function, const char *file)
{
    char written[NAME_MAX_BYTES];
    size_t length = strcspn(function, ".");
    if (line->type == DP_FILTER_FILE)
        return matches_file(line->pattern, file);
    if (line->type != DP_FILTER_FUNCTION)
        return false;
    if (fnmatch(line->pattern, function, 0) == 0)
        return true;
    /* GCC may split f into parts named "f.part.0"; the pattern `f` matches them, too. */
    if (!function[length] || length >= sizeof written)
        return false;
    memcpy(written, function, length);
    written[length] = 0;
    return fnmatch(line->pattern, written, 0) == 0;
}
