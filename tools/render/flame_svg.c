/* See flame_svg.h. Lengths are in pixels. The font has letters of one width, so names can be cut
 * to fit without a browser. */
#include "flame_svg.h"

#include <math.h>
#include <string.h>

#include "flame_page.inc" /* made by page/embed.py: svg_style, svg_script */
#include "flame_words.h"
#include "markup.h"

enum { WIDTH = 1200, MARGIN = 10, ROW = 18, NOTE_LINE = 17, NOTE_LETTERS = 150 };

#define LETTER    7.225
#define NARROWEST 0.25
#define SAME      0.0005 /* smaller changes of the share are not coloured */

struct picture {
    const struct dp_flame_graph *graph;
    FILE *out;
    struct dp_flame_words words;
    double per_weight; /* pixels */
    unsigned top;      /* of the outermost frame */
    unsigned rows;
};

static bool is_seen(const struct picture *picture, const struct dp_flame_node *node)
{
    return node->depth == 0 ||
           (double)node->total[DP_FLAME_NOW] * picture->per_weight >= NARROWEST;
}

/* ---- a frame ---- */

static uint32_t hash(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash ^ hash >> 15;
}

/* The change of a frame's share of the whole: now minus before. */
static double change(const struct dp_flame *flame, const struct dp_flame_node *node)
{
    const struct dp_flame_node *all = &flame->nodes[0];
    double now = (double)node->total[DP_FLAME_NOW], before = (double)node->total[DP_FLAME_BEFORE];

    return now / fmax((double)all->total[DP_FLAME_NOW], 1) -
           before / fmax((double)all->total[DP_FLAME_BEFORE], 1);
}

static void put_class(const struct picture *picture, const struct dp_flame_node *node)
{
    const struct dp_flame_name *name = &picture->graph->flame.names[node->name];
    double by = picture->graph->compared ? change(&picture->graph->flame, node) : 0;
    int deep = fabs(by) < 0.005 ? 1 : fabs(by) < 0.02 ? 2 : fabs(by) < 0.1 ? 3 : 4;

    if (picture->graph->compared && fabs(by) < SAME)
        fputs("n", picture->out);
    else if (picture->graph->compared)
        fprintf(picture->out, "%c%d", by > 0 ? 'm' : 'b', deep);
    else if (node->depth == 0)
        fputs("n", picture->out);
    else if (name->type == DP_FLAME_WAIT)
        fputs("w", picture->out);
    else if (name->type == DP_FLAME_UNKNOWN)
        fputs("u", picture->out);
    else if (name->type == DP_FLAME_LIBRARY)
        fprintf(picture->out, "l%u", hash(name->module) % 4);
    else
        fprintf(picture->out, "a%u", hash(name->function) % 6);
}

/* What the colour says, in words, for people who cannot see it: more, less, inlined. */
static const char *mark_of(const struct picture *picture, const struct dp_flame_node *node)
{
    const struct dp_flame *flame = &picture->graph->flame;

    if (picture->graph->compared && fabs(change(flame, node)) >= SAME)
        return change(flame, node) > 0 ? "\xe2\x96\xb2" : "\xe2\x96\xbc";
    return flame->names[node->name].type == DP_FLAME_INLINED ? "\xe2\x86\xb3" : "";
}

static const char *const type_names[DP_FLAME_TYPES] = {[DP_FLAME_INLINED] = "inlined",
                                                       [DP_FLAME_UNKNOWN] = "no name known",
                                                       [DP_FLAME_WAIT] = "waiting"};

/* The tooltip: name, place, figures. The script reads its lines. */
static void put_title(const struct picture *picture, const struct dp_flame_node *node)
{
    const struct dp_flame_graph *graph = picture->graph;
    const struct dp_flame_name *name = &graph->flame.names[node->name];
    const char *where[] = {name->place, name->module, type_names[name->type]};
    char amount[DP_UNIT_TEXT], share[DP_UNIT_TEXT];
    const char *separator = "\n";

    fputs("<title>", picture->out);
    dp_markup_text(picture->out, name->function);
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        if (!where[i] || !*where[i])
            continue;
        fputs(separator, picture->out);
        dp_markup_text(picture->out, where[i]);
        separator = ", ";
    }
    double all = fmax((double)graph->flame.nodes[0].total[DP_FLAME_NOW], 1);
    fprintf(picture->out, "\n%s, %s of all",
            dp_flame_amount(amount, graph, node->total[DP_FLAME_NOW]),
            dp_unit_percent(share, (double)node->total[DP_FLAME_NOW] / all));
    if (graph->compared)
        fprintf(picture->out, "; %s before, %+.1f points",
                dp_flame_amount(amount, graph, node->total[DP_FLAME_BEFORE]),
                100 * change(&graph->flame, node));
    fputs("</title>", picture->out);
}

