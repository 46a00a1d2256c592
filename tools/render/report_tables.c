/* The tables of a report: functions, slow operations, open calls, memory, counts. */
#include "report_parts.h"

#include <math.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/memory.h"
#include "table.h"
#include "base/units.h"

/* ---- functions ---- */

static const struct dp_column function_columns[] = {
    {"total", false, 0},   {"+/-95%", false, 2}, {"% wall", false, 1},  {"self", false, 3},
    {"calls", false, 1},   {"+/-95%", false, 3}, {"sampled", false, 4}, {"slow", false, 3},
    {"mean", false, 1},    {"min", false, 5},    {"p50", false, 2},     {"p90", false, 5},
    {"p99", false, 1},     {"p99.9", false, 6},  {"max", false, 2},     {"stddev", false, 6},
    {"function", true, 0}, {"at", true, 4},
};

static void name_cells(struct dp_table *table, const struct dp_profile *profile, uint32_t index)
{
    const struct dp_site_info *site = dp_site_find(&profile->sites, index);
    char place[4300];

    if (!site) {
        dp_table_cellf(table, "site %u", index);
        dp_table_cell(table, "?");
        return;
    }
    dp_table_cell(table, site->function);
    dp_table_cell(table, dp_site_place(site, place, sizeof place));
}

static void time_cell(struct dp_table *table, const struct dp_style *style, double ns)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, dp_unit_ns(text, ns, style->utf8));
}

static void count_cell(struct dp_table *table, uint64_t count)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, count ? dp_unit_count(text, (double)count) : "");
}

static void calls_cells(struct dp_table *table, const struct dp_totals *totals)
{
    struct dp_estimate calls = dp_estimate_calls(totals);
    char text[DP_UNIT_TEXT], half[DP_UNIT_TEXT];

    dp_table_cellf(table, "%s%s",
                   calls.exact         ? ""
                   : isinf(calls.high) ? ">="
                                       : "~",
                   dp_unit_count(text, calls.value));
    if (calls.exact || isinf(calls.high))
        dp_table_cell(table, "");
    else
        dp_table_cell(table, dp_unit_count(half, calls.high - calls.value));
}

/* Only where calls were timed. */
static void distribution_cells(struct dp_table *table, const struct dp_style *style,
                               const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;

    if (sum->sampled == 0) {
        for (int i = 0; i < 6; i++)
            dp_table_cell(table, "");
        if (sum->slow_max_ns > 0)
            time_cell(table, style, (double)sum->slow_max_ns);
        else
            dp_table_cell(table, "");
        dp_table_cell(table, "");
        return;
    }
    uint64_t max = sum->max_ns > sum->slow_max_ns ? sum->max_ns : sum->slow_max_ns;
    time_cell(table, style, dp_mean_ns(totals));
    time_cell(table, style, (double)sum->min_ns);
    time_cell(table, style, dp_quantile_ns(totals, 0.5));
    time_cell(table, style, dp_quantile_ns(totals, 0.9));
    time_cell(table, style, dp_quantile_ns(totals, 0.99));
    time_cell(table, style, dp_quantile_ns(totals, 0.999));
    time_cell(table, style, (double)max);
    time_cell(table, style, dp_deviation_ns(totals));
}

static void function_row(struct dp_table *table, const struct dp_report *report,
                         const struct dp_style *style, uint32_t site)
{
    const struct dp_profile *profile = report->profile;
    const struct dp_totals *totals = dp_profile_find_totals(profile, site);
    struct dp_estimate total = dp_estimate_total(totals);
    char text[DP_UNIT_TEXT];

    dp_table_cellf(table, "%s%s",
                   total.exact         ? ""
                   : isinf(total.high) ? ">="
                                       : "~",
                   dp_unit_ns(text, total.value, style->utf8));
    if (total.exact || isinf(total.high))
        dp_table_cell(table, "");
    else
        time_cell(table, style, total.high - total.value);
    dp_table_cell(table, dp_unit_percent(text, total.value / (double)dp_profile_wall_ns(profile)));
    if (dp_profile_self_known(profile, site) && totals->sum.total_ns > 0)
        time_cell(table, style,
                  total.value * (1 - (double)totals->sum.child_ns / (double)totals->sum.total_ns));
    else
        dp_table_cell(table, "");
    calls_cells(table, totals);
    count_cell(table, totals->sum.sampled);
    count_cell(table, totals->sum.slow);
    distribution_cells(table, style, totals);
    name_cells(table, profile, site);
}

