/* deep-profile events: what happened, in order of time, also while it happens. */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/values.h"
#include "render/event_print.h"
#include "log/log_merge.h"
#include "log/log_state.h"
#include "model/reason_feed.h"
#include "model/site_paths.h"
#include "model/stack_names.h"
#include "base/clock.h"
#include "base/progress.h"

enum { OPTION_FOLLOW = 'f', OPTION_LAST = 'l' };

/* How often it looks at a running log. */
#define FOLLOW_PERIOD_NS 100000000L
/* A slow call's reason is written a few milliseconds after its end: how long it is waited for,
 * all together, each time the log is looked at. */
#define PATIENCE_NS 300000000L
#define NAP_NS 20000000L

struct arguments {
    struct dp_common common;
    bool follow;
    uint64_t last_ns; /* 0: all */
};

static const struct argp_option options[] = {
    {"follow", OPTION_FOLLOW, 0, 0, "Go on while the process runs", 0},
    {"last", OPTION_LAST, "DURATION", 0, "Only those of the last 10s, 5min, …", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case OPTION_FOLLOW:
        arguments->follow = true;
        return 0;
    case OPTION_LAST:
        if (dp_parse_duration(value, strlen(value), &arguments->last_ns) != 0 ||
            arguments->last_ns == 0)
            dp_usage_error(state, "--last takes a duration such as 10s, not '%s'", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Reads names and reasons first: a lane's record may come before the record that names its
 * site, and the reason of a call comes after it. */
static void read_sites(struct dp_cursor *cursor, struct dp_site_table *sites,
                       struct dp_stacks *stacks, struct dp_reasons *reasons)
{
    struct dp_record record;

    while (dp_cursor_next(cursor, &record)) {
        dp_site_table_read(sites, &record);
        dp_stacks_read(stacks, &record);
        dp_reasons_read(reasons, &record);
    }
    dp_site_paths_shorten(sites);
    dp_stacks_settle(stacks);
    dp_reasons_settle(reasons);
    dp_stacks_name(stacks);
}

/* Of a running log. */
struct follower {
    struct dp_reason_feed feed;
    long patience_ns;
};

static void await_reason(struct follower *follower, const struct dp_event_printer *printer,
                         const struct dp_record *record)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};

    if (record->id != DP_EVENT_ID_slow_operation)
        return;
    dp_reason_feed_read(&follower->feed);
    while (follower->patience_ns > 0 && !dp_event_has_reason(printer, record)) {
        fflush(stdout);
        nanosleep(&nap, NULL);
        follower->patience_ns -= NAP_NS;
        dp_reason_feed_read(&follower->feed);
    }
}

static void forget_reason(struct follower *follower, const struct dp_record *record)
{
    struct dp_event_slow_operation event;

    if (record->id != DP_EVENT_ID_slow_operation)
        return;
    dp_record_copy(record, &event);
    if (!(event.flags & DP_SLOW_IN_FLIGHT))
        dp_reason_feed_forget(&follower->feed, event.id);
}

/* Events before `from_ns` are not printed. follower NULL: those that are there now. */
static uint64_t print_all(struct dp_merge *merge, struct dp_site_table *sites,
                          struct dp_event_printer *printer, uint64_t from_ns,
                          struct follower *follower, bool progress)
{
    const struct dp_record *record;
    struct dp_progress shown = {0};
    uint64_t printed = 0, read, total;

    if (progress) {
        dp_merge_progress(merge, &read, &total);
        dp_progress_start(&shown, "reading the log", total);
    }
    for (uint64_t n = 1; (record = dp_merge_next(merge)); n++) {
        dp_site_table_read(sites, record);
        if (follower)
            await_reason(follower, printer, record);
        if (record->time_ns >= from_ns)
            printed += (uint64_t)dp_event_print(printer, record);
        if (follower)
            forget_reason(follower, record);
        if (progress && n % 65536 == 0) {
            dp_merge_progress(merge, &read, &total);
            dp_progress_show(&shown, read);
        }
    }
    dp_progress_finish(&shown);
    return printed;
}

static bool runs(const struct dp_log *log)
{
    struct dp_process_state process;
    struct dp_problem problem;
    bool found;

    return dp_state_read(log, &process, &found, &problem) == DP_EXIT_OK && found &&
           dp_state_phase(log, &process) == DP_PHASE_RUNNING;
}

static uint64_t follow(struct dp_merge *merge, struct dp_site_table *sites,
                       struct dp_event_printer *printer, struct follower *follower)
{
    const struct timespec period = {.tv_nsec = FOLLOW_PERIOD_NS};
    uint64_t printed = 0;
    bool running;

    do {
        fflush(stdout);
        if (ferror(stdout))
            break;
        nanosleep(&period, NULL);
        /* Asks before reading, so that everything the process wrote before its end is read. */
        running = runs(merge->log);
        dp_merge_refresh(merge);
        follower->patience_ns = running ? PATIENCE_NS : 0;
        printed += print_all(merge, sites, printer, 0, follower, false);
    } while (running);
    return printed;
}

/* The last seconds before now, if the process runs; otherwise before its end. */
static uint64_t begin_of_last(const struct dp_log *log, const struct dp_process_state *process,
                              uint64_t last_ns)
{
    if (last_ns == 0 || !process)
        return 0;
    uint64_t end_ns = dp_monotonic_ns();
    if (dp_state_phase(log, process) != DP_PHASE_RUNNING)
        end_ns = process->end_monotonic_ns ? process->end_monotonic_ns : process->heartbeat_ns;
    return end_ns > last_ns ? end_ns - last_ns : 0;
}

static int events_of(const char *path, const struct arguments *arguments)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_process_state process;
    struct dp_site_table sites = {0};
    struct dp_stacks stacks = {0};
    struct dp_reasons reasons = {0};
    struct dp_event_printer printer;
    struct dp_merge merge;
    struct dp_damage damage = {0};
    bool found = false;
    int status = dp_log_open(&log, path, &problem);

    if (status == DP_EXIT_OK && dp_state_read(&log, &process, &found, &problem) != DP_EXIT_OK) {
        status = DP_EXIT_DATA;
        dp_log_close(&log);
    }
    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    if (!log.has_metadata && found) {
        log.realtime_offset_ns = process.realtime_offset_ns;
        log.pid = process.pid;
    }
    struct dp_cursor own;
    dp_cursor_start(&own, &log, DP_LANE_RUNTIME);
    read_sites(&own, &sites, &stacks, &reasons);
    dp_event_printer_start(&printer, &log, &sites, arguments->common.json);
    printer.stacks = &stacks;
    printer.reasons = &reasons;
    dp_merge_start(&merge, &log);
    uint64_t from_ns = begin_of_last(&log, found ? &process : NULL, arguments->last_ns);
    struct follower follower;
    dp_reason_feed_start(&follower.feed, &own, &stacks, &reasons);
    uint64_t printed = print_all(&merge, &sites, &printer, from_ns, NULL, !arguments->follow);
    if (arguments->follow)
        printed += follow(&merge, &sites, &printer, &follower);
    dp_reason_feed_finish(&follower.feed);
    dp_merge_damage(&merge, &damage);
    if (damage.places > 0)
        dp_error("'%s' is damaged in %llu place%s; the first: %s", path,
                 (unsigned long long)damage.places, damage.places == 1 ? "" : "s",
                 damage.first.text);
    if (printed == 0 && log.n_streams == 0)
        dp_error("the log '%s' has no streams: no events", path);
    else if (printed == 0 && from_ns > 0)
        dp_error("the log '%s' holds no events of so late a time", path);
    else if (printed == 0)
        dp_error("the log '%s' holds no events; 'deep-profile doctor' says why", path);
    dp_merge_finish(&merge);
    dp_event_printer_finish(&printer);
    dp_site_table_finish(&sites);
    dp_stacks_finish(&stacks);
    dp_reasons_finish(&reasons);
    dp_log_close(&log);
    return printed > 0 ? DP_EXIT_OK : DP_EXIT_DATA;
}

int dp_cmd_events(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[DIR]",
        .doc = "Lists the events of a log in order of time. JSON has one event a line.",
        .children = children,
    };
    struct arguments arguments = {0};
    struct dp_paths logs;
    int worst;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    worst = dp_logs_find(arguments.common.path, &logs);
    if (worst == DP_EXIT_OK && arguments.follow && logs.n > 1) {
        dp_error("'%s' holds %zu logs; --follow takes one", arguments.common.path, logs.n);
        worst = DP_EXIT_USAGE;
    }
    for (size_t i = 0; i < logs.n && worst != DP_EXIT_USAGE; i++) {
        int status = events_of(logs.path[i], &arguments);
        if (status > worst)
            worst = status;
    }
    dp_paths_free(&logs);
    return worst;
}
