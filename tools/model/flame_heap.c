/* See flame_heap.h. */
#include "flame_heap.h"

#include "deep_profile/abi/stack.h"

uint64_t dp_flame_add_allocations(struct dp_flame *flame, enum dp_flame_side side,
                                  const struct dp_allocations *allocations, uint64_t end_ns,
                                  const struct dp_flame_choice *choice,
                                  struct dp_flame_side_facts *facts)
{
    uint64_t n = 0, peak_ns = dp_allocations_peak_ns(allocations);

    for (size_t i = 0; i < allocations->n; i++) {
        const struct dp_allocation *allocation = &allocations->all[i];
        bool shown = choice->of == DP_FLAME_OF_BYTES  ? true
                     : choice->of == DP_FLAME_OF_HELD ? dp_allocation_held(allocation, end_ns)
                     : choice->of == DP_FLAME_OF_PEAK ? dp_allocation_held(allocation, peak_ns)
                                                      : false;
        if (!shown)
            continue;
        const struct dp_stack *stack = allocation->stack;
        dp_flame_weigh(flame, dp_flame_add_stack(flame, stack, choice), side,
                       (uint64_t)(allocation->weight + 0.5));
        facts->without_stack += !stack;
        facts->cut_short += stack && stack->flags & DP_STACK_ENDED_EARLY;
        n++;
    }
    facts->samples += n;
    return n;
}
