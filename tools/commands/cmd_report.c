/* deep-profile report: where the time went, what was slow, and what is missing. */
#include "command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output_file.h"
#include "model/call_edges.h"
#include "model/flame_graph.h"
#include "model/profile_gather.h"
#include "model/stack_names.h"
#include "render/edges.h"
#include "render/report_json.h"
#include "render/report_markdown.h"
#include "render/report_text.h"

enum { OPTION_TOP = 't', OPTION_SLOW = 's', OPTION_TREE = 'T', OPTION_OUTPUT = 'o', OPTION_CALLERS = 256, OPTION_CALLEES, OPTION_CATEGORIES, OPTION_FULL, OPTION_LAST, OPTION_BETWEEN };

#define DEFAULT ULONG_MAX /* of a number that is not given */

struct arguments {
    struct dp_common common;
    unsigned long functions;
    unsigned long slow;
    const char *output; /* NULL: standard output */
    bool markdown;
    bool tree;
    const char *function; /* only its callers or callees are shown; NULL: the whole report */
    bool callers;
    bool full;
    struct dp_window_request window;
    struct dp_category_limits categories;
};

static const struct argp_option options[] = {
    {"top", OPTION_TOP, "N", 0, "Show N functions (default: 20; 0: all)", 0},
    {"slow", OPTION_SLOW, "N", 0, "Show the N worst slow operations, each with the calls in it (default: 10)", 0},
    {"categories", OPTION_CATEGORIES, "A,B,C", 0, "Where slow, very slow and critical begin (default: 50ms,100ms,500ms)", 0},
    {"last", OPTION_LAST, "TIME", 0, "Only what happened in the last TIME (10s)", 0},
    {"between", OPTION_BETWEEN, "A..B", 0, "Only what happened from A to B: after the start (5s..10s) or by the clock in UTC (12:03:00..12:03:10)", 0},
    {"output", OPTION_OUTPUT, "FILE", 0, "Write to FILE, by its ending: .txt, .md or .json", 0},
    {"full", OPTION_FULL, 0, 0, "Show every section and every function", 0},
    {"tree", OPTION_TREE, 0, 0, "Show who called whom, from the recorded calls", 0},
    {"callers", OPTION_CALLERS, "FUNCTION", 0, "Show only who called FUNCTION", 0},
    {"callees", OPTION_CALLEES, "FUNCTION", 0, "Show only what FUNCTION called", 0},
    {0},
};

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);

    return length > end && strcmp(name + length - end, ending) == 0;
}

/* What the options together mean. */
static void settle(struct arguments *arguments, const struct argp_state *state)
{
    const char *output = arguments->output;

    if (arguments->functions == DEFAULT)
        arguments->functions = arguments->full ? 0 : 20;
    if (arguments->slow == DEFAULT)
        arguments->slow = arguments->full ? 100 : 10;
    arguments->tree |= arguments->full;
    if (!output || arguments->common.json)
        return;
    arguments->common.json = ends_in(output, ".json");
    arguments->markdown = ends_in(output, ".md") && !arguments->function;
    if (!arguments->common.json && !ends_in(output, ".md") && !ends_in(output, ".txt"))
        dp_usage_error(state, "-o %s: the name must end in .txt, .md or .json", output);
}

