/* See text_summary.h. A sentence or two for each thing that a person can act on. */
#include "text_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/units.h"
#include "reason_words.h"
#include "wrapped.h"

static void put_name(const struct dp_site_info *info, uint32_t site, const struct dp_style *style)
{
    char place[4300];

    if (!info) {
        fprintf(style->out, "site %u", site);
        return;
    }
    dp_print_clean(style, info->function);
    if (info->line == 0)
        return;
    fputs(" (", style->out);
    dp_print_clean(style, dp_site_place(info, place, sizeof place));
    fputc(')', style->out);
}

static void put_ns(double ns, const struct dp_style *style)
{
    char text[DP_UNIT_TEXT];

    fputs(dp_unit_ns(text, ns, style->utf8), style->out);
}

static const char *sign_of(struct dp_estimate estimate)
{
    return estimate.certainty == DP_EXACT      ? ""
           : estimate.certainty == DP_AT_LEAST ? "at least "
                                               : "about ";
}

/* ---- slow ---- */

/* "4 calls were over it, 0.3 % of its calls; the first after 50.0 ms" */
static void put_how_often(const struct dp_summary_slow *slow, const struct dp_style *style)
{
    char share[DP_UNIT_TEXT], when[DP_UNIT_TEXT], first[DP_UNIT_TEXT], last[DP_UNIT_TEXT];

    if (slow->calls > 1)
        fprintf(style->out, "; %llu calls were over it", (unsigned long long)slow->calls);
    if (slow->calls > 1 && slow->share >= 0.001)
        fprintf(style->out, ", %s%s of its calls", slow->estimated ? "about " : "",
                dp_unit_percent(share, slow->share));
    if (slow->events == 0)
        return;
    dp_unit_ns(first, (double)slow->first_after_ns, style->utf8);
    dp_unit_ns(last, (double)slow->last_after_ns, style->utf8);
    bool together = slow->events > 1 && strcmp(first, last) == 0;
    fprintf(style->out, "; %s%s began after %s (%s UTC)", together ? "all" : "the first",
            slow->calls > slow->events ? " seen" : "", first,
            dp_unit_time(when, slow->first_unix_ns, false));
    if (slow->events > 1 && !together)
        fprintf(style->out, ", the last after %s", last);
}

static void print_slow(const struct dp_summary_slow *slow, const struct dp_style *style)
{
    const struct dp_report_slow_call *worst = slow->worst;
    char *sentence = worst->reason.known ? dp_reason_sentence(&worst->reason, style) : NULL;

    dp_text_label(style, "slow");
    fputs(dp_bold(style), style->out);
    put_name(worst->info, worst->site, style);
    fputs(worst->in_flight ? " did not return within " : " took ", style->out);
    fputs(dp_plain(style), style->out);
    put_ns((double)worst->duration_ns, style);
    fputs(", threshold ", style->out);
    put_ns((double)worst->threshold_ns, style);
    put_how_often(slow, style);
    fputc('\n', style->out);
    if (sentence) {
        dp_text_label(style, "because");
        fprintf(style->out, "%s\n", sentence);
    }
    if (slow->waits) {
        dp_text_label(style, "");
        fputs("it may be how it waits for work: the calls took longer than the process used a CPU\n",
              style->out);
    }
    free(sentence);
}

/* What is not known to be slow. */
static void print_none_slow(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_summary *summary = &report->summary;

    if (!summary->watched || summary->n_slow > 0)
        return;
    dp_text_label(style, "slow");
    if (report->slow.counted > 0)
        fprintf(style->out, "%llu calls were over their thresholds; none of them left an event\n",
                (unsigned long long)report->slow.counted);
    else if (report->slow.maybe > 0)
        fprintf(style->out, "no call was certainly over its threshold, %llu may have been\n",
                (unsigned long long)report->slow.maybe);
    else if (summary->watched_all)
        fputs("no call that ended was over its threshold\n", style->out);
    else
        fputs("no call is known to have been over its threshold\n", style->out);
}

static void print_all_slow(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_summary *summary = &report->summary;

    for (size_t i = 0; i < summary->n_slow; i++)
        print_slow(&summary->slow[i], style);
    if (summary->more_slow > 0) {
        dp_text_label(style, "");
        fprintf(style->out, "and %zu more function%s below\n", summary->more_slow,
                summary->more_slow == 1 ? "" : "s");
    }
    print_none_slow(report, style);
    if (report->reasons.deadlocks.cycles > 0) {
        dp_text_label(style, "deadlock");
        fprintf(style->out, "%s%zu thread%s wait%s for one another%s: see below\n", dp_red(style),
                report->reasons.deadlocks.n, report->reasons.deadlocks.n == 1 ? "" : "s",
                report->reasons.deadlocks.n == 1 ? "s" : "", dp_plain(style));
    }
}

