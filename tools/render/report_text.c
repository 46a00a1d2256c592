/* See report.h. The order of the report: what ran, where its time went, what was
 * slow, what allocates, what was counted, then everything that limits what the
 * figures mean. */
#include "report_parts.h"

void dp_report_text(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_profile *profile = report->profile;

    dp_report_header(report, style);
    if (!dp_profile_has_data(profile))
        fputs("\nNo call was recorded; 'deep-profile doctor' says why.\n", style->out);
    dp_report_functions(report, style);
    dp_report_slow(profile, style);
    dp_report_open(profile, style);
    dp_report_memory(report, style);
    dp_report_counts(report, style);
    dp_report_not_recorded(profile, style);
    dp_report_load(profile, style);
    dp_report_loss(profile, style);
    dp_report_overhead(profile, style);
    dp_report_notes(profile, style);
}
