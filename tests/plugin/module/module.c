/* One of two translation units of a library; they share one registration. */
#include <deep_profile.h>

int from_second_file(int n);

DEEP_PROFILE_IF_SLOW(1s) DEEP_PROFILE_CALLS() int from_module(int n)
{
    return from_second_file(n) + 1;
}
