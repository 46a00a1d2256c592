/* See profile_gather.h. */
#include "profile_gather.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/progress.h"
#include "log/files.h"
#include "log/log_cursor.h"
#include "completeness.h"
#include "open_calls.h"
#include "profile_records.h"
#include "profile_state.h"
#include "site_paths.h"
#include "slow_calls.h"

static void read_lane(struct dp_profile *profile, int64_t lane, struct dp_progress *progress)
{
    struct dp_cursor cursor;
    struct dp_record record;
    uint64_t before = progress->done;

    dp_cursor_start(&cursor, &profile->log, lane);
    for (uint64_t n = 1; dp_cursor_next(&cursor, &record); n++) {
        dp_profile_read_record(profile, &record);
        if (n % 65536 == 0)
            dp_progress_show(progress, before + dp_cursor_position(&cursor));
    }
    dp_progress_show(progress, before + dp_cursor_position(&cursor));
    dp_damage_add(&profile->damage, &cursor.damage);
    dp_cursor_finish(&cursor);
}

static uint64_t stream_bytes(const struct dp_log *log, bool on_disk)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < log->n_streams; i++) {
        struct dp_look look;
        char *path = dp_join(log->path, log->streams[i].name);
        if (dp_look_inside(path, &look) == 0)
            bytes += on_disk ? look.disk_bytes : look.bytes;
        free(path);
    }
    return bytes;
}

/* The stream "runtime" comes first: its records name the sites. */
static void read_streams(struct dp_profile *profile, bool lanes)
{
    const struct dp_log *log = &profile->log;
    struct dp_progress progress;

    dp_progress_start(&progress, "reading the log", stream_bytes(log, false));
    for (int64_t lane = INT64_MIN; dp_log_next_lane(log, &lane);) /* a cursor may list again */
        if (lanes || lane == DP_LANE_RUNTIME)
            read_lane(profile, lane, &progress);
    dp_progress_finish(&progress);
}

/* A function that a rule counts, but whose code has no counter, is counted by the calls
 * that opened its gate. */
static void take_counts_of_the_gate(struct dp_profile *profile)
{
    for (uint32_t i = 0; i < profile->n_totals; i++) {
        struct dp_totals *totals = profile->totals[i];
        const struct dp_site_info *site = dp_site_find(&profile->sites, i);
        const struct dp_site_attribute_info *calls =
            site ? site->attributes[DP_ATTRIBUTE_CALLS] : NULL;
        if (!totals || totals->has_counted || totals->sum.calls == 0 || !calls ||
            !dp_attribute_in_force(calls->state) || totals->governed)
            continue;
        totals->has_counted = true;
        totals->counted = totals->sum.calls;
    }
}

/* What is no function is kept apart, once the records have said what it is. */
static void take_named(struct dp_profile *profile)
{
    struct dp_named_table *table = &profile->sites.named;

    for (size_t i = 0; i < table->n; i++) {
        struct dp_totals *totals = dp_profile_find_totals(profile, table->named[i].index);
        if (!totals || table->named[i].totals)
            continue;
        table->named[i].totals = totals;
        profile->totals[table->named[i].index] = NULL;
    }
}

/* What needs all records to be read first. */
static void settle(struct dp_profile *profile)
{
    dp_windows_settle(profile);
    take_named(profile);
    for (size_t i = 0; i < profile->n_totals; i++)
        if (profile->totals[i])
            dp_governor_settle(&profile->governor, i, profile->totals[i]);
    take_counts_of_the_gate(profile);
    dp_profile_find_untimed(profile);
    dp_profile_find_watched(profile);
    dp_site_paths_shorten(&profile->sites);
    dp_slow_calls_settle(profile);
    dp_open_calls_settle(profile);
    dp_stacks_settle(&profile->stacks);
    dp_reasons_settle(&profile->reasons);
    dp_allocations_settle(&profile->allocations, &profile->stacks);
    dp_saved_trees_settle(&profile->saved_trees);
    dp_timeline_settle(&profile->timeline);
    if (profile->tree)
        dp_call_tree_settle(profile->tree);
}

static bool readable(const struct dp_profile *profile)
{
    return profile->has_process || profile->has_lanes || profile->records > 0;
}

int dp_profile_gather(struct dp_profile *profile, const char *path, unsigned what,
                      size_t slow_limit, struct dp_problem *problem)
{
    return dp_profile_gather_window(profile, path, what, slow_limit, NULL, problem);
}

static int set_window(struct dp_profile *profile, const struct dp_window_request *window,
                      struct dp_problem *problem)
{
    if (!window || !window->wanted || dp_windows_set(profile, window))
        return DP_EXIT_OK;
    if (profile->has_process)
        dp_problem_set(problem, "the process of '%s' did not run then", profile->log.path);
    else
        dp_problem_set(problem, "'%s' has no state of the process: its start is not known",
                       profile->log.path);
    return DP_EXIT_DATA;
}

int dp_profile_gather_window(struct dp_profile *profile, const char *path, unsigned what,
                             size_t slow_limit, const struct dp_window_request *window,
                             struct dp_problem *problem)
{
    *profile = (struct dp_profile){.slow_limit = slow_limit};
    if (what & DP_PROFILE_TREE)
        profile->tree = dp_call_tree_create();
    int status = dp_log_open(&profile->log, path, problem);
    if (status == DP_EXIT_OK && what & DP_PROFILE_STATE)
        status = dp_profile_read_state(profile, problem);
    if (status == DP_EXIT_OK)
        status = set_window(profile, window, problem);
    if (status == DP_EXIT_OK)
        read_streams(profile, what & DP_PROFILE_STREAMS);
    profile->has_records = what & DP_PROFILE_STREAMS;
    if (status == DP_EXIT_OK && !readable(profile)) {
        if (profile->damage.places > 0)
            dp_problem_set(problem, "nothing of the log '%s' can be read: %.400s", path,
                           profile->damage.first.text);
        else
            dp_problem_set(problem, "the log '%s' is empty", path);
        status = DP_EXIT_DATA;
    }
    if (status != DP_EXIT_OK) {
        dp_profile_finish(profile);
        return status;
    }
    settle(profile);
    profile->stream_bytes = stream_bytes(&profile->log, true);
    return DP_EXIT_OK;
}

int dp_profile_update(struct dp_profile *profile, struct dp_problem *problem)
{
    struct dp_cursor cursor;
    struct dp_record record;

    dp_profile_forget_state(profile);
    dp_log_refresh(&profile->log);
    /* Modules may have been loaded since. */
    dp_timeline_finish(&profile->timeline); /* these records are read again */
    dp_alert_records_finish(&profile->alert_records);
    dp_cursor_start(&cursor, &profile->log, DP_LANE_RUNTIME);
    while (dp_cursor_next(&cursor, &record)) {
        dp_site_table_read(&profile->sites, &record);
        dp_timeline_read(&profile->timeline, &record);
        dp_alert_records_read(&profile->alert_records, &record);
        dp_governor_read(&profile->governor, &record);
        if (record.id == DP_EVENT_ID_overhead)
            dp_record_copy(&record, &profile->overhead);
    }
    dp_cursor_finish(&cursor);
    int status = dp_profile_read_state(profile, problem);
    settle(profile);
    return status;
}
