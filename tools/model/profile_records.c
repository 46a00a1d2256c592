/* See profile_records.h. */
#include "profile_records.h"

#include <string.h>

#include "base/memory.h"
#include "slow_calls.h"

/* The runtime writes some dozens. */
#define MOST_SETTINGS 1024

/* Without state files the records are added up as the runtime adds up calls. */
static void add_sampled(struct dp_profile *profile, uint32_t site, uint64_t duration_ns,
                        enum dp_attribute attribute)
{
    struct dp_totals *totals = dp_profile_totals(profile, site);
    const struct dp_site_info *info = dp_site_find(&profile->sites, site);
    uint32_t ppb = 0;

    if (!totals)
        return;
    if (info && info->attributes[attribute])
        ppb = info->attributes[attribute]->rate_ppb;
    double rate = ppb > 0 && ppb < 1000000000 ? ppb / 1e9 : 1;
    double variance = DP_WEIGHT_UNIT * (1 - rate) / rate / rate, two_64 = 18446744073709551616.0;
    uint64_t high = (uint64_t)(variance / two_64);
    const struct dp_site_stats one = {.sampled = 1,
                                      .estimated = (uint64_t)(DP_WEIGHT_UNIT / rate + 0.5),
                                      .variance =
                                          (uint64_t)(variance - (double)high * two_64 + 0.5),
                                      .variance_high = high,
                                      .total_ns = duration_ns,
                                      .min_ns = duration_ns,
                                      .max_ns = duration_ns};
    dp_totals_add(totals, &one);
    dp_histogram_add(&totals->histogram, duration_ns);
}

static void add_memory(struct dp_profile *profile, const struct dp_event_memory *event)
{
    struct dp_totals *totals = dp_profile_totals(profile, event->site);
    const struct dp_site_stats one = {.memory_calls = 1,
                                      .allocated_bytes = event->allocated_bytes,
                                      .freed_bytes = event->freed_bytes,
                                      .allocations = event->allocations,
                                      .frees = event->frees,
                                      .peak_bytes = event->peak_bytes};
    if (totals)
        dp_totals_add(totals, &one);
}

static void add_call_memory(struct dp_profile *profile, const struct dp_event_call_memory *event)
{
    const struct dp_event_memory memory = {.site = event->site,
                                           .allocated_bytes = event->allocated_bytes,
                                           .freed_bytes = event->freed_bytes,
                                           .allocations = event->allocations,
                                           .frees = event->frees,
                                           .peak_bytes = event->peak_bytes};

    add_sampled(profile, event->site, event->duration_ns, DP_ATTRIBUTE_PROFILE);
    add_memory(profile, &memory);
}

static void add_calls(struct dp_profile *profile, const struct dp_event_calls *event)
{
    struct dp_totals *totals = dp_profile_totals(profile, event->site);

    if (!totals)
        return;
    totals->has_counted = true;
    totals->counted += event->calls;
}

static void add_slow_totals(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_slow_operation event;

    dp_record_copy(record, &event);
    struct dp_totals *totals = dp_profile_totals(profile, event.site);
    const struct dp_site_stats one = {
        .slow = 1, .slow_total_ns = event.duration_ns, .slow_max_ns = event.duration_ns};
    if (!totals || event.flags & DP_SLOW_IN_FLIGHT)
        return;
    dp_totals_add(totals, &one);
    uint64_t error_ns = event.duration_error_ns < event.duration_ns ? event.duration_error_ns : 0;
    dp_histogram_add(&totals->slow_least, event.duration_ns - error_ns);
    dp_histogram_add(&totals->slow_most, event.duration_ns + error_ns);
}

