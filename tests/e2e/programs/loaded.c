/* A library that is loaded again and again. */
#include <deep_profile.h>

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void inside(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_CALLS() void loaded(void)
{
    inside();
}
