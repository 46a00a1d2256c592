/* The stacks of a log as data: what is added up, and which module an address was in. */
#include "check.h"

#include "model/stack_names.h"

static struct dp_stacks stacks;

static void add_sample(uint64_t call, uint64_t stack, uint32_t tid, uint64_t weight_ns,
                       const char *object)
{
    const struct dp_stack_sample sample = {.call = call,
                                           .stack_id = stack,
                                           .tid = tid,
                                           .syscall = -1,
                                           .object = object,
                                           .looks = 1,
                                           .weight_ns = weight_ns};
    dp_stacks_add_sample(&stacks, &sample);
}

static void add_stack(uint64_t id, uint64_t time_ns, uint64_t address)
{
    const struct dp_stack stack = {
        .id = id, .time_ns = time_ns, .addresses = &address, .n_addresses = 1};
    dp_stacks_add_stack(&stacks, &stack);
}

static void add_module(uint64_t start, uint64_t from_ns, const char *path)
{
    const struct dp_stack_module module = {.start = start,
                                           .end = start + 0x1000,
                                           .from_ns = from_ns,
                                           .to_ns = UINT64_MAX,
                                           .path = (char *)path};
    dp_stacks_add_module(&stacks, &module);
}

static void samples_that_are_alike_add_up(void)
{
    size_t first;

    for (unsigned i = 0; i < 1000; i++)
        for (uint64_t stack = 1; stack <= 100; stack++)
            add_sample(7, stack, 42, stack, "");
    add_sample(7, 1, 43, 5, "");
    add_sample(7, 1, 42, 6, "a lock");
    add_sample(8, 1, 42, 7, "");
    add_sample(0, 1, 42, 8, NULL);
    dp_stacks_settle(&stacks);
    CHECK(stacks.n_samples == 104, "%zu", stacks.n_samples);
    CHECK(dp_stacks_of_call(&stacks, 7, &first) == 102);
    CHECK(stacks.samples[first].stack_id == 100);
    CHECK(stacks.samples[first].looks == 1000);
    CHECK(stacks.samples[first].weight_ns == 100000);
    CHECK(dp_stacks_of_call(&stacks, 8, &first) == 1);
    CHECK(stacks.samples[first].weight_ns == 7);
    CHECK(dp_stacks_of_call(&stacks, 9, &first) == 0);
    /* More may come after it was settled. */
    add_sample(8, 1, 42, 7, "");
    dp_stacks_settle(&stacks);
    CHECK(dp_stacks_of_call(&stacks, 8, &first) == 1);
    CHECK(stacks.samples[first].weight_ns == 14);
    dp_stacks_finish(&stacks);
}

static void samples_find_their_stacks(void)
{
    add_sample(0, 5, 1, 1, "");
    add_sample(0, 6, 1, 1, "");
    add_sample(0, 0, 1, 1, "");
    for (uint64_t id = 9; id > 0; id--)
        if (id != 6)
            add_stack(id, 0, 0x1000 + id);
    dp_stacks_settle(&stacks);
    for (size_t i = 0; i < stacks.n_samples; i++) {
        const struct dp_stack_sample *sample = &stacks.samples[i];
        CHECK((sample->stack != NULL) == (sample->stack_id == 5));
        CHECK(!sample->stack || sample->stack->addresses[0] == 0x1005);
    }
    CHECK(dp_stacks_find(&stacks, 6) == NULL);
    CHECK(dp_stacks_find(&stacks, 9)->addresses[0] == 0x1009);
    dp_stacks_finish(&stacks);
}

static const char *path_at(uint64_t address, uint64_t time_ns)
{
    const struct dp_stack_module *module = dp_stacks_module_at(&stacks, address, time_ns);

    return module ? module->path : "none";
}

static void an_address_belongs_to_the_module_of_its_time(void)
{
    add_module(0x10000, 100, "first");
    add_module(0x20000, 100, "other");
    dp_stacks_unload(&stacks, 0x10000, 200);
    add_module(0x10000, 300, "second");
    CHECK_TEXT(path_at(0x10000, 150), "first");
    CHECK_TEXT(path_at(0x10fff, 150), "first");
    CHECK_TEXT(path_at(0x11000, 150), "none");
    CHECK_TEXT(path_at(0x0ffff, 150), "none");
    CHECK_TEXT(path_at(0x10000, 350), "second");
    CHECK_TEXT(path_at(0x20800, 350), "other");
    /* Its record may come after the first stack in it. */
    CHECK_TEXT(path_at(0x10000, 250), "second");
    CHECK_TEXT(path_at(0x20000, 50), "other");
    dp_stacks_finish(&stacks);
}

static void what_nothing_names_is_shown_as_such(void)
{
    add_stack(1, 0, 0xabc);
    dp_stacks_settle(&stacks);
    dp_stacks_name(&stacks);
    CHECK(stacks.stacks[0]->n_frames == 1);
    CHECK_TEXT(stacks.stacks[0]->frames[0].function, "[unknown 0xabc]");
    CHECK(!stacks.stacks[0]->frames[0].named);
    CHECK(stacks.stacks[0]->frames[0].module == NULL);
    dp_stacks_finish(&stacks);
}

int main(void)
{
    samples_that_are_alike_add_up();
    samples_find_their_stacks();
    an_address_belongs_to_the_module_of_its_time();
    what_nothing_names_is_shown_as_such();
    return 0;
}
