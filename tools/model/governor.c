/* See governor.h. */
#include "governor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* From fewer windows, or fewer with calls in them, nothing is estimated: what went on in the time
 * between is not known. */
#define FEW_WINDOWS 8
#define FEW_ACTIVE 4
#define Z_95 1.959964 /* 97.5 % quantile of the normal distribution */

static void add_site(struct dp_governor *governor, const struct dp_record *record)
{
    struct dp_event_governed event;

    dp_record_copy(record, &event);
    if (event.site == 0 || event.site >= DP_MAX_SITES || event.share_log2 > 63)
        return;
    while (governor->n <= event.site)
        governor->sites = dp_append(governor->sites, &governor->n, &governor->capacity,
                                    sizeof *governor->sites);
    governor->sites[event.site] = event;
}

void dp_governor_read(struct dp_governor *governor, const struct dp_record *record)
{
    if (record->id == DP_EVENT_ID_governed)
        add_site(governor, record);
    if (record->id != DP_EVENT_ID_governor)
        return;
    dp_record_copy(record, &governor->last);
    governor->known = true;
}

const struct dp_event_governed *dp_governor_site(const struct dp_governor *governor, size_t site)
{
    return site < governor->n && governor->sites[site].site ? &governor->sites[site] : NULL;
}

/* The upper end of the 95 % interval of the share of the time in which the site is called, from
 * the windows in which it was (Wilson's score interval). */
static double active_at_most(const struct dp_event_governed *event)
{
    double n = fmax((double)event->windows, 1), z2 = Z_95 * Z_95;
    double p = fmin((double)event->active / n, 1);

    return (p + z2 / (2 * n) + Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
}

/* Calls come in bursts, and none of the windows may have met one: then the calls that were seen
 * say little. In the time in which the site was active, if it was as much as it can have been,
 * it made no more calls a second than in the fullest window. */
static double unseen(const struct dp_event_governed *event)
{
    double off_ns = fmax((double)event->throttled_ns - (double)event->worked_ns, 0);

    return off_ns / 1e9 * (double)event->peak_calls * active_at_most(event);
}

void dp_governor_settle(const struct dp_governor *governor, size_t site,
                        struct dp_totals *totals)
{
    const struct dp_event_governed *event = dp_governor_site(governor, site);

    if (!event)
        return;
    totals->governed = true;
    totals->hardly_seen = event->windows < FEW_WINDOWS || event->active < FEW_ACTIVE;
    double windows = fmax((double)event->windows, 1), wider = 1 + 2 / sqrt(windows);
    double deviation = (double)event->deviation_calls * wider;
    totals->clustered = deviation * deviation;
    totals->unseen_calls = unseen(event);
}

void dp_governor_finish(struct dp_governor *governor)
{
    free(governor->sites);
    *governor = (struct dp_governor){0};
}
