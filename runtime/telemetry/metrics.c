/* See metrics.h. */
#include "metrics.h"

#include "base/os.h"
#include "base/settings.h"
#include "common/events.h"
#include "common/levels.h"
#include "log/process_log.h"
#include "sites/sites.h"
#include "thread/lanes.h"

/* Of one name, over all lanes. */
struct sums {
    uint64_t times, total;
    int64_t value; /* of a gauge: the last */
    uint64_t value_ns;
};

static struct sums *reported; /* by site; NULL: nothing is */
static uint64_t since_ns;

uint64_t dp_metrics_interval_ns(void)
{
    return dp_setting_value(DP_SETTING_METRICS);
}

void dp_metrics_init(uint64_t now)
{
    since_ns = now;
    if (!reported && dp_metrics_interval_ns())
        reported = dp_os_map_memory(DP_MAX_SITES * sizeof *reported);
    for (uint32_t i = 1; reported && i <= dp_sites_count(); i++)
        if (dp_sites[i].named) /* of the others nothing was written: no page is touched */
            reported[i] = (struct sums){0};
}

/* The lane's owner writes meanwhile: each word is whole, and they may be one call apart. */
static uint64_t read_word(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void add_lane(struct sums *sums, const struct dp_site_stats *stats)
{
    uint64_t value_ns = read_word(&stats->value_ns);
    sums->times += read_word(&stats->calls);
    sums->total += read_word(&stats->total_ns);
    if (value_ns < sums->value_ns)
        return;
    sums->value = __atomic_load_n(&stats->value, __ATOMIC_RELAXED);
    sums->value_ns = value_ns;
}

static struct sums sums_of(uint32_t index)
{
    struct sums sums = {0};
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        const struct dp_lane *lane = dp_lane_at(i);
        const struct dp_site_stats *stats =
            dp_lane_state_of(lane) ? __atomic_load_n(&lane->stats[index], __ATOMIC_ACQUIRE) : NULL;
        if (stats)
            add_lane(&sums, stats);
    }
    return sums;
}

static const char *level_of(const struct dp_site_state *site, int64_t value)
{
    uint64_t limits[DP_LEVEL_LIMITS];
    if (!(site->named & DP_SITE_GAUGE) ||
        dp_levels_find(dp_setting_text(DP_SETTING_GAUGE_LEVELS), site->names.function, limits) != 0)
        return "";
    return dp_level_name(dp_level_of(limits, value));
}

static void report(const struct dp_site_state *site, const struct sums *now,
                   const struct sums *before, uint64_t interval_ns)
{
    uint64_t times = now->times - before->times;
    struct dp_event_metrics event = {.interval_ns = interval_ns, .times = times};
    if (site->named & DP_SITE_GAUGE) {
        event.type = DP_METRIC_GAUGE;
        event.value = now->value;
    } else if (site->named & DP_SITE_OPERATION) {
        event.type = DP_METRIC_OPERATION;
        event.value = (int64_t)((now->total - before->total) / times);
    } else {
        event.type = DP_METRIC_COUNT;
        event.value = (int64_t)times;
    }
    const char *texts[] = {site->names.function, level_of(site, now->value)};
    dp_log_event_with_texts(DP_EVENT_ID_metrics, &event, sizeof event, texts, 2);
}

void dp_metrics_report(uint64_t now)
{
    uint32_t count = dp_sites_count();
    for (uint32_t i = 1; reported && i <= count; i++) {
        if (!dp_sites[i].named)
            continue;
        struct sums sums = sums_of(i);
        if (sums.times <= reported[i].times)
            continue; /* nothing new, or its file was cut */
        report(&dp_sites[i], &sums, &reported[i], now - since_ns);
        reported[i] = sums;
    }
    since_ns = now;
}