static void print_critical(const struct dp_report *report,
                           const struct dp_report_function *function, const struct dp_style *style)
{
    const struct dp_category_calls *critical = &function->latency.category[DP_CRITICAL];
    struct dp_estimate calls = function->few && critical->calls.certainty != DP_EXACT
                                   ? dp_at_least(ceil(critical->calls.low))
                                   : critical->calls;
    char count[DP_UNIT_TEXT], share[DP_UNIT_TEXT];

    dp_text_label(style, "critical");
    put_name(function->info, function->site, style);
    fprintf(style->out, ": %s%s call%s of ", sign_of(calls), dp_unit_count(count, calls.value),
            calls.value >= 2 ? "s" : "");
    put_ns((double)report->categories.from_ns[DP_CRITICAL - 1], style);
    fputs(" and more", style->out);
    if (!isnan(critical->share) && calls.certainty != DP_AT_LEAST)
        fprintf(style->out, ", %s of its calls", dp_unit_percent(share, critical->share));
    fputs("; the longest took ", style->out);
    put_ns((double)function->longest_ns, style);
    fputc('\n', style->out);
}

/* ---- where time and memory went ---- */

static void put_calls(const struct dp_report_function *function, const struct dp_style *style)
{
    char count[DP_UNIT_TEXT];

    if (function->calls.certainty != DP_UNKNOWN)
        fprintf(style->out, " in %s%s call%s", sign_of(function->calls),
                dp_unit_count(count, function->calls.value),
                function->calls.value == 1 ? "" : "s");
}

static void put_percentiles(const struct dp_latency *latency, const struct dp_style *style)
{
    const struct dp_estimate *half = &latency->percentile[DP_P50];
    const struct dp_estimate *high = &latency->percentile[DP_P99];

    if (half->certainty == DP_UNKNOWN || half->certainty == DP_ROUGH)
        return;
    fputs("; half of them took up to ", style->out);
    put_ns(half->value, style);
    if (high->certainty == DP_ROUGH)
        return;
    fputs(", 99 % up to ", style->out);
    put_ns(high->value, style);
}

static void print_busiest(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_function *function = report->summary.busiest;
    bool self = report->summary.by_self && !isnan(function->self_ns);
    char share[DP_UNIT_TEXT];

    dp_text_label(style, "time");
    fputs(self                              ? "most went into "
          : report->summary.busiest_known ? "most passed in "
                                          : "most that is known passed in ",
          style->out);
    put_name(function->info, function->site, style);
    fputs(self ? " itself: " : " and what it calls: ", style->out);
    fputs(self ? "" : sign_of(function->total_ns), style->out);
    put_ns(self ? function->self_ns
           : function->total_ns.certainty == DP_AT_LEAST ? function->total_ns.low
                                                         : function->total_ns.value,
           style);
    if (!self && !isnan(function->share_of_wall) && function->share_of_wall <= 1)
        fprintf(style->out, " (%s of the run)", dp_unit_percent(share, function->share_of_wall));
    put_calls(function, style);
    if (function->calls.certainty == DP_EXACT && function->calls.value > 1)
        put_percentiles(&function->latency, style);
    fputc('\n', style->out);
}

static void print_sampled(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_sampled_functions *sampled = &report->sampled;
    char share[DP_UNIT_TEXT], looks[DP_UNIT_TEXT];

    if (report->sampled_shown == 0 || sampled->cpu_ns == 0 || sampled->functions[0].self_cpu_ns == 0)
        return;
    dp_text_label(style, "CPU");
    fputs("most was used by ", style->out);
    dp_print_clean(style, sampled->flame.names[sampled->functions[0].name].function);
    fprintf(style->out, " itself: about %s of the sampled CPU time (%s samples)\n",
            dp_unit_percent(share, (double)sampled->functions[0].self_cpu_ns /
                                       (double)sampled->cpu_ns),
            dp_unit_count(looks, (double)sampled->looks));
}

