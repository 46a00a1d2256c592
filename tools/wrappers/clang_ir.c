/* See clang_ir.h. */
#include "clang_ir.h"
#include "process.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dp_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- text ---- */

static void add_line(struct dp_ir *ir, size_t *room, char *line)
{
    if (ir->n_lines == *room) {
        *room = *room ? 2 * *room : 4096;
        ir->lines = realloc(ir->lines, *room * sizeof *ir->lines);
        if (!ir->lines)
            dp_die("out of memory");
    }
    ir->lines[ir->n_lines++] = line;
}

static void split_lines(struct dp_ir *ir, char *text)
{
    size_t room = 0;
    for (char *line; *text && (line = strsep(&text, "\n"));) {
        add_line(ir, &room, line);
        if (!text)
            break;
    }
}

/* The name behind an @, with or without quotes; *end: what follows. */
static char *read_symbol(const char *at, const char **end)
{
    bool quoted = *at == '"';
    const char *from = at + quoted, *to = from;
    while (*to && (quoted ? *to != '"' : isalnum((unsigned char)*to) || strchr("$._-", *to)))
        to++;
    *end = to + (quoted && *to);
    return dp_format("%.*s", (int)(to - from), from);
}

/* The first @NAME at or behind `at`; NULL if there is none. */
static char *next_symbol(const char *at, const char **end)
{
    const char *found = strchr(at, '@');
    return found ? read_symbol(found + 1, end) : NULL;
}

