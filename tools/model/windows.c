/* See windows.h. */
#include "windows.h"

#include <stdlib.h>
#include <string.h>

#include "common/aggregate.h"
#include "common/interval.h"

#include "base/memory.h"
#include "profile.h"
#include "profile_figures.h"
#include "since.h"

bool dp_windows_set(struct dp_profile *profile, const struct dp_window_request *request)
{
    uint64_t start = dp_profile_start_ns(profile), from, to;
    const struct dp_window_span span = {dp_profile_realtime(profile, start),
                                        dp_profile_wall_ns(profile)};

    if (!profile->has_process || !dp_window_resolve(request, &span, &from, &to))
        return false;
    profile->windows.set = true;
    profile->windows.from_ns = start + from;
    profile->windows.to_ns = start + to;
    profile->windows.to_the_end = to >= span.wall_ns;
    return true;
}

bool dp_windows_has(const struct dp_windows *windows, uint64_t time_ns)
{
    return !windows->set || (time_ns >= windows->from_ns && time_ns < windows->to_ns);
}

struct dp_window_site *dp_windows_site(struct dp_windows *windows, uint32_t site)
{
    if (site >= DP_MAX_SITES)
        return NULL;
    windows->sites = dp_grow(windows->sites, &windows->sites_capacity, (size_t)site + 1,
                             sizeof *windows->sites);
    if (site >= windows->n_sites)
        windows->n_sites = (size_t)site + 1;
    if (!windows->sites[site])
        windows->sites[site] = dp_allocate(1, sizeof **windows->sites);
    return windows->sites[site];
}

/* ---- which intervals belong to the window ---- */

struct piece {
    uint64_t from_ns, to_ns;
};

/* At least half of it is inside, or half of the window is in it. */
static bool is_inside(const struct dp_windows *windows, struct piece piece)
{
    uint64_t from = piece.from_ns > windows->from_ns ? piece.from_ns : windows->from_ns;
    uint64_t to = piece.to_ns < windows->to_ns ? piece.to_ns : windows->to_ns;

    return to > from && (2 * (to - from) >= piece.to_ns - piece.from_ns ||
                         2 * (to - from) >= windows->to_ns - windows->from_ns);
}

/* So much longer than the window that its calls say little of it. */
static bool is_too_long(const struct dp_windows *windows, struct piece piece)
{
    bool overlaps = piece.to_ns > windows->from_ns && piece.from_ns < windows->to_ns;

    return overlaps && (piece.to_ns - piece.from_ns) / 4 > windows->to_ns - windows->from_ns;
}

/* A piece that an edge of the window cuts says nothing of when in it the calls were. */
static void note_edges(struct dp_windows *windows, struct piece piece)
{
    bool inside = is_inside(windows, piece);
    uint64_t off;

    if (piece.from_ns < windows->from_ns && piece.to_ns > windows->from_ns) {
        off = inside ? windows->from_ns - piece.from_ns : piece.to_ns - windows->from_ns;
        windows->before_ns = off > windows->before_ns ? off : windows->before_ns;
    }
    if (piece.from_ns < windows->to_ns && piece.to_ns > windows->to_ns) {
        off = inside ? piece.to_ns - windows->to_ns : windows->to_ns - piece.from_ns;
        windows->after_ns = off > windows->after_ns ? off : windows->after_ns;
    }
}

/* ---- interval records ---- */

static struct dp_totals *known_of(struct dp_window_site *site, uint32_t lane)
{
    for (size_t i = 0; i < site->n_lanes; i++)
        if (site->lanes[i].lane == lane)
            return &site->lanes[i].known;
    site->lanes = dp_append(site->lanes, &site->n_lanes, &site->lanes_capacity,
                            sizeof *site->lanes);
    site->lanes[site->n_lanes - 1] = (struct dp_window_lane){.lane = lane};
    return &site->lanes[site->n_lanes - 1].known;
}

static uint64_t *sum_of(struct dp_totals *totals, uint32_t bit)
{
    return (uint64_t *)(void *)((char *)&totals->sum + dp_interval_sum_offset(bit));
}

/* The figures of a record, and how to add them. */
struct interval {
    struct dp_event_interval event;
    const uint8_t *sums, *buckets;
    struct dp_totals *known;
    struct dp_totals *to[2]; /* NULL: none */
};

