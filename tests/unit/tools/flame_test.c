/* The tree of a flame graph: what is merged, added up, put in order and cut. */
#include "check.h"

#include "model/call_edges.h"
#include "model/flame.h"
#include "model/sampled_functions.h"

static struct dp_flame flame;

static uint32_t name(const char *function, enum dp_flame_type type)
{
    return dp_flame_name(&flame, &(struct dp_flame_name){function, "", "", type});
}

/* A function is a letter. */
static void add(const char *letters, enum dp_flame_side side, uint64_t weight)
{
    uint32_t names[64];
    size_t n = 0;

    for (; letters[n]; n++)
        names[n] = name((char[]){letters[n], '\0'}, DP_FLAME_FUNCTION);
    dp_flame_add(&flame, names, n, side, weight);
}

/* "all9(a5(b3)c4)": names, totals, what is below. */
static const char *picture(enum dp_flame_side side)
{
    static char text[4096];
    uint32_t open = 0;
    size_t at = 0;

    for (uint32_t i = 0; i < flame.n_nodes; i++) {
        const struct dp_flame_node *node = &flame.nodes[i];
        for (; open > node->depth; open--)
            text[at++] = ')';
        for (; open < node->depth; open++)
            text[at++] = '(';
        at += (size_t)sprintf(text + at, "%s%llu", flame.names[node->name].function,
                              (unsigned long long)node->total[side]);
        CHECK(node->end > i && node->end <= flame.n_nodes);
        CHECK(i == 0 || (node->parent < i && flame.nodes[node->parent].end >= node->end));
    }
    for (; open > 0; open--)
        text[at++] = ')';
    text[at] = '\0';
    return text;
}

static void stacks_share_what_they_begin_with(void)
{
    dp_flame_start(&flame);
    add("ab", DP_FLAME_NOW, 2);
    add("c", DP_FLAME_NOW, 9);
    add("abd", DP_FLAME_NOW, 3);
    add("ab", DP_FLAME_NOW, 1);
    add("ae", DP_FLAME_NOW, 1);
    dp_flame_settle(&flame);
    CHECK_TEXT(picture(DP_FLAME_NOW), "all16(c9a7(b6(d3)e1))");
    dp_flame_finish(&flame);
}

static void frames_without_weight_are_dropped(void)
{
    dp_flame_start(&flame);
    add("abc", DP_FLAME_NOW, 0);
    add("ad", DP_FLAME_NOW, 1);
    dp_flame_settle(&flame);
    CHECK_TEXT(picture(DP_FLAME_NOW), "all1(a1(d1))");
    dp_flame_finish(&flame);
}

static void two_sides_are_one_tree(void)
{
    dp_flame_start(&flame);
    add("ab", DP_FLAME_NOW, 5);
    add("ac", DP_FLAME_BEFORE, 7);
    add("a", DP_FLAME_BEFORE, 1);
    dp_flame_settle(&flame);
    CHECK_TEXT(picture(DP_FLAME_NOW), "all5(a5(c0b5))");
    CHECK_TEXT(picture(DP_FLAME_BEFORE), "all8(a8(c7b0))");
    dp_flame_finish(&flame);
}

static void names_differ_by_all_of_them(void)
{
    dp_flame_start(&flame);
    uint32_t plain = name("f", DP_FLAME_FUNCTION);
    CHECK(plain == name("f", DP_FLAME_FUNCTION));
    CHECK(plain != name("f", DP_FLAME_INLINED));
    CHECK(plain != dp_flame_name(&flame, &(struct dp_flame_name){"f", "m", "", 0}));
    CHECK(plain != dp_flame_name(&flame, &(struct dp_flame_name){"f", "", "m", 0}));
    dp_flame_finish(&flame);
}

static void what_nests_too_deep_is_cut_and_counted(void)
{
    static uint32_t names[DP_FLAME_DEPTH + 5];

    dp_flame_start(&flame);
    for (size_t i = 0; i < DP_FLAME_DEPTH + 5; i++)
        names[i] = name("r", DP_FLAME_FUNCTION);
    dp_flame_add(&flame, names, DP_FLAME_DEPTH, DP_FLAME_NOW, 3);
    dp_flame_add(&flame, names, DP_FLAME_DEPTH + 5, DP_FLAME_NOW, 4);
    dp_flame_settle(&flame);
    CHECK(flame.depth == DP_FLAME_DEPTH);
    CHECK(flame.cut[DP_FLAME_NOW] == 4);
    CHECK(flame.nodes[DP_FLAME_DEPTH].self[DP_FLAME_NOW] == 7);
    dp_flame_finish(&flame);
}

