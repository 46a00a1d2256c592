/* See profile.h. */
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "profile_parts.h"
#include "base/progress.h"

struct dp_totals *dp_profile_totals(struct dp_profile *profile, uint32_t site)
{
    if (site >= DP_MAX_SITES)
        return NULL;
    profile->totals = dp_grow(profile->totals, &profile->totals_capacity, (size_t)site + 1,
                              sizeof *profile->totals);
    if (site >= profile->n_totals)
        profile->n_totals = (size_t)site + 1;
    if (!profile->totals[site])
        profile->totals[site] = dp_allocate(1, sizeof **profile->totals);
    return profile->totals[site];
}

struct dp_totals *dp_profile_find_totals(const struct dp_profile *profile, size_t site)
{
    return site < profile->n_totals ? profile->totals[site] : NULL;
}

uint64_t dp_profile_forgotten(const struct dp_profile *profile)
{
    bool open = profile->phase != DP_PHASE_FINISHED && profile->forgotten <= INT64_MAX;

    return open ? profile->forgotten : 0;
}

void *dp_profile_append(void *array, size_t *n, size_t *capacity, size_t size)
{
    array = dp_grow(array, capacity, *n + 1, size);
    ++*n;
    return array;
}

/* ---- state files ---- */

static void add_open(struct dp_profile *profile, const struct dp_lane_state *lane, uint32_t site,
                     uint32_t depth, bool exact, uint64_t start_ns)
{
    profile->open = dp_profile_append(profile->open, &profile->n_open, &profile->open_capacity,
                                      sizeof *profile->open);
    struct dp_open_info *open = &profile->open[profile->n_open - 1];
    *open = (struct dp_open_info){
        .tid = lane->tid, .site = site, .depth = depth, .exact = exact, .start_ns = start_ns};
    memcpy(open->thread_name, lane->thread_name, sizeof lane->thread_name);
}

/* A call in flight is known by when it is due, which the site's threshold and the
 * tick in force (the log's records) put back to when it began. */
static void date_open_calls(struct dp_profile *profile)
{
    uint64_t tick_ns = 0;

    for (size_t i = 0; i < profile->n_settings; i++) {
        const struct dp_setting_info *setting = &profile->settings[i];
        if (strcmp(setting->name, "DEEP_PROFILE_TICK") == 0)
            dp_parse_duration(setting->value, strlen(setting->value), &tick_ns);
    }
    for (size_t i = 0; i < profile->n_open; i++) {
        struct dp_open_info *open = &profile->open[i];
        const struct dp_site_info *site = dp_site_find(&profile->sites, open->site);
        const struct dp_site_attribute_info *slow =
            site ? site->attributes[DP_ATTRIBUTE_IF_SLOW] : NULL;
        if (open->exact)
            continue;
        uint64_t after = slow && dp_attribute_in_force(slow->state)
                             ? dp_slow_after(slow->threshold, tick_ns)
                             : DP_SLOW_NEVER;
        open->start_ns = open->start_ns > after ? open->start_ns - after : 0;
    }
}

/*
 * Where calls were DP_OPEN_MAX deeper before, the entries of the outermost still hold
 * what was deepest and has ended: it began after those that stand above it.
 */
static void drop_ended_calls(struct dp_profile *profile)
{
    uint64_t start_above = UINT64_MAX;
    uint32_t depth_above = 0;
    size_t first = profile->n_open;

    for (size_t i = profile->n_open; i-- > 0;) {
        const struct dp_open_info *open = &profile->open[i];
        if (open->exact || open->depth >= depth_above) /* another list */
            start_above = UINT64_MAX;
        depth_above = open->exact ? 0 : open->depth;
        if (!open->exact && open->start_ns) {
            if (open->start_ns > start_above)
                continue;
            start_above = open->start_ns;
        }
        profile->open[--first] = *open;
    }
    profile->n_open -= first;
    if (profile->n_open)
        memmove(profile->open, profile->open + first, profile->n_open * sizeof *profile->open);
}

/* Both lists tell of the same calls when a slow site is also sampled: what the
 * frames have (exact) is not told again. */
