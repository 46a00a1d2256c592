/* See report.h. Times are nanoseconds, shares are fractions, null is unknown. */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event_json.h"

#include "base/units.h"

/* ---- figures that text and JSON share ---- */

uint64_t dp_report_process_cpu_ns(const struct dp_profile *profile)
{
    return profile->has_overhead ? profile->overhead.process_cpu_ns : 0;
}

uint64_t dp_report_slow_paths_ns(const struct dp_profile *profile)
{
    if (profile->has_process && profile->has_lanes)
        return profile->slow_paths * profile->process.slow_path_ns;
    return profile->overhead.slow_paths * profile->overhead.slow_path_ns;
}

uint64_t dp_report_steward_ns(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.steward_cpu_ns
                                : profile->overhead.steward_cpu_ns;
}

/* ---- JSON ---- */

/* KEY, KEY_low and KEY_high: the 95 % confidence interval. */
static void put_estimate(struct dp_json *object, const char *key, struct dp_estimate estimate)
{
    char low[64], high[64];

    snprintf(low, sizeof low, "%s_low", key);
    snprintf(high, sizeof high, "%s_high", key);
    dp_json_put_number(object, key, estimate.value, 0);
    dp_json_put_number(object, low, estimate.low, 0);
    dp_json_put_number(object, high, estimate.high, 0);
}

static void put_site(struct dp_json *object, const struct dp_profile *profile, uint32_t index)
{
    const struct dp_site_info *site = dp_site_find(&profile->sites, index);

    dp_json_put_u64(object, "site", index);
    dp_json_put_text(object, "function", site ? site->function : NULL);
    dp_json_put_text(object, "file", site ? site->file : NULL);
    dp_json_put_u64(object, "line", site ? site->line : 0);
    dp_json_put_text(object, "module", site ? site->module : NULL);
}

static void put_memory(struct dp_json *object, const struct dp_site_stats *sum)
{
    struct dp_json *memory = dp_json_put_object(object, "memory");

    dp_json_put_u64(memory, "calls", sum->memory_calls);
    dp_json_put_i64(memory, "delta_bytes", (int64_t)(sum->allocated_bytes - sum->freed_bytes));
    dp_json_put_u64(memory, "allocated_bytes", sum->allocated_bytes);
    dp_json_put_u64(memory, "freed_bytes", sum->freed_bytes);
    dp_json_put_u64(memory, "allocations", sum->allocations);
    dp_json_put_u64(memory, "frees", sum->frees);
    dp_json_put_i64(memory, "peak_bytes", sum->peak_bytes);
}

static void put_times(struct dp_json *object, const struct dp_totals *totals)
{
    dp_json_put_u64(object, "min_ns", totals->sum.min_ns);
    dp_json_put_number(object, "mean_ns", dp_mean_ns(totals), 1);
    dp_json_put_u64(object, "max_ns", totals->sum.max_ns);
    dp_json_put_number(object, "stddev_ns", dp_deviation_ns(totals), 1);
    dp_json_put_number(object, "p50_ns", dp_quantile_ns(totals, 0.5), 0);
    dp_json_put_number(object, "p90_ns", dp_quantile_ns(totals, 0.9), 0);
    dp_json_put_number(object, "p99_ns", dp_quantile_ns(totals, 0.99), 0);
    dp_json_put_number(object, "p99.9_ns", dp_quantile_ns(totals, 0.999), 0);
}

static void put_function(struct dp_json *object, const struct dp_profile *profile, uint32_t index)
{
    const struct dp_totals *totals = dp_profile_find_totals(profile, index);
    const struct dp_site_stats *sum = &totals->sum;
    struct dp_estimate calls = dp_estimate_calls(totals), total = dp_estimate_total(totals);

    put_site(object, profile, index);
    put_estimate(object, "estimated_calls", calls);
    dp_json_put_bool(object, "exact", calls.exact);
    dp_json_put_u64(object, "sampled", sum->sampled);
    dp_json_put_u64(object, "gated", sum->gated);
    dp_json_put_u64(object, "exceptions", sum->exceptions);
    if (sum->sampled > 0) {
        put_estimate(object, "total_ns", total);
        if (dp_profile_self_known(profile, index) && sum->total_ns > 0)
            dp_json_put_number(object, "self_ns",
                               total.value * (1 - (double)sum->child_ns / (double)sum->total_ns),
                               0);
        dp_json_put_number(object, "share_of_wall",
                           total.value / (double)dp_profile_wall_ns(profile), 6);
        dp_json_put_number(object, "share_of_cpu",
                           total.value / (double)dp_report_process_cpu_ns(profile), 6);
        put_times(object, totals);
    }
    if (sum->slow > 0) {
        dp_json_put_u64(object, "slow", sum->slow);
        dp_json_put_u64(object, "slow_total_ns", sum->slow_total_ns);
        dp_json_put_u64(object, "slow_max_ns", sum->slow_max_ns);
    }
    if (sum->memory_calls > 0)
        put_memory(object, sum);
    if (totals->has_counted)
        dp_json_put_u64(object, "counted", totals->counted);
}

