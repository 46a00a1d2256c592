/*
 * See load.h. What is measured:
 *
 *   cpu     the largest of: the share of the processors' time that was not idle (/proc/stat);
 *           the share of the control group's quota that it used (control_group.h); the share
 *           of the time in which the group was throttled; the share of the time in which some
 *           runnable task had to wait (PSI, "some").
 *   memory  the largest of: 1 - MemAvailable/MemTotal; the group's use without its inactive
 *           page cache, as a share of its limit; the share of the time in which every task
 *           waited for memory (PSI, "full").
 *
 * A value that cannot be read is left out.
 */
#include "load.h"

#include <string.h>

#include "base/clock.h"
#include "base/load_gate.h"
#include "base/os.h"
#include "base/proc_text.h"
#include "base/peek.h"
#include "base/settings.h"
#include "control_group.h"
#include "log/process_log.h"
#include "thread/lane.h"

#define MILLION 1000000u
#define LOOKS_BELOW 2 /* looks in a row, before the load gate opens again */

struct reading { /* counters: only their differences matter */
    uint64_t time_us;
    uint64_t busy, total;            /* /proc/stat, in its ticks */
    struct dp_group_cpu group;
    uint64_t waited_us, starved_us;  /* PSI */
};

static struct reading before;
static uint32_t looks_below[2];
static char text[16384]; /* only the steward reads it */

static bool read_text(const char *path)
{
    return dp_os_read_file(path, text, sizeof text) > 0;
}

void dp_load_init(void)
{
    struct reading none = {0};
    before = none;
    looks_below[0] = looks_below[1] = 0;
}

static void read_pressure(struct reading *now)
{
    if (read_text("/proc/pressure/cpu"))
        now->waited_us = dp_proc_number_after(text, "total=");
    if (read_text("/proc/pressure/memory")) {
        const char *full = strstr(text, "full ");
        const char *total = full ? strstr(full, "total=") : NULL;
        if (total) {
            total += strlen("total=");
            now->starved_us = dp_proc_number(&total);
        }
    }
}

/* a/b in millionths, at most 1,000,000. */
static uint32_t share(uint64_t a, uint64_t b)
{
    if (b == 0)
        return 0;
    return a >= b ? MILLION : (uint32_t)((unsigned __int128)a * MILLION / b);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t cpu_share(const struct reading *now)
{
    uint64_t elapsed = now->time_us - before.time_us;
    uint32_t value = share(now->busy - before.busy, now->total - before.total);
    const struct dp_group_cpu *group = &now->group;
    if (group->limited && before.group.limited) {
        uint64_t quota_us = (uint64_t)((unsigned __int128)elapsed * group->quota_ppm / MILLION);
        value = larger(value, share(group->used_us - before.group.used_us, quota_us));
        value = larger(value, share(group->throttled_us - before.group.throttled_us, elapsed));
    }
    return larger(value, share(now->waited_us - before.waited_us, elapsed));
}

static uint32_t memory_share(const struct reading *now)
{
    uint32_t value = share(now->starved_us - before.starved_us, now->time_us - before.time_us);
    if (read_text("/proc/meminfo")) {
        uint64_t total = dp_proc_number_after(text, "MemTotal:");
        uint64_t available = dp_proc_number_after(text, "MemAvailable:");
        if (available <= total)
            value = larger(value, share(total - available, total));
    }
    struct dp_group_memory group;
    dp_control_group_memory(&group);
    if (group.limited)
        value = larger(value, share(group.used_bytes, group.limit_bytes));
    return value;
}

static uint64_t gated_calls(void)
{
    struct dp_lane_sums sums = {0};
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++)
        dp_lane_add_sums(dp_lane_at(i), &sums);
    return sums.gated;
}

static void move_load_gate(enum dp_resource resource, bool close, uint32_t value, uint32_t limit)
{
    dp_load_gate_move(resource, close);
    struct dp_event_load event = {
        .resource = resource,
        .closed = close,
        .value_ppm = value,
        .limit_ppm = limit,
        .gated = gated_calls(),
    };
    dp_log_event(DP_EVENT_ID_load, &event, sizeof event);
}

/* Closes above the limit. Opens again after two looks in a row that are an eighth below it. */
static void judge(enum dp_resource resource, uint32_t value, uint32_t limit)
{
    bool closed = dp_load_gate_closed_for(resource);
    looks_below[resource] = value < limit - limit / 8 ? looks_below[resource] + 1 : 0;
    if (!closed && value > limit)
        move_load_gate(resource, true, value, limit);
    else if (closed && looks_below[resource] >= LOOKS_BELOW)
        move_load_gate(resource, false, value, limit);
}

void dp_load_check(void)
{
    struct reading now = {.time_us = dp_os_monotonic_ns() / 1000};
    if (!dp_setting_value(DP_SETTING_CHECK_LOAD))
        return;
    if (read_text("/proc/stat"))
        dp_proc_processors(text, &now.busy, &now.total);
    dp_control_group_cpu(&now.group);
    read_pressure(&now);
    if (before.time_us) {
        judge(DP_RESOURCE_CPU, cpu_share(&now),
              (uint32_t)(dp_setting_value(DP_SETTING_CPU_LIMIT) / 1000));
        judge(DP_RESOURCE_MEMORY, memory_share(&now),
              (uint32_t)(dp_setting_value(DP_SETTING_MEMORY_LIMIT) / 1000));
    }
    before = now;
}
