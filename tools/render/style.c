/* See style.h. */
#include "style.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clean.h"
#include "markdown.h"

static size_t width_of(const struct dp_style *style)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;

    if (columns && atoi(columns) > 0)
        return (size_t)atoi(columns);
    if (!style->terminal)
        return DP_REDIRECTED_COLUMNS;
    if (ioctl(fileno(style->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void dp_style_detect(struct dp_style *style, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    *style = (struct dp_style){.out = out, .terminal = isatty(fileno(out))};
    style->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    style->width = width_of(style);
    style->color =
        style->terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

const char *dp_bold(const struct dp_style *style)
{
    return style->color ? "\033[1m" : "";
}

const char *dp_dim(const struct dp_style *style)
{
    return style->color ? "\033[2m" : "";
}

const char *dp_red(const struct dp_style *style)
{
    return style->color ? "\033[31m" : "";
}

const char *dp_green(const struct dp_style *style)
{
    return style->color ? "\033[32m" : "";
}

const char *dp_plain(const struct dp_style *style)
{
    return style->color ? "\033[0m" : "";
}

void dp_heading(const struct dp_style *style, const char *text)
{
    if (style->markdown)
        fprintf(style->out, "\n%c## %s\n%c\n", DP_MARKDOWN_LINE, text, DP_MARKDOWN_LINE);
    else
        fprintf(style->out, "\n%s%s%s\n", dp_bold(style), text, dp_plain(style));
}

void dp_print_clean(const struct dp_style *style, const char *text)
{
    char *cleaned = dp_clean_copy(text);

    fputs(cleaned, style->out);
    free(cleaned);
}
