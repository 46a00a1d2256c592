/*
 * See clang_weave.h. What a person writes:
 *
 *     DEEP_PROFILE_CALLS()
 *     int twice(int a)
 *     {
 *         return 2 * a;
 *     }
 *
 * what clang makes of it before it optimizes, and the lines that go in (> …):
 *
 *     define i32 @twice(i32 %a) {
 *   > deep_profile.entry:
 *     %a.addr = alloca i32                                  moved: the first block has them
 *   > …                                                     clang_gate.c: dp_gate_entry()
 *   > br label %entry
 *     entry:
 *     store i32 %a, ptr %a.addr
 *     %0 = load i32, ptr %a.addr
 *     %mul = mul nsw i32 2, %0
 *   > …                                                     clang_gate.c: dp_gate_exit()
 *     ret i32 %mul
 *     }
 *
 * New blocks begin at the start of the function and before what ends a call, so no other
 * block changes its name or its predecessors, and nothing else has to be rewritten. New
 * values have names, so the numbers of those without one stay right.
 *
 * Debugging: -save-temps keeps the module as FILE.deep-profile.ll.
 */
#include "clang_weave.h"
#include "clang_gate.h"
#include "clang_tails.h"
#include "clang_unwind.h"
#include "common/attribute.h"
#include "filter.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- the lines of a function ---- */

static bool is_static_alloca(const char *line)
{
    const char *type = strstr(line, " = alloca ");
    if (!type || strncmp(line, "  %", 3) != 0)
        return false;
    for (const char *size = type; (size = strstr(size + 1, ", i"));) {
        const char *value = size + 3 + strspn(size + 3, "0123456789");
        if (dp_starts_with(value, " %"))
            return false; /* of variable size */
    }
    return true;
}

/* ---- one function ---- */

struct body {
    const struct dp_ir *ir;
    const struct dp_ir_function *function;
    struct dp_gate gate;
    bool all;
    const char *personality; /* of a function that gets a pad; NULL: it gets none */
};

static const char *line_of(const struct body *body, size_t i)
{
    return body->ir->lines[i];
}

/* The first block ends with its terminator, which is not looked for: a label, or the end of
 * the function, is enough. Returns whether line `i` is an alloca of it that can be moved. */
static bool moves(const struct body *body, size_t i, size_t begin, bool *leading)
{
    const char *line = line_of(body, i);
    if (i == begin)
        *leading = true;
    if (is_static_alloca(line))
        return *leading || !isdigit((unsigned char)line[3]);
    if (!dp_is_debug_record(line))
        *leading = false; /* the numbers of nameless values would lose their order */
    return false;
}

static size_t end_of_first_block(const struct body *body, size_t begin)
{
    size_t end = begin;
    while (end < body->function->last && !dp_is_label(line_of(body, end)))
        end++;
    return end;
}

/* Writes the new first block; returns the line behind the label of the old one. */
static size_t write_entry(struct body *body, size_t begin, FILE *out)
{
    const char *first = line_of(body, begin);
    bool named = dp_is_label(first), leading = true;
    const char *label = named ? dp_label_of(first) : dp_implicit_label(line_of(body, begin - 1));
    fprintf(out, "deep_profile.entry:\n");
    begin += named;
    size_t end = end_of_first_block(body, begin);
    for (size_t i = begin; i < end; i++)
        if (moves(body, i, begin, &leading))
            fprintf(out, "%s\n", line_of(body, i));
    dp_gate_entry(&body->gate, out);
    if (named)
        fprintf(out, "  br label %s\n\n%s\n", label, first);
    else
        fprintf(out, "  br label %%%s\n\n%s:\n", label, label);
    leading = true;
    for (size_t i = begin; i < end; i++)
        if (moves(body, i, begin, &leading))
            body->ir->lines[i] = ""; /* written */
    return begin;
}

/* "define … {", with the personality function that a pad needs. */
static void write_define(const struct body *body, FILE *out)
{
    const char *line = line_of(body, body->function->first);
    const char *end = strstr(line, " !dbg ");
    if (!body->personality || strstr(line, " personality ")) {
        fprintf(out, "%s\n", line);
        return;
    }
    if (!end)
        end = strrchr(line, '{') - 1;
    fprintf(out,
            body->ir->typed_pointers ? "%.*s personality i8* bitcast (i32 (...)* @%s to i8*)%s\n"
                                     : "%.*s personality ptr @%s%s\n",
            (int)(end - line), line, body->personality, end);
}

