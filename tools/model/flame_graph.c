/* See flame_graph.h. */
#include "flame_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "completeness.h"
#include "flame_calls.h"
#include "flame_heap.h"
#include "flame_samples.h"
#include "flame_text.h"
#include "log/files.h"
#include "log/log_dir.h"
#include "profile_figures.h"
#include "profile_gather.h"
#include "slow_calls.h"
#include "stack_names.h"

static const char *const of_names[DP_FLAME_OF_COUNT] = {
    [DP_FLAME_OF_WALL] = "wall",   [DP_FLAME_OF_CPU] = "cpu",
    [DP_FLAME_OF_BLOCKED] = "blocked", [DP_FLAME_OF_BYTES] = "bytes",
    [DP_FLAME_OF_HELD] = "held",   [DP_FLAME_OF_PEAK] = "peak",
    [DP_FLAME_OF_SLOW] = "slow",
};

enum dp_flame_of dp_flame_of_named(const char *name)
{
    enum dp_flame_of of = 0;

    while (of < DP_FLAME_OF_COUNT && strcmp(of_names[of], name) != 0)
        of++;
    return of;
}

/* ---- one log ---- */

static bool was_looked_at(const struct dp_profile *profile, uint64_t call)
{
    size_t first;

    return dp_stacks_of_call(&profile->stacks, call, &first) > 0;
}

static bool has_tree(const struct dp_profile *profile, uint64_t call)
{
    return dp_saved_tree_of(&profile->saved_trees, call) != NULL;
}

static uint64_t add_samples(struct dp_flame_graph *graph, enum dp_flame_side side,
                            struct dp_profile *profile, uint32_t site, bool slow)
{
    struct dp_flame_side_facts *facts = &graph->sides[side];
    struct dp_flame_choice choice = {graph->of, site, slow, dp_profile_program(profile), NULL};
    struct dp_outermost calls = {0};

    if (slow && !site && profile->n_slow > 0) {
        dp_outermost_find(&calls, profile, was_looked_at);
        choice.calls = &calls;
    }
    uint64_t looks = dp_flame_add_samples(&graph->flame, side, &profile->stacks, &choice, facts);
    dp_outermost_finish(&calls);
    return looks;
}

/* Without looks: what the slow calls called, where their strategy keeps that. */
static void add_trees(struct dp_flame_graph *graph, enum dp_flame_side side,
                      const struct dp_profile *profile)
{
    struct dp_outermost calls;

    dp_outermost_find(&calls, profile, has_tree);
    graph->sides[side].calls += dp_flame_add_trees(&graph->flame, side, profile, &calls);
    dp_outermost_finish(&calls);
}

bool dp_flame_of_memory(enum dp_flame_of of)
{
    return of == DP_FLAME_OF_BYTES || of == DP_FLAME_OF_HELD || of == DP_FLAME_OF_PEAK;
}

/* Sampled allocations belong to no call. */
static uint64_t add_allocations(struct dp_flame_graph *graph, enum dp_flame_side side,
                                struct dp_profile *profile, uint32_t site)
{
    const struct dp_flame_choice choice = {graph->of, site, false, dp_profile_program(profile), NULL};
    uint64_t end_ns = dp_profile_start_ns(profile) + dp_profile_wall_ns(profile);

    if (!dp_flame_of_memory(graph->of) || site)
        return 0;
    return dp_flame_add_allocations(&graph->flame, side, &profile->allocations, end_ns, &choice,
                                    &graph->sides[side]);
}

static uint64_t add_calls(struct dp_flame_graph *graph, enum dp_flame_side side,
                          struct dp_profile *profile, uint32_t site)
{
    struct dp_flame_side_facts *facts = &graph->sides[side];
    uint64_t calls = 0;

    if (graph->of == DP_FLAME_OF_WALL || graph->of == DP_FLAME_OF_BYTES)
        calls = dp_flame_add_calls(&graph->flame, side, profile, graph->of == DP_FLAME_OF_BYTES,
                                   site);
    facts->calls += calls;
    facts->every_call &= calls == 0 || dp_profile_has_every_call(profile);
    return calls;
}

/* Stacks are preferred to recorded calls: they also have functions that are not profiled. Looks
 * at slow calls are the last choice: they show no other calls. */
static void add_what_there_is(struct dp_flame_graph *graph, enum dp_flame_side side,
                              struct dp_profile *profile, uint32_t site)
{
    struct dp_flame_side_facts *facts = &graph->sides[side];

    dp_stacks_name(&profile->stacks);
    if (graph->of == DP_FLAME_OF_SLOW) {
        if (add_samples(graph, side, profile, site, true) == 0 && !site)
            add_trees(graph, side, profile);
    } else if (add_allocations(graph, side, profile, site) == 0 &&
             add_samples(graph, side, profile, site, false) == 0 &&
             add_calls(graph, side, profile, site) == 0 &&
             add_samples(graph, side, profile, site, true) > 0) {
        facts->slow_only = true;
    }
}

static void add_profile(struct dp_flame_graph *graph, enum dp_flame_side side,
                        struct dp_profile *profile, uint32_t site)
{
    struct dp_flame_side_facts *facts = &graph->sides[side];

    if (facts->processes++ == 0) {
        facts->program = dp_copy(dp_profile_program(profile));
        facts->pid = dp_profile_pid(profile);
        facts->every_call = true;
    }
    add_what_there_is(graph, side, profile, site);
}

