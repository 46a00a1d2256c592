/*
 * A flame graph as data: the tree, what its widths mean, and how much is behind it.
 *
 * Made of one log or of several processes' logs together, and of as many more for a
 * comparison. The files of render/ write it.
 */
#ifndef DP_TOOLS_FLAME_GRAPH_H
#define DP_TOOLS_FLAME_GRAPH_H

#include "base/message.h"
#include "flame.h"

/* What a width means. */
enum dp_flame_of {
    DP_FLAME_OF_WALL,    /* time */
    DP_FLAME_OF_CPU,     /* time on a CPU */
    DP_FLAME_OF_BLOCKED, /* time blocked */
    DP_FLAME_OF_BYTES,   /* allocated */
    DP_FLAME_OF_SLOW,    /* time in calls over their threshold */
    DP_FLAME_OF_COUNT
};

/* Where the weights come from. */
struct dp_flame_side_facts {
    char *program; /* of the first process; NULL: not known */
    uint32_t pid;
    size_t processes;
    uint64_t samples;       /* looks; processes may have samples or calls */
    bool slow_only;         /* they are all of slow calls, though that was not asked for */
    uint64_t without_stack; /* of `samples` */
    uint64_t cut_short;     /* of them: the walk ended before the outermost frame */
    uint64_t calls;         /* recorded ones */
    bool every_call;        /* each call of the functions in force has a record */
    uint64_t lines;         /* folded stacks, of a file of text */
};

struct dp_flame_graph {
    struct dp_flame flame;
    enum dp_flame_of of;
    bool counts; /* the weights are plain numbers, of text */
    bool compared;
    char *function; /* it shows only calls of this one; NULL: all */
    struct dp_flame_side_facts sides[DP_FLAME_SIDES];
};

/* wall, cpu, blocked, bytes, slow. */
const char *dp_flame_of_name(enum dp_flame_of of);

/* DP_FLAME_OF_COUNT: it is none. */
enum dp_flame_of dp_flame_of_named(const char *name);

/*
 * Makes the graph of what lies at `path`: a log, a folder of logs, or a file of folded
 * stacks. `before` NULL: nothing is compared. Returns an exit status, with `problem` set
 * and nothing to finish when it is not DP_EXIT_OK; empty problem: it was reported.
 */
int dp_flame_graph_make(struct dp_flame_graph *graph, const char *path, const char *before,
                        enum dp_flame_of of, struct dp_problem *problem);

/* Makes the graph of one function's calls, of a profile with a tree. False: there is nothing
 * to draw. The caller finishes it in either case. */
struct dp_profile;
bool dp_flame_graph_of_site(struct dp_flame_graph *graph, struct dp_profile *profile,
                            uint32_t site);

void dp_flame_graph_finish(struct dp_flame_graph *graph);

#endif