static void put_functions(struct dp_json *object, const struct dp_report *report)
{
    struct dp_json *array = dp_json_put_array(object, "functions");
    size_t n;
    uint32_t *sites = dp_profile_hottest(report->profile, &n);

    for (size_t i = 0; i < n && (report->limit == 0 || i < report->limit); i++)
        put_function(dp_json_add_object(array), report->profile, sites[i]);
    free(sites);
}

/* Of a repeated key the last one counts. */
static bool is_given_again(const struct dp_options *options, size_t i)
{
    const struct dp_word *key = &options->metadata_key[i];

    for (size_t j = i + 1; j < options->n_metadata; j++)
        if (dp_event_word_is(key, &options->metadata_key[j]))
            return true;
    return false;
}

/* What the person wrote as metadata=key:value; no member where that is nothing. */
static void put_metadata(struct dp_json *object, const struct dp_site_info *site)
{
    const struct dp_options *options = dp_site_options(site, DP_ATTRIBUTE_IF_SLOW);

    if (!options || options->n_metadata == 0)
        return;
    struct dp_json *metadata = dp_json_put_object(object, "metadata");
    for (size_t i = 0; i < options->n_metadata; i++) {
        const struct dp_word *value = &options->metadata_value[i];
        char *key = strndup(options->metadata_key[i].text, options->metadata_key[i].length);
        if (key && !is_given_again(options, i))
            dp_json_put_word(metadata, key, value->text, value->length);
        free(key);
    }
}

static void put_slow(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *array = dp_json_put_array(object, "slow_operations");

    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *slow = &profile->slow[i];
        struct dp_json *one = dp_json_add_object(array);
        put_site(one, profile, slow->site);
        dp_json_put_u64(one, "duration_ns", slow->duration_ns);
        dp_json_put_u64(one, "duration_error_ns", slow->error_ns);
        dp_json_put_u64(one, "threshold_ns", slow->threshold_ns);
        dp_json_put_u64(one, "end_unix_ns", dp_profile_realtime(profile, slow->time_ns));
        dp_json_put_u64(one, "tid", slow->tid);
        dp_json_put_text(one, "thread", slow->thread_name);
        dp_json_put_bool(one, "in_flight", slow->flags & DP_SLOW_IN_FLIGHT);
        put_metadata(one, dp_site_find(&profile->sites, slow->site));
    }
    dp_json_put_u64(object, "slow_events", profile->slow_events);
}

static void put_open(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *array = dp_json_put_array(object, "open_calls");

    for (size_t i = 0; i < profile->n_open; i++) {
        const struct dp_open_info *open = &profile->open[i];
        struct dp_json *one = dp_json_add_object(array);
        put_site(one, profile, open->site);
        dp_json_put_u64(one, "tid", open->tid);
        dp_json_put_text(one, "thread", open->thread_name);
        dp_json_put_u64(one, "depth", open->depth);
        dp_json_put_u64(one, "start_unix_ns", dp_profile_realtime(profile, open->start_ns));
        dp_json_put_bool(one, "exact", open->exact);
    }
    dp_json_put_u64(object, "open_calls_forgotten", dp_profile_forgotten(profile));
}

static void put_threads(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *array = dp_json_put_array(object, "lanes");

    for (size_t i = 0; i < profile->n_threads; i++) {
        const struct dp_thread_info *thread = &profile->threads[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "lane", thread->lane);
        dp_json_put_u64(one, "tid", thread->tid);
        dp_json_put_text(one, "thread", thread->name);
        dp_json_put_u64(one, "threads", thread->threads);
        dp_json_put_u64(one, "slow_paths", thread->slow_paths);
    }
}