static void print_memory(const struct dp_report_function *function, const struct dp_style *style)
{
    char bytes[DP_UNIT_TEXT], count[DP_UNIT_TEXT];
    const struct dp_report_memory *memory = &function->memory;

    dp_text_label(style, "memory");
    put_name(function->info, function->site, style);
    fprintf(style->out, " allocated most: %s in %s counted call%s",
            dp_unit_bytes(bytes, (double)memory->allocated_bytes),
            dp_unit_count(count, (double)memory->calls), memory->calls == 1 ? "" : "s");
    if (memory->allocated_bytes > memory->freed_bytes)
        fprintf(style->out, ", %s more than was freed in them",
                dp_unit_bytes(bytes, (double)(memory->allocated_bytes - memory->freed_bytes)));
    fputc('\n', style->out);
}

static const struct dp_heap_row *grown_most(const struct dp_report_heap *heap)
{
    const struct dp_heap_row *most = NULL;

    for (size_t i = 0; i < heap->n; i++)
        if (dp_heap_grew(&heap->rows[i]) &&
            (!most || heap->rows[i].of[DP_HEAP_GROWTH].value > most->of[DP_HEAP_GROWTH].value))
            most = &heap->rows[i];
    return most;
}

static void print_growth(const struct dp_report_heap *heap, const struct dp_style *style)
{
    const struct dp_heap_row *most = grown_most(heap);
    char bytes[DP_UNIT_TEXT];

    if (!most)
        return;
    char *words = most->stack && most->stack->n_frames > 0 ? dp_stack_words(most->stack, 3, "`")
                                                           : NULL;
    dp_text_label(style, "memory");
    fprintf(style->out, "grew by about %s between ",
            dp_unit_bytes(bytes, most->of[DP_HEAP_GROWTH].value));
    put_ns((double)heap->from_after_ns, style);
    fputs(" and ", style->out);
    put_ns((double)heap->to_after_ns, style);
    if (words)
        fprintf(style->out, ", allocated in %s", words);
    fputc('\n', style->out);
    free(words);
}

/* ---- what limits it ---- */

static void print_losses(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_losses *losses = &report->limits.losses;
    char text[160];
    size_t shown = 0;

    dp_text_label(style, "lost");
    if (!losses->any)
        fputs("nothing", style->out);
    for (int i = 0; i < DP_LOSS_COUNT && shown < 2; i++)
        if (losses->of[i].lost > 0)
            fprintf(style->out, "%s%s", shown++ ? "; " : "",
                    dp_unit_amount(text, sizeof text, losses->of[i].lost, losses->of[i].what));
    if (losses->damage->places > 0)
        fprintf(style->out, "%sdamage in %llu place%s", shown++ ? "; " : "",
                (unsigned long long)losses->damage->places,
                losses->damage->places == 1 ? "" : "s");
    if (report->summary.lost_kinds > shown)
        fprintf(style->out, "; and %llu more kind%s below",
                (unsigned long long)(report->summary.lost_kinds - shown),
                report->summary.lost_kinds - shown == 1 ? "" : "s");
    fputc('\n', style->out);
}

/* Of an idle process a small cost is most of its CPU time: so both are said. */
static void print_cost(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_overhead *overhead = &report->limits.overhead;
    char share[DP_UNIT_TEXT], bytes[DP_UNIT_TEXT];

    dp_text_label(style, "cost");
    if (!overhead->known) {
        fputs("what the profiler cost is not known\n", style->out);
        return;
    }
    fputs("the profiler used ", style->out);
    put_ns((double)overhead->cost_ns, style);
    fputs(" of CPU", style->out);
    if (isfinite(overhead->share_of_core))
        fprintf(style->out, ", %s of one processor", dp_unit_percent(share, overhead->share_of_core));
    if (report->cpu_ns > 0 && overhead->cost_ns <= report->cpu_ns) {
        fputs("; the whole process used ", style->out);
        put_ns((double)report->cpu_ns, style);
    }
    fprintf(style->out, "; the log is %s\n", dp_unit_bytes(bytes, (double)overhead->log_bytes));
}

static void print_summary(const void *what, const struct dp_style *style)
{
    const struct dp_report *report = what;
    const struct dp_summary *summary = &report->summary;

    print_all_slow(report, style);
    for (size_t i = 0; i < summary->n_critical; i++)
        print_critical(report, summary->critical[i], style);
    if (summary->busiest)
        print_busiest(report, style);
    print_sampled(report, style);
    if (summary->most_memory)
        print_memory(summary->most_memory, style);
    print_growth(&report->heap, style);
    print_losses(report, style);
    print_cost(report, style);
}

void dp_text_summary(const struct dp_report *report, const struct dp_style *style)
{
    if (!report->has_data)
        return;
    dp_heading(style, "Summary");
    dp_text_print_wrapped(print_summary, report, style);
}