static bool was_timed(const struct dp_totals *totals)
{
    /* Calls that were only counted have their own table. */
    bool counted_only = totals->has_counted && totals->sum.gated == 0;

    return totals->sum.sampled > 0 || totals->sum.slow > 0 ||
           (totals->sum.calls > 0 && !counted_only);
}

void dp_report_functions(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_profile *profile = report->profile;
    struct dp_table table;
    size_t n, shown = 0, timed = 0;
    uint32_t *sites = dp_profile_hottest(profile, &n);

    dp_table_start(&table, function_columns, sizeof function_columns / sizeof *function_columns);
    for (size_t i = 0; i < n; i++) {
        if (!was_timed(profile->totals[sites[i]]))
            continue;
        timed++;
        if (report->limit > 0 && shown == report->limit)
            continue;
        function_row(&table, report, style, sites[i]);
        shown++;
    }
    if (shown > 0) {
        dp_heading(style, "Hot functions, by inclusive time");
        dp_table_print(&table, style);
        if (timed > shown)
            fprintf(style->out, "and %zu more (--top 0 shows all)\n", timed - shown);
    }
    dp_table_finish(&table);
    free(sites);
}

/* ---- slow operations ---- */

static const struct dp_column slow_columns[] = {
    {"duration", false, 0}, {"+/-", false, 3},   {"threshold", false, 2},
    {"after", false, 1},    {"thread", true, 2}, {"", true, 1},
    {"function", true, 0},  {"at", true, 4},     {"metadata", true, 3},
};

static void thread_cell(struct dp_table *table, const char *name, uint32_t tid)
{
    if (*name)
        dp_table_cellf(table, "%s/%u", name, tid);
    else
        dp_table_cellf(table, "%u", tid);
}

/* "stage:parse unit:file" */
static void metadata_cell(struct dp_table *table, const struct dp_site_info *site)
{
    const struct dp_options *options = dp_site_options(site, DP_ATTRIBUTE_IF_SLOW);
    char text[1024] = "", clean[3 * sizeof text];
    size_t at = 0;

    for (size_t i = 0; options && i < options->n_metadata && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s:%.*s", i ? " " : "",
                               (int)options->metadata_key[i].length, options->metadata_key[i].text,
                               (int)options->metadata_value[i].length,
                               options->metadata_value[i].text);
    dp_table_cell(table, dp_clean(text, clean, sizeof clean));
}

static void slow_row(struct dp_table *table, const struct dp_profile *profile,
                     const struct dp_style *style, const struct dp_slow_call *slow)
{
    uint64_t start = dp_profile_start_ns(profile);
    uint64_t began = slow->time_ns - slow->duration_ns;

    time_cell(table, style, (double)slow->duration_ns);
    if (slow->error_ns > 0)
        time_cell(table, style, (double)slow->error_ns);
    else
        dp_table_cell(table, "");
    time_cell(table, style, (double)slow->threshold_ns);
    time_cell(table, style, began > start ? (double)(began - start) : 0);
    thread_cell(table, slow->thread_name, slow->tid);
    dp_table_cell(table, slow->flags & DP_SLOW_IN_FLIGHT ? "did not return" : "");
    name_cells(table, profile, slow->site);
    metadata_cell(table, dp_site_find(&profile->sites, slow->site));
}

