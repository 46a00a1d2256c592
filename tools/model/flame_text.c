/* See flame_text.h. */
#include "flame_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/contents.h"

/* Larger files are refused. */
#define MOST_BYTES ((size_t)1 << 30)

struct reader {
    struct dp_flame *flame;
    uint32_t *names;
    size_t n_names, capacity;
};

static bool ends_in(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);

    return length > n && memcmp(text + length - n, end, n) == 0;
}

static enum dp_flame_type type_of(const char *frame, size_t *length)
{
    enum dp_flame_type type = DP_FLAME_FUNCTION;

    if (ends_in(frame, *length, "_[i]"))
        type = DP_FLAME_INLINED;
    else if (ends_in(frame, *length, "_[k]"))
        type = DP_FLAME_WAIT;
    if (type != DP_FLAME_FUNCTION)
        *length -= 4;
    if (*length >= 8 && memcmp(frame, "[unknown", 8) == 0)
        return DP_FLAME_UNKNOWN;
    return type;
}

/* `frame` is NUL-terminated at `length` while it is looked up. */
static void add_frame(struct reader *reader, char *frame, size_t length)
{
    struct dp_flame_name name = {.function = frame, .module = "", .place = ""};

    name.type = type_of(frame, &length);
    frame[length] = '\0';
    reader->names =
        dp_append(reader->names, &reader->n_names, &reader->capacity, sizeof *reader->names);
    reader->names[reader->n_names - 1] = dp_flame_name(reader->flame, &name);
}

/* Where the line's weight begins; NULL: it has none. */
static char *find_weight(char *line)
{
    char *space = strrchr(line, ' ');

    if (!space || space == line || !isdigit((unsigned char)space[1]))
        return NULL;
    for (const char *digit = space + 1; *digit; digit++)
        if (!isdigit((unsigned char)*digit))
            return NULL;
    return space + 1;
}

static bool add_line(struct reader *reader, char *line, enum dp_flame_side side)
{
    char *weight = find_weight(line), *end;

    if (!weight)
        return false;
    errno = 0;
    unsigned long long amount = strtoull(weight, &end, 10);
    if (errno)
        return false;
    end = weight - 1;
    reader->n_names = 0;
    for (char *frame = line; frame <= end;) {
        char *stop = memchr(frame, ';', (size_t)(end - frame));
        stop = stop ? stop : end;
        if (stop > frame)
            add_frame(reader, frame, (size_t)(stop - frame));
        frame = stop + 1;
    }
    dp_flame_add(reader->flame, reader->names, reader->n_names, side, amount);
    return true;
}

static int read_lines(struct reader *reader, char *text, size_t size, enum dp_flame_side side,
                      uint64_t *stacks, size_t *bad_line)
{
    size_t number = 0;

    for (char *line = text, *stop; line < text + size; line = stop + 1) {
        number++;
        stop = memchr(line, '\n', (size_t)(text + size - line));
        stop = stop ? stop : text + size;
        *stop = '\0'; /* there is room for one behind the text */
        if (*line == '\0' || *line == '#')
            continue;
        if (strlen(line) != (size_t)(stop - line) || !add_line(reader, line, side)) {
            *bad_line = number;
            return DP_EXIT_DATA;
        }
        ++*stacks;
    }
    return DP_EXIT_OK;
}

int dp_flame_read_text(struct dp_flame *flame, enum dp_flame_side side, const char *path,
                       uint64_t *stacks, struct dp_problem *problem)
{
    struct reader reader = {.flame = flame};
    struct dp_contents contents;
    size_t bad_line = 0;
    int error = dp_contents_read(&contents, path, MOST_BYTES);

    *stacks = 0;
    if (error) {
        dp_problem_set(problem, "cannot read '%s': %s", path, strerror(-error));
        return DP_EXIT_DATA;
    }
    char *text = dp_allocate(contents.size + 1, 1);
    if (contents.size > 0)
        memcpy(text, contents.bytes, contents.size);
    int status = read_lines(&reader, text, contents.size, side, stacks, &bad_line);
    if (status != DP_EXIT_OK)
        dp_problem_set(problem,
                       "'%s' is neither a log nor folded stacks: line %zu is not "
                       "'frame;frame;frame weight'",
                       path, bad_line);
    free(text);
    free(reader.names);
    dp_contents_free(&contents);
    return status;
}
