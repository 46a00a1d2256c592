/* See text_head.h. */
#include "text_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "wrapped.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static const char *phase_words(const struct dp_report *report, char text[DP_ENDING_TEXT])
{
    switch (report->phase) {
    case DP_PHASE_KILLED:
        return dp_ending_words(&report->ending, text);
    case DP_PHASE_ELSEWHERE:
        return "not finished (it ran on another machine, in another container, or before a "
               "restart)";
    case DP_PHASE_UNKNOWN:
        return "how it ended is not known";
    default:
        return dp_phase_name(report->phase);
    }
}

static const char *phase_color(const struct dp_report *report, const struct dp_style *style)
{
    bool left = report->ending.end == DP_END_EXIT_CALL || report->ending.end == DP_END_EXEC;

    if ((report->phase == DP_PHASE_KILLED && !left) || report->phase == DP_PHASE_FAILED)
        return dp_red(style);
    return report->phase == DP_PHASE_RUNNING ? dp_green(style) : "";
}

static void print_failure(const struct dp_report *report, const struct dp_style *style)
{
    char why[DP_FAILURE_TEXT];

    fputs(": ", style->out);
    dp_print_clean(style, dp_failure_words(report->rules, report->start_error, why));
}

static void print_process(const struct dp_report *report, const struct dp_style *style)
{
    const char *color = phase_color(report, style);
    char how[DP_ENDING_TEXT];

    fputs(dp_bold(style), style->out);
    dp_print_clean(style, *report->program ? base_name(report->program) : "(unknown program)");
    fprintf(style->out, "%s  pid %u, %s%s%s", dp_plain(style), report->pid, color,
            phase_words(report, how), *color ? dp_plain(style) : "");
    if (report->phase == DP_PHASE_FAILED)
        print_failure(report, style);
    fputc('\n', style->out);
}

static void print_when(const struct dp_report *report, const struct dp_style *style)
{
    char when[DP_UNIT_TEXT], wall[DP_UNIT_TEXT], cpu[DP_UNIT_TEXT];

    dp_text_label(style, "started");
    fprintf(style->out, "%s UTC", dp_unit_time(when, report->start_unix_ns, false));
    if (report->phase != DP_PHASE_FAILED) /* how long is not known */
        fprintf(style->out, ", ran %s", dp_unit_ns(wall, (double)report->wall_ns, style->utf8));
    if (report->cpu_known)
        fprintf(style->out, ", CPU %s", dp_unit_ns(cpu, (double)report->cpu_ns, style->utf8));
    fputc('\n', style->out);
}

static void print_shown(uint64_t shown_ns, const struct dp_style *style)
{
    char text[DP_UNIT_TEXT];

    dp_text_label(style, "figures");
    fprintf(style->out, "of the last %s\n", dp_unit_ns(text, (double)shown_ns, style->utf8));
}

static void put_ns(uint64_t ns, const struct dp_style *style)
{
    char text[DP_UNIT_TEXT];

    fputs(dp_unit_ns(text, (double)ns, style->utf8), style->out);
}

static void print_edges(const struct dp_report_window *window, const struct dp_style *style)
{
    if (window->before_ns == 0 && window->after_ns == 0)
        return;
    dp_text_label(style, "edges");
    fprintf(style->out, "of %zu function%s they are off:", window->cut, window->cut == 1 ? "" : "s");
    if (window->before_ns > 0) {
        fputs(" the beginning by up to ", style->out);
        put_ns(window->before_ns, style);
    }
    if (window->after_ns > 0) {
        fputs(window->before_ns > 0 ? ", the end by up to " : " the end by up to ", style->out);
        put_ns(window->after_ns, style);
    }
    fputc('\n', style->out);
}

