/*
 * What the tests of sums share: this program's own clock, a call by hand, and what it added.
 *
 * Both clocks are CLOCK_MONOTONIC (DEEP_PROFILE_CLOCK), so the times read around the two ends
 * of a call bound what may be said of it, however busy the machine is. Link with --wrap of
 * dp_load_check: the load gate is moved by the tests alone.
 */
#ifndef SUMS_H
#define SUMS_H

#include <string.h>
#include <time.h>

#include "check.h"
#include "hand_gate.h"
#include "hot/aggregate.h"
#include "thread/lanes.h"

#define MS UINT64_C(1000000)

void __wrap_dp_load_check(void);
void __wrap_dp_load_check(void)
{
}

static inline uint64_t own_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void spin(uint64_t ns)
{
    uint64_t start = own_clock();
    while (own_clock() - start < ns)
        ;
}

static inline struct dp_site_stats *stats_of(const struct dp_site *site)
{
    struct dp_site_stats *stats = dp_stats_of(dp_self, site->index);
    CHECK(stats);
    return stats;
}

static inline bool call(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    hand_exit(site, due);
    return due & DP_DUE_OPENED;
}

/* The record that was written last, of `bytes` without its header. */
static inline void copy_last_record(void *event, size_t bytes)
{
    const struct dp_stream *stream = &dp_self->stream;
    memcpy(event, (const char *)stream->packet + stream->packet->content_size_bits / 8 - bytes,
           bytes);
}

#endif
