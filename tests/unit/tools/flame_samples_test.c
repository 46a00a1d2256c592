/* Flame graphs of samples: which of them, what a frame is called, what a thread waited for. */
#include "check.h"

#include "deep_profile/abi/log.h"
#include "model/flame_calls.h"
#include "model/flame_samples.h"

static struct dp_stack_frame frames[] = {
    {.function = "copy", .file = "/src/a.c", .module = "/bin/prog", .line = 7, .inlined = true, .named = true},
    {.function = "read", .file = "/src/a.c", .module = "/lib/libc.so", .line = 8, .named = true},
    {.function = "[unknown 0x12]", .module = "/lib/x.so"},
    {.function = "main", .file = "/src/a.c", .module = "/bin/prog", .line = 9, .named = true},
};
static const struct dp_stack stack = {.frames = frames, .n_frames = 4};

static struct dp_stack_sample samples[] = {
    {.stack = &stack, .site = 1, .state = DP_THREAD_ON_CPU, .syscall = -1, .holder = "", .object = "", .looks = 2, .weight_ns = 20},
    {.stack = &stack, .site = 2, .state = DP_THREAD_BLOCKED, .syscall = 202, .holder = "worker", .holder_tid = 5, .object = "mutex", .looks = 3, .weight_ns = 30},
    {.site = 1, .state = DP_THREAD_RUNNABLE, .syscall = -1, .holder = "", .object = "", .looks = 1, .weight_ns = 10},
    {.call = 9, .stack = &stack, .site = 1, .state = DP_THREAD_ON_CPU, .syscall = -1, .holder = "", .object = "", .looks = 4, .weight_ns = 400},
};

static struct dp_flame flame;
static struct dp_flame_side_facts facts;

static const struct dp_outermost *slow_calls;

static uint64_t total(enum dp_flame_of of, uint32_t site, bool slow)
{
    const struct dp_stacks stacks = {.samples = samples, .n_samples = 4};
    const struct dp_flame_choice choice = {of, site, slow, "/bin/prog", slow_calls};

    facts = (struct dp_flame_side_facts){0};
    dp_flame_finish(&flame);
    dp_flame_start(&flame);
    dp_flame_add_samples(&flame, DP_FLAME_NOW, &stacks, &choice, &facts);
    dp_flame_settle(&flame);
    return flame.nodes[0].total[DP_FLAME_NOW];
}

static const struct dp_flame_name *find(const char *function)
{
    for (size_t i = 0; i < flame.n_names; i++)
        if (strcmp(flame.names[i].function, function) == 0)
            return &flame.names[i];
    return NULL;
}

static bool has_any(const struct dp_profile *profile, uint64_t call)
{
    (void)profile;
    return call != 13;
}

/* Calls of one thread: 10 and 12 lie in 9 (a recursion), 11 comes later; 13 was not looked at, so
 * that 14 in it counts; 15 is in flight, and so is 16 in it. */
static struct dp_slow_call slow[] = {
    {.id = 10, .site = 1, .tid = 5, .time_ns = 900, .duration_ns = 700, .order = 1},
    {.id = 9, .site = 1, .tid = 5, .time_ns = 1000, .duration_ns = 900, .order = 3},
    {.id = 12, .site = 2, .tid = 5, .time_ns = 1004, .duration_ns = 100, .error_ns = 5, .order = 2},
    {.id = 11, .site = 1, .tid = 5, .time_ns = 2000, .duration_ns = 500, .order = 4},
    {.id = 14, .site = 1, .tid = 5, .time_ns = 4000, .duration_ns = 500, .order = 5},
    {.id = 13, .site = 1, .tid = 5, .time_ns = 4500, .duration_ns = 1500, .order = 6},
    {.id = 15, .site = 3, .tid = 5, .time_ns = 9000, .duration_ns = 500, .flags = DP_SLOW_IN_FLIGHT, .order = 7},
    {.id = 16, .site = 1, .tid = 5, .time_ns = 9001, .duration_ns = 501, .flags = DP_SLOW_IN_FLIGHT, .order = 8},
    {.id = 17, .site = 1, .tid = 6, .time_ns = 900, .duration_ns = 700, .order = 9},
};

