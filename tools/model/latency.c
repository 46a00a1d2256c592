/*
 * See latency.h.
 *
 * A call that chance chose stands for w = 1/p calls. Where all calls over a threshold are known,
 * too, the shorter ones are scaled up and those are added as they are (stratified sampling). The
 * share of the calls up to x is R = (w a(x) + b(x)) / N with N = w a + b, of a sampled and b known
 * calls. It is a ratio estimator; with the residuals of its linear form its variance is
 *
 *     w^2 (1 - p) (a(x) (1 - R)^2 + (a - a(x)) R^2) / N^2
 *
 * (Särndal, Swensson, Wretman: Model Assisted Survey Sampling, 1992, section 5.6). The bounds of
 * a percentile are the values at the ranks that are 1.96 such deviations away (Woodruff:
 * Confidence Intervals for Medians and Other Position Measures, JASA 47, 1952).
 */
#include "latency.h"

#include <math.h>
#include <string.h>

#include "common/aggregate.h"
#include "common/values.h"

#include "total_time.h"

/* 97.5 % quantile of the normal distribution. */
#define Z_95 1.959964

const struct dp_category_limits dp_default_categories = {
    {UINT64_C(50000000), UINT64_C(100000000), UINT64_C(500000000)}};

bool dp_category_limits_parse(const char *text, struct dp_category_limits *limits)
{
    struct dp_category_limits read;
    uint64_t before = 0;

    for (size_t i = 0; i < DP_CATEGORIES - 1; i++) {
        size_t length = strcspn(text, ",");
        bool last = i == DP_CATEGORIES - 2;
        if (dp_parse_duration(text, length, &read.from_ns[i]) != 0 || read.from_ns[i] <= before ||
            (text[length] == ',') == last)
            return false;
        before = read.from_ns[i];
        text += length + !last;
    }
    *limits = read;
    return true;
}

double dp_percentile_share(enum dp_percentile percentile)
{
    static const double shares[DP_PERCENTILES] = {0.5, 0.9, 0.95, 0.99, 0.999};

    return shares[percentile];
}

const char *dp_percentile_name(enum dp_percentile percentile)
{
    static const char *const names[DP_PERCENTILES] = {"p50", "p90", "p95", "p99", "p99.9"};

    return names[percentile];
}

const char *dp_category_name(enum dp_category category)
{
    static const char *const names[DP_CATEGORIES] = {"fast", "slow", "very slow", "critical"};

    return names[category];
}

/* ---- the distribution ---- */

#define BUCKETS ((size_t)DP_HISTOGRAM_BLOCKS * DP_HISTOGRAM_SUB)

/* Calls by bucket. Of the known calls the least and the most that each can have taken. */
struct distribution {
    const struct dp_totals *totals;
    double weight;  /* of a sampled call */
    double left_out; /* 1 - p */
    double sampled; /* calls that are scaled up */
    double known;   /* calls that are counted as they are */
    double all;     /* both, scaled up */
    double maybe;   /* calls close to the threshold that may belong to either */
    double missing; /* known calls whose duration is not */
    size_t first, end; /* calls are in buckets [first, end) only */
    double count[BUCKETS]; /* of `sampled` */
};

static uint64_t counted_in(const struct dp_histogram *histogram, size_t bucket)
{
    const uint64_t *block = histogram->blocks[bucket / DP_HISTOGRAM_SUB];

    return block ? block[bucket % DP_HISTOGRAM_SUB] : 0;
}

static double first_of(size_t bucket)
{
    return (double)dp_histogram_value((uint32_t)(bucket / DP_HISTOGRAM_SUB),
                                      (uint32_t)(bucket % DP_HISTOGRAM_SUB));
}

static double last_of(size_t bucket)
{
    return first_of(bucket + 1) - 1;
}

/* Most functions' calls are in a few of the blocks. */
static void find_buckets(struct distribution *calls)
{
    const struct dp_totals *totals = calls->totals;

    calls->first = BUCKETS;
    for (size_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++) {
        if (!totals->histogram.blocks[b] && !totals->slow_least.blocks[b] &&
            !totals->slow_most.blocks[b])
            continue;
        if (calls->first == BUCKETS)
            calls->first = b * DP_HISTOGRAM_SUB;
        calls->end = (b + 1) * DP_HISTOGRAM_SUB;
    }
}