static void add_from_record(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_call call;
    struct dp_event_production short_production;
    struct dp_event_call_wide wide;
    struct dp_event_production_wide production;
    struct dp_event_call_memory call_memory;
    struct dp_event_exception exception;
    struct dp_event_memory memory;
    struct dp_event_calls calls;

    switch (record->id) {
    case DP_EVENT_ID_call:
        dp_record_copy(record, &call);
        add_sampled(profile, call.site, call.duration_ns, DP_ATTRIBUTE_PROFILE);
        return;
    case DP_EVENT_ID_production:
        dp_record_copy(record, &short_production);
        add_sampled(profile, short_production.site, short_production.duration_ns,
                    DP_ATTRIBUTE_PRODUCTION);
        return;
    case DP_EVENT_ID_call_wide:
        dp_record_copy(record, &wide);
        add_sampled(profile, wide.site, wide.duration_ns, DP_ATTRIBUTE_PROFILE);
        return;
    case DP_EVENT_ID_production_wide:
        dp_record_copy(record, &production);
        add_sampled(profile, production.site, production.duration_ns, DP_ATTRIBUTE_PRODUCTION);
        return;
    case DP_EVENT_ID_call_memory:
        dp_record_copy(record, &call_memory);
        add_call_memory(profile, &call_memory);
        return;
    case DP_EVENT_ID_exception:
        dp_record_copy(record, &exception);
        add_sampled(profile, exception.site, exception.duration_ns, DP_ATTRIBUTE_PROFILE);
        if (dp_profile_find_totals(profile, exception.site))
            dp_profile_find_totals(profile, exception.site)->sum.exceptions++;
        return;
    case DP_EVENT_ID_memory:
        dp_record_copy(record, &memory);
        add_memory(profile, &memory);
        return;
    case DP_EVENT_ID_calls:
        dp_record_copy(record, &calls);
        add_calls(profile, &calls);
        return;
    }
}

/* When the runtime had no room for some settings, it writes all of them again. */
static bool is_known(const struct dp_profile *profile, const struct dp_record *record)
{
    for (size_t i = 0; i < profile->n_settings; i++) {
        const struct dp_setting_info *setting = &profile->settings[i];
        if (strcmp(setting->name, dp_record_text(record, 0)) == 0 &&
            strcmp(setting->value, dp_record_text(record, 1)) == 0)
            return true;
    }
    return false;
}

static void add_setting(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_setting event;

    if (profile->n_settings == MOST_SETTINGS) {
        dp_damage_note(&profile->damage, 0, "more than %d settings: the rest is left out",
                       MOST_SETTINGS);
        return;
    }
    dp_record_copy(record, &event);
    if (is_known(profile, record))
        return;
    profile->settings = dp_append(profile->settings, &profile->n_settings,
                                  &profile->settings_capacity, sizeof *profile->settings);
    profile->settings[profile->n_settings - 1] =
        (struct dp_setting_info){.name = dp_copy(dp_record_text(record, 0)),
                                 .value = dp_copy(dp_record_text(record, 1)),
                                 .problem = dp_copy(dp_record_text(record, 2)),
                                 .source = event.source};
}

static void add_load(struct dp_profile *profile, const struct dp_record *record)
{
    profile->load = dp_append(profile->load, &profile->n_load, &profile->load_capacity,
                              sizeof *profile->load);
    struct dp_load_move *move = &profile->load[profile->n_load - 1];
    move->time_ns = record->time_ns;
    dp_record_copy(record, &move->event);
}

static void add_lost(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_lost event;

    dp_record_copy(record, &event);
    if (event.reason < DP_LOSS_COUNT)
        profile->lost_events[event.reason] += event.count;
}

/* ---- windows ---- */

static bool is_timed_call(uint32_t id)
{
    return id == DP_EVENT_ID_call || id == DP_EVENT_ID_call_wide || id == DP_EVENT_ID_production ||
           id == DP_EVENT_ID_production_wide || id == DP_EVENT_ID_call_memory;
}

/* What a record says happened at its time. Others say what is true for good, or belong to a call
 * by its id. */
static bool is_of_its_time(const struct dp_record *record)
{
    struct dp_event_sample sample;

    switch (record->id) {
    case DP_EVENT_ID_exception:
    case DP_EVENT_ID_slow_operation:
    case DP_EVENT_ID_memory:
    case DP_EVENT_ID_calls:
    case DP_EVENT_ID_lost:
    case DP_EVENT_ID_call_tree:
    case DP_EVENT_ID_call_tree_node:
        return true;
    case DP_EVENT_ID_sample:
        dp_record_copy(record, &sample);
        return sample.call == 0;
    default:
        return is_timed_call(record->id);
    }
}

/* Allocations and releases have the moment in them. */
static bool is_after_window(const struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_allocation allocation;
    struct dp_event_release release;
    uint64_t at_ns = 0;

    if (record->id == DP_EVENT_ID_allocation) {
        dp_record_copy(record, &allocation);
        at_ns = allocation.at_ns;
    } else if (record->id == DP_EVENT_ID_release) {
        dp_record_copy(record, &release);
        at_ns = release.at_ns;
    }
    return at_ns >= profile->windows.to_ns;
}