static unsigned __int128 wide(uint64_t low, uint64_t high)
{
    return (unsigned __int128)high << 64 | low;
}

static void add_variance(const struct interval *interval, uint64_t low, uint64_t high)
{
    struct dp_site_stats *known = &interval->known->sum;
    unsigned __int128 more = wide(low, high);

    if (interval->event.flags & DP_INTERVAL_ABSOLUTE)
        more -= wide(known->variance, known->variance_high);
    dp_variance_add(known, (uint64_t)more, (uint64_t)(more >> 64));
    for (int i = 0; i < 2; i++)
        if (interval->to[i])
            dp_variance_add(&interval->to[i]->sum, (uint64_t)more, (uint64_t)(more >> 64));
}

static void add_sums(const struct interval *interval)
{
    uint64_t value[DP_INTERVAL_N_SUMS] = {0};
    bool absolute = interval->event.flags & DP_INTERVAL_ABSOLUTE;

    for (uint32_t bit = 0, at = 0; bit < DP_INTERVAL_N_SUMS; bit++)
        if (interval->event.which >> bit & 1 && at < interval->event.n_sums)
            memcpy(&value[bit], interval->sums + 8 * (size_t)at++, 8);
    if (interval->event.n_sums == 0) /* it continues a record */
        return;
    for (uint32_t bit = 0; bit < DP_INTERVAL_variance; bit++) {
        uint64_t *known = sum_of(interval->known, bit);
        uint64_t more = absolute ? value[bit] - *known : value[bit];
        *known += more;
        for (int i = 0; i < 2; i++)
            if (interval->to[i])
                *sum_of(interval->to[i], bit) += more;
    }
    add_variance(interval, value[DP_INTERVAL_variance], value[DP_INTERVAL_variance_high]);
}

static struct dp_histogram *histogram_of(struct dp_totals *totals, uint32_t bucket)
{
    struct dp_histogram *of[] = {&totals->histogram, &totals->slow_least, &totals->slow_most};

    return of[bucket / DP_INTERVAL_HISTOGRAM_BUCKETS];
}

static void add_calls(const struct interval *interval, uint32_t bucket, uint64_t calls)
{
    struct dp_histogram *known = histogram_of(interval->known, bucket);
    uint32_t at = bucket % DP_INTERVAL_HISTOGRAM_BUCKETS;
    const uint64_t *block = known->blocks[at / DP_HISTOGRAM_SUB];
    uint64_t before = block ? block[at % DP_HISTOGRAM_SUB] : 0;

    if (interval->event.flags & DP_INTERVAL_ABSOLUTE)
        calls = calls > before ? calls - before : 0;
    if (calls == 0)
        return;
    dp_histogram_add_many(known, at, calls);
    for (int i = 0; i < 2; i++)
        if (interval->to[i])
            dp_histogram_add_many(histogram_of(interval->to[i], bucket), at, calls);
}

/* A counter's elements stand side by side. */
static void add_buckets(const struct interval *interval)
{
    uint64_t calls = 0;

    for (uint32_t i = 0; i < interval->event.n_buckets; i++) {
        uint32_t element, next = UINT32_MAX;
        memcpy(&element, interval->buckets + 4 * (size_t)i, 4);
        if (i + 1 < interval->event.n_buckets)
            memcpy(&next, interval->buckets + 4 * (size_t)(i + 1), 4);
        calls += element & DP_INTERVAL_MOST_CALLS;
        if (i + 1 < interval->event.n_buckets && next >> 16 == element >> 16)
            continue;
        if (element >> 16 < DP_INTERVAL_BUCKETS)
            add_calls(interval, element >> 16, calls);
        calls = 0;
    }
}

void dp_windows_read_interval(struct dp_windows *windows, const struct dp_record *record)
{
    struct interval interval;

    if (!windows->set)
        return;
    dp_record_copy(record, &interval.event);
    struct dp_window_site *site = dp_windows_site(windows, interval.event.site);
    if (!site)
        return;
    const struct piece piece = {interval.event.from_ns, record->time_ns};
    interval.sums = record->payload + sizeof interval.event;
    interval.buckets = interval.sums + 8 * (size_t)interval.event.n_sums;
    interval.known = known_of(site, interval.event.lane);
    interval.to[0] = &site->all;
    interval.to[1] = is_inside(windows, piece) ? &site->inside : NULL;
    add_sums(&interval);
    add_buckets(&interval);
    if (is_too_long(windows, piece))
        site->uncut = true;
    else
        note_edges(windows, piece);
    if (record->time_ns > site->last_ns)
        site->last_ns = record->time_ns;
}

