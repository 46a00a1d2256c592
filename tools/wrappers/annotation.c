/* See annotation.h. Called by clang_ir.c and c_functions.c. */
#include "annotation.h"
#include "common/options.h"
#include "words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of libstdc++: the one function of a C++ library that is needed here. */
char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status);

void dp_print_taken(const struct dp_annotated *function)
{
    fprintf(stderr, "deep-profile: %s (%s:%u):", function->name, function->file, function->line);
    for (size_t i = 0; i < function->count; i++)
        fprintf(stderr, "%s %s(%s)", i ? "," : "", dp_attribute_name(function->written[i].attribute),
                function->written[i].options);
    fputc('\n', stderr);
}

void dp_error_at(const char *file, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%u: error: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

bool dp_is_annotation(const char *text)
{
    return strncmp(text, DP_ANNOTATION_PREFIX, strlen(DP_ANNOTATION_PREFIX)) == 0;
}

/* The attribute that `name` begins with, up to a colon; returns what follows, or NULL. */
static const char *read_attribute(const char *name, enum dp_attribute *attribute)
{
    const char *colon = strchr(name, ':');
    if (!colon)
        return NULL;
    for (int i = 0; i < DP_ATTRIBUTE_COUNT; i++) {
        const char *known = dp_attribute_name((uint32_t)i);
        if (strlen(known) == (size_t)(colon - name) && memcmp(known, name, strlen(known)) == 0) {
            *attribute = (enum dp_attribute)i;
            return colon + 1;
        }
    }
    return NULL;
}

/* Is the same attribute there already? With other options that is a mistake. */
static bool is_there(const struct dp_annotated *function, const struct dp_annotation *one,
                     bool *wrong)
{
    for (size_t i = 0; i < function->count; i++) {
        if (function->written[i].attribute != one->attribute)
            continue;
        *wrong = strcmp(function->written[i].options, one->options) != 0;
        if (*wrong)
            dp_error_at(function->file, function->line,
                        "'%s' is on '%s' twice, with different options",
                        dp_attribute_name(one->attribute), function->name);
        return true;
    }
    return false;
}

bool dp_annotate(struct dp_annotated *function, const char *text)
{
    struct dp_annotation one;
    struct dp_options options;
    struct dp_options_error error;
    bool wrong = false;
    one.options = read_attribute(text + strlen(DP_ANNOTATION_PREFIX), &one.attribute);
    if (!one.options)
        return true; /* not of ours */
    if (dp_options_parse(one.attribute, one.options, &options, &error) != 0) {
        dp_error_at(function->file, function->line,
                    error.suggestion[0] ? "%s; did you mean '%s'?" : "%s", error.message,
                    error.suggestion);
        return false;
    }
    if (is_there(function, &one, &wrong))
        return !wrong;
    if (one.attribute == DP_ATTRIBUTE_IF_SLOW)
        function->flags |= DP_SITE_IN_FLIGHT;
    if (options.strategy == DP_STRATEGY_CALLS)
        function->flags |= DP_SITE_COUNTED;
    size_t at = function->count++;
    for (; at > 0 && function->written[at - 1].attribute > one.attribute; at--)
        function->written[at] = function->written[at - 1];
    function->written[at] = one; /* they are in order, as the plugin writes them */
    return true;
}

/* Of "int ns::f<int>(char const*) const" what lies before the parameters. */
static void cut_parameters(char *name)
{
    int depth = 0;
    char *end = strrchr(name, ')');
    for (; end && end >= name; end--) {
        depth += (*end == ')') - (*end == '(');
        if (depth == 0)
            break;
    }
    /* "(anonymous namespace)::x" has no parameters to cut. */
    if (end && end > name && strncmp(end, "(anonymous namespace)", 21) != 0)
        *end = '\0';
}

/* The return type, which only the name of a template's instance has. */
static char *cut_return_type(char *name)
{
    int depth = 0;
    char *start = name;
    for (char *at = name; *at; at++) {
        if (strncmp(at, "operator", 8) == 0 && (at == name || at[-1] == ':' || at[-1] == ' '))
            break; /* "operator new", "operator bool", "operator<" */
        depth += (*at == '<' || *at == '(') - (*at == '>' || *at == ')');
        if (*at == ' ' && depth == 0)
            start = at + 1;
    }
    return start;
}

/* What the optimizers append to the name of a copy. */
static char *without_suffix(const char *symbol)
{
    char *copy = dp_format("%s", symbol);
    char *dot = strchr(copy + (*copy == '.'), '.');
    if (dot && (isdigit((unsigned char)dot[1]) || islower((unsigned char)dot[1])))
        *dot = '\0';
    return copy;
}

const char *dp_name_of_symbol(const char *symbol)
{
    int status;
    char *plain = without_suffix(symbol);
    if (strncmp(plain, "_Z", 2) != 0)
        return plain;
    char *name = __cxa_demangle(plain, NULL, NULL, &status);
    if (!name)
        return plain;
    cut_parameters(name);
    return cut_return_type(name);
}
