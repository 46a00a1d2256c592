/* See text_alerts.h. */
#include "text_alerts.h"

#include <math.h>

#include "base/units.h"
#include "common/alert_rules.h"
#include "common/events.h"

static char *value_text(char text[DP_UNIT_TEXT], enum dp_trouble rule, double value, bool utf8)
{
    enum dp_alert_unit unit = dp_alert_rules[rule].unit;

    if (unit == DP_ALERT_NS)
        return dp_unit_ns(text, value, utf8);
    if (unit == DP_ALERT_PPM)
        return dp_unit_percent(text, value);
    snprintf(text, DP_UNIT_TEXT, "%.0f a minute", value);
    return text;
}

/* "critical  latency: p99 of a function's calls is 1.20 s (limit 500 ms)" */
static void print_what(const struct dp_alert *alert, const struct dp_style *style)
{
    char value[DP_UNIT_TEXT], limit[DP_UNIT_TEXT];
    bool critical = alert->severity == DP_SEVERITY_CRITICAL;

    fprintf(style->out, "%s%-8s%s  %s: %s (limit %s)\n", critical ? dp_red(style) : dp_bold(style),
            dp_severity_name(alert->severity), dp_plain(style), dp_alert_rules[alert->rule].what,
            value_text(value, alert->rule, alert->value, style->utf8),
            value_text(limit, alert->rule, alert->limit, style->utf8));
}

static void print_when(const struct dp_alert *alert, uint64_t start_ns, const struct dp_style *style)
{
    char after[DP_UNIT_TEXT], lasted[DP_UNIT_TEXT];

    if (alert->first_ns == 0)
        return;
    uint64_t begin = alert->first_ns > start_ns ? alert->first_ns - start_ns : 0;
    fprintf(style->out, "          since %s after the start", dp_unit_ns(after, (double)begin, style->utf8));
    if (alert->last_ns > alert->first_ns)
        fprintf(style->out, ", for %s",
                dp_unit_ns(lasted, (double)(alert->last_ns - alert->first_ns), style->utf8));
    if (alert->incidents > 1)
        fprintf(style->out, ", %llu times", (unsigned long long)alert->incidents);
    if (alert->over)
        fputs(", over since", style->out);
    else if (alert->trend != DP_TREND_STEADY)
        fprintf(style->out, ", %s", dp_trend_name(alert->trend));
    fputc('\n', style->out);
}

static void print_lock(const struct dp_alert *alert, const struct dp_style *style)
{
    char waited[DP_UNIT_TEXT], all[DP_UNIT_TEXT];

    fprintf(style->out, "          %llu slow call%s waited %s of %s",
            (unsigned long long)alert->calls, alert->calls == 1 ? "" : "s",
            dp_unit_ns(waited, alert->part_ns, style->utf8),
            dp_unit_ns(all, alert->of_ns, style->utf8));
    if (*alert->object) {
        fputs(" for ", style->out);
        dp_print_clean(style, alert->object);
    }
    if (*alert->holder) {
        fputs(", held by thread ", style->out);
        dp_print_clean(style, alert->holder);
    }
    if (*alert->holder_function) {
        fputs(" in `", style->out);
        dp_print_clean(style, alert->holder_function);
        fputc('`', style->out);
    }
    fputc('\n', style->out);
}

static void print_history(const struct dp_alert *alert, const struct dp_style *style)
{
    char before[DP_UNIT_TEXT], now[DP_UNIT_TEXT];

    fprintf(style->out, "          calls took %s, before that %s (geometric means)\n",
            dp_unit_ns(now, alert->now_ns, style->utf8),
            dp_unit_ns(before, alert->before_ns, style->utf8));
}

static void print_places(const struct dp_alert *alert, const struct dp_style *style)
{
    char value[DP_UNIT_TEXT];

    if (alert->n_places == 0)
        return;
    fputs("          in ", style->out);
    for (size_t i = 0; i < alert->n_places; i++) {
        fputs(i ? ", " : "", style->out);
        dp_print_clean(style, alert->places[i].function);
        if (!isnan(alert->places[i].value))
            fprintf(style->out, " %s",
                    value_text(value, alert->rule, alert->places[i].value, style->utf8));
    }
    if (alert->more_places > 0)
        fprintf(style->out, " and %zu more", alert->more_places);
    fputc('\n', style->out);
}

static void print_symptoms(const struct dp_alert *alert, const struct dp_style *style)
{
    const char *before = "          with it: ";

    for (uint32_t rule = 0; rule < DP_RULE_COUNT; rule++) {
        if (!(alert->symptoms >> rule & 1))
            continue;
        fprintf(style->out, "%s%s", before, dp_trouble_name(rule));
        before = ", ";
    }
    if (alert->symptoms)
        fputc('\n', style->out);
}

void dp_text_alerts(const struct dp_report *report, const struct dp_style *style)
{
    uint64_t start_ns = report->start_unix_ns - report->to_unix_ns;

    if (report->alerts.n == 0)
        return;
    dp_heading(style, "Alerts");
    for (size_t i = 0; i < report->alerts.n; i++) {
        const struct dp_alert *alert = &report->alerts.alerts[i];
        print_what(alert, style);
        print_when(alert, start_ns, style);
        if (alert->rule == DP_RULE_LOCK)
            print_lock(alert, style);
        if (alert->rule == DP_RULE_HISTORY)
            print_history(alert, style);
        print_places(alert, style);
        print_symptoms(alert, style);
        fprintf(style->out, "          to do: %s\n", dp_alert_rules[alert->rule].advice);
    }
}
