/* See flame_folded.h. */
#include "flame_folded.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/memory.h"

/* The names as they are written: without control characters and separators of frames. */
static char **make_texts(const struct dp_flame *flame)
{
    static const char *const marks[DP_FLAME_TYPES] = {[DP_FLAME_INLINED] = "_[i]",
                                                      [DP_FLAME_WAIT] = "_[k]"};
    char **texts = dp_allocate(flame->n_names, sizeof *texts);

    for (size_t i = 0; i < flame->n_names; i++) {
        const char *mark = marks[flame->names[i].type];
        char *text = dp_clean_copy(flame->names[i].function);
        for (char *c = text; *c; c++)
            *c = *c == ';' ? ':' : *c;
        if (asprintf(&texts[i], "%s%s", *text ? text : "?", mark ? mark : "") < 0)
            texts[i] = dp_copy(text);
        free(text);
    }
    return texts;
}

static void put_stack(const struct dp_flame *flame, char **texts, uint32_t node, FILE *out)
{
    uint32_t path[DP_FLAME_DEPTH + 1], n = 0;

    for (; node != 0; node = flame->nodes[node].parent)
        path[n++] = flame->nodes[node].name;
    while (n-- > 0)
        fprintf(out, "%s%s", texts[path[n]], n > 0 ? ";" : "");
}

void dp_flame_folded(const struct dp_flame_graph *graph, FILE *out)
{
    const struct dp_flame *flame = &graph->flame;
    char **texts = make_texts(flame);

    for (uint32_t i = 1; i < flame->n_nodes; i++) {
        const uint64_t *self = flame->nodes[i].self;
        if (self[DP_FLAME_NOW] == 0 && self[DP_FLAME_BEFORE] == 0)
            continue;
        put_stack(flame, texts, i, out);
        if (graph->compared)
            fprintf(out, " %" PRIu64, self[DP_FLAME_BEFORE]);
        fprintf(out, " %" PRIu64 "\n", self[DP_FLAME_NOW]);
    }
    for (size_t i = 0; i < flame->n_names; i++)
        free(texts[i]);
    free(texts);
}
