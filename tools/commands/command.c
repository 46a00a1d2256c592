/* See command.h. */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

enum { OPTION_FORMAT = 256 };

static const struct argp_option options[] = {
    {"format", OPTION_FORMAT, "text|json", 0, "How to print (default: text)", 1},
    {0},
};

void dp_usage_error(const struct argp_state *state, const char *format, ...)
{
    char text[1024], clean[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    argp_error(state, "%s", dp_clean(text, clean, sizeof clean));
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct dp_common *common = state->input;

    switch (key) {
    case OPTION_FORMAT:
        common->json = strcmp(value, "json") == 0;
        if (!common->json && strcmp(value, "text") != 0)
            dp_usage_error(state, "--format is text or json, not '%s'", value);
        return 0;
    case ARGP_KEY_ARG:
        if (common->path)
            dp_usage_error(state, "one directory at a time: '%s' is one too many", value);
        common->path = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp dp_common_argp = {.options = options, .parser = parse};

error_t dp_parse_common_only(int key, char *value, struct argp_state *state)
{
    (void)value;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

unsigned long dp_parse_number(struct argp_state *state, const char *option, const char *text)
{
    char *end;

    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-')
        dp_usage_error(state, "%s takes a whole number from 0, not '%s'", option, text);
    return number;
}
