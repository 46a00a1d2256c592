/* See stacks_text.h. */
#include "stacks_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/syscall_names.h"
#include "base/units.h"
#include "model/stack_names.h"
#include "fold.h"
#include "reason_words.h"
#include "text_reasons.h"

enum {
    MOST_FRAMES = 64,
    MOST_CALLS = 4,
    MOST_PROBLEMS = 3,
    NAME_COLUMNS = 44, /* of a function, before its place */
    PLACE_COLUMNS = 32, /* of the place, and what is before the function */
    SHORT_WAIT_NS = 1000000, /* less is said of nobody: the look itself takes that long */
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

/* ---- a thread ---- */

static void print_calls(const struct dp_snapshot_thread *thread, const struct dp_style *style)
{
    char text[DP_UNIT_TEXT];

    if (thread->n_calls == 0)
        return;
    fputs("    in ", style->out);
    for (uint32_t i = 0; i < thread->n_calls && i < MOST_CALLS; i++) {
        const struct dp_snapshot_call *call = &thread->calls[i];
        fputs(i > 0 ? ", " : "", style->out);
        if (call->site)
            dp_print_clean(style, call->site->function);
        else
            fprintf(style->out, "site %u", call->index);
        fprintf(style->out, " for %s", dp_unit_ns(text, (double)call->open_ns, style->utf8));
    }
    uint64_t more = thread->more_calls +
                    (thread->n_calls > MOST_CALLS ? (uint64_t)thread->n_calls - MOST_CALLS : 0);
    if (more > 0)
        fprintf(style->out, " and %llu more", (unsigned long long)more);
    fputc('\n', style->out);
}

/* What ps calls it. */
static const char *letter_words(char letter)
{
    switch (letter) {
    case 'R':
        return "running, or waiting for a CPU";
    case 'S':
        return "blocked";
    case 'D':
        return "blocked, and takes no signal";
    case 'T':
        return "stopped";
    case 't':
        return "stopped by a debugger";
    case 'Z':
    case 'X':
        return "ended";
    }
    return "unknown";
}

static void print_from_outside(const struct dp_snapshot_thread *thread,
                               const struct dp_style *style)
{
    const char *name = dp_syscall_name(thread->look.syscall);

    fputs(letter_words(thread->letter), style->out);
    if (name)
        fprintf(style->out, " in %s", name);
}

static void print_thread(const struct dp_snapshot_thread *thread, const struct dp_style *style)
{
    char text[DP_UNIT_TEXT];

    fputs(dp_bold(style), style->out);
    if (*thread->name) {
        dp_print_clean(style, thread->name);
        fputc('/', style->out);
    }
    fprintf(style->out, "%u%s  ", thread->tid, dp_plain(style));
    if (thread->letter) {
        print_from_outside(thread, style);
    } else {
        char *words = dp_wait_words(&thread->look, true);
        fputs(words ? words : "", style->out);
        free(words);
        if (thread->look.state == DP_THREAD_BLOCKED && thread->waits_ns >= SHORT_WAIT_NS)
            fprintf(style->out, ", for at least %s",
                    dp_unit_ns(text, (double)thread->waits_ns, style->utf8));
    }
    fputs(thread->deadlock ? ", deadlocked\n" : "\n", style->out);
    print_calls(thread, style);
}

/* ---- its stack ---- */

/* In narrow lines the places move to the left. */
static size_t name_columns(const struct dp_style *style)
{
    size_t width = style->width;

    if (width == 0 || width >= NAME_COLUMNS + PLACE_COLUMNS)
        return NAME_COLUMNS;
    return width > PLACE_COLUMNS ? width - PLACE_COLUMNS : 0;
}

static void print_frame(const struct dp_stack_frame *frame, const struct dp_style *style)
{
    char *name = dp_clean_copy(frame->function);
    size_t columns = dp_text_columns(name), least = name_columns(style);

    fprintf(style->out, "      %s%*s", name,
            (int)(columns < least ? least - columns : 0) + 2, "");
    free(name);
    if (frame->file && frame->line > 0) {
        dp_print_clean(style, base_name(frame->file));
        fprintf(style->out, ":%u", frame->line);
    } else if (frame->module) {
        dp_print_clean(style, base_name(frame->module));
    }
    fputs(frame->inlined ? " (inlined)\n" : "\n", style->out);
}

static void print_stack(const struct dp_snapshot_thread *thread, const struct dp_style *style)
{
    const struct dp_stack *stack = thread->look.stack;

    if (thread->letter)
        return;
    if (!stack || stack->n_frames == 0) {
        fprintf(style->out, "      [no stack: %s]\n", dp_no_stack_words(thread->look.flags));
        return;
    }
    for (size_t i = 0; i < stack->n_frames && i < MOST_FRAMES; i++)
        print_frame(&stack->frames[i], style);
    if (stack->n_frames > MOST_FRAMES)
        fprintf(style->out, "      and %zu more frames (--format=json lists all)\n",
                stack->n_frames - MOST_FRAMES);
    else if (stack->flags & DP_STACK_ENDED_EARLY)
        fputs("      ?\n", style->out);
}

/* ---- all ---- */

static void print_head(const struct dp_snapshot *snapshot, const struct dp_style *style)
{
    char when[DP_UNIT_TEXT], took[DP_UNIT_TEXT];

    fputs(dp_bold(style), style->out);
    dp_print_clean(style, *snapshot->program ? base_name(snapshot->program) : "(unknown program)");
    fprintf(style->out, "%s  pid %u, %s UTC, %zu thread%s", dp_plain(style), snapshot->pid,
            dp_unit_time(when, snapshot->unix_ns, false), snapshot->n_threads,
            snapshot->n_threads == 1 ? "" : "s");
    if (snapshot->flags & DP_SNAPSHOT_CUT)
        fputs(" of more", style->out);
    if (snapshot->number == 0)
        fputs(", as seen from outside", style->out);
    else
        fprintf(style->out, " in %s%s", dp_unit_ns(took, (double)snapshot->took_ns, style->utf8),
                snapshot->flags & DP_SNAPSHOT_BY_SIGNAL ? ", at a signal" : "");
    fputc('\n', style->out);
}

static bool are_together(const struct dp_snapshot_thread *x, const struct dp_snapshot_thread *y)
{
    return x->look.stack_id != 0 && x->look.stack_id == y->look.stack_id && !x->deadlock &&
           !y->deadlock;
}

static void print_threads(const struct dp_snapshot *snapshot, const struct dp_style *style)
{
    bool *printed = calloc(snapshot->n_threads + 1, sizeof *printed);

    for (size_t i = 0; printed && i < snapshot->n_threads; i++) {
        const struct dp_snapshot_thread *thread = &snapshot->threads[i];
        if (printed[i])
            continue;
        fputc('\n', style->out);
        print_thread(thread, style);
        for (size_t j = i + 1; j < snapshot->n_threads; j++) {
            if (printed[j] || !are_together(thread, &snapshot->threads[j]))
                continue;
            print_thread(&snapshot->threads[j], style);
            printed[j] = true;
        }
        print_stack(thread, style);
    }
    free(printed);
}

static void print_problems(const struct dp_snapshot *snapshot, const struct dp_style *style)
{
    const char *problem;

    for (size_t i = 0, n = 0; (problem = dp_stacks_problem(&snapshot->stacks, i)); i++) {
        if (!*problem || n++ >= MOST_PROBLEMS)
            continue;
        fputs(n == 1 ? "\nNames are missing: " : "Names are missing: ", style->out);
        dp_print_clean(style, problem);
        fputc('\n', style->out);
    }
}

void dp_text_stacks(const struct dp_snapshot *snapshot, const struct dp_style *style)
{
    struct dp_fold fold;
    const struct dp_style *folded = dp_fold_start(&fold, style, 0);

    print_head(snapshot, folded);
    dp_text_deadlocks(&snapshot->deadlocks, folded);
    print_threads(snapshot, folded);
    print_problems(snapshot, folded);
    dp_fold_finish(&fold);
}