/* The first member of every record of a timed call is its site. */
static void count_timed_call(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_windows *windows = &profile->windows;
    struct dp_profile aside = *profile;
    struct dp_event_call call;
    struct dp_event_production production;
    uint32_t site;

    memcpy(&site, record->payload, sizeof site);
    if (record->id == DP_EVENT_ID_call) {
        dp_record_copy(record, &call);
        site = call.site;
    } else if (record->id == DP_EVENT_ID_production) {
        dp_record_copy(record, &production);
        site = production.site;
    }
    struct dp_window_site *of = dp_windows_site(windows, site);
    if (of)
        of->recorded++;
    if (!of || !dp_windows_has(windows, record->time_ns))
        return;
    aside.totals = windows->recorded;
    aside.n_totals = windows->n_recorded;
    aside.totals_capacity = windows->recorded_capacity;
    add_from_record(&aside, record);
    windows->recorded = aside.totals;
    windows->n_recorded = aside.n_totals;
    windows->recorded_capacity = aside.totals_capacity;
}

static void add_overhead(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_overhead event;
    const struct dp_windows *windows = &profile->windows;

    dp_record_copy(record, &event);
    if (windows->set && record->time_ns <= windows->from_ns) {
        profile->overhead_before = event;
        profile->overhead_before_ns = record->time_ns;
    }
    if (windows->set && record->time_ns > windows->to_ns && profile->has_overhead)
        return;
    profile->overhead = event;
    profile->overhead_ns = record->time_ns;
    profile->has_overhead = true;
}

/* Also of losses outside of the window. */
static void count_lost(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_lost event;

    dp_record_copy(record, &event);
    if (event.reason < DP_LOSS_COUNT)
        profile->windows.lost[event.reason] += event.count;
}

static bool is_slow_in_flight(const struct dp_record *record)
{
    struct dp_event_slow_operation event;

    if (record->id != DP_EVENT_ID_slow_operation)
        return false;
    dp_record_copy(record, &event);
    return event.flags & DP_SLOW_IN_FLIGHT;
}

/* False: the record is not of the window. */
static bool look_at_window(struct dp_profile *profile, const struct dp_record *record)
{
    if (!profile->windows.set)
        return true;
    if (profile->has_lanes && is_timed_call(record->id))
        count_timed_call(profile, record);
    if (is_slow_in_flight(record)) /* it ended later: that is when it belongs */
        return profile->windows.to_the_end && dp_windows_has(&profile->windows, record->time_ns);
    if (is_of_its_time(record))
        return dp_windows_has(&profile->windows, record->time_ns);
    return !is_after_window(profile, record);
}

void dp_profile_read_record(struct dp_profile *profile, const struct dp_record *record)
{
    if (profile->records++ == 0 || record->time_ns < profile->first_ns)
        profile->first_ns = record->time_ns;
    if (record->time_ns > profile->last_ns)
        profile->last_ns = record->time_ns;
    if (record->id == DP_EVENT_ID_interval) {
        dp_windows_read_interval(&profile->windows, record);
        return;
    }
    if (record->id == DP_EVENT_ID_lost)
        count_lost(profile, record);
    if (!look_at_window(profile, record))
        return;
    if (!profile->has_lanes)
        add_from_record(profile, record);
    if (profile->tree)
        dp_call_tree_add(profile->tree, record);
    dp_stacks_read(&profile->stacks, record);
    dp_reasons_read(&profile->reasons, record);
    dp_allocations_read(&profile->allocations, record);
    dp_saved_trees_read(&profile->saved_trees, record);
    dp_timeline_read(&profile->timeline, record);
    dp_alert_records_read(&profile->alert_records, record);
    dp_history_read(&profile->history, record);
    dp_governor_read(&profile->governor, record);
    switch (record->id) {
    case DP_EVENT_ID_slow_operation:
        if (!profile->has_lanes)
            add_slow_totals(profile, record);
        dp_slow_call_add(profile, record);
        return;
    case DP_EVENT_ID_memory:
        profile->memory_events++;
        return;
    case DP_EVENT_ID_load:
        add_load(profile, record);
        return;
    case DP_EVENT_ID_lost:
        add_lost(profile, record);
        return;
    case DP_EVENT_ID_site:
    case DP_EVENT_ID_site_attribute:
        dp_site_table_read(&profile->sites, record);
        return;
    case DP_EVENT_ID_setting:
        add_setting(profile, record);
        return;
    case DP_EVENT_ID_overhead:
        add_overhead(profile, record);
        return;
    }
}
