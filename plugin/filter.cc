/* See filter.h. Read once, when the plugin is loaded. */
#include "gcc-compat.h"

#include <errno.h>
#include <fnmatch.h>

#include "filter.h"

unsigned dp_min_size;

struct filter_line {
    bool include;
    bool is_file;
    char *pattern;
};

static auto_vec<filter_line> lines;
static bool anything_included;

/* Cuts off the next word; returns an empty word at the end of the line. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r\n");
    char *end = word + strcspn(word, " \t\r\n");
    *rest = *end ? end + 1 : end;
    *end = 0;
    return word;
}

static void bad_line(const char *path, int number, const char *word, const char *expected)
{
    fatal_error(UNKNOWN_LOCATION, "deep-profile: %s:%d: expected %s, but got '%s'", path, number,
                expected, word);
}

static void read_line(const char *path, int number, char *text)
{
    text[strcspn(text, "#")] = 0;
    char *first = next_word(&text);
    if (!*first)
        return;
    char *second = next_word(&text);
    if (strcmp(first, "min-size") == 0) {
        char *end;
        dp_min_size = (unsigned)strtoul(second, &end, 10);
        if (!ISDIGIT(*second) || *end)
            bad_line(path, number, second, "a number of statements");
    } else if (strcmp(first, "include") == 0 || strcmp(first, "exclude") == 0) {
        struct filter_line line = {*first == 'i', strcmp(second, "file") == 0, NULL};
        if (!line.is_file && strcmp(second, "function") != 0)
            bad_line(path, number, second, "'function' or 'file'");
        char *pattern = next_word(&text);
        if (!*pattern)
            bad_line(path, number, pattern, "a pattern");
        line.pattern = xstrdup(pattern);
        anything_included |= line.include;
        lines.safe_push(line);
    } else {
        bad_line(path, number, first, "'include', 'exclude' or 'min-size'");
    }
    char *more = next_word(&text);
    if (*more)
        bad_line(path, number, more, "the end of the line");
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
}

/* A file pattern matches the whole name as the compiler got it, or what follows any of its
 * slashes: `lapi.c` matches `src/lapi.c`, too. */
static bool matches(const struct filter_line &line, const char *function, const char *file)
{
    if (!line.is_file) {
        if (fnmatch(line.pattern, function, 0) == 0)
            return true;
        /* GCC may split f into parts named "f.part.0"; the pattern `f` matches them, too. */
        char *written = xstrndup(function, strcspn(function, "."));
        bool same = fnmatch(line.pattern, written, 0) == 0;
        free(written);
        return same;
    }
    for (const char *part = file; part; part = strchr(part, '/')) {
        part += *part == '/' && part != file;
        if (fnmatch(line.pattern, part, 0) == 0)
            return true;
    }
    return false;
}

bool dp_filter_takes(const char *function, const char *file)
{
    for (unsigned i = lines.length(); i-- > 0;)
        if (matches(lines[i], function, file))
            return lines[i].include;
    return !anything_included;
}
