/* See run_file.h. */
#include "run_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"

#define FIRST_LINE "deep-profile runs 1"

enum { RUN_FIELDS = 7, FUNCTION_FIELDS = 10, MOST_FIELDS = 10 };

/* ---- writing ---- */

static void write_name(FILE *out, const char *name)
{
    fputc('\t', out);
    for (; *name; name++) {
        if (*name == '\t')
            fputs("\\t", out);
        else if (*name == '\n')
            fputs("\\n", out);
        else if (*name == '\\')
            fputs("\\\\", out);
        else
            fputc(*name, out);
    }
}

static void write_figure(FILE *out, struct dp_estimate figure)
{
    if (figure.certainty == DP_UNKNOWN || figure.certainty == DP_AT_LEAST)
        fputs("\t?", out);
    else if (figure.certainty == DP_EXACT)
        fprintf(out, "\t%.15g", figure.value);
    else
        fprintf(out, "\t%.15g~%.15g~%.15g", figure.value, figure.low, figure.high);
}

static void write_function(FILE *out, const struct dp_run_function *function)
{
    fprintf(out, "function\t%d\t%" PRIu32, function->estimated, function->line);
    write_figure(out, function->calls);
    for (int f = 0; f < DP_RUN_FIGURES; f++)
        write_figure(out, function->figures[f]);
    write_name(out, function->module);
    write_name(out, function->function);
    write_name(out, function->file);
    fputc('\n', out);
}

void dp_run_file_write(const struct dp_runs *runs, FILE *out)
{
    fputs(FIRST_LINE "\n", out);
    for (size_t i = 0; i < runs->n; i++) {
        const struct dp_run *run = &runs->runs[i];
        fprintf(out, "run\t%d\t%zu", run->whole, run->processes);
        write_figure(out, run->wall_ns);
        write_figure(out, run->cpu_ns);
        write_name(out, run->program);
        write_name(out, run->name);
        fputc('\n', out);
        for (size_t f = 0; f < run->n; f++)
            write_function(out, &run->functions[f]);
    }
}

/* ---- reading ---- */

/* Cuts a line at its tabs. */
static size_t split(char *line, char *fields[MOST_FIELDS])
{
    size_t n = 0;

    for (char *next = line; next && n < MOST_FIELDS; n++) {
        fields[n] = next;
        next = strchr(next, '\t');
        if (next)
            *next++ = '\0';
    }
    return n;
}

/* In place. */
static char *read_name(char *field)
{
    char *to = field;

    for (const char *from = field; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return dp_copy(field);
}

static bool read_figure(const char *field, struct dp_estimate *figure)
{
    char *end;

    *figure = (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
    if (strcmp(field, "?") == 0)
        return true;
    double value = strtod(field, &end);
    if (end == field || !(value >= 0))
        return false;
    *figure = dp_exactly(value);
    if (*end == '\0')
        return true;
    if (*end != '~')
        return false;
    figure->low = strtod(end + 1, &end);
    if (*end != '~')
        return false;
    figure->high = strtod(end + 1, &end);
    figure->certainty = isinf(figure->high) ? DP_ROUGH : DP_ESTIMATED;
    return *end == '\0';
}

static bool read_run(struct dp_runs *runs, char *const fields[], size_t n)
{
    struct dp_estimate wall_ns, cpu_ns;

    if (n != RUN_FIELDS || !read_figure(fields[3], &wall_ns) || !read_figure(fields[4], &cpu_ns))
        return false;
    runs->runs = dp_append(runs->runs, &runs->n, &runs->capacity, sizeof *runs->runs);
    runs->runs[runs->n - 1] = (struct dp_run){.whole = strcmp(fields[1], "1") == 0,
                                              .processes = strtoul(fields[2], NULL, 10),
                                              .wall_ns = wall_ns,
                                              .cpu_ns = cpu_ns,
                                              .program = read_name(fields[5]),
                                              .name = read_name(fields[6])};
    return true;
}

static bool read_function(struct dp_run *run, char *const fields[], size_t n)
{
    struct dp_run_function function = {0};

    if (!run || n != FUNCTION_FIELDS || !read_figure(fields[3], &function.calls))
        return false;
    for (int f = 0; f < DP_RUN_FIGURES; f++)
        if (!read_figure(fields[4 + f], &function.figures[f]))
            return false;
    function.estimated = strcmp(fields[1], "1") == 0;
    function.line = (uint32_t)strtoul(fields[2], NULL, 10);
    function.module = read_name(fields[7]);
    function.function = read_name(fields[8]);
    function.file = read_name(fields[9]);
    run->functions = dp_append(run->functions, &run->n, &run->capacity, sizeof *run->functions);
    run->functions[run->n - 1] = function;
    return true;
}

static bool read_line(struct dp_runs *runs, size_t before, char *line)
{
    char *fields[MOST_FIELDS] = {0};
    size_t n = split(line, fields);

    if (strcmp(fields[0], "run") == 0)
        return read_run(runs, fields, n);
    if (strcmp(fields[0], "function") == 0)
        return read_function(runs->n > before ? &runs->runs[runs->n - 1] : NULL, fields, n);
    return false;
}

static int read_lines(struct dp_runs *runs, const char *path, FILE *in)
{
    size_t before = runs->n, capacity = 0, number = 0;
    char *line = NULL;
    bool good = true;

    for (ssize_t length; good && (length = getline(&line, &capacity, in)) > 0; number++) {
        line[strcspn(line, "\n")] = '\0';
        good = number == 0 ? strcmp(line, FIRST_LINE) == 0 : read_line(runs, before, line);
    }
    free(line);
    for (size_t i = before; i < runs->n; i++)
        dp_run_settle(&runs->runs[i]);
    if (good && runs->n > before)
        return DP_EXIT_OK;
    if (number > 1)
        dp_error("'%s': line %zu is not one of a file that 'diff --save' wrote", path, number);
    else
        dp_error("'%s' is a file, and not one that 'diff --save' wrote; a log is a directory",
                 path);
    return DP_EXIT_DATA;
}

int dp_run_file_read(struct dp_runs *runs, const char *path)
{
    FILE *in = fopen(path, "re");

    if (!in) {
        dp_error("cannot open '%s': %s", path, strerror(errno));
        return DP_EXIT_DATA;
    }
    int status = read_lines(runs, path, in);
    fclose(in);
    return status;
}
