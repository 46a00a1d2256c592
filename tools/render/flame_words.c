/* See flame_words.h. */
#include "flame_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const meanings[DP_FLAME_OF_COUNT] = {
    [DP_FLAME_OF_WALL] = "wall time",       [DP_FLAME_OF_CPU] = "CPU time",
    [DP_FLAME_OF_BLOCKED] = "blocked time", [DP_FLAME_OF_BYTES] = "allocated bytes",
    [DP_FLAME_OF_HELD] = "bytes held at the end", [DP_FLAME_OF_PEAK] = "bytes held at the peak",
    [DP_FLAME_OF_SLOW] = "time in slow calls",
};

const char *dp_flame_unit(const struct dp_flame_graph *graph)
{
    if (graph->counts)
        return "count";
    return dp_flame_of_memory(graph->of) ? "bytes" : "ns";
}

char *dp_flame_amount(char buffer[DP_UNIT_TEXT], const struct dp_flame_graph *graph,
                      uint64_t amount)
{
    if (graph->counts)
        return dp_unit_count(buffer, (double)amount);
    if (dp_flame_of_memory(graph->of))
        return dp_unit_bytes(buffer, (double)amount);
    return dp_unit_ns(buffer, (double)amount, true);
}

void dp_flame_note(struct dp_flame_words *words, const char *format, ...)
{
    va_list arguments;

    if (words->n_notes == DP_FLAME_NOTES)
        return;
    va_start(arguments, format);
    vsnprintf(words->notes[words->n_notes++], DP_FLAME_NOTE_BYTES, format, arguments);
    va_end(arguments);
}

static void who(char *buffer, size_t size, const struct dp_flame_side_facts *facts)
{
    const char *program = facts->program && *facts->program ? facts->program : "a program";
    const char *slash = strrchr(program, '/');

    program = slash ? slash + 1 : program;
    if (facts->processes > 1)
        snprintf(buffer, size, "%.300s, %zu processes", program, facts->processes);
    else if (facts->pid)
        snprintf(buffer, size, "%.300s, pid %u", program, facts->pid);
    else
        snprintf(buffer, size, "%.300s", program);
}

static void note_origin(struct dp_flame_words *words, const struct dp_flame_side_facts *facts)
{
    char count[DP_UNIT_TEXT];

    if (facts->samples > 0)
        dp_flame_note(words, "estimated from %s samples%s",
                      dp_unit_count(count, (double)facts->samples),
                      facts->slow_only ? " of slow calls; others were not looked at" : "");
    if (facts->calls > 0)
        dp_flame_note(words, "from %s recorded calls%s",
                      dp_unit_count(count, (double)facts->calls),
                      facts->every_call ? ""
                                        : " (not every call was recorded: a call stands below "
                                          "the nearest recorded one around it)");
    if (facts->lines > 0)
        dp_flame_note(words, "from %s folded stacks", dp_unit_count(count, (double)facts->lines));
}

static void note_share(struct dp_flame_words *words, uint64_t part, uint64_t whole,
                       const char *what)
{
    char share[DP_UNIT_TEXT];

    if (part > 0 && whole > 0)
        dp_flame_note(words, "%s %s", dp_unit_percent(share, (double)part / (double)whole), what);
}

static void note_missing(struct dp_flame_words *words, const struct dp_flame_graph *graph,
                         enum dp_flame_side side)
{
    const struct dp_flame_side_facts *facts = &graph->sides[side];
    uint64_t total = graph->flame.nodes[0].total[side];

    note_share(words, dp_flame_total_of(&graph->flame, side, DP_FLAME_UNKNOWN), total,
               "in or below frames without a name");
    note_share(words, facts->without_stack, facts->samples, "of the samples have no stack");
    note_share(words, facts->cut_short, facts->samples,
               "of the stacks end before their outermost frame");
    note_share(words, graph->flame.cut[side], total, "deeper than 2000 frames, cut there");
}

void dp_flame_words(struct dp_flame_words *words, const struct dp_flame_graph *graph)
{
    char now[400], before[400], amount[DP_UNIT_TEXT];

    *words = (struct dp_flame_words){.n_notes = 0};
    who(now, sizeof now, &graph->sides[DP_FLAME_NOW]);
    if (graph->counts)
        snprintf(words->title, sizeof words->title, "%s", now);
    else if (graph->function && *graph->function)
        snprintf(words->title, sizeof words->title, "%s: %s in %s", now, meanings[graph->of],
                 graph->function);
    else
        snprintf(words->title, sizeof words->title, "%s: %s", now, meanings[graph->of]);
    dp_flame_note(words, "%s in all",
                  dp_flame_amount(amount, graph, graph->flame.nodes[0].total[DP_FLAME_NOW]));
    note_origin(words, &graph->sides[DP_FLAME_NOW]);
    note_missing(words, graph, DP_FLAME_NOW);
    if (!graph->compared)
        return;
    who(before, sizeof before, &graph->sides[DP_FLAME_BEFORE]);
    dp_flame_note(words, "compared with %s: %s in all", before,
                  dp_flame_amount(amount, graph,
                                  graph->flame.nodes[0].total[DP_FLAME_BEFORE]));
    note_origin(words, &graph->sides[DP_FLAME_BEFORE]);
    note_missing(words, graph, DP_FLAME_BEFORE);
}
