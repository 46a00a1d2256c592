/*
 * A flame graph as data: the tree, what its widths mean, and how much data it is made from.
 *
 * It is made from the log of one process or the logs of several, and for a comparison from as
 * many again. The files of render/ write it.
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
    DP_FLAME_OF_HELD,    /* bytes that are held at the end */
    DP_FLAME_OF_PEAK,    /* bytes that were held when most were */
    DP_FLAME_OF_SLOW,    /* time in calls over their threshold */
    DP_FLAME_OF_COUNT
};

/* Where the weights come from. */
struct dp_flame_side_facts {
    char *program; /* the first process's program; NULL: not known */
    uint32_t pid;
    size_t processes;
    uint64_t samples;       /* looks at threads; a process has samples or calls or both */
    bool slow_only;         /* there are only looks at slow calls, although all were wanted */
    uint64_t without_stack; /* of `samples` */
    uint64_t cut_short;     /* of `samples`: the walk ended before the outermost frame */
    uint64_t calls;         /* recorded calls */
    bool every_call;        /* every call of the profiled functions has a record */
    uint64_t lines;         /* folded stacks from a text file */
};

struct dp_flame_graph {
    struct dp_flame flame;
    enum dp_flame_of of;
    bool counts; /* the weights are numbers without a unit, from text */
    bool compared;
    char *function; /* the graph shows only calls of this function; NULL: all */
    struct dp_flame_side_facts sides[DP_FLAME_SIDES];
};

/* By its word: wall, cpu, blocked, bytes, held, peak, slow. DP_FLAME_OF_COUNT: another word. */
enum dp_flame_of dp_flame_of_named(const char *name);

/* Are its weights bytes? */
bool dp_flame_of_memory(enum dp_flame_of of);

/*
 * Makes the graph of what is at `path`: a log, a folder of logs, or a file of folded stacks.
 * `before` NULL: no comparison. Returns an exit status. When that is not DP_EXIT_OK, there is
 * nothing to finish, and `problem` says why; it is empty when the error was printed already.
 */
int dp_flame_graph_make(struct dp_flame_graph *graph, const char *path, const char *before,
                        enum dp_flame_of of, struct dp_problem *problem);

/* Makes the graph of one function's calls, from a profile with a tree. False: there is nothing
 * to draw. The caller finishes the graph in both cases. */
struct dp_profile;
bool dp_flame_graph_of_site(struct dp_flame_graph *graph, struct dp_profile *profile,
                            uint32_t site);

void dp_flame_graph_finish(struct dp_flame_graph *graph);

#endif
