/*
 * What a program measures by itself: operations, spans, gauges, counts (deep_profile.h). Each
 * adds to the aggregates of its name in the calling thread's lane, so that nothing is lost when
 * the process is killed, and leaves no record.
 *
 * Hot: must not allocate, lock, make a system call, or change errno, but for the first time of a
 * name, of a thread, and of the process.
 */
#define DEEP_PROFILE_RUNTIME
#include "deep_profile.h"

#include "base/clock.h"
#include "entry.h"
#include "hot/aggregate.h"
#include "names.h"
#include "sites/sites.h"

#define EXPORT __attribute__((visibility("default")))
/* What is behind each of them, so that nothing is done when profiling is off. */
#define BEHIND static __attribute__((noinline)) DP_FROM_HOST

/* A span: the index of its operation, and the low bits of its start. */
#define SPAN_START_BITS 48
#define SPAN_START_MASK ((UINT64_C(1) << SPAN_START_BITS) - 1)

DP_ABI_ASSERT(DP_MAX_SITES <= 1 << (64 - SPAN_START_BITS));

static const struct dp_population every = {.estimated = DP_WEIGHT_UNIT};

static struct dp_site_stats *stats_called(struct dp_lane *lane, uint32_t named, const char *name)
{
    uint32_t index = dp_name_index(lane, named, name);
    return index ? dp_stats_of(lane, index) : NULL;
}

static inline void add(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t value)
{
    stats->calls++;
    dp_stats_add_call(lane, stats, &every, value, 0);
}

BEHIND void measure(const char *operation, uint64_t duration_ns)
{
    struct dp_lane *lane = dp_come_in(DP_CALLER);
    if (!lane)
        return;
    struct dp_site_stats *stats = stats_called(lane, DP_SITE_OPERATION, operation);
    if (stats)
        add(lane, stats, duration_ns);
    dp_go_out(lane);
}

BEHIND uint64_t span_begin(const char *operation)
{
    uint64_t span = 0;
    struct dp_lane *lane = dp_come_in(DP_CALLER);
    if (!lane)
        return 0;
    struct dp_site_stats *stats = stats_called(lane, DP_SITE_OPERATION, operation);
    if (stats) {
        stats->value++;
        span = (uint64_t)stats->site << SPAN_START_BITS | (dp_now_ns() & SPAN_START_MASK);
    }
    dp_go_out(lane);
    return span;
}

BEHIND void span_end(uint64_t span)
{
    uint32_t index = (uint32_t)(span >> SPAN_START_BITS);
    struct dp_lane *lane = span ? dp_come_in(DP_CALLER) : NULL;
    if (!lane)
        return;
    uint64_t duration_ns = (dp_now_ns() - span) & SPAN_START_MASK;
    if (duration_ns >> (SPAN_START_BITS - 1)) { /* clocks of two processors */
        lane->state->lost[DP_LOSS_CLOCK_BACK]++;
        duration_ns = 0;
    }
    /* The number is the host's: it may have been changed. */
    bool ours = index && index <= dp_sites_count() && dp_sites[index].named & DP_SITE_OPERATION;
    struct dp_site_stats *stats = ours ? dp_stats_of(lane, index) : NULL;
    if (stats) {
        stats->value--;
        add(lane, stats, duration_ns);
    }
    dp_go_out(lane);
}

BEHIND void gauge(const char *name, int64_t value)
{
    struct dp_lane *lane = dp_come_in(DP_CALLER);
    if (!lane)
        return;
    struct dp_site_stats *stats = stats_called(lane, DP_SITE_GAUGE, name);
    if (stats) {
        if (stats->calls == 0 || value < stats->least)
            stats->least = value;
        if (stats->calls == 0 || value > stats->greatest)
            stats->greatest = value;
        stats->value = value;
        stats->value_ns = dp_now_ns();
        add(lane, stats, value > 0 ? (uint64_t)value : 0);
    }
    dp_go_out(lane);
}

BEHIND void count(const char *kind, uint64_t n)
{
    struct dp_lane *lane = dp_come_in(DP_CALLER);
    if (!lane)
        return;
    struct dp_site_stats *stats = stats_called(lane, DP_SITE_KIND, kind);
    if (stats)
        stats->calls += n;
    dp_go_out(lane);
}

static inline bool is_off(void)
{
    return DP_LIKELY(dp_process_mode() == DP_MODE_OFF);
}

EXPORT void deep_profile_linked_measure(const char *operation, uint64_t duration_ns)
{
    if (!is_off())
        measure(operation, duration_ns);
}

EXPORT uint64_t deep_profile_linked_span_begin(const char *operation)
{
    return is_off() ? 0 : span_begin(operation);
}

EXPORT void deep_profile_linked_span_end(uint64_t span)
{
    if (!is_off())
        span_end(span);
}

EXPORT void deep_profile_linked_gauge(const char *name, int64_t value)
{
    if (!is_off())
        gauge(name, value);
}

EXPORT void deep_profile_linked_count(const char *kind, uint64_t n)
{
    if (!is_off())
        count(kind, n);
}
