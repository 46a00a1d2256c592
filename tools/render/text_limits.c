/* See text_limits.h. */
#include "text_limits.h"

#include <math.h>

#include "base/units.h"

void dp_text_unrecorded(const struct dp_report_limits *limits, const struct dp_style *style)
{
    if (limits->n_unrecorded > 0)
        dp_heading(style, "Requested, not recorded");
    for (size_t i = 0; i < limits->n_unrecorded; i++) {
        dp_print_clean(style, limits->unrecorded[i].info->function);
        fprintf(style->out, ": %s\n", limits->unrecorded[i].what);
    }
}

static void print_move(const struct dp_report_load_move *move, const struct dp_style *style)
{
    char after[DP_UNIT_TEXT], value[DP_UNIT_TEXT], limit[DP_UNIT_TEXT];

    fprintf(style->out, "load gate %s after %s: %s %s (limit %s)\n",
            move->closed ? "closed" : "open again",
            dp_unit_ns(after, (double)move->after_ns, style->utf8),
            dp_resource_name(move->resource), dp_unit_percent(value, move->value),
            dp_unit_percent(limit, move->limit));
}

void dp_text_load(const struct dp_report_load *load, const struct dp_style *style)
{
    dp_heading(style, "Load");
    if (!load->known)
        fputs("the load gate's moves are not known without streams\n", style->out);
    else if (load->n == 0)
        fputs("the load gate stayed open\n", style->out);
    for (size_t i = 0; i < load->n; i++)
        print_move(&load->moves[i], style);
    if (load->closed)
        fputs(load->running ? "the load gate is closed now\n" : "it was closed at the end\n",
              style->out);
    if (load->refused > 0)
        fprintf(
            style->out,
            "%llu sampled calls were refused while it was closed: their times are missing above "
            "(DEEP_PROFILE_CHECK_LOAD=false records them)\n",
            (unsigned long long)load->refused);
}

static void print_damage(const struct dp_damage *damage, const struct dp_style *style)
{
    char bytes[DP_UNIT_TEXT];

    fprintf(style->out, "%sdamage%s in %llu place%s, %s not read; the first: ", dp_red(style),
            dp_plain(style), (unsigned long long)damage->places, damage->places == 1 ? "" : "s",
            dp_unit_bytes(bytes, (double)damage->bytes));
    dp_print_clean(style, damage->first.text);
    fputc('\n', style->out);
}

void dp_text_losses(const struct dp_report_losses *losses, const struct dp_style *style)
{
    char text[160];

    dp_heading(style, "Loss");
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        if (losses->of[i].lost > 0)
            fprintf(style->out, "%s%s%s\n", dp_red(style),
                    dp_unit_amount(text, sizeof text, losses->of[i].lost, losses->of[i].what),
                    dp_plain(style));
    if (losses->damage->places > 0)
        print_damage(losses->damage, style);
    if (!losses->any)
        fputs("none\n", style->out);
}

/* What was measured, and what was not: the gates that stay closed have no clock. */
static void print_shares(const struct dp_report_overhead *overhead, const struct dp_style *style)
{
    char cost[DP_UNIT_TEXT], core[DP_UNIT_TEXT], cpu[DP_UNIT_TEXT];

    if (!isfinite(overhead->share_of_core))
        return;
    fprintf(style->out, "together %s: %s of one core",
            dp_unit_ns(cost, (double)overhead->cost_ns, style->utf8),
            dp_unit_percent(core, overhead->share_of_core));
    if (isfinite(overhead->share_of_cpu))
        fprintf(style->out, ", %s of the CPU time that the process used",
                dp_unit_percent(cpu, overhead->share_of_cpu));
    fputs("; gates that stayed closed are not in it\n", style->out);
}

void dp_text_overhead(const struct dp_report_overhead *overhead, const struct dp_style *style)
{
    char steward[DP_UNIT_TEXT], share[DP_UNIT_TEXT], paths[DP_UNIT_TEXT], cost[DP_UNIT_TEXT];
    char each[DP_UNIT_TEXT], bytes[DP_UNIT_TEXT];

    dp_heading(style, "Overhead of the profiler");
    if (!overhead->known) {
        fputs(overhead->elsewhere
                  ? "not known: what was written of it is too far from the ends of the window\n"
                  : "not known: neither state files nor overhead records\n", style->out);
        return;
    }
    fprintf(style->out, "steward %s CPU (%s of one core); %s slow paths x %s = %s; log %s",
            dp_unit_ns(steward, (double)overhead->steward_cpu_ns, style->utf8),
            dp_unit_percent(share, overhead->steward_share),
            dp_unit_count(paths, (double)overhead->slow_paths),
            dp_unit_ns(each, (double)overhead->slow_path_ns, style->utf8),
            dp_unit_ns(cost, (double)overhead->slow_paths_ns, style->utf8),
            dp_unit_bytes(bytes, (double)overhead->log_bytes));
    if (overhead->memory_bytes > 0)
        fprintf(style->out, "; memory %s", dp_unit_bytes(bytes, (double)overhead->memory_bytes));
    fputc('\n', style->out);
    print_shares(overhead, style);
}

void dp_text_governor(const struct dp_report_governor *governor, const struct dp_style *style)
{
    char budget[DP_UNIT_TEXT], cost[DP_UNIT_TEXT], unlimited[DP_UNIT_TEXT], share[DP_UNIT_TEXT];

    if (!governor->known)
        return;
    dp_heading(style, "Budget");
    fprintf(style->out,
            "%s of the processor time that the program uses; at the end profiling cost about %s "
            "of a processor, and would have cost %s without a budget\n",
            dp_unit_percent(budget, governor->budget), dp_unit_percent(cost, governor->cost),
            dp_unit_percent(unlimited, governor->unlimited));
    if (!governor->least) {
        fputs("no function was throttled\n", style->out);
        return;
    }
    fprintf(style->out,
            "%zu of %zu functions are profiled in a share of the time, least of all ",
            governor->throttled, governor->sites);
    dp_print_clean(style, governor->least->function);
    fprintf(style->out,
            " in %s: their calls and times above are estimates, and calls below a threshold of "
            "1 ms were seen in that share only\n",
            dp_unit_percent(share, governor->least_share));
}

void dp_text_missing(unsigned missing, const struct dp_style *style)
{
    if (missing & DP_MISSING_PROCESS)
        fputs("\nNo state of the process (state/process): start, end and command are not known.\n",
              style->out);
    if (missing & DP_MISSING_LANES)
        fputs("\nNo state of lanes (state/lane-*): the figures come from the records of the "
              "streams alone.\n",
              style->out);
    if (missing & DP_MISSING_STREAMS)
        fputs("\nNo streams: single events (slow operations, load) are not known.\n", style->out);
    if (missing & DP_MISSING_METADATA)
        fputs("\nNo whole metadata file: 'deep-profile recover' can write it again.\n", style->out);
}