static int add_log(struct dp_flame_graph *graph, enum dp_flame_side side, const char *path,
                   struct dp_problem *problem)
{
    struct dp_profile profile;
    int status = dp_profile_gather(&profile, path,
                                   DP_PROFILE_STATE | DP_PROFILE_STREAMS | DP_PROFILE_TREE,
                                   DP_SLOW_MOST, problem);

    if (status != DP_EXIT_OK)
        return status;
    add_profile(graph, side, &profile, 0);
    dp_profile_finish(&profile);
    return DP_EXIT_OK;
}

/* ---- one side ---- */

/* Suggests a command after which there is something to draw. */
static const char *const remedies[DP_FLAME_OF_COUNT] = {
    [DP_FLAME_OF_WALL] = "record stacks (DEEP_PROFILE_SAMPLE=10ms) or calls "
                         "(DEEP_PROFILE='*:rate=1')",
    [DP_FLAME_OF_CPU] = "nothing was sampled: DEEP_PROFILE_SAMPLE=10ms does",
    [DP_FLAME_OF_BLOCKED] = "nothing was sampled: DEEP_PROFILE_SAMPLE=10ms does",
    [DP_FLAME_OF_BYTES] = "no allocation was sampled (DEEP_PROFILE_HEAP=512KB), and no call's "
                          "memory counted (profile(strategy=memory, rate=1))",
    [DP_FLAME_OF_HELD] = "no sampled allocation was held: DEEP_PROFILE_HEAP=512KB samples them",
    [DP_FLAME_OF_PEAK] = "no sampled allocation was held: DEEP_PROFILE_HEAP=512KB samples them",
    [DP_FLAME_OF_SLOW] = "no slow call was looked at: they are, as with "
                         "DEEP_PROFILE='*:slow=100ms'",
};

static uint64_t weight_of(const struct dp_flame *flame, enum dp_flame_side side)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < flame->n_nodes && sum == 0; i++)
        sum |= flame->nodes[i].self[side];
    return sum;
}

static int add_logs(struct dp_flame_graph *graph, enum dp_flame_side side, const char *path,
                    struct dp_problem *problem)
{
    struct dp_paths logs;
    int status = dp_logs_find(path, &logs);

    for (size_t i = 0; status == DP_EXIT_OK && i < logs.n; i++)
        status = add_log(graph, side, logs.path[i], problem);
    if (status == DP_EXIT_OK && weight_of(&graph->flame, side) == 0) {
        dp_problem_set(problem, "nothing to draw in '%s' for --of=%s: %s", logs.path[0],
                       of_names[graph->of], remedies[graph->of]);
        status = DP_EXIT_DATA;
    }
    dp_paths_free(&logs);
    return status;
}

static int add_text(struct dp_flame_graph *graph, enum dp_flame_side side, const char *path,
                    struct dp_problem *problem)
{
    struct dp_flame_side_facts *facts = &graph->sides[side];
    const char *slash = strrchr(path, '/');

    *facts = (struct dp_flame_side_facts){.program = dp_copy(slash ? slash + 1 : path),
                                          .processes = 1};
    graph->counts = true;
    int status = dp_flame_read_text(&graph->flame, side, path, &facts->lines, problem);
    if (status == DP_EXIT_OK && weight_of(&graph->flame, side) == 0) {
        dp_problem_set(problem, "no stack in '%s' has a weight", path);
        status = DP_EXIT_DATA;
    }
    return status;
}

static int add_side(struct dp_flame_graph *graph, enum dp_flame_side side, const char *path,
                    struct dp_problem *problem)
{
    struct dp_look look;

    if (path && dp_look_at(path, &look) == 0 && look.type == DP_FILE_REGULAR)
        return add_text(graph, side, path, problem);
    return add_logs(graph, side, path, problem);
}

/* ---- both ---- */

int dp_flame_graph_make(struct dp_flame_graph *graph, const char *path, const char *before,
                        enum dp_flame_of of, struct dp_problem *problem)
{
    *graph = (struct dp_flame_graph){.of = of, .compared = before != NULL};
    problem->text[0] = '\0';
    dp_flame_start(&graph->flame);
    int status = add_side(graph, DP_FLAME_NOW, path, problem);
    if (status == DP_EXIT_OK && before)
        status = add_side(graph, DP_FLAME_BEFORE, before, problem);
    const struct dp_flame_side_facts *sides = graph->sides;
    if (status == DP_EXIT_OK && before && !sides[0].lines != !sides[1].lines) {
        dp_problem_set(problem, "a log cannot be compared with folded stacks: fold it first, "
                                "with --format=folded");
        status = DP_EXIT_USAGE;
    }
    if (status == DP_EXIT_OK)
        dp_flame_settle(&graph->flame);
    else
        dp_flame_graph_finish(graph);
    return status;
}

bool dp_flame_graph_of_site(struct dp_flame_graph *graph, struct dp_profile *profile,
                            uint32_t site)
{
    const struct dp_site_info *info = dp_site_find(&profile->sites, site);

    *graph = (struct dp_flame_graph){.of = DP_FLAME_OF_WALL};
    dp_flame_start(&graph->flame);
    graph->function = dp_copy(info ? info->function : "");
    add_profile(graph, DP_FLAME_NOW, profile, site);
    bool any = weight_of(&graph->flame, DP_FLAME_NOW) > 0;
    dp_flame_settle(&graph->flame);
    return any;
}

void dp_flame_graph_finish(struct dp_flame_graph *graph)
{
    dp_flame_finish(&graph->flame);
    free(graph->function);
    for (int side = 0; side < DP_FLAME_SIDES; side++)
        free(graph->sides[side].program);
    *graph = (struct dp_flame_graph){0};
}
