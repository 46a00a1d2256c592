/* See report_text.h. The order: what ran, where its time went, what was slow, what
 * allocates, what was counted, then everything that limits what the figures mean. */
#include "report_text.h"

#include "fold.h"
#include "text_alerts.h"
#include "text_calls.h"
#include "text_functions.h"
#include "text_head.h"
#include "text_heap.h"
#include "text_latency.h"
#include "text_limits.h"
#include "text_named.h"
#include "text_pictures.h"
#include "text_reasons.h"
#include "text_sampled.h"
#include "text_summary.h"
#include "text_timeline.h"
#include "text_tree.h"

static void print(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_limits *limits = &report->limits;

    dp_text_head(report, style);
    if (!report->has_data && report->window.set)
        fputs("\nNo call is known to have ended in that time.\n", style->out);
    else if (!report->has_data)
        fputs("\nNo call was recorded; 'deep-profile doctor' says why.\n", style->out);
    dp_text_summary(report, style);
    dp_text_alerts(report, style);
    dp_text_functions(&report->functions, style);
    dp_text_categories(report, style);
    if (report->full)
        dp_text_percentiles(report, style);
    dp_text_named(&report->named, style);
    dp_text_sampled(report, style);
    dp_text_tree(&report->tree, style);
    dp_text_slow(&report->slow, style);
    dp_text_reasons(&report->reasons, style);
    dp_text_below(&report->below, &report->slow, style);
    dp_text_open(&report->open, style);
    dp_text_memory(&report->functions, style);
    dp_text_heap(&report->heap, style);
    dp_text_counts(&report->functions, style);
    dp_text_pictures(report, style);
    dp_text_unrecorded(limits, style);
    dp_text_timeline(report->timeline, style);
    dp_text_threads(report->timeline, report->threads_shown, style);
    dp_text_load(&limits->load, style);
    dp_text_losses(&limits->losses, style);
    dp_text_overhead(&limits->overhead, style);
    dp_text_governor(&limits->governor, style);
    dp_text_missing(limits->missing, style);
}

static void print_short(const struct dp_report *report, const struct dp_style *style)
{
    dp_text_head(report, style);
    dp_text_alerts(report, style);
    dp_text_functions(&report->functions, style);
    dp_text_named(&report->named, style);
    dp_text_threads(report->timeline, report->threads_shown, style);
    dp_text_timeline(report->timeline, style);
    if (!report->has_data)
        fputs("\nNo call was recorded yet.\n", style->out);
}

void dp_report_text(const struct dp_report *report, const struct dp_style *style)
{
    struct dp_fold fold;

    print(report, dp_fold_start(&fold, style, 0));
    dp_fold_finish(&fold);
}

void dp_report_text_short(const struct dp_report *report, const struct dp_style *style)
{
    struct dp_fold fold;

    print_short(report, dp_fold_start(&fold, style, 0));
    dp_fold_finish(&fold);
}
