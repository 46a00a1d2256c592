/* Flame graphs of samples: which of them, what a frame is called, what a thread waited for. */
#include "check.h"

#include "deep_profile/abi/log.h"
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

static uint64_t total(enum dp_flame_of of, uint32_t site, bool slow)
{
    const struct dp_stacks stacks = {.samples = samples, .n_samples = 4};
    const struct dp_flame_choice choice = {of, site, slow, "/bin/prog"};

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
    dp_flame_finish(&flame);
    return 0;
}