void dp_report_slow(const struct dp_profile *profile, const struct dp_style *style)
{
    struct dp_table table;
    uint64_t all = 0;

    for (size_t i = 0; i < profile->n_totals; i++)
        all += profile->totals[i] ? profile->totals[i]->sum.slow : 0;
    if (profile->n_slow == 0 && all == 0)
        return;
    dp_heading(style, "Slow operations, worst first");
    dp_table_start(&table, slow_columns, sizeof slow_columns / sizeof *slow_columns);
    for (size_t i = 0; i < profile->n_slow; i++)
        slow_row(&table, profile, style, &profile->slow[i]);
    if (profile->n_slow > 0)
        dp_table_print(&table, style);
    dp_table_finish(&table);
    if (all < profile->slow_events)
        all = profile->slow_events;
    fprintf(style->out, "%llu slow call%s counted, %llu of them left an event, %zu shown\n",
            (unsigned long long)all, all == 1 ? "" : "s", (unsigned long long)profile->slow_events,
            profile->n_slow);
}

/* ---- open calls, memory, counts ---- */

enum { MOST_OPEN = 1000 };

static const struct dp_column open_columns[] = {
    {"thread", true, 0},   {"depth", false, 2}, {"open for", false, 1},
    {"function", true, 0}, {"at", true, 4},
};

enum { RUN_SHOWN = 3 };

/* How many calls in a row are of one function in one thread: a recursion. */
static size_t run_of_calls(const struct dp_profile *profile, size_t first)
{
    const struct dp_open_info *open = profile->open;
    size_t next = first + 1;

    while (next < profile->n_open && open[next].tid == open[first].tid &&
           open[next].site == open[first].site)
        next++;
    return next - first;
}

static void open_row(struct dp_table *table, const struct dp_profile *profile,
                     const struct dp_style *style, const struct dp_open_info *open, uint64_t end)
{
    thread_cell(table, open->thread_name, open->tid);
    dp_table_cellf(table, "%u", open->depth);
    time_cell(table, style, end > open->start_ns ? (double)(end - open->start_ns) : 0);
    name_cells(table, profile, open->site);
}

void dp_report_open(const struct dp_profile *profile, const struct dp_style *style)
{
    uint64_t end = dp_profile_start_ns(profile) + dp_profile_wall_ns(profile);
    struct dp_table table;
    size_t i = 0, rows = 0;
    uint64_t forgotten = dp_profile_forgotten(profile);

    if (profile->n_open == 0 && forgotten == 0)
        return;
    dp_heading(style, profile->phase == DP_PHASE_RUNNING ? "Open calls" : "Open calls at its end");
    dp_table_start(&table, open_columns, sizeof open_columns / sizeof *open_columns);
    for (; i < profile->n_open && rows < MOST_OPEN; i++, rows++) {
        size_t run = run_of_calls(profile, i);
        open_row(&table, profile, style, &profile->open[i], end);
        if (run <= RUN_SHOWN)
            continue;
        dp_table_cellf(&table, "and %zu more of it", run - 2);
        for (int empty = 1; empty < 5; empty++)
            dp_table_cell(&table, "");
        i += run - 1;
        open_row(&table, profile, style, &profile->open[i], end);
    }
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (i < profile->n_open)
        fprintf(style->out, "and %zu more (--format=json lists all)\n", profile->n_open - i);
    if (forgotten)
        fprintf(style->out, "and %llu before them: a thread shows its latest %d\n",
                (unsigned long long)forgotten, DP_LANE_FRAMES);
}

static const struct dp_column memory_columns[] = {
    {"calls", false, 1}, {"delta", false, 0},   {"allocated", false, 1},
    {"freed", false, 2}, {"allocs", false, 2},  {"frees", false, 3},
    {"peak", false, 1},  {"function", true, 0}, {"at", true, 4},
};

static void bytes_cell(struct dp_table *table, double bytes)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, dp_unit_bytes(text, bytes));
}

