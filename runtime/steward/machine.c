/* See machine.h. */
#include "machine.h"

#include <stdbool.h>
#include <string.h>

#include "base/facts.h"
#include "base/os.h"
#include "base/settings.h"
#include "common/text.h"
#include "control_group.h"
#include "detector.h"
#include "log/process_log.h"
#include "machine_files.h"
#include "sampling/thread_files.h"
#include "thread_uses.h"

#define SHORTEST_NS UINT64_C(10000000)
#define COST_SHARE 1000
#define AGE_SHARE 1024
#define LEAST_NS UINT64_C(1000000) /* a record of less says nothing */
#define GROUPS_NS UINT64_C(60000000000)

static struct dp_machine_reading logged; /* when the last record was written */
static struct dp_machine_reading last_one;
static uint64_t next_sample, next_record, next_groups;
static uint64_t cost_ns; /* of samples since the last record */
static bool begun;

/* A `machine` record, as it lies in the log. */
struct record {
    struct dp_event_machine head;
    char rest[DP_FIGURE_COUNT * 8 + DP_MACHINE_THREADS * (4 + 8 + 8 + DP_MACHINE_NAME) + 1];
} __attribute__((packed));

void dp_machine_init(void)
{
    next_sample = next_record = cost_ns = 0;
    next_groups = GROUPS_NS + dp_process_start_ns;
    begun = false;
    dp_thread_uses_init();
    dp_detector_init();
}

static uint64_t record_interval(uint64_t now, uint64_t period)
{
    uint64_t share = (now - dp_process_start_ns) / AGE_SHARE;
    return share > period ? share : period;
}

static char *append(char *at, const void *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

static char *append_threads(char *at, const struct dp_thread_uses *uses)
{
    for (uint32_t i = 0; i < uses->count; i++)
        at = append(at, &uses->most[i].tid, sizeof uses->most[i].tid);
    for (uint32_t i = 0; i < uses->count; i++)
        at = append(at, &uses->most[i].cpu_ns, sizeof uses->most[i].cpu_ns);
    for (uint32_t i = 0; i < uses->count; i++)
        at = append(at, &uses->most[i].wait_ns, sizeof uses->most[i].wait_ns);
    for (uint32_t i = 0; i < uses->count; i++) {
        char name[16];
        dp_thread_name(uses->most[i].tid, name);
        for (const char *letter = name; *letter; letter++)
            *at++ = *letter == '\n' ? ' ' : *letter;
        *at++ = '\n';
    }
    *at++ = 0;
    return at;
}

/* Most of what events about the process may take is left to the others, who count what does not
 * fit as lost. */
static bool has_room(void)
{
    uint64_t whole, left = dp_log_room_left(&whole);
    return left > whole / 4 * 3;
}

static void write_record(const struct dp_figures *figures, const struct dp_thread_uses *uses,
                         uint64_t interval_ns)
{
    static struct record record;
    char *at = record.rest;
    record.head = (struct dp_event_machine){.interval_ns = interval_ns,
                                            .known = figures->known,
                                            .threads_ns = uses->interval_ns,
                                            .n_threads = uses->count};
    for (int i = 0; i < DP_FIGURE_COUNT; i++) {
        if (!dp_figure_known(figures, (enum dp_figure)i))
            continue;
        at = append(at, &figures->value[i], sizeof figures->value[i]);
        record.head.n_values++;
    }
    at = append_threads(at, uses);
    if (has_room())
        dp_log_event_if_room(DP_EVENT_ID_machine, &record, (size_t)(at - (char *)&record));
}

static void set(struct dp_figures *figures, enum dp_figure figure, uint64_t value)
{
    figures->known |= UINT64_C(1) << figure;
    figures->value[figure] = value;
}

static void log_reading(const struct dp_machine_reading *now)
{
    struct dp_figures figures;
    struct dp_thread_uses uses;
    uint64_t before_ns = dp_os_thread_cpu_ns();
    dp_machine_between(&logged, now, &figures);
    dp_thread_uses_look(now->time_ns, &uses);
    if (uses.wait_known)
        set(&figures, DP_FIGURE_RUNNABLE, uses.wait_ns);
    cost_ns += dp_os_thread_cpu_ns() - before_ns;
    set(&figures, DP_FIGURE_COST, cost_ns);
    cost_ns = 0;
    write_record(&figures, &uses, now->time_ns - logged.time_ns);
    logged = *now;
}

static void judge(const struct dp_machine_reading *now)
{
    struct dp_figures figures;
    dp_machine_between(&last_one, now, &figures);
    dp_detector_look(now->time_ns, now->time_ns - last_one.time_ns, &figures);
}

/* Reads, and writes a record if one is due. Returns what that cost. */
static uint64_t sample(uint64_t now, uint64_t period, bool last)
{
    static struct dp_machine_reading reading;
    uint64_t before_ns = dp_os_thread_cpu_ns();
    if (now >= next_groups) {
        next_groups = now + GROUPS_NS;
        dp_control_group_find();
    }
    dp_machine_read(&reading);
    if (begun && reading.time_ns > last_one.time_ns)
        judge(&reading);
    last_one = reading;
    uint64_t cost = dp_os_thread_cpu_ns() - before_ns;
    cost_ns += cost;
    if (!begun) {
        struct dp_thread_uses unused; /* what threads have used before is not of the first interval */
        logged = reading;
        dp_thread_uses_look(reading.time_ns, &unused);
    } else if (last ? reading.time_ns - logged.time_ns >= LEAST_NS : now >= next_record) {
        log_reading(&reading);
    }
    if (!begun || now >= next_record)
        next_record = now + record_interval(now, period);
    begun = true;
    return cost;
}

static uint64_t sample_period(void)
{
    uint64_t period = dp_setting_value(DP_SETTING_MACHINE);
    return period && period < SHORTEST_NS ? SHORTEST_NS : period;
}

void dp_machine_round(uint64_t now)
{
    uint64_t period = sample_period();
    if (!period || now < next_sample)
        return;
    uint64_t wait = sample(now, period, false) * COST_SHARE;
    next_sample = now + (wait > period ? wait : period);
}

void dp_machine_finish(uint64_t now)
{
    uint64_t period = sample_period();
    if (period && begun)
        sample(now, period, true);
    dp_detector_finish(last_one.time_ns);
}
