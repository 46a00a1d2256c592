/* See message.h. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

#include "clean.h"

void dp_problem_set(struct dp_problem *problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
}

void dp_error(const char *format, ...)
{
    char text[8192];
    char cleaned[4 * sizeof text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fflush(stdout);
    fprintf(stderr, "deep-profile: %s\n", dp_clean(text, cleaned, sizeof cleaned));
}