/* Functions of one table, the most of something first; to be freed. */
struct ranking {
    uint32_t *sites;
    size_t n, shown; /* of them: as many as --top says */
};

static struct ranking rank(const struct dp_report *report,
                           bool (*belongs)(const struct dp_totals *),
                           int (*order)(const void *, const void *, void *))
{
    const struct dp_profile *profile = report->profile;
    struct ranking ranking = {.sites = dp_allocate(profile->n_totals, sizeof *ranking.sites)};

    for (uint32_t site = 0; site < profile->n_totals; site++)
        if (profile->totals[site] && belongs(profile->totals[site]))
            ranking.sites[ranking.n++] = site;
    qsort_r(ranking.sites, ranking.n, sizeof *ranking.sites, order, profile->totals);
    ranking.shown = report->limit && report->limit < ranking.n ? report->limit : ranking.n;
    return ranking;
}

static void finish_ranking(struct ranking *ranking, struct dp_table *table, const char *heading,
                           const struct dp_style *style)
{
    if (ranking->n > 0) {
        dp_heading(style, heading);
        dp_table_print(table, style);
    }
    if (ranking->shown < ranking->n)
        fprintf(style->out, "and %zu more (--top 0 shows all)\n", ranking->n - ranking->shown);
    dp_table_finish(table);
    free(ranking->sites);
}

static bool has_memory(const struct dp_totals *totals)
{
    return totals->sum.memory_calls > 0;
}

static int by_allocated(const void *a, const void *b, void *context)
{
    struct dp_totals *const *totals = context;
    uint64_t x = totals[*(const uint32_t *)a]->sum.allocated_bytes;
    uint64_t y = totals[*(const uint32_t *)b]->sum.allocated_bytes;

    return x != y ? (x > y ? -1 : 1) : 0;
}

void dp_report_memory(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_profile *profile = report->profile;
    struct ranking ranking = rank(report, has_memory, by_allocated);
    struct dp_table table;

    dp_table_start(&table, memory_columns, sizeof memory_columns / sizeof *memory_columns);
    for (size_t i = 0; i < ranking.shown; i++) {
        const struct dp_site_stats *sum = &profile->totals[ranking.sites[i]]->sum;
        count_cell(&table, sum->memory_calls);
        bytes_cell(&table, (double)sum->allocated_bytes - (double)sum->freed_bytes);
        bytes_cell(&table, (double)sum->allocated_bytes);
        bytes_cell(&table, (double)sum->freed_bytes);
        dp_table_cellf(&table, "%llu", (unsigned long long)sum->allocations);
        dp_table_cellf(&table, "%llu", (unsigned long long)sum->frees);
        bytes_cell(&table, (double)sum->peak_bytes);
        name_cells(&table, profile, ranking.sites[i]);
    }
    finish_ranking(&ranking, &table, "Memory, of the calls that were counted", style);
}

static const struct dp_column count_columns[] = {
    {"calls", false, 0}, {"function", true, 0}, {"at", true, 4}};

static bool has_count(const struct dp_totals *totals)
{
    return totals->has_counted;
}

static int by_count(const void *a, const void *b, void *context)
{
    struct dp_totals *const *totals = context;
    uint64_t x = totals[*(const uint32_t *)a]->counted, y = totals[*(const uint32_t *)b]->counted;

    return x != y ? (x > y ? -1 : 1) : 0;
}

void dp_report_counts(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_profile *profile = report->profile;
    struct ranking ranking = rank(report, has_count, by_count);
    struct dp_table table;

    dp_table_start(&table, count_columns, sizeof count_columns / sizeof *count_columns);
    for (size_t i = 0; i < ranking.shown; i++) {
        uint32_t site = ranking.sites[i];
        dp_table_cellf(&table, "%llu", (unsigned long long)profile->totals[site]->counted);
        name_cells(&table, profile, site);
    }
    finish_ranking(&ranking, &table, "Exact counts", style);
}
