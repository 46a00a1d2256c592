/* What limits the meaning of a report's figures: load, loss, damage, cost. */
#include "report_parts.h"

#include "base/clean.h"
#include "base/units.h"
#include "model/losses.h"


void dp_report_load(const struct dp_profile *profile, const struct dp_style *style)
{
    char after[DP_UNIT_TEXT], value[DP_UNIT_TEXT], limit[DP_UNIT_TEXT];
    uint64_t start = dp_profile_start_ns(profile);

    dp_heading(style, "Load");
    if (profile->log.n_streams == 0)
        fputs("the gate's moves are not known without streams\n", style->out);
    else if (profile->n_load == 0)
        fputs("the gate stayed open\n", style->out);
    for (size_t i = 0; i < profile->n_load; i++) {
        const struct dp_load_move *move = &profile->load[i];
        uint64_t ns = move->time_ns > start ? move->time_ns - start : 0;
        fprintf(style->out, "gate %s after %s: %s %s (limit %s)\n",
                move->event.closed ? "closed" : "open again",
                dp_unit_ns(after, (double)ns, style->utf8), dp_resource_name(move->event.resource),
                dp_unit_percent(value, move->event.value_ppm / 1e6),
                dp_unit_percent(limit, move->event.limit_ppm / 1e6));
    }
    if (profile->has_process && profile->process.gate_closed)
        fputs(profile->phase == DP_PHASE_RUNNING ? "the gate is closed now\n"
                                                 : "it was closed at the end\n",
              style->out);
    if (profile->gated > 0)
        fprintf(
            style->out,
            "%llu sampled calls were refused while it was closed: their times are missing above "
            "(DEEP_PROFILE_CHECK_LOAD=false records them)\n",
            (unsigned long long)profile->gated);
}

void dp_report_loss(const struct dp_profile *profile, const struct dp_style *style)
{
    bool any = profile->damage.places > 0;
    char text[160];

    dp_heading(style, "Loss");
    for (int i = 0; i < DP_LOSS_COUNT; i++) {
        uint64_t lost = dp_profile_lost(profile, i);
        if (lost == 0)
            continue;
        any = true;
        fprintf(style->out, "%s%s%s\n", dp_red(style), dp_unit_amount(text, sizeof text, lost, dp_loss_what(i)),
                dp_plain(style));
    }
    if (profile->damage.places > 0) {
        char bytes[DP_UNIT_TEXT];
        fprintf(style->out, "%sdamage%s in %llu place%s, %s not read; the first: ", dp_red(style),
                dp_plain(style), (unsigned long long)profile->damage.places,
                profile->damage.places == 1 ? "" : "s",
                dp_unit_bytes(bytes, (double)profile->damage.bytes));
        dp_print_clean(style, profile->damage.first.text);
        fputc('\n', style->out);
    }
    if (!any)
        fputs("none\n", style->out);
}

void dp_report_overhead(const struct dp_profile *profile, const struct dp_style *style)
{
    char steward[DP_UNIT_TEXT], share[DP_UNIT_TEXT], paths[DP_UNIT_TEXT], cost[DP_UNIT_TEXT];
    char each[DP_UNIT_TEXT], bytes[DP_UNIT_TEXT];
    uint64_t steward_ns = dp_report_steward_ns(profile);
    uint64_t paths_ns = dp_report_slow_paths_ns(profile);
    uint64_t each_ns =
        profile->has_process ? profile->process.slow_path_ns : profile->overhead.slow_path_ns;
    uint64_t n = profile->has_lanes ? profile->slow_paths : profile->overhead.slow_paths;

    dp_heading(style, "Overhead of the profiler");
    if (!profile->has_process && !profile->has_overhead) {
        fputs("not known: neither state files nor overhead records\n", style->out);
        return;
    }
    fprintf(style->out, "steward %s CPU (%s of one core); %s slow paths x %s = %s; log %s\n",
            dp_unit_ns(steward, (double)steward_ns, style->utf8),
            dp_unit_percent(share, (double)steward_ns / (double)dp_profile_wall_ns(profile)),
            dp_unit_count(paths, (double)n), dp_unit_ns(each, (double)each_ns, style->utf8),
            dp_unit_ns(cost, (double)paths_ns, style->utf8),
            dp_unit_bytes(bytes, (double)profile->stream_bytes));
}

void dp_report_not_recorded(const struct dp_profile *profile, const struct dp_style *style)
{
    bool any = false;

    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++) {
            const char *what = dp_not_recorded(site, a);
            if (!what)
                continue;
            if (!any)
                dp_heading(style, "Asked for, not recorded");
            any = true;
            dp_print_clean(style, site->function);
            fprintf(style->out, ": %s\n", what);
        }
    }
}

void dp_report_notes(const struct dp_profile *profile, const struct dp_style *style)
{
    if (!profile->has_process)
        fputs("\nNo state of the process (state/process): start, end and command are not known.\n",
              style->out);
    if (!profile->has_lanes)
        fputs("\nNo state of lanes (state/lane-*): the figures come from the records of the "
              "streams alone.\n",
              style->out);
    if (profile->log.n_streams == 0)
        fputs("\nNo streams: single events (slow operations, load) are not known.\n", style->out);
    if (!profile->log.has_metadata || profile->log.metadata_cut)
        fputs("\nNo whole metadata file: 'deep-profile recover' can write it again.\n", style->out);
}
