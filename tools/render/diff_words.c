/* See diff_words.h. */
#include "diff_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

/* ---- figures ---- */

/* Percent with three digits at most: +0.4, +12.3, +230. */
static int digits_of(double percent)
{
    return fabs(percent) < 99.95 ? 1 : 0;
}

char *dp_diff_change(char buffer[DP_DIFF_WORD], double ratio)
{
    double percent = (ratio - 1) * 100;

    *buffer = '\0';
    if (isnan(ratio))
        return buffer;
    if (ratio >= 10)
        snprintf(buffer, DP_DIFF_WORD, "x %.3g", ratio);
    else
        snprintf(buffer, DP_DIFF_WORD, "%+.*f %%", digits_of(percent), percent);
    return buffer;
}

char *dp_diff_interval(char buffer[DP_DIFF_WORD], const struct dp_ratio *ratio)
{
    double low = (ratio->low - 1) * 100, high = (ratio->high - 1) * 100;

    *buffer = '\0';
    if (!isfinite(ratio->high) || !(ratio->low > 0))
        return buffer;
    if (ratio->high >= 10)
        snprintf(buffer, DP_DIFF_WORD, "x %.3g to x %.3g", ratio->low, ratio->high);
    else
        snprintf(buffer, DP_DIFF_WORD, "%+.*f to %+.*f %%", digits_of(low), low, digits_of(high),
                 high);
    return buffer;
}

/* ---- verdicts ---- */

const char *dp_verdict_name(enum dp_verdict verdict)
{
    static const char *const names[DP_VERDICTS] = {
        "regressed", "moved", "improved", "not_enough_data", "unchanged", "new", "gone", "unknown"};

    return names[verdict];
}

char *dp_diff_verdict_title(char *buffer, size_t size, enum dp_verdict verdict, double within)
{
    static const char *const titles[DP_VERDICTS] = {
        "Regressed", "Moved: what is around takes no longer", "Improved", "Not enough data",
        "Unchanged within", "Only after", "Only before", "Not known"};
    char percent[DP_UNIT_TEXT];

    if (verdict == DP_VERDICT_UNCHANGED)
        snprintf(buffer, size, "%s %s", titles[verdict], dp_unit_percent(percent, within));
    else
        snprintf(buffer, size, "%s", titles[verdict]);
    return buffer;
}

/* ---- sentences ---- */

__attribute__((format(printf, 2, 3))) static void note(struct dp_diff_words *words,
                                                       const char *format, ...)
{
    va_list arguments;

    if (words->n_notes == DP_DIFF_NOTES)
        return;
    va_start(arguments, format);
    vsnprintf(words->notes[words->n_notes++], sizeof *words->notes, format, arguments);
    va_end(arguments);
}

static const char *program_of(const struct dp_runs *runs)
{
    return runs->n > 0 && *runs->runs[0].program ? runs->runs[0].program : "?";
}

static void say_what(struct dp_diff_words *words, const struct dp_comparison *comparison)
{
    const struct dp_runs *before = comparison->before, *after = comparison->after;
    const char *a = program_of(before), *b = program_of(after);

    if (strcmp(a, b) == 0)
        note(words, "%zu run%s of %s before, %zu after", before->n, before->n == 1 ? "" : "s", a,
             after->n);
    else
        note(words, "%zu run%s of %s before, %zu of %s after", before->n, before->n == 1 ? "" : "s",
             a, after->n, b);
    if (comparison->how.per)
        note(words, "totals are for each call of %s", comparison->how.per);
}

static void say_whole(struct dp_diff_words *words, const char *what, const struct dp_ratio *ratio)
{
    char change[DP_DIFF_WORD], interval[DP_DIFF_WORD];

    if (isnan(ratio->value))
        return;
    dp_diff_interval(interval, ratio);
    note(words, "%s of the runs: %s%s%s%s", what, dp_diff_change(change, ratio->value),
         *interval ? " (" : "", interval, *interval ? ")" : "");
}

static size_t unfinished(const struct dp_runs *runs)
{
    size_t n = 0;

    for (size_t i = 0; i < runs->n; i++)
        n += !runs->runs[i].whole;
    return n;
}

static void say_unfinished(struct dp_diff_words *words, const struct dp_comparison *comparison)
{
    size_t before = unfinished(comparison->before), after = unfinished(comparison->after);

    if (before + after > 0)
        note(words,
             "%zu run%s before and %zu after did not end by exit(): their totals are of a part",
             before, before == 1 ? "" : "s", after);
}

static void say_too_few(struct dp_diff_words *words, const struct dp_comparison *comparison)
{
    size_t before = comparison->before->n, after = comparison->after->n;

    if ((before < after ? before : after) < comparison->runs_enough)
        note(words, "to find one change among %zu figures of %zu function%s takes %zu runs a side",
             comparison->tests, comparison->functions, comparison->functions == 1 ? "" : "s",
             comparison->runs_enough);
}

static void add_count(char *text, size_t size, size_t n, const char *what)
{
    size_t length = strlen(text);

    if (n > 0)
        snprintf(text + length, size - length, "%s%zu %s", length ? ", " : "", n, what);
}

void dp_diff_words(struct dp_diff_words *words, const struct dp_comparison *comparison)
{
    const size_t *count = comparison->count;
    char percent[DP_UNIT_TEXT], unchanged[64];

    *words = (struct dp_diff_words){0};
    snprintf(unchanged, sizeof unchanged, "unchanged within %s",
             dp_unit_percent(percent, comparison->how.within));
    add_count(words->verdict, sizeof words->verdict, count[DP_VERDICT_REGRESSED], "regressed");
    add_count(words->verdict, sizeof words->verdict, count[DP_VERDICT_MOVED], "only moved");
    add_count(words->verdict, sizeof words->verdict, count[DP_VERDICT_IMPROVED], "improved");
    add_count(words->verdict, sizeof words->verdict, count[DP_VERDICT_UNCHANGED], unchanged);
    add_count(words->verdict, sizeof words->verdict, count[DP_VERDICT_NOT_ENOUGH],
              "not enough data");
    if (!*words->verdict)
        snprintf(words->verdict, sizeof words->verdict, "no function can be compared");
    say_what(words, comparison);
    say_whole(words, "wall time", &comparison->wall);
    say_whole(words, "CPU time", &comparison->cpu);
    say_unfinished(words, comparison);
    say_too_few(words, comparison);
}
