/* What one record of a stream adds to the profile. See profile.h. */
#include "profile_parts.h"

/* The runtime writes some dozens. */
#define MOST_SETTINGS 1024

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without state files: what the runtime would have added up. */
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

static void add_slow_totals(struct dp_profile *profile, const struct dp_event_slow_operation *event)
{
    struct dp_totals *totals = dp_profile_totals(profile, event->site);
    const struct dp_site_stats one = {
        .slow = 1, .slow_total_ns = event->duration_ns, .slow_max_ns = event->duration_ns};

    if (totals && !(event->flags & DP_SLOW_IN_FLIGHT))
        dp_totals_add(totals, &one);
}

static void add_from_record(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_call_wide wide;
    struct dp_event_production_wide production;
    struct dp_event_call_memory call_memory;
    struct dp_event_exception exception;
    struct dp_event_memory memory;
    struct dp_event_calls calls;

    switch (record->id) {
    case DP_EVENT_ID_call:
    case DP_EVENT_ID_production:
        add_sampled(profile, dp_record_call_site(record), dp_record_call_duration(record),
                    record->id == DP_EVENT_ID_call ? DP_ATTRIBUTE_PROFILE
                                                   : DP_ATTRIBUTE_PRODUCTION);
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

/* Whoever makes up a log does not know the key, and so cannot make up ids that
 * fall on each other. */
static uint64_t mix(uint64_t id, uint64_t key)
{
    id = (id ^ key) * UINT64_C(0x9E3779B97F4A7C15);
    id = (id ^ id >> 32 ^ key) * UINT64_C(0xD6E8FEB86659FD93);
    return id ^ id >> 32;
}

static uint64_t *find_in_flight(const struct dp_profile *profile, uint64_t *ids, size_t size,
                                uint64_t id)
{
    size_t i = (size_t)mix(id, profile->in_flight_key) & (size - 1);

    while (ids[i] != 0 && ids[i] != id)
        i = (i + 1) & (size - 1);
    return &ids[i];
}

static void remember_in_flight(struct dp_profile *profile, uint64_t id)
{
    if (2 * profile->in_flight_used >= profile->in_flight_size) {
        size_t size = profile->in_flight_size ? 2 * profile->in_flight_size : 64;
        if (profile->in_flight_size == 0)
            profile->in_flight_key = dp_random();
        uint64_t *ids = dp_allocate(size, sizeof *ids);
        for (size_t i = 0; i < profile->in_flight_size; i++)
            if (profile->in_flight[i] != 0)
                *find_in_flight(profile, ids, size, profile->in_flight[i]) = profile->in_flight[i];
        free(profile->in_flight);
        profile->in_flight = ids;
        profile->in_flight_size = size;
    }
    *find_in_flight(profile, profile->in_flight, profile->in_flight_size, id) = id;
    profile->in_flight_used++;
}

/* Whether this is the first that is heard of the call. The stream that tells of
 * calls in flight is read first. */
static bool first_report(struct dp_profile *profile, const struct dp_event_slow_operation *event)
{
    if (event->id == 0)
        return true;
    if (profile->in_flight_size > 0 &&
        *find_in_flight(profile, profile->in_flight, profile->in_flight_size, event->id) != 0)
        return false;
    if (event->flags & DP_SLOW_IN_FLIGHT)
        remember_in_flight(profile, event->id);
    return true;
}

static void add_slow(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_slow_operation event;
    size_t at = profile->n_slow;

    dp_record_copy(record, &event);
    if (!profile->has_lanes)
        add_slow_totals(profile, &event);
    /* One call, one line: the later report of a call replaces the one before. */
    for (size_t i = 0; i < profile->n_slow; i++) {
        if (event.id != 0 && profile->slow[i].id == event.id) {
            if (event.flags & DP_SLOW_IN_FLIGHT && profile->slow[i].duration_ns > event.duration_ns)
                return;
            memmove(&profile->slow[i], &profile->slow[i + 1],
                    (--profile->n_slow - i) * sizeof *profile->slow);
            break;
        }
    }
    profile->slow_events += first_report(profile, &event);
    at = profile->n_slow;
    while (at > 0 && profile->slow[at - 1].duration_ns < event.duration_ns)
        at--;
    if (at >= profile->slow_limit)
        return;
    if (profile->n_slow == profile->slow_limit)
        profile->n_slow--;
    memmove(&profile->slow[at + 1], &profile->slow[at],
            (profile->n_slow - at) * sizeof *profile->slow);
    profile->n_slow++;
    struct dp_slow_call *slow = &profile->slow[at];
    *slow = (struct dp_slow_call){.time_ns = record->time_ns,
                                  .duration_ns = event.duration_ns,
                                  .threshold_ns = event.threshold_ns,
                                  .error_ns = event.duration_error_ns,
                                  .id = event.id,
                                  .site = event.site,
                                  .flags = event.flags,
                                  .tid = event.tid ? event.tid : record->tid};
    if (slow->tid == record->tid)
        snprintf(slow->thread_name, sizeof slow->thread_name, "%s", record->thread_name);
}

/* A runtime that had no room for some of them writes all of them again. */
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
    profile->settings = dp_profile_append(profile->settings, &profile->n_settings,
                                          &profile->settings_capacity, sizeof *profile->settings);
    profile->settings[profile->n_settings - 1] =
        (struct dp_setting_info){.name = dp_copy(dp_record_text(record, 0)),
                                 .value = dp_copy(dp_record_text(record, 1)),
                                 .problem = dp_copy(dp_record_text(record, 2)),
                                 .source = event.source};
}

static void add_load(struct dp_profile *profile, const struct dp_record *record)
{
    profile->load = dp_profile_append(profile->load, &profile->n_load, &profile->load_capacity,
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

void dp_profile_read_record(struct dp_profile *profile, const struct dp_record *record)
{
    if (profile->records++ == 0 || record->time_ns < profile->first_ns)
        profile->first_ns = record->time_ns;
    if (record->time_ns > profile->last_ns)
        profile->last_ns = record->time_ns;
    if (!profile->has_lanes)
        add_from_record(profile, record);
    switch (record->id) {
    case DP_EVENT_ID_slow_operation:
        add_slow(profile, record);
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
        dp_record_copy(record, &profile->overhead);
        profile->has_overhead = true;
        return;
    }
}
