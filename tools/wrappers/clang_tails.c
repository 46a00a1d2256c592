/* See clang_tails.h. */
#include "clang_tails.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

bool dp_is_debug_record(const char *line)
{
    line += strspn(line, " ");
    return dp_starts_with(line, "#dbg_") || strstr(line, "@llvm.dbg.") != NULL;
}

bool dp_is_label(const char *line)
{
    size_t length = strcspn(line, ":");
    return *line && *line != ' ' && *line != ';' && line[length] == ':';
}

const char *dp_label_of(const char *line)
{
    return dp_format("%%%.*s", (int)strcspn(line, ":"), line);
}

static const char *word_of(const char *line)
{
    return line + strspn(line, " ");
}

/* "  %x = tail call …" or "  tail call …", of a function: not of asm or an intrinsic. */
static bool may_be_tail_call(const char *line)
{
    const char *tail = strstr(line, "tail call "), *word = word_of(line);
    if (!tail || strstr(tail, "@llvm.") || strstr(tail, " asm "))
        return false;
    return word == tail || (*word == '%' && tail - 3 > word && dp_starts_with(tail - 3, " = "));
}

/* The value of "  %x = …", or "" of a statement without one. */
static const char *value_of(const char *line)
{
    const char *word = word_of(line);
    return *word == '%' ? dp_format("%.*s", (int)strcspn(word, " "), word) : "";
}

static size_t next_instruction(const struct dp_ir *ir, size_t i)
{
    while (dp_is_debug_record(ir->lines[++i]))
        ;
    return i;
}

/* "ret TYPE VALUE": of this value? */
static bool returns(const char *line, const char *value)
{
    const char *word = word_of(line);
    if (!*value)
        return dp_starts_with(word, "ret void");
    const char *found = dp_starts_with(word, "ret ") ? strstr(word, dp_format(" %s", value)) : NULL;
    char behind = found ? found[1 + strlen(value)] : 'x';
    return behind == '\0' || behind == ',';
}

bool dp_is_tail_call(const struct dp_ir *ir, size_t i, bool optimized)
{
    const char *line = ir->lines[i];
    if (strstr(line, "musttail call "))
        return true;
    return optimized && may_be_tail_call(line) &&
           returns(ir->lines[next_instruction(ir, i)], value_of(line));
}

static size_t find_block(const struct dp_ir *ir, const struct dp_ir_function *function,
                         const char *label)
{
    for (size_t i = function->first + 1; i < function->last; i++)
        if (dp_is_label(ir->lines[i]) && strcmp(dp_label_of(ir->lines[i]), label) == 0)
            return i;
    return 0;
}

/* Takes "[ VALUE, BLOCK ]" out of a phi. False: it is not there, or all there is. */
static bool take_from_phi(char *phi, const char *value, const char *block)
{
    const char *pair = dp_format("[ %s, %s ]", value, block);
    char *found = strstr(phi, pair);
    if (!found || !strstr(phi, "], ["))
        return false;
    char *end = found + strlen(pair);
    if (dp_starts_with(end, ", "))
        end += 2;
    else
        found -= 2;
    memmove(found, end, strlen(end) + 1);
    return true;
}

/* Line `i` is a tail call in `block`, and line `br` goes to a shared return. */
static void expose(struct dp_ir *ir, const struct dp_ir_function *function, size_t i, size_t br,
                   const char *block)
{
    const char *to = word_of(ir->lines[br]);
    if (!dp_starts_with(to, "br label "))
        return;
    to += strlen("br label ");
    size_t at = find_block(ir, function, dp_format("%.*s", (int)strcspn(to, ", "), to));
    const char *value = value_of(ir->lines[i]);
    if (!at)
        return;
    at = next_instruction(ir, at);
    if (!*value) {
        if (returns(ir->lines[at], ""))
            ir->lines[br] = "  ret void";
        return;
    }
    const char *phi = value_of(ir->lines[at]);
    size_t ret = next_instruction(ir, at);
    const char *type = strstr(ir->lines[at], " = phi ");
    if (!type || !returns(ir->lines[ret], phi) ||
        !take_from_phi(ir->lines[at], value, block))
        return;
    type += strlen(" = phi ");
    ir->lines[br] = dp_format("  ret %.*s%s", (int)(strstr(type, "[ ") - type), type, value);
}

void dp_expose_tail_calls(struct dp_ir *ir, const struct dp_ir_function *function)
{
    const char *block = "";
    for (size_t i = function->first + 1; i + 1 < function->last; i++) {
        if (dp_is_label(ir->lines[i]))
            block = dp_label_of(ir->lines[i]);
        else if (may_be_tail_call(ir->lines[i]))
            expose(ir, function, i, next_instruction(ir, i), block);
    }
}
