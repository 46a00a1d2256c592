/* deep-profile flamegraph: draws where time or memory went. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output_file.h"
#include "model/flame_graph.h"
#include "render/flame_folded.h"
#include "render/flame_html.h"
#include "render/flame_json.h"
#include "render/flame_svg.h"
#include "requested.h"

enum { OPTION_FORMAT = 256, OPTION_OF, OPTION_DIFF, OPTION_REQUESTED };

struct format {
    const char *name;
    void (*write)(const struct dp_flame_graph *graph, FILE *out);
    bool text; /* may go to a terminal */
};

static const struct format formats[] = {
    {"svg", dp_flame_svg, false},
    {"html", dp_flame_html, false},
    {"json", dp_flame_json, true},
    {"folded", dp_flame_folded, true},
};

#define N_FORMATS (sizeof formats / sizeof *formats)

struct arguments {
    const char *output; /* NULL: stdout */
    const char *path;
    const char *before;
    const struct format *format; /* NULL: as the ending of `output` says */
    enum dp_flame_of of;
    bool requested;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 0},
    {"format", OPTION_FORMAT, "svg|html|json|folded", 0,
     "The form (default: by the ending of FILE, else svg)", 0},
    {"of", OPTION_OF, "wall|cpu|blocked|bytes|held|peak|slow", 0, "What the width means (default: wall)", 0},
    {"diff", OPTION_DIFF, "BEFORE", 0, "Show what changed since the log BEFORE", 0},
    {"requested", OPTION_REQUESTED, 0, 0,
     "Draw the files that functions ask for with flame_graph(output=FILE)", 0},
    {0},
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->output = strcmp(value, "-") == 0 ? NULL : value;
        return 0;
    case OPTION_FORMAT:
        arguments->format = find_format(value);
        if (!arguments->format)
            dp_usage_error(state, "--format is svg, html, json or folded, not '%s'", value);
        return 0;
    case OPTION_OF:
        arguments->of = dp_flame_of_named(value);
        if (arguments->of == DP_FLAME_OF_COUNT)
            dp_usage_error(state, "--of is wall, cpu, blocked, bytes, held, peak or slow, not '%s'", value);
        return 0;
    case OPTION_DIFF:
        arguments->before = value;
        return 0;
    case OPTION_REQUESTED:
        arguments->requested = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path)
            dp_usage_error(state, "one directory at a time: '%s' is one too many", value);
        arguments->path = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* By the ending of the name: flame.html is HTML, flame.html.tmp is not. */
static const struct format *format_of(const char *output)
{
    const char *dot = output ? strrchr(output, '.') : NULL;
    const struct format *format = dot ? find_format(dot + 1) : NULL;

    return format ? format : &formats[0];
}

static int write_graph(const struct dp_flame_graph *graph, const struct arguments *arguments)
{
    struct dp_output_file file;

    if (!arguments->output) {
        arguments->format->write(graph, stdout);
        return DP_EXIT_OK;
    }
    int error = dp_output_file_open(&file, arguments->output);
    if (!error) {
        arguments->format->write(graph, file.stream);
        error = dp_output_file_close(&file);
    }
    if (!error)
        return DP_EXIT_OK;
    dp_error("cannot write '%s': %s", arguments->output, strerror(-error));
    return DP_EXIT_DATA;
}

int dp_cmd_flamegraph(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[DIR]",
        .doc = "Draws where the time or the memory of a program went, as one file that needs "
               "nothing else: SVG, an HTML page, JSON for d3, or folded stacks.\v"
               "DIR is a log, a folder of logs, which are drawn together, or a file of folded "
               "stacks. What is missing in the picture is said below its title.",
    };
    struct arguments arguments = {.of = DP_FLAME_OF_WALL};
    struct dp_flame_graph graph;
    struct dp_problem problem;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.requested)
        return dp_draw_requested(arguments.path, false);
    if (!arguments.format)
        arguments.format = format_of(arguments.output);
    if (!arguments.output && !arguments.format->text && isatty(STDOUT_FILENO)) {
        dp_error("a picture is not for a terminal: name a file, as in -o flame.html");
        return DP_EXIT_USAGE;
    }
    int status = dp_flame_graph_make(&graph, arguments.path, arguments.before, arguments.of,
                                     &problem);
    if (status != DP_EXIT_OK) {
        if (*problem.text)
            dp_error("%s", problem.text);
        return status;
    }
    status = write_graph(&graph, &arguments);
    dp_flame_graph_finish(&graph);
    return status;
}
