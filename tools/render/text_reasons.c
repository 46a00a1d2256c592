/* See text_reasons.h. */
#include "text_reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/units.h"
#include "reason_words.h"

enum {
    MOST_GROUPS = 10,
    MOST_STACKS = 3,
    MOST_MERGED = 64,  /* bounds the findings of one call; the runtime keeps fewer */
    STACK_COLUMN = 23, /* the column where stacks begin */
    MOST_FRAMES = 12,
    MOST_PROBLEMS = 3,
};

/* ---- one group ---- */

static void print_head(const struct dp_report_reason_group *of, const struct dp_style *style)
{
    const struct dp_reason_group *group = of->group;
    char place[4300], longest[DP_UNIT_TEXT], shortest[DP_UNIT_TEXT];

    fprintf(style->out, "\n%llu call%s of ", (unsigned long long)group->calls,
            group->calls == 1 ? "" : "s");
    if (of->info) {
        dp_print_clean(style, of->info->function);
        fputs(" (", style->out);
        dp_print_clean(style, dp_site_place(of->info, place, sizeof place));
        fputs(")", style->out);
    } else {
        fprintf(style->out, "site %u", group->call->site);
    }
    dp_unit_ns(shortest, (double)group->shortest_ns, style->utf8);
    dp_unit_ns(longest, (double)group->call->duration_ns, style->utf8);
    if (strcmp(shortest, longest) != 0)
        fprintf(style->out, ", %s to %s", shortest, longest);
    if (group->in_flight > 0)
        fprintf(style->out, ", %llu did not return", (unsigned long long)group->in_flight);
    fputs(group->calls > 1 ? "; the longest:\n" : ":\n", style->out);
}

/* "12.0 ms on CPU, 1.0 ms waiting for a CPU, 482 ms blocked, 5 ms unknown, each +/- 1 ms" */
static void print_division(const struct dp_reason *reason, const struct dp_style *style)
{
    const struct dp_event_reason *event = &reason->event;
    bool runnable = !(event->flags & DP_REASON_NO_RUNNABLE);
    char ns[5][DP_UNIT_TEXT], text[256];

    int length = snprintf(text, sizeof text, "%s on CPU, ",
                          dp_unit_ns(ns[0], (double)event->on_cpu_ns, style->utf8));
    if (runnable)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s waiting for a CPU, ",
                           dp_unit_ns(ns[1], (double)event->runnable_ns, style->utf8));
    snprintf(text + length, sizeof text - (size_t)length, "%s blocked%s, %s unknown, each +/- %s",
             dp_unit_ns(ns[2], (double)event->blocked_ns, style->utf8),
             runnable ? "" : " or waiting for a CPU",
             dp_unit_ns(ns[3], (double)event->before_first_look_ns, style->utf8),
             dp_unit_ns(ns[4], (double)event->error_ns, style->utf8));
    fprintf(style->out, "    %s\n", text);
}

/* Findings that would print the same words: one line. */
struct line {
    char *words;
    uint32_t state;
    double ns;
};

static char *words_of(const struct dp_stack_sample *sample)
{
    char *words = NULL;

    if (sample->stack && sample->stack->n_frames > 0)
        return dp_stack_words(sample->stack, MOST_FRAMES, "");
    return asprintf(&words, "[no stack: %s]", dp_no_stack_words(sample->flags)) < 0 ? NULL : words;
}

static int longest_first(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return x->ns > y->ns ? -1 : x->ns < y->ns;
}

/* Takes ownership of `words`. */
static void add_line(struct line *lines, size_t *n, struct line line)
{
    size_t known = 0;

    if (!line.words)
        return;
    while (known < *n &&
           (lines[known].state != line.state || strcmp(lines[known].words, line.words) != 0))
        known++;
    if (known == *n) {
        lines[(*n)++] = line;
        return;
    }
    lines[known].ns += line.ns;
    free(line.words);
}

static size_t lines_of(const struct dp_reason *reason, struct line lines[MOST_MERGED])
{
    size_t n = 0;

    for (size_t i = 0; i < reason->n_samples && i < MOST_MERGED; i++) {
        const struct dp_stack_sample *sample = &reason->samples[i];
        add_line(lines, &n,
                 (struct line){words_of(sample), sample->state, dp_reason_ns_of(reason, sample)});
    }
    if (n > 0)
        qsort(lines, n, sizeof *lines, longest_first);
    return n;
}

