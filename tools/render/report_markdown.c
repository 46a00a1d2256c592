/* See report_markdown.h. */
#include "report_markdown.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

#include "markdown.h"
#include "report_text.h"

enum { COLUMNS = 110 }; /* of what stands as it is; tables have all their columns */

static void put_title(const struct dp_report *report, FILE *out)
{
    const char *slash = strrchr(report->program, '/');
    char *name = dp_clean_copy(slash && slash[1] ? slash + 1 : report->program);

    dp_markdown_escape(out, *name ? name : "a program", strlen(*name ? name : "a program"));
    free(name);
}

void dp_report_markdown(const struct dp_report *report, FILE *out)
{
    struct dp_style style = {.utf8 = true, .markdown = true, .width = COLUMNS};
    char *text = NULL;
    size_t size;

    style.out = open_memstream(&text, &size);
    if (!style.out)
        return;
    fprintf(style.out, "%c# Report of ", DP_MARKDOWN_LINE);
    put_title(report, style.out);
    fputs(" with deep-profile\n", style.out);
    dp_report_text(report, &style);
    fclose(style.out);
    dp_markdown_convert(out, text);
    free(text);
}
