/* See clang_unwind.h. */
#include "clang_unwind.h"
#include "clang_tails.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *dp_implicit_label(const char *define)
{
    long highest = -1;
    for (const char *at = strchr(define, '@'); at && (at = strpbrk(at + 1, "%\""));) {
        if (*at == '"')
            at = strchr(at + 1, '"');
        else if (isdigit((unsigned char)at[1]) && strtol(at + 1, NULL, 10) > highest)
            highest = strtol(at + 1, NULL, 10);
    }
    return dp_format("%ld", highest + 1);
}

static bool mentions(const struct dp_ir *ir, const char *text)
{
    for (size_t i = 0; i < ir->n_lines; i++)
        if (strstr(ir->lines[i], text))
            return true;
    return false;
}

const char *dp_personality(const struct dp_ir *ir)
{
    /* Functions of two personalities are not inlined into each other. */
    return mentions(ir, "@__gxx_personality_v0") || mentions(ir, "@_Z") ? "__gxx_personality_v0"
                                                                       : "__gcc_personality_v0";
}

/* The attributes that a line names as #N, as text; "" if none. */
static const char *group_of(const struct dp_ir *ir, const char *line)
{
    const char *number = strrchr(line, '#');
    if (!number || !isdigit((unsigned char)number[1]))
        return "";
    size_t group = strtoul(number + 1, NULL, 10);
    return group < ir->n_groups && ir->groups[group] ? ir->groups[group] : "";
}

/* What follows "  call " or "  %x = call "; NULL: the line is no call that may throw. */
static const char *throwing_call(const struct dp_ir *ir, const char *line)
{
    const char *word = line + strspn(line, " ");
    const char *call = *word == '%' ? strstr(word, " = call ") : word;
    if (!call || word == line)
        return NULL;
    call += *word == '%' ? 3 : 0;
    if (!dp_starts_with(call, "call ") || strstr(call, " asm ") || strstr(call, "@llvm."))
        return NULL;
    const char *group = group_of(ir, line);
    if (strstr(group, " nounwind ") || strstr(group, " returns_twice "))
        return NULL;
    return call + strlen("call ");
}

/* An invoke has none of these. */
static const char *skip_fast_math(const char *call)
{
    static const char *const flags[] = {"fast ", "nnan ", "ninf ",     "nsz ",
                                        "arcp ", "afn ",  "contract ", "reassoc "};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (dp_starts_with(call, flags[i])) {
            call += strlen(flags[i]);
            i = (size_t)-1;
        }
    return call;
}

static char *make_invoke(const char *line, const char *call, const char *next)
{
    const char *metadata = strstr(call, ", !");
    int before = (int)(call - strlen("call ") - line);
    call = skip_fast_math(call);
    if (!metadata)
        metadata = call + strlen(call);
    return dp_format("%.*sinvoke %.*s\n          to label %%%s unwind label %%" DP_PAD "%s\n\n%s:",
                     before, line, (int)(metadata - call), call, next, metadata, next);
}

/* A block that was cut into two ends in another one: "[ %a, %old ]" is "[ %a, %new ]". */
static char *rename_block(char *phi, const char *old, const char *new)
{
    const char *from = dp_format(", %s ]", old);
    for (char *at; (at = strstr(phi, from));)
        phi = dp_format("%.*s, %s ]%s", (int)(at - phi), phi, new, at + strlen(from));
    return phi;
}

struct cut {
    const char *old, *new;
};

bool dp_unwind_to_pad(struct dp_ir *ir, const struct dp_ir_function *function)
{
    struct cut *cuts = calloc(function->last - function->first + 1, sizeof *cuts);
    size_t n_cuts = 0, made = 0;
    if (!cuts)
        dp_die("out of memory");
    const char *block = dp_format("%%%s", dp_implicit_label(ir->lines[function->first]));
    for (size_t i = function->first + 1; i < function->last; i++) {
        if (dp_is_label(ir->lines[i]))
            block = dp_label_of(ir->lines[i]);
        const char *call = throwing_call(ir, ir->lines[i]);
        if (!call)
            continue;
        const char *next = dp_format("deep_profile.next%zu", made++);
        ir->lines[i] = make_invoke(ir->lines[i], call, next);
        if (!n_cuts || strcmp(cuts[n_cuts - 1].old, block) != 0)
            cuts[n_cuts++].old = block;
        cuts[n_cuts - 1].new = dp_format("%%%s", next);
    }
    for (size_t i = function->first + 1; n_cuts && i < function->last; i++)
        if (strstr(ir->lines[i], " = phi "))
            for (size_t c = 0; c < n_cuts; c++)
                ir->lines[i] = rename_block(ir->lines[i], cuts[c].old, cuts[c].new);
    free(cuts);
    return made > 0;
}
