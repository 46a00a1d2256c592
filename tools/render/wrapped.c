/* See wrapped.h. */
#include "wrapped.h"

#include <stdio.h>

#include "fold.h"
#include "markdown.h"

enum { INDENT = 12 }; /* behind the labels */

void dp_text_label(const struct dp_style *style, const char *label)
{
    if (style->markdown)
        fprintf(style->out, "%c- **%s:** ", DP_MARKDOWN_LINE, *label ? label : "also");
    else
        fprintf(style->out, "  %s%-9s%s ", dp_dim(style), label, dp_plain(style));
}

void dp_text_print_wrapped(void (*print)(const void *what, const struct dp_style *style),
                           const void *what, const struct dp_style *style)
{
    struct dp_fold fold;

    print(what, dp_fold_start(&fold, style, INDENT));
    dp_fold_finish(&fold);
}