static void add_open_calls(struct dp_profile *profile, const struct dp_lane_state *lane)
{
    uint64_t frames = lane->frames_top < DP_LANE_FRAMES ? lane->frames_top : DP_LANE_FRAMES;
    uint64_t top = lane->open.top;
    uint64_t kept = top < DP_OPEN_MAX ? top : DP_OPEN_MAX;

    for (uint64_t i = 0; i < frames; i++)
        if (!(lane->frames[i].start_ns & DP_FRAME_ENDED))
            add_open(profile, lane, lane->frames[i].site, (uint32_t)i, true,
                     lane->frames[i].start_ns);
    for (uint64_t i = top - kept; i < top; i++) {
        const struct dp_open_call *call = &lane->open.calls[i % DP_OPEN_MAX];
        if (!(call->due & DP_DUE_OPENED))
            add_open(profile, lane, call->site, (uint32_t)i, false, call->due);
    }
}

static void see_lane(void *context, const struct dp_lane_state *lane)
{
    struct dp_profile *profile = context;

    profile->threads = dp_profile_append(profile->threads, &profile->n_threads,
                                         &profile->threads_capacity, sizeof *profile->threads);
    struct dp_thread_info *thread = &profile->threads[profile->n_threads - 1];
    *thread = (struct dp_thread_info){.lane = lane->lane,
                                      .tid = lane->tid,
                                      .threads = lane->threads,
                                      .alive = lane->owner == DP_LANE_OWNED,
                                      .slow_paths = lane->slow_paths};
    memcpy(thread->name, lane->thread_name, sizeof lane->thread_name);
    profile->slow_paths += lane->slow_paths;
    profile->forgotten += (uint64_t)lane->forgotten; /* some negative: wraps, and back */
    profile->gated += lane->gated;
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        profile->lost[i] += lane->lost[i];
    if (lane->owner == DP_LANE_OWNED && profile->phase != DP_PHASE_FINISHED)
        add_open_calls(profile, lane);
}

static void see_stats(void *context, const struct dp_lane_state *lane,
                      const struct dp_site_stats *stats)
{
    struct dp_totals *totals = dp_profile_totals(context, stats->site);

    (void)lane;
    if (totals)
        dp_totals_add(totals, stats);
}

static void see_block(void *context, uint32_t site, uint32_t block, const uint32_t *counters)
{
    struct dp_totals *totals = dp_profile_totals(context, site);

    if (totals)
        dp_histogram_add_block(&totals->histogram, block, counters);
}

static void see_count(void *context, const struct dp_lane_state *lane, uint32_t slot,
                      uint64_t calls)
{
    struct dp_profile *profile = context;
    uint32_t site = profile->has_process ? profile->process.counted_site[slot] : 0;
    struct dp_totals *totals = site ? dp_profile_totals(profile, site) : NULL;

    (void)lane;
    if (!totals)
        return;
    totals->has_counted = true;
    totals->counted += calls;
}

static int read_state(struct dp_profile *profile, struct dp_problem *problem)
{
    const struct dp_lane_visitor visitor = {profile, see_lane, see_stats, see_block, see_count};
    int status = dp_state_read(&profile->log, &profile->process, &profile->has_process, problem);

    if (status != DP_EXIT_OK)
        return status;
    if (profile->has_process) {
        profile->phase = dp_state_phase(&profile->log, &profile->process);
        profile->gated += profile->process.gated;
        for (int i = 0; i < DP_LOSS_COUNT; i++)
            profile->lost[i] += profile->process.lost[i];
    } else {
        char *path = dp_join(profile->log.path, "state/process");
        struct dp_look there;
        if (dp_look_inside(path, &there) == 0)
            dp_damage_note(&profile->damage, 0, "state/process: cut off, or not a process's state");
        free(path);
    }
    profile->has_lanes = dp_state_lanes(&profile->log, &visitor, &profile->damage) > 0;
    return DP_EXIT_OK;
}

/* ---- streams ---- */

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

/* "runtime" comes first: it names the sites. */
static void read_streams(struct dp_profile *profile, bool lanes)
{
    const struct dp_log *log = &profile->log;
    struct dp_progress progress;

    dp_progress_start(&progress, "reading the log", stream_bytes(log, false));
    for (size_t i = 0; i < log->n_streams; i++)
        if ((i == 0 || log->streams[i].lane != log->streams[i - 1].lane) &&
            (lanes || log->streams[i].lane == DP_LANE_RUNTIME))
            read_lane(profile, log->streams[i].lane, &progress);
    dp_progress_finish(&progress);
}

