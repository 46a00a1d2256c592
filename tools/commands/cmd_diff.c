/* deep-profile diff: runs before a change beside runs after it. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/output_file.h"
#include "common/values.h"
#include "model/ab.h"
#include "model/compare_moved.h"
#include "model/run_file.h"
#include "model/run_read.h"
#include "render/ab_text.h"
#include "render/diff_json.h"
#include "render/diff_text.h"

enum { OPTION_FORMAT = 256, OPTION_WITHIN, OPTION_OF, OPTION_PER, OPTION_SAVE, OPTION_TOP,
       OPTION_ALL, OPTION_FUNCTIONS };

/* Histograms divide a power of two into 64, so that percentiles are not more exact. */
#define LEAST_WITHIN 0.02
#define MOST_WITHIN  10.0

/* Stands for the first `--` of the command line, so that options may follow it. */
static char separator[] = "-";

enum format { TEXT, JSON, MARKDOWN };

struct arguments {
    enum format format;
    struct dp_compare_how how;
    const char *save;
    struct dp_word functions[2]; /* .length 0: not given */
    size_t top;
    bool all;
    char **before, **after; /* paths */
    size_t n_before, n_after;
    bool separated;
};

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "text|json|markdown", 0, "How to print (default: text)", 0},
    {"within", OPTION_WITHIN, "SHARE", 0,
     "A change smaller than this is not worth telling (default: 5%)", 0},
    {"of", OPTION_OF, "FIGURES", 0, "Which figures count (default: p50,p99,total)", 0},
    {"per", OPTION_PER, "FUNCTION", 0,
     "Divide totals by the calls of FUNCTION, for runs that do as much as they have time for", 0},
    {"save", OPTION_SAVE, "FILE", 0,
     "Write the figures of the runs to FILE, which stands for their logs from then on", 0},
    {"functions", OPTION_FUNCTIONS, "F,G", 0,
     "Compare G with F within the same runs, from the records of their calls", 0},
    {"top", OPTION_TOP, "N", 0, "Show N functions of each verdict (default: 20; 0: all)", 0},
    {"all", OPTION_ALL, 0, 0, "Show unchanged functions and all figures, too", 0},
    {0},
};

/* "5%" or "0.05". */
static double parse_share(struct argp_state *state, const char *text)
{
    size_t length = strlen(text);
    bool percent = length > 0 && text[length - 1] == '%';
    struct dp_word unit;
    double share;

    if (dp_scan_rate(dp_make_word(text, length - percent), &share, &unit) != DP_VALUE_FINE)
        dp_usage_error(state, "--within takes a share as 5%% or 0.05, not '%s'", text);
    share = percent ? share / 100 : share;
    if (share < LEAST_WITHIN || share > MOST_WITHIN)
        dp_usage_error(state, "--within takes 2%% to 1000%%, not '%s'", text);
    return share;
}

static unsigned parse_figures(struct argp_state *state, const char *text)
{
    unsigned figures = 0;

    for (const char *at = text; *at; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        int f = 0;
        while (f < DP_RUN_FIGURES && !dp_word_is(dp_make_word(at, length), dp_run_figure_names[f]))
            f++;
        if (f == DP_RUN_FIGURES)
            dp_usage_error(state, "--of takes p50, p99 and total, not '%s'", text);
        figures |= 1u << f;
        at += length;
    }
    if (figures == 0)
        dp_usage_error(state, "--of takes p50, p99 and total");
    return figures;
}

/* At the comma that is in no brackets: names of C++ have some. */
static void parse_functions(struct argp_state *state, struct dp_word functions[2], const char *text)
{
    const char *comma = text;

    for (int open = 0; *comma && !(*comma == ',' && open == 0); comma++)
        open += (strchr("(<[{", *comma) != NULL) - (strchr(")>]}", *comma) != NULL);
    functions[0] = dp_trim(dp_make_word(text, (size_t)(comma - text)));
    functions[1] = *comma ? dp_trim(dp_make_word(comma + 1, strlen(comma + 1))) : functions[0];
    if (*comma == '\0' || functions[0].length == 0 || functions[1].length == 0)
        dp_usage_error(state, "--functions takes two names with a comma between, not '%s'", text);
}

static enum format parse_format(struct argp_state *state, const char *text)
{
    static const char *const names[] = {"text", "json", "markdown"};

    for (int f = TEXT; f <= MARKDOWN; f++)
        if (strcmp(text, names[f]) == 0)
            return f;
    dp_usage_error(state, "--format is text, json or markdown, not '%s'", text);
    return TEXT;
}

static void add_path(struct arguments *arguments, char *path)
{
    if (path == separator)
        arguments->separated = true;
    else if (arguments->separated)
        arguments->after[arguments->n_after++] = path;
    else
        arguments->before[arguments->n_before++] = path;
}

