/* The sentences of the summary, of profiles made by hand: each must be right, or not there. */
#include "report_by_hand.h"

#include <locale.h>

#include "render/text_summary.h"

#define MS UINT64_C(1000000)

static char *text;

/* The summary, a line each; the caller does not free it. */
static const char *summary(void)
{
    struct dp_style style = {0};
    size_t size;

    free(text);
    make(0);
    style.out = open_memstream(&text, &size);
    dp_text_summary(&report, &style);
    fclose(style.out);
    return text;
}

static void has(const char *line)
{
    const char *all = summary();

    CHECK(strstr(all, line), "\"%s\" is not in\n%s", line, all);
    dp_report_finish(&report);
}

static void has_not(const char *words)
{
    const char *all = summary();

    CHECK(!strstr(all, words), "\"%s\" is in\n%s", words, all);
    dp_report_finish(&report);
}

static void timed(uint32_t site, const char *function, uint64_t ns, double rate)
{
    const struct dp_site_stats one = {
        .sampled = 1,
        .calls = rate == 1,
        .estimated = (uint64_t)(DP_WEIGHT_UNIT / rate + 0.5),
        .variance = (uint64_t)(DP_WEIGHT_UNIT * (1 - rate) / rate / rate + 0.5),
        .total_ns = ns,
        .min_ns = ns,
        .max_ns = ns};
    struct dp_totals *totals = dp_profile_totals(&profile, site);

    name_site(site, function);
    dp_totals_add(totals, &one);
    dp_histogram_add(&totals->histogram, ns);
}

static void slow_call(uint32_t site, uint64_t after_ms, uint64_t ms)
{
    profile.slow = realloc(profile.slow, (profile.n_slow + 1) * sizeof *profile.slow);
    profile.slow[profile.n_slow] = (struct dp_slow_call){.time_ns = START + (after_ms + ms) * MS,
                                                         .duration_ns = ms * MS,
                                                         .threshold_ns = 100 * MS,
                                                         .id = profile.n_slow + 1,
                                                         .site = site,
                                                         .tid = 42};
    profile.n_slow++;
    profile.slow_events++;
}

static void watch(uint32_t site)
{
    static struct dp_site_attribute_info info = {.state = DP_ATTRIBUTE_ON, .threshold = 100 * MS};

    dp_site_get(&profile.sites, site)->attributes[DP_ATTRIBUTE_IF_SLOW] = &info;
}

static void unwatch(uint32_t site)
{
    dp_site_get(&profile.sites, site)->attributes[DP_ATTRIBUTE_IF_SLOW] = NULL;
}

static void of_one_call(void)
{
    begin();
    timed(1, "parse", 4 * MS, 1);
    has("  time      most went into parse");
    has(" itself: 4.00 ms in 1 call\n");
    has("lost      nothing\n");
    has_not("slow");
    has_not("half of them");
    end();
}

static void of_an_idle_process(void)
{
    begin();
    timed(1, "poll", 1000, 1);
    profile.process.steward_cpu_ns = 3 * MS;
    profile.overhead.process_cpu_ns = 4 * MS;
    has("cost      the profiler used 3.00 ms of CPU, 0.03 % of one processor; the whole process used "
        "4.00 ms; the log is 0 B\n");
    profile.process.steward_cpu_ns = 5 * MS; /* read later than the process's */
    has_not("the whole process");
    profile.has_overhead = profile.has_process = false;
    has("cost      what the profiler cost is not known\n");
    end();
}

/* A second of the run, and what was written of the cost so long before each of its ends. */
static bool cost_of_a_window_is_known(uint64_t before_begin_ns, uint64_t before_end_ns)
{
    bool known;

    begin();
    timed(1, "parse", MS, 1);
    profile.windows.set = true;
    profile.windows.from_ns = START + 5 * SECOND;
    profile.windows.to_ns = START + 6 * SECOND;
    profile.overhead_before.process_cpu_ns = 3 * SECOND;
    profile.overhead_before_ns = START + 5 * SECOND - before_begin_ns;
    profile.overhead_ns = START + 6 * SECOND - before_end_ns;
    dp_windows_settle(&profile);
    make(0);
    known = report.limits.overhead.known;
    CHECK(known == !report.limits.overhead.elsewhere);
    end();
    return known;
}

static void of_a_window(void)
{
    CHECK(cost_of_a_window_is_known(SECOND / 20, SECOND / 20));
    CHECK(!cost_of_a_window_is_known(SECOND / 2, 0)); /* half of it was before the window */
    CHECK(!cost_of_a_window_is_known(0, SECOND / 2));
}

/* A shorter tick does not make the start of a run cheaper: no advice. */
static void of_a_short_run(void)
{
    begin();
    timed(1, "parse", MS, 1);
    profile.process.steward_cpu_ns = 2 * SECOND;
    make(0);
    CHECK(report.limits.overhead.much);
    dp_report_finish(&report);
    profile.process.end_monotonic_ns = START + 15 * MS;
    profile.process.steward_cpu_ns = 4 * MS;
    profile.overhead.process_cpu_ns = 6 * MS;
    make(0);
    CHECK(report.limits.overhead.share_of_core > 0.2 && !report.limits.overhead.much);
    dp_report_finish(&report);
    end();
}