/* Sampled calls over the threshold are among the known ones. */
static void start(struct distribution *calls, const struct dp_totals *totals, bool watched)
{
    double part = 1; /* of a call in the histogram: what it is worth as evidence */
    *calls = (struct distribution){.totals = totals, .weight = 1};
    if (totals->sum.sampled > 0 && dp_totals_by_chance(totals)) {
        part = dp_totals_evidence(totals) / dp_totals_timed(totals);
        calls->weight = fmax(dp_totals_stand_for(totals) / dp_totals_evidence(totals), 1);
        calls->left_out = 1 - 1 / calls->weight;
    }
    find_buckets(calls);
    for (size_t i = calls->first; i < calls->end; i++) {
        if (watched && first_of(i) >= totals->watched_ns)
            break;
        calls->count[i] = (double)counted_in(&totals->histogram, i) * part;
        calls->sampled += calls->count[i];
    }
    if (watched) {
        calls->known = (double)totals->slow_least.count;
        calls->maybe = (double)totals->sum.maybe_slow;
        if (totals->sum.slow > totals->slow_least.count)
            calls->missing = (double)(totals->sum.slow - totals->slow_least.count);
    }
    calls->all = calls->sampled * calls->weight + calls->known;
}

/* Calls up to and with a bucket, by the known calls' `bounds`. */
static size_t bucket_of_rank(const struct distribution *calls, const struct dp_histogram *bounds,
                             double rank)
{
    double seen = 0;
    size_t last = 0;

    for (size_t i = calls->first; i < calls->end; i++) {
        double here = calls->count[i] * calls->weight +
                      (calls->known > 0 ? (double)counted_in(bounds, i) : 0);
        if (here == 0)
            continue;
        seen += here;
        last = i;
        if (seen >= rank * (1 - 1e-12))
            break;
    }
    return last;
}

static double within(const struct dp_totals *totals, double ns)
{
    const struct dp_site_stats *sum = &totals->sum;
    uint64_t max = sum->sampled > 0 && sum->max_ns > sum->slow_max_ns ? sum->max_ns : sum->slow_max_ns;

    if (sum->sampled > 0 && totals->slow_least.count == 0)
        ns = fmax(ns, (double)sum->min_ns);
    return fmin(ns, (double)max);
}

static double deviation_of_rank(const struct distribution *calls, size_t bucket, double share)
{
    double below = 0;

    for (size_t i = calls->first; i <= bucket; i++)
        below += calls->count[i];
    double residuals =
        below * (1 - share) * (1 - share) + (calls->sampled - below) * share * share;
    return calls->weight * sqrt(calls->left_out * residuals);
}

/* So many of the calls that the tick could not judge may have taken `ns` and more. Each took the
 * threshold at most, or more, and what they took at most together is known. */
static double maybe_from(const struct distribution *calls, double ns)
{
    const struct dp_totals *totals = calls->totals;
    double watched_ns = totals->watched_ns;

    if (calls->maybe == 0 || ns <= watched_ns + 2 * totals->watched_error_ns)
        return calls->maybe;
    double beyond_ns = (double)totals->sum.maybe_slow_most_ns - calls->maybe * watched_ns;
    return fmin(calls->maybe, floor(fmax(beyond_ns, 0) / (ns - watched_ns)));
}

/* How far the rank may be off. Far above the threshold each call is known, and only how many
 * calls there are in all is not. */
static double rank_error(const struct distribution *calls, size_t bucket, double share)
{
    const struct dp_totals *totals = calls->totals;
    bool known = calls->known > 0 &&
                 first_of(bucket) >= totals->watched_ns + 2 * totals->watched_error_ns;
    double each = known ? 1 - share : 1;
    double maybe = known ? calls->maybe * each + maybe_from(calls, first_of(bucket)) : calls->maybe;
    double off = Z_95 * deviation_of_rank(calls, bucket, share);

    if (off > 0) /* ranks of samples are whole numbers, and their tails are skewed */
        off += calls->weight * fmin(each, fmax(share, 1 - share));
    return off + maybe + calls->missing;
}

/* When the rank is above all calls that are known: what none can exceed. */
static double most_of_all(const struct distribution *calls)
{
    const struct dp_totals *totals = calls->totals;

    if (calls->left_out == 0)
        return (double)totals->sum.max_ns;
    if (!(totals->watched_ns > 0) || totals->watched_missing_ns > 0)
        return INFINITY;
    if (calls->known > 0)
        return last_of(bucket_of_rank(calls, &totals->slow_most, calls->all));
    return totals->watched_ns + (calls->maybe > 0 ? 2 * totals->watched_error_ns : 0);
}

static struct dp_estimate percentile_of(const struct distribution *calls, double share)
{
    const struct dp_totals *totals = calls->totals;
    double rank = ceil(share * calls->all * (1 - 1e-12)); /* nearest rank */
    size_t least = bucket_of_rank(calls, &totals->slow_least, rank);
    size_t most = bucket_of_rank(calls, &totals->slow_most, rank);
    double off = rank_error(calls, least, share);
    double above = rank + off;
    struct dp_estimate found = {
        .value = within(totals, (first_of(least) + last_of(most)) / 2),
        .low = first_of(bucket_of_rank(calls, &totals->slow_least, fmax(rank - off, 0))),
        .high = last_of(bucket_of_rank(calls, &totals->slow_most, above)),
        .certainty = calls->left_out > 0 || calls->known > 0 ? DP_ESTIMATED : DP_EXACT};

