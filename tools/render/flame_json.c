/* See flame_json.h. Does not use json.h, which limits the levels: frames nest deeper. */
#include "flame_json.h"

#include <inttypes.h>

#include "flame_words.h"
#include "markup.h"

static const char *const type_names[DP_FLAME_TYPES] = {[DP_FLAME_INLINED] = "inlined",
                                                       [DP_FLAME_LIBRARY] = "library",
                                                       [DP_FLAME_UNKNOWN] = "unknown",
                                                       [DP_FLAME_WAIT] = "wait"};

static void put_member(const char *key, const char *text, FILE *out)
{
    if (!text || !*text)
        return;
    fprintf(out, ",\"%s\":", key);
    dp_markup_json(out, text);
}

static void put_facts(const struct dp_flame_graph *graph, FILE *out)
{
    struct dp_flame_words words;

    dp_flame_words(&words, graph);
    put_member("title", words.title, out);
    put_member("unit", dp_flame_unit(graph), out);
    fputs(",\"about\":[", out);
    for (size_t i = 0; i < words.n_notes; i++) {
        fputs(i > 0 ? "," : "", out);
        dp_markup_json(out, words.notes[i]);
    }
    fputc(']', out);
}

static void put_node(const struct dp_flame_graph *graph, const struct dp_flame_node *node,
                     FILE *out)
{
    const struct dp_flame_name *name = &graph->flame.names[node->name];

    fputs("{\"name\":", out);
    dp_markup_json(out, name->function);
    fprintf(out, ",\"value\":%" PRIu64 ",\"self\":%" PRIu64, node->total[DP_FLAME_NOW],
            node->self[DP_FLAME_NOW]);
    if (graph->compared)
        fprintf(out, ",\"before\":%" PRIu64, node->total[DP_FLAME_BEFORE]);
    put_member("module", name->module, out);
    put_member("place", name->place, out);
    put_member("kind", type_names[name->type], out);
    if (node->depth == 0)
        put_facts(graph, out);
    fputs(",\"children\":[", out);
}

void dp_flame_json(const struct dp_flame_graph *graph, FILE *out)
{
    const struct dp_flame *flame = &graph->flame;
    uint32_t open = 0; /* objects */

    for (size_t i = 0; i < flame->n_nodes; i++) {
        for (; open > flame->nodes[i].depth; open--)
            fputs("]}", out);
        if (i > 0 && flame->nodes[i - 1].depth >= flame->nodes[i].depth)
            fputc(',', out);
        fputs(i > 0 ? "\n" : "", out);
        put_node(graph, &flame->nodes[i], out);
        open++;
    }
    for (; open > 0; open--)
        fputs("]}", out);
    fputc('\n', out);
}
