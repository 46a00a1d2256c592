/* A library among several: OPTIONS are those of its one function. Named by what
 * modules.c and late.c ask for. */
#include <deep_profile.h>

#ifndef OPTIONS
#define OPTIONS "rate=1"
#endif

void module_calls(int n);

__attribute__((profile(OPTIONS), noinline)) static void inside(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) static void counted_inside(void)
{
    __asm__ volatile("");
}

void module_calls(int n)
{
    for (int i = 0; i < n; i++) {
        inside();
        counted_inside();
    }
}