static void put_frame(const struct picture *picture, const struct dp_flame_node *node, double x)
{
    const struct dp_flame_name *name = &picture->graph->flame.names[node->name];
    double width = (double)node->total[DP_FLAME_NOW] * picture->per_weight;
    unsigned y = picture->top + node->depth * ROW;

    fputs("<g class=\"f ", picture->out);
    put_class(picture, node);
    fprintf(picture->out, "\" data-mark=\"%s\">", mark_of(picture, node));
    put_title(picture, node);
    fprintf(picture->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", x, y, width,
            ROW - 1);
    if (width >= 6 + 3 * LETTER) {
        fprintf(picture->out, "<text x=\"%.2f\" y=\"%u\">", x + 4, y + 13);
        const char *mark = mark_of(picture, node);
        fputs(mark, picture->out);
        dp_markup_cut(picture->out, name->function, (size_t)((width - 6) / LETTER) - (*mark != 0));
        fputs("</text>", picture->out);
    }
    fputs("</g>\n", picture->out);
}

/* A frame begins where the previous one in its row ends, or where its parent begins. */
static void put_frames(const struct picture *picture)
{
    const struct dp_flame *flame = &picture->graph->flame;
    double next[DP_FLAME_DEPTH + 2] = {MARGIN};

    for (size_t i = 0; i < flame->n_nodes;) {
        const struct dp_flame_node *node = &flame->nodes[i];
        double x = next[node->depth];
        next[node->depth] += (double)node->total[DP_FLAME_NOW] * picture->per_weight;
        next[node->depth + 1] = x;
        bool seen = is_seen(picture, node);
        if (seen)
            put_frame(picture, node, x);
        i = seen ? i + 1 : node->end;
    }
}

/* ---- around the frames ---- */

/* Writes the notes as lines, with " · " between notes. `put` false: only counts the lines. */
static unsigned put_notes(const struct picture *picture, bool put)
{
    size_t letters = 0;
    unsigned lines = 0;

    for (size_t i = 0; i < picture->words.n_notes; i++) {
        size_t length = strlen(picture->words.notes[i]);
        bool begins = lines == 0 || letters + length > NOTE_LETTERS;
        if (put && begins)
            fprintf(picture->out, "%s<text class=\"note\" x=\"%d\" y=\"%u\">",
                    lines > 0 ? "</text>\n" : "", MARGIN, 48 + lines * NOTE_LINE);
        if (put && !begins)
            fputs(" \xc2\xb7 ", picture->out);
        if (put)
            dp_markup_text(picture->out, picture->words.notes[i]);
        lines += begins;
        letters = begins ? length : letters + length;
    }
    if (put && lines > 0)
        fputs("</text>\n", picture->out);
    return lines;
}

static void measure(struct picture *picture)
{
    const struct dp_flame *flame = &picture->graph->flame;
    double all = fmax((double)flame->nodes[0].total[DP_FLAME_NOW], 1);
    size_t narrow = 0;

    picture->per_weight = (WIDTH - 2 * MARGIN) / all;
    for (size_t i = 0; i < flame->n_nodes; i++) {
        bool seen = is_seen(picture, &flame->nodes[i]);
        narrow += !seen;
        if (seen && flame->nodes[i].depth >= picture->rows)
            picture->rows = flame->nodes[i].depth + 1;
    }
    dp_flame_words(&picture->words, picture->graph);
    if (narrow > 0)
        dp_flame_note(&picture->words, "%zu frames of less than %.2g %% are left out", narrow,
                      100 * NARROWEST / (WIDTH - 2 * MARGIN));
    picture->top = 48 + put_notes(picture, false) * NOTE_LINE;
}

static void put_head(const struct picture *picture)
{
    unsigned height = picture->top + picture->rows * ROW + 32;

    fprintf(picture->out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" "
            "height=\"%u\" role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">",
            WIDTH, height, WIDTH, height);
    dp_markup_text(picture->out, picture->words.title);
    fputs("</title>\n"
          "<defs><pattern id=\"wait\" width=\"7\" height=\"17\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"skewX(-45)\"><path d=\"M0 0H7V17H0z\"/><path class=\"hatch\" "
          "d=\"M3 0V17\"/></pattern></defs>\n<style><![CDATA[\n",
          picture->out);
    fwrite(svg_style, 1, sizeof svg_style, picture->out);
    fprintf(picture->out, "]]></style>\n<text class=\"title\" x=\"%d\" y=\"26\">", MARGIN);
    dp_markup_cut(picture->out, picture->words.title, 100);
    fprintf(picture->out, "</text>\n<text class=\"note\" id=\"found\" x=\"%d\" y=\"26\" "
                          "text-anchor=\"end\"></text>\n",
            WIDTH - 230);
    put_notes(picture, true);
}

void dp_flame_svg(const struct dp_flame_graph *graph, FILE *out)
{
    struct picture picture = {.graph = graph, .out = out};

    measure(&picture);
    put_head(&picture);
    put_frames(&picture);
    fprintf(out, "<text class=\"hint\" x=\"%d\" y=\"%u\">%s</text>\n", MARGIN,
            picture.top + picture.rows * ROW + 18,
            graph->compared ? "Red is more than before, blue is less; wider is more now"
                            : "Wider is more; what a frame calls stands below it");
    fputs("<script><![CDATA[\n", out);
    fwrite(svg_script, 1, sizeof svg_script, out);
    fputs("]]></script>\n</svg>\n", out);
}
