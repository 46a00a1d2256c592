/* The process and its machine over time: what a report makes of `machine` records. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "model/timeline.h"
#include "render/text_timeline.h"

#define SECOND UINT64_C(1000000000)

static struct dp_timeline timeline;

/* A record as it lies in a log; values in the order of the bits. */
static uint8_t bytes[1024];

struct thread {
    uint32_t tid;
    uint64_t cpu_ns;
    int64_t wait_ns;
};

static uint8_t *put(uint8_t *at, const void *from, size_t size)
{
    memcpy(at, from, size);
    return at + size;
}

static void read_record(uint64_t time_ns, uint64_t known, const uint64_t *values, uint32_t n_values,
                        const struct thread *threads, uint32_t n_threads)
{
    struct dp_event_machine event = {.interval_ns = SECOND,
                                     .known = known,
                                     .threads_ns = n_threads ? SECOND : 0,
                                     .n_values = n_values,
                                     .n_threads = n_threads};
    uint8_t *at = put(bytes, &event, sizeof event);
    at = put(at, values, n_values * sizeof *values);
    for (uint32_t i = 0; i < n_threads; i++)
        at = put(at, &threads[i].tid, 4);
    for (uint32_t i = 0; i < n_threads; i++)
        at = put(at, &threads[i].cpu_ns, 8);
    for (uint32_t i = 0; i < n_threads; i++)
        at = put(at, &threads[i].wait_ns, 8);
    for (uint32_t i = 0; i < n_threads; i++)
        at = put(at, "name\n", 5);
    *at++ = 0;
    const struct dp_record record = {.id = DP_EVENT_ID_machine,
                                     .time_ns = time_ns,
                                     .payload = bytes,
                                     .payload_bytes = (uint32_t)(at - bytes)};
    dp_timeline_read(&timeline, &record);
}

#define BIT(figure) (UINT64_C(1) << DP_FIGURE_##figure)

static void cpu_at(uint64_t second, uint64_t cpu_ns)
{
    read_record(second * SECOND, BIT(CPU), &cpu_ns, 1, NULL, 0);
}

static void figures_keep_their_units_and_what_is_unknown_is_not_zero(void)
{
    const uint64_t values[] = {SECOND / 2, 1500000, 4096, 20};
    read_record(SECOND, BIT(CPU) | BIT(PROCESSORS) | BIT(ANONYMOUS) | BIT(MAJOR_FAULTS), values, 4,
                NULL, 0);
    dp_timeline_settle(&timeline);
    CHECK(timeline.n == 1);
    CHECK(dp_figure_rate(timeline.samples, DP_FIGURE_CPU) == 0.5);
    CHECK(dp_figure_rate(timeline.samples, DP_FIGURE_PROCESSORS) == 1.5);
    CHECK(dp_figure_rate(timeline.samples, DP_FIGURE_ANONYMOUS) == 4096);
    CHECK(dp_figure_rate(timeline.samples, DP_FIGURE_MAJOR_FAULTS) == 20);
    CHECK(isnan(dp_figure_rate(timeline.samples, DP_FIGURE_SWAP)));
    CHECK(!dp_figure_summary(&timeline, DP_FIGURE_SWAP).known);
    dp_timeline_finish(&timeline);
}

static void a_row_has_the_means_of_its_parts(void)
{
    double row[4];
    cpu_at(2, SECOND);
    cpu_at(1, 0);
    cpu_at(4, SECOND / 2); /* nothing is known of the third second */
    dp_timeline_settle(&timeline);
    dp_timeline_row(&timeline, DP_FIGURE_CPU, row, 4);
    CHECK(row[0] == 0 && row[1] == 1 && isnan(row[2]) && row[3] == 0.5);
    dp_timeline_row(&timeline, DP_FIGURE_CPU, row, 2);
    CHECK_WITHIN(row[0], 0.5, 1e-9);
    CHECK_WITHIN(row[1], 0.5, 1e-9);
    struct dp_figure_summary summary = dp_figure_summary(&timeline, DP_FIGURE_CPU);
    CHECK(summary.known && summary.least == 0 && summary.most == 1 && summary.last == 0.5);
    CHECK_WITHIN(summary.mean, 0.5, 1e-9);
    dp_timeline_finish(&timeline);
}

static void threads_are_added_up(void)
{
    const struct thread first[] = {{7, SECOND / 2, 10}, {8, SECOND / 4, -1}};
    const struct thread second[] = {{8, SECOND, 30}};
    read_record(SECOND, 0, NULL, 0, first, 2);
    read_record(2 * SECOND, 0, NULL, 0, second, 1);
    dp_timeline_settle(&timeline);
    CHECK(timeline.n_threads == 2);
    CHECK(timeline.threads[0].tid == 8 && timeline.threads[0].cpu_ns == SECOND + SECOND / 4);
    CHECK(timeline.threads[0].last_share == 1 && !timeline.threads[0].wait_known);
    CHECK(timeline.threads[1].wait_known && timeline.threads[1].wait_ns == 10);
    CHECK(isnan(timeline.threads[1].last_share));
    CHECK_TEXT(timeline.threads[1].name, "name");
    dp_timeline_finish(&timeline);
}

/* Of a later version, or of a broken log. */
static void odd_records(void)
{
    const uint64_t values[] = {SECOND, 5};
    read_record(SECOND, BIT(CPU) | UINT64_C(1) << 63, values, 2, NULL, 0);
    CHECK(timeline.n == 1 && timeline.samples[0].figures.known == BIT(CPU));
    read_record(SECOND, BIT(CPU), values, 2, NULL, 0); /* more values than bits */
    CHECK(timeline.n == 1);
    dp_timeline_finish(&timeline);
    dp_timeline_settle(&timeline);
    CHECK(timeline.n == 0);
}

static void bars(void)
{
    const double values[] = {0, 0.5, 1, (double)NAN};
    char text[DP_BARS_BYTES(4)];
    CHECK_TEXT(dp_bars(text, values, 4, 1, false), "_-# ");
    CHECK_TEXT(dp_bars(text, values, 4, 1, true), "\u2581\u2584\u2588 ");
    CHECK_TEXT(dp_bars(text, values, 4, 0, false), "___ ");
}

int main(void)
{
    figures_keep_their_units_and_what_is_unknown_is_not_zero();
    a_row_has_the_means_of_its_parts();
    threads_are_added_up();
    odd_records();
    bars();
    return 0;
}
