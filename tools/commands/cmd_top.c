/* deep-profile top: a running program's figures, once a second. Needs nothing
 * from the program: it reads the mapped state. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/values.h"
#include "log/processes.h"
#include "model/profile_gather.h"
#include "model/profile_figures.h"
#include "model/since.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "running_log.h"

enum {
    OPTION_COUNT = 'n',
    OPTION_INTERVAL = 'd',
    OPTION_LAST = 'l',
    OPTION_PID = 'p',
    OPTION_TOP = 't'
};

struct arguments {
    struct dp_common common;
    unsigned long count; /* 0: until the program ends */
    bool count_given;
    double interval;
    bool last; /* what happened in each interval */
    unsigned long functions;
    unsigned long pid; /* 0: not given */
};

static const struct argp_option options[] = {
    {"count", OPTION_COUNT, "N", 0, "Show N times, then stop (default: once when piped)", 0},
    {"interval", OPTION_INTERVAL, "SECONDS", 0, "Time between two looks (default: 1)", 0},
    {"last", OPTION_LAST, "DURATION", 0,
     "Only what happened in the last 5s, 1min, ...: shows that, and waits as long", 0},
    {"pid", OPTION_PID, "PID", 0, "Show the process PID, wherever its log is", 0},
    {"top", OPTION_TOP, "N", 0, "Show N functions (default: 20; 0: all)", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    uint64_t last_ns;
    char *end;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_COUNT:
        arguments->count = dp_parse_number(state, "--count", value);
        arguments->count_given = true;
        return 0;
    case OPTION_INTERVAL:
        arguments->interval = strtod(value, &end);
        if (end == value || *end || !(arguments->interval >= 0.05 && arguments->interval <= 3600))
            dp_usage_error(state, "--interval takes seconds from 0.05 to 3600, not '%s'", value);
        return 0;
    case OPTION_LAST:
        if (dp_parse_duration(value, strlen(value), &last_ns) != 0 || last_ns < 50000000)
            dp_usage_error(state, "--last takes a duration from 50ms, such as 10s, not '%s'", value);
        arguments->last = true;
        arguments->interval = (double)last_ns / 1e9;
        return 0;
    case OPTION_PID:
        arguments->pid = dp_parse_number(state, "--pid", value);
        if (arguments->pid == 0 || arguments->pid > INT32_MAX)
            dp_usage_error(state, "--pid takes the number of a process, not '%s'", value);
        return 0;
    case OPTION_TOP:
        arguments->functions = dp_parse_number(state, "--top", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void show_json(const struct dp_report *report)
{
    struct dp_json_document document;

    dp_json_start(&document, true, false);
    document.lines = true;
    dp_report_json(report, dp_json_next(&document));
    dp_json_finish(&document);
}

static void show_text(const struct dp_report *report, const struct dp_style *style)
{
    if (style->terminal)
        fputs("\033[H\033[J", stdout);
    dp_report_text_short(report, style);
    if (!style->terminal)
        putchar('\n');
}

static void show(const struct dp_profile *profile, const struct arguments *arguments,
                 const struct dp_style *style)
{
    struct dp_report report;

    dp_report_make(&report, profile, arguments->functions);
    if (arguments->common.json)
        show_json(&report);
    else
        show_text(&report, style);
    dp_report_finish(&report);
    fflush(stdout);
}

static void wait_for_look(const struct arguments *arguments)
{
    const struct timespec pause = {
        (time_t)arguments->interval,
        (long)((arguments->interval - (double)(time_t)arguments->interval) * 1e9)};

    nanosleep(&pause, NULL);
}

/* Waits, looks, and leaves in the profile what happened meanwhile. */
static int look_at_last(struct dp_profile *profile, struct dp_since *since,
                        const struct arguments *arguments, struct dp_problem *problem)
{
    struct dp_since before = *since;

    *since = (struct dp_since){0};
    wait_for_look(arguments);
    int status = dp_profile_update(profile, problem);
    if (status == DP_EXIT_OK) {
        dp_since_take(since, profile);
        dp_since_subtract(&before, profile);
    }
    dp_since_finish(&before);
    return status;
}

static int watch_last(struct dp_profile *profile, unsigned long count,
                      const struct arguments *arguments, const struct dp_style *style)
{
    struct dp_since since = {0};
    struct dp_problem problem;
    int status = DP_EXIT_OK;

    dp_since_take(&since, profile);
    for (unsigned long n = 1; status == DP_EXIT_OK; n++) {
        status = look_at_last(profile, &since, arguments, &problem);
        if (status != DP_EXIT_OK)
            dp_error("%s", problem.text);
        else
            show(profile, arguments, style);
        if (ferror(stdout) || n == count || profile->phase != DP_PHASE_RUNNING)
            break;
    }
    dp_since_finish(&since);
    return status;
}

static int watch(const char *path, const struct arguments *arguments)
{
    struct dp_profile profile;
    struct dp_problem problem;
    struct dp_style style;
    int status = dp_profile_gather(&profile, path, DP_PROFILE_STATE, 0, &problem);

    if (status == DP_EXIT_OK && !profile.has_process) {
        dp_problem_set(&problem,
                       "'%s' has no state of its process: 'deep-profile report' reads "
                       "its streams",
                       path);
        dp_profile_finish(&profile);
        status = DP_EXIT_DATA;
    }
    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    dp_style_detect(&style, stdout);
    unsigned long count = arguments->count_given ? arguments->count : style.terminal ? 0 : 1;
    if (arguments->last && profile.phase == DP_PHASE_RUNNING) {
        status = watch_last(&profile, count, arguments, &style);
        dp_profile_finish(&profile);
        return status;
    }
    for (unsigned long n = 1;; n++) {
        show(&profile, arguments, &style);
        if (ferror(stdout) || n == count || profile.phase != DP_PHASE_RUNNING)
            break;
        wait_for_look(arguments);
        status = dp_profile_update(&profile, &problem);
        if (status != DP_EXIT_OK) {
            dp_error("%s", problem.text);
            break;
        }
    }
    if (status == DP_EXIT_OK && !dp_profile_has_data(&profile))
        status = DP_EXIT_DATA;
    dp_profile_finish(&profile);
    return status;
}

static int watch_process(const struct arguments *arguments)
{
    char *path = dp_process_folder((uint32_t)arguments->pid, "/state/process");

    if (!path) {
        dp_error("process %lu writes no log that can be seen: it does not run, is not profiled "
                 "(DEEP_PROFILE), or is another user's",
                 arguments->pid);
        return DP_EXIT_DATA;
    }
    int status = watch(path, arguments);
    free(path);
    return status;
}

int dp_cmd_top(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[DIR]",
        .doc = "Shows the hot functions of a running program, again and again on a terminal, "
               "until it ends. Of several logs it takes one whose process runs.",
        .children = children,
    };
    struct arguments arguments = {.interval = 1, .functions = 20};
    struct dp_paths logs;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.pid > 0)
        return watch_process(&arguments);
    int status = dp_logs_find(arguments.common.path, &logs);
    if (status == DP_EXIT_OK)
        status = watch(logs.path[dp_running_log(&logs)], &arguments);
    dp_paths_free(&logs);
    return status;
}