/* So many that all tables grow several times; sums do not wrap. */
static void many_and_large(void)
{
    char text[16];

    dp_flame_start(&flame);
    for (int i = 0; i < 20000; i++) {
        sprintf(text, "f%d", i % 5000);
        uint32_t path[] = {name(text, DP_FLAME_FUNCTION), name("leaf", DP_FLAME_UNKNOWN)};
        dp_flame_add(&flame, path, 2, DP_FLAME_NOW, 1);
    }
    dp_flame_settle(&flame);
    CHECK(flame.n_nodes == 10001);
    CHECK(flame.nodes[0].total[DP_FLAME_NOW] == 20000);
    CHECK(dp_flame_total_of(&flame, DP_FLAME_NOW, DP_FLAME_UNKNOWN) == 20000);
    CHECK(dp_flame_total_of(&flame, DP_FLAME_NOW, DP_FLAME_WAIT) == 0);
    dp_flame_finish(&flame);

    dp_flame_start(&flame);
    add("a", DP_FLAME_NOW, UINT64_MAX - 1);
    add("b", DP_FLAME_NOW, 5);
    add("a", DP_FLAME_NOW, 5);
    dp_flame_settle(&flame);
    CHECK(flame.nodes[0].total[DP_FLAME_NOW] == UINT64_MAX);
    dp_flame_finish(&flame);
}

/* a(f(g(f(g1 h2))) f5): the inner f and g are in the outer ones' time. */
static void a_recursion_counts_once(void)
{
    struct dp_call_edges edges;

    dp_flame_start(&flame);
    add("afgfg", DP_FLAME_NOW, 1);
    add("afgfh", DP_FLAME_NOW, 2);
    add("af", DP_FLAME_NOW, 5);
    add("f", DP_FLAME_NOW, 7);
    dp_flame_settle(&flame);
    dp_call_edges_find(&edges, &flame, "f");
    CHECK(edges.found && edges.total == 15 && edges.self == 12);
    CHECK(edges.n_callers == 2 && edges.callers[0].total == 8 && edges.callers[1].total == 7);
    CHECK_TEXT(flame.names[edges.callers[0].name].function, "a");
    CHECK(edges.callers[1].name == 0);
    CHECK(edges.n_callees == 2 && edges.callees[0].total == 3 && edges.callees[1].total == 2);
    CHECK_TEXT(flame.names[edges.callees[0].name].function, "g");
    dp_call_edges_finish(&edges);
    dp_call_edges_find(&edges, &flame, "none");
    CHECK(!edges.found && edges.n_callers == 0);
    dp_call_edges_finish(&edges);
    dp_flame_finish(&flame);
}

static const struct dp_sampled_function *sampled(const struct dp_sampled_functions *functions,
                                                 const char *function)
{
    for (size_t i = 0; i < functions->n; i++)
        if (strcmp(functions->flame.names[functions->functions[i].name].function, function) == 0)
            return &functions->functions[i];
    return NULL;
}

/* f calls itself through g, and is called again beside it; what it waits for is no function. */
static void sampled_functions_have_the_time_of_a_recursion_once(void)
{
    struct dp_sampled_functions functions;

    dp_flame_start(&flame);
    add("mf", DP_SAMPLED_WALL, 2);
    add("mfgf", DP_SAMPLED_WALL, 3);
    add("mfgf", DP_SAMPLED_CPU, 3);
    add("mgf", DP_SAMPLED_WALL, 4);
    add("mgf", DP_SAMPLED_CPU, 1);
    uint32_t wait[] = {name("m", DP_FLAME_FUNCTION), name("w", DP_FLAME_WAIT)};
    dp_flame_add(&flame, wait, 2, DP_SAMPLED_WALL, 5);
    dp_flame_settle(&flame);
    dp_sampled_functions_make(&functions, &flame, 7);
    CHECK(functions.wall_ns == 14 && functions.cpu_ns == 4 && functions.looks == 7);
    CHECK(functions.n == 3 && !sampled(&functions, "w"));
    const struct dp_sampled_function *f = sampled(&functions, "f"), *g = sampled(&functions, "g");
    CHECK(f == &functions.functions[0] && f->self_cpu_ns == 4);
    CHECK(f->wall_ns == 9 && f->cpu_ns == 4 && g->wall_ns == 7 && g->self_cpu_ns == 0);
    CHECK(sampled(&functions, "m")->wall_ns == 14);
    dp_sampled_functions_finish(&functions);
}

static void nothing_is_a_tree_too(void)
{
    dp_flame_start(&flame);
    dp_flame_settle(&flame);
    CHECK_TEXT(picture(DP_FLAME_NOW), "all0");
    dp_flame_finish(&flame);
}

int main(void)
{
    stacks_share_what_they_begin_with();
    frames_without_weight_are_dropped();
    two_sides_are_one_tree();
    names_differ_by_all_of_them();
    what_nests_too_deep_is_cut_and_counted();
    many_and_large();
    a_recursion_counts_once();
    sampled_functions_have_the_time_of_a_recursion_once();
    nothing_is_a_tree_too();
    return 0;
}