/* ---- the whole profile ---- */

static bool in_force(const struct dp_site_info *info, enum dp_attribute attribute)
{
    return info->attributes[attribute] && dp_attribute_in_force(info->attributes[attribute]->state);
}

static bool leaves_two_records(const struct dp_site_info *info)
{
    return !info || (in_force(info, DP_ATTRIBUTE_PRODUCTION) &&
                     (in_force(info, DP_ATTRIBUTE_PROFILE) ||
                      in_force(info, DP_ATTRIBUTE_FLAME_GRAPH)));
}

/* Every figure of the site is of timed calls that left records. */
static bool is_recorded(const struct dp_totals *totals, const struct dp_window_site *site,
                        const struct dp_site_info *info)
{
    const struct dp_site_stats *sum = &totals->sum;

    return site && sum->sampled > 0 && !leaves_two_records(info) && site->recorded >= sum->sampled && sum->slow == 0 &&
           sum->maybe_slow == 0 && sum->memory_calls == 0 && sum->gated == 0 &&
           (sum->calls == 0 || sum->calls == sum->sampled);
}

static void take(struct dp_totals *to, struct dp_totals *from)
{
    dp_histogram_finish(&to->histogram);
    dp_histogram_finish(&to->slow_least);
    dp_histogram_finish(&to->slow_most);
    to->sum = from->sum;
    to->histogram = from->histogram;
    to->slow_least = from->slow_least;
    to->slow_most = from->slow_most;
    to->has_counted = false; /* counts have no times */
    to->counted = 0;
    from->histogram = from->slow_least = from->slow_most = (struct dp_histogram){0};
}

static void take_recorded(struct dp_windows *windows, uint32_t i, struct dp_totals *totals)
{
    struct dp_totals none = {0};
    struct dp_totals *inside = i < windows->n_recorded ? windows->recorded[i] : NULL;
    bool every = totals->sum.calls > 0;

    take(totals, inside ? inside : &none);
    totals->sum.site = i;
    /* Which time was inside calls below is not in records. */
    totals->sum.flags |= DP_STATS_CHILDREN_MISSED | DP_STATS_NESTING_MISSED;
    if (every)
        totals->sum.calls = totals->sum.sampled;
    windows->exact += totals->sum.sampled > 0;
}

/* What grew after the last record: until the end, or now. */
static bool add_rest(struct dp_windows *windows, const struct dp_profile *profile,
                     struct dp_window_site *site, const struct dp_totals *totals)
{
    uint64_t start = dp_profile_start_ns(profile);
    const struct piece piece = {site->last_ns ? site->last_ns : start,
                                start + dp_profile_wall_ns(profile)};
    struct dp_totals rest = {.sum = totals->sum};
    bool cut = !site->uncut;

    dp_histogram_add_all(&rest.histogram, &totals->histogram);
    dp_histogram_add_all(&rest.slow_least, &totals->slow_least);
    dp_histogram_add_all(&rest.slow_most, &totals->slow_most);
    dp_totals_subtract(&rest, &site->all);
    if (dp_totals_any(&rest) && piece.to_ns > windows->from_ns && piece.from_ns < windows->to_ns) {
        cut = cut && !is_too_long(windows, piece);
        if (cut)
            note_edges(windows, piece);
        if (cut && is_inside(windows, piece)) {
            dp_totals_add(&site->inside, &rest.sum);
            dp_histogram_add_all(&site->inside.histogram, &rest.histogram);
            dp_histogram_add_all(&site->inside.slow_least, &rest.slow_least);
            dp_histogram_add_all(&site->inside.slow_most, &rest.slow_most);
        }
    }
    dp_totals_finish(&rest);
    return cut;
}