/* The contents of a constant c"…", or of a quoted word: \XX is a byte. */
static char *unescape(const char *quoted)
{
    char *text = dp_format("%s", quoted), *to = text;
    for (const char *from = quoted; *from && *from != '"'; from++) {
        unsigned byte;
        if (*from == '\\' && sscanf(from + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

/* ---- functions ---- */

static struct dp_ir_function *find_function(const struct dp_ir *ir, const char *symbol)
{
    for (size_t i = 0; i < ir->n_functions; i++)
        if (strcmp(ir->functions[i].symbol, symbol) == 0)
            return &ir->functions[i];
    return NULL;
}

/* "define … @f(…) … #3 … {" names the group of the attributes. */
static const char *find_attributes(const struct dp_ir *ir, const char *define)
{
    const char *number = strchr(define, '@');
    while (number && (number = strstr(number, " #")) && !isdigit((unsigned char)number[2]))
        number++;
    size_t group = number ? strtoul(number + 2, NULL, 10) : ir->n_groups;
    return group < ir->n_groups && ir->groups[group] ? ir->groups[group] : "";
}

static void read_groups(struct dp_ir *ir)
{
    static const char head[] = "attributes #";
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ir->n_lines; i++) {
            size_t number;
            if (!dp_starts_with(ir->lines[i], head))
                continue;
            number = strtoul(ir->lines[i] + strlen(head), NULL, 10);
            if (pass)
                ir->groups[number] = ir->lines[i];
            else if (number >= ir->n_groups)
                ir->n_groups = number + 1;
        }
        if (!pass && !(ir->groups = calloc(ir->n_groups + 1, sizeof *ir->groups)))
            dp_die("out of memory");
    }
}

static void add_function(struct dp_ir *ir, size_t *room, size_t first)
{
    const char *end;
    if (ir->n_functions == *room) {
        *room = *room ? 2 * *room : 256;
        ir->functions = realloc(ir->functions, *room * sizeof *ir->functions);
        if (!ir->functions)
            dp_die("out of memory");
    }
    struct dp_ir_function *function = &ir->functions[ir->n_functions++];
    *function = (struct dp_ir_function){.symbol = next_symbol(ir->lines[first], &end),
                                        .first = first,
                                        .last = first};
    while (function->last + 1 < ir->n_lines && strcmp(ir->lines[function->last], "}") != 0)
        function->last++;
    function->attributes = find_attributes(ir, ir->lines[first]);
    function->made.name = dp_name_of_symbol(function->symbol);
}

/* A function that runs before the program is linked may not be touched, nor what it calls:
 * the runtime is not there yet. */
static void mark_early(struct dp_ir *ir, struct dp_ir_function *function, const char *why)
{
    if (!function || function->runs_early)
        return;
    function->runs_early = why;
    const char *whose = dp_format("is called by '%s' before the program is linked",
                                  function->made.name);
    for (size_t i = function->first; i < function->last; i++) {
        const char *call = strstr(ir->lines[i], "call "), *end;
        char *callee = call ? next_symbol(call, &end) : NULL;
        if (callee && *end == '(')
            mark_early(ir, find_function(ir, callee), whose);
    }
}

static void mark_resolvers(struct dp_ir *ir)
{
    for (size_t i = 0; i < ir->n_lines; i++) {
        const char *found = ir->lines[i][0] == '@' ? strstr(ir->lines[i], " ifunc ") : NULL;
        const char *resolver = found ? strrchr(found, '@') : NULL, *end;
        if (resolver)
            mark_early(ir, find_function(ir, read_symbol(resolver + 1, &end)),
                       "resolves an ifunc, and runs before the program is linked");
    }
}

/* Pointers lost their types with LLVM 15. */
#define LAST_WITH_TYPED_POINTERS 14

void dp_ir_read(struct dp_ir *ir, const char *path, int major)
{
    size_t room = 0;
    *ir = (struct dp_ir){.typed_pointers = major <= LAST_WITH_TYPED_POINTERS};
    char *text = dp_read_file(path);
    if (!text)
        dp_die("cannot read '%s': %s", path, strerror(errno));
    split_lines(ir, text);
    read_groups(ir);
    room = 0;
    for (size_t i = 0; i < ir->n_lines; i++) {
        if (dp_starts_with(ir->lines[i], "define "))
            add_function(ir, &room, i);
        else if (dp_starts_with(ir->lines[i], "target triple = \"x86_64"))
            ir->thunks = !strstr(ir->lines[i], "gnux32");
    }
    mark_resolvers(ir);
}

/* ---- annotations ---- */

static const char *constant_text(const struct dp_ir *ir, const char *symbol)
{
    const char *head = dp_format("@%s = ", symbol);
    for (size_t i = 0; i < ir->n_lines; i++) {
        if (!dp_starts_with(ir->lines[i], head))
            continue;
        const char *text = strstr(ir->lines[i], " c\"");
        return text ? unescape(text + 3) : "";
    }
    return "";
}

/* { @function, @text, @file, i32 LINE, arguments }: returns what follows LINE. */
static const char *read_annotation(struct dp_ir *ir, const char *at, bool *right)
{
    const char *end;
    char *symbol = next_symbol(at, &end);
    char *text_symbol = symbol ? next_symbol(end, &end) : NULL;
    char *file = text_symbol ? next_symbol(end, &end) : NULL;
    if (!file)
        return NULL;
    if (ir->typed_pointers)
        end = strchr(end, ')');
    const char *number = end ? strstr(end, ", i32 ") : NULL;
    if (!number)
        return NULL;
    unsigned line = (unsigned)strtoul(number + 6, (char **)&end, 10);
    const char *text = constant_text(ir, text_symbol);
    struct dp_ir_function *function = find_function(ir, symbol);
    if (!dp_is_annotation(text))
        return end;
    if (function) {
        function->made.file = constant_text(ir, file);
        function->made.line = line;
        *right &= dp_annotate(&function->made, text);
    } else {
        dp_error_at(constant_text(ir, file), line,
                    "'%s' cannot be profiled: it is not a function with a body",
                    dp_name_of_symbol(symbol));
        *right = false;
    }
    return end;
}

/* The arguments of somebody else's annotation may be a further symbol. */
static const char *behind_arguments(const char *at)
{
    const char *symbol = strchr(at, '@'), *null = strstr(at, "null"), *end;
    if (symbol && (!null || symbol < null) && read_symbol(symbol + 1, &end))
        return end;
    return null ? null : at;
}

bool dp_ir_read_annotations(struct dp_ir *ir)
{
    bool right = true;
    for (size_t i = 0; i < ir->n_lines; i++) {
        const char *at = ir->lines[i];
        if (!dp_starts_with(at, "@llvm.global.annotations = "))
            continue;
        for (at = strchr(at, '['); at; at = at ? behind_arguments(at) : NULL)
            at = read_annotation(ir, at, &right);
    }
    return right;
}

/* ---- places ---- */

static void read_metadata(struct dp_ir *ir)
{
    if (ir->metadata)
        return;
    ir->metadata = calloc(ir->n_lines + 1, sizeof *ir->metadata);
    if (!ir->metadata)
        dp_die("out of memory");
    for (size_t i = 0; i < ir->n_lines; i++) {
        const char *line = ir->lines[i];
        if (line[0] != '!' || !isdigit((unsigned char)line[1]))
            continue;
        size_t number = strtoul(line + 1, NULL, 10);
        if (number < ir->n_lines)
            ir->metadata[number] = line;
    }
}

const char *dp_ir_metadata(struct dp_ir *ir, const char *number)
{
    read_metadata(ir);
    size_t n = strtoul(number, NULL, 10);
    return n < ir->n_lines && ir->metadata[n] ? ir->metadata[n] : "";
}

/* What follows `key` in the line of !NUMBER; NULL: nothing. */
static const char *value_in(struct dp_ir *ir, const char *number, const char *key)
{
    const char *found = strstr(dp_ir_metadata(ir, number), key);
    return found ? found + strlen(key) : NULL;
}

void dp_ir_find_places(struct dp_ir *ir)
{
    for (size_t i = 0; i < ir->n_functions; i++) {
        struct dp_ir_function *function = &ir->functions[i];
        const char *number = strstr(ir->lines[function->first], " !dbg !");
        if (function->made.file || !number)
            continue;
        number += strlen(" !dbg !");
        const char *line = value_in(ir, number, " line: ");
        const char *file = value_in(ir, number, " file: !");
        const char *name = file ? value_in(ir, file, "filename: \"") : NULL;
        if (!line || !name || value_in(ir, number, "DIFlagArtificial"))
            continue;
        function->made.line = (unsigned)strtoul(line, NULL, 10);
        function->made.file = unescape(name);
    }
}