static void print_window(const struct dp_report_window *window, const struct dp_style *style)
{
    char from[DP_UNIT_TEXT], to[DP_UNIT_TEXT];

    dp_text_label(style, "figures");
    fputs("of calls that ended from ", style->out);
    put_ns(window->from_ns, style);
    fputs(" to ", style->out);
    put_ns(window->to_ns, style);
    fprintf(style->out, " after the start (%s to %s UTC)\n",
            dp_unit_time(from, window->from_unix_ns, false),
            dp_unit_time(to, window->to_unix_ns, false));
    print_edges(window, style);
    if (window->uncut == 0)
        return;
    dp_text_label(style, "");
    fprintf(style->out,
            "%zu function%s left out: when in the run %s calls were is not known finely enough\n",
            window->uncut, window->uncut == 1 ? " is" : "s are",
            window->uncut == 1 ? "its" : "their");
}

static void print_command(const struct dp_report *report, const struct dp_style *style)
{
    dp_text_label(style, "command");
    dp_print_clean(style, report->command);
    fputc('\n', style->out);
}

static void print_profiled(const struct dp_report *report, const struct dp_style *style)
{
    dp_text_label(style, "profiled");
    fputs("env ", style->out);
    dp_print_clean(style, report->env);
    fputs(", DEEP_PROFILE=", style->out);
    dp_print_clean(style, report->rules);
    fputc('\n', style->out);
}

static void print_log(const struct dp_report *report, const struct dp_style *style)
{
    char bytes[DP_UNIT_TEXT], records[DP_UNIT_TEXT];

    dp_text_label(style, "log");
    dp_print_clean(style, report->log);
    fprintf(style->out, ": %s", dp_unit_bytes(bytes, (double)report->log_bytes));
    if (report->records_known)
        fprintf(style->out, ", %s records", dp_unit_count(records, (double)report->records));
    if (report->n_lanes > 0)
        fprintf(style->out, ", %zu lane%s", report->n_lanes, report->n_lanes == 1 ? "" : "s");
    fputc('\n', style->out);
}

enum { LAST_THREADS = 3, LAST_CALLS = 4 };

/* The open call of a thread that began last; with `before`, the last one that began before it. */
static const struct dp_report_open_call *
latest_before(const struct dp_report_open *open, uint32_t tid,
              const struct dp_report_open_call *before)
{
    const struct dp_report_open_call *found = NULL;

    for (size_t i = 0; i < open->n; i++) {
        const struct dp_report_open_call *call = &open->calls[i];
        bool earlier = !before || call->start_unix_ns < before->start_unix_ns ||
                       (call->start_unix_ns == before->start_unix_ns && call < before);
        if (call->tid == tid && earlier &&
            (!found || call->start_unix_ns >= found->start_unix_ns))
            found = call;
    }
    return found;
}

static void print_last_calls(const struct dp_report_open *open,
                             const struct dp_report_open_call *first,
                             const struct dp_style *style)
{
    const struct dp_report_open_call *call = NULL;
    char text[DP_UNIT_TEXT];

    dp_text_label(style, "inside");
    for (int i = 0; i < LAST_CALLS && (call = latest_before(open, first->tid, call)); i++) {
        fputs(i ? ", " : "", style->out);
        if (call->info)
            dp_print_clean(style, call->info->function);
        else
            fprintf(style->out, "site %u", call->site);
        fprintf(style->out, " for %s", dp_unit_ns(text, (double)call->open_ns, style->utf8));
    }
    fputs(call && latest_before(open, first->tid, call) ? ", ... (" : " (", style->out);
    dp_print_clean(style, first->thread_name);
    fprintf(style->out, "/%u)\n", first->tid);
}

/* Which calls were open when the process ended, the latest first; the report lists all. */
static void print_last(const struct dp_report_open *open, const struct dp_style *style)
{
    size_t threads = 0;

    for (size_t i = 0; i < open->n; i++)
        if (i == 0 || open->calls[i].tid != open->calls[i - 1].tid)
            if (threads++ < LAST_THREADS)
                print_last_calls(open, &open->calls[i], style);
    if (threads > LAST_THREADS) {
        dp_text_label(style, "");
        fprintf(style->out, "and %zu more threads\n", threads - LAST_THREADS);
    }
}