static void put_load(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *load = dp_json_put_object(object, "load");
    struct dp_json *moves = dp_json_put_array(load, "moves");

    for (size_t i = 0; i < profile->n_load; i++) {
        const struct dp_load_move *move = &profile->load[i];
        struct dp_json *one = dp_json_add_object(moves);
        dp_json_put_u64(one, "time_unix_ns", dp_profile_realtime(profile, move->time_ns));
        dp_json_put_text(one, "resource", dp_resource_name(move->event.resource));
        dp_json_put_bool(one, "closed", move->event.closed);
        dp_json_put_number(one, "value", move->event.value_ppm / 1e6, 6);
        dp_json_put_number(one, "limit", move->event.limit_ppm / 1e6, 6);
        dp_json_put_u64(one, "gated", move->event.gated);
    }
    dp_json_put_u64(load, "gated", profile->gated);
    dp_json_put_u64(load, "closed_ns", dp_profile_gate_closed_ns(profile));
}

/* Every kind, also when it is 0: loss is always shown. */
static void put_loss(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *loss = dp_json_put_object(object, "loss");

    for (int i = 0; i < DP_LOSS_COUNT; i++)
        dp_json_put_u64(loss, dp_loss_name((uint32_t)i), dp_profile_lost(profile, i));
    struct dp_json *damage = dp_json_put_object(object, "damage");
    dp_json_put_u64(damage, "places", profile->damage.places);
    dp_json_put_u64(damage, "bytes", profile->damage.bytes);
    dp_json_put_text(damage, "first", profile->damage.places ? profile->damage.first.text : NULL);
}

static void put_overhead(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *overhead = dp_json_put_object(object, "overhead");
    bool lanes = profile->has_process && profile->has_lanes;

    dp_json_put_u64(overhead, "steward_cpu_ns", dp_report_steward_ns(profile));
    dp_json_put_u64(overhead, "slow_paths",
                    lanes ? profile->slow_paths : profile->overhead.slow_paths);
    dp_json_put_u64(overhead, "slow_path_ns",
                    lanes ? profile->process.slow_path_ns : profile->overhead.slow_path_ns);
    dp_json_put_u64(overhead, "slow_paths_ns", dp_report_slow_paths_ns(profile));
    dp_json_put_u64(overhead, "log_bytes", profile->stream_bytes);
}

static void put_not_recorded(struct dp_json *object, const struct dp_profile *profile)
{
    struct dp_json *array = dp_json_put_array(object, "not_recorded");

    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++) {
            const char *what = dp_not_recorded(site, a);
            if (!what)
                continue;
            struct dp_json *one = dp_json_add_object(array);
            dp_json_put_text(one, "function", site->function);
            dp_json_put_text(one, "what", what);
        }
    }
}

void dp_report_json(const struct dp_report *report, struct dp_json *object)
{
    const struct dp_profile *profile = report->profile;
    uint64_t cpu = dp_report_process_cpu_ns(profile);

    dp_json_put_text(object, "log", profile->log.path);
    dp_json_put_text(object, "program", dp_profile_program(profile));
    dp_json_put_text(object, "command", profile->has_process ? profile->process.command : NULL);
    dp_json_put_u64(object, "pid", dp_profile_pid(profile));
    dp_json_put_text(object, "phase", dp_phase_name(profile->phase));
    dp_json_put_text(object, "env", profile->has_process ? profile->process.env : NULL);
    dp_json_put_text(object, "rules", profile->has_process ? profile->process.rules : NULL);
    dp_json_put_u64(object, "start_unix_ns",
                    dp_profile_realtime(profile, dp_profile_start_ns(profile)));
    dp_json_put_u64(object, "wall_ns", dp_profile_wall_ns(profile));
    dp_json_put_number(object, "process_cpu_ns", cpu ? (double)cpu : NAN, 0);
    if (profile->has_records)
        dp_json_put_u64(object, "records", profile->records);
    dp_json_put_bool(object, "from_state", profile->has_lanes);
    put_functions(object, report);
    put_slow(object, profile);
    put_open(object, profile);
    put_threads(object, profile);
    put_not_recorded(object, profile);
    put_load(object, profile);
    put_loss(object, profile);
    put_overhead(object, profile);
}