static void print_line(struct line *line, double all_ns, const struct dp_style *style)
{
    char share[DP_UNIT_TEXT];

    dp_text_cut(line->words, style->width > 2 * STACK_COLUMN ? style->width - STACK_COLUMN : 0,
                style->utf8);
    fprintf(style->out, "    %7s  %-8s  %s\n",
            dp_unit_percent(share, all_ns > 0 ? line->ns / all_ns : 0),
            line->state == DP_THREAD_RUNNABLE ? "runnable" : dp_state_words(line->state),
            line->words);
}

static void print_stacks(const struct dp_reason *reason, const struct dp_style *style)
{
    struct line lines[MOST_MERGED];
    size_t n = lines_of(reason, lines);

    for (size_t i = 0; i < n; i++) {
        if (i < MOST_STACKS)
            print_line(&lines[i], (double)dp_reason_ns(reason), style);
        free(lines[i].words);
    }
    if (n > MOST_STACKS)
        fprintf(style->out, "    and %zu more (--format=json lists all)\n", n - MOST_STACKS);
}

static void print_group(const struct dp_report_reason_group *of, const struct dp_style *style)
{
    const struct dp_reason *reason = &of->group->reason;
    char *sentence = dp_reason_sentence(reason, style);

    print_head(of, style);
    fputs(dp_bold(style), style->out);
    if (sentence)
        fprintf(style->out, "  %s\n", sentence);
    fputs(dp_plain(style), style->out);
    free(sentence);
    print_division(reason, style);
    print_stacks(reason, style);
}

/* ---- all ---- */

static void print_problems(const struct dp_report_reasons *reasons, const struct dp_style *style)
{
    for (size_t i = 0; i < reasons->n_problems && i < MOST_PROBLEMS; i++) {
        fputs(i == 0 ? "\nNames are missing: " : "Names are missing: ", style->out);
        dp_print_clean(style, reasons->problems[i]);
        fputc('\n', style->out);
    }
    if (reasons->n_problems > MOST_PROBLEMS)
        fprintf(style->out, "and so for %zu more files\n", reasons->n_problems - MOST_PROBLEMS);
}

static void print_thread(const struct dp_deadlock_thread *thread, const struct dp_style *style)
{
    if (*thread->name) {
        dp_print_clean(style, thread->name);
        fputc('/', style->out);
    }
    fprintf(style->out, "%u", thread->tid);
}

/* "Deadlock: back/12 in `transfer` waits for there/11, which in `transfer` waits for back/12" */
void dp_text_deadlocks(const struct dp_deadlocks *deadlocks, const struct dp_style *style)
{
    const struct dp_deadlock_thread *first = deadlocks->threads;

    for (size_t i = 0; i < deadlocks->n; i++) {
        const struct dp_deadlock_thread *thread = &deadlocks->threads[i];
        bool begins = i == 0 || thread[-1].last;
        if (begins) {
            first = thread;
            fprintf(style->out, "\n%sDeadlock: ", dp_red(style));
            print_thread(thread, style);
        }
        fputs(begins ? "" : ",\n  which", style->out);
        if (*thread->function) {
            fputs(" in `", style->out);
            dp_print_clean(style, thread->function);
            fputc('`', style->out);
        }
        fputs(" waits for ", style->out);
        if (begins && thread->last)
            fputs("itself", style->out);
        else
            print_thread(thread->last ? first : thread + 1, style);
        fputs(thread->last ? dp_plain(style) : "", style->out);
        fputs(thread->last ? "\n" : "", style->out);
    }
}

void dp_text_reasons(const struct dp_report_reasons *reasons, const struct dp_style *style)
{
    const struct dp_reason_groups *of = &reasons->of;

    if (of->n == 0)
        return;
    dp_heading(style, "Why they were slow");
    fprintf(style->out, "%llu slow call%s %s %zu reason%s", (unsigned long long)of->calls,
            of->calls == 1 ? "" : "s", of->calls == 1 ? "has" : "have", of->n,
            of->n == 1 ? "" : "s");
    if (of->unknown > 0)
        fprintf(style->out, "; %llu more %s not looked at", (unsigned long long)of->unknown,
                of->unknown == 1 ? "was" : "were");
    fputc('\n', style->out);
    dp_text_deadlocks(&reasons->deadlocks, style);
    for (size_t i = 0; i < of->n && i < MOST_GROUPS; i++)
        print_group(&reasons->groups[i], style);
    if (of->n > MOST_GROUPS)
        fprintf(style->out, "\nand %zu more reasons (--format=json lists all)\n",
                of->n - MOST_GROUPS);
    print_problems(reasons, style);
}
