/* See ab.h; run_statistics.c has the test of pairs. */
#include "ab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "common/record.h"
#include "log/log_cursor.h"
#include "log/log_open.h"
#include "run_read.h"

const char *const dp_ab_figure_names[DP_AB_FIGURES] = {"p50", "p99", "mean"};

/* A stretch with fewer calls of either function is left out; and p99 takes a hundred. */
#define LEAST_CALLS 10

struct call {
    uint64_t end_ns;
    double ns;
};

/* Calls of one function in one log. */
struct calls {
    struct call *calls;
    size_t n, capacity;
};

/* ---- reading ---- */

static void add(struct calls *calls, uint64_t end_ns, uint64_t ns)
{
    calls->calls = dp_append(calls->calls, &calls->n, &calls->capacity, sizeof *calls->calls);
    calls->calls[calls->n - 1] = (struct call){end_ns, (double)ns};
}

/* Which of the two functions each site is: 0 or 1; 2: neither. The caller frees. */
static uint8_t *which_of_sites(const struct dp_ab *ab, const struct dp_profile *profile)
{
    uint8_t *which = dp_allocate((size_t)profile->sites.n + 1, 1);

    for (uint32_t s = 0; s < profile->sites.n; s++) {
        const struct dp_site_info *info = dp_site_find(&profile->sites, s);
        which[s] = 2;
        for (uint8_t w = 0; info && w < 2; w++)
            if (strcmp(info->function, ab->name[w]) == 0)
                which[s] = w;
    }
    return which;
}

static void add_record(struct calls calls[2], const uint8_t *which, uint32_t n_sites,
                       const struct dp_record *record)
{
    switch (record->id) {
#define CALL_OF(name)                                                                     \
    case DP_EVENT_ID_##name: {                                                            \
        struct dp_event_##name event;                                                     \
        dp_record_copy(record, &event);                                                   \
        if (event.site < n_sites && which[event.site] < 2)                                \
            add(&calls[which[event.site]], record->time_ns, event.duration_ns);           \
        return;                                                                           \
    }
        CALL_OF(call)
        CALL_OF(call_wide)
        CALL_OF(call_memory)
        CALL_OF(production)
        CALL_OF(production_wide)
#undef CALL_OF
    }
}

static void read_calls(struct calls calls[2], const struct dp_ab *ab, struct dp_profile *profile)
{
    uint8_t *which = which_of_sites(ab, profile);

    for (int64_t lane = INT64_MIN; dp_log_next_lane(&profile->log, &lane);) {
        struct dp_cursor cursor;
        struct dp_record record;
        dp_cursor_start(&cursor, &profile->log, lane);
        while (dp_cursor_next(&cursor, &record))
            add_record(calls, which, profile->sites.n, &record);
        dp_cursor_finish(&cursor);
    }
    free(which);
}

/* ---- pairs ---- */