/* Where an exception gets to that the function does not handle. */
static void write_pad(struct body *body, FILE *out)
{
    const char *type = body->ir->typed_pointers ? "{ i8*, i32 }" : "{ ptr, i32 }";
    fprintf(out, "\n" DP_PAD ":\n  %%deep_profile.thrown = landingpad %s\n          cleanup\n",
            type);
    dp_gate_exit(&body->gate, true, out);
    fprintf(out, "  resume %s %%deep_profile.thrown\n", type);
}

/* Handlers of some exceptions only: the others would pass by. `clause` is the first one. */
static bool lands_for_some(const char *clause)
{
    clause += strspn(clause, " ");
    return (dp_starts_with(clause, "catch ") && !strstr(clause, " null")) ||
           dp_starts_with(clause, "filter ");
}

static void write_function(struct body *body, FILE *out)
{
    const struct dp_ir_function *function = body->function;
    bool ended = false;
    write_define(body, out);
    size_t i = write_entry(body, function->first + 1, out);
    for (; i < function->last; i++) {
        const char *line = line_of(body, i), *word = line + strspn(line, " ");
        if (dp_is_tail_call(body->ir, i, body->all)) {
            dp_gate_exit(&body->gate, false, out);
            ended = true;
        } else if (dp_starts_with(word, "resume ")) {
            dp_gate_exit(&body->gate, true, out);
        } else if (dp_starts_with(word, "ret ")) {
            if (!ended)
                dp_gate_exit(&body->gate, false, out);
            ended = false;
        }
        fprintf(out, "%s\n", line);
        if (!body->all && strstr(line, " = landingpad ") && lands_for_some(line_of(body, i + 1)))
            fprintf(out, "          cleanup\n");
    }
    if (body->personality)
        write_pad(body, out);
    fprintf(out, "}\n");
}

/* ---- which functions ---- */

static const char *why_not(const struct dp_ir *ir, const struct dp_ir_function *function)
{
    if (function->runs_early)
        return function->runs_early;
    if (strstr(function->attributes, " naked "))
        return "is naked: nothing may stand before its own code";
    if (strstr(function->attributes, " presplitcoroutine "))
        return "is a coroutine, which clang takes apart later";
    for (size_t i = function->first; i < function->last; i++)
        if (strstr(ir->lines[i], "@llvm.coro.begin("))
            return "is a coroutine, which clang takes apart later";
    return NULL;
}

/* In statements. */
static unsigned size_of(const struct dp_ir *ir, const struct dp_ir_function *function)
{
    unsigned size = 0;
    for (size_t i = function->first + 1; i < function->last; i++) {
        const char *line = ir->lines[i];
        size += dp_starts_with(line, "  ") && line[2] != ' ' && !dp_is_debug_record(line);
    }
    return size;
}

static bool is_wanted(const struct dp_ir *ir, const struct dp_ir_function *function,
                      const struct dp_weave *how)
{
    if (!how->all)
        return function->made.count > 0;
    return function->made.count == 0 && function->made.file &&
           strstr(function->attributes, DP_MAY_BE_INSTRUMENTED) &&
           !strstr(ir->lines[function->first], " available_externally ") &&
           !why_not(ir, function) &&
           dp_filter_takes(function->made.name, function->made.file, size_of(ir, function));
}

/* ---- the module ---- */

/* ", !dbg !12", " !dbg !12": without it. */
static void cut_places(char *line)
{
    for (char *at; (at = strstr(line, " !dbg !"));) {
        char *end = at + strlen(" !dbg !");
        end += strspn(end, "0123456789");
        at -= at > line && at[-1] == ',';
        memmove(at, end, strlen(end) + 1);
    }
}

/* "!5 = distinct !{!5, !6, !7}": without the places among them, of the loop's begin and end. */
static void cut_places_of_loop(struct dp_ir *ir, char *line)
{
    char *list = strstr(line, " = distinct !{!");
    for (char *at = list ? strchr(list, ',') : NULL; at;) {
        char *next = strchr(at + 1, ',');
        const char *number = dp_starts_with(at, ", !") ? at + 3 : "";
        if (!isdigit((unsigned char)*number) ||
            !strstr(dp_ir_metadata(ir, number), "!DILocation(")) {
            at = next;
            continue;
        }
        const char *end = number + strspn(number, "0123456789");
        memmove(at, end, strlen(end) + 1);
        at = *at == ',' ? at : NULL;
    }
}

