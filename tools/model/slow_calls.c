/* See slow_calls.h. */
#include "slow_calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* Whether no report of the same call was read before. */
static bool is_first_report(struct dp_profile *profile, const struct dp_event_slow_operation *event)
{
    if (event->id == 0)
        return true;
    if (dp_in_flight_has(&profile->in_flight, event->id))
        return false;
    if (event->flags & DP_SLOW_IN_FLIGHT)
        dp_in_flight_add(&profile->in_flight, event->id);
    return true;
}

static int longest_first(const void *a, const void *b)
{
    const struct dp_slow_call *x = a, *y = b;

    if (x->duration_ns != y->duration_ns)
        return x->duration_ns > y->duration_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The longer half: a call is never longer than those around it, so that what is shown
 * keeps its outer calls. */
static void keep_the_longer_half(struct dp_profile *profile)
{
    qsort(profile->slow, profile->n_slow, sizeof *profile->slow, longest_first);
    profile->n_slow /= 2;
}

void dp_slow_call_add(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_slow_operation event;

    dp_record_copy(record, &event);
    profile->slow_events += is_first_report(profile, &event);
    if (profile->slow_limit == 0)
        return;
    if (profile->n_slow == DP_SLOW_MOST)
        keep_the_longer_half(profile);
    profile->slow =
        dp_append(profile->slow, &profile->n_slow, &profile->slow_capacity, sizeof *profile->slow);
    struct dp_slow_call *slow = &profile->slow[profile->n_slow - 1];
    *slow = (struct dp_slow_call){.time_ns = record->time_ns,
                                  .duration_ns = event.duration_ns,
                                  .threshold_ns = event.threshold_ns,
                                  .error_ns = event.duration_error_ns,
                                  .id = event.id,
                                  .order = profile->slow_order++,
                                  .site = event.site,
                                  .flags = event.flags,
                                  .tid = event.tid ? event.tid : record->tid};
    if (slow->tid == record->tid)
        snprintf(slow->thread_name, sizeof slow->thread_name, "%s", record->thread_name);
}

/* Calls without an id last; of one call the best report first: that of its end, then the
 * one that knows of the longest time. */
static int best_report_first(const void *a, const void *b)
{
    const struct dp_slow_call *x = a, *y = b;
    bool x_open = x->flags & DP_SLOW_IN_FLIGHT, y_open = y->flags & DP_SLOW_IN_FLIGHT;

    if (x->id != y->id)
        return x->id == 0 || (y->id != 0 && x->id > y->id) ? 1 : -1;
    if (x->id != 0 && x_open != y_open)
        return x_open ? 1 : -1;
    return x->id != 0 ? longest_first(a, b) : x->order < y->order ? -1 : 1;
}

void dp_slow_calls_settle(struct dp_profile *profile)
{
    size_t n = 0;

    if (profile->n_slow > 0)
        qsort(profile->slow, profile->n_slow, sizeof *profile->slow, best_report_first);
    for (size_t i = 0; i < profile->n_slow; i++) {
        if (n > 0 && profile->slow[i].id != 0 && profile->slow[n - 1].id == profile->slow[i].id)
            continue;
        profile->slow[n++] = profile->slow[i];
    }
    profile->n_slow = n;
}
