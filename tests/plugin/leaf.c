/* Leaf functions that must stay without a frame: see driver.py. Each has so
 * many values in registers that a call would have to save some. */
#include <deep_profile.h>

DEEP_PROFILE(rate=0.5) int plain_leaf(int a, int b, int c, int d)
{
    return a * b + c * d;
}

/* The list of open calls keeps three more values alive. */
DEEP_PROFILE_IF_SLOW(500ms) int slow_leaf(int a, int b)
{
    return a * b + 3;
}

DEEP_PROFILE_CALLS() int counted_leaf(int a, int b, int c, int d)
{
    return a * b + c * d;
}
