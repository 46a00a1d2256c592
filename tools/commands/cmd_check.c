/* deep-profile check: does a log meet its targets, and is it no worse than a baseline? */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/check.h"
#include "model/compare_moved.h"
#include "model/profile_gather.h"
#include "model/run_read.h"
#include "render/check_text.h"
#include "render/diff_json.h"
#include "render/diff_text.h"

enum { OPTION_FORMAT = 256, OPTION_BASELINE };

enum format { TEXT, JSON, MARKDOWN };

struct arguments {
    enum format format;
    const char *baseline;
    const char *targets;
    char **paths;
    size_t n_paths;
};

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "text|json|markdown", 0, "How to print (default: text)", 0},
    {"baseline", OPTION_BASELINE, "RUNS", 0,
     "Also compare with RUNS, as diff does: a folder of logs, or a file that diff --save wrote", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    static const char *const formats[] = {"text", "json", "markdown"};
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_FORMAT:
        for (int f = TEXT; f <= MARKDOWN; f++)
            if (strcmp(value, formats[f]) == 0) {
                arguments->format = f;
                return 0;
            }
        dp_usage_error(state, "--format is text, json or markdown, not '%s'", value);
        return 0;
    case OPTION_BASELINE:
        arguments->baseline = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->targets)
            arguments->paths[arguments->n_paths++] = value;
        else
            arguments->targets = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->n_paths == 0)
            argp_error(state, "targets and logs: check TARGETS DIR...");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the targets ---- */

static void show_problem(const char *path, size_t number, const char *line,
                         const struct dp_target_problem *problem)
{
    char before[512];
    size_t length = strcspn(line, "\r\n");

    dp_error("%s:%zu:%zu: %s", path, number, problem->column + 1, problem->text);
    /* Tabs stay, so that the caret is below its place. */
    snprintf(before, sizeof before, "%.*s", (int)(problem->column < 500 ? problem->column : 500),
             line);
    for (char *c = before; *c; c++)
        *c = *c == '\t' ? '\t' : ' ';
    char *text = dp_allocate(length + 1, 1);
    memcpy(text, line, length);
    for (char *c = text; *c; c++)
        *c = (unsigned char)*c < ' ' && *c != '\t' ? '?' : *c;
    fprintf(stderr, "    %s\n    %s^\n", text, before);
    free(text);
}

/* Every line that cannot be understood is shown. */
static int read_targets(struct dp_check *check, const char *path)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0, number = 0;
    int status = DP_EXIT_OK;

    if (!in) {
        dp_error("cannot open '%s': %s", path, strerror(errno));
        return DP_EXIT_DATA;
    }
    while (getline(&line, &capacity, in) > 0) {
        struct dp_target target;
        struct dp_target_problem problem;
        int read = dp_target_parse(&target, line, &problem);
        number++;
        if (read > 0)
            dp_check_add(check, target);
        if (read < 0) {
            show_problem(path, number, line, &problem);
            status = DP_EXIT_USAGE;
        }
    }
    if (ferror(in)) {
        dp_error("cannot read '%s': %s", path, strerror(errno));
        status = DP_EXIT_DATA;
    }
    free(line);
    fclose(in);
    return status;
}

/* ---- the logs ---- */

static int check_log(struct dp_check *check, const char *path)
{
    struct dp_profile profile;
    struct dp_problem problem;
    int status = dp_profile_gather(&profile, path, DP_PROFILE_STATE | DP_PROFILE_STREAMS, 0,
                                   &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    dp_check_profile(check, &profile);
    dp_profile_finish(&profile);
    return DP_EXIT_OK;
}

static int check_logs(struct dp_check *check, const struct arguments *arguments)
{
    int status = DP_EXIT_OK;

    for (size_t p = 0; p < arguments->n_paths && status == DP_EXIT_OK; p++) {
        struct dp_paths logs;
        status = dp_logs_find(arguments->paths[p], &logs);
        for (size_t i = 0; i < logs.n && status == DP_EXIT_OK; i++)
            status = check_log(check, logs.path[i]);
        dp_paths_free(&logs);
    }
    dp_check_settle(check);
    return status;
}

static int compare(struct dp_comparison *comparison, struct dp_runs *before,
                   struct dp_runs *after, const struct arguments *arguments)
{
    const struct dp_compare_how how = {.within = DP_WITHIN, .figures = DP_ALL_FIGURES};
    int status = dp_runs_read(before, arguments->baseline);

    for (size_t i = 0; i < arguments->n_paths && status == DP_EXIT_OK; i++)
        status = dp_runs_read(after, arguments->paths[i]);
    if (status != DP_EXIT_OK)
        return status;
    dp_compare(comparison, before, after, &how);
    dp_compare_read_moved(comparison);
    return DP_EXIT_OK;
}

/* ---- printing ---- */

/* `comparison` NULL: no baseline was given. */
static void print(const struct dp_check *check, const struct dp_comparison *comparison,
                  enum format format)
{
    const struct dp_diff_view view = {.markdown = format == MARKDOWN, .top = 20};
    struct dp_json_document document;
    struct dp_style style;

    if (format == JSON) {
        dp_json_start(&document, true, false);
        struct dp_json *object = dp_json_next(&document);
        dp_check_json(check, object);
        if (comparison)
            dp_diff_json(comparison, dp_json_put_object(object, "baseline"));
        dp_json_finish(&document);
        return;
    }
    dp_style_detect(&style, stdout);
    dp_check_text(check, format == MARKDOWN, &style);
    if (!comparison)
        return;
    fputc('\n', stdout);
    dp_diff_text(comparison, &view, &style);
}

static int run(struct dp_check *check, const struct arguments *arguments)
{
    struct dp_comparison comparison = {0};
    struct dp_runs before = {0}, after = {0};
    int status = read_targets(check, arguments->targets);

    if (status == DP_EXIT_OK)
        status = check_logs(check, arguments);
    if (status == DP_EXIT_OK && arguments->baseline)
        status = compare(&comparison, &before, &after, arguments);
    if (status == DP_EXIT_OK) {
        print(check, arguments->baseline ? &comparison : NULL, arguments->format);
        if (check->count[DP_OUTCOME_MET] < check->n || comparison.count[DP_VERDICT_REGRESSED] > 0)
            status = DP_EXIT_CHECK;
    }
    dp_comparison_finish(&comparison);
    dp_runs_finish(&before);
    dp_runs_finish(&after);
    return status;
}

int dp_cmd_check(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "TARGETS DIR...",
        .doc = "Whether logs meet the targets in the file TARGETS, such as 'p99(query) < 8ms'.\v"
               "Each log has to meet each target. A figure that is not known is not met, and "
               "neither is one whose interval has the limit in it. Exit status: 1 when a target is "
               "not met, or a function is slower than in the baseline.",
    };
    struct arguments arguments = {.paths = dp_allocate((size_t)argc, sizeof *arguments.paths)};
    struct dp_check check = {0};

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int status = run(&check, &arguments);
    dp_check_finish(&check);
    free(arguments.paths);
    return status;
}
