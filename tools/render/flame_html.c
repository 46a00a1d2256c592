/* See flame_html.h. */
#include "flame_html.h"

#include <inttypes.h>

#include "flame_page.inc" /* made by page/embed.py: html_0 to html_2, around title and data */
#include "flame_words.h"
#include "markup.h"

static void put_names(const struct dp_flame *flame, FILE *out)
{
    fputs("\"names\":[", out);
    for (size_t i = 0; i < flame->n_names; i++) {
        const struct dp_flame_name *name = &flame->names[i];
        fputs(i > 0 ? ",\n[" : "\n[", out);
        dp_markup_json(out, name->function);
        fputc(',', out);
        dp_markup_json(out, name->module);
        fputc(',', out);
        dp_markup_json(out, name->place);
        fprintf(out, ",%d]", (int)name->type);
    }
    fputs("],\n", out);
}

static void put_frames(const struct dp_flame_graph *graph, FILE *out)
{
    fputs("\"frames\":[", out);
    for (size_t i = 0; i < graph->flame.n_nodes; i++) {
        const struct dp_flame_node *node = &graph->flame.nodes[i];
        fprintf(out, "%s%" PRIu32 ",%" PRIu32 ",%" PRIu64, i > 0 ? ",\n" : "\n", node->depth,
                node->name, node->total[DP_FLAME_NOW]);
        if (graph->compared)
            fprintf(out, ",%" PRIu64, node->total[DP_FLAME_BEFORE]);
    }
    fputs("]}\n", out);
}

static void put_data(const struct dp_flame_graph *graph, const struct dp_flame_words *words,
                     FILE *out)
{
    fputs("{\"title\":", out);
    dp_markup_json(out, words->title);
    fputs(",\"about\":[", out);
    for (size_t i = 0; i < words->n_notes; i++) {
        fputs(i > 0 ? "," : "", out);
        dp_markup_json(out, words->notes[i]);
    }
    fprintf(out, "],\"unit\":\"%s\",\"compared\":%s,\n", dp_flame_unit(graph),
            graph->compared ? "true" : "false");
    put_names(&graph->flame, out);
    put_frames(graph, out);
}

void dp_flame_html(const struct dp_flame_graph *graph, FILE *out)
{
    struct dp_flame_words words;

    dp_flame_words(&words, graph);
    fwrite(html_0, 1, sizeof html_0, out);
    dp_markup_text(out, words.title);
    fwrite(html_1, 1, sizeof html_1, out);
    put_data(graph, &words, out);
    fwrite(html_2, 1, sizeof html_2, out);
}