/* "--between 5s 10s" is "--between 5s..10s". */
static void read_between(struct arguments *arguments, const char *value, struct argp_state *state)
{
    const char *to = NULL;

    if (!strstr(value, "..") && state->next < state->argc)
        to = state->argv[state->next++];
    if (!dp_window_between(&arguments->window, value, to))
        dp_usage_error(state, "--between takes two moments, as 5s..10s or 12:03:00..12:03:10, "
                              "not '%s%s%s'", value, to ? " " : "", to ? to : "");
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_TOP:
        arguments->functions = dp_parse_number(state, "--top", value);
        return 0;
    case OPTION_SLOW:
        arguments->slow = dp_parse_number(state, "--slow", value);
        if (arguments->slow > 100000)
            argp_error(state, "--slow takes at most 100000");
        return 0;
    case OPTION_TREE:
        arguments->tree = true;
        return 0;
    case OPTION_LAST:
        if (!dp_window_last(&arguments->window, value))
            dp_usage_error(state, "--last takes a duration, as 10s, not '%s'", value);
        return 0;
    case OPTION_BETWEEN:
        read_between(arguments, value, state);
        return 0;
    case OPTION_OUTPUT:
        arguments->output = value;
        return 0;
    case ARGP_KEY_END:
        settle(arguments, state);
        return 0;
    case OPTION_FULL:
        arguments->full = true;
        return 0;
    case OPTION_CATEGORIES:
        if (!dp_category_limits_parse(value, &arguments->categories))
            argp_error(state, "--categories takes three durations that increase, as 50ms,100ms,500ms");
        return 0;
    case OPTION_CALLERS:
    case OPTION_CALLEES:
        if (arguments->function)
            argp_error(state, "--callers or --callees of one function at a time");
        arguments->function = value;
        arguments->callers = key == OPTION_CALLERS;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int report_one(const char *path, const struct arguments *arguments,
                      const struct dp_style *style, struct dp_json_document *document)
{
    struct dp_profile profile;
    struct dp_report report;
    struct dp_problem problem;
    unsigned what = DP_PROFILE_STATE | DP_PROFILE_STREAMS;
    int status =
        dp_profile_gather_window(&profile, path, what | (arguments->tree ? DP_PROFILE_TREE : 0),
                                 arguments->slow, &arguments->window, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    profile.categories = arguments->categories;
    dp_stacks_name(&profile.stacks);
    dp_report_make(&report, &profile, arguments->functions);
    report.full = arguments->full;
    if (document->out)
        dp_report_json(&report, dp_json_next(document));
    else if (arguments->markdown)
        dp_report_markdown(&report, style->out);
    else
        dp_report_text(&report, style);
    status = report.has_data || report.window.set ? DP_EXIT_OK : DP_EXIT_DATA;
    dp_report_finish(&report);
    dp_profile_finish(&profile);
    return status;
}

/* Made from samples; without them from recorded calls. */
static int edges_of_one(const char *path, const struct arguments *arguments,
                        const struct dp_style *style, struct dp_json_document *document)
{
    struct dp_flame_graph graph;
    struct dp_call_edges edges;
    struct dp_problem problem;
    const char *function = arguments->function;
    int status = dp_flame_graph_make(&graph, path, NULL, DP_FLAME_OF_WALL, &problem);

    if (status != DP_EXIT_OK) {
        if (*problem.text)
            dp_error("%s", problem.text);
        return status;
    }
    dp_call_edges_find(&edges, &graph.flame, function);
    if (!edges.found) {
        dp_error("no call of '%s' was seen in '%s'", function, path);
        status = DP_EXIT_DATA;
    } else if (document->out) {
        dp_edges_json(&graph, &edges, function, arguments->callers, dp_json_next(document));
    } else {
        dp_edges_text(&graph, &edges, function, arguments->callers, style);
    }
    dp_call_edges_finish(&edges);
    dp_flame_graph_finish(&graph);
    return status;
}

static int report_all(const struct dp_paths *logs, const struct arguments *arguments, FILE *out)
{
    struct dp_json_document document;
    struct dp_style style;
    int worst = DP_EXIT_OK;

    dp_json_start(&document, arguments->common.json, logs->folder);
    if (document.out)
        document.out = out;
    dp_style_detect(&style, out);
    for (size_t i = 0; i < logs->n; i++) {
        if (!document.out && i > 0)
            fputs("\n\n", out);
        int status = (arguments->function ? edges_of_one : report_one)(logs->path[i], arguments,
                                                                       &style, &document);
        if (status > worst)
            worst = status;
    }
    dp_json_finish(&document);
    return worst;
}

static int write_file(const char *path, const char *text, size_t size)
{
    struct dp_output_file file;
    int error = dp_output_file_open(&file, path);

    if (!error) {
        fwrite(text, 1, size, file.stream);
        error = dp_output_file_close(&file);
    }
    if (error)
        dp_error("cannot write '%s': %s", path, strerror(-error));
    return error ? DP_EXIT_DATA : DP_EXIT_OK;
}

/* No file is written where there is nothing to report. */
static int report_into_file(const struct dp_paths *logs, const struct arguments *arguments)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        dp_error("cannot write '%s': %s", arguments->output, strerror(errno));
        return DP_EXIT_DATA;
    }
    int status = report_all(logs, arguments, out);
    fclose(out);
    int written = size > 0 ? write_file(arguments->output, text, size) : DP_EXIT_OK;
    free(text);
    return status > written ? status : written;
}

int dp_cmd_report(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[DIR]",
        .doc = "A summary, hot functions with calls, times and percentiles, slow operations, memory, exact "
               "counts, load, loss and the profiler's own cost.\v"
               "'~' marks estimates from samples; the interval holds with 95 % confidence. "
               "'>=' marks lower bounds: of a function under profile_if_slow, slow calls are all "
               "known, others only by a few samples. Every process of a folder is reported under "
               "its own heading.",
        .children = children,
    };
    struct arguments arguments = {.functions = DEFAULT, .slow = DEFAULT};
    struct dp_paths logs;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int status = dp_logs_find(arguments.common.path, &logs);
    if (status == DP_EXIT_OK)
        status = arguments.output ? report_into_file(&logs, &arguments)
                                  : report_all(&logs, &arguments, stdout);
    dp_paths_free(&logs);
    return status;
}
