/* See targets.h. */
#include "targets.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "common/spelling.h"
#include "common/values.h"

static const struct figure {
    const char *name;
    enum dp_target_figure figure;
    enum dp_target_unit unit;
    bool of_function;
    double quantile;
} figures[] = {
    {"p50", DP_TARGET_PERCENTILE, DP_UNIT_OF_TIME, true, 0.5},
    {"p90", DP_TARGET_PERCENTILE, DP_UNIT_OF_TIME, true, 0.9},
    {"p95", DP_TARGET_PERCENTILE, DP_UNIT_OF_TIME, true, 0.95},
    {"p99", DP_TARGET_PERCENTILE, DP_UNIT_OF_TIME, true, 0.99},
    {"p999", DP_TARGET_PERCENTILE, DP_UNIT_OF_TIME, true, 0.999},
    {"mean", DP_TARGET_MEAN, DP_UNIT_OF_TIME, true, 0},
    {"max", DP_TARGET_MAX, DP_UNIT_OF_TIME, true, 0},
    {"total", DP_TARGET_TOTAL, DP_UNIT_OF_TIME, true, 0},
    {"calls", DP_TARGET_CALLS, DP_UNIT_OF_COUNT, true, 0},
    {"rate", DP_TARGET_RATE, DP_UNIT_OF_RATE, true, 0},
    {"slow", DP_TARGET_SLOW, DP_UNIT_OF_COUNT, true, 0},
    {"exceptions", DP_TARGET_EXCEPTIONS, DP_UNIT_OF_COUNT, true, 0},
    {"allocated", DP_TARGET_ALLOCATED, DP_UNIT_OF_BYTES, true, 0},
    {"peak", DP_TARGET_PEAK, DP_UNIT_OF_BYTES, true, 0},
    {"memory", DP_TARGET_MEMORY, DP_UNIT_OF_BYTES, false, 0},
    {"wall", DP_TARGET_WALL, DP_UNIT_OF_TIME, false, 0},
    {"cpu", DP_TARGET_CPU, DP_UNIT_OF_TIME, false, 0},
    {"lost", DP_TARGET_LOST, DP_UNIT_OF_COUNT, false, 0},
};

#define N_FIGURES (sizeof figures / sizeof *figures)

static const struct dp_name rate_units[] = {{"/s", 1}, {"/min", 60}, {"/h", 3600}, {NULL, 0}};

static const struct {
    const char *text;
    enum dp_target_relation relation;
} relations[] = {{"<=", DP_LESS_OR_EQUAL}, {">=", DP_GREATER_OR_EQUAL}, {"==", DP_EQUAL},
                 {"!=", DP_NOT_EQUAL},     {"<", DP_LESS},              {">", DP_GREATER}};

/* A line that is being read. */
struct reader {
    const char *line;
    const char *at;
    const char *end; /* before the comment */
    struct dp_target_problem *problem;
};

__attribute__((format(printf, 3, 4))) static bool complain(const struct reader *reader,
                                                           const char *at, const char *format, ...)
{
    va_list arguments;

    reader->problem->column = (size_t)(at - reader->line);
    va_start(arguments, format);
    vsnprintf(reader->problem->text, sizeof reader->problem->text, format, arguments);
    va_end(arguments);
    return false;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && dp_is_blank(*reader->at))
        reader->at++;
}

/* ---- the figure ---- */

static const struct figure *find_figure(struct dp_word word)
{
    for (size_t i = 0; i < N_FIGURES; i++)
        if (dp_word_is(word, figures[i].name))
            return &figures[i];
    return NULL;
}

static const char *nearest_figure(struct dp_word word)
{
    struct dp_name names[N_FIGURES + 1] = {0};

    for (size_t i = 0; i < N_FIGURES; i++)
        names[i].name = figures[i].name;
    return dp_nearest_name(names, word);
}

static const struct figure *read_figure(struct reader *reader)
{
    const char *start = reader->at;

    while (reader->at < reader->end && (dp_is_word_char(*reader->at) || *reader->at == '.'))
        reader->at++;
    struct dp_word word = dp_make_word(start, (size_t)(reader->at - start));
    if (dp_word_is(word, "p99.9"))
        word = dp_make_word("p999", 4);
    const struct figure *figure = find_figure(word);
    const char *nearest = figure ? NULL : nearest_figure(word);
    if (word.length == 0)
        complain(reader, start, "a figure is expected here, as in p99(query) < 8ms");
    else if (!figure && nearest)
        complain(reader, start, "no figure '%.*s': did you mean '%s'?",
                 (int)fmin((double)word.length, 40), word.text, nearest);
    else if (!figure)
        complain(reader, start, "no figure '%.*s'", (int)fmin((double)word.length, 40), word.text);
    return figure;
}

