/* See meet.h. Both are rare. */
#include "meet.h"

#include "stacks.h"
#include "trees.h"

_Atomic(dp_out_function *) dp_meet_thread;

bool dp_meet_calling_thread(void)
{
    dp_out_function *meet = atomic_load_explicit(&dp_meet_thread, memory_order_acquire);
    return meet && dp_call_out(meet, 0, 0, 0);
}

bool dp_is_reentered(struct dp_lane *lane, uintptr_t stack)
{
    lane->state->lost[DP_LOSS_REENTERED]++;
    if (!dp_stacks_left_runtime(lane, stack))
        return true;
    dp_tree_drop(lane); /* it may be half changed */
    return false;
}
