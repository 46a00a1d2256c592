/* See slow_calls.h. */
#include "slow_calls.h"

#include <stdio.h>
#include <string.h>

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

/* One entry a call: a later report replaces the earlier one, which is removed here.
 * False: the earlier one stays, since it knows of a longer time. */
static bool replaces_earlier(struct dp_profile *profile, const struct dp_event_slow_operation *event)
{
    for (size_t i = 0; i < profile->n_slow; i++) {
        if (event->id == 0 || profile->slow[i].id != event->id)
            continue;
        if (event->flags & DP_SLOW_IN_FLIGHT && profile->slow[i].duration_ns > event->duration_ns)
            return false;
        memmove(&profile->slow[i], &profile->slow[i + 1],
                (--profile->n_slow - i) * sizeof *profile->slow);
        return true;
    }
    return true;
}

/* Room for a call of that duration in the list, worst first; NULL: it is full of worse
 * ones. */
static struct dp_slow_call *make_room(struct dp_profile *profile, uint64_t duration_ns)
{
    size_t at = profile->n_slow;

    while (at > 0 && profile->slow[at - 1].duration_ns < duration_ns)
        at--;
    if (at >= profile->slow_limit)
        return NULL;
    if (profile->n_slow == profile->slow_limit)
        profile->n_slow--;
    memmove(&profile->slow[at + 1], &profile->slow[at],
            (profile->n_slow - at) * sizeof *profile->slow);
    profile->n_slow++;
    return &profile->slow[at];
}

void dp_slow_call_add(struct dp_profile *profile, const struct dp_record *record)
{
    struct dp_event_slow_operation event;

    dp_record_copy(record, &event);
    if (!replaces_earlier(profile, &event))
        return;
    profile->slow_events += is_first_report(profile, &event);
    struct dp_slow_call *slow = make_room(profile, event.duration_ns);
    if (!slow)
        return;
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