/* `(name)`, where the name of a C++ function may have such pairs inside. */
static bool read_function(struct reader *reader, const struct figure *figure, char **function)
{
    const char *start;
    int open = 0;

    *function = NULL;
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != '(') {
        if (figure->of_function)
            return complain(reader, reader->at, "%s is of a function: %s(function)", figure->name,
                            figure->name);
        return true;
    }
    if (!figure->of_function)
        return complain(reader, reader->at, "%s is of the process, not of a function",
                        figure->name);
    for (start = reader->at; reader->at < reader->end; reader->at++) {
        open += (*reader->at == '(') - (*reader->at == ')');
        if (open == 0)
            break;
    }
    if (reader->at == reader->end)
        return complain(reader, start, "this ( is not closed");
    struct dp_word name = dp_trim(dp_make_word(start + 1, (size_t)(reader->at - start - 1)));
    reader->at++;
    if (name.length == 0)
        return complain(reader, start + 1, "the name of a function is expected here");
    *function = dp_allocate(name.length + 1, 1);
    memcpy(*function, name.text, name.length);
    return true;
}

static bool read_relation(struct reader *reader, struct dp_target *target)
{
    skip_blanks(reader);
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        size_t length = strlen(relations[i].text);
        if ((size_t)(reader->end - reader->at) >= length &&
            strncmp(reader->at, relations[i].text, length) == 0) {
            target->relation = relations[i].relation;
            reader->at += length;
            return true;
        }
    }
    return complain(reader, reader->at, "<, <=, >, >=, == or != is expected here");
}

/* ---- the limit ---- */

static bool scan_whole(struct dp_word word, const struct dp_name *units, uint64_t bare,
                       double *limit)
{
    struct dp_word unit;
    uint64_t value;

    if (dp_scan_quantity(word, units, bare, &value, &unit) != DP_VALUE_FINE)
        return false;
    *limit = (double)value;
    return true;
}

static bool scan_count(struct dp_word word, struct dp_target *target)
{
    struct dp_word unit;
    bool percent = word.length > 0 && word.text[word.length - 1] == '%';

    target->share = percent && target->function;
    if (percent && !target->share)
        return false;
    word.length -= percent;
    if (dp_scan_rate(dp_trim(word), &target->limit, &unit) != DP_VALUE_FINE)
        return false;
    target->limit /= percent ? 100 : 1;
    return true;
}

static bool scan_rate(struct dp_word word, double *limit)
{
    struct dp_word unit;
    enum dp_value_problem problem = dp_scan_rate(word, limit, &unit);
    const struct dp_name *known = NULL;

    if (problem == DP_VALUE_UNKNOWN_UNIT)
        known = dp_find_name(rate_units, unit);
    if (known)
        *limit /= (double)known->value;
    return known || problem == DP_VALUE_FINE;
}

static bool read_limit(struct reader *reader, struct dp_target *target)
{
    bool good = false;

    skip_blanks(reader);
    struct dp_word word = dp_trim(dp_make_word(reader->at, (size_t)(reader->end - reader->at)));
    switch (target->unit) {
    case DP_UNIT_OF_TIME:
        good = scan_whole(word, dp_duration_units(), 1000000, &target->limit);
        return good || complain(reader, reader->at, "a time is expected here, as 8ms");
    case DP_UNIT_OF_BYTES:
        good = scan_whole(word, dp_size_units(), 1, &target->limit);
        return good || complain(reader, reader->at, "a size is expected here, as 25MB");
    case DP_UNIT_OF_COUNT:
        good = scan_count(word, target);
        return good || complain(reader, reader->at, "a number is expected here%s",
                                target->function ? ", or a share of the calls, as 0.1%" : "");
    case DP_UNIT_OF_RATE:
        good = scan_rate(word, &target->limit);
        return good || complain(reader, reader->at, "a rate is expected here, as 10000/s");
    }
    return good;
}

/* ---- a line ---- */

/* Where the comment begins, or the line ends, without the blanks before it. A name may have
 * a # in it: a comment follows a blank. */
static const char *end_of(const char *line)
{
    const char *end = line;

    while (*end && *end != '\n' && !(*end == '#' && (end == line || dp_is_blank(end[-1]))))
        end++;
    while (end > line && (dp_is_blank(end[-1]) || end[-1] == '\r'))
        end--;
    return end;
}

static bool read_target(struct reader *reader, struct dp_target *target)
{
    const struct figure *figure = read_figure(reader);

    if (!figure)
        return false;
    target->figure = figure->figure;
    target->unit = figure->unit;
    target->quantile = figure->quantile;
    return read_function(reader, figure, &target->function) && read_relation(reader, target) &&
           read_limit(reader, target);
}

int dp_target_parse(struct dp_target *target, const char *line, struct dp_target_problem *problem)
{
    struct reader reader = {.line = line, .at = line, .end = end_of(line), .problem = problem};

    *target = (struct dp_target){0};
    skip_blanks(&reader);
    if (reader.at >= reader.end)
        return 0;
    const char *start = reader.at;
    if (!read_target(&reader, target)) {
        dp_target_finish(target);
        return -1;
    }
    target->text = dp_allocate((size_t)(reader.end - start) + 1, 1);
    memcpy(target->text, start, (size_t)(reader.end - start));
    return 1;
}

void dp_target_finish(struct dp_target *target)
{
    free(target->function);
    free(target->text);
    *target = (struct dp_target){0};
}
