/* See history.h. */
#include "history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "common/events.h"
#include "deep_profile/abi/state.h"

#define FIRST_SPACING_NS UINT64_C(100000000)
#define FEWEST_BEFORE 6 /* slices with calls */
#define FEWEST_NOW 2
#define FEWEST_CALLS 50 /* on each side */
#define SHORTEST_HISTORY_NS UINT64_C(10000000000)
#define SHORTEST_NS 10e3 /* shorter calls vary with caches and clocks */
#define MARGIN 1.2

static bool is_sampled_call(uint32_t id)
{
    return id == DP_EVENT_ID_call || id == DP_EVENT_ID_call_wide || id == DP_EVENT_ID_production ||
           id == DP_EVENT_ID_production_wide || id == DP_EVENT_ID_call_memory;
}

static void halve(struct dp_site_history *site)
{
    for (size_t i = 0; i < DP_HISTORY_SLICES / 2; i++) {
        const struct dp_history_slice *one = &site->slices[2 * i], *other = one + 1;
        site->slices[i] = (struct dp_history_slice){one->calls + other->calls,
                                                    one->logs + other->logs};
    }
    memset(site->slices + DP_HISTORY_SLICES / 2, 0, sizeof site->slices / 2);
    site->spacing_ns *= 2;
}

static struct dp_site_history *site_of(struct dp_history *history, uint64_t index)
{
    if (index == 0 || index >= DP_MAX_SITES)
        return NULL;
    history->sites =
        dp_grow(history->sites, &history->capacity, (size_t)index + 1, sizeof *history->sites);
    if (index >= history->n)
        history->n = (size_t)index + 1;
    if (!history->sites[index]) {
        history->sites[index] = dp_allocate(1, sizeof **history->sites);
        history->sites[index]->spacing_ns = FIRST_SPACING_NS;
    }
    return history->sites[index];
}

void dp_history_read(struct dp_history *history, const struct dp_record *record)
{
    if (!is_sampled_call(record->id))
        return;
    uint64_t duration = dp_event_number(record->id, record->payload, DP_IN_DURATION);
    struct dp_site_history *site =
        site_of(history, dp_event_number(record->id, record->payload, DP_IN_SITE));
    if (!site || duration == 0)
        return;
    if (!history->begun)
        history->from_ns = record->time_ns;
    history->begun = true;
    /* Lanes are read one after the other: a later one may begin earlier. */
    uint64_t after = record->time_ns > history->from_ns ? record->time_ns - history->from_ns : 0;
    if (after >> 62)
        return;
    while (after / site->spacing_ns >= DP_HISTORY_SLICES)
        halve(site);
    struct dp_history_slice *slice = &site->slices[after / site->spacing_ns];
    slice->calls++;
    slice->logs += log((double)duration);
}

void dp_history_finish(struct dp_history *history)
{
    for (size_t i = 0; i < history->n; i++)
        free(history->sites[i]);
    free(history->sites);
    *history = (struct dp_history){0};
}

/* Slices [from, to) together, and the least and the greatest of their means. */
struct part {
    size_t slices;
    uint64_t calls;
    double logs, least, most;
};

static struct part part_of(const struct dp_site_history *site, size_t from, size_t to)
{
    struct part part = {.least = (double)INFINITY, .most = -(double)INFINITY};

    for (size_t i = from; i < to; i++) {
        const struct dp_history_slice *slice = &site->slices[i];
        if (slice->calls == 0)
            continue;
        double mean = slice->logs / (double)slice->calls;
        part.slices++;
        part.calls += slice->calls;
        part.logs += slice->logs;
        part.least = mean < part.least ? mean : part.least;
        part.most = mean > part.most ? mean : part.most;
    }
    return part;
}

/* From slice `turn` on. */
static bool departs_at(const struct dp_site_history *site, size_t first, size_t turn, size_t end,
                       struct dp_departure *departure)
{
    struct part before = part_of(site, first, turn), now = part_of(site, turn, end);

    if (before.slices < FEWEST_BEFORE || now.slices < FEWEST_NOW || before.calls < FEWEST_CALLS ||
        now.calls < FEWEST_CALLS || now.least < before.most + log(MARGIN))
        return false;
    *departure = (struct dp_departure){.before_ns = exp(before.logs / (double)before.calls),
                                       .now_ns = exp(now.logs / (double)now.calls),
                                       .calls_before = before.calls,
                                       .calls_now = now.calls};
    departure->ratio = departure->now_ns / departure->before_ns;
    return departure->now_ns >= SHORTEST_NS;
}

bool dp_history_departs(const struct dp_site_history *site, uint64_t from_ns,
                        struct dp_departure *departure)
{
    size_t first = 0, end = DP_HISTORY_SLICES;
    bool found = false;

    while (end > 0 && site->slices[end - 1].calls == 0)
        end--;
    while (first < end && site->slices[first].calls == 0)
        first++;
    if ((end - first) * site->spacing_ns < SHORTEST_HISTORY_NS)
        return false;
    for (size_t turn = first + (end - first) / 2; turn < end; turn++) {
        struct dp_departure one;
        if (!departs_at(site, first, turn, end, &one) || (found && one.ratio <= departure->ratio))
            continue;
        *departure = one;
        departure->from_ns = from_ns + turn * site->spacing_ns;
        found = true;
    }
    return found;
}