static int by_end(const void *a, const void *b)
{
    const struct call *x = a, *y = b;

    return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double nearest_rank(const double *sorted, size_t n, double q)
{
    size_t rank = (size_t)ceil(q * (double)n);

    return fmax(sorted[rank > 0 ? rank - 1 : 0], 0.5);
}

/* NAN: too few calls. */
static void figures_of(double figures[DP_AB_FIGURES], const struct call *calls, size_t n)
{
    double *ns = dp_allocate(n + 1, sizeof *ns), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += ns[i] = calls[i].ns;
    qsort(ns, n, sizeof *ns, by_value);
    for (int f = 0; f < DP_AB_FIGURES; f++)
        figures[f] = NAN;
    if (n >= LEAST_CALLS) {
        figures[DP_AB_P50] = nearest_rank(ns, n, 0.5);
        figures[DP_AB_MEAN] = fmax(sum / (double)n, 0.5);
    }
    if (n >= DP_RUN_LEAST_FOR_P99)
        figures[DP_AB_P99] = nearest_rank(ns, n, 0.99);
    free(ns);
}

/* Returns whether the pair has a median. */
static bool add_pair(struct dp_ab_pairs *pairs, const struct call *a, size_t n_a,
                     const struct call *b, size_t n_b)
{
    double of_a[DP_AB_FIGURES], of_b[DP_AB_FIGURES];

    figures_of(of_a, a, n_a);
    figures_of(of_b, b, n_b);
    for (int f = 0; f < DP_AB_FIGURES; f++) {
        size_t at = pairs->n[f];
        if (at == DP_AB_MOST_PAIRS || isnan(of_a[f]) || isnan(of_b[f]))
            continue;
        pairs->a[f][at] = of_a[f];
        pairs->b[f][at] = of_b[f];
        pairs->n[f]++;
    }
    return !isnan(of_a[DP_AB_P50]) && !isnan(of_b[DP_AB_P50]);
}

/* The first call at or after that time. */
static size_t first_from(const struct calls *calls, uint64_t time_ns)
{
    size_t low = 0, high = calls->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calls->calls[middle].end_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Cuts the time in which both were called into n parts. Returns how many became pairs. */
static size_t cut(struct dp_ab_pairs *pairs, const struct calls calls[2], uint64_t n)
{
    const struct call *a = calls[0].calls, *b = calls[1].calls;
    uint64_t from = a->end_ns > b->end_ns ? a->end_ns : b->end_ns;
    uint64_t a_to = a[calls[0].n - 1].end_ns, b_to = b[calls[1].n - 1].end_ns;
    uint64_t to = (a_to < b_to ? a_to : b_to) + 1;
    size_t found = 0;

    for (uint64_t i = 0; i < n && from < to; i++) {
        uint64_t start = from + (to - from) / n * i;
        uint64_t end = i == n - 1 ? to : from + (to - from) / n * (i + 1);
        size_t a_first = first_from(&calls[0], start), b_first = first_from(&calls[1], start);
        found += add_pair(pairs, a + a_first, first_from(&calls[0], end) - a_first, b + b_first,
                          first_from(&calls[1], end) - b_first);
    }
    return found;
}

/* Many short stretches when there are calls enough for them, else a few long ones. */
static void add_stretches(struct dp_ab_pairs *pairs, const struct calls calls[2])
{
    static const uint64_t parts[] = {20, 14, 10, DP_AB_LEAST_PAIRS};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct dp_ab_pairs more = *pairs;
        if (cut(&more, calls, parts[i]) < DP_AB_LEAST_PAIRS)
            continue;
        *pairs = more;
        return;
    }
}

int dp_ab_read(struct dp_ab *ab, const char *path)
{
    struct dp_profile profile;
    struct calls calls[2] = {0};
    int status = dp_run_gather(&profile, path);

    if (status != DP_EXIT_OK)
        return status;
    read_calls(calls, ab, &profile);
    for (int w = 0; w < 2; w++) {
        ab->calls[w] += calls[w].n;
        if (calls[w].n > 0)
            qsort(calls[w].calls, calls[w].n, sizeof *calls[w].calls, by_end);
    }
    if (calls[0].n > 0 && calls[1].n > 0) {
        ab->logs++;
        add_pair(&ab->runs, calls[0].calls, calls[0].n, calls[1].calls, calls[1].n);
        add_stretches(&ab->stretches, calls);
    }
    free(calls[0].calls);
    free(calls[1].calls);
    dp_profile_finish(&profile);
    return DP_EXIT_OK;
}

/* ---- the verdict ---- */

static enum dp_verdict judge(const struct dp_ab *ab, const struct dp_ab_figure *figure)
{
    double limit = 1 + ab->within;

    if (figure->pairs < DP_AB_LEAST_PAIRS)
        return figure->pairs > 0 ? DP_VERDICT_NOT_ENOUGH : DP_VERDICT_UNKNOWN;
    if (figure->adjusted <= DP_FALSE_DISCOVERIES && figure->ratio.value >= limit)
        return DP_VERDICT_REGRESSED;
    if (figure->adjusted <= DP_FALSE_DISCOVERIES && figure->ratio.value <= 1 / limit)
        return DP_VERDICT_IMPROVED;
    if (figure->ratio.low >= 1 / limit && figure->ratio.high <= limit)
        return DP_VERDICT_UNCHANGED;
    return DP_VERDICT_NOT_ENOUGH;
}

void dp_ab_settle(struct dp_ab *ab)
{
    double p[DP_AB_FIGURES];

    ab->of_runs = ab->runs.n[DP_AB_P50] >= DP_AB_LEAST_PAIRS;
    struct dp_ab_pairs pairs = ab->of_runs ? ab->runs : ab->stretches;
    for (int f = 0; f < DP_AB_FIGURES; f++) {
        struct dp_ab_figure *figure = &ab->figures[f];
        figure->pairs = pairs.n[f];
        figure->ratio = dp_ratio_of_pairs(pairs.a[f], pairs.b[f], pairs.n[f], &p[f]);
        figure->p = p[f];
        figure->median_a = dp_median(pairs.a[f], pairs.n[f]);
        figure->median_b = dp_median(pairs.b[f], pairs.n[f]);
    }
    dp_adjust_for_many(p, DP_AB_FIGURES);
    for (int f = 0; f < DP_AB_FIGURES; f++) {
        ab->figures[f].adjusted = p[f];
        ab->figures[f].verdict = judge(ab, &ab->figures[f]);
    }
}

void dp_ab_start(struct dp_ab *ab, struct dp_word a, struct dp_word b, double within)
{
    const struct dp_word words[2] = {a, b};

    *ab = (struct dp_ab){.within = within};
    for (int w = 0; w < 2; w++) {
        ab->name[w] = dp_allocate(words[w].length + 1, 1);
        memcpy(ab->name[w], words[w].text, words[w].length);
    }
}

void dp_ab_finish(struct dp_ab *ab)
{
    free(ab->name[0]);
    free(ab->name[1]);
    *ab = (struct dp_ab){0};
}