/* Code that has no counter of its own, but is counted by a rule, is counted at
 * the gate: among the calls that the runtime saw. */
static void take_counts_of_the_gate(struct dp_profile *profile)
{
    for (uint32_t i = 0; i < profile->n_totals; i++) {
        struct dp_totals *totals = profile->totals[i];
        const struct dp_site_info *site = dp_site_find(&profile->sites, i);
        const struct dp_site_attribute_info *calls =
            site ? site->attributes[DP_ATTRIBUTE_CALLS] : NULL;
        if (!totals || totals->has_counted || totals->sum.calls == 0 || !calls ||
            !dp_attribute_in_force(calls->state))
            continue;
        totals->has_counted = true;
        totals->counted = totals->sum.calls;
    }
}

static void count_by_chance(struct dp_profile *profile)
{
    profile->by_chance = 0;
    for (size_t i = 0; i < profile->n_totals; i++)
        profile->by_chance += profile->totals[i] && dp_totals_by_chance(profile->totals[i]);
}

/* ---- the whole ---- */

static bool readable(const struct dp_profile *profile)
{
    return profile->has_process || profile->has_lanes || profile->records > 0;
}

int dp_profile_gather(struct dp_profile *profile, const char *path, unsigned what,
                      size_t slow_limit, struct dp_problem *problem)
{
    *profile = (struct dp_profile){.slow_limit = slow_limit};
    profile->slow = dp_allocate(slow_limit + 1, sizeof *profile->slow);
    int status = dp_log_open(&profile->log, path, problem);
    if (status == DP_EXIT_OK && what & DP_PROFILE_STATE)
        status = read_state(profile, problem);
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
    take_counts_of_the_gate(profile);
    count_by_chance(profile);
    date_open_calls(profile);
    drop_ended_calls(profile);
    profile->stream_bytes = stream_bytes(&profile->log, true);
    return DP_EXIT_OK;
}

static void forget_state(struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_totals; i++) {
        if (profile->totals[i])
            dp_totals_finish(profile->totals[i]);
        free(profile->totals[i]);
        profile->totals[i] = NULL;
    }
    profile->damage = (struct dp_damage){0};
    profile->n_open = profile->n_threads = 0;
    profile->gated = profile->slow_paths = profile->forgotten = 0;
    memset(profile->lost, 0, sizeof profile->lost);
}

int dp_profile_update(struct dp_profile *profile, struct dp_problem *problem)
{
    struct dp_cursor cursor;
    struct dp_record record;

    forget_state(profile);
    dp_log_refresh(&profile->log);
    /* Modules may have been loaded since. */
    dp_cursor_start(&cursor, &profile->log, DP_LANE_RUNTIME);
    while (dp_cursor_next(&cursor, &record)) {
        dp_site_table_read(&profile->sites, &record);
        if (record.id == DP_EVENT_ID_overhead)
            dp_record_copy(&record, &profile->overhead);
    }
    dp_cursor_finish(&cursor);
    int status = read_state(profile, problem);
    take_counts_of_the_gate(profile);
    count_by_chance(profile);
    date_open_calls(profile);
    drop_ended_calls(profile);
    return status;
}

bool dp_setting_refused(const struct dp_setting_info *setting)
{
    return setting->source == 2 || *setting->problem;
}

char *dp_refused_text(const struct dp_setting_info *setting, char text[static DP_REFUSED_TEXT])
{
    /* Of a setting the log has the value that holds, of a rule the rule. */
    if (strcmp(setting->name, "DEEP_PROFILE") == 0)
        snprintf(text, DP_REFUSED_TEXT, "rule '%s' of DEEP_PROFILE was left out: %s",
                 setting->value, setting->problem);
    else
        snprintf(text, DP_REFUSED_TEXT, "setting %s was refused: %s; '%s' holds", setting->name,
                 setting->problem, setting->value);
    return text;
}

void dp_profile_finish(struct dp_profile *profile)
{
    forget_state(profile);
    for (size_t i = 0; i < profile->n_settings; i++) {
        free(profile->settings[i].name);
        free(profile->settings[i].value);
        free(profile->settings[i].problem);
    }
    free(profile->totals);
    free(profile->slow);
    free(profile->in_flight);
    free(profile->load);
    free(profile->settings);
    free(profile->open);
    free(profile->threads);
    dp_site_table_finish(&profile->sites);
    dp_log_close(&profile->log);
    *profile = (struct dp_profile){0};
}