static void take_intervals(struct dp_windows *windows, const struct dp_profile *profile,
                           uint32_t i, struct dp_totals *totals)
{
    struct dp_window_site *site = dp_windows_site(windows, i);
    uint32_t flags = totals->sum.flags;
    struct dp_totals none = {0};
    bool cut = add_rest(windows, profile, site, totals);

    take(totals, cut ? &site->inside : &none);
    totals->sum.site = i;
    totals->sum.flags = flags;
    dp_totals_bound(totals);
    windows->cut += cut && dp_totals_any(totals);
    windows->uncut += !cut;
}

/* Events tell of losses about once a second, the state has all of them. What no event has told
 * yet is of the last moments. */
static void cut_losses(struct dp_profile *profile, bool to_the_end)
{
    for (int i = 0; i < DP_LOSS_COUNT; i++) {
        uint64_t all = profile->lost[i], told = profile->windows.lost[i];
        profile->lost[i] = profile->lost_events[i];
        if (to_the_end && all > told)
            profile->lost[i] += all - told;
    }
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* Are the events so far from the window's ends that what it cost says little of it? What was
 * between them is not known more finely. */
static bool costs_of_another_time(const struct dp_profile *profile)
{
    const struct dp_windows *windows = &profile->windows;
    uint64_t start = dp_profile_start_ns(profile);
    uint64_t before = profile->overhead_before_ns ? profile->overhead_before_ns : start;
    uint64_t near = less(windows->to_ns, windows->from_ns) / 10;

    return less(windows->from_ns, before) > near ||
           less(windows->to_ns, profile->overhead_ns) > near;
}

/* Between the last events before the window's two ends; the end of the run is in the state. */
static void cut_overhead(struct dp_profile *profile, bool to_the_end)
{
    const struct dp_event_overhead *before = &profile->overhead_before;
    struct dp_event_overhead *after = &profile->overhead;

    profile->windows.cost_unknown =
        !profile->has_overhead ||
        (before->process_cpu_ns == 0 && profile->windows.from_ns > dp_profile_start_ns(profile)) ||
        costs_of_another_time(profile);
    if (profile->windows.cost_unknown) {
        profile->has_overhead = false;
        return;
    }
    if (!to_the_end) {
        profile->process.steward_cpu_ns = after->steward_cpu_ns;
        profile->slow_paths = after->slow_paths;
    }
    profile->process.steward_cpu_ns = less(profile->process.steward_cpu_ns, before->steward_cpu_ns);
    profile->slow_paths = less(profile->slow_paths, before->slow_paths);
    after->process_cpu_ns = less(after->process_cpu_ns, before->process_cpu_ns);
}

void dp_windows_settle(struct dp_profile *profile)
{
    struct dp_windows *windows = &profile->windows;

    if (!windows->set)
        return;
    cut_losses(profile, windows->to_the_end);
    cut_overhead(profile, windows->to_the_end);
    profile->shown_ns = windows->to_ns - windows->from_ns;
    if (!profile->has_lanes) /* the totals are from the records of the window */
        return;
    for (uint32_t i = 0; i < profile->n_totals; i++) {
        struct dp_totals *totals = profile->totals[i];
        if (!totals)
            continue;
        if (is_recorded(totals, i < windows->n_sites ? windows->sites[i] : NULL,
                        dp_site_find(&profile->sites, i)))
            take_recorded(windows, i, totals);
        else
            take_intervals(windows, profile, i, totals);
    }
    profile->gated = 0;
    for (uint32_t i = 0; i < profile->n_totals; i++)
        profile->gated += profile->totals[i] ? profile->totals[i]->sum.gated : 0;
}

void dp_windows_finish(struct dp_windows *windows)
{
    for (size_t i = 0; i < windows->n_sites; i++) {
        struct dp_window_site *site = windows->sites[i];
        for (size_t l = 0; site && l < site->n_lanes; l++)
            dp_totals_finish(&site->lanes[l].known);
        if (site) {
            dp_totals_finish(&site->all);
            dp_totals_finish(&site->inside);
            free(site->lanes);
        }
        free(site);
    }
    free(windows->sites);
    for (size_t i = 0; i < windows->n_recorded; i++) {
        if (windows->recorded[i])
            dp_totals_finish(windows->recorded[i]);
        free(windows->recorded[i]);
    }
    free(windows->recorded);
    *windows = (struct dp_windows){0};
}