static void of_nested_slow_calls_the_outermost_count(void)
{
    struct dp_tree_node callee = {.site = 2, .calls = 3, .total_ns = 60};
    struct dp_tree_node *callees[] = {&callee};
    struct dp_tree_node outer = {.site = 1, .calls = 1, .total_ns = 100, .callees_ns = 60, .callees = callees, .n_callees = 1};
    struct dp_saved_tree trees[] = {{.call = 9, .site = 1, .root = &outer},
                                    {.call = 10, .site = 1, .root = &callee}};
    const struct dp_profile profile = {.slow = slow, .n_slow = sizeof slow / sizeof *slow,
                                       .saved_trees = {.trees = trees, .n = 2}};
    static const uint64_t expected[] = {9, 11, 14, 15, 17};
    struct dp_outermost outermost;

    dp_outermost_find(&outermost, &profile, has_any);
    CHECK(outermost.n == 5 && memcmp(outermost.calls, expected, sizeof expected) == 0);
    samples[2] = samples[3];
    samples[2].call = 10;
    samples[1] = samples[3];
    samples[1].call = 11;
    samples[1].site = 2; /* another outermost call, found at the same place */
    slow_calls = &outermost;
    CHECK(total(DP_FLAME_OF_SLOW, 0, true) == 800);
    slow_calls = NULL;
    dp_flame_finish(&flame);
    dp_flame_start(&flame);
    CHECK(dp_flame_add_trees(&flame, DP_FLAME_NOW, &profile, &outermost) == 4);
    dp_flame_settle(&flame);
    CHECK(flame.nodes[0].total[DP_FLAME_NOW] == 100);
    CHECK(find("site 1") && find("site 2"));
    dp_outermost_finish(&outermost);
}

int main(void)
{
    CHECK(total(DP_FLAME_OF_WALL, 0, false) == 60);
    CHECK(facts.samples == 6 && facts.without_stack == 1 && facts.cut_short == 0);
    CHECK(find("copy")->type == DP_FLAME_INLINED && find("main")->type == DP_FLAME_FUNCTION);
    CHECK(find("read")->type == DP_FLAME_LIBRARY);
    CHECK_TEXT(find("read")->module, "libc.so");
    CHECK_TEXT(find("read")->place, "a.c");
    CHECK(find("[unknown]")->type == DP_FLAME_UNKNOWN);
    CHECK(find("waits for a CPU")->type == DP_FLAME_WAIT && find("[no stack]"));
    CHECK_TEXT(flame.names[flame.nodes[1].name].function, "main");
    /* One look, in the log for two nested calls and for the whole program. */
    samples[2] = samples[0];
    samples[2].site = 0;
    samples[2].looks = 3;
    samples[2].weight_ns = 35;
    CHECK(total(DP_FLAME_OF_WALL, 0, false) == 65 && facts.samples == 6);
    samples[2].tid = 77; /* another thread */
    CHECK(total(DP_FLAME_OF_WALL, 0, false) == 85);
    samples[2] = (struct dp_stack_sample){.site = 1, .state = DP_THREAD_RUNNABLE, .syscall = -1,
                                          .holder = "", .object = "", .looks = 1, .weight_ns = 10};
    CHECK(total(DP_FLAME_OF_CPU, 0, false) == 20);
    CHECK(total(DP_FLAME_OF_BLOCKED, 0, false) == 30);
#ifdef __x86_64__
    CHECK(find("futex: mutex, held by worker"));
#endif
    CHECK(total(DP_FLAME_OF_WALL, 1, false) == 30);
    CHECK(total(DP_FLAME_OF_SLOW, 0, true) == 400);
    CHECK(facts.samples == 4);
    CHECK(total(DP_FLAME_OF_BYTES, 0, false) == 0);
    of_nested_slow_calls_the_outermost_count();
    dp_flame_finish(&flame);
    return 0;
}
