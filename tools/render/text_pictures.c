/* See text_pictures.h. */
#include "text_pictures.h"

static void print_one(const struct dp_report_pictures *pictures, size_t i,
                      const struct dp_style *style)
{
    const struct dp_flame_request *request = &pictures->wanted.requests[i];

    dp_print_clean(style, request->site->function);
    fputs(": ", style->out);
    dp_print_clean(style, request->path);
    if (!pictures->drawn[i])
        fprintf(style->out, "%s", pictures->to_come ? ", when the program has ended" : ", not drawn");
    fputc('\n', style->out);
}

void dp_text_pictures(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_pictures *pictures = &report->pictures;

    if (pictures->wanted.n == 0)
        return;
    dp_heading(style, "Flame graphs");
    for (size_t i = 0; i < pictures->wanted.n; i++)
        print_one(pictures, i, style);
    if (pictures->missing == 0 || pictures->to_come)
        return;
    if (pictures->problem)
        fprintf(style->out, "%s\n", pictures->problem);
    fputs("'deep-profile flamegraph --requested ", style->out);
    dp_print_clean(style, report->log);
    fputs("' draws what is missing\n", style->out);
}
