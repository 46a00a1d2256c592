/* Leaf functions that must stay without a frame: see driver.py. In position-independent
 * code the tick's address takes one more register, and the last two of these functions push
 * one. */
#include <deep_profile.h>

DEEP_PROFILE(rate=0.5) int plain_leaf(int a, int b)
{
    return a * b + 3;
}

DEEP_PROFILE_CALLS() int counted_leaf(int a, int b)
{
    return a * b + 3;
}

DEEP_PROFILE_IF_SLOW(500ms) int slow_leaf(int a, int b)
{
    return a * b + 3;
}

/* More values than the registers that a call would preserve. */
DEEP_PROFILE(rate=0.5) int wide_leaf(int a, int b, int c, int d)
{
    return a * b + c * d;
}
