/* The head of a report: what ran, when, and what puts every figure below in doubt. */
#include "report.h"

#include <string.h>

#include "base/clean.h"
#include "model/rule_names.h"
#include "base/units.h"


static void line(const struct dp_style *style, const char *label)
{
    fprintf(style->out, "  %s%-9s%s ", dp_dim(style), label, dp_plain(style));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static void print_phase(const struct dp_profile *profile, const struct dp_style *style)
{
    const char *color = profile->phase == DP_PHASE_KILLED || profile->phase == DP_PHASE_FAILED
                            ? dp_red(style)
                        : profile->phase == DP_PHASE_RUNNING ? dp_green(style)
                                                             : "";

    const char *words = profile->phase == DP_PHASE_KILLED ? "killed (it ended without exit)"
                        : profile->phase == DP_PHASE_ELSEWHERE
                            ? "not finished (it ran on another "
                              "machine, in another container, or "
                              "before a restart)"
                        : profile->phase == DP_PHASE_UNKNOWN ? "how it ended is not known"
                                                             : dp_phase_name(profile->phase);

    fprintf(style->out, ", %s%s%s", color, words, *color ? dp_plain(style) : "");
    if (profile->phase == DP_PHASE_FAILED)
        fprintf(style->out, ": %s", strerror((int)profile->process.start_error));
}

static void print_when(const struct dp_profile *profile, const struct dp_style *style)
{
    char when[DP_UNIT_TEXT], wall[DP_UNIT_TEXT], cpu[DP_UNIT_TEXT];

    line(style, "started");
    fprintf(style->out, "%s UTC, ran %s",
            dp_unit_time(when, dp_profile_realtime(profile, dp_profile_start_ns(profile)), false),
            dp_unit_ns(wall, (double)dp_profile_wall_ns(profile), style->utf8));
    if (profile->has_overhead)
        fprintf(style->out, ", CPU %s",
                dp_unit_ns(cpu, (double)profile->overhead.process_cpu_ns, style->utf8));
    fputc('\n', style->out);
}

static void print_log(const struct dp_profile *profile, const struct dp_style *style)
{
    char bytes[DP_UNIT_TEXT], records[DP_UNIT_TEXT];
    line(style, "log");
    dp_print_clean(style, profile->log.path);
    fprintf(style->out, ": %s", dp_unit_bytes(bytes, (double)profile->stream_bytes));
    if (profile->has_records)
        fprintf(style->out, ", %s records", dp_unit_count(records, (double)profile->records));
    if (profile->n_threads > 0)
        fprintf(style->out, ", %zu lane%s", profile->n_threads, profile->n_threads == 1 ? "" : "s");
    fputc('\n', style->out);
}

/* A wish that was not heard changes what every figure below means. */
static void print_problems(const struct dp_profile *profile, const struct dp_style *style)
{
    char text[DP_REFUSED_TEXT];
    uint32_t absent = 0;

    for (size_t i = 0; i < profile->n_settings; i++) {
        if (!dp_setting_refused(&profile->settings[i]))
            continue;
        line(style, "problem");
        fputs(dp_red(style), style->out);
        dp_print_clean(style, dp_refused_text(&profile->settings[i], text));
        fprintf(style->out, "%s\n", dp_plain(style));
    }
    for (const char *at = profile->process.rules;
         dp_rule_without_function(profile, &at, text, sizeof text);) {
        line(style, "problem");
        fprintf(style->out, "%srule '", dp_red(style));
        dp_print_clean(style, text);
        fprintf(style->out, "' names no function of this process%s\n", dp_plain(style));
    }
    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        /* What whole-program mode put in, nobody misses. */
        if (site && !(site->flags & DP_SITE_WHOLE_PROGRAM))
            absent += dp_site_out_of_force(site);
    }
    if (absent > 0) {
        line(style, "not here");
        fprintf(style->out,
                "%u function%s whose attributes are not in force: 'deep-profile doctor' says why\n",
                absent, absent == 1 ? "" : "s");
    }
}

/* Below that, the section on load is enough. */
#define MUCH 0.1

static void print_gate(const struct dp_profile *profile, const struct dp_style *style)
{
    double wall_ns = (double)dp_profile_wall_ns(profile), gated = (double)profile->gated;
    double share = wall_ns > 0 ? (double)dp_profile_gate_closed_ns(profile) / wall_ns : 0;
    double sampled = 0;
    char percent[DP_UNIT_TEXT], refused[DP_UNIT_TEXT], timed[DP_UNIT_TEXT];

    for (size_t i = 0; i < profile->n_totals; i++)
        sampled += profile->totals[i] ? (double)profile->totals[i]->sum.sampled : 0;
    if (share < MUCH && gated < MUCH * (gated + sampled))
        return;
    if (gated == 0 && share == 0)
        return;
    line(style, "load");
    fprintf(style->out,
            "%sthe machine was busy%s: the gate was closed %s of the time, %s sampled calls were "
            "refused, %s timed\n",
            dp_red(style), dp_plain(style), dp_unit_percent(percent, share < 1 ? share : 1),
            dp_unit_count(refused, gated), dp_unit_count(timed, sampled));
}

/* Figures of a program that was slowed down this much are those of another one. */
static void print_cost(const struct dp_profile *profile, const struct dp_style *style)
{
    double cost_ns = (double)(dp_report_steward_ns(profile) + dp_report_slow_paths_ns(profile));
    double cpu_ns = (double)dp_report_process_cpu_ns(profile);
    char percent[DP_UNIT_TEXT];

    if (cpu_ns <= 0 || cost_ns < MUCH * cpu_ns)
        return;
    line(style, "cost");
    fprintf(style->out,
            "%smuch was recorded%s: about %s of the CPU time is the profiler's; lower rates, or slow "
            "thresholds from 8 ms, cost less\n",
            dp_red(style), dp_plain(style),
            dp_unit_percent(percent, cost_ns < cpu_ns ? cost_ns / cpu_ns : 1));
}

void dp_report_header(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_profile *profile = report->profile;
    const char *program = dp_profile_program(profile);

    fputs(dp_bold(style), style->out);
    dp_print_clean(style, *program ? base_name(program) : "(unknown program)");
    fprintf(style->out, "%s  pid %u", dp_plain(style), dp_profile_pid(profile));
    print_phase(profile, style);
    fputc('\n', style->out);
    if (profile->has_process) {
        line(style, "command");
        dp_print_clean(style, profile->process.command);
        fputc('\n', style->out);
    }
    print_when(profile, style);
    if (profile->has_process) {
        line(style, "profiled");
        fputs("env ", style->out);
        dp_print_clean(style, profile->process.env);
        fputs(", DEEP_PROFILE=", style->out);
        dp_print_clean(style, profile->process.rules);
        fputc('\n', style->out);
    }
    print_log(profile, style);
    print_problems(profile, style);
    print_gate(profile, style);
    print_cost(profile, style);
}