/* ---- questions ---- */

static bool has_totals(const struct dp_totals *totals)
{
    if (!totals)
        return false;
    const struct dp_site_stats *sum = &totals->sum;
    return sum->calls || sum->sampled || sum->slow || sum->memory_calls || sum->exceptions ||
           sum->gated || totals->counted;
}

bool dp_profile_has_data(const struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_totals; i++)
        if (has_totals(profile->totals[i]))
            return true;
    return profile->slow_events > 0 || profile->n_open > 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t dp_profile_start_ns(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.start_monotonic_ns : profile->first_ns;
}

uint64_t dp_profile_wall_ns(const struct dp_profile *profile)
{
    uint64_t start = dp_profile_start_ns(profile), end = profile->last_ns;

    if (profile->phase == DP_PHASE_FINISHED)
        end = profile->process.end_monotonic_ns;
    else if (profile->phase == DP_PHASE_RUNNING)
        end = now_ns();
    else if (profile->has_process && profile->process.heartbeat_ns > end)
        end = profile->process.heartbeat_ns;
    if (profile->phase == DP_PHASE_KILLED ||
        profile->phase == DP_PHASE_ELSEWHERE) /* it lived when these were entered */
        for (size_t i = 0; i < profile->n_open; i++)
            if (profile->open[i].start_ns > end)
                end = profile->open[i].start_ns;
    return end > start ? end - start : 0;
}

uint64_t dp_profile_gate_closed_ns(const struct dp_profile *profile)
{
    uint64_t end = dp_profile_start_ns(profile) + dp_profile_wall_ns(profile);
    uint64_t closed_ns = 0, since = 0;
    uint32_t resources = 0; /* that keep it closed */

    for (size_t i = 0; i <= profile->n_load; i++) {
        bool last = i == profile->n_load;
        uint64_t now = last ? end : profile->load[i].time_ns;
        if (resources && now > since)
            closed_ns += now - since;
        if (last)
            break;
        const struct dp_event_load *event = &profile->load[i].event;
        uint32_t bit = 1u << (event->resource & 31);
        resources = event->closed ? resources | bit : resources & ~bit;
        since = now;
    }
    return closed_ns;
}

uint64_t dp_profile_realtime(const struct dp_profile *profile, uint64_t monotonic_ns)
{
    return monotonic_ns + (profile->has_process ? profile->process.realtime_offset_ns
                                                : profile->log.realtime_offset_ns);
}

const char *dp_profile_program(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.program : profile->log.program;
}

uint32_t dp_profile_pid(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.pid : profile->log.pid;
}

bool dp_profile_self_known(const struct dp_profile *profile, uint32_t site)
{
    /* child_ns is kept by the runtime, not in records. */
    if (!profile->has_lanes)
        return false;
    const struct dp_totals *own = dp_profile_find_totals(profile, site);
    return profile->by_chance == (own && dp_totals_by_chance(own));
}

struct ranked {
    uint32_t site;
    double total_ns;
    double calls;
};

static int hotter(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->total_ns != y->total_ns)
        return x->total_ns > y->total_ns ? -1 : 1;
    if (x->calls != y->calls)
        return x->calls > y->calls ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

uint32_t *dp_profile_hottest(const struct dp_profile *profile, size_t *n)
{
    struct ranked *ranked = dp_allocate(profile->n_totals, sizeof *ranked);
    uint32_t *sites = dp_allocate(profile->n_totals, sizeof *sites);

    *n = 0;
    for (size_t i = 0; i < profile->n_totals; i++) {
        const struct dp_totals *totals = profile->totals[i];
        if (!has_totals(totals))
            continue;
        double total = dp_estimate_total(totals).value;
        double slow = (double)totals->sum.slow_total_ns;
        ranked[(*n)++] = (struct ranked){(uint32_t)i, total > slow ? total : slow,
                                         dp_estimate_calls(totals).value};
    }
    qsort(ranked, *n, sizeof *ranked, hotter);
    for (size_t i = 0; i < *n; i++)
        sites[i] = ranked[i].site;
    free(ranked);
    return sites;
}