    if (above > calls->all * (1 + 1e-12))
        found.high = most_of_all(calls);
    if (found.certainty == DP_EXACT) {
        found.low = within(totals, found.low);
        found.high = within(totals, found.high);
    }
    if (isinf(found.high))
        found.certainty = DP_ROUGH;
    return found;
}

/* ---- mean ---- */

static double squares_of(const struct dp_histogram *least, const struct dp_histogram *most,
                         double mean)
{
    return (dp_histogram_squares(least, mean) + dp_histogram_squares(most, mean)) / 2;
}

/* As certain as the total, whose interval is wider than the mean's: the number of calls, by which
 * it is divided, is off to the same side. */
static struct dp_estimate mean_of(const struct distribution *calls)
{
    const struct dp_totals *totals = calls->totals;
    struct dp_estimate total = dp_estimate_total(totals);
    double all = fmax(calls->all, 1);

    if (calls->left_out == 0)
        return dp_exactly(dp_mean_ns(totals));
    return (struct dp_estimate){total.value / all, total.low / all, total.high / all,
                                total.certainty};
}

static double deviation_of(const struct distribution *calls, double mean)
{
    const struct dp_totals *totals = calls->totals;
    double squares = 0;

    if (calls->left_out == 0)
        return dp_deviation_ns(totals);
    if (calls->sampled + calls->known < 2)
        return NAN;
    for (size_t i = calls->first; i < calls->end; i++) {
        double distance = (first_of(i) + last_of(i)) / 2 - mean;
        squares += calls->count[i] * calls->weight * distance * distance;
    }
    if (calls->known > 0)
        squares += squares_of(&totals->slow_least, &totals->slow_most, mean);
    return sqrt(squares / calls->all);
}

/* ---- categories ---- */

struct range {
    double from_ns;
    double below_ns;
};

/* How many of a bucket's calls are in the range: none, all, or not known (0 to 1). */
static double part_in(size_t bucket, struct range range, bool *cut)
{
    double first = first_of(bucket), last = last_of(bucket);
    double low = fmax(first, range.from_ns), high = fmin(last, range.below_ns - 1);

    if (low > high)
        return 0;
    *cut = low > first || high < last;
    return (high - low + 1) / (last - first + 1);
}

/* Sampled calls in the range: as a part of a bucket that the range cuts, and at least and most. */
struct part {
    double value, low, high;
};

static void add(struct part *part, double calls, size_t bucket, struct range range)
{
    bool cut = false;
    double in = calls > 0 ? part_in(bucket, range, &cut) : 0;

    part->value += calls * in;
    part->low += cut ? 0 : calls * in;
    part->high += in > 0 ? calls : 0;
}

static struct part sampled_in(const struct distribution *calls, struct range range)
{
    struct part part = {0};

    for (size_t i = calls->first; i < calls->end; i++)
        add(&part, calls->count[i], i, range);
    return part;
}

/* Each known call is between two values; a call is in a range for certain when both are. By the
 * number of calls from a limit on: at least those of `least`, at most those of `most`. */
static struct part known_from(const struct distribution *calls, double from_ns)
{
    const struct dp_totals *totals = calls->totals;
    const struct range range = {from_ns, INFINITY};
    struct part least = {0}, most = {0};

    for (size_t i = calls->first; i < calls->end; i++) {
        add(&least, (double)counted_in(&totals->slow_least, i), i, range);
        add(&most, (double)counted_in(&totals->slow_most, i), i, range);
    }
    return (struct part){(least.value + most.value) / 2, least.low, most.high};
}

static struct part known_in(const struct distribution *calls, struct range range)
{
    if (calls->known == 0)
        return (struct part){0};
    struct part from = known_from(calls, range.from_ns), above = {0};
    if (!isinf(range.below_ns))
        above = known_from(calls, range.below_ns);
    return (struct part){from.value - above.value, fmax(from.low - above.high, 0),
                         from.high - above.low};
}

/* The score interval of a number of calls of which each was sampled with probability p, and k were
 * (as Wilson's). */
static struct part scaled(const struct distribution *calls, struct part sampled)
{
    double z = Z_95, v = calls->left_out;
    double below = z * sqrt(sampled.low * v + z * z * v * v / 4);
    double above = z * sqrt(sampled.high * v + z * z * v * v / 4);

    return (struct part){
        sampled.value * calls->weight,
        fmax((sampled.low + z * z * v / 2 - below) * calls->weight, sampled.low),
        (sampled.high + z * z * v / 2 + above) * calls->weight};
}

