/* See edges.h. */
#include "edges.h"

#include "cells.h"
#include "flame_words.h"
#include "fold.h"

static const struct dp_column columns[] = {
    {"total", false, 0}, {"%", false, 0}, {"function", true, 0}, {"in", DP_LEFT_END, 1}};

static const char *name_of(const struct dp_flame_graph *graph, uint32_t name)
{
    return name == 0 ? "[outermost]" : graph->flame.names[name].function;
}

static void print(const struct dp_flame_graph *graph, const struct dp_call_edges *edges,
                  const char *function, bool callers, const struct dp_style *style)
{
    const struct dp_call_edge *rows = callers ? edges->callers : edges->callees;
    size_t n = callers ? edges->n_callers : edges->n_callees;
    char total[DP_UNIT_TEXT], self[DP_UNIT_TEXT], share[DP_UNIT_TEXT];
    struct dp_flame_words words;
    struct dp_table table;

    dp_flame_words(&words, graph);
    fputs(callers ? "Callers of " : "Callees of ", style->out);
    dp_print_clean(style, function);
    fprintf(style->out, ": %s, itself %s\n",
            dp_unit_ns(total, (double)edges->total, style->utf8),
            dp_unit_ns(self, (double)edges->self, style->utf8));
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        dp_cell_time(&table, style, (double)rows[i].total);
        dp_table_cell(&table,
                      dp_unit_percent(share, (double)rows[i].total / (double)edges->total));
        dp_table_cell(&table, name_of(graph, rows[i].name));
        dp_table_cell(&table, graph->flame.names[rows[i].name].place);
    }
    if (n > 0)
        dp_table_print(&table, style);
    else
        fputs("none\n", style->out);
    dp_table_finish(&table);
    for (size_t i = 1; i < words.n_notes; i++) { /* the first is the whole */
        dp_print_clean(style, words.notes[i]);
        fputc('\n', style->out);
    }
}

void dp_edges_text(const struct dp_flame_graph *graph, const struct dp_call_edges *edges,
                   const char *function, bool callers, const struct dp_style *style)
{
    struct dp_fold fold;

    print(graph, edges, function, callers, dp_fold_start(&fold, style, 0));
    dp_fold_finish(&fold);
}

void dp_edges_json(const struct dp_flame_graph *graph, const struct dp_call_edges *edges,
                   const char *function, bool callers, struct dp_json *object)
{
    const struct dp_call_edge *rows = callers ? edges->callers : edges->callees;
    size_t n = callers ? edges->n_callers : edges->n_callees;

    dp_json_put_text(object, "function", function);
    dp_json_put_u64(object, "total_ns", edges->total);
    dp_json_put_u64(object, "self_ns", edges->self);
    struct dp_json *array = dp_json_put_array(object, callers ? "callers" : "callees");
    for (size_t i = 0; i < n; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", name_of(graph, rows[i].name));
        dp_json_put_u64(one, "total_ns", rows[i].total);
    }
}