static void check_paths(struct argp_state *state, const struct arguments *arguments)
{
    if (arguments->save && arguments->functions[0].length > 0)
        argp_error(state, "--save or --functions");
    if (arguments->save || arguments->functions[0].length > 0) {
        if (arguments->separated || arguments->n_before == 0)
            argp_error(state, "--save and --functions take the runs of one side: RUN...");
    } else if (arguments->n_before == 0 || arguments->n_after == 0) {
        argp_error(state, "runs before and after: diff BEFORE... -- AFTER...");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_FORMAT:
        arguments->format = parse_format(state, value);
        return 0;
    case OPTION_WITHIN:
        arguments->how.within = parse_share(state, value);
        return 0;
    case OPTION_OF:
        arguments->how.figures = parse_figures(state, value);
        return 0;
    case OPTION_PER:
        arguments->how.per = value;
        return 0;
    case OPTION_SAVE:
        arguments->save = value;
        return 0;
    case OPTION_FUNCTIONS:
        parse_functions(state, arguments->functions, value);
        return 0;
    case OPTION_TOP:
        arguments->top = dp_parse_number(state, "--top", value);
        return 0;
    case OPTION_ALL:
        arguments->all = true;
        return 0;
    case ARGP_KEY_ARG:
        add_path(arguments, value);
        return 0;
    case ARGP_KEY_END:
        check_paths(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int read_side(struct dp_runs *runs, char *const *paths, size_t n)
{
    int status = DP_EXIT_OK;

    for (size_t i = 0; i < n && status == DP_EXIT_OK; i++)
        status = dp_runs_read(runs, paths[i]);
    return status;
}

static void print(const struct dp_comparison *comparison, const struct arguments *arguments)
{
    const struct dp_diff_view view = {
        .markdown = arguments->format == MARKDOWN, .all = arguments->all, .top = arguments->top};
    struct dp_json_document document;
    struct dp_style style;

    if (arguments->format == JSON) {
        dp_json_start(&document, true, false);
        dp_diff_json(comparison, dp_json_next(&document));
        dp_json_finish(&document);
        return;
    }
    dp_style_detect(&style, stdout);
    dp_diff_text(comparison, &view, &style);
}

static int compare(const struct dp_runs *before, const struct dp_runs *after,
                   const struct arguments *arguments)
{
    struct dp_comparison comparison;
    int status = DP_EXIT_OK;

    dp_compare(&comparison, before, after, &arguments->how);
    if (arguments->how.per && !comparison.per_found) {
        dp_error("no run knows how often '%s' was called", arguments->how.per);
        status = DP_EXIT_DATA;
    } else if (comparison.functions == 0) {
        dp_error("the runs before and after have no function in common whose times are known");
        status = DP_EXIT_DATA;
    } else {
        dp_compare_read_moved(&comparison);
        print(&comparison, arguments);
        status = comparison.count[DP_VERDICT_REGRESSED] > 0 ? DP_EXIT_CHECK : DP_EXIT_OK;
    }
    dp_comparison_finish(&comparison);
    return status;
}

static int save(const struct dp_runs *runs, const char *path)
{
    struct dp_output_file file;
    int error = dp_output_file_open(&file, path);

    if (!error) {
        dp_run_file_write(runs, file.stream);
        error = dp_output_file_close(&file);
    }
    if (error) {
        dp_error("cannot write '%s': %s", path, strerror(-error));
        return DP_EXIT_DATA;
    }
    return DP_EXIT_OK;
}

/* ---- two functions ---- */

static void print_functions(const struct dp_ab *ab, enum format format)
{
    struct dp_json_document document;
    struct dp_style style;

    if (format == JSON) {
        dp_json_start(&document, true, false);
        dp_ab_json(ab, dp_json_next(&document));
        dp_json_finish(&document);
        return;
    }
    dp_style_detect(&style, stdout);
    dp_ab_text(ab, format == MARKDOWN, &style);
}

static int compare_functions(const struct arguments *arguments)
{
    struct dp_ab ab;
    int status = DP_EXIT_OK;

    dp_ab_start(&ab, arguments->functions[0], arguments->functions[1], arguments->how.within);
    for (size_t p = 0; p < arguments->n_before && status == DP_EXIT_OK; p++) {
        struct dp_paths logs;
        status = dp_logs_find(arguments->before[p], &logs);
        for (size_t i = 0; i < logs.n && status == DP_EXIT_OK; i++)
            status = dp_ab_read(&ab, logs.path[i]);
        dp_paths_free(&logs);
    }
    for (int w = 0; w < 2 && status == DP_EXIT_OK; w++)
        if (ab.calls[w] == 0) {
            dp_error("no call of '%s' has a record", ab.name[w]);
            status = DP_EXIT_DATA;
        }
    if (status == DP_EXIT_OK) {
        dp_ab_settle(&ab);
        print_functions(&ab, arguments->format);
    }
    dp_ab_finish(&ab);
    return status;
}

static int run(const struct arguments *arguments)
{
    if (arguments->functions[0].length > 0)
        return compare_functions(arguments);
    struct dp_runs before = {0}, after = {0};
    int status = read_side(&before, arguments->before, arguments->n_before);

    if (status == DP_EXIT_OK)
        status = read_side(&after, arguments->after, arguments->n_after);
    if (status == DP_EXIT_OK)
        status = arguments->save ? save(&before, arguments->save)
                                 : compare(&before, &after, arguments);
    dp_runs_finish(&before);
    dp_runs_finish(&after);
    return status;
}

int dp_cmd_diff(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "BEFORE... -- AFTER...\n--save=FILE RUN...\n--functions=F,G RUN...",
        .doc = "What a change did: for each function the p50, p99 and total of several runs "
               "before and after it.\v"
               "A run is a log, or a file that --save wrote; of a folder of logs each is one. "
               "Exit status: 1 when a function regressed.",
    };
    struct arguments arguments = {.how = {.within = DP_WITHIN, .figures = DP_ALL_FIGURES},
                                  .top = 20};

    arguments.before = dp_allocate(2 * (size_t)argc, sizeof *arguments.before);
    arguments.after = arguments.before + argc;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = separator;
            break;
        }
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int status = run(&arguments);
    free(arguments.before);
    return status;
}