/* No call that was missed can be in the range: all of its calls are known. */
static bool is_all_watched(const struct distribution *calls, struct range range)
{
    return calls->totals->watched_ns > 0 && calls->left_out > 0 &&
           range.from_ns >= calls->totals->watched_ns;
}

/* At most so many calls are in the range and neither sampled nor known. */
static double not_counted(const struct distribution *calls, struct range range)
{
    const struct dp_totals *totals = calls->totals;
    double watched_ns = totals->watched_ns, near_ns = 2 * totals->watched_error_ns;
    bool some_only = calls->left_out > 0 || calls->sampled == 0;

    if (!(watched_ns > 0) || !some_only || range.below_ns <= watched_ns - near_ns)
        return 0;
    double unnoticed = floor(totals->watched_missing_ns / fmax(range.from_ns, watched_ns));
    return calls->missing + unnoticed + maybe_from(calls, range.from_ns);
}

static double share_of(double part, double rest)
{
    return part + rest > 0 ? part / (part + rest) : NAN;
}

static struct dp_category_calls category_of(const struct distribution *calls, struct range range)
{
    struct part known = known_in(calls, range), part = {0};

    if (!is_all_watched(calls, range))
        part = scaled(calls, sampled_in(calls, range));
    part = (struct part){part.value + known.value, part.low + known.low,
                         part.high + known.high + not_counted(calls, range)};
    double rest = fmax(calls->all - part.value, 0);
    return (struct dp_category_calls){
        .calls = {part.value, part.low, part.high,
                  part.low == part.high ? DP_EXACT : DP_ESTIMATED},
        .share = share_of(part.value, rest),
        .share_low = share_of(part.low, rest + part.value - part.low),
        .share_high = share_of(part.high, rest)};
}

static void make_categories(struct dp_latency *latency, const struct distribution *calls,
                            const struct dp_category_limits *limits)
{
    for (int i = 0; i < DP_CATEGORIES; i++) {
        const struct range range = {
            i > 0 ? (double)limits->from_ns[i - 1] : 0,
            i < DP_CATEGORIES - 1 ? (double)limits->from_ns[i] : INFINITY};
        latency->category[i] = category_of(calls, range);
    }
}

/* ---- all of it ---- */

static struct dp_estimate unknown(void)
{
    return (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
}

/* Nothing stands for the calls below the threshold: there is no share, and no percentile. */
static void leave_only_slow(struct dp_latency *latency, double watched_ns,
                            const struct dp_category_limits *limits)
{
    for (int i = 0; i < DP_CATEGORIES; i++) {
        struct dp_category_calls *category = &latency->category[i];
        bool all_known = watched_ns > 0 && i > 0 && (double)limits->from_ns[i - 1] >= watched_ns;
        category->share = category->share_low = category->share_high = NAN;
        if (!all_known)
            category->calls = category->calls.low > 0 ? dp_at_least(category->calls.low) : unknown();
    }
}

static enum dp_latency_of source_of(const struct dp_totals *totals)
{
    if (totals->sum.sampled == 0)
        return totals->slow_least.count > 0 ? DP_LATENCY_OF_SLOW_ONLY : DP_LATENCY_OF_NONE;
    if (!dp_totals_by_chance(totals))
        return DP_LATENCY_OF_EVERY;
    return totals->watched_ns > 0 ? DP_LATENCY_OF_WATCHED : DP_LATENCY_OF_SAMPLES;
}

void dp_latency_make(struct dp_latency *latency, const struct dp_totals *totals,
                     const struct dp_category_limits *limits)
{
    struct distribution calls;

    *latency = (struct dp_latency){.of = source_of(totals),
                                   .mean_ns = unknown(),
                                   .deviation_ns = NAN,
                                   .partial = totals->sum.gated > 0};
    bool slow_only = latency->of == DP_LATENCY_OF_SLOW_ONLY;
    for (int i = 0; i < DP_PERCENTILES; i++)
        latency->percentile[i] = unknown();
    for (int i = 0; i < DP_CATEGORIES; i++)
        latency->category[i] = (struct dp_category_calls){unknown(), NAN, NAN, NAN};
    if (latency->of == DP_LATENCY_OF_NONE)
        return;
    start(&calls, totals, slow_only || latency->of == DP_LATENCY_OF_WATCHED);
    make_categories(latency, &calls, limits);
    if (slow_only) {
        leave_only_slow(latency, totals->watched_ns, limits);
        return;
    }
    for (int i = 0; i < DP_PERCENTILES; i++)
        latency->percentile[i] = percentile_of(&calls, dp_percentile_share((enum dp_percentile)i));
    latency->mean_ns = mean_of(&calls);
    latency->deviation_ns = deviation_of(&calls, latency->mean_ns.value);
}