static void print_problem(const struct dp_report_problem *problem, const struct dp_style *style)
{
    char text[DP_REFUSED_TEXT];

    dp_text_label(style, "problem");
    fputs(dp_red(style), style->out);
    if (problem->setting) {
        dp_print_clean(style, dp_refused_text(problem->setting, text));
    } else {
        fputs("rule '", style->out);
        dp_print_clean(style, problem->rule);
        fputs("' names no function of this process", style->out);
    }
    fprintf(style->out, "%s\n", dp_plain(style));
}

static void print_out_of_force(uint32_t n, const struct dp_style *style)
{
    dp_text_label(style, "not here");
    fprintf(style->out,
            "%u function%s whose attributes are not in force: 'deep-profile doctor' says why\n", n,
            n == 1 ? "" : "s");
}

/* What the load gate refused: the figures below do not include it. */
static void print_load(const struct dp_report_load *load, const struct dp_style *style)
{
    char percent[DP_UNIT_TEXT], refused[DP_UNIT_TEXT], all[DP_UNIT_TEXT];

    dp_text_label(style, "load");
    fprintf(style->out, "%sthe machine was busy%s", dp_red(style), dp_plain(style));
    if (load->closed_ns > 0)
        fprintf(style->out, " %s of the time", dp_unit_percent(percent, load->closed_share));
    fprintf(style->out, ": %s of %s sampled calls were refused",
            dp_unit_count(refused, (double)load->refused),
            dp_unit_count(all, (double)load->refused + (double)load->timed));
    if (load->silenced > 0)
        fprintf(style->out, ", all of %zu function%s", load->silenced,
                load->silenced == 1 ? "" : "s");
    fputs(" (DEEP_PROFILE_CHECK_LOAD=false records them)\n", style->out);
}

/* What the profiler costs, and how to make it cost less. */
static void print_cost(const struct dp_report_overhead *overhead, const struct dp_style *style)
{
    bool steward = overhead->steward_cpu_ns > overhead->slow_paths_ns;
    char paths[DP_UNIT_TEXT], cost[DP_UNIT_TEXT], core[DP_UNIT_TEXT], cpu[DP_UNIT_TEXT];

    dp_text_label(style, "cost");
    fprintf(style->out, "%s%s%s: ", dp_red(style),
            steward ? "the profiler's thread took much time" : "much was recorded",
            dp_plain(style));
    if (!steward)
        fprintf(style->out, "%s slow paths, ",
                dp_unit_count(paths, (double)overhead->slow_paths));
    fprintf(style->out, "%s, %s of one core, %s of the CPU time; %s\n",
            dp_unit_ns(cost, (double)overhead->cost_ns, style->utf8),
            dp_unit_percent(core, overhead->share_of_core),
            dp_unit_percent(cpu, overhead->share_of_cpu),
            steward ? "a longer DEEP_PROFILE_TICK costs less"
                    : "lower rates, or slow thresholds from 1 ms, cost less");
}

static void print_head(const void *what, const struct dp_style *style)
{
    const struct dp_report *report = what;

    print_process(report, style);
    if (report->command)
        print_command(report, style);
    print_when(report, style);
    if (report->window.set)
        print_window(&report->window, style);
    else if (report->shown_ns > 0)
        print_shown(report->shown_ns, style);
    if (report->env && report->rules)
        print_profiled(report, style);
    print_log(report, style);
    if (report->phase == DP_PHASE_KILLED)
        print_last(&report->open, style);
    for (size_t i = 0; i < report->n_problems; i++)
        print_problem(&report->problems[i], style);
    if (report->out_of_force > 0)
        print_out_of_force(report->out_of_force, style);
    if (report->limits.load.refused > 0)
        print_load(&report->limits.load, style);
    if (report->limits.overhead.much)
        print_cost(&report->limits.overhead, style);
}

void dp_text_head(const struct dp_report *report, const struct dp_style *style)
{
    dp_text_print_wrapped(print_head, report, style);
}