static void of_no_call_nothing_is_said(void)
{
    begin();
    CHECK_TEXT(summary(), "");
    dp_report_finish(&report);
    end();
}

static void of_slow_calls(void)
{
    begin();
    timed(1, "query", 200 * MS, 1);
    timed(1, "query", 300 * MS, 1);
    for (int i = 0; i < 98; i++)
        timed(1, "query", MS, 1);
    watch(1);
    stats_of(1)->slow = 2;
    stats_of(1)->slow_total_ns = 500 * MS;
    stats_of(1)->slow_max_ns = 300 * MS;
    slow_call(1, 500, 200);
    slow_call(1, 4000, 300);
    has("took 300 ms, threshold 100 ms; 2 calls were over it, 2.0 % of its calls; the first began "
        "after 500 ms (1970-01-01 00:16:47 UTC), the last after 4.00 s\n");
    stats_of(1)->slow = 20; /* most of them left no event */
    has("; 20 calls were over it, 20.0 % of its calls; the first seen began after 500 ms");
    unwatch(1);
    end();
}

static void of_slow_calls_at_the_same_time(void)
{
    begin();
    timed(1, "query", 300 * MS, 1);
    watch(1);
    stats_of(1)->slow = 2;
    slow_call(1, 500, 200);
    slow_call(1, 500, 300);
    has("; all began after 500 ms (1970-01-01 00:16:47 UTC)\n");
    stats_of(1)->slow = 3;
    has("; all seen began after 500 ms (1970-01-01 00:16:47 UTC)\n");
    unwatch(1);
    end();
}

/* One sample says nothing of the number of calls. */
static void of_a_share_that_is_an_estimate(void)
{
    begin();
    timed(1, "query", MS, 0.001);
    watch(1);
    stats_of(1)->slow = 500;
    slow_call(1, 500, 200);
    has_not("of its calls");
    for (int i = 0; i < 99; i++)
        timed(1, "query", MS, 0.001);
    has("500 calls were over it, about 0.5 % of its calls");
    unwatch(1);
    end();
}

/* Of calls that the governor, the load gate or a threshold let pass only a part is known. */
static void of_the_busiest_among_bounds(void)
{
    begin();
    profile.calls_untimed = true; /* so that self times are not known */
    timed(1, "parse", 40 * MS, 0.1);
    for (int i = 0; i < 9; i++)
        timed(1, "parse", 40 * MS, 0.1);
    timed(2, "query", 4 * MS, 0.1);
    has("  time      most passed in parse");
    stats_of(2)->slow = 1;
    stats_of(2)->slow_total_ns = 200 * MS;
    stats_of(2)->estimated = stats_of(2)->sampled = stats_of(2)->total_ns = 0;
    has("  time      most that is known passed in parse");
    end();
}

static void of_calls_that_were_not_slow(void)
{
    begin();
    timed(1, "query", MS, 1);
    watch(1);
    has("slow      no call that ended was over its threshold\n");
    profile.lost[DP_LOSS_TICK_LATE] = SECOND;
    has("slow      no call is known to have been over its threshold\n");
    stats_of(1)->maybe_slow = 3;
    has("slow      no call was certainly over its threshold, 3 may have been\n");
    stats_of(1)->slow = 2;
    has("slow      2 calls were over their thresholds; none of them left an event\n");
    unwatch(1);
    has_not("no call");
    end();
}

static void of_critical_calls(void)
{
    begin();
    for (int i = 0; i < 20; i++)
        timed(1, "fetch", i < 18 ? MS : 600 * MS, 1);
    has(": 2 calls of 500 ms and more, 10.0 % of its calls; the longest took 600 ms\n");
    end();
    begin();
    timed(1, "fetch", 600 * MS, 0.001); /* one sample says little */
    has("at least ");
    has_not("100 % of its calls");
    end();
}

static void of_what_was_lost(void)
{
    begin();
    timed(1, "query", MS, 1);
    profile.lost[DP_LOSS_LOG_FULL] = 5;
    has("lost      5 records not written: the log reached its size limit\n");
    profile.lost[DP_LOSS_TICK_LATE] = SECOND;
    profile.lost[DP_LOSS_DEPTH] = 1;
    has("; and 1 more kind below\n");
    end();
}

int main(void)
{
    setlocale(LC_ALL, "C");
    of_one_call();
    of_an_idle_process();
    of_a_window();
    of_a_short_run();
    of_no_call_nothing_is_said();
    of_slow_calls();
    of_slow_calls_at_the_same_time();
    of_a_share_that_is_an_estimate();
    of_the_busiest_among_bounds();
    of_calls_that_were_not_slow();
    of_critical_calls();
    of_what_was_lost();
    free(text);
    return 0;
}