void dp_strip_debug(struct dp_ir *ir)
{
    for (size_t i = 0; i < ir->n_lines; i++) {
        char *line = ir->lines[i];
        if (dp_starts_with(line, "!llvm.dbg.cu = "))
            *line = '\0';
        else if (*line == '!')
            cut_places_of_loop(ir, line);
        else if (*line == ' ' || *line == 'd')
            cut_places(line);
    }
}

/* What a function with a gate does not keep: it reads and writes memory of the runtime's. The
 * optimizer has found it out of the code without the gate, or a person has said so (pure). */
static bool is_broken_promise(const char *word)
{
    static const char *const promises[] = {"memory(",  "readnone",   "readonly",
                                           "writeonly", "argmemonly", "inaccessiblemem",
                                           "nosync",   "nofree",     "willreturn",
                                           "speculatable"};
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (dp_starts_with(word, promises[i]))
            return true;
    return false;
}

static size_t length_of_word(const char *word)
{
    size_t length = strcspn(word, " (");
    return word[length] == '(' ? strcspn(word, ")") + 1 : length;
}

/* A group of attributes, without such promises; and at the end without the marks that
 * DP_MAY_BE_INSTRUMENTED looks for: no hooks shall be made. */
static void write_attributes(const char *line, bool all, FILE *out)
{
    const char *list = strchr(line, '{');
    fprintf(out, "%.*s", (int)(list - line), line);
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t length = *word == '"' ? strcspn(word, " ") : length_of_word(word);
        if (!is_broken_promise(word) &&
            !(all && dp_starts_with(word, "\"instrument-function-")))
            fprintf(out, "%.*s ", (int)length, word);
        word += length;
    }
    fputc('\n', out);
}

/* Of a function that gets a gate; with `all`, of every one. */
static bool changes_group(const struct dp_ir *ir, const struct dp_weave *how, const char *line)
{
    if (!dp_starts_with(line, "attributes #") || how->all)
        return how->all && dp_starts_with(line, "attributes #");
    for (size_t i = 0; i < ir->n_functions; i++)
        if (ir->functions[i].made.count && ir->functions[i].attributes == line)
            return true;
    return false;
}

static void write_line(const struct dp_ir *ir, const struct dp_weave *how,
                       struct dp_gate_module *module, size_t i, FILE *out)
{
    const char *line = ir->lines[i];
    if (changes_group(ir, how, line))
        write_attributes(line, how->all, out);
    else if (!dp_gate_module_line(module, line, out))
        fprintf(out, "%s\n", line);
}

bool dp_weave(struct dp_ir *ir, const struct dp_weave *how, FILE *out)
{
    struct dp_gate_module module;
    bool right = true;
    size_t next = 0, sites = 0;
    for (size_t i = 0; i < ir->n_functions; i++)
        sites += is_wanted(ir, &ir->functions[i], how);
    dp_gate_module_begin(&module, ir, how->all, sites > 0);
    for (size_t i = 0; i < ir->n_functions; i++) {
        const struct dp_ir_function *function = &ir->functions[i];
        const char *why = why_not(ir, function);
        if (!is_wanted(ir, function, how))
            continue;
        if (why) {
            dp_error_at(function->made.file, function->made.line,
                        "'%s' cannot be profiled: it %s", function->made.name, why);
            right = false;
            continue;
        }
        if (how->verbose)
            dp_print_taken(&function->made);
        for (; next < function->first; next++)
            write_line(ir, how, &module, next, out);
        if (how->all)
            dp_expose_tail_calls(ir, function);
        struct body body = {.ir = ir, .function = function, .all = how->all};
        if (!how->all && !strstr(function->attributes, " nounwind ") &&
            dp_unwind_to_pad(ir, function))
            body.personality = module.personality = dp_personality(ir);
        body.gate = dp_gate_module_site(&module, &function->made, out);
        write_function(&body, out);
        next = function->last + 1;
    }
    for (; next < ir->n_lines; next++)
        write_line(ir, how, &module, next, out);
    dp_gate_module_end(&module, out);
    return right;
}
